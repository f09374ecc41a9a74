//! A home of many sensors, several adapters and some weeks, as a plan meets it.
//!
//! What a sensor does depends on the seed, the sensor and its how many-th link it is, and on nothing that a plan does with
//! others; so two runs differ only where their plans do.

use std::collections::BTreeMap;

use hub_model::{
    BootId, DeviceId, Now, ReceiverId, ReleaseId, RolloutState, Stamp, TimeQuality, UnixMillis, WallTime, Zone,
};
use hub_ota::{Next, Order, Outcome, Plan, Policy, Release, Sensor, Task};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wire::firmware::Version;

use crate::signed::{PRODUCT, hardware};

pub(crate) const MINUTE_MS: u64 = 60_000;
pub(crate) const HOUR_MS: u64 = 60 * MINUTE_MS;
pub(crate) const OLD: Version = Version([1, 0, 0, 0]);
pub(crate) const NEW: Version = Version([1, 1, 0, 0]);
const LENGTH: u32 = 200_000;
/// 2026-11-21T00:00:00Z.
const BEGIN_MS: i64 = 1_795_219_200_000;

/// What a home is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kind {
    pub(crate) seed: u64,
    pub(crate) sensors: u64,
    pub(crate) adapters: u16,
    /// Percent of links that are lost.
    pub(crate) lost: u32,
    /// Percent of sensors on which the release does not work.
    pub(crate) bad: u32,
    /// Percent of sensors that are out of reach, each on some days.
    pub(crate) away: u32,
    /// Percent of sensors with a weak battery, until the seventh day.
    pub(crate) weak: u32,
}

impl Kind {
    pub(crate) const fn good(seed: u64) -> Self {
        Self { seed, sensors: 100, adapters: 3, lost: 30, bad: 0, away: 0, weak: 0 }
    }
}

/// Something that a plan does not expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mishap {
    None,
    /// The plan is written and read, where no link is open.
    Reread,
    /// Whoever has the links restarts.
    LinksLost,
    /// The hub restarts in order.
    Restarted,
    /// The hub loses power, and what it heard since it last wrote the plan.
    PowerLost,
}

/// A sensor, as it is.
#[derive(Debug, Clone)]
struct Simulated {
    id: DeviceId,
    adapter: ReceiverId,
    battery_mv: u16,
    is_bad: bool,
    is_bricked: bool,
    is_away: bool,
    received: u32,
    /// Since when it runs the new version on trial.
    trial_since_ms: Option<u64>,
    is_proved: bool,
    links: u64,
}

/// What happened: when, to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Began {
    pub(crate) at_ms: u64,
    pub(crate) order: Order,
}

pub(crate) struct Fleet {
    pub(crate) kind: Kind,
    pub(crate) plan: Plan,
    pub(crate) now_ms: u64,
    pub(crate) began: Vec<Began>,
    /// When which sensor was updated.
    pub(crate) proved: BTreeMap<DeviceId, u64>,
    zone: Zone,
    sensors: Vec<Simulated>,
    /// Open links: when each ends.
    open: Vec<(u64, Order)>,
    written: Vec<u8>,
}

pub(crate) fn release() -> Release {
    let id = ReleaseId::from_u64(0x1234_5678_9ABC_DEF0);
    let hardware_mask = hardware().bit();
    Release { id, product: PRODUCT, hardware_mask, version: NEW, security_counter: 1, length: LENGTH }
}

pub(crate) fn now(ms: u64) -> Now {
    let at = UnixMillis(BEGIN_MS) + i64::try_from(ms).unwrap();
    let wall = WallTime { at, quality: TimeQuality::Synchronised };
    Now { stamp: Stamp { boot: BootId(1), ms }, us: ms * 1000, wall }
}

