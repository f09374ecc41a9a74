//! Sensors on simulated air: the whole firmware, paired, asked, cut off and outlived, in simulated time.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod ceremonies;
mod home;
mod life;
mod updates;
