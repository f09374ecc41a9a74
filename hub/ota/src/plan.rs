//! Who is updated next: the rollout of one release, without clock, radio or storage.

mod choose;
mod course;
mod record;
mod rings;
mod words;

use std::collections::BTreeMap;

use course::{Course, Terms};
use hub_model::{
    DeviceId, FirmwareVersion, Halt, Now, ReceiverId, Rollout, RolloutCounts, RolloutHold, RolloutSensor, RolloutState,
    RolloutStep, Stamp, Zone,
};
pub use record::PlanRecordError;
pub use words::{Failure, Next, Order, Outcome, Postponement, Sensor, Task};

use crate::{Policy, Release};

/// The rollout of one release: a machine that is told what is and what happened, and says what to do.
///
/// # Rings
///
/// A ring is a number of sensors that may have been *touched* by then: canaries, percents, all. Who comes first is a hash
/// of release and device, so it is the same after any restart and others with each release; who is out of reach
/// or has a weak battery is passed over, and keeps nobody waiting. The next ring begins when as many as the ring has are
/// settled, too few of them failed, and nothing happened for the time of soaking.
///
/// # Success and failure
///
/// An update has succeeded when a link finds the sensor running the new version past its trial, never by the transfer's end; a
/// sensor that was seen running it in an advert is on the way there, and gets that link. It has failed when the sensor took
/// it back, was not seen for six hours after installing, or refused. A lost link is neither: the transfer goes on where
/// it was, later each time that not a byte came through.
///
/// # Time
///
/// Intervals are counted on the boot clock. Time between the moment in which a plan was last kept and the one in which it is
/// [read](Self::from_bytes) again does not count: nobody remembers what happened in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    release: Release,
    policy: Policy,
    mode: Mode,
    /// The ring, from 0 on; the last one is never passed.
    ring: u8,
    /// When the ring was done, on the plan's clock.
    done_ms: Option<u64>,
    courses: BTreeMap<DeviceId, Course>,
    clock: PlanClock,
    /// What was found when the sensors were last looked at.
    census: Census,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Running,
    Paused,
    Halted(Halted),
    Aborted,
}

/// Why a rollout was halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Halted {
    /// In which ring, from 0 on.
    ring: u8,
    /// So many sensors of the ring were judged.
    judged: u32,
    /// So many of them failed.
    failed: u32,
    /// How the last of them failed.
    last: Failure,
}

/// Milliseconds that the plan has lived through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PlanClock {
    lived_ms: u64,
    read_at: Stamp,
}

impl PlanClock {
    fn at(&self, now: &Now) -> u64 {
        let is_same = self.read_at.boot == now.stamp.boot;
        let since_ms = if is_same { now.stamp.ms.saturating_sub(self.read_at.ms) } else { 0 };
        self.lived_ms.saturating_add(since_ms)
    }

    fn advance(&mut self, now: &Now) -> u64 {
        *self = Self { lived_ms: self.at(now), read_at: now.stamp };
        self.lived_ms
    }
}

/// What the sensors were at the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Census {
    /// Those that need the release, or were touched by it.
    total: usize,
    already: usize,
    out_of_reach: usize,
    weak: usize,
    hold: Option<RolloutHold>,
}

impl Plan {
    /// A rollout that begins now.
    pub fn new(release: Release, policy: Policy, now: &Now) -> Self {
        Self {
            release,
            policy,
            mode: Mode::Running,
            ring: 0,
            done_ms: None,
            courses: BTreeMap::new(),
            clock: PlanClock { lived_ms: 0, read_at: now.stamp },
            census: Census::default(),
        }
    }

    /// What is rolled out.
    pub const fn release(&self) -> &Release {
        &self.release
    }

    /// How.
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What is to be done now. `sensors` are all that the home has, also those out of reach; hours are by `zone`.
    ///
    /// Ask until the answer is [`Next::Wait`]: an order for each adapter that is free. Each order ends with a
    /// [report](Self::report), and after a report this is asked again: here it is judged what was reported.
    pub fn next(&mut self, sensors: &[Sensor], zone: &Zone, now: &Now) -> Next {
        let now_ms = self.clock.advance(now);
        self.notice(sensors, now_ms);
        self.expire(now_ms);
        self.count(sensors);
        self.judge();
        self.turn_ring(now_ms);
        self.choose(sensors, zone, now)
    }

    /// Takes in what came of an order, or was seen of a sensor.
    pub fn report(&mut self, sensor: DeviceId, outcome: Outcome, now: &Now) {
        let now_ms = self.clock.advance(now);
        let (terms, target) = (self.terms(now_ms), self.release.version);
        if let Some(course) = self.courses.get_mut(&sensor) {
            course.take(outcome, target, &terms);
        }
    }

    /// Is the link of this order still wanted? Asked before each message, so that a halt reaches links that are open.
    pub fn wants(&self, order: &Order) -> bool {
        let is_ours = self.courses.get(&order.sensor).is_some_and(|course| course.link.is_some());
        match self.mode {
            Mode::Running => is_ours,
            Mode::Paused => is_ours && order.task == Task::Prove,
            Mode::Halted(_) | Mode::Aborted => false,
        }
    }

    /// Every link that was open is lost, as after a restart of whoever opened them.
    pub fn lose_links(&mut self, now: &Now) {
        let now_ms = self.clock.advance(now);
        self.lose_links_at(now_ms);
    }

