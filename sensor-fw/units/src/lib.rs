//! What Ingle measures: the one table of quantities, and a few integer newtypes for firmware.
//!
//! A value is an `i64` count of steps of its [`Quantity`]; a step is `10^exponent` of the quantity's one
//! unit. 25.06 °C is `25_060` steps of 0.001 °C, on the sensor, on the wire of the hub, in its history
//! and in its API alike. Floats appear only at the rim, by [`Quantity::to_f64`].
//!
//! ```
//! use units::{Measure, MilliCelsius, Quantity};
//!
//! let measure = Measure::from(MilliCelsius(25_060));
//! assert_eq!(measure.quantity, Quantity::Temperature);
//! assert_eq!(measure.to_string(), "25.06 °C");
//! assert_eq!(Quantity::from_name("pm2_5").map(Quantity::unit), Some("µg/m³"));
//! ```
//!
//! Does not know: how a value is sent, stored or shown in another unit; no allocation, no `std`.
#![cfg_attr(not(test), no_std)]

mod decimal;
mod measure;
mod quantity;
mod table;

pub use decimal::Decimal;
pub use measure::{CentiPercent, Measure, MilliCelsius, Millivolt, Pascal};
pub use quantity::Kind;
pub use table::Quantity;

#[cfg(test)]
mod tests;
