//! What SQLite writes, counted from its write-ahead log rather than by the clock or by the kernel.
//!
//! A commit appends one frame of 24 + 4096 bytes for every page that it changed. At 1000 pages, which is SQLite's own
//! default, the log is written back to the database: every page in it once, however often it was changed since. Both
//! are counted here; the automatic checkpoint is off and the same is done by hand, so that the pages can be read from
//! the frames before. Flushes are those of `synchronous=NORMAL`: the log's header when it begins anew, the log and the
//! database at a checkpoint. Adjacent pages count as one device write.
//!
//! Beside it once, an hour of the recorder's layout at 200 sensors: 3 600 255 448 bytes counted here, and 3 600 267 092 by the
//! kernel in `/proc/self/io` (`wchar`). Of ours the kernel's `write_bytes` were the counted pages to the byte.
//!
//! Still it is a lower bound: frames are counted by their bytes and not by the pages that they touch, the log is taken as one
//! write a commit, and the index of the log and whatever the file system adds are left out.

use std::{
    ffi::OsString,
    fs::File,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use anyhow::{Context, Result};
use rusqlite::{Connection, hooks::Wal};

use crate::peer::{Kept, Written};

const PAGE: u64 = 4096;
const FRAME: u64 = 24 + PAGE;
const LOG_HEADER: u64 = 32;
const CHECKPOINT_AT: u32 = 1000;

pub(crate) struct WalMeter {
    log: PathBuf,
    /// The frames in the log after the last commit, as SQLite tells its own checkpointing.
    told: Arc<AtomicU32>,
    frames: u32,
    written: Written,
}

impl WalMeter {
    /// Counts what is written from now on through this connection.
    pub(crate) fn new(database: &Path, connection: &mut Connection) -> Result<Self> {
        let mut log = OsString::from(database);
        log.push("-wal");
        connection.pragma_update(None, "wal_autocheckpoint", 0)?;
        let told = Arc::new(AtomicU32::new(0));
        let tell = Arc::clone(&told);
        connection.wal_hook(Some(move |_: &mut Wal, frames: i32| {
            tell.store(frames.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        let mut meter = Self { log: log.into(), told, frames: 0, written: Written::default() };
        meter.checkpoint(connection)?;
        meter.written = Written::default();
        Ok(meter)
    }

    /// Counts the commit that was just made, and writes back the log if it is time to.
    pub(crate) fn committed(&mut self, connection: &Connection) -> Result<()> {
        let frames = self.told.load(Ordering::Relaxed);
        if frames > self.frames {
            self.written.flushes += u64::from(self.frames == 0);
            self.written.bytes += u64::from(frames - self.frames) * FRAME;
            self.written.writes += 1;
            self.frames = frames;
        }
        if self.frames >= CHECKPOINT_AT { self.checkpoint(connection) } else { Ok(()) }
    }

    fn checkpoint(&mut self, connection: &Connection) -> Result<()> {
        if self.frames > 0 {
            let pages = self.pages()?;
            let runs = 1 + pages.windows(2).filter(|pair| !matches!(pair, [a, b] if a + 1 == *b)).count();
            self.written.bytes += pages.len() as u64 * PAGE;
            self.written.writes += runs as u64;
            self.written.flushes += 2;
        }
        connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
        self.told.store(0, Ordering::Relaxed);
        self.frames = 0;
        Ok(())
    }

    /// The numbers of the pages in the log, each once, in order.
    fn pages(&self) -> Result<Vec<u32>> {
        let log = File::open(&self.log).with_context(|| format!("failed to open {}", self.log.display()))?;
        let mut pages = Vec::new();
        for frame in 0..u64::from(self.frames) {
            let mut number = [0; 4];
            log.read_exact_at(&mut number, LOG_HEADER + frame * FRAME)?;
            pages.push(u32::from_be_bytes(number));
        }
        pages.sort_unstable();
        pages.dedup();
        Ok(pages)
    }

    pub(crate) const fn written(&self) -> Written {
        self.written
    }
}

/// Writes the log back, closes the database, and tells how large it is.
pub(crate) fn close(connection: Connection, path: &Path) -> Result<Kept> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    let free: u64 = connection.query_row("PRAGMA freelist_count", [], |row| row.get::<_, u32>(0))?.into();
    drop(connection);
    let file = std::fs::metadata(path)?.len();
    Ok(Kept { pages: file - free * PAGE, file })
}
