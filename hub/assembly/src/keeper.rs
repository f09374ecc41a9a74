//! Looks after what must happen in time: flush, seal, settle the clock, keep dead letters, expire, pack again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hub_bus::{Bus, Draft};
use hub_history::History;
use hub_model::{AlertKind, Clock, EventBody, EventLog, Now, Retention, Severity, TimeQuality, chain};
use hub_registry::{DeadLetters, Registry};

use crate::{
    alerts::Alerts,
    timekeeper::{Correction, Timekeeper},
};

/// Dead letters are kept on disk, and formats noted, so often, in milliseconds: they are for looking back, not for acting on.
const DEAD_LETTERS_MS: u64 = 600_000;
/// The wall time is noted so often, in milliseconds: the error of the guess after a power cut without a clock.
const WALL_MS: u64 = 3_600_000;
/// What is older than its retention is dropped so often, in milliseconds.
const EXPIRE_MS: u64 = 86_400_000;
/// The store is brought back within its budget so often, in milliseconds: as often as it grows by a seal.
const BUDGET_MS: u64 = 3_600_000;
/// Old blocks are packed again so often, in milliseconds, and so many at once: what a house of 200 sensors with a reading
/// in 10 s fills in some hours. It takes 0.15 s on a laptop, and the flush waits.
const REPACK_MS: u64 = 3_600_000;
const REPACKED_AT_ONCE: usize = 256;

/// The keeper. One task owns it; every call blocks on the disk.
pub struct Keeper {
    bus: Bus,
    history: Arc<History>,
    registry: Arc<Mutex<Registry>>,
    dead_letters: Arc<DeadLetters>,
    alerts: Arc<Alerts>,
    clock: Arc<dyn Clock>,
    default_retention: Retention,
    budget: Option<u64>,
    commit_interval_ms: u64,
    timekeeper: Timekeeper,
    flushed_ms: u64,
    buried_ms: u64,
    noted_ms: u64,
    expired_ms: u64,
    fitted_ms: u64,
    repacked_ms: u64,
    /// The duties whose last try failed.
    failing: BTreeSet<&'static str>,
}

/// What a keeper looks after.
pub(crate) struct Kept {
    pub bus: Bus,
    pub history: Arc<History>,
    pub registry: Arc<Mutex<Registry>>,
    pub dead_letters: Arc<DeadLetters>,
    pub alerts: Arc<Alerts>,
    pub clock: Arc<dyn Clock>,
    pub default_retention: Retention,
    /// Bytes that the history may take.
    pub budget: Option<u64>,
    pub commit_interval_ms: u64,
}

