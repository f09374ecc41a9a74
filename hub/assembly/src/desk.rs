//! Where commands come in: the registry decides and keeps, the bus tells, the log makes it durable.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hub_bus::{Bus, BusError, Draft};
use hub_history::History;
use hub_model::{
    Clock, Command, CommandError, CommandFuture, CommandPort, DeviceId, EventBody, Household, Outcome, Request, Seq,
    chain,
};
use hub_registry::{Executed, Registry};

/// The desk. Clones are handles to the same desk.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
}

struct Shared {
    registry: Arc<Mutex<Registry>>,
    bus: Bus,
    history: Arc<History>,
    clock: Arc<dyn Clock>,
    /// The last counter of each device at start; the bus knows later ones.
    logged: HashMap<DeviceId, u32>,
}

impl Desk {
    pub(crate) fn new(registry: Arc<Mutex<Registry>>, bus: Bus, history: Arc<History>, clock: Arc<dyn Clock>) -> Self {
        let logged = history.last_counters();
        Self { shared: Arc::new(Shared { registry, bus, history, clock, logged }) }
    }

    /// Does what is asked; returns when it is durable. Blocks on the disk.
    ///
    /// # Errors
    /// When the command is refused, or cannot be stored.
    pub fn execute_now(&self, request: &Request) -> Result<Outcome, CommandError> {
        self.shared.execute(request)
    }

    /// Publishes what was stored before a crash and not told; answers how many changes that were.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn tell_pending(&self) -> Result<usize, CommandError> {
        let mut registry = self.shared.registry();
        let pending = registry.pending()?;
        for change in &pending {
            let household = registry.household();
            let seq = self.shared.tell(&change.events, &household)?;
            registry.complete(change.revision, seq)?;
        }
        Ok(pending.len())
    }
}

impl CommandPort for Desk {
    fn execute(&self, request: Request) -> CommandFuture {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            let done = tokio::task::spawn_blocking(move || shared.execute(&request)).await;
            done.unwrap_or_else(|error| Err(CommandError::Store { reason: error.to_string() }))
        })
    }
}

impl Shared {
    fn execute(&self, request: &Request) -> Result<Outcome, CommandError> {
        let mut registry = self.registry();
        if let Command::RemoveDevice { device, .. } | Command::SecureDevice { device, key: Some(_), .. } =
            request.command
        {
            registry.retire_counter(device, self.last_counter(device))?;
        }
        let change = match registry.execute(request, self.clock.now().wall.at)? {
            Executed::Repeated(outcome) => return Ok(outcome),
            Executed::Done(change) => change,
        };
        let seq = self.tell(&change.events, &change.household)?;
        if let Command::RemoveDevice { device, keeps_history: false } = request.command {
            self.history.forget(device).map_err(|error| store(&error))?;
            registry.forget_estimates(device)?;
        }
        registry.complete(change.revision, seq)?;
        Ok(change.outcome(seq))
    }

    /// Publishes the events of a change, with the household as it is after it; returns when they are durable.
    fn tell(&self, events: &[EventBody], household: &Arc<Household>) -> Result<Seq, CommandError> {
        let now = self.clock.now();
        let mut last = Seq::default();
        for body in events {
            let draft = Draft { at: now.stamp, wall: now.wall, trace: None, body: body.clone() };
            let household = Arc::clone(household);
            last = self.bus.publish(draft, |state| state.take_household(household)).map_err(|error| store(&error))?;
        }
        self.bus.flush().map_err(|error: BusError| store(&error))?;
        Ok(last)
    }

    fn last_counter(&self, device: DeviceId) -> Option<u32> {
        let heard = self.bus.snapshot().contacts.get(&device).and_then(|contact| contact.counter);
        heard.or_else(|| self.logged.get(&device).copied())
    }

    /// A command that panicked half-way left nothing: the registry changes only after its commit.
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn store(error: &dyn std::error::Error) -> CommandError {
    CommandError::Store { reason: chain(error) }
}
