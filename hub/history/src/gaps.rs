use std::ops::Range;

use hub_model::{Gap, UnixMillis};

/// Shorter silences are never a gap.
const SHORTEST_MS: i64 = 120_000;

/// Finds the stretches without readings in a window while the readings go by in order.
#[derive(Debug)]
pub(crate) struct GapFinder {
    from: i64,
    last: Option<i64>,
    /// Intervals between readings, each with how often it stands for one.
    intervals: Vec<(i64, u64)>,
    silences: Vec<(i64, i64)>,
}

impl GapFinder {
    pub(crate) const fn new(from: i64) -> Self {
        Self { from, last: None, intervals: Vec::new(), silences: Vec::new() }
    }

    /// A reading.
    pub(crate) fn reading(&mut self, t: i64) {
        if let Some(last) = self.last {
            self.intervals.push((t.saturating_sub(last), 1));
        }
        self.note_silence(t);
        self.last = Some(t);
    }

    /// Readings of which only the number, the first and the last are known.
    pub(crate) fn readings(&mut self, count: u64, times: Range<i64>) {
        self.reading(times.start);
        if count > 1 {
            let between = count - 1;
            self.intervals.push(((times.end - times.start) / i64::try_from(between).unwrap_or(i64::MAX), between));
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
        let longest = self.usual().saturating_mul(3).max(SHORTEST_MS);
        let is_gap = |(from, to): &(i64, i64)| to.saturating_sub(*from) > longest;
        let gap = |(from, to)| Gap { from: UnixMillis(from), to: UnixMillis(to) };
        self.silences.into_iter().filter(is_gap).map(gap).collect()
    }

    /// The median interval, the lower one of two.
    fn usual(&mut self) -> i64 {
        self.intervals.sort_unstable();
        let total: u64 = self.intervals.iter().map(|(_, often)| often).sum();
        let mut passed = 0;
        for (interval, often) in &self.intervals {
            passed += often;
            if passed * 2 >= total {
                return *interval;
            }
        }
        0
    }
}
