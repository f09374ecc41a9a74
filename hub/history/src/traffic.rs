use crate::History;

/// What went to the store's files since it was opened: the database and the journal together.
///
/// Counted where it leaves the process, so that it is exact and the same on every machine. What the file system adds of
/// its own is not in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes written.
    pub bytes: u64,
    /// Pages of 4 KiB touched by writes, which is what a device is sent: a page counts again with every write.
    pub pages: u64,
    /// Writes, each of one contiguous stretch of a file.
    pub writes: u64,
    /// Flushes, each of which waits for the device.
    pub flushes: u64,
}

impl History {
    /// What was written since the store was opened.
    pub fn traffic(&self) -> Traffic {
        self.meter.traffic()
    }
}
