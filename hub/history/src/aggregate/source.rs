use std::ops::ControlFlow;

use hub_model::Gap;

use crate::{
    error::StoreError,
    gaps::GapFinder,
    rollup::{DAYS, HOURS, Rollup},
    timeline::FARTHEST_MS,
    view::View,
};

const HOUR: i64 = HOURS.slot_ms;
/// So long before a moment its predecessor is looked for in hourly roll-ups; what is older in daily ones.
const RECENT_MS: i64 = 48 * HOUR;

/// A series in a window: its readings, and the hours that tell of more readings than there are.
pub(crate) struct Source<'a> {
    view: &'a View<'a>,
    pub(crate) from: i64,
    pub(crate) to: i64,
    /// Every hour that has readings, whether sealed or not.
    hours: Vec<(i64, Rollup)>,
}

/// What a series has to tell of a time, in order.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Item {
    /// A reading: when, what.
    Reading(i64, i64),
    /// An hour of readings.
    Hour(Rollup),
}

/// What the first look at all readings of a window shows.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The hours of which readings are expired or damaged: only their roll-up is whole.
    pub(crate) thin: Vec<(i64, Rollup)>,
    pub(crate) gaps: GapFinder,
    /// The readings that are left: how many, the least, the greatest.
    pub(crate) readings: u64,
    pub(crate) low: i64,
    pub(crate) high: i64,
}

impl<'a> Source<'a> {
    pub(crate) fn new(view: &'a View<'a>, from: i64, to: i64) -> Result<Self, StoreError> {
        let (first, last) = (HOURS.slot(from), HOURS.slot(to - 1).saturating_add(HOUR));
        let hours = view.slots(HOURS, first, last)?;
        Ok(Self { view, from, to, hours })
    }

    /// Looks at every reading once: which hours are thin, where are gaps?
    pub(crate) fn survey(&self) -> Result<Survey, StoreError> {
        let mut walk = Walk {
            window: (self.from, self.to),
            hours: &self.hours,
            end: i64::MIN,
            is_thin: false,
            seen: 0,
            found: Survey {
                thin: Vec::new(),
                gaps: GapFinder::new(self.from),
                readings: 0,
                low: i64::MAX,
                high: i64::MIN,
            },
        };
        // Whole hours, so that their readings can be counted.
        let (first, last) = (HOURS.slot(self.from), HOURS.slot(self.to - 1).saturating_add(HOUR));
        self.view.each(first, last, |point| {
            walk.reading(point.t, point.value);
            ControlFlow::Continue(())
        })?;
        walk.end_at(i64::MAX);
        Ok(walk.found)
    }

    /// Shows the readings, and in place of those in thin hours the hours that begin in the window.
    pub(crate) fn each(&self, thin: &[(i64, Rollup)], mut show: impl FnMut(Item)) -> Result<(), StoreError> {
        let mut thin = thin.iter().peekable();
        let mut skip_to = i64::MIN;
        let begins_inside = |hour: &Rollup| (self.from..self.to).contains(&hour.first);
        self.view.each(self.from, self.to, |point| {
            while let Some((slot, hour)) = thin.next_if(|(slot, _)| *slot <= point.t) {
                skip_to = slot + HOUR;
                if begins_inside(hour) {
                    show(Item::Hour(*hour));
                }
            }
            if point.t >= skip_to {
                show(Item::Reading(point.t, point.value));
            }
            ControlFlow::Continue(())
        })?;
        thin.filter(|(_, hour)| begins_inside(hour)).for_each(|(_, hour)| show(Item::Hour(*hour)));
        Ok(())
    }

    /// Shows hours, and readings only of hours that the window or one of these edges, in order, cuts. A cut hour whose
    /// readings are expired is shown whole if it begins in the window.
    pub(crate) fn each_hour(&self, edges: &[i64], mut show: impl FnMut(Item)) -> Result<(), StoreError> {
        let mut edges = edges.iter().copied().peekable();
        let mut readings = Vec::new();
        for (slot, hour) in &self.hours {
            while edges.next_if(|edge| *edge <= *slot).is_some() {}
            let is_cut = *slot < self.from || edges.peek().is_some_and(|edge| *edge < slot + HOUR);
            if !is_cut {
                show(Item::Hour(*hour));
                continue;
            }
            readings.clear();
            self.view.each(*slot, slot + HOUR, |point| {
                readings.push((point.t, point.value));
                ControlFlow::Continue(())
            })?;
            if (readings.len() as u64) < hour.count {
                if (self.from..self.to).contains(&hour.first) {
                    show(Item::Hour(*hour));
                }
                continue;
            }
            let inside = readings.iter().filter(|(t, _)| (self.from..self.to).contains(t));
            inside.for_each(|(t, value)| show(Item::Reading(*t, *value)));
        }
        Ok(())
    }

