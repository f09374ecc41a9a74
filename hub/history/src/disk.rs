use std::{
    fmt, io,
    ops::Bound,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use redb::{BackendError, StorageBackend};

use crate::traffic::Traffic;

/// The locks of a storage that are those of the one beneath it, its `inner`.
macro_rules! locks_of_inner {
    ($($lock:ident -> $locked:ty,)*) => {$(
        fn $lock(&self, start: Bound<u64>, end: Bound<u64>) -> Result<$locked, BackendError> {
            self.inner.$lock(start, end)
        }
    )*};
}

pub(crate) mod dry;
pub(crate) mod folder;
pub(crate) mod guard;
pub(crate) mod memory;

/// Where a store lives: one database, and numbered journal segments.
pub(crate) trait Disk: Send + Sync + fmt::Debug {
    /// Is there a database?
    fn has_database(&self) -> io::Result<bool>;

    /// An empty storage in which a database can be made. It becomes the database when it is [adopted](Self::adopt_draft),
    /// so that a power cut in the making leaves none rather than half of one.
    fn draft(&self) -> io::Result<Box<dyn StorageBackend>>;

    /// Makes the draft, which must be closed and durable, the database. There are no copies of a head then.
    fn adopt_draft(&self) -> io::Result<()>;

    /// Puts the draft, which must be closed, in the place of the database that is there, in one durable step. The copies
    /// of its head are gone before.
    fn replace_database(&self) -> io::Result<()>;

    /// Opens the storage of the database.
    fn database(&self) -> io::Result<Box<dyn StorageBackend>>;

    /// The file with the copies of the database's head; empty when there is none.
    fn head_copies(&self) -> io::Result<Vec<u8>>;

    /// Writes a copy of the head at an offset, durably.
    fn write_head_copy(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// The bytes of the database's file.
    fn database_bytes(&self) -> io::Result<u64>;

    /// The numbers of the journal segments that exist.
    fn segments(&self) -> io::Result<Vec<u16>>;

    /// Opens a journal segment; one that does not exist is made, with room for `bytes`, all zero.
    fn segment(&self, number: u16, bytes: u64) -> io::Result<Arc<dyn JournalFile>>;

    /// The bytes of all files.
    fn bytes(&self) -> io::Result<u64>;
}

/// One preallocated file of the journal.
pub(crate) trait JournalFile: Send + Sync + fmt::Debug {
    /// Reads at an offset; fewer bytes only at the end of the file.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize>;

    /// Writes all bytes at an offset.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Makes everything written so far durable.
    fn sync(&self) -> io::Result<()>;
}

/// What was written since start.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    bytes: AtomicU64,
    pages: AtomicU64,
    writes: AtomicU64,
    flushes: AtomicU64,
}

/// What a device is sent at least.
pub(crate) const PAGE_BYTES: u64 = 4096;

impl Meter {
    /// Counts a write of `len` bytes, more than none, at an offset.
    pub(crate) fn wrote(&self, offset: u64, len: usize) {
        let end = offset.saturating_add(len as u64);
        let pages = end.div_ceil(PAGE_BYTES).saturating_sub(offset / PAGE_BYTES);
        self.bytes.fetch_add(len as u64, Ordering::Relaxed);
        self.pages.fetch_add(pages, Ordering::Relaxed);
        self.writes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn flushed(&self) {
        self.flushes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            bytes: self.bytes.load(Ordering::Relaxed),
            pages: self.pages.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            flushes: self.flushes.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::Relaxed)
    }
}

/// The database's storage with a meter.
#[derive(Debug)]
pub(crate) struct Metered {
    pub(crate) inner: Box<dyn StorageBackend>,
    pub(crate) meter: Arc<Meter>,
}

impl StorageBackend for Metered {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.inner.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.meter.flushed();
        self.inner.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.meter.wrote(offset, data.len());
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    locks_of_inner! {
        try_lock_range -> bool,
        try_lock_shared_range -> bool,
        lock_range -> (),
        lock_shared_range -> (),
        unlock_range -> (),
        query_lock_range -> bool,
    }
}
