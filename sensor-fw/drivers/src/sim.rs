//! Simulated chips on a simulated bus: what the drivers are tested against, and what the firmware on a host measures with.
//!
//! A chip takes the truth from a closure and does what its datasheet says: it does not acknowledge while it measures, sums
//! up what it sends, sleeps, and knows only its own commands. The bus counts what happens on it and how long its chips
//! measure, for whoever reckons energy, and can be disturbed on purpose.

mod air;
mod battery;
mod bme280;
mod bmp390;
mod bus;
mod clock;
mod floats;
mod line;
mod scd4x;
mod sht4x;
mod words;

pub use air::Air;
pub use battery::Battery;
pub use bme280::Bme280;
#[cfg(test)]
pub(crate) use bme280::Memory as Bme280Memory;
pub use bmp390::Bmp390;
#[cfg(test)]
pub(crate) use bmp390::Memory as Bmp390Memory;
pub use bus::{Bus, Counts, Device, Disturbance, Nack};
pub use clock::{Clock, Delay, Timer};
pub use line::Line;
pub use scd4x::Scd4x;
pub use sht4x::Sht4x;
