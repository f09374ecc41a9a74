use std::{
    collections::BTreeMap,
    io,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::{BackendError, StorageBackend};

use super::{Disk, JournalFile};

const PAGE: u64 = 4096;

/// A disk of which everything can be read and nothing is changed: what is written stays in memory, and is gone with it.
#[derive(Debug, Clone)]
pub(crate) struct DryDisk {
    inner: Arc<dyn Disk>,
    written: Arc<Mutex<Written>>,
}

/// What was written over the file.
#[derive(Debug, Default)]
struct Written {
    /// The length of the file, once it was changed.
    len: Option<u64>,
    /// Up to here the file beneath still shows through.
    beneath: Option<u64>,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl DryDisk {
    pub(crate) fn new(inner: Arc<dyn Disk>) -> Self {
        Self { inner, written: Arc::default() }
    }
}

impl Disk for DryDisk {
    fn has_database(&self) -> io::Result<bool> {
        self.inner.has_database()
    }

    fn draft(&self) -> io::Result<Box<dyn StorageBackend>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn adopt_draft(&self) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn replace_database(&self) -> io::Result<()> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn database(&self) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(DryFile { inner: self.inner.database()?, written: Arc::clone(&self.written) }))
    }

    fn head_copies(&self) -> io::Result<Vec<u8>> {
        self.inner.head_copies()
    }

    fn write_head_copy(&self, _offset: u64, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }

    fn database_bytes(&self) -> io::Result<u64> {
        self.inner.database_bytes()
    }

    fn segments(&self) -> io::Result<Vec<u16>> {
        Ok(Vec::new())
    }

    fn segment(&self, _number: u16, _bytes: u64) -> io::Result<Arc<dyn JournalFile>> {
        Err(io::ErrorKind::ReadOnlyFilesystem.into())
    }

    fn bytes(&self) -> io::Result<u64> {
        self.inner.bytes()
    }
}

#[derive(Debug)]
struct DryFile {
    inner: Box<dyn StorageBackend>,
    written: Arc<Mutex<Written>>,
}

impl DryFile {
    fn written(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page of this number as it is seen, zeros where nothing is.
    fn page(&self, written: &Written, number: u64) -> io::Result<Vec<u8>> {
        if let Some(page) = written.pages.get(&number) {
            return Ok(page.clone());
        }
        let mut page = vec![0; PAGE as usize];
        let beneath = match written.beneath {
            Some(beneath) => beneath,
            None => self.inner.len()?,
        };
        let start = number.saturating_mul(PAGE);
        let shown = beneath.saturating_sub(start).min(PAGE) as usize;
        if let Some(shown) = page.get_mut(..shown).filter(|shown| !shown.is_empty()) {
            self.inner.read(start, shown)?;
        }
        Ok(page)
    }
}

/// The pages that `len` bytes at `offset` touch: number, where in the page, where in the bytes, how many.
fn pieces(offset: u64, len: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset.checked_add(done as u64).filter(|_| done < len)?;
        let within = (at % PAGE) as usize;
        let count = (PAGE as usize - within).min(len - done);
        let piece = (at / PAGE, within, done, count);
        done += count;
        Some(piece)
    })
}

impl StorageBackend for DryFile {
    fn len(&self) -> io::Result<u64> {
        let written = self.written();
        written.len.map_or_else(|| self.inner.len(), Ok)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.checked_add(out.len() as u64).ok_or(io::ErrorKind::InvalidInput)?;
        if end > self.len()? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let written = self.written();
        for (number, within, from, count) in pieces(offset, out.len()) {
            let page = self.page(&written, number)?;
            if let (Some(to), Some(from)) = (out.get_mut(from..from + count), page.get(within..within + count)) {
                to.copy_from_slice(from);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let beneath = self.inner.len()?;
        let mut written = self.written();
        written.beneath = Some(written.beneath.unwrap_or(beneath).min(len));
        written.len = Some(len);
        written.pages.retain(|number, page| {
            let start = number * PAGE;
            if let Some(rest) = page.get_mut(len.saturating_sub(start).min(PAGE) as usize..) {
                rest.fill(0);
            }
            start < len
        });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let len = self.len()?.max(offset.saturating_add(data.len() as u64));
        let mut written = self.written();
        for (number, within, from, count) in pieces(offset, data.len()) {
            let mut page = self.page(&written, number)?;
            if let (Some(to), Some(from)) = (page.get_mut(within..within + count), data.get(from..from + count)) {
                to.copy_from_slice(from);
            }
            written.pages.insert(number, page);
        }
        written.len = Some(len);
        Ok(())
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
