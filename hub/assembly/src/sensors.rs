//! Our own sensors: what was agreed with each, what is known of them, and who is being paired.
//!
//! Shared by who hears them (the pipeline), who speaks with them (the steward) and who asks for something (the API).

mod pairings;
mod port;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use hub_bus::{Bus, Draft};
use hub_link::HubIdentity;
use hub_model::{Claim, Clock, DeviceId, EventBody, LogStanding, SensorReport, SensorSettings, SensorStanding, chain};
use hub_registry::{Registry, RegistryError};
use tokio::sync::Notify;

use pairings::Pairings;
pub(crate) use pairings::{Found, LOOK_MS};

/// Fills bytes with random ones.
pub type Luck = Box<dyn FnMut(&mut [u8]) + Send>;

/// The claims by the device that they are of.
pub(crate) type Claims = BTreeMap<DeviceId, Arc<Claim>>;

/// Our own sensors.
pub struct Sensors {
    registry: Arc<Mutex<Registry>>,
    bus: Bus,
    clock: Arc<dyn Clock>,
    identity: HubIdentity,
    luck: Mutex<Luck>,
    state: Mutex<State>,
    /// Counts the changes of the claims.
    generation: AtomicU64,
    /// Somebody asked for something.
    pub(crate) wake: Notify,
}

#[derive(Default)]
struct State {
    claims: Arc<Claims>,
    known: BTreeMap<DeviceId, Known>,
    pairings: Pairings,
}

/// What is known of a sensor since the hub started.
#[derive(Debug, Clone, Default)]
struct Known {
    report: Option<SensorReport>,
    log: LogStanding,
    trouble: Option<String>,
}

impl Sensors {
    pub(crate) fn new(
        registry: Arc<Mutex<Registry>>,
        bus: Bus,
        clock: Arc<dyn Clock>,
        identity: HubIdentity,
        luck: Luck,
    ) -> Self {
        let claims = Arc::new(registry.lock().unwrap_or_else(PoisonError::into_inner).claims().clone());
        let state = Mutex::new(State { claims, ..State::default() });
        let (luck, generation, wake) = (Mutex::new(luck), AtomicU64::new(1), Notify::new());
        Self { registry, bus, clock, identity, luck, state, generation, wake }
    }

    /// Changes whenever a claim does: cheap to ask at every advert.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The claims as they are now.
    pub(crate) fn claims(&self) -> Arc<Claims> {
        Arc::clone(&self.state().claims)
    }

    pub(crate) fn claim(&self, id: DeviceId) -> Option<Arc<Claim>> {
        self.state().claims.get(&id).cloned()
    }

    /// Who the hub is to its sensors.
    pub(crate) const fn identity(&self) -> &HubIdentity {
        &self.identity
    }

    /// Keeps a claim durably, in place of the one before. Blocks on the disk.
    pub(crate) fn keep(&self, id: DeviceId, claim: Claim) -> Result<(), RegistryError> {
        let mut registry = self.registry();
        registry.put_claim(id, claim)?;
        self.take(&registry);
        Ok(())
    }

    /// Forgets a claim durably. Blocks on the disk.
    pub(crate) fn forget(&self, id: DeviceId) -> Result<(), RegistryError> {
        let mut registry = self.registry();
        registry.remove_claim(id)?;
        self.take(&registry);
        self.state().known.remove(&id);
        Ok(())
    }

    /// Takes over the claims as the registry has them.
    fn take(&self, registry: &Registry) {
        self.state().claims = Arc::new(registry.claims().clone());
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// A sensor said how it is.
    pub(crate) fn reported(&self, id: DeviceId, report: SensorReport) {
        self.state().known.entry(id).or_default().report = Some(report);
    }

    /// A sensor said what it does.
    pub(crate) fn does(&self, id: DeviceId, settings: SensorSettings) {
        if let Some(report) = &mut self.state().known.entry(id).or_default().report {
            report.settings = Some(settings);
        }
    }

    /// Some of a sensor's log is here now.
    pub(crate) fn fetched(&self, id: DeviceId, change: impl FnOnce(&mut LogStanding)) {
        change(&mut self.state().known.entry(id).or_default().log);
    }

    /// What went wrong when the hub spoke with a sensor, or nothing.
    pub(crate) fn troubled(&self, id: DeviceId, trouble: Option<String>) {
        self.state().known.entry(id).or_default().trouble = trouble;
    }

    /// When a sensor was last asked how it is, and whether its settings are known.
    pub(crate) fn report(&self, id: DeviceId) -> Option<SensorReport> {
        self.state().known.get(&id)?.report.clone()
    }

    /// What is known of a sensor that has a claim.
    pub(crate) fn standing_of(&self, id: DeviceId) -> Option<SensorStanding> {
        let state = self.state();
        let claim = Claim::clone(state.claims.get(&id)?);
        let Known { report, log, trouble } = state.known.get(&id).cloned().unwrap_or_default();
        Some(SensorStanding { claim, report, log, trouble })
    }

    /// Random bytes.
    pub(crate) fn luck<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.luck.lock().unwrap_or_else(PoisonError::into_inner)(&mut bytes);
        bytes
    }

    fn tell(&self, body: EventBody) {
        let now = self.clock.now();
        let draft = Draft { at: now.stamp, wall: now.wall, trace: None, body };
        if let Err(error) = self.bus.publish(draft, |_| ()) {
            tracing::error!(error = chain(&error), "how a pairing goes could not be told");
        }
    }

    pub(crate) fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every change of it is one assignment: a panic leaves nothing half-made.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
