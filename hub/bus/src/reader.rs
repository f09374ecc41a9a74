use std::sync::Arc;

use hub_model::{Cursor, Event, LogPage, Seq};
use tokio::sync::watch;

use crate::{BusError, bus::Shared};

/// Why a reader must start anew from a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResyncReason {
    /// The store was restored or replaced since the cursor was given out.
    EpochChanged,
    /// The events after the cursor are no longer kept.
    CursorTooOld,
    /// The cursor names an event that was pushed and then lost with the last seconds before a power cut, or never was.
    CursorInFuture,
}

/// What a reader gets next.
#[derive(Debug, Clone)]
pub enum Frame {
    /// Events in order, at least one.
    Batch {
        /// The events.
        events: Vec<Arc<Event>>,
        /// Do more events wait already?
        is_catch_up: bool,
    },
    /// Read a snapshot and subscribe again after its cursor. The reader has ended.
    Resync {
        /// The oldest place to read from.
        oldest: Cursor,
        /// Why.
        reason: ResyncReason,
    },
}

/// One reader's place in the stream.
pub struct Reader {
    shared: Arc<Shared>,
    newest: watch::Receiver<Seq>,
    after: Seq,
    /// A cursor from outside is checked before the first batch.
    unchecked: Option<Cursor>,
}

enum Step {
    Events(Vec<Arc<Event>>, bool),
    Wait,
    Log,
}

impl Reader {
    pub(crate) fn new(shared: Arc<Shared>, newest: watch::Receiver<Seq>, after: Option<Cursor>, now: Seq) -> Self {
        Self { shared, newest, after: after.map_or(now, |cursor| cursor.seq), unchecked: after }
    }

    /// The place up to which this reader has read.
    pub fn cursor(&self) -> Cursor {
        self.shared.cursor(self.after)
    }

    /// The next events, at most `limit`; waits until there is one. Cancel-safe: what was not returned comes again.
    ///
    /// # Errors
    /// When the log cannot be read, or the hub stops.
    pub async fn next(&mut self, limit: usize) -> Result<Frame, BusError> {
        loop {
            if let Some(frame) = self.poll(limit).await? {
                return Ok(frame);
            }
            self.newest.changed().await.map_err(|_| BusError::Closed)?;
        }
    }

    /// The next events, at most `limit`, or `None` when there are none now.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn poll(&mut self, limit: usize) -> Result<Option<Frame>, BusError> {
        if let Some(cursor) = self.unchecked {
            if let Some(resync) = self.check(cursor).await? {
                return Ok(Some(resync));
            }
            self.unchecked = None;
        }
        self.newest.borrow_and_update();
        let (events, is_catch_up) = match self.step(limit) {
            Step::Wait => return Ok(None),
            Step::Events(events, is_catch_up) => (events, is_catch_up),
            Step::Log => {
                let page = self.page(self.after, limit).await?;
                if page.oldest > self.after.next() {
                    return Ok(Some(self.resync(page.oldest, ResyncReason::CursorTooOld)));
                }
                (page.events.into_iter().map(Arc::new).collect(), true)
            }
        };
        let Some(last) = events.last() else { return Ok(None) };
        self.after = last.seq;
        Ok(Some(Frame::Batch { events, is_catch_up }))
    }

    fn step(&self, limit: usize) -> Step {
        let core = self.shared.lock();
        if core.newest <= self.after {
            return Step::Wait;
        }
        if core.ring_from > self.after {
            return Step::Log;
        }
        let start = core.ring.partition_point(|event| event.seq <= self.after);
        let events: Vec<_> = core.ring.iter().skip(start).take(limit.max(1)).cloned().collect();
        let is_catch_up = core.ring.len() > start + events.len();
        Step::Events(events, is_catch_up)
    }

    /// A cursor that was given out names an event of the log, or the one just before the oldest.
    async fn check(&self, cursor: Cursor) -> Result<Option<Frame>, BusError> {
        let page = self.page(Seq(cursor.seq.0.saturating_sub(1)), 1).await?;
        if cursor.epoch != self.shared.epoch {
            return Ok(Some(self.resync(page.oldest, ResyncReason::EpochChanged)));
        }
        if page.oldest > cursor.seq.next() {
            return Ok(Some(self.resync(page.oldest, ResyncReason::CursorTooOld)));
        }
        let is_known = page.events.first().is_some_and(|event| event.seq == cursor.seq)
            || page.oldest == cursor.seq.next()
            || cursor.seq == Seq::default();
        Ok((!is_known).then(|| self.resync(page.oldest, ResyncReason::CursorInFuture)))
    }

    async fn page(&self, after: Seq, limit: usize) -> Result<LogPage, BusError> {
        let log = Arc::clone(&self.shared.log);
        let read = tokio::task::spawn_blocking(move || log.read_after(after, limit.max(1)));
        read.await.map_err(|_| BusError::Closed)?.map_err(BusError::Log)
    }

    fn resync(&self, oldest: Seq, reason: ResyncReason) -> Frame {
        Frame::Resync { oldest: self.shared.cursor(Seq(oldest.0.saturating_sub(1))), reason }
    }
}
