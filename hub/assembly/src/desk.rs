//! Where commands come in: the registry decides and keeps, the bus tells, the log makes it durable.

use std::sync::{Arc, Mutex, PoisonError};

use hub_bus::{Bus, Draft};
use hub_history::History;
use hub_model::{Clock, Command, CommandError, CommandFuture, CommandPort, EventBody, Outcome, Request};
use hub_registry::Registry;

use crate::supervise::chain;

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
}

impl Desk {
    pub(crate) fn new(registry: Arc<Mutex<Registry>>, bus: Bus, history: Arc<History>, clock: Arc<dyn Clock>) -> Self {
        Self { shared: Arc::new(Shared { registry, bus, history, clock }) }
    }

    /// Does what is asked; returns when it is durable. Blocks on the disk.
    ///
    /// # Errors
    /// When the command is refused, or cannot be stored.
    pub fn execute_now(&self, request: &Request) -> Result<Outcome, CommandError> {
        self.shared.execute(request)
    }

    /// Publishes what was stored before a crash and not yet told.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn tell_pending(&self) -> Result<usize, CommandError> {
        let mut registry = self.shared.registry.lock().unwrap_or_else(PoisonError::into_inner);
        let pending = registry.pending().map_err(|error| store(&error))?;
        let count = pending.len();
        for (revision, body) in pending {
            let seq = self.shared.tell(body, None)?;
            self.shared.bus.flush().map_err(|error| store(&error))?;
            registry.complete(revision, seq).map_err(|error| store(&error))?;
        }
        Ok(count)
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
