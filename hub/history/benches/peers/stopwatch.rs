//! Time, which only a bench may read, and figures of several runs.

use std::time::{Duration, Instant};

use anyhow::Result;

/// What a piece of work gives, and how long it took.
#[expect(clippy::disallowed_methods, reason = "a bench is there to read the clock")]
pub(crate) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let begun = Instant::now();
    let done = work()?;
    Ok((done, begun.elapsed()))
}

/// The one in the middle; of an even number, the later.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
