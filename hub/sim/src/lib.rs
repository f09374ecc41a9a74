//! A whole house in one process, from a seed: rooms with a climate, sensors with keys and counters, air that loses frames.
//!
//! The sensors send encrypted BTHome v2 adverts; from there on everything is the hub itself. The same seed gives the
//! same adverts, so that a failed run is repeated by its number.
//!
//! ```
//! use hub_model::UnixMillis;
//! use hub_sim::House;
//!
//! let mut house = House::new(7);
//! let start = UnixMillis(1_767_225_600_000);
//! let frames = house.send_due(start, 60_000);
//! assert_eq!(frames.len(), house.sensors().len());
//! ```
//!
//! Does not know: the clock, the hub's inside, what an automation would do.

mod air;
mod climate;
mod house;
mod past;
mod sensor;
#[cfg(test)]
mod tests;

pub use air::Air;
pub use climate::Climate;
pub use house::{House, furnish};
pub use past::{Past, PastError, live_through};
pub use sensor::{Profile, Sensor, Sent};
