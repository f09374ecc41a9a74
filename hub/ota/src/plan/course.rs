//! One sensor's way from the old version to the new one.

use hub_model::{ReceiverId, RolloutStep};

use super::words::{Failure, Outcome, Postponement, Task};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

/// After a lost link the next is opened so much later, then twice as much, up to an hour: each costs the sensor energy.
const AGAIN_MS: u64 = MINUTE_MS;
/// A sensor that installs has its bootloader swap two images first: half a minute on the slowest chip.
const SWAP_MS: u64 = 2 * MINUTE_MS;
/// A sensor on trial has an hour and three starts, and opens a window every ten minutes.
const PROOF_EVERY_MS: u64 = 10 * MINUTE_MS;
/// An installed version has to be proved in so long: more than the three trials of an hour after which it is taken back.
pub(super) const PROOF_MS: u64 = 6 * HOUR_MS;
/// A weak battery does not get better in an hour.
const POSTPONED_MS: u64 = 6 * HOUR_MS;
/// After a failed try the next is so much later, then twice as much.
const RETRY_MS: u64 = HOUR_MS;
/// A sensor without any news for so long keeps nobody else waiting.
pub(super) const PATIENCE_MS: u64 = 24 * HOUR_MS;

/// What was found of a sensor, and in which ring of the rollout that was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) ring: u8,
    pub(super) is_good: bool,
}

/// A link to the sensor, from the order to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) adapter: ReceiverId,
    pub(super) is_up: bool,
}

/// One sensor's way. Times are the plan's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Course {
    pub(super) standing: RolloutStep,
    pub(super) received: u32,
    /// Before this nothing is tried.
    pub(super) due_ms: u64,
    /// When it last came further, or failed.
    pub(super) news_ms: u64,
    /// Links lost in a row without a byte.
    pub(super) fruitless: u8,
    /// Tries that failed.
    pub(super) failures: u8,
    pub(super) failure: Option<Failure>,
    pub(super) postponed: Option<Postponement>,
    pub(super) verdict: Option<Verdict>,
    pub(super) link: Option<Link>,
}

/// What a course is judged by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) now_ms: u64,
    pub(super) ring: u8,
    pub(super) tries: u8,
    /// Bytes of the image.
    pub(super) length: u32,
}

impl Course {
    pub(super) const fn new(now_ms: u64) -> Self {
        Self {
            standing: RolloutStep::Waiting,
            received: 0,
            due_ms: now_ms,
            news_ms: now_ms,
            fruitless: 0,
            failures: 0,
            failure: None,
            postponed: None,
            verdict: None,
            link: None,
        }
    }

    /// What there is to do, if anything.
    pub(super) const fn task(&self) -> Option<Task> {
        match self.standing {
            RolloutStep::Waiting | RolloutStep::Receiving => Some(Task::Send),
            RolloutStep::Installed | RolloutStep::Running => Some(Task::Prove),
            RolloutStep::Updated | RolloutStep::GivenUp => None,
        }
    }

    /// Does it take a place in the ring?
    ///
    /// Not when it has nothing but a part of an image and was silent for long: another takes its place.
    pub(super) const fn is_touched(&self, terms: &Terms) -> bool {
        match self.standing {
            RolloutStep::Waiting => self.link.is_some() || self.failures > 0,
            RolloutStep::Receiving => self.link.is_some() || self.failures > 0 || !self.is_silent(terms),
            _ => true,
        }
    }

    /// Is it done with, one way or the other, for the ring to be?
    pub(super) const fn is_settled(&self, terms: &Terms) -> bool {
        match self.standing {
            RolloutStep::Updated | RolloutStep::GivenUp => true,
            RolloutStep::Waiting | RolloutStep::Receiving => self.failures > 0 && self.is_silent(terms),
            RolloutStep::Installed | RolloutStep::Running => false,
        }
    }

    const fn is_silent(&self, terms: &Terms) -> bool {
        self.link.is_none() && terms.now_ms.saturating_sub(self.news_ms) >= PATIENCE_MS
    }

    /// When it has failed unless something is heard of it.
    pub(super) const fn deadline_ms(&self) -> Option<u64> {
        match (self.task(), self.link) {
            (Some(Task::Prove), None) => Some(self.news_ms.saturating_add(PROOF_MS)),
            _ => None,
        }
    }

