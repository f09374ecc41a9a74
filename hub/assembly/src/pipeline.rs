//! The way of an advert: decode, normalise, publish. One task owns it; nothing in it waits for a disk.

mod ours;
mod shown;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use hub_bus::{Bus, BusError, Contact, Draft};
use hub_decode::{DecodeError, decode};
use hub_history::History;
use hub_model::{
    AlertKind, BootId, Clock, Decoded, Device, DeviceId, EventBody, Household, Now, RawAdvert, Refusal, Severity,
    Stamp, Trace, Value, WallTime,
};
use hub_normalise::{Accepted, Flood, Heard, Normaliser, Verdict};
use hub_registry::{DeadLetters, Registry};
use tokio::sync::mpsc;

use crate::{alerts::Alerts, attendance::Attendance, metrics::Metrics, sensors::Sensors};
pub(crate) use ours::Notice;
use ours::Ours;
use shown::{keep_contact, merge_facts, merge_values};

/// Adverts of the hub's own adapters come within milliseconds, and wait for seconds only while the hub is overloaded.
const LATE_MS: u64 = 10_000;

/// What became of an advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is on the bus, with so many readings.
    Published {
        /// How many values it brought.
        readings: usize,
    },
    /// Its sender is not adopted; what it said is shown and not stored.
    Shown,
    /// It was heard before.
    Duplicate,
    /// It is in no format that we know.
    NotOurs,
    /// A sensor of ours sent it under a key that it is about to have; it is judged when that is kept.
    Held,
    /// It was refused, with this stable code.
    Refused(&'static str),
}

impl Fate {
    /// The stable code, for counters.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Published { .. } => "stored",
            Self::Shown => "not_adopted",
            Self::Duplicate => "duplicate",
            Self::NotOurs => "not_ours",
            Self::Held => "held",
            Self::Refused(code) => code,
        }
    }
}

/// The way of an advert. One task owns it.
pub struct Pipeline {
    shared: Shared,
    normaliser: Normaliser,
    attendance: Attendance,
    household: Arc<Household>,
    ours: Ours,
    /// The counter of the last stored frame of each device, as the log had it at start.
    logged: HashMap<DeviceId, u32>,
    next_trace: u64,
    /// The last sample of each device: when it was heard, and when it is said to be taken.
    last_sample: HashMap<DeviceId, (Stamp, Stamp)>,
}

/// What the pipeline works with.
pub(crate) struct Shared {
    pub bus: Bus,
    pub history: Arc<History>,
    pub registry: Arc<Mutex<Registry>>,
    pub dead_letters: Arc<DeadLetters>,
    pub metrics: Arc<Metrics>,
    pub alerts: Arc<Alerts>,
    pub sensors: Arc<Sensors>,
    pub notices: mpsc::Sender<Notice>,
    pub clock: Arc<dyn Clock>,
}

/// The times of one advert, before it is on the bus.
#[derive(Clone, Copy)]
struct Hops {
    received_us: u64,
    decoded_us: u64,
    normalised_us: u64,
}

impl Pipeline {
    pub(crate) fn new(shared: Shared) -> Self {
        // Ids of different boots differ, so that a log over a restart has no two equal ones.
        let next_trace = u64::from(shared.clock.now().stamp.boot.0) << 40;
        let logged = shared.history.last_counters();
        let (household, ours) = (Arc::default(), Ours::new(Arc::clone(&shared.sensors), shared.notices.clone()));
        let mut pipeline = Self {
            shared,
            normaliser: Normaliser::default(),
            attendance: Attendance::default(),
            household,
            ours,
            logged,
            next_trace,
            last_sample: HashMap::new(),
        };
        pipeline.take_household();
        pipeline
    }

    /// Takes one advert all the way.
    ///
    /// # Errors
    /// When the bus cannot take an event; the advert is lost then, and its counter is not used up.
    pub fn hear(&mut self, advert: &RawAdvert) -> Result<Fate, BusError> {
        for held in self.take_household() {
            self.judge(&held)?;
        }
        self.judge(advert)
    }

