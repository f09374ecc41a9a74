//! Who speaks with our own sensors: pairs them, and does at each window what is due with each.
//!
//! One connection at a time. What the pipeline notices wakes it; what it finds out is kept in the registry and told by the bus.

mod backfill;
mod pairing;
mod updates;
mod visit;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use hub_bus::{Bus, Frame, Reader};
use hub_history::History;
use hub_link::{Clockwork, Coverage, SampleId, next_key, present_key};
use hub_model::{
    BindKey, Claim, Clock, Command, Cursor, DeviceId, Estimates, EventBody, Links, PairingFailure, PairingStep, Peer,
    ReplayRule, Request, Seq, Stamp, TimeQuality, Zone, chain,
};
use tokio::sync::mpsc;

use crate::{
    alerts::Alerts, desk::Desk, pipeline::Notice, rollouts::Rollouts, sensors::Sensors, supervise::StationResult,
};

use updates::Updates;

/// Notices that may wait; a full queue drops: sensors repeat themselves.
pub(crate) const NOTICE_QUEUE: usize = 256;
/// Events read at once.
const BATCH: usize = 500;
/// Where the hub stands in its sensors' logs is kept so often, where nothing else asks for it, ms.
const KEEP_MS: u64 = 3_600_000;
/// How long the steward rests at most.
const REST: Duration = Duration::from_secs(1);
/// Windows are so long, ms; longer ones, at start and by the button, are told of again and again (`fw_logic::rhythm`).
const WINDOW_MS: u64 = 2_000;
/// A sensor that could not be spoken with is tried again after so long, ms.
const AGAIN_MS: u64 = 20_000;

/// Who speaks with our own sensors.
pub struct Steward {
    shared: Shared,
    notices: mpsc::Receiver<Notice>,
    /// Notices that came while something else was waited for.
    later: VecDeque<Notice>,
    reader: Reader,
    logs: BTreeMap<DeviceId, Log>,
    /// The last event that is taken into account in all of them.
    seq: Seq,
    /// Are the events of the runs before read? What is fetched from then on the steward has published itself.
    is_caught_up: bool,
    kept: Kept,
    /// When a sensor may be tried again, ms since boot.
    not_before: BTreeMap<DeviceId, u64>,
    /// How often in a row the sensor of a tombstone did not know its key.
    refusals: BTreeMap<DeviceId, u8>,
    updates: Updates,
    /// When somebody was last heard who may belong to another hub, ms since boot.
    stranger_ms: Option<u64>,
}

/// What was kept last of where the hub stands.
struct Kept {
    at_ms: u64,
    /// The sensors in whose logs the hub has come further since.
    changed: BTreeSet<DeviceId>,
    /// Where times had to be estimated since.
    estimates: BTreeMap<DeviceId, Estimates>,
}

/// What the steward works with.
pub(crate) struct Shared {
    pub sensors: Arc<Sensors>,
    pub rollouts: Arc<Rollouts>,
    pub desk: Desk,
    pub bus: Bus,
    pub history: Arc<History>,
    pub alerts: Arc<Alerts>,
    pub clock: Arc<dyn Clock>,
}

/// What is here of one sensor's log.
#[derive(Debug, Clone)]
struct Log {
    coverage: Coverage,
    clockwork: Clockwork,
    /// Something was missed that was not to be: it is fetched at the next window.
    is_urgent: bool,
    /// When it was fetched last, ms since boot.
    fetched_ms: Option<u64>,
}

