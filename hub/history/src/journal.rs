//! The journal: preallocated segment files in a ring, to which batches of events are appended.
//!
//! A segment file:
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `INGLEJNL` |
//! | 8 | 2 | format version, 1 |
//! | 10 | 8 | epoch of the store |
//! | 18 | 8 | generation: one more than that of the segment before; the greatest is written to |
//! | 26 | 8 | base: the number of the last event before the segment |
//! | 34 | 4 | CRC-32C of the bytes before |
//! | 512 | | records |
//!
//! A record begins where the one before ends, or at the next page (4096 bytes) where it would touch one more of them
//! otherwise: most flushes cost the card one page.
//!
//! A record is `length u32 | checksum u32 | batch`, the batch as in `record.rs`. All numbers are little-endian. The
//! checksum is the CRC-32C of generation, the checksum of the record before (0 for the first), length and batch: a
//! record vouches for all before it, and neither what a recycled file held nor what a torn write left behind can ever
//! be read as new.
//!
//! The oldest segment is written over only when the ring is full and all its events are sealed.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, RwLock,
    atomic::{AtomicU64, Ordering},
};

use hub_model::{Epoch, Event, Seq};

use crate::{
    disk::{Disk, Meter},
    error::StoreError,
};

pub(crate) mod batch;
pub(crate) mod segment;

use batch::Batch;
use segment::{Header, Place, RECORD_HEAD, Segment};

/// How large the journal may become.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) segment_bytes: u64,
    pub(crate) segments: u16,
}

/// The journal on its disk.
#[derive(Debug)]
pub(crate) struct Journal {
    disk: Arc<dyn Disk>,
    meter: Arc<Meter>,
    epoch: Epoch,
    limits: Limits,
    /// Oldest first; the last one is written to.
    ring: RwLock<Vec<Arc<Segment>>>,
    writer: Mutex<Writer>,
    durable: AtomicU64,
}

/// Where the next record goes. Whoever holds it may write.
#[derive(Debug)]
pub(crate) struct Writer {
    place: Place,
    /// Segment numbers whose files hold nothing of this store.
    free: Vec<u16>,
    next_number: u16,
    generation: u64,
}

