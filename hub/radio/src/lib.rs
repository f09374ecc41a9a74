//! The radio: BlueZ in, [`RawAdvert`](hub_model::RawAdvert) out.
//!
//! One [`Listener`] per adapter asks BlueZ for LE discovery with every advert reported, and hands what devices send to
//! a bounded queue. When the queue is full the advert is dropped and counted: sensors repeat themselves, and a radio
//! that waits hears nothing.
//!
//! ```no_run
//! # async fn listen(clock: std::sync::Arc<dyn hub_model::Clock>) -> Result<(), hub_radio::RadioError> {
//! use hub_radio::{AdapterName, Radio};
//!
//! let radio = Radio::connect().await?;
//! let (adverts, mut heard) = tokio::sync::mpsc::channel(1024);
//! let listener = radio.listener(&AdapterName::default(), hub_model::ReceiverId(1), clock, adverts).await?;
//! listener.listen(tokio_util::sync::CancellationToken::new()).await
//! # }
//! ```
//!
//! Does not know: what an advert means, who wants it, or what else the hub does with it.

mod error;
mod listener;
mod payload;
mod radio;
#[cfg(test)]
mod tests;

pub use error::{ParseAdapterNameError, RadioError};
pub use listener::{Listener, Tally};
pub use radio::{AdapterName, Radio};
