use std::{
    collections::VecDeque,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hub_model::{Cursor, Epoch, Event, EventBody, EventLog, Household, Seq, Stamp, Trace, WallTime};
use tokio::sync::watch;

use crate::{BusError, Reader, Snapshot, State};

/// Numbers are reserved in the log so many at a time: at 20 readings a second about once in 80 minutes.
const RESERVED_AT_ONCE: u64 = 100_000;

/// An event before it has a number.
#[derive(Debug, Clone)]
pub struct Draft {
    /// When it happened, by the boot clock.
    pub at: Stamp,
    /// When it happened, by the wall clock.
    pub wall: WallTime,
    /// Its way so far.
    pub trace: Option<Trace>,
    /// What happened.
    pub body: EventBody,
}

/// The bus. Clones are handles to the same bus.
#[derive(Clone)]
pub struct Bus {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) epoch: Epoch,
    core: Mutex<Core>,
    newest: watch::Sender<Seq>,
}

/// What the one lock guards.
pub(crate) struct Core {
    state: Arc<State>,
    /// The newest events, oldest first.
    pub(crate) ring: VecDeque<Arc<Event>>,
    ring_events: usize,
    pub(crate) newest: Seq,
    /// Everything after this number is in the ring.
    pub(crate) ring_from: Seq,
    numbers: Range<u64>,
}

impl Bus {
    /// A bus that continues where `log` ends, with `state` as present state and a ring of `ring_events` (at least 1).
    ///
    /// # Errors
    /// When no event numbers can be reserved.
    pub fn new(log: Arc<dyn EventLog>, state: State, ring_events: usize) -> Result<Self, BusError> {
        let newest = log.durable();
        let core = Core {
            state: Arc::new(state),
            ring: VecDeque::new(),
            ring_events: ring_events.max(1),
            newest,
            ring_from: newest,
            numbers: log.reserve(RESERVED_AT_ONCE).map_err(BusError::Reserve)?,
        };
        let shared = Shared { epoch: log.epoch(), log, core: Mutex::new(core), newest: watch::Sender::new(newest) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Puts an event into the stream; `change` brings the state to what it is after the event, in the same step.
    ///
    /// # Errors
    /// When a new block of numbers was due and could not be reserved; then nothing happened.
    pub fn publish(&self, draft: Draft, change: impl FnOnce(&mut State)) -> Result<Seq, BusError> {
        let Draft { at, wall, trace, body } = draft;
        let mut core = self.shared.lock();
        let seq = core.number(self.shared.log.as_ref())?;
        change(Arc::make_mut(&mut core.state));
        let event = Arc::new(Event { seq, at, wall, trace, body });
        self.shared.log.append(&event);
        core.push(event);
        drop(core);
        self.shared.newest.send_replace(seq);
        Ok(seq)
    }

    /// Changes the state without an event: what nobody subscribes to (devices heard but not adopted, signal strength).
    pub fn note<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(Arc::make_mut(&mut self.shared.lock().state))
    }

    /// The present state with its place in the stream.
    pub fn snapshot(&self) -> Snapshot {
        let core = self.shared.lock();
        Snapshot { cursor: self.shared.cursor(core.newest), state: Arc::clone(&core.state) }
    }

    /// What the owner decided, as it is now. Cheap: for whoever asks at every advert.
    pub fn household(&self) -> Arc<Household> {
        Arc::clone(&self.shared.lock().state.household)
    }

    /// Reads the stream from after `after`, or from now on.
    pub fn subscribe(&self, after: Option<Cursor>) -> Reader {
        let newest = self.shared.newest.subscribe();
        let now = self.shared.lock().newest;
        Reader::new(Arc::clone(&self.shared), newest, after, now)
    }

    /// The last event that is safe on disk.
    pub fn durable(&self) -> Cursor {
        self.shared.cursor(self.shared.log.durable())
    }

    /// Makes every event so far durable. Blocks on the disk.
    ///
    /// # Errors
    /// When it could not be written.
    pub fn flush(&self) -> Result<Seq, BusError> {
        self.shared.log.flush().map_err(BusError::Log)
    }
}

impl Shared {
    /// A panic while the lock is held cannot leave a half-made change: every step is one assignment.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) const fn cursor(&self, seq: Seq) -> Cursor {
        Cursor { epoch: self.epoch, seq }
    }
}

impl Core {
    fn number(&mut self, log: &dyn EventLog) -> Result<Seq, BusError> {
        let next = match self.numbers.next() {
            Some(next) => next,
            None => {
                self.numbers = log.reserve(RESERVED_AT_ONCE).map_err(BusError::Reserve)?;
                self.numbers.next().ok_or(BusError::Closed)?
            }
        };
        Ok(Seq(next))
    }

    fn push(&mut self, event: Arc<Event>) {
        self.newest = event.seq;
        self.ring.push_back(event);
        if self.ring.len() > self.ring_events
            && let Some(gone) = self.ring.pop_front()
        {
            self.ring_from = gone.seq;
        }
    }
}
