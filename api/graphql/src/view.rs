use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

use async_graphql::{Context, Result};
use hub_bus::Snapshot;
use hub_model::Now;
use tokio::sync::Semaphore;

use crate::{Limits, Ports, error::over_limit};

/// What lives as long as the schema.
pub(crate) struct Hub {
    pub(crate) ports: Ports,
    pub(crate) limits: Limits,
    /// One permit for each subscription that may be open.
    pub(crate) subscriptions: Arc<Semaphore>,
    faults: AtomicU64,
}

impl Hub {
    pub(crate) fn new(ports: Ports, limits: Limits) -> Self {
        let subscriptions = Arc::new(Semaphore::new(limits.subscriptions));
        Self { ports, limits, subscriptions, faults: AtomicU64::new(0) }
    }

    /// A number for a fault that ties the client's error to the line in the log.
    pub(crate) fn fault_id(&self) -> String {
        let number = self.faults.fetch_add(1, Ordering::Relaxed);
        format!("{:x}-{number}", self.ports.clock.now().us)
    }
}

/// The house as one request sees it: one snapshot and one moment, taken when first asked for.
///
/// Every object of an answer holds the same view, so that all of them, and the cursor, belong together.
pub(crate) struct View {
    hub: Arc<Hub>,
    taken: OnceLock<(Snapshot, Now)>,
    /// How many objects were listed so far.
    listed: AtomicUsize,
}

impl View {
    pub(crate) fn new(hub: Arc<Hub>) -> Arc<Self> {
        Arc::new(Self { hub, taken: OnceLock::new(), listed: AtomicUsize::new(0) })
    }

    /// The view of the request that `ctx` belongs to.
    pub(crate) fn of(ctx: &Context<'_>) -> Result<Arc<Self>> {
        match ctx.data_opt::<Arc<Self>>() {
            Some(view) => Ok(Arc::clone(view)),
            None => Ok(Self::new(Arc::clone(ctx.data::<Arc<Hub>>()?))),
        }
    }

    /// The same hub, looked at anew: after a command, or for the next events.
    pub(crate) fn renewed(&self) -> Arc<Self> {
        Self::new(Arc::clone(&self.hub))
    }

    /// The list, if the request has not listed too much with it.
    ///
    /// Complexity is estimated before anything is known of the house; this is what holds when the house is larger.
    pub(crate) fn listed<T>(&self, list: Vec<T>) -> Result<Vec<T>> {
        let limit = self.hub.limits.objects;
        let before = self.listed.fetch_add(list.len(), Ordering::Relaxed);
        if before.saturating_add(list.len()) > limit {
            return Err(over_limit("objects", format!("the answer has more than {limit} objects, which is the limit")));
        }
        Ok(list)
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    pub(crate) fn ports(&self) -> &Ports {
        &self.hub.ports
    }

    pub(crate) fn state(&self) -> &Snapshot {
        &self.taken().0
    }

    pub(crate) fn now(&self) -> Now {
        self.taken().1
    }

    /// The clock is read after the state, so that nothing in the state is of the future.
    fn taken(&self) -> &(Snapshot, Now) {
        self.taken.get_or_init(|| {
            let state = self.hub.ports.bus.snapshot();
            (state, self.hub.ports.clock.now())
        })
    }
}
