//! The sensor's brain without pins: the same code runs on the chip and, tested, on a host.
//!
//! Today: what it tells and when ([`Beacon`], [`Rhythm`]), and what it keeps in flash. [`Facts`] are the few bytes that must never be lost, [`Log`] is what it measured for
//! weeks; both are as they were or as they should be, wherever the power is cut, on flash that obeys no more than its
//! manual promises (feature `sim`: `nor::NorSim`).
//!
//! ```
//! use core::ops::ControlFlow;
//! use fw_logic::{Fact, Facts, Log, nor::{NorError, NorSim}};
//! use wire::log::{Block, Column, MAX_COLUMNS, SampleId};
//!
//! async fn a_life(flash: &mut NorSim<4096>) -> Result<u32, fw_logic::KeepError<NorError>> {
//!     // Two pages of facts; the rest is the log.
//!     let (mut facts, boot) = Facts::start(&mut *flash, 0..8192).await?;
//!     let mut counter = facts.counter();
//!     let number = facts.take(&mut counter).await?;
//!     assert_eq!(number, Some(4096 * (boot - 1)), "no number comes twice");
//!     facts.put(Fact::Claim, b"nobody's").await?;
//!
//!     let mut log = Log::start(flash, 8192..65_536, boot, &[Column { code: 1, instance: 0, exponent: 0 }]).await?;
//!     let mut values = [None; MAX_COLUMNS];
//!     values[0] = Some(21_500);
//!     log.take(60, values).await?;
//!     log.keep().await?;
//!     let mut samples = 0;
//!     log.each(SampleId::default(), async |bytes| {
//!         samples += Block::parse(bytes).map_or(0, |block| u32::from(block.samples));
//!         ControlFlow::Continue(())
//!     })
//!     .await?;
//!     Ok(samples)
//! }
//!
//! let mut flash = NorSim::new(16);
//! assert_eq!(embassy_futures::block_on(a_life(&mut flash)), Ok(1));
//! assert_eq!(embassy_futures::block_on(a_life(&mut flash)), Ok(2));
//! ```
//!
//! Does not know: pins, registers, a radio controller or a heap. Flash, buses, time and luck are arguments.
#![cfg_attr(not(test), no_std)]

#[cfg(any(test, feature = "sim"))]
extern crate std;

mod beacon;
pub mod boot;
mod brain;
mod counter;
mod desk;
mod facts;
pub mod image;
mod keep;
mod log;
pub mod noise;
#[cfg(any(test, feature = "sim"))]
pub mod nor;
mod page;
pub mod pairing;
#[cfg(test)]
mod power;
pub mod provision;
mod resets;
mod rhythm;
mod shared;
mod update;

pub use beacon::{Beacon, Channel, MAX_CHANNELS};
pub use brain::{Brain, Habits};
pub use counter::Counter;
pub use desk::{Condition, answer};
pub use facts::{Fact, Facts, MAX_FACT};
pub use keep::KeepError;
pub use log::Log;
pub use resets::Resets;
pub use rhythm::{Phase, Rhythm};
pub use shared::Shared;
pub use update::{Own, Proof, SAFE_MV, Update};
