//! The server over real sockets of this machine.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod cop;
mod guards;
mod house;
mod http;
mod life;
mod pages;
mod schema;
mod socket;
mod streams;
mod wire;