impl Steward {
    /// The steward of a hub, who goes on where the last one stopped.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub(crate) fn new(
        shared: Shared,
        (updates, zone): (&hub_ota::Config, Zone),
        notices: mpsc::Receiver<Notice>,
    ) -> Result<Self, hub_registry::RegistryError> {
        let updates = Updates::new(updates, zone, &shared.clock.now());
        let (places, seq) = shared.sensors.registry().log_places()?;
        let log = |(id, (place, anchors))| {
            let (coverage, clockwork) = (Coverage::from_place(&place), Clockwork::new(anchors));
            (id, Log { coverage, clockwork, is_urgent: false, fetched_ms: None })
        };
        let after = Cursor { epoch: shared.bus.snapshot().cursor.epoch, seq };
        let reader = shared.bus.subscribe((seq > Seq::default()).then_some(after));
        let kept = Kept::at(shared.clock.now().stamp.ms);
        Ok(Self {
            shared,
            notices,
            later: VecDeque::new(),
            reader,
            logs: places.into_iter().map(log).collect(),
            seq,
            is_caught_up: false,
            kept,
            not_before: BTreeMap::new(),
            refusals: BTreeMap::new(),
            updates,
            stranger_ms: None,
        })
    }

    /// Waits until something may be to do, and does it.
    ///
    /// # Errors
    /// When the bus is closed, or its log cannot be read.
    pub async fn attend(&mut self, links: &impl Links) -> StationResult {
        if self.later.is_empty() {
            let woken = self.shared.sensors.wake.notified();
            tokio::select! {
                biased;
                Some(notice) = self.notices.recv() => self.later.push_back(notice),
                () = woken => {}
                () = links.pass(REST) => {}
            }
        }
        self.step(links).await
    }

    /// Does what is to do now. A registry that cannot be written is told of and tried again: a full disk ends no hub.
    ///
    /// # Errors
    /// When the bus is closed, or its log cannot be read.
    pub async fn step(&mut self, links: &impl Links) -> StationResult {
        self.read().await?;
        while let Ok(notice) = self.notices.try_recv() {
            self.later.push_back(notice);
        }
        while let Some(notice) = self.later.pop_front() {
            match notice {
                Notice::Waiting(advert) => {
                    if let Some(found) = self.shared.sensors.found(&advert) {
                        self.pair(links, found, &advert).await?;
                    }
                }
                Notice::Window(id, peer, at) if self.is_open(at) => self.meet(links, id, peer).await?,
                // It was heard while the steward spoke with another; it opens its next one.
                Notice::Window(..) => {}
                Notice::Proven(id, key) => told(self.proven(id, key), "a sensor's new key could not be kept"),
                Notice::Stranger => self.stranger_ms = Some(self.now_ms()),
            }
        }
        self.give_up();
        told(self.look_after_updates(), "the rollouts of updates could not be kept");
        if !self.kept.changed.is_empty() && self.now_ms().saturating_sub(self.kept.at_ms) >= KEEP_MS {
            self.kept.at_ms = self.now_ms();
            told(self.keep(), "where the hub stands in its sensors' logs could not be kept");
        }
        Ok(())
    }

    /// Keeps where the hub stands in the logs of its sensors: hourly, after a fetch, and when the hub stops.
    ///
    /// # Errors
    /// When the registry cannot be written.
    pub fn keep(&mut self) -> StationResult {
        let changed = self.kept.changed.iter().filter_map(|id| self.logs.get_key_value(id));
        let places = changed.map(|(id, log)| (*id, log.coverage.place(), log.clockwork.anchors()));
        self.shared.sensors.registry().put_log_places(places, &self.kept.estimates, self.seq)?;
        self.kept = Kept::at(self.now_ms());
        Ok(())
    }

    /// Takes all events into account that were published meanwhile.
    async fn read(&mut self) -> StationResult {
        loop {
            match self.reader.poll(BATCH).await? {
                None => {
                    self.is_caught_up = true;
                    return Ok(());
                }
                Some(Frame::Batch { events, .. }) => {
                    for event in &events {
                        self.seq = event.seq;
                        self.take(event);
                    }
                }
                Some(Frame::Resync { .. }) => self.start_anew(),
            }
        }
    }

    /// What happened while nobody counted it is not known: whatever the sensors have in their logs since is fetched.
    fn start_anew(&mut self) {
        let cursor = self.shared.bus.snapshot().cursor;
        tracing::warn!("where the hub stands in its sensors' logs is older than the log of events");
        self.seq = cursor.seq;
        self.kept.changed.extend(self.logs.keys());
        self.reader = self.shared.bus.subscribe(Some(cursor));
        self.logs.values_mut().for_each(|log| log.is_urgent = true);
    }

    fn take(&mut self, event: &hub_model::Event) {
        let EventBody::ReadingsTaken { device, origin, .. } = &event.body else { return };
        if origin.is_fetched && event.wall.quality == TimeQuality::Estimated {
            self.kept.estimates.entry(*device).or_default().add(event.wall.at);
            self.kept.changed.insert(*device);
        }
        if origin.is_fetched && self.is_caught_up {
            return;
        }
        let (Some(hint), Some(claim)) = (origin.sample, self.shared.sensors.claim(*device)) else { return };
        let log = self.log(*device);
        let is_silence = |last: Stamp| {
            let usual_ms = backfill::usual_silence_ms(&claim);
            // While the machine was off, who knows what was missed.
            last.boot != event.at.boot || event.at.ms.saturating_sub(last.ms) > usual_ms
        };
        if !origin.is_fetched && log.coverage.last_at().is_some_and(is_silence) {
            log.is_urgent = true;
        }
        log.coverage.heard(hint, event.at);
        self.kept.changed.insert(*device);
    }

    /// A sensor was heard under the key that it was given last: now it is the device's.
    fn proven(&mut self, id: DeviceId, key: BindKey) -> StationResult {
        let Some(claim) = self.shared.sensors.claim(id) else { return Ok(()) };
        if next_key(&claim) == Some(key) {
            return self.promote(id);
        }
        let is_known = self.shared.bus.household().devices.get(&id).and_then(|device| device.key) == Some(key);
        if claim.is_proven || is_known || present_key(&claim) != key {
            return Ok(());
        }
        match self.adopt(id, &claim) {
            Ok(()) => tracing::info!(device = %id, "a sensor whose pairing was interrupted has joined"),
            Err(error) => tracing::warn!(device = %id, error = chain(error.as_ref()), "a sensor cannot join"),
        }
        Ok(())
    }

    /// Takes a sensor whose key is proven into the house, or gives the device that it was before its new key.
    fn adopt(&self, id: DeviceId, claim: &Claim) -> StationResult {
        let key = Some(present_key(claim));
        let replay = ReplayRule::Strict;
        let is_known = self.shared.bus.household().devices.contains_key(&id);
        let command = match is_known {
            true => Command::SecureDevice { device: id, key, replay },
            false => {
                let (name, room) = (claim.wishes.name.clone(), claim.wishes.room);
                Command::AdoptDevice { device: id, name, room, key, replay }
            }
        };
        self.execute(command)?;
        self.shared.sensors.keep(id, Claim { is_proven: true, ..claim.clone() })?;
        Ok(())
    }

    /// The next key is the present one: for the device first, so that nothing that it sends is missed.
    fn promote(&self, id: DeviceId) -> StationResult {
        let Some(claim) = self.shared.sensors.claim(id) else { return Ok(()) };
        let Some(promoted) = claim.promoted() else { return Ok(()) };
        if self.shared.bus.household().devices.contains_key(&id) {
            let key = Some(present_key(&promoted));
            self.execute(Command::SecureDevice { device: id, key, replay: ReplayRule::Strict })?;
        }
        let key_epoch = promoted.key_epoch;
        self.shared.sensors.keep(id, promoted)?;
        tracing::info!(device = %id, key_epoch, "a sensor has its next key");
        Ok(())
    }

    fn execute(&self, command: Command) -> Result<(), hub_model::CommandError> {
        let request = Request { principal: "steward".to_owned(), id: None, command };
        self.shared.desk.execute_now(&request).map(|_| ())
    }

    /// Ends the pairings that nothing came of.
    fn give_up(&self) {
        let sensors = &self.shared.sensors;
        for (id, why) in sensors.given_up() {
            let was_there =
                self.stranger_ms.is_some_and(|at| self.now_ms().saturating_sub(at) < crate::sensors::LOOK_MS);
            let why = match why {
                PairingFailure::NotFound if was_there => PairingFailure::ClaimedElsewhere,
                why => why,
            };
            sensors.step(id, PairingStep::Failed { why });
        }
    }

    /// Speaks with a sensor that can be connected to now, if there is something to speak about.
    async fn meet(&mut self, links: &impl Links, id: DeviceId, peer: Peer) -> StationResult {
        let is_early = self.not_before.get(&id).is_some_and(|at| self.now_ms() < *at);
        let Some(claim) = self.shared.sensors.claim(id).filter(|_| !is_early) else { return Ok(()) };
        if !self.is_due(id, &claim, peer.receiver) {
            return Ok(());
        }
        // Its other adverts of this window say nothing new.
        self.later.retain(|notice| !matches!(notice, Notice::Window(other, ..) if *other == id));
        let visited = self.visit(links, id, peer).await;
        let trouble = visited.as_ref().err().map(|error| chain(error.as_ref()));
        match &trouble {
            None => drop(self.not_before.remove(&id)),
            Some(trouble) => {
                tracing::info!(device = %id, trouble, "a sensor could not be spoken with to the end");
                self.not_before.insert(id, self.now_ms().saturating_add(AGAIN_MS));
            }
        }
        if self.shared.sensors.claim(id).is_some() {
            self.shared.sensors.troubled(id, trouble);
        }
        Ok(())
    }

    /// What is here of a sensor's log; of one that is new to this, from its first sample on.
    fn log(&mut self, id: DeviceId) -> &mut Log {
        self.logs.entry(id).or_insert_with(|| Log::new(SampleId::default()))
    }

    /// Can a sensor that was heard in its window then still be in it?
    fn is_open(&self, heard: Stamp) -> bool {
        let now = self.shared.clock.now().stamp;
        now.boot == heard.boot && now.ms.saturating_sub(heard.ms) <= WINDOW_MS
    }

    fn now_ms(&self) -> u64 {
        self.shared.clock.now().stamp.ms
    }

    /// Is it known what time it is, and has the history taken that over for what was heard before?
    fn knows_time(&self) -> bool {
        let now = self.shared.clock.now();
        let qualities = [now.wall.quality, self.shared.history.wall(now.stamp).quality];
        qualities.iter().all(|quality| *quality == TimeQuality::Synchronised)
    }
}

impl Kept {
    const fn at(now_ms: u64) -> Self {
        Self { at_ms: now_ms, changed: BTreeSet::new(), estimates: BTreeMap::new() }
    }
}

/// What failed, and is tried again by itself, is told.
fn told(done: StationResult, what: &'static str) {
    if let Err(error) = done {
        tracing::error!(error = chain(error.as_ref()), "{what}");
    }
}

impl Log {
    fn new(next: SampleId) -> Self {
        Self {
            coverage: Coverage::beginning_at(next),
            clockwork: Clockwork::new(Vec::new()),
            is_urgent: false,
            fetched_ms: None,
        }
    }
}
