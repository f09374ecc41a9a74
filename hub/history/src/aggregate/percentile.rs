//! Percentiles by counting: exact, whatever the number of readings, in memory that does not grow with it.
//!
//! Values are integers in a known range. If the range has at most 65 536 values, counting each is enough. Otherwise
//! readings are counted in that many equal stretches of the range; each percentile lies in one of them, and in the next
//! round only that stretch is counted, more finely. Two rounds suffice for 2^32 values, four for all that there are.

use hub_model::Percent;

use crate::error::StoreError;

/// How many stretches are counted at a time, as a power of two: 256 KiB for each.
const STRETCHES_LOG: u32 = 16;

/// A stretch of values in which some percentiles of a bucket lie.
#[derive(Debug, Clone)]
struct Target {
    low: i64,
    /// The place of each percentile in the answer, and its rank among the readings in the stretch, counted from 1.
    ranks: Vec<(usize, u64)>,
}

/// How often readings were in each part of a stretch.
#[derive(Debug)]
struct Counts {
    often: Vec<u32>,
    touched: Vec<u32>,
}

impl Counts {
    fn new(parts_log: u32) -> Self {
        Self { often: vec![0; 1 << parts_log], touched: Vec::new() }
    }

    fn note(&mut self, part: u64) {
        if let Some(often) = usize::try_from(part).ok().and_then(|part| self.often.get_mut(part)) {
            if *often == 0 {
                self.touched.push(part as u32);
            }
            *often = often.saturating_add(1);
        }
    }

    /// Takes the counts: each part that has any, in order.
    fn take(&mut self) -> Vec<(u64, u64)> {
        self.touched.sort_unstable();
        let mut taken = Vec::with_capacity(self.touched.len());
        for part in self.touched.drain(..) {
            if let Some(often) = self.often.get_mut(part as usize) {
                taken.push((u64::from(part), u64::from(*often)));
                *often = 0;
            }
        }
        taken
    }
}

/// The percentiles of the readings between each two edges; none where there are no readings. All values are in
/// `low..=high`; `each` shows time and value of every reading, in order, as often as it is called.
pub(crate) fn percentiles(
    percents: &[Percent],
    edges: &[i64],
    (low, high): (i64, i64),
    each: impl Fn(&mut dyn FnMut(i64, i64)) -> Result<(), StoreError>,
) -> Result<Vec<Option<Vec<i64>>>, StoreError> {
    let buckets = edges.len().saturating_sub(1);
    let mut answers: Vec<Option<Vec<i64>>> = vec![None; buckets];
    // The width of the stretch that is looked for, as a power of two.
    let mut stretch_log = u64::BITS - high.abs_diff(low).leading_zeros();
    // In the first round the ranks are unknown: they depend on how many readings there are.
    let mut targets: Option<Vec<Vec<Target>>> = None;
    loop {
        let part_log = stretch_log.saturating_sub(STRETCHES_LOG);
        let most = targets.as_ref().map_or(1, |all| all.iter().map(Vec::len).max().unwrap_or(0));
        let mut round = Round {
            percents,
            edges,
            low,
            stretch_log,
            part_log,
            counts: (0..most).map(|_| Counts::new(stretch_log - part_log)).collect(),
            readings: 0,
            targets: targets.as_deref(),
            bucket: 0,
            found: vec![Vec::new(); buckets],
        };
        each(&mut |t, value| round.note(t, value))?;
        round.end();
        let found = round.found;
        if part_log == 0 {
            for (answer, targets) in answers.iter_mut().zip(&found).filter(|(_, targets)| !targets.is_empty()) {
                let mut values = vec![0; percents.len()];
                for target in targets {
                    for (place, _) in &target.ranks {
                        values.get_mut(*place).into_iter().for_each(|value| *value = target.low);
                    }
                }
                *answer = Some(values);
            }
            return Ok(answers);
        }
        (targets, stretch_log) = (Some(found), part_log);
    }
}

/// One walk over all readings.
struct Round<'a> {
    percents: &'a [Percent],
    edges: &'a [i64],
    low: i64,
    stretch_log: u32,
    part_log: u32,
    counts: Vec<Counts>,
    readings: u64,
    targets: Option<&'a [Vec<Target>]>,
    bucket: usize,
    found: Vec<Vec<Target>>,
}

impl Round<'_> {
    fn note(&mut self, t: i64, value: i64) {
        while self.edges.get(self.bucket + 1).is_some_and(|end| *end <= t) {
            self.end();
        }
        self.readings += 1;
        let Some(all) = self.targets else {
            let part = value.wrapping_sub(self.low).cast_unsigned() >> self.part_log;
            self.counts.first_mut().into_iter().for_each(|counts| counts.note(part));
            return;
        };
        let targets = all.get(self.bucket).map(Vec::as_slice).unwrap_or_default();
        // The last stretch that begins at the value or below.
        let Some(nth) = targets.partition_point(|target| target.low <= value).checked_sub(1) else { return };
        let Some((target, counts)) = targets.get(nth).zip(self.counts.get_mut(nth)) else { return };
        let above = value.wrapping_sub(target.low).cast_unsigned();
        if above.checked_shr(self.stretch_log).is_none_or(|beyond| beyond == 0) {
            counts.note(above >> self.part_log);
        }
    }

    /// Ends a bucket: finds the parts in which its percentiles lie.
    fn end(&mut self) {
        let all_ranks = || self.percents.iter().map(|percent| percent.rank(self.readings)).enumerate().collect();
        let first = [Target { low: self.low, ranks: if self.readings > 0 { all_ranks() } else { Vec::new() } }];
        let targets = match self.targets {
            Some(all) => all.get(self.bucket).map(Vec::as_slice).unwrap_or_default(),
            None => &first,
        };
        let mut found: Vec<Target> = Vec::new();
        for (target, counts) in targets.iter().zip(&mut self.counts) {
            let parts = counts.take();
            let mut ranks = target.ranks.clone();
            ranks.sort_unstable_by_key(|(_, rank)| *rank);
            let (mut passed, mut ranks) = (0, ranks.into_iter().peekable());
            for (part, often) in parts {
                let mut inside = Vec::new();
                while let Some((place, rank)) = ranks.next_if(|(_, rank)| *rank <= passed + often) {
                    inside.push((place, rank - passed));
                }
                passed += often;
                if !inside.is_empty() {
                    let low = target.low.wrapping_add((part << self.part_log).cast_signed());
                    found.push(Target { low, ranks: inside });
                }
            }
        }
        if let Some(place) = self.found.get_mut(self.bucket) {
            *place = found;
        }
        (self.bucket, self.readings) = (self.bucket + 1, 0);
    }
}