    /// Takes in what was reported.
    pub(super) fn take(&mut self, outcome: Outcome, target: wire::firmware::Version, terms: &Terms) {
        match outcome {
            Outcome::Started => {
                if let Some(link) = &mut self.link {
                    link.is_up = true;
                }
            }
            Outcome::Progressed { received } => self.progress(received, terms),
            Outcome::Installed => self.installed(terms),
            Outcome::OnTrial => {
                self.link = None;
                self.runs(terms);
                self.due_ms = terms.now_ms + PROOF_EVERY_MS;
            }
            Outcome::Proved => self.proved(terms),
            Outcome::Reverted => self.fail(Failure::Reverted, terms),
            Outcome::Postponed { why } => self.postpone(why, terms),
            Outcome::Failed { why } => self.fail(why, terms),
            Outcome::LinkLost { was_asked } => self.lose(was_asked, terms),
            Outcome::SeenRunning { version } if version == target => self.runs(terms),
            Outcome::SeenRunning { .. } => {
                if matches!(self.standing, RolloutStep::Running | RolloutStep::Updated) {
                    self.fail(Failure::Reverted, terms);
                }
            }
        }
    }

    fn progress(&mut self, received: u32, terms: &Terms) {
        if matches!(self.standing, RolloutStep::Waiting | RolloutStep::Receiving) {
            if received > self.received {
                (self.news_ms, self.fruitless, self.postponed) = (terms.now_ms, 0, None);
            }
            (self.standing, self.received) = (RolloutStep::Receiving, received.min(terms.length));
        }
    }

    const fn postpone(&mut self, why: Postponement, terms: &Terms) {
        (self.link, self.postponed, self.due_ms) = (None, Some(why), terms.now_ms + POSTPONED_MS);
        if matches!((why, self.standing), (Postponement::BatteryLow { .. }, RolloutStep::Installed)) {
            // It has all of it and cannot install it yet, which is no failure.
            (self.standing, self.news_ms) = (RolloutStep::Receiving, terms.now_ms);
        }
    }

    const fn installed(&mut self, terms: &Terms) {
        (self.link, self.fruitless, self.postponed) = (None, 0, None);
        self.due_ms = terms.now_ms + SWAP_MS;
        // One that says so again has not come further.
        if !matches!(self.standing, RolloutStep::Installed | RolloutStep::Running | RolloutStep::Updated) {
            (self.standing, self.received, self.news_ms) = (RolloutStep::Installed, terms.length, terms.now_ms);
        }
    }

    const fn runs(&mut self, terms: &Terms) {
        if !matches!(self.standing, RolloutStep::Running | RolloutStep::Updated) {
            (self.standing, self.received) = (RolloutStep::Running, terms.length);
            (self.news_ms, self.due_ms, self.fruitless) = (terms.now_ms, terms.now_ms, 0);
            self.postponed = None;
        }
    }

    const fn proved(&mut self, terms: &Terms) {
        (self.link, self.fruitless, self.postponed) = (None, 0, None);
        if !matches!(self.standing, RolloutStep::Updated) {
            (self.standing, self.received, self.news_ms) = (RolloutStep::Updated, terms.length, terms.now_ms);
            self.verdict = Some(Verdict { ring: terms.ring, is_good: true });
        }
    }

    pub(super) fn fail(&mut self, why: Failure, terms: &Terms) {
        self.failures = self.failures.saturating_add(1);
        let is_over = why.is_final() || self.failures >= terms.tries;
        self.standing = if is_over { RolloutStep::GivenUp } else { RolloutStep::Waiting };
        (self.received, self.link, self.fruitless, self.postponed) = (0, None, 0, None);
        (self.failure, self.news_ms) = (Some(why), terms.now_ms);
        self.due_ms = terms.now_ms + (RETRY_MS << u32::from(self.failures - 1).min(5));
        self.verdict = Some(Verdict { ring: terms.ring, is_good: false });
    }

    pub(super) fn lose(&mut self, was_asked: bool, terms: &Terms) {
        if self.link.take().is_none() {
            return;
        }
        if was_asked && self.standing == RolloutStep::Receiving {
            // Perhaps it installs: what came of it is seen in the next link.
            self.installed(terms);
            return;
        }
        let most_ms = if self.task() == Some(Task::Prove) { PROOF_EVERY_MS } else { HOUR_MS };
        self.due_ms = terms.now_ms + (AGAIN_MS << u32::from(self.fruitless).min(6)).min(most_ms);
        self.fruitless = self.fruitless.saturating_add(1);
    }
}
