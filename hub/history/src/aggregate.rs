//! What became of a series: how much, how long, how often, in each part of a window.
//!
//! The readings are walked through twice. The first walk finds the usual interval, and with it the gaps, and the hours of
//! which readings are expired (their roll-up counts more readings than there are). The second divides what is there into
//! buckets. So an answer takes as much memory as it has buckets, however long the window is. Where roll-ups suffice, only
//! the readings of hours that an edge cuts are read: none in zones that are whole hours from UTC, one hour a bucket in the
//! others.

mod course;
mod divide;
mod percentile;
mod source;
mod tally;

use hub_model::{
    AlignedData, AlignedQuery, Bucket, Depth, HistoryError, Kind, Quantity, SeriesStatistics, Statistics,
    StatisticsQuery, StatisticsReader, UnixMillis,
};

#[cfg(test)]
pub(crate) use percentile::percentiles;
pub(crate) use source::{Item, Source};
pub(crate) use tally::Tally;

use crate::{align, calendar, error::StoreError, history::History, rollup::HOURS, timeline::FARTHEST_MS};
use course::Rules;
use divide::Divider;
use source::Survey;

/// What is sent rarely is believed for 25 hours: the sensors meant report at least once a day.
const RARE_MS: i64 = 25 * 3_600_000;
/// A window with fewer readings does not tell the usual interval: a day more on both sides is asked too.
const FEW: u64 = 16;
/// No silence at the window's ends is looked across that is longer: 32 days.
const FARTHEST_NEIGHBOUR_MS: i64 = 32 * 86_400_000;

impl StatisticsReader for History {
    fn statistics(&self, query: &StatisticsQuery) -> Result<SeriesStatistics, HistoryError> {
        let (from, to) = (clamped(query.from), clamped(query.to));
        let edges = calendar::edges(&query.zone, query.bucket, from, to, query.max_buckets)?;
        let series = query.series;
        let view = self.view(series.device, (series.quantity.code(), series.instance))?;
        let source = Source::new(&view, from.0, to.0)?;
        Ok(match query.depth {
            // Hours of a zone that is not whole hours from UTC are all cut.
            Depth::Rollups if !(query.bucket == Bucket::Hour && cuts_hours(&edges)) => {
                from_rollups(query, &source, &edges)?
            }
            _ => from_readings(query, &source, &edges)?,
        })
    }

    fn aligned(&self, query: &AlignedQuery) -> Result<AlignedData, HistoryError> {
        align::answer(self, query)
    }
}

/// A time within those that readings can have, or the one behind them.
pub(crate) fn clamped(at: UnixMillis) -> UnixMillis {
    UnixMillis(at.0.clamp(-FARTHEST_MS - 1, FARTHEST_MS + 1))
}

/// Is any edge but the ends of the window within an hour of UTC?
fn cuts_hours(edges: &[i64]) -> bool {
    let inner = edges.get(1..edges.len().saturating_sub(1)).unwrap_or_default();
    inner.iter().any(|edge| edge % HOURS.slot_ms != 0)
}

/// Is the quantity sent rarely, so that a long silence is nothing unusual?
const fn is_rare(quantity: Quantity) -> bool {
    !matches!(quantity.kind(), Kind::Measurement) || matches!(quantity, Quantity::Battery | Quantity::Voltage)
}

fn from_rollups(query: &StatisticsQuery, source: &Source<'_>, edges: &[i64]) -> Result<SeriesStatistics, StoreError> {
    let mut sums = Sums::new(edges);
    source.each_hour(edges, |item| sums.take(item))?;
    let buckets = sums.finish().into_iter().zip(edges.windows(2));
    let has_mean = course::has_mean(query.series.quantity);
    let statistics = |(tally, edges): (Tally, &[i64])| {
        let (from, to) = (edges.first().copied().unwrap_or(0), edges.last().copied().unwrap_or(0));
        let told = tally.statistics(from, to);
        Statistics { mean: told.mean.filter(|_| has_mean), ..told }
    };
    Ok(SeriesStatistics {
        series: query.series,
        exact_from: UnixMillis(source.to),
        gaps: Vec::new(),
        buckets: buckets.map(statistics).collect(),
    })
}

fn from_readings(query: &StatisticsQuery, source: &Source<'_>, edges: &[i64]) -> Result<SeriesStatistics, StoreError> {
    let quantity = query.series.quantity;
    let Survey { thin, gaps, readings, low, high } = source.survey()?;
    let mut longest = gaps.longest();
    if readings < FEW {
        longest = longest.max(source.longest_around(RARE_MS)?);
    }
    if is_rare(quantity) {
        longest = longest.max(RARE_MS);
    }
    let rules = Rules::new(quantity, query.above, query.below);
    let mut divider = Divider::new(edges, quantity, longest, rules, source.before(&thin)?);
    source.each(&thin, |item| divider.take(item))?;
    let mut buckets = divider.finish(source.after(longest.min(FARTHEST_NEIGHBOUR_MS))?, query.now.0);
    if !query.percentiles.is_empty() && readings > 0 {
        let each = |show: &mut dyn FnMut(i64, i64)| {
            source.each(&thin, |item| {
                if let Item::Reading(t, value) = item {
                    show(t, value);
                }
            })
        };
        let found = percentile::percentiles(&query.percentiles, edges, (low, high), each)?;
        for (bucket, found) in buckets.iter_mut().zip(found) {
            bucket.percentiles = found;
        }
    }
    for bucket in &mut buckets {
        bucket.mean = bucket.mean.filter(|_| course::has_mean(quantity));
        let ended = thin.partition_point(|(slot, _)| slot + HOURS.slot_ms <= bucket.from.0);
        bucket.is_exact = thin.get(ended).is_none_or(|(slot, _)| *slot >= bucket.to.0);
        if !bucket.is_exact {
            (bucket.percentiles, bucket.course, bucket.changes) = (None, None, None);
        }
    }
    let thin_end = thin.last().map_or(source.from, |(slot, _)| slot + HOURS.slot_ms);
    Ok(SeriesStatistics {
        series: query.series,
        exact_from: UnixMillis(thin_end.clamp(source.from, source.to)),
        gaps: source::gaps(gaps, source.to, query.now.0, longest),
        buckets,
    })
}

/// Count, least, mean and greatest of each bucket between edges.
pub(crate) struct Sums<'a> {
    edges: &'a [i64],
    done: Vec<Tally>,
    open: Tally,
}

impl<'a> Sums<'a> {
    pub(crate) fn new(edges: &'a [i64]) -> Self {
        Self { edges, done: Vec::with_capacity(edges.len()), open: Tally::default() }
    }

    pub(crate) fn take(&mut self, item: Item) {
        let t = match item {
            Item::Reading(t, _) => t,
            Item::Hour(hour) => hour.first,
        };
        while self.edges.get(1).is_some_and(|end| *end <= t) {
            self.close();
        }
        match item {
            Item::Reading(t, value) => self.open.reading(t, value),
            Item::Hour(hour) => self.open.hour(&hour),
        }
    }

    fn close(&mut self) {
        self.done.push(std::mem::take(&mut self.open));
        self.edges = self.edges.get(1..).unwrap_or_default();
    }

    /// One for each bucket.
    pub(crate) fn finish(mut self) -> Vec<Tally> {
        while self.edges.len() > 1 {
            self.close();
        }
        self.done
    }
}
