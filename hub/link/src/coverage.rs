use hub_model::{Had, LogPlace, SampleHint, UnixMillis};
use wire::log::SampleId;

/// A sample that was heard and one that is fetched are the same when their hints are, and their times no further apart
/// than this, ms. A hint comes again after 4096 samples, at a sample a minute after 68 hours.
const SAME_MS: i64 = 12 * 3_600_000;
/// After a silence of this length it is not taken for granted that the next hint is of the very next sample, ms.
const SURE_MS: i64 = 3_600_000;
/// Samples that were heard while earlier ones are missing; beyond it the oldest are forgotten, and fetched once more.
const MOST_HAD: usize = 8_192;

/// Which samples of a sensor's log are here: all before [`next`](Self::next), and some after it.
///
/// Adverts tell only the end of a sample's number. So what was heard behind a gap is remembered as heard, with its time, and
/// only the log itself, in which numbers are whole, closes the gap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    next: SampleId,
    /// In the order in which they came.
    had: Vec<Had>,
    last_at: Option<UnixMillis>,
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

    /// Is something missing that was measured before what was heard last?
    pub const fn has_gap(&self) -> bool {
        !self.had.is_empty()
    }

    /// When something was heard last.
    pub const fn last_at(&self) -> Option<UnixMillis> {
        self.last_at
    }

    /// A sample was heard then, or read from the log of events.
    pub fn heard(&mut self, hint: SampleHint, at: UnixMillis) {
        let is_sure = self.last_at.is_none_or(|last| (at - last).saturating_abs() <= SURE_MS);
        self.last_at = self.last_at.max(Some(at));
        if is_sure && self.had.is_empty() && hint == hint_of(self.next) {
            self.next = after(self.next);
            return;
        }
        let is_before = |had: &Had| had.hint == hint && (had.at - at).saturating_abs() <= SAME_MS;
        if self.had.iter().any(is_before) || (is_sure && self.had.is_empty() && hint == hint_of(before(self.next))) {
            return;
        }
        self.had.push(Had { hint, at });
        if self.had.len() > MOST_HAD {
            self.had.remove(0);
        }
    }

    /// Is this sample, taken then, here already?
    pub fn has(&self, id: SampleId, at: UnixMillis) -> bool {
        id < self.next || self.had.iter().any(|had| is_same(had, id, at))
    }

    /// Everything up to this sample, taken then, is here now: fetched, heard before, or gone from the log for good.
    pub fn settle(&mut self, id: SampleId, at: UnixMillis) {
        if id >= self.next {
            self.next = after(id);
            self.had.retain(|had| !is_same(had, id, at) && had.at > at + -SAME_MS);
        }
    }
}

fn is_same(had: &Had, id: SampleId, at: UnixMillis) -> bool {
    had.hint == hint_of(id) && (had.at - at).saturating_abs() <= SAME_MS
}

const fn hint_of(id: SampleId) -> SampleHint {
    SampleHint(u16::from_le_bytes(id.hint()))
}

const fn after(id: SampleId) -> SampleId {
    SampleId { number: id.number.wrapping_add(1), ..id }
}

const fn before(id: SampleId) -> SampleId {
    SampleId { number: id.number.wrapping_sub(1), ..id }
}

#[cfg(test)]
mod tests;
