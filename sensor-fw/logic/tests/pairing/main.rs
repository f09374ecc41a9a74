//! The pairing as a hub, an attacker and a battery meet it. The hub is `snow` over `wire::pipe`: none of the sensor's Noise.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod attackers;
mod ceremonies;
mod cuts;
mod hub;
mod limits;
mod luck;
mod mutations;
mod sensor;
mod settings;
