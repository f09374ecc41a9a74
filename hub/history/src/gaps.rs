use std::ops::Range;

use hub_model::{Gap, UnixMillis};

/// Shorter silences are never a gap.
const SHORTEST_MS: i64 = 120_000;

/// Finds the stretches without readings in a window while the readings go by in order.
#[derive(Debug)]
pub(crate) struct GapFinder {
    from: i64,
    last: Option<i64>,
    intervals: Intervals,
    silences: Vec<(i64, i64)>,
}

/// How often which interval came, in classes that are at most 3 % wide: two million readings need no more room than two.
#[derive(Debug)]
struct Intervals {
    often: Vec<u32>,
}

/// Intervals up to here have a class each; above, every power of two has half as many.
const EXACT: u64 = 64;
/// One more than the class of the longest interval.
const CLASSES: usize = Intervals::class(u64::MAX) + 1;

impl GapFinder {
    pub(crate) fn new(from: i64) -> Self {
        Self { from, last: None, intervals: Intervals { often: vec![0; CLASSES] }, silences: Vec::new() }
    }

    /// Readings, in order.
    pub(crate) fn each(&mut self, times: &[i64]) {
        times.iter().for_each(|t| self.reading(*t));
    }

    /// A reading.
    #[inline]
    pub(crate) fn reading(&mut self, t: i64) {
        let before = self.last.unwrap_or(self.from);
        let since = t.saturating_sub(before);
        if self.last.is_some() {
            self.intervals.note(since, 1);
        }
        if since > SHORTEST_MS {
            self.silences.push((before, t));
        }
        self.last = Some(t);
    }

    /// Readings of which only the number, the first and the last are known.
    pub(crate) fn readings(&mut self, count: u64, times: Range<i64>) {
        self.reading(times.start);
        if count > 1 {
            let between = u32::try_from(count - 1).unwrap_or(u32::MAX);
            self.intervals.note((times.end - times.start) / i64::from(between), between);
            self.last = Some(times.end);
        }
    }

    /// The longest silence that is no gap, in milliseconds, as far as the readings so far can tell.
    pub(crate) fn longest(&self) -> i64 {
        self.intervals.median().saturating_mul(3).max(SHORTEST_MS)
    }

    /// The gaps: silences of more than three usual (median) intervals, and more than two minutes. `to` is the end of
    /// the window, unless there is more to come.
    pub(crate) fn finish(mut self, to: Option<i64>) -> Vec<Gap> {
        if let Some(to) = to {
            let since = self.last.unwrap_or(self.from);
            if to.saturating_sub(since) > SHORTEST_MS {
                self.silences.push((since, to));
            }
        }
        if self.silences.is_empty() {
            return Vec::new();
        }
        let longest = self.longest();
        let is_gap = |(from, to): &(i64, i64)| to.saturating_sub(*from) > longest;
        let gap = |(from, to)| Gap { from: UnixMillis(from), to: UnixMillis(to) };
        self.silences.into_iter().filter(is_gap).map(gap).collect()
    }
}

impl Intervals {
    #[inline]
    fn note(&mut self, interval_ms: i64, often: u32) {
        let class = Self::class(u64::try_from(interval_ms).unwrap_or(0));
        if let Some(count) = self.often.get_mut(class) {
            *count = count.saturating_add(often);
        }
    }

    const fn class(interval: u64) -> usize {
        if interval < EXACT {
            return interval as usize;
        }
        // So many bits are cut off that the rest lies between half of `EXACT` and `EXACT`.
        let cut = EXACT.leading_zeros() + 1 - interval.leading_zeros();
        (cut as u64 * (EXACT / 2) + (interval >> cut)) as usize
    }

    /// The greatest interval of a class.
    const fn greatest(class: usize) -> i64 {
        let class = class as u64;
        if class < EXACT {
            return class as i64;
        }
        let cut = class / (EXACT / 2) - 1;
        let rest = class - cut * (EXACT / 2);
        (((rest + 1) << cut) - 1) as i64
    }

    /// The median, the lower one of two; 0 when there is none.
    fn median(&self) -> i64 {
        let total: u64 = self.often.iter().map(|often| u64::from(*often)).sum();
        let mut passed = 0;
        let is_half = |often: &u32| {
            passed += u64::from(*often);
            passed * 2 >= total
        };
        let class = if total == 0 { None } else { self.often.iter().position(is_half) };
        class.map_or(0, Self::greatest)
    }
}
