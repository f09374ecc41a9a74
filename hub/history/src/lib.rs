//! The history: every reading for years, and the log of all events, on an SD card that should live as long.
//!
//! An event is appended to memory and, every few seconds, to a preallocated journal file with one flush: that is all
//! that is written at once, and it is the event log too. Once an hour the readings are sealed into a database as
//! compressed blocks, with their hourly and daily figures, in one step; only then may the journal write over them. What
//! a power cut leaves is always the state after some flush: a torn tail of the journal ends at the first bad record.
//!
//! Blocks whose days ended a week ago are packed again into fewer ([`History::repack`]); readers do not notice.
//!
//! Times are stamps of a boot's clock. While nobody knows when the boot was, its readings wait beside the others and
//! are shown with an estimate; when the clock becomes known they move to their place.
//!
//! ```
//! use std::sync::Arc;
//! use hub_history::History;
//! use hub_model::{
//!     DeviceId, Event, EventBody, EventLog, HistoryQuery, HistoryReader, Origin, Quantity, ReceiverId, Resolution,
//!     Seq, SeriesKey, Stamp, TimeQuality, UnixMillis, Value, WallTime,
//! };
//!
//! let history = History::memory()?;
//! let (device, at) = (DeviceId::from_u64(7), UnixMillis(1_790_000_000_000));
//! let seq = Seq(history.reserve(1)?.start);
//! let values = Arc::from([Value { quantity: Quantity::Temperature, instance: 0, value: 21_500 }]);
//! let origin = Origin::heard(ReceiverId::NONE, None, None);
//! let wall = WallTime { at, quality: TimeQuality::Synchronised };
//! let body = EventBody::ReadingsTaken { device, values, origin };
//! history.append(&Event { seq, at: Stamp::wall(at), wall, trace: None, body });
//! assert_eq!(history.flush()?, seq);
//!
//! let series = SeriesKey::new(device, Quantity::Temperature, 0);
//! let (from, to) = (at + -60_000, at + 60_000);
//! let data = history.query(&HistoryQuery { series, from, to, resolution: Resolution::Raw, max_points: 100 })?;
//! assert_eq!((data.t, data.min), (vec![at], vec![21_500]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Does not know: what a reading means, who asks, what time it is, when to flush or seal; no clock, no thread, no async.

mod aggregate;
mod align;
mod bits;
mod block;
mod budget;
mod calendar;
mod check;
mod compact;
mod config;
mod contents;
mod copy;
mod damage;
mod device;
mod disk;
mod error;
mod expire;
mod expiring;
mod export;
mod found;
mod gaps;
mod history;
mod hours;
mod import;
mod journal;
mod live;
mod pack;
mod pages;
mod query;
mod record;
mod repack;
mod rolled;
mod rollup;
mod rows;
mod seal;
mod shelf;
mod store;
mod tight;
mod timeline;
mod traffic;
mod varint;
mod view;

pub use check::{CheckMode, CheckReport, Fault, Finding, Part, Remedy, SetAside, check};
pub use compact::{CompactReport, compact};
pub use config::Config;
pub use contents::{Contents, DeviceContents, SeriesContents};
pub use error::{OpenError, StoreError};
pub use history::History;
pub use import::Imported;
pub use repack::Repacked;
pub use traffic::Traffic;

#[cfg(test)]
mod tests;