    fn lose_links_at(&mut self, now_ms: u64) {
        let terms = self.terms(now_ms);
        for course in self.courses.values_mut() {
            // A sensor that had all of it may have been asked to install it.
            course.lose(course.received >= terms.length, &terms);
        }
    }

    /// A sensor is no longer the home's.
    pub fn forget(&mut self, sensor: DeviceId) {
        self.courses.remove(&sensor);
    }

    /// Stops it for now.
    pub const fn pause(&mut self) {
        if let Mode::Running = self.mode {
            self.mode = Mode::Paused;
        }
    }

    /// Goes on after a pause or a halt; what led to the halt is not counted again.
    pub fn resume(&mut self) {
        if let Mode::Halted(_) = self.mode {
            for course in self.courses.values_mut() {
                course.verdict = course.verdict.filter(|verdict| verdict.is_good);
            }
        }
        if self.mode != Mode::Aborted {
            self.mode = Mode::Running;
        }
    }

    /// Stops it for good.
    pub const fn abort(&mut self) {
        self.mode = Mode::Aborted;
    }

    /// Whether it goes on, as of the last [look](Self::next) at the sensors.
    pub fn state(&self, now: &Now) -> RolloutState {
        let counts = self.counts();
        let settled = counts.updated + counts.given_up;
        match self.mode {
            Mode::Paused => RolloutState::Paused,
            Mode::Halted(Halted { ring, judged, failed, last }) => {
                RolloutState::Halted(Halt { ring, judged, failed, last: last.to_string() })
            }
            Mode::Aborted => RolloutState::Aborted,
            Mode::Running if settled > 0 && usize_of(settled) >= self.census.total => RolloutState::Complete,
            Mode::Running => match self.done_ms {
                Some(done_ms) => RolloutState::Soaking {
                    left_ms: (done_ms + self.policy.soak_ms).saturating_sub(self.clock.at(now)),
                },
                None => RolloutState::Running,
            },
        }
    }

    /// How it stands, as of the last [look](Self::next) at the sensors.
    pub fn status(&self, now: &Now) -> Rollout {
        Rollout {
            release: self.release.id,
            product: self.release.product.0,
            version: FirmwareVersion(self.release.version.0),
            length: self.release.length,
            state: self.state(now),
            ring: self.ring,
            rings: u8::try_from(self.policy.rings()).unwrap_or(u8::MAX),
            quota: count(self.quota()),
            counts: self.counts(),
            hold: self.census.hold.filter(|_| self.mode == Mode::Running),
            sensors: self.standings().map(|(device, standing)| standing.told(device)).collect(),
        }
    }

    /// How far a sensor has come; `None` where the rollout has not come to it.
    pub fn standing(&self, sensor: DeviceId) -> Option<SensorStanding> {
        self.courses.get(&sensor).map(SensorStanding::of)
    }

    /// How far every sensor has come that the rollout has come to.
    pub fn standings(&self) -> impl Iterator<Item = (DeviceId, SensorStanding)> {
        self.courses.iter().map(|(id, course)| (*id, SensorStanding::of(course)))
    }

    const fn terms(&self, now_ms: u64) -> Terms {
        Terms { now_ms, ring: self.ring, tries: self.policy.tries, length: self.release.length }
    }

    fn counts(&self) -> RolloutCounts {
        let Census { total, already, out_of_reach, weak, .. } = self.census;
        let mut counts = RolloutCounts {
            already: count(already),
            out_of_reach: count(out_of_reach),
            weak: count(weak),
            ..RolloutCounts::default()
        };
        for course in self.courses.values() {
            let place = match course.standing {
                RolloutStep::Waiting if course.failures > 0 => &mut counts.failing,
                RolloutStep::Waiting => continue,
                RolloutStep::Receiving => &mut counts.receiving,
                RolloutStep::Installed | RolloutStep::Running => &mut counts.installing,
                RolloutStep::Updated => &mut counts.updated,
                RolloutStep::GivenUp => &mut counts.given_up,
            };
            *place += 1;
        }
        let come_to = counts.failing + counts.receiving + counts.installing + counts.updated + counts.given_up;
        counts.waiting = count(total).saturating_sub(come_to + counts.out_of_reach + counts.weak);
        counts
    }
}

/// How far one sensor has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SensorStanding {
    /// How far.
    pub standing: RolloutStep,
    /// Bytes of the image that it has.
    pub received: u32,
    /// The adapter of the link that was ordered or is open.
    pub adapter: Option<ReceiverId>,
    /// Is that link open?
    pub is_linked: bool,
    /// How many tries failed.
    pub failures: u8,
    /// How the last of them failed.
    pub failure: Option<Failure>,
    /// Why it is left alone for some hours.
    pub postponed: Option<Postponement>,
}

impl SensorStanding {
    fn of(course: &Course) -> Self {
        let &Course { standing, received, link, failures, failure, postponed, .. } = course;
        let adapter = link.map(|link| link.adapter);
        let is_linked = link.is_some_and(|link| link.is_up);
        Self { standing, received, adapter, is_linked, failures, failure, postponed }
    }

    fn told(self, device: DeviceId) -> RolloutSensor {
        let Self { standing: step, received, failures, .. } = self;
        let failure = self.failure.map(|failure| failure.to_string());
        let postponed = self.postponed.map(|postponed| postponed.to_string());
        RolloutSensor { device, step, received, failures, failure, postponed }
    }
}

/// Sensors are counted in 32 bits, for people.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

fn usize_of(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
