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

/// How large a closed store is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    /// Bytes of the pages that hold something.
    pub(crate) pages: u64,
    /// Bytes of the file, with pages that are free for what comes.
    pub(crate) file: u64,
}

/// A store that takes readings.
pub(crate) trait Peer {
    /// Takes the readings of one commit interval, in order, and commits them in its way. `now` is the end of the interval.
    fn commit(&mut self, now: i64, readings: &[Reading]) -> Result<()>;

    /// What it wrote since it was opened.
    fn written(&self) -> Written;

    /// Puts everything where it stays, closes, and tells how large it is.
    fn close(self) -> Result<Kept>;
}
