//! The GraphQL schema of the hub: types, resolvers, subscriptions, limits.
//!
//! [`build`] makes an executable schema from the hub's [`Ports`]; [`sdl`] prints the contract, which stands in
//! `api/schema.graphql`. Three rules hold for all of it:
//!
//! - One request sees one snapshot of the house, and `home.cursor` is its place in the stream of events.
//! - Values are in the unit that stands beside them; 64-bit numbers are strings; times are RFC 3339 in UTC.
//! - A command that is refused answers with typed `errors` in its payload. Top-level errors are faults of the request or
//!   of the hub, and always have a [`Code`] in `extensions.code`.
//!
//! ```
//! let contract = api_graphql::sdl();
//! assert!(contract.contains("type Subscription"));
//! ```
//!
//! Does not know: HTTP, sockets, who is logged in, how anything is stored.

mod aligned;
mod column;
mod dead_letter;
mod device;
mod error;
mod event;
mod gate;
mod health;
mod history;
mod home;
mod id;
mod limits;
mod mutation;
mod page;
mod paired;
mod pairing;
mod ports;
mod quantity;
mod query;
mod retention;
mod rollout;
mod room;
mod scalar;
mod sensor;
mod signal;
mod statistics;
mod stream;
mod view;
mod words;

use std::sync::Arc;

use async_graphql::{SDLExportOptions, Schema, SchemaBuilder, connection::Connection};

use crate::{dead_letter::DeadLetter, device::Device, page::PageKey, sensor::Sensor};

pub use error::Code;
pub use limits::{LimitError, Limits};
pub use mutation::Mutation;
pub use ports::Ports;
pub use query::Query;
pub use stream::Subscription;

/// The executable schema. Clones are handles to the same one.
pub type HubSchema = Schema<Query, Mutation, Subscription>;

/// The schema over a hub.
pub fn build(ports: Ports, limits: Limits) -> HubSchema {
    let mut builder = bare().limit_complexity(limits.complexity).limit_recursive_depth(limits.recursive_depth);
    if !limits.allows_suggestions {
        builder = builder.disable_suggestions();
    }
    let hub = Arc::new(view::Hub::new(ports, limits));
    builder.data(Arc::clone(&hub)).extension(gate::Gate { hub }).finish()
}

/// The contract in GraphQL's schema language, sorted by name: the text of `api/schema.graphql`.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .use_space_ident()
        .prefer_single_line_descriptions();
    let text = bare().finish().sdl_with_options(options);
    format!("{}\n", text.trim_end())
}

fn bare() -> SchemaBuilder<Query, Mutation, Subscription> {
    // The library's own types have no descriptions of ours.
    Schema::build(Query, Mutation, Subscription)
        .override_output_type_description::<Connection<PageKey, Device>>("A page of devices, by address.")
        .override_output_type_description::<Connection<PageKey, Sensor>>("A page of sensors, by address and quantity.")
        .override_output_type_description::<Connection<PageKey, DeadLetter>>("A page of refused frames, newest first.")
        .with_sorted_fields()
        .with_sorted_enums()
}
