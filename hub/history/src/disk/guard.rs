//! The head of the database, kept twice.
//!
//! The first sector of the database says where everything is, and it is the one sector that is written over in place.
//! A card that loses its power in the middle of that may leave anything in it, and then nothing could be read. So a
//! copy goes to a small file first, alternately to one of two places:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 or 4096 | 8 | generation: one more than that of the other copy |
//! | 8 | 4 | CRC-32C of generation and head |
//! | 12 | 512 | head |
//!
//! All numbers are little-endian. The newer copy is flushed before the head is written, the older one is the head that
//! was flushed last. So a head that is neither of them is not whole, and the older copy takes its place: everything
//! that it leads to was flushed, and nothing of that is written over before the next head is. But a head that is whole
//! and has no slot in common with them is that of a backup, which somebody put in the place of the database: it is believed.

use std::{
    io,
    ops::Bound,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use redb::{BackendError, StorageBackend};

use super::{Disk, Meter};
use crate::{pages, varint::Bytes};

const HEAD_BYTES: usize = 512;
const PLACE_BYTES: u64 = 4096;
const COPY_BYTES: usize = 12 + HEAD_BYTES;

/// The storage of the database with a copy of its head.
#[derive(Debug)]
pub(crate) struct Guarded {
    inner: Box<dyn StorageBackend>,
    disk: Arc<dyn Disk>,
    meter: Arc<Meter>,
    head: Mutex<Head>,
}

#[derive(Debug, Default)]
struct Head {
    /// Empty until it was put right.
    bytes: Vec<u8>,
    /// Of the copy of the head that was flushed last.
    generation: u64,
    /// Was it written since?
    is_new: bool,
}

impl Guarded {
    pub(crate) fn new(inner: Box<dyn StorageBackend>, disk: Arc<dyn Disk>, meter: Arc<Meter>) -> Self {
        Self { inner, disk, meter, head: Mutex::default() }
    }

    /// Puts the head right. Only who has locked the database may: to anybody else a head in the middle of a change
    /// looks as if it were not whole.
    fn put_right(&self) -> io::Result<()> {
        let mut head = self.head();
        if !head.bytes.is_empty() {
            return Ok(());
        }
        let mut bytes = vec![0; HEAD_BYTES];
        let is_there = self.inner.len()? >= HEAD_BYTES as u64;
        if is_there {
            self.inner.read(0, &mut bytes)?;
        }
        let mut copies = copies(&self.disk.head_copies()?);
        copies.sort_unstable();
        let is_another =
            pages::has_sound_head(&bytes) && !copies.iter().any(|(_, copy)| pages::share_a_slot(copy, &bytes));
        if let Some((_, oldest)) = copies.first()
            && is_there
            && !is_another
            && copies.iter().all(|(_, copy)| *copy != bytes)
        {
            tracing::warn!("the head of the database was not whole; the last one that was flushed takes its place");
            bytes.clone_from(oldest);
            self.inner.write(0, &bytes)?;
            self.inner.sync_data()?;
        }
        let of_head = copies.iter().find(|(_, copy)| *copy == bytes).map(|(generation, _)| *generation);
        *head = Head { bytes, generation: of_head.unwrap_or(0), is_new: false };
        if of_head.is_none() && is_there {
            self.copy_head(&head)?;
            head.generation += 1;
        }
        Ok(())
    }

    fn head(&self) -> MutexGuard<'_, Head> {
        self.head.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copy_head(&self, head: &Head) -> io::Result<()> {
        let generation = head.generation + 1;
        let offset = generation % 2 * PLACE_BYTES;
        let copy = encode(generation, &head.bytes);
        self.meter.wrote(offset, copy.len());
        self.meter.flushed();
        self.disk.write_head_copy(offset, &copy)
    }
}

impl StorageBackend for Guarded {
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
        self.inner.sync_data()?;
        let mut head = self.head();
        if std::mem::take(&mut head.is_new) {
            head.generation += 1;
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if let Some(of_head) = usize::try_from(offset).ok().filter(|offset| *offset < HEAD_BYTES) {
            let mut head = self.head();
            let written = head.bytes.get_mut(of_head..).unwrap_or_default().iter_mut();
            written.zip(data).for_each(|(to, from)| *to = *from);
            head.is_new = true;
            self.copy_head(&head)?;
        }
        self.inner.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        let locked = self.inner.try_lock_range(start, end);
        // Where there are no locks nobody else is there either.
        if matches!(locked, Ok(true) | Err(BackendError::Unsupported)) {
            self.put_right()?;
        }
        locked
    }

    locks_of_inner! {
        try_lock_shared_range -> bool,
        lock_range -> (),
        lock_shared_range -> (),
        unlock_range -> (),
        query_lock_range -> bool,
    }
}

fn encode(generation: u64, head: &[u8]) -> Vec<u8> {
    let mut out = generation.to_le_bytes().to_vec();
    out.extend(checksum(generation, head).to_le_bytes());
    out.extend(head);
    out
}

fn checksum(generation: u64, head: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(&generation.to_le_bytes()), head)
}

/// The copies that are whole, with their generations.
fn copies(file: &[u8]) -> Vec<(u64, Vec<u8>)> {
    let copy = |place: &[u8]| {
        let mut bytes = Bytes(place.get(..COPY_BYTES)?);
        let (generation, stored) = (u64::from_le_bytes(bytes.array()?), u32::from_le_bytes(bytes.array()?));
        (stored == checksum(generation, bytes.0)).then(|| (generation, bytes.0.to_vec()))
    };
    file.chunks(PLACE_BYTES as usize).filter_map(copy).collect()
}
