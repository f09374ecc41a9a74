//! The radio: adapters in, [`RawAdvert`](hub_model::RawAdvert) out.
//!
//! One [`Listener`] per adapter. It listens passively by the kernel's control channel where the hub may, and by
//! bluetoothd's discovery elsewhere; it never ends by itself: an adapter that is unplugged, switched off, blocked or deaf is
//! noticed ([`Watch`]), worked on ([`Ladder`]) and told of ([`Reports`]). What is heard goes to a bounded queue. When that
//! is full the advert is dropped and counted: sensors repeat themselves, and a radio that waits hears nothing.
//!
//! ```no_run
//! # async fn listen(clock: std::sync::Arc<dyn hub_model::Clock>, reports: std::sync::Arc<dyn hub_radio::Reports>) {
//! use hub_model::ReceiverId;
//! use hub_radio::{AdapterName, Asking, Listener, Listening, Plan, Way};
//!
//! let (adverts, mut heard) = tokio::sync::mpsc::channel(1024);
//! let plan = Plan {
//!     adapter: AdapterName::default(),
//!     receiver: ReceiverId(1),
//!     listening: Listening::ALWAYS,
//!     asking: Asking::default(),
//!     way: Way::Best,
//! };
//! Listener::new(plan, clock, adverts, reports).listen(tokio_util::sync::CancellationToken::new()).await;
//! # }
//! ```
//!
//! Does not know: what an advert means, who wants it, or what else the hub does with it.

mod adapter_name;
mod asking;
mod bluez;
mod discovery;
mod error;
mod kernel;
mod ladder;
mod links;
mod listener;
mod listening;
mod outlet;
mod payload;
mod reports;
mod sighting;
#[cfg(test)]
mod tests;
mod watch;

pub use adapter_name::{AdapterName, ParseAdapterNameError};
pub use asking::Asking;
pub use error::RadioError;
pub use ladder::{Ladder, Rung};
pub use links::{AdapterLink, AdapterLinks, Service};
pub use listener::{Listener, Plan, Way};
pub use listening::Listening;
pub use outlet::Tally;
pub use reports::Reports;
pub use sighting::Sighting;
pub use watch::{Gap, Watch};
