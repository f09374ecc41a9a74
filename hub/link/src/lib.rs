//! What the hub and our own sensors say to each other: the pairing, the log, settings, keys, release.
//!
//! A [`Session`] is made over any [`Link`](hub_model::Link): it shakes hands as the initiator of Noise, asks, and reads the
//! answers. Who decides when to ask what, and keeps what comes of it, is the steward in `hub-assembly`. What is pure stands
//! apart: a [`Label`] is told from a pairing advert, a [`Coverage`] knows which samples of a sensor's log are here, a
//! [`Clockwork`] tells when a sample was taken that only knows its sensor's uptime.
//!
//! ```
//! use hub_link::{Coverage, SampleId};
//! use hub_model::{SampleHint, UnixMillis};
//!
//! let mut coverage = Coverage::beginning_at(SampleId { boot: 1, number: 10 });
//! let minute = |nth: i64| UnixMillis(1_795_219_200_000 + nth * 60_000);
//! coverage.heard(SampleHint(0x100B), minute(1));
//! coverage.heard(SampleHint(0x100D), minute(3));
//! // The twelfth is missing; it is all that is to be fetched.
//! assert_eq!(coverage.next(), SampleId { boot: 1, number: 12 });
//! assert!(!coverage.has(SampleId { boot: 1, number: 12 }, minute(2)));
//! assert!(coverage.has(SampleId { boot: 1, number: 13 }, minute(3)));
//! ```
//!
//! Does not know: radios, adapters, when a sensor can be reached, where anything is kept; no clock, no async runtime.

mod clockwork;
mod coverage;
mod error;
mod identity;
mod label;
mod log;
mod session;
mod settings;

pub use clockwork::{Clockwork, Taken};
pub use coverage::Coverage;
pub use error::TalkError;
pub use identity::{HubIdentity, advert_key};
pub use label::Label;
pub use log::Sampled;
pub use session::{Given, Session};
pub use settings::check;
pub use wire::log::SampleId;
