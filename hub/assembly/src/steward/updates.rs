//! New programs for our own sensors: each release goes round by its plan, a part of it in each session.

use hub_link::Session;
use hub_model::{
    AlertKind, Claim, DeviceId, Link, Now, Quantity, ReceiverId, ReleaseId, RolloutState, SeriesKey, Severity, Zone,
    chain,
};
use hub_ota::{
    Answer, Catalogue, Hardware, Image, Next, Order, Outcome, Plan, Policy, Product, Release, Sensor, Transfer, Version,
};

use super::Steward;
use crate::{
    rollouts::{Plans, Rollouts},
    supervise::StationResult,
};

/// How often the folder of releases is looked at, ms.
const LOOK_MS: u64 = 60_000;
/// How often plans are kept of which nothing else is: how long a ring has soaked, ms.
const KEEP_MS: u64 = 3_600_000;

/// What rollouts are made of.
pub(super) struct Updates {
    catalogue: Catalogue,
    policy: Policy,
    zone: Zone,
    /// The image that is being sent.
    image: Option<Image>,
    looked_ms: Option<u64>,
    kept_ms: u64,
}

impl Updates {
    pub(super) fn new(config: &hub_ota::Config, zone: Zone, now: &Now) -> Self {
        Self {
            catalogue: config.catalogue(),
            policy: config.policy().clone(),
            zone,
            image: None,
            looked_ms: None,
            kept_ms: now.stamp.ms,
        }
    }
}

/// Begins a rollout for each release that is new here, and ends those that a later one takes the place of.
fn begin(plans: &mut Plans, releases: &[Release], policy: &Policy, now: &Now) -> bool {
    let mut is_changed = false;
    for release in releases {
        let newest = !releases.iter().any(|other| other.meets(release) && other.version > release.version);
        match plans.get_mut(&release.id) {
            None if newest => {
                tracing::info!(release = %release.id, version = %release.version, "a rollout begins");
                plans.insert(release.id, Plan::new(*release, policy.clone(), now));
                is_changed = true;
            }
            Some(plan) if !newest => plan.abort(),
            None | Some(_) => {}
        }
    }
    let before = plans.len();
    plans.retain(|id, _| releases.iter().any(|release| release.id == *id));
    is_changed || plans.len() != before
}

impl Steward {
    /// Has a rollout something to do with this sensor now that it is in reach of that receiver?
    pub(super) fn may_want(&self, id: DeviceId, claim: &Claim, (receiver, now): (ReceiverId, &Now)) -> bool {
        let sensor = self.as_plans_see(id, claim, Some(receiver));
        sensor.is_some_and(|sensor| self.shared.rollouts.plans().values().any(|plan| plan.would_link(&sensor, now)))
    }

    /// Looks after the rollouts: releases that came or went, plans that go on by themselves, halts that are to be told.
    pub(super) fn look_after_updates(&mut self) -> StationResult {
        let now = self.shared.clock.now();
        let is_due = self.updates.looked_ms.is_none_or(|at| now.stamp.ms.saturating_sub(at) >= LOOK_MS);
        if !is_due && !self.shared.rollouts.was_steered() {
            return Ok(());
        }
        self.updates.looked_ms = Some(now.stamp.ms);
        let is_changed = match self.updates.catalogue.list() {
            Ok(listing) => begin(&mut self.shared.rollouts.plans(), &listing.releases, &self.updates.policy, &now),
            Err(error) => {
                tracing::warn!(error = chain(&error), "the releases for sensors cannot be looked at");
                false
            }
        };
        let sensors = self.sensors_for_updates(None);
        for plan in self.shared.rollouts.plans().values_mut() {
            // With nobody in reach nothing is ordered: it only judges, and turns rings.
            let _ = plan.next(&sensors, &self.updates.zone, &now);
        }
        self.tell_halts(&now);
        if is_changed || now.stamp.ms.saturating_sub(self.updates.kept_ms) >= KEEP_MS {
            self.keep_plans()?;
        }
        Ok(())
    }

    /// All sensors in the house as plans see them; one of them is in reach.
    fn sensors_for_updates(&self, in_reach: Option<(DeviceId, ReceiverId)>) -> Vec<Sensor> {
        let household = self.shared.bus.household();
        let claims = self.shared.sensors.claims();
        let known = claims.iter().filter(|(id, _)| household.devices.contains_key(id));
        let adapter = |id| in_reach.filter(|(reached, _)| *reached == id).map(|(_, receiver)| receiver);
        known.filter_map(|(id, claim)| self.as_plans_see(*id, claim, adapter(*id))).collect()
    }

