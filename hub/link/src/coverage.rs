use hub_model::{Had, LogPlace, SampleHint, Stamp, TimeQuality, UnixMillis};
use wire::log::SampleId;

use crate::Taken;

/// An advert tells of a sample at once; it may have waited for the advert before it, and some are lost: so much later it is
/// heard at most, ms. What comes later is the same sample told anew, because nothing has changed, and is no measurement
/// of then.
const TOLD_MS: i64 = 30_000;
/// Where it is not known when a sample was taken, its hint is taken for it within this, ms: it comes again after 4096 samples,
/// at a sample a minute after 68 hours.
const HINT_MS: i64 = 12 * 3_600_000;
/// Samples that were heard since the log was last fetched; beyond it the oldest are forgotten, and fetched once more.
const MOST_HAD: usize = 8_192;

/// Which samples of a sensor's log are here: all before [`next`](Self::next), and those that were heard since.
///
/// Adverts tell only the end of a sample's number, and not when it was taken. So what was heard is remembered with its time, and
/// only the log itself, in which numbers and times are whole, says what is still missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    next: SampleId,
    /// In the order in which they came.
    had: Vec<Had>,
    last_at: Option<Stamp>,
}

impl Coverage {
    /// Nothing is here, and what came before this sample is not wanted.
    pub const fn beginning_at(next: SampleId) -> Self {
        Self { next, had: Vec::new(), last_at: None }
    }

    /// As it was kept.
    pub fn from_place(place: &LogPlace) -> Self {
        let (boot, number) = place.next;
        Self { next: SampleId { boot, number }, had: place.had.clone(), last_at: place.last_at }
    }

    /// As it is to be kept.
    pub fn place(&self) -> LogPlace {
        LogPlace { next: (self.next.boot, self.next.number), had: self.had.clone(), last_at: self.last_at }
    }

    /// The first sample that is not here for certain.
    pub const fn next(&self) -> SampleId {
        self.next
    }

    /// When something was heard last.
    pub const fn last_at(&self) -> Option<Stamp> {
        self.last_at
    }

    /// A sample was heard then, or read from the log of events.
    pub fn heard(&mut self, hint: SampleHint, at: Stamp) {
        self.last_at = self.last_at.max(Some(at));
        let is_told_anew = |had: &Had| {
            let is_recent = at.ms.saturating_sub(had.at.ms) <= HINT_MS.unsigned_abs();
            had.hint == hint && had.at.boot == at.boot && is_recent
        };
        // The first time is nearer to when it was taken.
        if self.had.iter().rev().take(8).any(is_told_anew) {
            return;
        }
        self.had.push(Had { hint, at });
        if self.had.len() > MOST_HAD {
            self.had.remove(0);
        }
    }

    /// Is this sample, taken then, here already? `wall` tells what time a stamp was.
    pub fn has(&self, id: SampleId, taken: Taken, wall: impl Fn(Stamp) -> UnixMillis) -> bool {
        let slack_ms = if taken.quality == TimeQuality::Synchronised { TOLD_MS } else { HINT_MS };
        id < self.next || self.had.iter().any(|had| is_near(had, id, taken.at, slack_ms, &wall))
    }

    /// Everything up to this sample, taken then, is here now: fetched, heard before, or gone from the log for good.
    pub fn settle(&mut self, id: SampleId, at: UnixMillis, wall: impl Fn(Stamp) -> UnixMillis) {
        if id >= self.next {
            self.next = SampleId { number: id.number.wrapping_add(1), ..id };
            let is_over = |had: &Had| is_near(had, id, at, HINT_MS, &wall) || wall(had.at) < at + -HINT_MS;
            self.had.retain(|had| !is_over(had));
        }
    }
}

fn is_near(had: &Had, id: SampleId, at: UnixMillis, slack_ms: i64, wall: &impl Fn(Stamp) -> UnixMillis) -> bool {
    had.hint == SampleHint(u16::from_le_bytes(id.hint())) && (wall(had.at) - at).saturating_abs() <= slack_ms
}

#[cfg(test)]
mod tests;
