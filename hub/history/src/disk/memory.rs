use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::StorageBackend;

use super::{Disk, JournalFile};

/// A disk in memory. It can lose its power, refuse writes, and be full; what a real disk would lose is lost.
#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryDisk {
    files: Arc<Mutex<Files>>,
}

#[derive(Debug, Default)]
struct Files {
    files: BTreeMap<String, Image>,
    faults: Faults,
    /// Writes and syncs so far.
    operations: u64,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Faults {
    /// From this write or sync on, all of them fail, as if the power were gone.
    pub(crate) power_cut_at: Option<u64>,
    /// Only this write or sync fails.
    pub(crate) fails_at: Option<u64>,
    /// Every write fails for want of space.
    pub(crate) is_full: bool,
}

/// A file: what programs see, and what is safe, with the writes between the two.
#[derive(Debug, Clone, Default)]
struct Image {
    seen: Vec<u8>,
    #[cfg(test)]
    safe: Vec<u8>,
    #[cfg(test)]
    unsafe_writes: Vec<Write>,
}

#[cfg(test)]
#[derive(Debug, Clone)]
enum Write {
    Bytes(usize, Vec<u8>),
    Len(usize),
}

/// What a device writes in one piece.
#[cfg(test)]
const SECTOR: usize = 512;

impl Image {
    fn put(image: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
        let end = offset + bytes.len();
        if image.len() < end {
            image.resize(end, 0);
        }
        if let Some(place) = image.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
    }

    fn write(&mut self, offset: usize, bytes: &[u8]) {
        Self::put(&mut self.seen, offset, bytes);
        #[cfg(test)]
        self.unsafe_writes.push(Write::Bytes(offset, bytes.to_vec()));
    }

    fn set_len(&mut self, len: usize) {
        self.seen.resize(len, 0);
        #[cfg(test)]
        self.unsafe_writes.push(Write::Len(len));
    }

    #[cfg(test)]
    fn sync(&mut self) {
        for write in self.unsafe_writes.drain(..) {
            match write {
                Write::Bytes(offset, bytes) => Self::put(&mut self.safe, offset, &bytes),
                Write::Len(len) => self.safe.resize(len, 0),
            }
        }
    }

    #[cfg(not(test))]
    const fn sync(&mut self) {}

    /// What is there after a power cut: what was safe, and of each later write those sectors that `survives` says.
    #[cfg(test)]
    fn after_power_cut(&self, survives: &mut dyn FnMut() -> bool) -> Self {
        let mut safe = self.safe.clone();
        for write in &self.unsafe_writes {
            match write {
                Write::Len(len) => safe.resize(*len, 0),
                Write::Bytes(offset, bytes) => {
                    let mut at = *offset;
                    while at < offset + bytes.len() {
                        let end = ((at / SECTOR + 1) * SECTOR).min(offset + bytes.len());
                        if survives() {
                            Self::put(&mut safe, at, &bytes[at - offset..end - offset]);
                        }
                        at = end;
                    }
                }
            }
        }
        Self { seen: safe.clone(), safe, unsafe_writes: Vec::new() }
    }
}

impl MemoryDisk {
    fn lock(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, name: &str, needs_space: bool, change: impl FnOnce(&mut Image)) -> io::Result<()> {
        let mut files = self.lock();
        let operation = files.operations;
        files.operations += 1;
        let faults = files.faults;
        if faults.power_cut_at.is_some_and(|at| operation >= at) || faults.fails_at == Some(operation) {
            return Err(io::Error::other("the disk failed, as the test wants"));
        }
        if faults.is_full && needs_space {
            return Err(io::ErrorKind::StorageFull.into());
        }
        change(files.files.entry(name.to_owned()).or_default());
        Ok(())
    }

    fn read(&self, name: &str, offset: u64, out: &mut [u8]) -> usize {
        let files = self.lock();
        let image = files.files.get(name).map(|image| image.seen.as_slice()).unwrap_or_default();
        let available = usize::try_from(offset).ok().and_then(|offset| image.get(offset..)).unwrap_or_default();
        let len = available.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..len), available.get(..len)) {
            to.copy_from_slice(from);
        }
        len
    }

    fn len(&self, name: &str) -> usize {
        self.lock().files.get(name).map_or(0, |image| image.seen.len())
    }
}