/// Is it time again? Then it is noted as done.
fn due(last_ms: &mut u64, now_ms: u64, every_ms: u64) -> bool {
    let is_due = now_ms.saturating_sub(*last_ms) >= every_ms;
    if is_due {
        *last_ms = now_ms;
    }
    is_due
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl Keeper {
    pub(crate) fn new(kept: Kept) -> Self {
        let now_ms = kept.clock.now().stamp.ms;
        Self {
            bus: kept.bus,
            history: kept.history,
            registry: kept.registry,
            dead_letters: kept.dead_letters,
            alerts: kept.alerts,
            clock: kept.clock,
            default_retention: kept.default_retention,
            budget: kept.budget,
            commit_interval_ms: kept.commit_interval_ms,
            timekeeper: Timekeeper::default(),
            flushed_ms: now_ms,
            buried_ms: now_ms,
            noted_ms: now_ms,
            // What is too old is dropped soon after start.
            expired_ms: now_ms.saturating_sub(EXPIRE_MS),
            fitted_ms: now_ms.saturating_sub(BUDGET_MS),
            repacked_ms: now_ms.saturating_sub(REPACK_MS),
            failing: BTreeSet::new(),
        }
    }

    /// Does what is due. Call it every second or so, of real or simulated time.
    ///
    /// A disk that is full or fails is an alert, not an end: what failed is tried again when it is due again.
    pub fn tick(&mut self) {
        let now = self.clock.now();
        let ms = now.stamp.ms;
        let settled = self.settle(now);
        self.done("settle the clock", settled, now);
        if due(&mut self.flushed_ms, ms, self.commit_interval_ms) {
            let flushed = self.history.flush().map(|_| ()).map_err(Into::into);
            self.done("flush the journal", flushed, now);
        }
        if self.history.seal_due(now.wall.at) {
            let sealed = self.history.seal(now.wall.at).map_err(Into::into);
            self.done("seal the journal", sealed, now);
        }
        if due(&mut self.buried_ms, ms, DEAD_LETTERS_MS) {
            let kept = self.bury().and_then(|()| self.note_formats());
            self.done("keep dead letters", kept, now);
        }
        if due(&mut self.noted_ms, ms, WALL_MS) {
            let noted = self.note(now);
            self.done("note the time", noted, now);
        }
        // Nothing is thrown away by a clock that may be wrong, and no day is over by it.
        if now.wall.quality == TimeQuality::Synchronised && due(&mut self.expired_ms, ms, EXPIRE_MS) {
            let expired = self.expire(now);
            self.done("drop what is too old", expired, now);
        }
        if now.wall.quality == TimeQuality::Synchronised && due(&mut self.repacked_ms, ms, REPACK_MS) {
            let repacked = self.history.repack(now.wall.at, REPACKED_AT_ONCE).map(|_| ()).map_err(Into::into);
            self.done("pack old readings", repacked, now);
        }
        // What is oldest needs no clock to tell, and a disk fills without one too.
        if let Some(budget) = self.budget
            && due(&mut self.fitted_ms, ms, BUDGET_MS)
        {
            let fitted = self.fit(budget);
            self.done("keep the history within its budget", fitted, now);
        }
    }

    /// Remembers which duties fail; the first to fail raises the alert, the last to succeed again clears it.
    fn done(&mut self, duty: &'static str, outcome: Result<(), Failure>, now: Now) {
        let key = (AlertKind::StoreFailing, None);
        let told = match outcome {
            Ok(()) if self.failing.remove(duty) && self.failing.is_empty() => self.alerts.clear(&self.bus, now, key),
            Ok(()) => Ok(()),
            Err(error) => {
                self.failing.insert(duty);
                let advice = format!(
                    "The hub cannot {duty}: {}. Free space on the disk or replace the card; readings are kept in memory \
                     meanwhile.",
                    chain(error.as_ref())
                );
                self.alerts.raise(&self.bus, now, Severity::Critical, key, advice)
            }
        };
        if let Err(error) = told {
            tracing::error!(error = chain(&error), "an alert could not be told");
        }
    }

    /// Writes all that is in memory, at the end.
    ///
    /// # Errors
    /// When something could not be written.
    pub fn finish(&mut self) -> Result<(), Failure> {
        let now = self.clock.now();
        self.settle(now)?;
        self.bury()?;
        self.note(now)?;
        self.history.flush()?;
        self.history.seal(now.wall.at)?;
        Ok(())
    }

    /// Learns what the clock tells.
    fn settle(&mut self, now: Now) -> Result<(), Failure> {
        let Some(correction) = self.timekeeper.step(now) else { return Ok(()) };
        let unset = (AlertKind::ClockUnset, None);
        match correction {
            Correction::Guessed { boot, offset_ms } => {
                self.history.estimate(boot, offset_ms)?;
                let advice = "The clock is not set yet; times are guesses and are corrected when it is. Connect the hub \
                              to the internet once, or add a real-time clock.";
                self.alerts.raise(&self.bus, now, Severity::Notice, unset, advice)?;
            }
            Correction::Set { boot, offset_ms, by_ms } => {
                self.history.settle(boot, offset_ms, None)?;
                self.alerts.clear(&self.bus, now, unset)?;
                if by_ms != 0 {
                    self.stepped(now, by_ms)?;
                }
            }
            Correction::Stepped { boot, offset_ms, from_ms, by_ms } => {
                self.history.settle(boot, offset_ms, Some(from_ms))?;
                self.stepped(now, by_ms)?;
            }
        }
        Ok(())
    }

    fn stepped(&self, now: Now, by_ms: i64) -> Result<(), Failure> {
        tracing::info!(by_ms, "the wall clock was set");
        let body = EventBody::ClockStepped { by_ms };
        self.bus.publish(Draft { at: now.stamp, wall: now.wall, trace: None, body }, |state| {
            for current in state.current.values_mut().filter(|current| current.at.boot == now.stamp.boot) {
                current.wall = self.history.wall(current.at);
            }
        })?;
        Ok(())
    }

    fn bury(&self) -> Result<(), Failure> {
        let changes = self.dead_letters.drain_dirty();
        if !changes.is_empty()
            && let Err(error) = self.registry().store_dead_letters(&changes)
        {
            self.dead_letters.give_back(&changes);
            return Err(error.into());
        }
        Ok(())
    }

    fn note(&self, now: Now) -> Result<(), Failure> {
        if now.wall.quality == TimeQuality::Synchronised {
            self.registry().note_wall(now.wall.at)?;
        }
        Ok(())
    }

    /// Writes down the format of devices that were adopted before they were understood.
    fn note_formats(&self) -> Result<(), Failure> {
        let snapshot = self.bus.snapshot();
        for (id, contact) in &snapshot.contacts {
            let is_new = snapshot.household.devices.get(id).is_some_and(|device| device.format.is_none());
            if is_new && let Some(household) = self.registry().note_format(*id, contact.format)? {
                self.bus.note(|state| state.take_household(household));
            }
        }
        Ok(())
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn expire(&self, now: Now) -> Result<(), Failure> {
        let household = self.bus.household();
        let policy = |device, quantity| {
            let device = household.devices.get(&device);
            device.map_or(self.default_retention, |device| device.retention(quantity, self.default_retention))
        };
        self.history.expire(now.wall.at, &policy)?;
        Ok(())
    }

    fn fit(&self, budget: u64) -> Result<(), Failure> {
        if let Some(before) = self.history.keep_within(budget)? {
            // Beyond the years that can be written, the number alone must do.
            let before =
                jiff::Timestamp::from_millisecond(before.0).map_or(before.0.to_string(), |at| format!("{at:.0}"));
            let budget_mb = budget >> 20;
            tracing::info!(
                before,
                budget_mb,
                "single readings before this time were dropped to keep the history within its budget; hourly and daily \
                 figures stay. To keep more, raise history.max_mb in hubd.toml, or lower history.raw_days"
            );
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
