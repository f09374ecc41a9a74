//! What every store in the table must be able to do.

use anyhow::Result;

use crate::house::Reading;

/// What a store sent to its device, counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Written {
    pub(crate) bytes: u64,
    pub(crate) writes: u64,
    pub(crate) flushes: u64,
}

impl Written {
    pub(crate) const fn since(self, before: Self) -> Self {
        Self {
            bytes: self.bytes - before.bytes,
            writes: self.writes - before.writes,
            flushes: self.flushes - before.flushes,
        }
    }
}

/// A store that takes readings.
pub(crate) trait Peer {
    /// Takes the readings of one commit interval, in order, and commits them in its way. `now` is the end of the interval.
    fn commit(&mut self, now: i64, readings: &[Reading]) -> Result<()>;

    /// What it wrote since it was opened.
    fn written(&self) -> Written;

    /// Puts everything where it stays, closes, and tells the bytes of what is kept.
    fn close(self) -> Result<u64>;
}