    fn judge(&mut self, advert: &RawAdvert) -> Result<Fate, BusError> {
        self.attendance.air(advert.at);
        let device = self.household.devices.get(&DeviceId::from(advert.address)).cloned();
        if self.ours.hears(advert, device.as_deref()) {
            self.shared.metrics.count(Fate::Held.code());
            return Ok(Fate::Held);
        }
        let fate = match decode(advert, device.as_ref().and_then(|device| device.key.as_ref())) {
            Ok(decoded) => self.decoded(advert, decoded, device.as_deref()),
            Err(error) => self.undecoded(advert, &error, device.as_deref()),
        };
        self.shared.metrics.count(fate.as_ref().map_or("lost", |fate| fate.code()));
        fate
    }

    /// Looks after what ends by itself: a flood of failing frames, and the patience with a silent device.
    ///
    /// # Errors
    /// When the bus cannot take an event.
    pub fn tick(&mut self) -> Result<(), BusError> {
        let now = self.shared.clock.now();
        while let Some(flood) = self.normaliser.ended_flood(now) {
            self.flood(flood, now)?;
        }
        self.attendance.tick(&self.household, &self.shared)
    }

    /// Learns who was adopted, removed or given another key since the last advert; hands out what waited for that.
    fn take_household(&mut self) -> Vec<RawAdvert> {
        let household = self.shared.bus.household();
        if Arc::ptr_eq(&household, &self.household) {
            return Vec::new();
        }
        for id in self.household.devices.keys().filter(|id| !household.devices.contains_key(id)) {
            self.normaliser.release(*id);
            self.attendance.forget(*id, &self.shared);
        }
        for (id, device) in &household.devices {
            if self.household.devices.get(id).is_none_or(|known| known.key != device.key) {
                let logged = self.normaliser.last_counter(*id).or_else(|| self.logged.get(id).copied());
                let registry = self.shared.registry.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(counter) = registry.counter_to_restore(*id, logged) {
                    self.normaliser.restore(*id, counter);
                }
            }
        }
        self.household = household;
        self.ours.let_go(&self.household)
    }

    fn decoded(&mut self, advert: &RawAdvert, decoded: Decoded, device: Option<&Device>) -> Result<Fate, BusError> {
        let now = self.shared.clock.now();
        let wall = self.shared.history.wall(advert.at);
        let (format, is_encrypted, counter) = (decoded.format, decoded.encrypted, decoded.counter);
        let verdict = self.normaliser.step(
            Heard {
                address: advert.address,
                receiver: advert.receiver,
                rssi: advert.rssi,
                received: advert.at,
                decoded,
                device,
            },
            now,
        );
        let hops =
            Hops { received_us: advert.received_us, decoded_us: now.us, normalised_us: self.shared.clock.now().us };
        let refusal = verdict.refusal();
        let is_authentic = matches!(verdict, Verdict::Accepted(_) | Verdict::Duplicate);
        if let (Some(device), true) = (device, is_authentic) {
            let facts = if let Verdict::Accepted(accepted) = &verdict { accepted.facts.clone() } else { Vec::new() };
            let (rssi, receiver) = (advert.rssi, advert.receiver);
            let mut contact = Contact { rssi, receiver, counter, facts, ..Contact::new(wall, format, is_encrypted) };
            let is_back = self.attendance.heard(device.id, advert.at);
            self.attendance.mark(device.id, &mut contact);
            let reception = self.attendance.receive(device.id, advert, wall);
            self.shared.bus.note(|state| {
                keep_contact(state.contacts.entry(device.id), contact);
                if let Some(reception) = reception {
                    state.receptions.insert((device.id, receiver), reception);
                }
            });
            if is_back {
                self.attendance.clear(device.id, &self.shared)?;
            }
        }
        match (verdict, device) {
            (Verdict::Accepted(accepted), Some(_)) => self.publish(advert, accepted, wall, hops),
            (Verdict::Accepted(accepted), None) => {
                self.discover(
                    advert,
                    wall,
                    |found| {
                        found.format = format;
                        found.is_encrypted = is_encrypted;
                        merge_values(&mut found.values, accepted.values);
                        merge_facts(&mut found.facts, accepted.facts);
                    },
                    format,
                )?;
                Ok(Fate::Shown)
            }
            (Verdict::Duplicate, _) => Ok(Fate::Duplicate),
            // A remote receiver kept it while its link was cut; newer frames have come another way, and nobody replays anything.
            (Verdict::Replayed { .. }, _) if is_late(advert.at, now.stamp) => Ok(Fate::Duplicate),
            (verdict, _) => {
                if let Some(refusal) = refusal {
                    self.bury(advert, &refusal, wall);
                }
                Ok(Fate::Refused(verdict.code()))
            }
        }
    }

