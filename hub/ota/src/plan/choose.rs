//! Who is next.

use std::collections::BTreeSet;

use hub_model::{DeviceId, Now, ReceiverId, RolloutHold, RolloutStep, TimeQuality, Zone};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    Course, Mode, Plan,
    course::Link,
    words::{Next, Order, Sensor, Task},
};

/// Nobody waits longer without another look, ms.
const LOOK_MS: u64 = 3_600_000;

/// What comes first: who would take the new program back, then who has a part of it, then who failed, then the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Urgency {
    Proof,
    Part,
    Again,
    New,
}

/// What is free.
struct Room {
    /// Adapters with a link of ours.
    taken: BTreeSet<ReceiverId>,
    /// May what changes a sensor be begun?
    may_begin: bool,
    /// Has the ring a place for one more?
    has_place: bool,
}

impl Plan {
    pub(super) fn choose(&mut self, sensors: &[Sensor], zone: &Zone, now: &Now) -> Next {
        self.census.hold = self.hold(zone, now);
        let now_ms = self.clock.lived_ms;
        let room = self.room();
        let chosen = match self.mode {
            Mode::Halted(_) | Mode::Aborted => None,
            Mode::Running | Mode::Paused => sensors
                .iter()
                .filter(|sensor| self.due_ms(sensor.id) <= now_ms)
                .filter_map(|sensor| Some((self.urgency(sensor, &room)?, self.rank(sensor.id), sensor)))
                .min_by_key(|(urgency, rank, sensor)| (*urgency, *rank, sensor.id)),
        };
        let order = chosen.and_then(|(.., sensor)| self.order(sensor, now_ms));
        order.map_or_else(|| Next::Wait { ms: self.wait_ms(now_ms) }, Next::Link)
    }

    /// Would a link to this sensor be ordered now, as of the last [look](Self::next) at all of them? For whoever hears one that
    /// can be reached: each link that comes to nothing costs the sensor energy. One that was asked to install is not at it any
    /// more when it can be reached.
    pub fn would_link(&self, sensor: &Sensor, now: &Now) -> bool {
        let is_back = self.courses.get(&sensor.id).is_some_and(|course| course.standing == RolloutStep::Installed);
        let is_due = is_back || self.due_ms(sensor.id) <= self.clock.at(now);
        is_due && !self.is_stopped() && self.urgency(sensor, &self.room()).is_some()
    }

    fn room(&self) -> Room {
        let terms = self.terms(self.clock.lived_ms);
        let touched = self.courses.values().filter(|course| course.is_touched(&terms)).count();
        Room {
            taken: self.courses.values().filter_map(|course| Some(course.link?.adapter)).collect(),
            may_begin: self.mode == Mode::Running && self.census.hold.is_none(),
            has_place: self.done_ms.is_none() && touched < self.quota(),
        }
    }

    /// The order for a sensor, which takes its adapter.
    fn order(&mut self, sensor: &Sensor, now_ms: u64) -> Option<Order> {
        let adapter = sensor.adapter?;
        let course = self.courses.entry(sensor.id).or_insert_with(|| Course::new(now_ms));
        let task = course.task()?;
        course.link = Some(Link { adapter, is_up: false });
        Some(Order { sensor: sensor.id, adapter, task })
    }

    /// How urgent it is; `None` when it may not be next.
    fn urgency(&self, sensor: &Sensor, room: &Room) -> Option<Urgency> {
        if room.taken.contains(&sensor.adapter?) {
            return None;
        }
        let course = self.courses.get(&sensor.id).copied().unwrap_or_else(|| Course::new(0));
        match (course.task()?, course.link) {
            (_, Some(_)) => None,
            (Task::Prove, None) => Some(Urgency::Proof),
            (Task::Send, None) if !room.may_begin || !self.needs(sensor) || !self.is_charged(sensor) => None,
            (Task::Send, None) if !course.is_touched(&self.terms(self.clock.lived_ms)) => {
                room.has_place.then_some(Urgency::New)
            }
            (Task::Send, None) => Some(if course.failures > 0 { Urgency::Again } else { Urgency::Part }),
        }
    }

    fn due_ms(&self, sensor: DeviceId) -> u64 {
        self.courses.get(&sensor).map_or(0, |course| course.due_ms)
    }

    /// Where in the row a sensor stands: by luck that is the same each time, and another with each release.
    fn rank(&self, sensor: DeviceId) -> u64 {
        let [mut bytes, id] = [self.release.id.as_u64(), sensor.as_u64()].map(|number| number.to_le_bytes().to_vec());
        bytes.extend(id);
        xxh3_64(&bytes)
    }

    fn hold(&self, zone: &Zone, now: &Now) -> Option<RolloutHold> {
        let quiet = self.policy.quiet?;
        match now.wall.quality {
            TimeQuality::Estimated => Some(RolloutHold::ClockNotSet),
            TimeQuality::Synchronised => quiet.left_ms(now.wall.at, zone).map(|left_ms| RolloutHold::Quiet { left_ms }),
        }
    }

    /// How long nothing changes by itself.
    fn wait_ms(&self, now_ms: u64) -> u64 {
        let courses = self.courses.values();
        let dues = courses.clone().filter(|course| course.task().is_some()).map(|course| course.due_ms);
        let deadlines = courses.filter_map(Course::deadline_ms);
        let soaked = self.done_ms.map(|done_ms| done_ms.saturating_add(self.policy.soak_ms));
        let quiet = match self.census.hold {
            Some(RolloutHold::Quiet { left_ms }) => Some(now_ms + left_ms),
            Some(RolloutHold::ClockNotSet) | None => None,
        };
        let times = dues.chain(deadlines).chain(soaked).chain(quiet);
        times
            .filter_map(|at_ms| at_ms.checked_sub(now_ms))
            .filter(|ms| *ms > 0)
            .min()
            .map_or(LOOK_MS, |ms| ms.min(LOOK_MS))
    }
}
