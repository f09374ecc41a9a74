//! The bus: publish, subscribe, snapshot — every event has a number, and nobody is waited for.
//!
//! One lock orders everything: an event gets its number, changes the state and enters the ring in one step, so that
//! a [`Snapshot`] and the events after its cursor have neither a gap nor a duplicate between them. A [`Reader`] pulls:
//! from the ring while it keeps up, from the durable log when it has fallen behind or comes back after a restart, and
//! it is told to start anew ([`Frame::Resync`]) when what it missed is gone. A slow reader costs nobody anything.
//!
//! ```
//! # use std::sync::Arc;
//! # use hub_bus::{Bus, Draft, MemoryLog, State};
//! # use hub_model::{BootId, EventBody, RoomId, Stamp, TimeQuality, UnixMillis, WallTime};
//! let bus = Bus::new(Arc::new(MemoryLog::default()), State::default(), 16)?;
//! let before = bus.snapshot().cursor;
//! let at = Stamp { boot: BootId(1), ms: 5 };
//! let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated };
//! let seq = bus.publish(Draft { at, wall, trace: None, body: EventBody::RoomChanged { room: RoomId(1) } }, |_| ())?;
//! assert!(seq > before.seq);
//! assert_eq!(bus.snapshot().cursor.seq, seq);
//! # Ok::<(), hub_bus::BusError>(())
//! ```
//!
//! Does not know: what events mean, how the log is stored, who listens, what a phone is.

mod bus;
mod error;
mod memory_log;
mod reader;
mod state;
#[cfg(test)]
mod tests;

pub use bus::{Bus, Draft};
pub use error::BusError;
pub use memory_log::MemoryLog;
pub use reader::{Frame, Reader, ResyncReason};
pub use state::{Contact, Current, Discovered, MAX_DISCOVERED, Snapshot, State};