    fn as_plans_see(&self, id: DeviceId, claim: &Claim, adapter: Option<ReceiverId>) -> Option<Sensor> {
        let percent = SeriesKey::new(id, Quantity::Battery, 0);
        let snapshot = self.shared.bus.snapshot();
        let battery_percent = snapshot.current.get(&percent).and_then(|current| u8::try_from(current.value).ok());
        Some(Sensor {
            id,
            product: Product(claim.product),
            hardware: Hardware::new(claim.hardware)?,
            running: Version(claim.firmware.0),
            battery_mv: self.shared.sensors.report(id).map(|report| report.battery_mv),
            battery_percent,
            adapter,
        })
    }

    /// Does in an open session what the rollouts want of this sensor.
    pub(super) async fn update<L: Link>(
        &mut self,
        session: &mut Session<L>,
        id: DeviceId,
        (receiver, running): (ReceiverId, Version),
    ) -> StationResult {
        let (now, sensors) = (self.shared.clock.now(), self.sensors_for_updates(Some((id, receiver))));
        let ordered = self.shared.rollouts.plans().iter_mut().find_map(|(release, plan)| {
            if plan.standing(id).is_some() {
                plan.report(id, Outcome::SeenRunning { version: running }, &now);
            }
            match plan.next(&sensors, &self.updates.zone, &now) {
                Next::Link(order) => Some((*release, order)),
                Next::Wait { .. } => None,
            }
        });
        let Some((release, order)) = ordered else { return Ok(()) };
        self.keep_plans()?;
        let done = self.carry_out(session, release, &order, running).await;
        self.tell_halts(&self.shared.clock.now());
        self.keep_plans()?;
        done
    }

    async fn carry_out<L: Link>(
        &mut self,
        session: &mut Session<L>,
        release: ReleaseId,
        order: &Order,
        running: Version,
    ) -> StationResult {
        let id = order.sensor;
        let image = match self.image(release) {
            Ok(image) => image,
            Err(error) => {
                self.report_update(release, id, Outcome::LinkLost { was_asked: false });
                return Err(error.into());
            }
        };
        self.report_update(release, id, Outcome::Started);
        let mut transfer = Transfer::new(image, order.task, running);
        let wants = |rollouts: &Rollouts| rollouts.plans().get(&release).is_some_and(|plan| plan.wants(order));
        while let Some(ask) = transfer.ask().filter(|_| wants(&self.shared.rollouts)) {
            let answer = match session.serve(&ask).await {
                Ok(answer) => answer,
                Err(error) => {
                    self.report_update(release, id, transfer.lost());
                    return Err(error.into());
                }
            };
            let outcome = match Answer::parse(&answer) {
                Ok(answer) => transfer.take(&answer),
                Err(error) => {
                    self.report_update(release, id, transfer.lost());
                    return Err(hub_link::TalkError::Message(error).into());
                }
            };
            if let Some(outcome) = outcome {
                self.report_update(release, id, outcome);
            }
        }
        if transfer.ended().is_none() {
            self.report_update(release, id, transfer.lost());
        }
        tracing::info!(device = %id, %release, received = transfer.received(), ended = ?transfer.ended(), "an update");
        Ok(())
    }

    fn report_update(&mut self, release: ReleaseId, id: DeviceId, outcome: Outcome) {
        let now = self.shared.clock.now();
        if let Some(plan) = self.shared.rollouts.plans().get_mut(&release) {
            plan.report(id, outcome, &now);
        }
    }

    fn image(&mut self, release: ReleaseId) -> Result<Image, hub_ota::CatalogueError> {
        if let Some(image) = self.updates.image.as_ref().filter(|image| image.release().id == release) {
            return Ok(image.clone());
        }
        let image = self.updates.catalogue.open(release)?;
        self.updates.image = Some(image.clone());
        Ok(image)
    }

    /// A rollout that halted needs its owner.
    fn tell_halts(&self, now: &Now) {
        let halted = self.shared.rollouts.plans().values().find_map(|plan| match plan.state(now) {
            RolloutState::Halted(halt) => Some((plan.release().version, halt)),
            _ => None,
        });
        let key = (AlertKind::UpdateHalted, None);
        let told = match halted {
            Some((version, halt)) => {
                let advice = format!(
                    "The update of sensors to {version} was halted: {} of {} sensors in ring {} failed, the last because {}. \
                     Remove the release (`hubd firmware remove`), add a better one, or let it go on.",
                    halt.failed,
                    halt.judged,
                    halt.ring + 1,
                    halt.last,
                );
                self.shared.alerts.raise(&self.shared.bus, *now, Severity::Warning, key, advice)
            }
            None => self.shared.alerts.clear(&self.shared.bus, *now, key),
        };
        if let Err(error) = told {
            tracing::error!(error = chain(&error), "an alert could not be told");
        }
    }

    fn keep_plans(&mut self) -> StationResult {
        self.updates.kept_ms = self.now_ms();
        self.shared.rollouts.keep()?;
        Ok(())
    }
}
