//! What a sensor measured while nobody heard it: fetched from its log, each sample once.

use std::{collections::VecDeque, sync::Arc};

use hub_bus::Draft;
use hub_link::{Clockwork, SampleId, Sampled, Session, Taken};
use hub_model::{
    Claim, DeviceId, EventBody, Link, Origin, ReceiverId, Stamp, TimeQuality, UnixMillis, Value, WallTime,
};
use hub_normalise::correct;

use super::{Log, Steward};
use crate::supervise::StationResult;

/// What was not told on purpose, because it hardly differed, is fetched so often, ms.
const QUIET_MS: u64 = 6 * 3_600_000;
/// Samples after which it is kept how far a fetch has come: fewer than make a hint ambiguous.
const KEEP_EVERY: usize = 2_000;
/// A sensor is silent for its heartbeat where nothing changes; so many of them, and something was missed.
const HEARTBEATS: u64 = 3;
/// The newest sample may still be heard, so long after it was taken and no other after it, ms: it is left to the next fetch.
const STILL_HEARD_MS: i64 = 30_000;

/// Longer than this no sensor is silent on purpose, ms.
pub(super) fn usual_silence_ms(claim: &Claim) -> u64 {
    HEARTBEATS * 1000 * u64::from(claim.desired.heartbeat_s.max(claim.desired.sampling_s))
}

/// Is it time to fetch what is missing?
pub(super) fn is_due(log: &Log, now_ms: u64) -> bool {
    let is_old = log.fetched_ms.is_none_or(|at| now_ms.saturating_sub(at) >= QUIET_MS);
    log.is_urgent || is_old
}

/// Samples on their way from the log into the history.
struct Incoming {
    /// Not published yet, because it is not known when they were taken, in order.
    waiting: VecDeque<Sampled>,
    published: u64,
    since_kept: usize,
    quality: Option<TimeQuality>,
    last: Option<UnixMillis>,
}

impl Incoming {
    /// When a boot ended of which the hub was never told the uptime, all of which waits: when the next one began, as far as
    /// anybody knows; and where nobody knows that either, it began after the last sample of the one before.
    fn last_breath(&self, boot: u32, clockwork: &Clockwork, (sampling_ms, now): (i64, UnixMillis)) -> LastBreath {
        let of_boot = || self.waiting.iter().take_while(|sample| sample.id.boot == boot);
        let uptime_s = of_boot().last().map_or(0, |last| last.uptime_s);
        let next = self.waiting.get(of_boot().count());
        let is_next_known = next.is_none_or(|next| clockwork.time(next.id.boot, 0).is_some());
        let latest = clockwork.begin_after(boot).unwrap_or(now);
        let lived_ms =
            1000 * i64::from(uptime_s - self.waiting.front().map_or(0, |first| first.uptime_s).min(uptime_s));
        let after_last = self.last.filter(|_| !is_next_known).map(|last| last + (sampling_ms + lived_ms));
        LastBreath { uptime_s, at: after_last.map_or(latest, |at| at.min(latest)) }
    }
}

impl Steward {
    /// Fetches what is missing of a sensor's log. When it is interrupted, it goes on there the next time.
    pub(super) async fn fetch<L: Link>(&mut self, session: &mut Session<L>, id: DeviceId) -> StationResult {
        let Some(claim) = self.shared.sensors.claim(id) else { return Ok(()) };
        let mut from = self.log(id).coverage.next();
        let mut incoming =
            Incoming { waiting: VecDeque::new(), published: 0, since_kept: 0, quality: None, last: None };
        let mut lost = 0;
        let ended = loop {
            let page = match session.log(from).await {
                Ok(page) => page,
                Err(error) => break Err(error),
            };
            let Some(last) = page.last().map(|sample| sample.id) else { break Ok(()) };
            lost += page.first().map_or(0, |first| gone(from, first.id));
            from = SampleId { number: last.number.wrapping_add(1), ..last };
            incoming.waiting.extend(page);
            self.publish(id, &claim, &mut incoming, false).await?;
        };
        if ended.is_ok() {
            self.publish(id, &claim, &mut incoming, true).await?;
            let now_ms = self.now_ms();
            let log = self.log(id);
            (log.is_urgent, log.fetched_ms) = (false, Some(now_ms));
        }
        self.settle().await?;
        self.shared.sensors.fetched(id, |standing| {
            standing.fetched += incoming.published;
            standing.lost += lost;
            standing.complete_until = incoming.last.filter(|_| ended.is_ok()).or(standing.complete_until);
            standing.quality = incoming.quality.or(standing.quality);
        });
        if incoming.published > 0 {
            tracing::info!(device = %id, samples = incoming.published, lost, "a sensor's log was fetched");
        }
        Ok(ended?)
    }