impl Journal {
    /// Opens the journal and shows every event after `sealed`, in order.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        meter: Arc<Meter>,
        epoch: Epoch,
        limits: Limits,
        sealed: u64,
        mut show: impl FnMut(Event),
    ) -> Result<Self, StoreError> {
        let fail = StoreError::journal;
        let (mut ring, mut free, mut next_number) = (Vec::new(), Vec::new(), 0);
        for number in disk.segments().map_err(fail("list"))? {
            next_number = next_number.max(number.saturating_add(1));
            let file = disk.segment(number, limits.segment_bytes).map_err(fail("open"))?;
            match Header::read(file.as_ref()).map_err(fail("read"))? {
                Some(header) if header.epoch == epoch.0 => ring.push(Segment::new(number, header, file)),
                Some(header) => {
                    tracing::warn!(number, epoch = header.epoch, "a journal segment of another store is written over");
                    free.push(number);
                }
                None => free.push(number),
            }
        }
        ring.sort_by_key(|segment| segment.header.generation);
        let mut last = sealed;
        let mut place = Place::START;
        for (at, segment) in ring.iter().enumerate() {
            let next_base = ring.get(at + 1).map(|next| next.header.base);
            // What lies before the next segment's base is sealed: there is nothing in this one to show.
            if let Some(next_base) = next_base.filter(|base| *base <= sealed) {
                segment.ends_at(next_base);
                continue;
            }
            place = segment.replay(|event| {
                if event.seq.0 > last {
                    last = event.seq.0;
                    show(event);
                }
            })?;
            if let Some(next_base) = next_base.filter(|base| segment.last() < *base) {
                tracing::error!(
                    number = segment.number,
                    from = segment.last(),
                    to = next_base,
                    "a journal segment is damaged: events are lost"
                );
                segment.ends_at(next_base);
            }
        }
        let newest = ring.last().map_or(0, |segment| segment.last());
        let generation = ring.last().map_or(0, |segment| segment.header.generation);
        free.sort_unstable_by(|a, b| b.cmp(a));
        let writer = Writer { place, free, next_number, generation };
        let ring = ring.into_iter().map(Arc::new).collect();
        Ok(Self {
            disk,
            meter,
            epoch,
            limits,
            ring: RwLock::new(ring),
            writer: Mutex::new(writer),
            durable: AtomicU64::new(newest.max(sealed)),
        })
    }

    /// The last event that is durable.
    pub(crate) fn durable(&self) -> Seq {
        Seq(self.durable.load(Ordering::Acquire))
    }

    /// The last event that is no longer in the journal.
    pub(crate) fn forgotten(&self) -> u64 {
        self.segments().first().map_or_else(|| self.durable().0, |segment| segment.header.base)
    }

    /// Waits for the right to write.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes batches durable, in order. What was durable before an error is told by [`Journal::durable`].
    /// Events up to `sealed` may be written over.
    pub(crate) fn write(&self, writer: &mut Writer, batches: &[Arc<Batch>], sealed: u64) -> Result<(), StoreError> {
        let mut left = batches;
        while let Some(first) = left.first() {
            let segment = match self.segments().last() {
                Some(active) if self.fits(writer.place, first) => Arc::clone(active),
                _ => self.turn(writer, sealed)?,
            };
            let begin = writer.place.begin(first.bytes.len());
            let (mut bytes, mut place, mut marks) = (Vec::new(), begin, Vec::new());
            let mut last = None;
            while let Some((batch, rest)) = left.split_first().filter(|(batch, _)| self.fits(place, batch)) {
                marks.push((batch.first, place));
                place = place.put(&mut bytes, segment.header.generation, &batch.bytes);
                (last, left) = (Some(batch.last), rest);
            }
            let Some(last) = last else {
                // `Waiting` closes batches far below the size of a real segment.
                tracing::error!(
                    bytes = first.bytes.len(),
                    "a batch of events is larger than a journal segment and is left out"
                );
                left = left.get(1..).unwrap_or_default();
                continue;
            };
            self.meter.wrote(begin.offset, bytes.len());
            segment.file.write_at(begin.offset, &bytes).map_err(StoreError::journal("write"))?;
            self.meter.flushed();
            segment.file.sync().map_err(StoreError::journal("flush"))?;
            writer.place = place;
            segment.grew(last, marks);
            self.durable.fetch_max(last, Ordering::AcqRel);
        }
        Ok(())
    }

    fn fits(&self, place: Place, batch: &Batch) -> bool {
        let begin = place.begin(batch.bytes.len());
        begin.offset + RECORD_HEAD as u64 + batch.bytes.len() as u64 <= self.limits.segment_bytes
    }

    /// Begins a new segment: in a free file, a new one, or the oldest.
    fn turn(&self, writer: &mut Writer, sealed: u64) -> Result<Arc<Segment>, StoreError> {
        let segments = self.segments();
        let oldest = segments.first().filter(|_| segments.len() >= usize::from(self.limits.segments));
        let number = match oldest {
            Some(oldest) if oldest.last() <= sealed => oldest.number,
            Some(_) => return Err(StoreError::JournalFull { segments: segments.len() }),
            None => writer.free.last().copied().unwrap_or(writer.next_number),
        };
        let base = segments.last().map_or(sealed, |active| active.last()).max(sealed.min(self.durable().0));
        let header = Header { epoch: self.epoch.0, generation: writer.generation + 1, base };
        let file =
            self.disk.segment(number, self.limits.segment_bytes).map_err(StoreError::journal("make room for"))?;
        let bytes = header.encode();
        self.meter.wrote(0, bytes.len());
        file.write_at(0, &bytes).map_err(StoreError::journal("write"))?;
        // The header must be safe before the first record: until then the file is still the old segment.
        self.meter.flushed();
        file.sync().map_err(StoreError::journal("flush"))?;
        if oldest.is_none() && writer.free.pop().is_none() {
            writer.next_number += 1;
        }
        writer.generation = header.generation;
        writer.place = Place::START;
        let segment = Arc::new(Segment::new(number, header, file));
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        if oldest.is_some() {
            ring.remove(0);
        }
        ring.push(Arc::clone(&segment));
        Ok(segment)
    }

    /// Reads durable events after `after`, at most `limit` of those that `wanted` takes. Also tells the number of the
    /// last event that is no longer there.
    pub(crate) fn read_after(
        &self,
        after: u64,
        limit: usize,
        wanted: &dyn Fn(&Event) -> bool,
    ) -> Result<(u64, Vec<Event>), StoreError> {
        // A segment can be written over while it is read: then its records end early, and the ring is read anew.
        for _ in 0..4 {
            let segments = self.segments();
            let forgotten = segments.first().map_or_else(|| self.durable().0, |segment| segment.header.base);
            let mut events = Vec::new();
            let mut is_whole = true;
            for segment in segments.iter().filter(|segment| segment.last() > after) {
                if events.len() >= limit {
                    break;
                }
                is_whole &= segment.read_after(after, limit, wanted, &mut events)?;
            }
            if is_whole || self.forgotten() == forgotten {
                return Ok((forgotten, events));
            }
        }
        Err(StoreError::Journal {
            doing: "read",
            source: std::io::Error::other("it was written over four times meanwhile"),
        })
    }

    fn segments(&self) -> Vec<Arc<Segment>> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does the journal need a seal soon, so that it does not fill up?
    pub(crate) fn is_filling(&self, sealed: u64) -> bool {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        let unsealed = ring.iter().filter(|segment| segment.last() > sealed).count();
        unsealed * 2 > usize::from(self.limits.segments)
    }
}
