use hub_model::{Interpolation, Kind, Quantity, Statistics};

use super::{
    course::{CourseSum, Rules, Segment},
    source::Item,
    tally::{Growth, Tally},
};
use crate::rollup::Rollup;

/// What a series tells, in order, divided into buckets.
pub(crate) struct Divider<'a> {
    /// The edges of the buckets that are not closed yet: begin and end of the open one first.
    edges: &'a [i64],
    window: (i64, i64),
    kind: Kind,
    /// Longer silences are gaps, in milliseconds.
    longest_ms: i64,
    rules: Rules,
    open: Open,
    closed: Vec<Statistics>,
    /// The reading before, with the greatest value of its time.
    before: Option<(i64, i64)>,
    /// The time of the readings that came last, and their values: more may come of the same time.
    time: i64,
    values: Vec<i64>,
}

/// The open bucket.
#[derive(Debug, Clone, Copy)]
struct Open {
    tally: Tally,
    course: CourseSum,
    growth: Growth,
    changes: u64,
}

impl Open {
    const fn new(rules: Rules, tally: Tally, growth: Growth) -> Self {
        Self { tally, course: CourseSum::new(rules), growth, changes: 0 }
    }
}

impl<'a> Divider<'a> {
    /// Buckets between edges, at least two. `before` is the last reading before the first edge.
    pub(crate) fn new(
        edges: &'a [i64],
        quantity: Quantity,
        longest_ms: i64,
        rules: Rules,
        before: Option<(i64, i64)>,
    ) -> Self {
        let window = (edges.first().copied().unwrap_or(0), edges.last().copied().unwrap_or(0));
        Self {
            edges,
            window,
            kind: quantity.kind(),
            longest_ms,
            rules,
            open: Open::new(rules, Tally::default(), Growth::default()),
            closed: Vec::with_capacity(edges.len()),
            before,
            time: i64::MIN,
            values: Vec::new(),
        }
    }

    pub(crate) fn take(&mut self, item: Item) {
        match item {
            Item::Reading(t, value) => {
                if t > self.time {
                    self.settle();
                    self.time = t;
                }
                self.values.push(value);
            }
            Item::Hour(hour) => self.hour(&hour),
        }
    }

    /// Adds the readings of one time, now that all of them are there.
    fn settle(&mut self) {
        let Some(greatest) = self.values.iter().max().copied() else { return };
        let reading = (self.time, greatest);
        if let Some(before) = self.before {
            self.go(&Segment { from: before, to: reading });
        }
        self.open_at(self.time);
        for value in &self.values {
            self.open.tally.reading(self.time, *value);
        }
        self.values.clear();
        if let Some((_, before)) = self.before {
            match self.kind {
                Kind::Total => self.open.growth.step(before, greatest),
                Kind::Binary => self.open.changes += u64::from(before != greatest),
                Kind::Measurement => {}
            }
        }
        self.before = Some(reading);
    }

    fn hour(&mut self, hour: &Rollup) {
        self.settle();
        self.open_at(hour.first);
        self.open.tally.hour(hour);
        if self.kind == Kind::Total {
            self.open.growth.hour(self.before.map(|(_, value)| value), hour);
        }
        self.before = Some(hour.last);
    }

    /// Lays a segment over the buckets that it crosses, unless it is a gap.
    fn go(&mut self, segment: &Segment) {
        if segment.to.0.saturating_sub(segment.from.0) > self.longest_ms {
            return;
        }
        let (mut from, to) = (segment.from.0.max(self.window.0), segment.to.0.min(self.window.1));
        while from < to {
            self.open_at(from);
            let end = self.end().min(to);
            self.open.course.add(segment, from, end);
            from = end;
        }
    }

    /// The end of the open bucket.
    fn end(&self) -> i64 {
        self.edges.get(1).copied().unwrap_or(i64::MAX)
    }

    /// Closes buckets until the one that holds `t` is open.
    fn open_at(&mut self, t: i64) {
        while self.end() <= t {
            self.close();
        }
    }

    fn close(&mut self) {
        let [from, rest @ ..] = self.edges else { return };
        if let Some(to) = rest.first() {
            let Open { tally, course, growth, changes } = self.open;
            let has_readings = tally.count > 0;
            self.closed.push(Statistics {
                course: Some(course.finish()),
                increase: (self.kind == Kind::Total && has_readings).then(|| growth.finish()),
                changes: (self.kind == Kind::Binary).then_some(changes),
                ..tally.statistics(*from, *to)
            });
        }
        self.edges = rest;
        self.open = Open::new(self.rules, Tally::default(), Growth::default());
    }

    /// Closes all buckets. `after` is the first reading behind them; `now` is until when a state holds.
    pub(crate) fn finish(mut self, after: Option<(i64, i64)>, now: i64) -> Vec<Statistics> {
        self.settle();
        if let Some(before) = self.before {
            let holds = self.rules.interpolation() == Interpolation::Step && now > before.0;
            if let Some(to) = after.or_else(|| holds.then_some((now, before.1))) {
                self.go(&Segment { from: before, to });
            }
        }
        while self.edges.len() > 1 {
            self.close();
        }
        self.closed
    }
}