impl Fleet {
    pub(crate) fn new(kind: Kind, policy: Policy) -> Self {
        let sensors = (0..kind.sensors).map(|nth| {
            let luck = &mut luck(kind.seed, nth, u64::MAX);
            let is_bad = luck.random_ratio(kind.bad, 100);
            let is_weak = luck.random_ratio(kind.weak, 100);
            Simulated {
                id: DeviceId::from_u64(0xA000 + nth * 7919),
                adapter: ReceiverId(1 + luck.random_range(0..kind.adapters)),
                battery_mv: if is_weak { 2450 } else { luck.random_range(2600..3000) },
                is_bad,
                is_bricked: is_bad && luck.random_ratio(1, 4),
                is_away: luck.random_ratio(kind.away, 100),
                received: 0,
                trial_since_ms: None,
                is_proved: false,
                links: 0,
            }
        });
        let plan = Plan::new(release(), policy, &now(0));
        Self {
            kind,
            written: plan.to_bytes(),
            plan,
            now_ms: 0,
            began: Vec::new(),
            proved: BTreeMap::new(),
            zone: "Europe/Berlin".parse().unwrap(),
            sensors: sensors.collect(),
            open: Vec::new(),
        }
    }

    pub(crate) fn state(&self) -> RolloutState {
        self.plan.status(&now(self.now_ms)).state
    }

    /// Until the rollout is over, or so many hours.
    pub(crate) fn run(&mut self, hours: u64, mut mishap: impl FnMut(usize) -> Mishap) {
        let end_ms = self.now_ms + hours * HOUR_MS;
        for step in 0.. {
            if self.now_ms >= end_ms || matches!(self.state(), RolloutState::Complete | RolloutState::Halted(_)) {
                return;
            }
            let wait_ms = self.order();
            if self.suffers(mishap(step)) {
                continue;
            }
            // Now and then.
            if step % 3 == 0 {
                self.written = self.plan.to_bytes();
            }
            let next_ms = self.open.iter().map(|(at_ms, _)| *at_ms).min().unwrap_or(u64::MAX);
            self.now_ms = next_ms.min(self.now_ms + wait_ms.max(1));
            self.finish();
        }
    }

    /// Opens whatever links the plan wants, and tells how long it wants to wait.
    fn order(&mut self) -> u64 {
        loop {
            let facts = self.facts();
            match self.plan.next(&facts, &self.zone, &now(self.now_ms)) {
                Next::Wait { ms } => return ms,
                Next::Link(order) => {
                    assert!(self.open.iter().all(|(_, other)| other.adapter != order.adapter), "one at a time");
                    let sensor = facts.iter().find(|sensor| sensor.id == order.sensor).unwrap();
                    assert_eq!(sensor.adapter, Some(order.adapter));
                    self.written = self.plan.to_bytes();
                    self.began.push(Began { at_ms: self.now_ms, order });
                    let minutes = if order.task == Task::Send { 8 } else { 1 };
                    self.open.push((self.now_ms + minutes * MINUTE_MS, order));
                    self.plan.report(order.sensor, Outcome::Started, &now(self.now_ms));
                }
            }
        }
    }

    pub(crate) fn facts(&self) -> Vec<Sensor> {
        let day = self.now_ms / (24 * HOUR_MS);
        let fact = |nth: u64, sensor: &Simulated| {
            let is_away = sensor.is_away && luck(self.kind.seed, nth, day << 32).random_ratio(1, 2);
            Sensor {
                id: sensor.id,
                product: PRODUCT,
                hardware: hardware(),
                running: if sensor.runs(self.now_ms) { NEW } else { OLD },
                battery_mv: Some(if day >= 7 { sensor.battery_mv.max(2600) } else { sensor.battery_mv }),
                battery_percent: None,
                adapter: (!is_away).then_some(sensor.adapter),
            }
        };
        self.sensors.iter().enumerate().map(|(nth, sensor)| fact(nth as u64, sensor)).collect()
    }

    /// Something happens; if that is the end of all links, the plan is to be asked again.
    fn suffers(&mut self, mishap: Mishap) -> bool {
        match mishap {
            Mishap::None => return false,
            Mishap::Reread => {
                let plan = Plan::from_bytes(&self.plan.to_bytes(), &now(self.now_ms)).unwrap();
                if self.open.is_empty() {
                    self.plan = plan;
                }
                return false;
            }
            Mishap::LinksLost => {
                self.open.clear();
                self.plan.lose_links(&now(self.now_ms));
            }
            Mishap::Restarted => {
                self.open.clear();
                self.plan = Plan::from_bytes(&self.plan.to_bytes(), &now(self.now_ms)).unwrap();
            }
            Mishap::PowerLost => {
                self.open.clear();
                self.plan = Plan::from_bytes(&self.written, &now(self.now_ms)).unwrap();
            }
        }
        true
    }

