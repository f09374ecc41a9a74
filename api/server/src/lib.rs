//! The hub's face to the network: GraphQL over HTTP, websockets, event streams and multipart, and the web page.
//!
//! | address | what |
//! |---|---|
//! | `POST` `GET` `/graphql` | GraphQL over HTTP; subscriptions as `text/event-stream` or Apollo's `multipart/mixed` |
//! | `/graphql/ws` | websocket: `graphql-transport-ws`, and `graphql-ws` for old clients |
//! | `/graphql/sse` | graphql-sse, "distinct connections"; `EventSource` resumes by `Last-Event-ID` |
//! | `/graphiql` | a workbench for queries, from files of ours |
//! | `/schema.graphql` | the contract |
//! | `/healthz` `/metrics` | for machines that watch |
//! | `/` | the web page |
//!
//! The GraphQL handler is ours because the usual one executes mutations over GET and from plain text, which lets any web
//! page in the house change the hub, and takes batches of any size. This one takes JSON only, one operation a request.
//!
//! An event stream's `id:` is the `cursor` of the frame, where the client selects it. A client that comes back with
//! `Last-Event-ID` gets its `events` subscription from there on: the server sets the argument `after`, whatever the
//! request says.
//!
//! ```
//! use api_server::{Config, Server};
//! # tokio::runtime::Builder::new_current_thread().enable_io().build()?.block_on(async {
//! let config = Config::new("127.0.0.1:0".parse()?).with_allowed_hosts(&["hub.example"])?;
//! let bound = Server::bind(config).await?;
//! assert_ne!(bound.address().port(), 0);
//! assert!(!bound.is_exposed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Does not know: what a sensor is, what the schema means, who the user is, TLS.

mod config;
mod connections;
mod error;
mod gate;
mod graphql;
mod health;
mod limits;
mod refusal;
mod request_id;
mod routes;
mod safety;
mod server;
mod site;
mod socket;

pub use config::Config;
pub use error::BindError;
pub use limits::Limits;
pub use server::{Bound, Metrics, Parts, Server};
