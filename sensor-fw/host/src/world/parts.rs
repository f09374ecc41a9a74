//! What a simulated board is made of.

use std::{
    cell::RefCell,
    collections::VecDeque,
    convert::Infallible,
    future::poll_fn,
    rc::Rc,
    task::{Poll, Waker},
};

use chacha20::ChaCha8Rng;
use fw_app::{Board, Chip, Happening, Inputs, Led, Note, Notes};
use fw_drivers::{Probe, Sample};
use fw_logic::nor::NorHandle;
use units::Measure;

use super::QueueFull;
use crate::{clock::Clock, flash::PAGE};

/// How many things may happen before the sensor takes the first.
const QUEUE: usize = 8;

/// What a sensor measures at a moment, in microseconds since the simulation began.
pub type Model = Box<dyn FnMut(u64) -> Vec<Measure>>;
/// Who wants to know what happens inside, and when, in microseconds since the simulation began.
pub type Watcher = Box<dyn FnMut(u64, &Note<'_>)>;

/// A simulated board.
pub(super) struct SimBoard;

impl Board for SimBoard {
    type Flash = Flash;
    type Probe = ModelProbe;
    type Inputs = Happenings;
    type Led = Dark;
    type Chip = Dark;
    type Luck = ChaCha8Rng;
    type Notes = Watched;
}

/// Flash that outlives the program.
pub(super) type Flash = NorHandle<{ PAGE as usize }>;

/// Measures what a model says.
#[derive(Clone)]
pub(super) struct ModelProbe {
    pub(super) model: Rc<RefCell<Model>>,
    pub(super) clock: Rc<Clock>,
}

impl Probe for ModelProbe {
    type Error = Infallible;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Infallible> {
        let measures = (self.model.borrow_mut())(self.clock.now_us());
        measures.into_iter().for_each(|measure| into.add(measure));
        Ok(())
    }
}

/// What happens to a sensor; clones are the same queue.
#[derive(Debug, Clone, Default)]
pub(super) struct Happenings(Rc<RefCell<Waiting>>);

#[derive(Debug, Default)]
struct Waiting {
    queue: VecDeque<Happening>,
    listener: Option<Waker>,
}

impl Happenings {
    pub(super) fn push(&self, happening: Happening) -> Result<(), QueueFull> {
        let mut waiting = self.0.borrow_mut();
        if waiting.queue.len() == QUEUE {
            return Err(QueueFull);
        }
        waiting.queue.push_back(happening);
        waiting.listener.take().into_iter().for_each(Waker::wake);
        Ok(())
    }

    /// Nobody remembers what happened: the power is gone.
    pub(super) fn forget(&self) {
        *self.0.borrow_mut() = Waiting::default();
    }
}

impl Inputs for Happenings {
    async fn next(&mut self) -> Happening {
        poll_fn(|context| {
            let mut waiting = self.0.borrow_mut();
            match waiting.queue.pop_front() {
                Some(happening) => Poll::Ready(happening),
                None => {
                    waiting.listener = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Tells whoever watches.
#[derive(Clone)]
pub(super) struct Watched {
    pub(super) watcher: Rc<RefCell<Option<Watcher>>>,
    pub(super) clock: Rc<Clock>,
}

impl Notes for Watched {
    fn note(&mut self, note: &Note<'_>) {
        if let Some(watcher) = self.watcher.borrow_mut().as_mut() {
            watcher(self.clock.now_us(), note);
        }
    }
}

/// A light that nobody sees, and a chip whose power reaches everybody.
pub(super) struct Dark;

impl Led for Dark {
    fn set(&mut self, _is_on: bool) {}
}

impl Chip for Dark {
    fn set_power(&mut self, _dbm: i8) {}

    /// A simulated program cannot hang without the whole simulation hanging.
    fn feed_watchdog(&mut self) {}
}