/// What tests do to a disk.
#[cfg(test)]
impl MemoryDisk {
    pub(crate) fn set_faults(&self, faults: Faults) {
        self.lock().faults = faults;
    }

    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// The disk that is found when the power is back: no faults, and what was not safe is there in part.
    pub(crate) fn after_power_cut(&self, survives: &mut dyn FnMut() -> bool) -> Self {
        let files = self.lock();
        let survivors =
            files.files.iter().map(|(name, image)| (name.clone(), image.after_power_cut(survives))).collect();
        let files = Files { files: survivors, faults: Faults::default(), operations: 0 };
        Self { files: Arc::new(Mutex::new(files)) }
    }

    pub(crate) fn file(&self, name: &str) -> Vec<u8> {
        self.lock().files[name].seen.clone()
    }

    pub(crate) fn segment_count(&self) -> usize {
        self.lock().files.keys().filter(|name| name.starts_with("journal/")).count()
    }

    /// Changes the bytes of a file behind the store's back.
    pub(crate) fn tamper(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut files = self.lock();
        let image = files.files.entry(name.to_owned()).or_default();
        change(&mut image.seen);
        image.safe.clone_from(&image.seen);
        image.unsafe_writes.clear();
    }
}

#[derive(Debug)]
struct MemoryFile {
    disk: MemoryDisk,
    name: String,
}

pub(crate) const DATABASE: &str = "history.redb";
const DRAFT: &str = "history.new";

fn segment_name(number: u16) -> String {
    format!("journal/{number:02}")
}

impl Disk for MemoryDisk {
    fn has_database(&self) -> io::Result<bool> {
        Ok(self.lock().files.contains_key(DATABASE))
    }

    fn draft(&self) -> io::Result<Box<dyn StorageBackend>> {
        self.lock().files.remove(DRAFT);
        Ok(Box::new(MemoryFile { disk: self.clone(), name: DRAFT.to_owned() }))
    }

    fn adopt_draft(&self) -> io::Result<()> {
        self.change(DRAFT, false, |_| ())?;
        let mut files = self.lock();
        if let Some(draft) = files.files.remove(DRAFT) {
            files.files.insert(DATABASE.to_owned(), draft);
        }
        Ok(())
    }

    fn replace_database(&self) -> io::Result<()> {
        self.change(DRAFT, false, Image::sync)?;
        self.adopt_draft()
    }

    fn database_bytes(&self) -> io::Result<u64> {
        Ok(self.len(DATABASE) as u64)
    }

    fn database(&self) -> io::Result<Box<dyn StorageBackend>> {
        Ok(Box::new(MemoryFile { disk: self.clone(), name: DATABASE.to_owned() }))
    }

    fn segments(&self) -> io::Result<Vec<u16>> {
        let numbers = |name: &String| name.strip_prefix("journal/").and_then(|number| number.parse().ok());
        Ok(self.lock().files.keys().filter_map(numbers).collect())
    }

    fn segment(&self, number: u16, bytes: u64) -> io::Result<Arc<dyn JournalFile>> {
        let name = segment_name(number);
        let len = usize::try_from(bytes).map_err(io::Error::other)?;
        if self.len(&name) < len {
            self.change(&name, true, |image| {
                image.set_len(len);
                image.sync();
            })?;
        }
        Ok(Arc::new(MemoryFile { disk: self.clone(), name }))
    }

    fn bytes(&self) -> io::Result<u64> {
        Ok(self.lock().files.values().map(|image| image.seen.len() as u64).sum())
    }
}

impl JournalFile for MemoryFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        Ok(self.disk.read(&self.name, offset, out))
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.disk.change(&self.name, true, |image| image.write(offset, bytes))
    }

    fn sync(&self) -> io::Result<()> {
        self.disk.change(&self.name, false, Image::sync)
    }
}

impl StorageBackend for MemoryFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.len(&self.name) as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.disk.read(&self.name, offset, out) == out.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(io::Error::other)?;
        let grows = len > self.disk.len(&self.name);
        self.disk.change(&self.name, grows, |image| image.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        JournalFile::sync(self)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.write_at(offset, data)
    }
}
