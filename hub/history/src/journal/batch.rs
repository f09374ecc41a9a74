use std::{collections::VecDeque, sync::Arc};

use hub_model::Event;

use crate::record::{Told, put_event};

/// A batch is closed at this size; with what one event can add it stays far below a segment.
const BATCH_BYTES: usize = 32 * 1024;
/// An event larger than this is none that a device can send.
const MOST_EVENT_BYTES: usize = 64 * 1024;
/// So many bytes wait for a disk that refuses them, before the oldest are given up.
const MOST_WAITING_BYTES: usize = 16 * 1024 * 1024;

/// Events that become durable together: the payload of one record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Batch {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) bytes: Vec<u8>,
}

/// Events that are not durable yet.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    closed: VecDeque<Arc<Batch>>,
    closed_bytes: usize,
    open: Batch,
    told: Told,
    /// Batches given up because the disk refused for too long.
    pub(crate) lost_batches: u64,
}

impl Waiting {
    /// Takes an event; `false` when it is too large.
    pub(crate) fn push(&mut self, event: &Event) -> bool {
        if self.open.bytes.len() >= BATCH_BYTES {
            self.close();
        }
        let before = self.open.bytes.len();
        put_event(&mut self.open.bytes, &mut self.told, event);
        if self.open.bytes.len() - before > MOST_EVENT_BYTES {
            self.open.bytes.truncate(before);
            // What the batch has told meanwhile goes with the event: the next one begins anew.
            self.close();
            self.told = Told::default();
            return false;
        }
        if before == 0 {
            self.open.first = event.seq.0;
        }
        self.open.last = event.seq.0;
        true
    }

    fn close(&mut self) {
        if self.open.bytes.is_empty() {
            return;
        }
        let room = if self.closed.is_empty() { 1024 } else { BATCH_BYTES + 1024 };
        let batch = std::mem::replace(&mut self.open, Batch { bytes: Vec::with_capacity(room), ..Batch::default() });
        self.told = Told::default();
        self.closed_bytes += batch.bytes.len();
        self.closed.push_back(Arc::new(batch));
        while self.closed_bytes > MOST_WAITING_BYTES
            && let Some(oldest) = self.closed.pop_front()
        {
            self.closed_bytes -= oldest.bytes.len();
            self.lost_batches += 1;
        }
    }

    /// All that waits, as whole batches.
    pub(crate) fn batches(&mut self) -> Vec<Arc<Batch>> {
        self.close();
        self.closed.iter().cloned().collect()
    }

    /// Lets go of what is durable.
    pub(crate) fn drop_to(&mut self, durable: u64) {
        while let Some(oldest) = self.closed.pop_front_if(|batch| batch.last <= durable) {
            self.closed_bytes -= oldest.bytes.len();
        }
    }

    /// All that waits, for readers; the open batch is copied.
    pub(crate) fn read(&self) -> Vec<Arc<Batch>> {
        let open = (!self.open.bytes.is_empty()).then(|| Arc::new(self.open.clone()));
        self.closed.iter().cloned().chain(open).collect()
    }
}