    /// Publishes, in order, the samples of which it is known when they were taken.
    async fn publish(&mut self, id: DeviceId, claim: &Claim, incoming: &mut Incoming, is_all: bool) -> StationResult {
        while let Some(boot) = incoming.waiting.front().map(|sample| sample.id.boot) {
            let is_over = is_all || incoming.waiting.back().is_some_and(|last| last.id.boot != boot);
            let now = self.shared.clock.now().wall.at;
            let clockwork = &self.log(id).clockwork;
            let is_known = clockwork.time(boot, 0).is_some();
            if !is_known && !is_over {
                return Ok(());
            }
            let sampling_ms = 1000 * i64::from(claim.desired.sampling_s);
            let guess = (!is_known).then(|| incoming.last_breath(boot, clockwork, (sampling_ms, now)));
            while let Some(sample) = incoming.waiting.pop_front_if(|sample| sample.id.boot == boot) {
                let known = self.log(id).clockwork.time(boot, sample.uptime_s);
                let Some(taken) = known.or_else(|| guess.as_ref().map(|guess| guess.taken(&sample))) else { continue };
                if taken.at + (sampling_ms + STILL_HEARD_MS) > now {
                    incoming.waiting.clear();
                    break;
                }
                self.publish_one(id, claim, &sample, taken, incoming)?;
            }
            if incoming.since_kept >= KEEP_EVERY {
                self.settle().await?;
                incoming.since_kept = 0;
            }
        }
        Ok(())
    }

    fn publish_one(
        &mut self,
        id: DeviceId,
        claim: &Claim,
        sample: &Sampled,
        taken: Taken,
        incoming: &mut Incoming,
    ) -> StationResult {
        let Taken { at, quality } = taken;
        let history = Arc::clone(&self.shared.history);
        let wall = |stamp| history.wall(stamp).at;
        let household = self.shared.bus.household();
        let calibration = household.devices.get(&id).map(|device| &device.calibration);
        let is_had = self.log(id).coverage.has(sample.id, taken, wall);
        // What it measured before it was ours is nobody's business here.
        if !is_had && at >= claim.since && !sample.values.is_empty() {
            let (values, _) = correct(sample.values.clone(), calibration);
            let values: Arc<[Value]> = values.into();
            let origin =
                Origin { sample: Some(sample.hint()), is_fetched: true, ..Origin::heard(ReceiverId::NONE, None, None) };
            let (stamp, wall) = (Stamp::wall(at), WallTime { at, quality });
            let body = EventBody::ReadingsTaken { device: id, values: Arc::clone(&values), origin };
            self.shared.bus.publish(Draft { at: stamp, wall, trace: None, body }, |state| {
                state.measured(id, &values, stamp, wall);
            })?;
            incoming.published += 1;
            incoming.since_kept += 1;
        }
        self.log(id).coverage.settle(sample.id, at, wall);
        self.kept.changed.insert(id);
        (incoming.last, incoming.quality) = (Some(at), Some(quality));
        Ok(())
    }

    /// What was published is durable, and so is how far the hub has come.
    async fn settle(&mut self) -> StationResult {
        self.shared.bus.flush()?;
        self.read().await?;
        self.keep()
    }
}

/// The end of a boot of which nobody knows when it began.
struct LastBreath {
    uptime_s: u32,
    at: UnixMillis,
}

impl LastBreath {
    fn taken(&self, sample: &Sampled) -> Taken {
        let before_s = i64::from(self.uptime_s) - i64::from(sample.uptime_s);
        Taken { at: self.at + -(before_s * 1000), quality: TimeQuality::Estimated }
    }
}

/// Samples that the log no longer had.
fn gone(wanted: SampleId, found: SampleId) -> u64 {
    match wanted.boot == found.boot {
        true => found.number.saturating_sub(wanted.number).into(),
        false => 0,
    }
}
