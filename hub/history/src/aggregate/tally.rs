use hub_model::{Increase, Picked, Statistics, UnixMillis};

use crate::rollup::Rollup;

/// The readings of one bucket in a few numbers, in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) count: u64,
    sum: i128,
    min: Option<Extreme>,
    max: Option<Extreme>,
    first: Option<First>,
    /// When, what.
    last: Option<(i64, i64)>,
}

/// The least or greatest value, and when it came first; roll-ups do not know when.
#[derive(Debug, Clone, Copy)]
struct Extreme {
    value: i64,
    at: Option<i64>,
}

/// When the first reading was, and what it was; roll-ups do not know what.
#[derive(Debug, Clone, Copy)]
struct First {
    at: i64,
    value: Option<i64>,
}

impl Tally {
    /// Adds a reading that is not before the last one.
    pub(crate) fn reading(&mut self, t: i64, value: i64) {
        self.count += 1;
        self.sum += i128::from(value);
        self.extremes(value, value, Some(t));
        match &mut self.first {
            Some(first) if first.at == t => first.value = first.value.map(|least| least.min(value)),
            Some(_) => {}
            None => self.first = Some(First { at: t, value: Some(value) }),
        }
        self.last = self.last.max(Some((t, value)));
    }

    /// Adds an hour of readings.
    pub(crate) fn hour(&mut self, hour: &Rollup) {
        self.count += hour.count;
        self.sum += hour.sum;
        self.extremes(hour.min, hour.max, None);
        self.first.get_or_insert(First { at: hour.first, value: None });
        self.last = self.last.max(Some(hour.last));
    }

    fn extremes(&mut self, least: i64, greatest: i64, at: Option<i64>) {
        if self.min.is_none_or(|min| least < min.value) {
            self.min = Some(Extreme { value: least, at });
        }
        if self.max.is_none_or(|max| greatest > max.value) {
            self.max = Some(Extreme { value: greatest, at });
        }
    }

    pub(crate) fn min(&self) -> Option<i64> {
        self.min.map(|min| min.value)
    }

    pub(crate) fn max(&self) -> Option<i64> {
        self.max.map(|max| max.value)
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean is a float")]
    pub(crate) fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// What there is to tell of a bucket, before anything is told of its course.
    pub(crate) fn statistics(&self, from: i64, to: i64) -> Statistics {
        let extreme = |extreme: Extreme| Picked { at: extreme.at.map(UnixMillis), value: Some(extreme.value) };
        Statistics {
            from: UnixMillis(from),
            to: UnixMillis(to),
            is_exact: false,
            count: self.count,
            first: self.first.map(|first| Picked { at: Some(UnixMillis(first.at)), value: first.value }),
            last: self.last.map(|(t, value)| Picked { at: Some(UnixMillis(t)), value: Some(value) }),
            min: self.min.map(extreme),
            max: self.max.map(extreme),
            mean: self.mean(),
            percentiles: None,
            course: None,
            increase: None,
            changes: None,
        }
    }
}

/// How much a total grew, in the making.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Growth {
    by: i128,
    resets: u64,
}

impl Growth {
    /// The meter showed `before` and then `after`.
    pub(crate) fn step(&mut self, before: i64, after: i64) {
        if after >= before {
            self.by += i128::from(after) - i128::from(before);
        } else {
            self.by += i128::from(after.max(0));
            self.resets += 1;
        }
    }

    /// The meter showed `before`, and then an hour of which only the roll-up is left: as little growth as explains it.
    pub(crate) fn hour(&mut self, before: Option<i64>, hour: &Rollup) {
        let last = hour.last.1;
        if last < hour.max {
            self.step(before.unwrap_or(hour.max), hour.max);
            self.step(hour.max, last);
        } else {
            let before = before.unwrap_or(hour.min);
            if hour.min < before {
                self.step(before, hour.min);
                self.step(hour.min, last);
            } else {
                self.step(before, last);
            }
        }
    }

    pub(crate) fn finish(&self) -> Increase {
        Increase { by: i64::try_from(self.by).unwrap_or(i64::MAX), resets: self.resets }
    }
}
