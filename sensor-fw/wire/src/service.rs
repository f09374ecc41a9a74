//! What the hub of a claimed sensor asks it for in a link: what it measured, how it is, and to take an update.
//!
//! These are messages of a [session](crate::message) like the others, under kinds of their own. Numbers are little-endian,
//! fields stand without gaps in this order:
//!
//! | kind | hub → sensor | fields (bytes) | answer |
//! |---|---|---|---|
//! | 0x20 | Log | boot (4), number (4) of the first sample that is wanted | Blocks |
//! | 0x30 | Offer | [manifest](crate::manifest) (151) | Progress |
//! | 0x31 | Chunk | offset (4), bytes of the image (1–960, but for the last ones a multiple of 16) | Progress |
//! | 0x32 | Install | – | Progress |
//! | 0x33 | Abandon | – | Progress |
//! | 0x34 | Ask for progress | – | Progress |
//! | 0x40 | Ask for health | – | Health |
//!
//! | kind | sensor → hub | fields (bytes) |
//! |---|---|---|
//! | 0xA0 | Blocks | as many [blocks](crate::log) as fit: each its length (2), its bytes; none: there is nothing later |
//! | 0xB0 | [`Progress`] | stage (1), version (4), bytes received (4), bytes in all (4) |
//! | 0xC0 | [`Health`] | boot (4), uptime in s (4), reset reason (1), panics (2), watchdog resets (2), battery in mV (2), firmware (4), security counter (4) |
//! | 0x8F | Refused | a [`Refusal`](crate::message::Refusal), as in any session |
//!
//! Every question can be asked again after a connection that was lost: a log is read from any sample on, and an image
//! goes on where [`Progress`] says; bytes that the sensor has already are passed over.

mod answer;
mod ask;

pub use answer::{Answer, Blocks, BlocksWriter, Health, Progress, ResetReason, Stage};
pub use ask::Ask;

/// Most bytes of an image in one message.
pub const MAX_CHUNK: usize = 960;
/// Chunks but the last have a multiple of so many bytes: whole words of any flash.
pub const CHUNK_UNIT: usize = 16;

#[cfg(test)]
mod tests;
