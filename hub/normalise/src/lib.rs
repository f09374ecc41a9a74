//! From what was decoded to what is believed: is it new, authentic enough, plausible, and what does it mean?
//!
//! A frame is heard by several receivers, repeated by its sender, recorded and played back by somebody else,
//! sent in plain text by a device that has a key, or says 327.67 °C. [`Normaliser::step`] sorts that out: it
//! takes one decoded frame with the device that the owner adopted (or none) and answers with a [`Verdict`].
//!
//! What it relies on, so that a restart opens no window: the last counter of a device stands in the same
//! durable record as its sample, and is given back by [`Normaliser::restore`] before the first frame.
//!
//! # Encrypted frames
//!
//! | rule | accepted | not accepted |
//! |---|---|---|
//! | [`Strict`](hub_model::ReplayRule::Strict) | a counter greater than the last | every other: `duplicate` when this very content was accepted under this counter and last heard within [`REPEAT_MS`], else `replayed` |
//! | [`Compat`](hub_model::ReplayRule::Compat) | the same, and: another content under the last counter within [`SILENCE_MS`]; a restarted counter, below | |
//!
//! A counter does not wrap: after `u32::MAX` nothing is greater, and the device needs a new key (at one frame a
//! second that is in 136 years). A new key starts a new count, and an earlier key goes on where it stopped.
//!
//! Compat takes a *restart*, at whatever counter, when [`RESTART_RUN`] frames came with counters that only grow,
//! by at most [`RESTART_LEAP`] each, while the life that was believed before has been silent for [`SILENCE_MS`];
//! the frames before the last of them are lost. A leap of more than [`RESTART_LEAP`] into the counters of an
//! earlier life counts as a restart too. So while the device is heard once a minute, no recording of its present
//! life is believed, and one of an earlier life only where its counter is at most [`RESTART_LEAP`] ahead. Somebody who
//! recorded a run and waits for (or causes) a minute of silence can play it back: that is the reduced protection
//! which the owner chose.
//!
//! # Plain frames
//!
//! With a packet id or measurement sequence: a repetition has the same id and content as one of the last 16 frames, heard less
//! than [`PACKET_MS`] ago. Without one: the same content as within the last [`CONTENT_MS`] (counted from the
//! last repetition where a button was pressed, so that a burst is one press; else from the first, so that a steady value
//! is still stored). Receivers are never compared.
//!
//! ```
//! use hub_model::{Address, BootId, Decoded, Format, Now, Quantity, ReceiverId, Stamp, TimeQuality, UnixMillis, Value, WallTime};
//! use hub_normalise::{Heard, Normaliser, Verdict};
//!
//! let decoded = Decoded {
//!     format: Format::BthomeV2, encrypted: false, counter: None, packet_id: Some(9),
//!     values: vec![Value { quantity: Quantity::Temperature, instance: 0, value: 25_060 }],
//!     actions: vec![], facts: vec![], unknown_object: None, is_unordered: false, is_triggered: false,
//! };
//! let stamp = Stamp { boot: BootId(1), ms: 5_000 };
//! let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated };
//! let now = Now { stamp, us: 5_000_000, wall };
//! let heard = |receiver| Heard {
//!     address: Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 0x22]), receiver: ReceiverId(receiver), rssi: Some(-60),
//!     received: stamp, decoded: decoded.clone(), device: None,
//! };
//!
//! let mut normaliser = Normaliser::default();
//! assert!(matches!(normaliser.step(heard(1), now), Verdict::Accepted(_)));
//! assert_eq!(normaliser.step(heard(2), now), Verdict::Duplicate);
//! ```
//!
//! Does not know: bytes and ciphers (decode), what is adopted and where that is stored (registry), which wall
//! time a stamp is (history), who listens (bus). No I/O, no clock.

mod flood;
mod guard;
mod lru;
mod plausible;
mod presence;
mod recent;
mod signal;
mod step;
mod verdict;

pub use flood::{FLOOD_FRAMES, FLOOD_MS, Flood, QUIET_MS};
pub use guard::{REPEAT_MS, RESTART_LEAP, RESTART_RUN, SILENCE_MS};
pub use plausible::correct;
pub use presence::{CHANCE, Change, DEAF_MS, Presence, TOGETHER_MS};
pub use recent::{CONTENT_MS, PACKET_MS};
pub use signal::{Closed, MISSED, PAIRS, Signals, WINDOW_MS};
pub use step::{Heard, Normaliser, STRANGERS};
pub use verdict::{Accepted, Verdict};
