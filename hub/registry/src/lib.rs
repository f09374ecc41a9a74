//! The small durable facts of the house: devices with their keys, rooms, boots, commands already done.
//!
//! One file, `registry.redb`, readable by its owner alone (mode 0600: it holds the keys), written a few times a day.
//! [`Registry::execute`] is the one way to change the household: it checks a [`Command`](hub_model::Command),
//! writes the change together with the events that tell of it, and hands out the new
//! [`Household`](hub_model::Household).
//!
//! # A change and its events
//!
//! The events of a change go into the event log, which is another store. So that neither is ever without the
//! other, the events are written here in the same transaction as *pending*, and cleared when the log has them:
//!
//! ```text
//! execute ──▶ Done(change): change and pending events are durable here
//!             publish the events, flush the log ──▶ seq of the last
//!             complete(revision, seq): pending is cleared, the stored outcome knows its seq
//! start   ──▶ pending(): publish what is still there, complete it, then take commands
//! ```
//!
//! A crash between publishing and `complete` publishes the events a second time. They say who changed, not what,
//! so that whoever hears one twice reads the same state twice.
//!
//! A request id makes a command safe to send again: for [`REQUEST_MS`] the same principal, id and command are
//! answered with the outcome of the first time, another command under the same id is refused. Refused commands
//! are not remembered: sent again, they are judged again.
//!
//! ```
//! use hub_model::{Command, Name, Request, RequestId, Seq, UnixMillis};
//! use hub_registry::{Executed, Registry};
//!
//! let mut registry = Registry::in_memory()?;
//! let bath = Request {
//!     principal: "local".into(),
//!     id: Some(RequestId::parse("a1")?),
//!     command: Command::CreateRoom { name: Name::parse("Bath")? },
//! };
//! let Executed::Done(change) = registry.execute(&bath, UnixMillis(0))? else { unreachable!() };
//! registry.complete(change.revision, Seq(41))?;
//! assert_eq!(registry.household().rooms.len(), 1);
//!
//! let Executed::Repeated(outcome) = registry.execute(&bath, UnixMillis(5))? else { unreachable!() };
//! assert_eq!((outcome.seq, outcome.is_repeat), (Seq(41), true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # When the disk fails
//!
//! A new file is made under another name and renamed when it is whole, because a database of redb that lost
//! power while it was made does not open again.
//!
//! After a write that failed, the next one opens the file again first, so that a disk that was full is written
//! again without a restart. The change that failed is then there wholly or not at all; if it is, so are its pending events.
//! Commits are two-phase, so that a torn write cannot pass for one. At every opening all
//! checksums are verified, so that a bit which flipped on the card is found.
//!
//! Measured (redb 4.4, a house with one device): a command writes 33 kB in 2 flushes, `complete` and every
//! other change 21 kB in 2; with 1000 devices 50 kB. 1000 devices and 1000 dead letters are a file of 390 kB
//! that opens in 3 ms, in 4 ms after a kill (one x86 machine, in the test profile).
//!
//! # Layout
//!
//! | table | key | value |
//! |---|---|---|
//! | `numbers` | name | format, revision, next room, next dead letter, wall time |
//! | `devices` | device id | name, room, format, key, calibration … |
//! | `rooms` | room number | name |
//! | `boots` | boot number | the kernel's boot uuid; the last 64 |
//! | `requests` | principal, request id | command fingerprint, outcome; at most 10 000, 24 h |
//! | `request_order` | revision | principal, request id |
//! | `pending` | revision | events that the log does not have yet |
//! | `counters` | device id | last counters under keys no longer in use |
//! | `dead_letters` | letter id | a refused frame; at most 1000 |
//! | `claims` | device id | a sensor of ours: its keys and what it is to do; at most 2000 |
//! | `sensor_logs` | device id | where the hub stands in that sensor's log |
//! | `rollouts` | number | how a release for sensors goes round |
//! | `identity` | `hub` | who the hub is to its sensors |
//!
//! A value is a version byte (1; 2 for a device whose quantities are retained apart) and a postcard record of this crate's own types.
//!
//! Does not know: readings and their retention (history), how events are numbered (bus, history), what was
//! heard but not adopted, who a principal is. Blocks on the disk: call it from a thread that may.

mod apply;
mod dead_letters;
mod error;
mod fingerprint;
mod record;
mod registry;
mod tables;

pub use apply::{MAX_DEVICES, MAX_OFFSETS, MAX_RETENTION_DAYS, MAX_ROOMS};
pub use dead_letters::{DeadLetters, LETTERS, LETTERS_PER_ADDRESS, LetterChanges, Refused, StoredLetter};
pub use error::RegistryError;
pub use registry::{Change, Executed, LogPlaces, MAX_CLAIMS, Pending, REQUEST_MS, REQUESTS, Registry, Revision};
pub use tables::FORMAT;
