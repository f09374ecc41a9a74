//! What the hub and our own sensors say to each other: the pairing, the log, settings, keys, release.
//!
//! A [`Session`] is made over any [`Link`](hub_model::Link): it shakes hands as the initiator of Noise, asks, and reads the
//! answers. Who decides when to ask what, and keeps what comes of it, is the steward in `hub-assembly`. What is pure stands
//! apart: a [`Label`] is told from a pairing advert, a [`Coverage`] knows which samples of a sensor's log are here, a
//! [`Clockwork`] tells when a sample was taken that only knows its sensor's uptime.
//!
//! ```
//! use hub_link::{Coverage, SampleId, Taken};
//! use hub_model::{BootId, SampleHint, Stamp, TimeQuality, UnixMillis};
//!
//! let begun = UnixMillis(1_795_219_200_000);
//! let (wall, minute) = (|stamp: Stamp| begun + stamp.ms as i64, |nth: i64| begun + nth * 60_000);
//! let taken = |nth| Taken { at: minute(nth), quality: TimeQuality::Synchronised };
//!
//! let mut coverage = Coverage::beginning_at(SampleId { boot: 1, number: 11 });
//! coverage.heard(SampleHint(0x100B), Stamp { boot: BootId(7), ms: 60_000 });
//! coverage.heard(SampleHint(0x100D), Stamp { boot: BootId(7), ms: 180_000 });
//! // The log has 11, 12 and 13, of one minute each: the twelfth alone is missing.
//! let missing: Vec<u32> = (11..=13)
//!     .filter(|number| !coverage.has(SampleId { boot: 1, number: *number }, taken(i64::from(*number) - 10), wall))
//!     .collect();
//! assert_eq!(missing, [12]);
//! ```
//!
//! Does not know: radios, adapters, when a sensor can be reached, where anything is kept; no clock, no async runtime.

mod clockwork;
mod coverage;
mod error;
mod identity;
mod label;
mod log;
mod pipe;
mod session;
mod settings;

pub use clockwork::{Clockwork, Taken};
pub use coverage::Coverage;
pub use error::TalkError;
pub use identity::{HubIdentity, next_key, present_key};
pub use label::Label;
pub use log::Sampled;
pub use session::{Given, Session};
pub use settings::{check, first_settings};
pub use wire::log::SampleId;

/// The UUIDs of our sensors' GATT service: the service, where the hub writes, where the sensor notifies.
pub const SERVICE: [u128; 3] =
    [wire::gatt::SERVICE.as_u128(), wire::gatt::TO_SENSOR.as_u128(), wire::gatt::TO_HUB.as_u128()];
