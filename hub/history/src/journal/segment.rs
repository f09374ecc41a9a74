use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hub_model::Event;

use crate::{
    disk::{JournalFile, PAGE_BYTES},
    error::StoreError,
    record::Events,
    varint::Bytes,
};

const MAGIC: [u8; 8] = *b"INGLEJNL";
const VERSION: u16 = 1;
const HEADER_BYTES: usize = 38;
/// Records begin at the second sector, so that a header that is written over tears no record.
const RECORDS_FROM: u64 = 512;
/// Length and checksum.
pub(crate) const RECORD_HEAD: usize = 8;
/// A longer record is nonsense.
const MOST_RECORD_BYTES: usize = 1024 * 1024;
/// Between two marks of the index lie so many bytes at least.
const MARK_EVERY: u64 = 64 * 1024;
const READ_BYTES: usize = 128 * 1024;

/// What stands at the front of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
    pub(crate) base: u64,
}

impl Header {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend(VERSION.to_le_bytes());
        for number in [self.epoch, self.generation, self.base] {
            out.extend(number.to_le_bytes());
        }
        out.extend(crc32c::crc32c(&out).to_le_bytes());
        out
    }

    /// The header of a file, or `None` where there is none that this version knows.
    pub(crate) fn read(file: &dyn JournalFile) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER_BYTES];
        let len = file.read_at(0, &mut bytes)?;
        Ok((len == HEADER_BYTES).then(|| Self::decode(&bytes)).flatten())
    }

    fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let mut rest = Bytes(bytes);
        let (magic, version) = (rest.array()?, u16::from_le_bytes(rest.array()?));
        let mut number = || rest.array().map(u64::from_le_bytes);
        let header = Self { epoch: number()?, generation: number()?, base: number()? };
        let checksum = u32::from_le_bytes(rest.array()?);
        let is_right = magic == MAGIC && version == VERSION && checksum == crc32c::crc32c(bytes.get(..34)?);
        is_right.then_some(header)
    }
}

/// A place between two records: its offset, and the checksum of the record before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) offset: u64,
    chain: u32,
}

impl Place {
    pub(crate) const START: Self = Self { offset: RECORDS_FROM, chain: 0 };

    /// Where a record with a batch of so many bytes begins: here, or at the next page where it would touch one more page
    /// than it has to.
    pub(crate) fn begin(self, batch: usize) -> Self {
        let bytes = (RECORD_HEAD + batch) as u64;
        let pages = |offset: u64| (offset % PAGE_BYTES + bytes).div_ceil(PAGE_BYTES);
        let next_page = self.next_page();
        if pages(self.offset) > pages(next_page.offset) { next_page } else { self }
    }

    const fn next_page(self) -> Self {
        Self { offset: self.offset.next_multiple_of(PAGE_BYTES), ..self }
    }

    /// Appends the record of a batch to `out`; the place after it.
    pub(crate) fn put(self, out: &mut Vec<u8>, generation: u64, batch: &[u8]) -> Self {
        let len = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let chain = checksum(generation, self.chain, len, batch);
        out.extend(len.to_le_bytes());
        out.extend(chain.to_le_bytes());
        out.extend(batch);
        Self { offset: self.offset + RECORD_HEAD as u64 + u64::from(len), chain }
    }
}

fn checksum(generation: u64, chain: u32, len: u32, batch: &[u8]) -> u32 {
    let mut head = [0; 16];
    let (first, rest) = head.split_at_mut(8);
    first.copy_from_slice(&generation.to_le_bytes());
    let (second, third) = rest.split_at_mut(4);
    second.copy_from_slice(&chain.to_le_bytes());
    third.copy_from_slice(&len.to_le_bytes());
    crc32c::crc32c_append(crc32c::crc32c(&head), batch)
}

/// One segment of the journal.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) number: u16,
    pub(crate) header: Header,
    pub(crate) file: Arc<dyn JournalFile>,
    last: AtomicU64,
    index: Mutex<Index>,
}

/// Where records begin, by the number of their first event; filled while writing, or at the first reading.
#[derive(Debug, Default)]
struct Index {
    marks: Vec<(u64, Place)>,
    is_complete: bool,
}

impl Index {
    fn add(&mut self, first: u64, place: Place) {
        if self.marks.last().is_none_or(|(_, before)| place.offset >= before.offset + MARK_EVERY) {
            self.marks.push((first, place));
        }
    }
}

impl Segment {
    pub(crate) fn new(number: u16, header: Header, file: Arc<dyn JournalFile>) -> Self {
        let index = Index { marks: Vec::new(), is_complete: true };
        Self { number, header, file, last: AtomicU64::new(header.base), index: Mutex::new(index) }
    }

