//! Time, which only a bench may read and wait for, and figures of several runs.
#![expect(clippy::disallowed_methods, reason = "a bench is there to read the clock, and waits for other programs")]

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use jiff::Timestamp;

/// How often somebody looks, and how long between: ten minutes in all.
const LOOKS: u32 = 6000;
const PAUSE: Duration = Duration::from_millis(100);

/// What a piece of work gives, and how long it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Duration)> {
    let begun = Instant::now();
    let done = work()?;
    Ok((done, begun.elapsed()))
}

pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// Looks again and again until something is so.
pub(crate) fn wait_until(what: &str, mut look: impl FnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..LOOKS {
        if look()? {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    bail!("waited in vain until {what}")
}

/// The one in the middle; of an even number, the later.
pub(crate) fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
