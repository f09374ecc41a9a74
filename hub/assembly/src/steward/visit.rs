//! What is done in one session with a sensor of ours.

use hub_link::{Session, TalkError};
use hub_model::{
    Anchor, Claim, Command, DeviceId, Fact, FirmwareVersion, LinkError, Links, Peer, ReceiverId, SensorReport,
};

use super::{Steward, backfill};
use crate::supervise::{Failure, StationResult};

/// A sensor is asked how it is so often, ms.
const REPORT_MS: i64 = 24 * 3_600_000;
/// The sensor of a tombstone is tried so often before it is believed to have been reset. More than bad luck: where every
/// second link is lost, all of so many are in one of a thousand cases.
const MOST_REFUSALS: u8 = 10;

impl Steward {
    /// Is there something to speak about with a sensor?
    pub(super) fn is_due(&self, id: DeviceId, claim: &Claim, receiver: ReceiverId) -> bool {
        let is_in_house = self.shared.bus.household().devices.contains_key(&id);
        if claim.is_leaving || !is_in_house {
            return claim.is_leaving || claim.is_proven;
        }
        let report = self.shared.sensors.report(id);
        let now = self.shared.clock.now();
        let is_old = report.is_none_or(|report| now.wall.at - report.at >= REPORT_MS);
        let is_wanted = self.may_want(id, claim, (receiver, &now));
        claim.next_key.is_some() || self.drifts(id, claim) || is_old || is_wanted || self.wants_log(id)
    }

    /// Does a sensor's last advert tell of other settings than are wanted?
    fn drifts(&self, id: DeviceId, claim: &Claim) -> bool {
        let told = self.shared.bus.snapshot().contacts.get(&id).and_then(|contact| {
            contact.facts.iter().find_map(|fact| match fact {
                Fact::SettingsRevision(revision) => Some(*revision),
                _ => None,
            })
        });
        told.is_some_and(|revision| revision != claim.desired.revision)
    }

    fn wants_log(&self, id: DeviceId) -> bool {
        self.knows_time() && self.logs.get(&id).is_none_or(|log| backfill::is_due(log, self.now_ms()))
    }

    /// Connects and does what is due; what was done stays done when the rest fails.
    pub(super) async fn visit(&mut self, links: &impl Links, id: DeviceId, peer: Peer) -> StationResult {
        let Some(claim) = self.shared.sensors.claim(id) else { return Ok(()) };
        let is_in_house = self.shared.bus.household().devices.contains_key(&id);
        let mut session = match self.reach(links, id, peer, &claim).await {
            Ok(session) => session,
            Err(error) if is_in_house || !error.is::<TalkError>() => return Err(error),
            Err(error) => return self.refused(id, error),
        };
        self.refusals.remove(&id);
        if claim.is_leaving || !is_in_house {
            return self.release(session, id, is_in_house).await;
        }
        self.ask(&mut session, id, peer.receiver).await?;
        session.end().await;
        Ok(())
    }

    /// The sensor of a tombstone was reached and did not know its key: it may have been reset since, and be another's by now.
    fn refused(&mut self, id: DeviceId, error: Failure) -> StationResult {
        let refusals = self.refusals.entry(id).or_default();
        *refusals += 1;
        if *refusals < MOST_REFUSALS {
            return Err(error);
        }
        self.refusals.remove(&id);
        self.shared.sensors.forget(id)?;
        self.logs.remove(&id);
        tracing::info!(device = %id, "a sensor that was removed knows this hub no more, and is let go");
        Ok(())
    }

    /// Shakes hands under the present key, or under the next one, which the sensor may have already.
    async fn reach<K: Links>(
        &self,
        links: &K,
        id: DeviceId,
        peer: Peer,
        claim: &Claim,
    ) -> Result<Session<K::Link>, Failure> {
        let sensors = &self.shared.sensors;
        let link = links.connect(peer).await?;
        let under = (&claim.key, claim.key_epoch);
        let refused = match Session::reach(link, under, sensors.identity(), sensors.luck()).await {
            Ok(session) => return Ok(session),
            Err(error) => error,
        };
        // Who cannot read the first message hangs up.
        let is_stranger = matches!(refused, TalkError::Link(LinkError::Lost) | TalkError::Stranger(_));
        let Some(next) = claim.next_key.as_ref().filter(|_| is_stranger) else { return Err(refused.into()) };
        let link = links.connect(peer).await?;
        let under = (next, claim.next_epoch());
        let session = Session::reach(link, under, sensors.identity(), sensors.luck()).await?;
        self.promote(id)?;
        Ok(session)
    }

    /// Has a sensor forget everything, and lets it go when it says that it did.
    async fn release<L: hub_model::Link>(
        &mut self,
        mut session: Session<L>,
        id: DeviceId,
        is_in_house: bool,
    ) -> StationResult {
        session.release().await?;
        session.end().await;
        if is_in_house {
            self.execute(Command::RemoveDevice { device: id, keeps_history: true })?;
        }
        self.shared.sensors.forget(id)?;
        self.logs.remove(&id);
        tracing::info!(device = %id, "a sensor was released, and has said that it forgot everything");
        Ok(())
    }

    async fn ask<L: hub_model::Link>(
        &mut self,
        session: &mut Session<L>,
        id: DeviceId,
        receiver: ReceiverId,
    ) -> StationResult {
        let health = session.health().await?;
        let now = self.shared.clock.now();
        let claim = self.shared.sensors.claim(id).ok_or("the claim is gone")?;
        let knows_time = self.knows_time();
        if knows_time {
            self.log(id).clockwork.set(Anchor { boot: health.boot, uptime_s: health.uptime_s, at: now.wall.at });
            self.kept.changed.insert(id);
        }
        let settings = session.settings().await?;
        self.shared.sensors.reported(
            id,
            SensorReport {
                at: now.wall.at,
                boot: health.boot,
                uptime_s: health.uptime_s,
                reset: health.reset.to_string(),
                panics: health.panics,
                watchdogs: health.watchdogs,
                battery_mv: health.battery_mv,
                firmware: FirmwareVersion(health.firmware.0),
                settings: Some(settings.clone()),
            },
        );
        if claim.firmware.0 != health.firmware.0 {
            let firmware = FirmwareVersion(health.firmware.0);
            self.shared.sensors.keep(id, Claim { firmware, ..Claim::clone(&claim) })?;
        }
        if settings != claim.desired {
            let taken = session.set(&claim.desired).await?;
            self.shared.sensors.does(id, taken);
        }
        if let Some(next) = &claim.next_key {
            session.rotate(next, claim.next_epoch()).await?;
            session.confirm().await?;
            self.promote(id)?;
        }
        if self.wants_log(id) {
            self.fetch(session, id).await?;
        }
        self.update(session, id, (receiver, health.firmware)).await
    }
}