    /// When a new sample is said to be taken: when it was heard, or a millisecond after the sample before it where both
    /// were heard in the same one. The history takes equal rows of one millisecond for one row played in twice.
    fn taken_at(&mut self, device: DeviceId, heard: Stamp) -> Stamp {
        let taken = match self.last_sample.get(&device) {
            Some((last_heard, last_taken)) if *last_heard == heard => Stamp { ms: last_taken.ms + 1, ..heard },
            _ => heard,
        };
        self.last_sample.insert(device, (heard, taken));
        taken
    }

    fn publish(
        &mut self,
        advert: &RawAdvert,
        accepted: Accepted,
        wall: WallTime,
        hops: Hops,
    ) -> Result<Fate, BusError> {
        let Accepted { device, values, actions, mut origin, implausible, facts } = accepted;
        origin.sample = self.ours.sample(device, &facts);
        for refusal in &implausible {
            self.bury(advert, refusal, wall);
            self.shared.metrics.count(refusal.code);
        }
        let at = if values.is_empty() { advert.at } else { self.taken_at(device, advert.at) };
        self.next_trace += 1;
        let trace = |published_us| Trace {
            id: self.next_trace,
            received_us: hops.received_us,
            decoded_us: hops.decoded_us,
            normalised_us: hops.normalised_us,
            published_us,
        };
        let draft = |body, now: Now| Draft { at: advert.at, wall, trace: Some(trace(now.us)), body };
        let readings = values.len();
        let mut published = self.shared.clock.now();
        for action in actions {
            self.shared.bus.publish(draft(EventBody::DeviceActed { device, action, origin }, published), |_| ())?;
        }
        if !values.is_empty() {
            let values: Arc<[Value]> = values.into();
            let body = EventBody::ReadingsTaken { device, values: Arc::clone(&values), origin };
            published = self.shared.clock.now();
            self.shared.bus.publish(Draft { at, ..draft(body, published) }, |state| {
                state.measured(device, &values, at, wall);
            })?;
        }
        self.shared.metrics.published(readings, published.us.saturating_sub(hops.received_us));
        Ok(Fate::Published { readings })
    }

    fn undecoded(
        &mut self,
        advert: &RawAdvert,
        error: &DecodeError,
        device: Option<&Device>,
    ) -> Result<Fate, BusError> {
        let code = error.code();
        let wall = self.shared.history.wall(advert.at);
        match (error, device) {
            (DecodeError::NotOurs, _) => return Ok(Fate::NotOurs),
            (DecodeError::MissingKey { format }, None) => {
                self.discover(advert, wall, |found| found.is_encrypted = true, *format)?;
                return Ok(Fate::Shown);
            }
            (DecodeError::BadMic { .. }, Some(device)) => {
                let now = self.shared.clock.now();
                if let Some(flood) = self.normaliser.failed(device.address, now) {
                    self.flood(flood, now)?;
                }
            }
            _ => {}
        }
        self.bury(advert, &Refusal { code, detail: error.to_string() }, wall);
        Ok(Fate::Refused(code))
    }

    fn flood(&self, flood: Flood, now: Now) -> Result<(), BusError> {
        let key = |address| (AlertKind::AuthenticationFailures, Some(DeviceId::from(address)));
        match flood {
            Flood::Raised { address } => {
                let advice = format!(
                    "Many frames in the name of {address} fail authentication. If the sensor was reset or its key \
                     changed, enter the new key; otherwise somebody forges its frames, and they are refused."
                );
                self.shared.alerts.raise(&self.shared.bus, now, Severity::Warning, key(address), advice)
            }
            Flood::Cleared { address } => self.shared.alerts.clear(&self.shared.bus, now, key(address)),
        }
    }
}

/// Was it heard so long before it came here that it must have waited on its way?
const fn is_late(heard: Stamp, now: Stamp) -> bool {
    heard.boot.0 == now.boot.0 && heard.boot.0 != BootId::WALL.0 && now.ms.saturating_sub(heard.ms) > LATE_MS
}
