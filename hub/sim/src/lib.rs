//! A whole house in one process, from a seed: rooms with a climate, sensors with their firmware, air that loses frames.
//!
//! The sensors are real: `fw-host` runs their whole program on simulated air, and they send encrypted BTHome adverts as
//! their settings say. From there on everything is the hub itself: in [`Range`] of a hub it pairs them as it would any, and
//! where no hub is needed an [`Owner`] has the same sessions with them. The same seed gives the same adverts, so that a
//! failed run is repeated by its number.
//!
//! ```
//! use hub_model::UnixMillis;
//! use hub_sim::House;
//!
//! let begins = UnixMillis(1_767_225_600_000);
//! let mut house = House::new(7, begins)?;
//! let hour = house.live_until(begins + 3_600_000);
//! let senders: std::collections::BTreeSet<_> = hour.iter().map(|sent| sent.advert.address).collect();
//! assert_eq!(senders.len(), house.sensors().len());
//! # Ok::<(), hub_sim::HouseError>(())
//! ```
//!
//! Does not know: the machine's clock, the hub's inside, what an automation would do.

mod air;
mod climate;
mod clock;
mod furnish;
mod house;
mod link;
mod owner;
mod past;
mod range;
mod sensor;
#[cfg(test)]
mod tests;

pub use air::Air;
pub use climate::Climate;
pub use clock::SimClock;
pub use furnish::furnish;
pub use house::{House, HouseError};
pub use link::{Reach, SimLink};
pub use owner::{Owner, OwnerError, Talk, at_once};
pub use past::{Past, PastError, live_through};
pub use range::Range;
pub use sensor::{Profile, Sensor, Sent};