    /// Ends the links whose time has come.
    fn finish(&mut self) {
        let (ended, open) = self.open.drain(..).partition(|(at_ms, _)| *at_ms <= self.now_ms);
        self.open = open;
        let ended: Vec<(u64, Order)> = ended;
        for (_, order) in ended {
            let nth = self.sensors.iter().position(|sensor| sensor.id == order.sensor).unwrap();
            let wants = self.plan.wants(&order);
            let sensor = &mut self.sensors[nth];
            sensor.links += 1;
            let luck = &mut luck(self.kind.seed, nth as u64, sensor.links);
            let is_lost = !wants || luck.random_ratio(self.kind.lost, 100);
            let outcome = match order.task {
                Task::Send => sensor.sends(is_lost, luck, self.now_ms),
                Task::Prove => sensor.proves(is_lost, luck, self.now_ms),
            };
            if sensor.received > 0 && order.task == Task::Send {
                let received = sensor.received;
                self.plan.report(order.sensor, Outcome::Progressed { received }, &now(self.now_ms));
            }
            if outcome == Outcome::Proved {
                self.proved.insert(order.sensor, self.now_ms);
            }
            self.plan.report(order.sensor, outcome, &now(self.now_ms));
            // Most of the time there is time for that.
            if luck.random_ratio(3, 4) {
                self.written = self.plan.to_bytes();
            }
        }
    }

    /// Sensors that run it and keep it.
    pub(crate) fn kept(&self) -> usize {
        self.sensors.iter().filter(|sensor| sensor.is_proved).count()
    }

    /// Sensors that ever installed it.
    pub(crate) fn installed(&self) -> usize {
        self.sensors.iter().filter(|sensor| sensor.trial_since_ms.is_some()).count()
    }

    /// Sensors that had a link in which something was sent.
    pub(crate) fn touched(&self) -> usize {
        self.sensors.iter().filter(|sensor| sensor.received > 0 || sensor.trial_since_ms.is_some()).count()
    }
}

impl Simulated {
    /// Does it run the new version, as its adverts have it?
    fn runs(&self, now_ms: u64) -> bool {
        let is_taken_back = |since_ms: u64| self.is_bad && now_ms > since_ms + 3 * HOUR_MS;
        !self.is_bricked
            && self.trial_since_ms.is_some_and(|since_ms| now_ms > since_ms + MINUTE_MS && !is_taken_back(since_ms))
    }

    fn sends(&mut self, is_lost: bool, luck: &mut ChaCha8Rng, now_ms: u64) -> Outcome {
        if self.runs(now_ms) {
            self.is_proved |= !self.is_bad;
            return if self.is_bad { Outcome::OnTrial } else { Outcome::Proved };
        }
        if is_lost {
            self.received = LENGTH.min(self.received + luck.random_range(0..LENGTH / 2));
            // Now and then it is the answer to the last question that is lost.
            let was_asked = self.received == LENGTH && luck.random();
            if was_asked {
                self.install(now_ms);
            }
            return Outcome::LinkLost { was_asked };
        }
        self.received = LENGTH;
        self.install(now_ms);
        Outcome::Installed
    }

    const fn install(&mut self, now_ms: u64) {
        self.trial_since_ms = Some(now_ms);
    }

    fn proves(&mut self, is_lost: bool, luck: &mut ChaCha8Rng, now_ms: u64) -> Outcome {
        if is_lost || self.is_bricked {
            return Outcome::LinkLost { was_asked: false };
        }
        match (self.runs(now_ms), self.is_bad) {
            (true, true) => Outcome::OnTrial,
            (true, false) => {
                self.is_proved = true;
                Outcome::Proved
            }
            (false, true) => Outcome::Reverted,
            // The plan could not know whether it was asked to install it: it was not.
            (false, false) => self.sends(false, luck, now_ms),
        }
    }
}

/// The luck of the nth sensor in something that has a number.
fn luck(seed: u64, nth: u64, what: u64) -> ChaCha8Rng {
    let mut key = [0; 32];
    for (place, number) in key.chunks_mut(8).zip([seed, nth, what, 0]) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    ChaCha8Rng::from_seed(key)
}
