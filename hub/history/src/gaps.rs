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
#[derive(Debug, Default)]
struct Intervals {
    often: Vec<u64>,
}

/// Intervals up to here have a class each; above, every power of two has half as many.
const EXACT: u64 = 64;

impl GapFinder {
    pub(crate) const fn new(from: i64) -> Self {
        Self { from, last: None, intervals: Intervals { often: Vec::new() }, silences: Vec::new() }
    }

    /// A reading.
    pub(crate) fn reading(&mut self, t: i64) {
        if let Some(last) = self.last {
            self.intervals.note(t.saturating_sub(last), 1);
        }
        self.note_silence(t);
        self.last = Some(t);
    }

    /// Readings of which only the number, the first and the last are known.
    pub(crate) fn readings(&mut self, count: u64, times: Range<i64>) {
        self.reading(times.start);
        if count > 1 {
            let between = count - 1;
            self.intervals.note((times.end - times.start) / i64::try_from(between).unwrap_or(i64::MAX), between);
            self.last = Some(times.end);
        }
    }

    fn note_silence(&mut self, t: i64) {
        let since = self.last.unwrap_or(self.from);
        if t.saturating_sub(since) > SHORTEST_MS {
            self.silences.push((since, t));
        }
    }

    /// The gaps: silences of more than three usual (median) intervals, and more than two minutes. `to` is the end of
    /// the window, unless there is more to come.
    pub(crate) fn finish(mut self, to: Option<i64>) -> Vec<Gap> {
        if let Some(to) = to {
            self.note_silence(to);
        }
        let longest = self.intervals.median().saturating_mul(3).max(SHORTEST_MS);
        let is_gap = |(from, to): &(i64, i64)| to.saturating_sub(*from) > longest;
        let gap = |(from, to)| Gap { from: UnixMillis(from), to: UnixMillis(to) };
        self.silences.into_iter().filter(is_gap).map(gap).collect()
    }
}

impl Intervals {
    fn note(&mut self, interval_ms: i64, often: u64) {
        let class = Self::class(u64::try_from(interval_ms).unwrap_or(0));
        if self.often.len() <= class {
            self.often.resize(class + 1, 0);
        }
        if let Some(count) = self.often.get_mut(class) {
            *count += often;
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
        let total: u64 = self.often.iter().sum();
        let mut passed = 0;
        let is_half = |often: &u64| {
            passed += often;
            passed * 2 >= total
        };
        let class = if total == 0 { None } else { self.often.iter().position(is_half) };
        class.map_or(0, Self::greatest)
    }
}