    /// The longest silence that is no gap in a window with few readings: what is around it tells more of the usual
    /// interval.
    pub(crate) fn longest_around(&self, margin_ms: i64) -> Result<i64, StoreError> {
        let mut gaps = GapFinder::new(self.from);
        self.view.each(self.from.saturating_sub(margin_ms), self.to.saturating_add(margin_ms), |point| {
            gaps.reading(point.t);
            ControlFlow::Continue(())
        })?;
        Ok(gaps.longest())
    }

    /// The last reading before the window, however long before. A thin hour that begins before the window counts there,
    /// and so does its last reading.
    pub(crate) fn before(&self, thin: &[(i64, Rollup)]) -> Result<Option<(i64, i64)>, StoreError> {
        if let Some((_, hour)) = thin.first().filter(|(_, hour)| hour.first < self.from) {
            return Ok(Some(hour.last));
        }
        let slot = HOURS.slot(self.from);
        let mut last: Option<(i64, i64)> = None;
        self.view.each(slot, self.from, |point| {
            last = last.max(Some((point.t, point.value)));
            ControlFlow::Continue(())
        })?;
        if last.is_some() {
            return Ok(last);
        }
        let unsealed = self.view.beside(-FARTHEST_MS - 1, slot);
        let newest = unsealed.last().map(|point| point.t);
        last = unsealed.iter().rev().take_while(|point| Some(point.t) == newest).map(|p| (p.t, p.value)).max();
        let recent = slot.saturating_sub(RECENT_MS);
        let mut sealed = self.view.stored_slots(HOURS, recent, slot)?;
        if sealed.is_empty() {
            sealed = self.view.stored_slots(DAYS, -FARTHEST_MS - 1, slot)?;
        }
        // The day that the window begins in may hold only later readings.
        Ok(last.max(sealed.iter().rev().map(|(_, rollup)| rollup.last).find(|(t, _)| *t < self.from)))
    }

    /// The first reading from the window's end on, if it is at most so many milliseconds later.
    pub(crate) fn after(&self, within_ms: i64) -> Result<Option<(i64, i64)>, StoreError> {
        let mut first: Option<(i64, i64)> = None;
        self.view.each(self.to, self.to.saturating_add(within_ms).saturating_add(1), |point| match first {
            Some((t, _)) if t < point.t => ControlFlow::Break(()),
            _ => {
                first = first.max(Some((point.t, point.value)));
                ControlFlow::Continue(())
            }
        })?;
        Ok(first)
    }
}

/// Readings and hours side by side.
struct Walk<'a> {
    window: (i64, i64),
    /// The hours that were not ended yet.
    hours: &'a [(i64, Rollup)],
    /// The end of the hour that the last reading was in.
    end: i64,
    is_thin: bool,
    /// How many readings the hour has.
    seen: u64,
    found: Survey,
}

impl Walk<'_> {
    fn reading(&mut self, t: i64, value: i64) {
        if t >= self.end {
            self.begin_at(t);
        }
        self.seen += 1;
        if (self.window.0..self.window.1).contains(&t) {
            self.found.readings += 1;
            self.found.low = self.found.low.min(value);
            self.found.high = self.found.high.max(value);
            if !self.is_thin {
                self.found.gaps.reading(t);
            }
        }
    }

    /// Begins the hour of a reading.
    fn begin_at(&mut self, t: i64) {
        let slot = HOURS.slot(t);
        self.end_at(slot);
        (self.end, self.seen) = (slot + HOUR, 0);
        if let Some(((own, hour), _)) = self.hours.split_first() {
            // What is expired lacks the beginning: it is known to be thin before its first reading is counted.
            self.is_thin = *own == slot && hour.first < t;
            if self.is_thin {
                self.note_silences(hour);
            }
        }
    }

    /// Ends the hours before this one.
    fn end_at(&mut self, slot: i64) {
        while let Some(((own, hour), rest)) = self.hours.split_first()
            && *own < slot
        {
            self.hours = rest;
            let was_read = own + HOUR == self.end;
            if !was_read {
                self.note_silences(hour);
            }
            if !was_read || self.is_thin || self.seen < hour.count {
                self.found.thin.push((*own, *hour));
            }
        }
        self.is_thin = false;
    }

    fn note_silences(&mut self, hour: &Rollup) {
        let (first, last) = (hour.first.max(self.window.0), hour.last.0.min(self.window.1 - 1));
        if first <= last {
            self.found.gaps.readings(hour.count, first..last);
        }
    }
}

/// The gaps of a survey that are longer than this, up to `to` or the present, whichever is first.
pub(crate) fn gaps(finder: GapFinder, to: i64, now: i64, longest: i64) -> Vec<Gap> {
    let mut gaps = finder.finish(Some(to.min(now)));
    gaps.retain(|gap| gap.to - gap.from > longest);
    gaps
}
