//! The API as a client sees it, over a hub whose ports are kept in memory.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod commands;
mod contract;
mod events;
mod history;
mod house;
mod limits;
mod ports;
mod queries;
mod retention;
mod rollouts;
mod sensors;
mod signals;
mod statistics;
