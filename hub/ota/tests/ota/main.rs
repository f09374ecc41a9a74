//! Updates as they go: against the sensor's own side of them, and over a whole home.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod fleet;
mod rollouts;
mod sensor;
mod signed;
mod transfers;
