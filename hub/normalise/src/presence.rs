//! Is a device still there? Decided by how improbable its silence is, not by a fixed time-out.
//!
//! A sensor sends once per interval, give or take; some frames are lost. So the time between two that are heard is a multiple
//! of the interval, and the multiples tell how many are lost. A device is called lost when a silence as long as the present
//! one has a chance of less than [`CHANCE`] to be bad luck.
//!
//! Time here is time in which the hub could hear: it all but stands still while nobody at all is heard, since then it is
//! the receiver that is deaf. Where the air is so empty that this happens all the time, all gaps are shortened alike.

use std::collections::BTreeMap;

use hub_model::{DeviceId, Stamp};

use crate::recent::elapsed_ms;

/// The chance of bad luck at which a silent device is called lost. Every frame is a new chance to be wrong.
pub const CHANCE: f64 = 1e-4;
/// A silence of all devices together counts as time in which the hub could hear up to here, ms.
pub const DEAF_MS: u64 = 2_000;
/// Frames closer together are one: sensors repeat each several times, and several receivers hear it. In ms.
pub const TOGETHER_MS: u64 = 500;
/// The time between frames that is remembered.
const GAPS: usize = 128;
/// Fewer say nothing.
const FEW: usize = 16;
/// The longest that any device is waited for, ms: a day.
const LONGEST_MS: u64 = 86_400_000;

/// A device went or came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is lost.
    Lost {
        /// Who.
        device: DeviceId,
        /// How long it has been silent, ms.
        silent_ms: u64,
    },
    /// It is back.
    Back {
        /// Who.
        device: DeviceId,
        /// How long it was silent, ms.
        silent_ms: u64,
    },
}

/// The rhythm of every adopted device.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    rhythms: BTreeMap<DeviceId, Rhythm>,
    /// Time in which the hub could hear, ms.
    air_ms: u64,
    last: Option<Stamp>,
}

#[derive(Debug, Clone)]
struct Rhythm {
    /// At most [`GAPS`], of which the next one to be replaced is `next`.
    gaps: Vec<Gap>,
    next: usize,
    /// When it was heard last, in time in which the hub could hear, and by the clock.
    last_ms: u64,
    last: Stamp,
    is_lost: bool,
    /// From [`Rhythm::learn`]: kept, since every advert of every device asks for it.
    patience_ms: Option<u64>,
    interval_ms: Option<u32>,
}

/// The time between two frames, ms.
#[derive(Debug, Clone, Copy)]
struct Gap {
    /// In which the hub could hear.
    heard: u32,
    /// By the clock.
    real: u32,
}

impl Presence {
    /// Somebody was heard, whoever it was.
    pub fn air(&mut self, at: Stamp) {
        // What a remote receiver kept while its link was cut is of a time that has passed already.
        if self.last.is_some_and(|last| last.boot == at.boot && at <= last) {
            return;
        }
        let step_ms = self.last.map_or(0, |last| elapsed_ms(last, at));
        self.air_ms = self.air_ms.saturating_add(step_ms.min(DEAF_MS));
        self.last = Some(at);
    }

    /// An adopted device was heard. Tells when it was lost and is back.
    pub fn heard(&mut self, device: DeviceId, at: Stamp) -> Option<Change> {
        self.air(at);
        let now_ms = self.air_ms;
        let rhythm = self.rhythms.entry(device).or_insert_with(|| Rhythm::new(now_ms, at));
        let silent_ms = rhythm.heard(now_ms, at);
        let was_lost = std::mem::take(&mut rhythm.is_lost);
        was_lost.then_some(Change::Back { device, silent_ms })
    }

    /// The next device that is lost since the last time that this was asked.
    pub fn lost(&mut self) -> Option<Change> {
        let now_ms = self.air_ms;
        let due = |rhythm: &Rhythm| {
            let silent_ms = now_ms.saturating_sub(rhythm.last_ms);
            !rhythm.is_lost && rhythm.patience_ms.is_some_and(|patience_ms| silent_ms > patience_ms)
        };
        let (device, rhythm) = self.rhythms.iter_mut().find(|(_, rhythm)| due(rhythm))?;
        rhythm.is_lost = true;
        Some(Change::Lost { device: *device, silent_ms: now_ms.saturating_sub(rhythm.last_ms) })
    }

    /// The interval at which a device sends, ms, as far as that is known.
    pub fn interval_ms(&self, device: DeviceId) -> Option<u32> {
        self.rhythms.get(&device)?.interval_ms
    }

    /// Is the device lost? `None` while its rhythm is not known.
    pub fn is_lost(&self, device: DeviceId) -> Option<bool> {
        let rhythm = self.rhythms.get(&device)?;
        rhythm.patience_ms.map(|_| rhythm.is_lost)
    }

    /// Forgets a device that is no longer adopted.
    pub fn forget(&mut self, device: DeviceId) {
        self.rhythms.remove(&device);
    }
}

impl Rhythm {
    const fn new(now_ms: u64, last: Stamp) -> Self {
        Self { gaps: Vec::new(), next: 0, last_ms: now_ms, last, is_lost: false, patience_ms: None, interval_ms: None }
    }

    /// How long it was silent before, by the clock.
    fn heard(&mut self, now_ms: u64, at: Stamp) -> u64 {
        let real_ms = elapsed_ms(self.last, at);
        if real_ms < TOGETHER_MS {
            return real_ms;
        }
        let short = |ms: u64| u32::try_from(ms).unwrap_or(u32::MAX);
        let gap = Gap { heard: short(now_ms.saturating_sub(self.last_ms)), real: short(real_ms) };
        (self.last_ms, self.last) = (now_ms, at);
        // What was away says nothing about the rhythm of what is there.
        if !self.is_lost {
            match self.gaps.get_mut(self.next) {
                Some(place) => *place = gap,
                None => self.gaps.push(gap),
            }
            self.next = (self.next + 1) % GAPS;
            self.learn();
        }
        real_ms
    }

    /// The interval is the shortest gap that is not a rare exception; the others are multiples of it.
    fn learn(&mut self) {
        if self.gaps.len() < FEW {
            return;
        }
        // A tenth: at 60 % loss four of ten gaps are one interval long.
        let shortest = |mut gaps: Vec<u32>| {
            gaps.sort_unstable();
            gaps.get(gaps.len() / 10).copied().filter(|ms| *ms > 0)
        };
        let real = shortest(self.gaps.iter().map(|gap| gap.real).collect());
        let Some(interval_ms) = shortest(self.gaps.iter().map(|gap| gap.heard).collect()) else { return };
        let intervals = |gap: &Gap| (f64::from(gap.heard) / f64::from(interval_ms)).round().max(1.0);
        let sent: f64 = self.gaps.iter().map(intervals).sum();
        let missed = sent - self.gaps.len() as f64;
        // Half a frame is always in doubt: who never missed one may yet do so.
        let loss = (missed + 0.5) / (sent + 1.0);
        let intervals = (CHANCE.ln() / loss.ln()).ceil().max(2.0) + 0.5;
        // Neither negative nor beyond a day.
        let patience_ms = (intervals * f64::from(interval_ms)).min(LONGEST_MS as f64) as u64;
        self.interval_ms = real;
        self.patience_ms = Some(patience_ms);
    }
}

#[cfg(test)]
mod tests;