    /// The number of the last event in it.
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::Acquire)
    }

    /// Tells the last event of a segment that was not replayed.
    pub(crate) fn ends_at(&self, last: u64) {
        self.last.store(last, Ordering::Release);
        self.index().is_complete = false;
    }

    /// Tells of records that were written, by their first event and place, and of the last event now in it.
    pub(crate) fn grew(&self, last: u64, marks: Vec<(u64, Place)>) {
        let mut index = self.index();
        for (first, place) in marks {
            index.add(first, place);
        }
        self.last.store(last, Ordering::Release);
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows every event; the place behind the last whole record.
    pub(crate) fn replay(&self, mut show: impl FnMut(Event)) -> Result<Place, StoreError> {
        let mut index = Index { marks: Vec::new(), is_complete: true };
        let mut last = self.header.base;
        let place = self.records(Place::START, |place, batch| {
            for (at, event) in Events::new(batch).enumerate() {
                let Some(event) = event else {
                    tracing::error!(
                        number = self.number,
                        offset = place.offset,
                        "a journal record cannot be understood"
                    );
                    break;
                };
                if at == 0 {
                    index.add(event.seq.0, place);
                }
                last = event.seq.0;
                show(event);
            }
            true
        })?;
        *self.index() = index;
        self.last.store(last, Ordering::Release);
        Ok(place)
    }

    /// Collects events after `after`; `false` when the records end before the last event that should be there.
    pub(crate) fn read_after(
        &self,
        after: u64,
        limit: usize,
        wanted: &dyn Fn(&Event) -> bool,
        events: &mut Vec<Event>,
    ) -> Result<bool, StoreError> {
        if !self.index().is_complete {
            self.complete_index()?;
        }
        let last = self.last();
        let from = {
            let index = self.index();
            let at = index.marks.partition_point(|(first, _)| *first <= after.saturating_add(1));
            at.checked_sub(1).and_then(|at| index.marks.get(at)).map_or(Place::START, |(_, place)| *place)
        };
        let mut reached = self.header.base;
        self.records(from, |_, batch| {
            for event in Events::new(batch).flatten() {
                reached = event.seq.0;
                if event.seq.0 > last {
                    return false;
                }
                if event.seq.0 > after && wanted(&event) {
                    events.push(event);
                    if events.len() >= limit {
                        return false;
                    }
                }
            }
            reached < last
        })?;
        Ok(events.len() >= limit || reached >= last)
    }

    fn complete_index(&self) -> Result<(), StoreError> {
        let mut index = Index { marks: Vec::new(), is_complete: true };
        self.records(Place::START, |place, batch| {
            if let Some(Some(event)) = Events::new(batch).next() {
                index.add(event.seq.0, place);
            }
            true
        })?;
        *self.index() = index;
        Ok(())
    }

    /// Shows whole records from a place on until `show` says no; the place where it ended.
    fn records(&self, from: Place, mut show: impl FnMut(Place, &[u8]) -> bool) -> Result<Place, StoreError> {
        let mut window = Window::default();
        let mut place = from;
        'records: loop {
            // Where no record follows at once, one may at the next page.
            for begin in [place, place.next_page()] {
                let record = self.record(&mut window, begin).map_err(StoreError::journal("read"))?;
                if let Some((batch, next)) = record {
                    if !show(begin, batch) {
                        return Ok(place);
                    }
                    place = next;
                    continue 'records;
                }
            }
            return Ok(place);
        }
    }

    /// The batch of the record that begins at a place, and the place after it; `None` where there is none.
    fn record<'w>(&self, window: &'w mut Window, begin: Place) -> io::Result<Option<(&'w [u8], Place)>> {
        let file = self.file.as_ref();
        let mut head = Bytes(window.bytes(file, begin.offset, RECORD_HEAD)?);
        let (Some(len), Some(stored)) = (head.array().map(u32::from_le_bytes), head.array().map(u32::from_le_bytes))
        else {
            return Ok(None);
        };
        let whole = RECORD_HEAD + len as usize;
        if len == 0 || whole > MOST_RECORD_BYTES {
            return Ok(None);
        }
        let Some(batch) = window.bytes(file, begin.offset, whole)?.get(RECORD_HEAD..whole) else { return Ok(None) };
        let chain = checksum(self.header.generation, begin.chain, len, batch);
        Ok((stored == chain).then_some((batch, Place { offset: begin.offset + whole as u64, chain })))
    }
}

/// The part of a file that is held in memory while it is read from front to back.
#[derive(Debug, Default)]
struct Window {
    from: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// Bytes of the file from an offset on, fewer than `len` only at its end.
    fn bytes(&mut self, file: &dyn JournalFile, offset: u64, len: usize) -> io::Result<&[u8]> {
        let end = offset + len as u64;
        if offset < self.from || end > self.from + self.bytes.len() as u64 {
            self.bytes.resize(READ_BYTES.max(len), 0);
            self.from = offset;
            let read = file.read_at(offset, &mut self.bytes)?;
            self.bytes.truncate(read);
        }
        let at = usize::try_from(offset - self.from).unwrap_or(usize::MAX);
        let available = self.bytes.get(at..).unwrap_or_default();
        Ok(available.get(..len).unwrap_or(available))
    }
}
