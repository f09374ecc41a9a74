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

#[derive(Default)]
struct Files {
    files: BTreeMap<String, Image>,
    faults: Faults,
    /// Writes and syncs so far.
    operations: u64,
    /// Who wants to look at the disk after each of them.
    #[cfg(test)]
    observer: Option<Observer>,
}

/// What became of a sector that was written, but not flushed, when the power went.
#[cfg(test)]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Lost,
    Written,
    /// Written, with a bit of it flipped.
    Flipped(usize),
}

/// Looks at a disk after each write and sync.
#[cfg(test)]
pub(crate) type Observer = Box<dyn FnMut(&MemoryDisk) + Send>;

impl std::fmt::Debug for Files {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Files").field("files", &self.files.keys()).field("faults", &self.faults).finish_non_exhaustive()
    }
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

    /// What is there after a power cut: what was safe, and of each sector written later what `fate` says.
    #[cfg(test)]
    fn after_power_cut(&self, fate: &mut dyn FnMut() -> Fate) -> Self {
        let mut safe = self.safe.clone();
        for write in &self.unsafe_writes {
            match write {
                Write::Len(len) => safe.resize(*len, 0),
                Write::Bytes(offset, bytes) => {
                    let mut at = *offset;
                    while at < offset + bytes.len() {
                        let end = ((at / SECTOR + 1) * SECTOR).min(offset + bytes.len());
                        let mut sector = bytes[at - offset..end - offset].to_vec();
                        match fate() {
                            Fate::Lost => {}
                            Fate::Written => Self::put(&mut safe, at, &sector),
                            Fate::Flipped(bit) => {
                                let bit = bit % (sector.len() * 8);
                                sector[bit / 8] ^= 1 << (bit % 8);
                                Self::put(&mut safe, at, &sector);
                            }
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
        #[cfg(test)]
        if let Some(mut observer) = files.observer.take() {
            drop(files);
            observer(self);
            self.lock().observer = Some(observer);
        }
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

    /// From now on `observer` looks at the disk after each write and sync.
    pub(crate) fn observe(&self, observer: Observer) {
        self.lock().observer = Some(observer);
    }

    pub(crate) fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// The disk that is found when the power is back: no faults, and what was not safe is there in part.
    pub(crate) fn after_power_cut(&self, survives: &mut dyn FnMut() -> bool) -> Self {
        self.after_power_cut_with(&mut || if survives() { Fate::Written } else { Fate::Lost })
    }

    /// The same, with a fate for each sector that was not safe.
    pub(crate) fn after_power_cut_with(&self, fate: &mut dyn FnMut() -> Fate) -> Self {
        let files = self.lock();
        let survivors = files.files.iter().map(|(name, image)| (name.clone(), image.after_power_cut(fate))).collect();
        let files = Files { files: survivors, ..Files::default() };
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
const HEAD: &str = "history.head";
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
        files.files.remove(HEAD);
        if let Some(draft) = files.files.remove(DRAFT) {
            files.files.insert(DATABASE.to_owned(), draft);
        }
        Ok(())
    }

    fn replace_database(&self) -> io::Result<()> {
        self.change(DRAFT, false, Image::sync)?;
        self.adopt_draft()
    }

    fn head_copies(&self) -> io::Result<Vec<u8>> {
        Ok(self.lock().files.get(HEAD).map(|image| image.seen.clone()).unwrap_or_default())
    }

    fn write_head_copy(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.change(HEAD, true, |image| image.write(offset, bytes))?;
        self.change(HEAD, false, Image::sync)
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
        let counts = |(name, image): (&String, &Image)| if name == HEAD { 0 } else { image.seen.len() as u64 };
        Ok(self.lock().files.iter().map(counts).sum())
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
