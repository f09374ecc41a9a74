//! Rings: how many may be touched, whether that went well, and when the next begins.

use super::{
    Census, Course, Halted, Mode, Plan, count,
    words::{Failure, Outcome, Sensor},
};

impl Plan {
    /// What the adverts tell: sensors that run the new version by now, or a later one, which are no business of this plan.
    pub(super) fn notice(&mut self, sensors: &[Sensor], now_ms: u64) {
        let (terms, version) = (self.terms(now_ms), self.release.version);
        for sensor in sensors {
            if self.needs(sensor) {
                continue;
            }
            match self.courses.get_mut(&sensor.id) {
                Some(course) if sensor.running == version => {
                    course.take(Outcome::SeenRunning { version }, version, &terms);
                }
                Some(course) if course.link.is_none() => drop(self.courses.remove(&sensor.id)),
                _ => {}
            }
        }
    }

    /// Sensors that installed it and were not proved in time.
    pub(super) fn expire(&mut self, now_ms: u64) {
        if self.is_stopped() {
            return;
        }
        let terms = self.terms(now_ms);
        for course in self.courses.values_mut() {
            if course.deadline_ms().is_some_and(|deadline_ms| deadline_ms <= now_ms) {
                course.fail(Failure::NotSeen, &terms);
            }
        }
    }

    pub(super) fn count(&mut self, sensors: &[Sensor]) {
        let mut census = Census { hold: self.census.hold, ..Census::default() };
        for sensor in sensors {
            let course = self.courses.get(&sensor.id);
            let needs = self.needs(sensor);
            if course.is_none() && !needs {
                census.already += usize::from(self.release.is_for(sensor.product, sensor.hardware));
                continue;
            }
            census.total += 1;
            let is_untouched = course.is_none_or(|course| course.is_fresh());
            census.out_of_reach += usize::from(is_untouched && sensor.adapter.is_none());
            census.weak += usize::from(is_untouched && sensor.adapter.is_some() && !self.is_charged(sensor));
        }
        self.census = census;
    }

    /// Is the release for this sensor, and does it not have it?
    pub(super) fn needs(&self, sensor: &Sensor) -> bool {
        let is_older = match self.policy.goes_back {
            true => sensor.running != self.release.version,
            false => sensor.running < self.release.version,
        };
        is_older && self.release.is_for(sensor.product, sensor.hardware)
    }

    pub(super) fn is_charged(&self, sensor: &Sensor) -> bool {
        match (sensor.battery_mv, sensor.battery_percent) {
            (Some(mv), _) => mv >= self.policy.least_mv,
            (None, Some(percent)) => percent >= self.policy.least_percent,
            // The sensor itself knows, and refuses.
            (None, None) => true,
        }
    }

    /// How many sensors may have been touched in this ring.
    pub(super) fn quota(&self) -> usize {
        self.policy.quota(self.ring.into(), self.census.total)
    }

    pub(super) const fn is_stopped(&self) -> bool {
        matches!(self.mode, Mode::Halted(_) | Mode::Aborted)
    }

    /// Halts the rollout when too many of the ring failed.
    pub(super) fn judge(&mut self) {
        let before = self.ring.checked_sub(1).map_or(0, |ring| self.policy.quota(ring.into(), self.census.total));
        let new = self.quota().saturating_sub(before).max(1);
        self.judge_from(new.min(self.policy.halt_least.into()));
    }

    /// The same, when at least so many have been judged.
    fn judge_from(&mut self, least: usize) {
        if self.is_stopped() {
            return;
        }
        let judged = || self.courses.values().filter(|course| course.is_judged_in(self.ring));
        let failed = || judged().filter(|course| course.verdict.is_some_and(|verdict| !verdict.is_good));
        let (all, bad) = (judged().count(), failed().count());
        let last = failed().max_by_key(|course| course.news_ms).and_then(|course| course.failure);
        if let Some(last) = last
            && all >= least
            && bad * 100 >= usize::from(self.policy.halt_percent) * all
        {
            self.mode = Mode::Halted(Halted { ring: self.ring, judged: count(all), failed: count(bad), last });
        }
    }

    /// Goes to the next ring, when this one is done, well done, and soaked.
    pub(super) fn turn_ring(&mut self, now_ms: u64) {
        let terms = self.terms(now_ms);
        let is_last = usize::from(self.ring) + 1 >= self.policy.rings();
        let settled = self.courses.values().filter(|course| course.is_settled(&terms)).count();
        if is_last || self.census.total == 0 || settled < self.quota() {
            self.done_ms = None;
            return;
        }
        self.judge_from(1);
        if self.mode != Mode::Running {
            return;
        }
        let done_ms = *self.done_ms.get_or_insert(now_ms);
        if now_ms >= done_ms.saturating_add(self.policy.soak_ms) {
            (self.ring, self.done_ms) = (self.ring + 1, None);
        }
    }
}

impl Course {
    /// Has nothing of the image come to it, and no failure from it?
    const fn is_fresh(&self) -> bool {
        matches!(self.standing, super::RolloutStep::Waiting) && self.failures == 0 && self.link.is_none()
    }

    fn is_judged_in(&self, ring: u8) -> bool {
        self.verdict.is_some_and(|verdict| verdict.ring == ring)
    }
}
