//! The sensor's senses: drivers of its chips, inputs and supply, each a [`Probe`] that adds to a [`Sample`].
//!
//! A probe hands out [`units::Measure`]s, rounded once from the chip's raw numbers by the datasheet's formula in
//! integers, and checks what can be checked: checksums, identity, the chip's own range. The bus, pins and delays are
//! those of `embedded-hal`, so that the same drivers run on the chip and, against simulated chips (feature `sim`),
//! on a host.
//!
//! ```
//! use fw_drivers::{Probe, Sample, Sht4x, Sht4xAddress, sim};
//! use units::{Measure, Quantity};
//!
//! // A room, a bus with a chip in the room, and the driver of the chip.
//! let clock = sim::Clock::new();
//! let bus = sim::Bus::new(clock.reader());
//! bus.attach(sim::Sht4x::new(|_now_us| sim::Air { milli_celsius: 21_500, ..sim::Air::default() }));
//! let mut probe = Sht4x::new(bus.clone(), clock.delay(), Sht4xAddress::Address0x44);
//!
//! let mut sample = Sample::new();
//! embassy_futures::block_on(probe.sample(&mut sample))?;
//! assert_eq!(sample.measures()[0].quantity, Quantity::Temperature);
//! assert!((21_498..=21_502).contains(&sample.measures()[0].value), "as fine as the chip's 2.7 m°C steps");
//! assert_eq!(bus.counts().transactions, 2);
//! # Ok::<(), fw_drivers::Fault<embedded_hal::i2c::ErrorKind>>(())
//! ```
//!
//! Which driver is ours, and why:
//!
//! | sensor | driver | why |
//! |---|---|---|
//! | SHT4x | crate `sht4x` 0.2 | async, checks the CRC, gives raw words; `sht4x-rs` gives floats only |
//! | SCD4x | crate `scd4x` 0.5 | async, checks the CRC, gives raw words; `libscd` gives floats only. Neither waits after a wake-up that is (as it must be) not acknowledged: we do |
//! | BMP390 | ours | `bmp390` is an alpha on floats, a units library and 5 000 generated lines |
//! | BME280 | ours | `bme280-rs` checks no identity, waits for ever on a line that reads as ones, gives a stale value for one that is late, and overflows on a calibration that it misread |
//! | contacts, button, supply | ours | a few lines over `embedded-hal` |
//!
//! Does not know: which pins and buses a board has, how samples are told or logged, a heap, a float.
#![cfg_attr(not(test), no_std)]

#[cfg(any(test, feature = "sim"))]
extern crate std;

mod bme280;
mod bmp390;
mod button;
mod contact;
mod fault;
mod probe;
mod registers;
mod sample;
mod scd4x;
mod sht4x;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
mod supply;

pub use bme280::Bme280;
pub use bmp390::{Bmp390, Sdo};
pub use button::{Button, Press};
pub use contact::{Contact, Wiring};
pub use fault::{Chip, Fault};
pub use probe::{PairError, Probe};
pub use sample::{MAX_MEASURES, Sample};
pub use scd4x::{Rest, Scd4x};
pub use sht4x::{Address as Sht4xAddress, Sht4x};
pub use supply::{Chemistry, Converter, Scale, Supply, SupplyFault};
