use std::{
    ops::Range,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hub_model::{Epoch, Event, EventLog, HistoryError, LogPage, Seq};

/// An event log in memory that forgets with the process: for tests, examples and tools.
#[derive(Default)]
pub struct MemoryLog {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    events: Vec<Event>,
    forgotten: Seq,
    reserved: u64,
}

impl MemoryLog {
    /// Forgets all events up to `seq`, as retention does.
    pub fn forget_to(&self, seq: Seq) {
        let mut inner = self.lock();
        inner.events.retain(|event| event.seq > seq);
        inner.forgotten = inner.forgotten.max(seq);
    }

    /// Loses all events after `seq`, as a power cut does.
    pub fn lose_after(&self, seq: Seq) {
        self.lock().events.retain(|event| event.seq <= seq);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventLog for MemoryLog {
    fn epoch(&self) -> Epoch {
        Epoch(1)
    }

    fn reserve(&self, count: u64) -> Result<Range<u64>, HistoryError> {
        let mut inner = self.lock();
        let first = inner.reserved + 1;
        inner.reserved += count;
        Ok(first..first + count)
    }

    fn append(&self, event: &Event) {
        self.lock().events.push(event.clone());
    }

    fn flush(&self) -> Result<Seq, HistoryError> {
        Ok(self.durable())
    }

    fn durable(&self) -> Seq {
        let inner = self.lock();
        inner.events.last().map_or(inner.forgotten, |event| event.seq)
    }

    fn read_after(&self, after: Seq, limit: usize) -> Result<LogPage, HistoryError> {
        let inner = self.lock();
        let events = inner.events.iter().filter(|event| event.seq > after).take(limit).cloned().collect();
        Ok(LogPage { oldest: inner.forgotten.next(), events })
    }
}
