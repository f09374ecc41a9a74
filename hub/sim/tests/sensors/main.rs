//! Our own sensors and their hub: the whole firmware on simulated air, the whole ceremony, log, keys and release.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod backfill;
mod hub;
mod keys;
mod pairing;
mod updates;
