//! The rollouts of releases for our own sensors: the steward carries them out, the API asks how they stand and steers them.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use hub_model::{Clock, Now, ReleaseId, Rollout, RolloutPort, RolloutState, SteerError, Steering, chain};
use hub_ota::Plan;
use hub_registry::RegistryError;

use crate::sensors::Sensors;

/// The plans by the release that they are of.
pub(crate) type Plans = BTreeMap<ReleaseId, Plan>;

/// The rollouts.
pub struct Rollouts {
    sensors: Arc<Sensors>,
    clock: Arc<dyn Clock>,
    plans: Mutex<Plans>,
    is_steered: AtomicBool,
}

impl Rollouts {
    /// The rollouts as they were kept last.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub(crate) fn open(sensors: Arc<Sensors>, clock: Arc<dyn Clock>) -> Result<Self, RegistryError> {
        let now = clock.now();
        let read = |bytes: Vec<u8>| match Plan::from_bytes(&bytes, &now) {
            Ok(plan) => Some((plan.release().id, plan)),
            Err(error) => {
                tracing::warn!(error = chain(&error), "a rollout cannot be read, and begins anew");
                None
            }
        };
        let kept = sensors.registry().rollouts()?;
        let plans = Mutex::new(kept.into_iter().filter_map(read).collect());
        Ok(Self { sensors, clock, plans, is_steered: AtomicBool::new(false) })
    }

    /// The plans. A plan that a panic left half-changed is the last one that was judged.
    pub(crate) fn plans(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps the plans durably. Blocks on the disk.
    pub(crate) fn keep(&self) -> Result<(), RegistryError> {
        self.keep_these(&self.plans())
    }

    /// Whoever changes a plan holds them until they are kept: what is kept last is what is so.
    fn keep_these(&self, plans: &Plans) -> Result<(), RegistryError> {
        let plans: Vec<Vec<u8>> = plans.values().map(Plan::to_bytes).collect();
        self.sensors.registry().put_rollouts(&plans)
    }

    /// Did the owner steer one since this was asked last?
    pub(crate) fn was_steered(&self) -> bool {
        self.is_steered.swap(false, Ordering::AcqRel)
    }
}

impl RolloutPort for Rollouts {
    fn rollouts(&self) -> Vec<Rollout> {
        let now = self.clock.now();
        self.plans().values().map(|plan| plan.status(&now)).collect()
    }

    fn steer(&self, release: ReleaseId, wanted: Steering) -> Result<Rollout, SteerError> {
        let now = self.clock.now();
        let mut plans = self.plans();
        let plan = plans.get_mut(&release).ok_or(SteerError::NoRollout(release))?;
        steer(plan, wanted, &now).ok_or(SteerError::Ended { release, wanted })?;
        let rollout = plan.status(&now);
        self.keep_these(&plans).map_err(|error| SteerError::Store { reason: chain(&error) })?;
        drop(plans);
        tracing::info!(%release, "a rollout was {wanted} by its owner");
        self.is_steered.store(true, Ordering::Release);
        self.sensors.wake.notify_one();
        Ok(rollout)
    }
}

/// `None` where it was aborted before: that is for good.
fn steer(plan: &mut Plan, wanted: Steering, now: &Now) -> Option<()> {
    let has_ended = plan.state(now) == RolloutState::Aborted;
    match wanted {
        Steering::Abort => plan.abort(),
        _ if has_ended => return None,
        Steering::Pause => plan.pause(),
        Steering::Resume => plan.resume(),
    }
    Some(())
}
