//! Several series on one axis of time.

use hub_model::{AlignedColumn, AlignedData, AlignedQuery, HistoryError, SeriesKey, UnixMillis};

use crate::{
    aggregate::{Item, Source, Sums, Tally, clamped},
    error::StoreError,
    gaps::GapFinder,
    history::History,
    view::View,
};

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Widths that people read easily; wider than the last: that, doubled until it fits.
const WIDTHS: [i64; 27] = [
    SECOND,
    2 * SECOND,
    5 * SECOND,
    10 * SECOND,
    15 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    3 * HOUR,
    4 * HOUR,
    6 * HOUR,
    8 * HOUR,
    12 * HOUR,
    DAY,
    2 * DAY,
    4 * DAY,
    7 * DAY,
    14 * DAY,
    28 * DAY,
    56 * DAY,
    112 * DAY,
];

pub(crate) fn answer(history: &History, query: &AlignedQuery) -> Result<AlignedData, HistoryError> {
    if query.from >= query.to || query.max_points == 0 {
        return Err(HistoryError::EmptyWindow { from: query.from, to: query.to });
    }
    let (from, to) = (clamped(query.from).0, clamped(query.to).0);
    let view = |series: &SeriesKey| history.view(series.device, (series.quantity.code(), series.instance));
    let views = query.series.iter().map(view).collect::<Result<Vec<_>, _>>()?;
    let Axis { width, edges } = Axis::new(&views, from, to, query.max_points)?;
    let column = |(series, view): (&SeriesKey, &View<'_>)| column(*series, view, (from, to), width, &edges);
    let columns = query.series.iter().zip(&views).map(column).collect::<Result<_, _>>()?;
    let starts = edges.split_last().map_or(&[][..], |(_, starts)| starts);
    Ok(AlignedData { width_ms: width, t: starts.iter().map(|t| UnixMillis(*t)).collect(), columns })
}

/// The points that all series share.
struct Axis {
    width: i64,
    /// Where the points begin, and where the last one ends; empty when there is none.
    edges: Vec<i64>,
}

impl Axis {
    /// The narrowest points that reach from the first to the last reading of any series.
    fn new(views: &[View<'_>], from: i64, to: i64, most: usize) -> Result<Self, StoreError> {
        let (mut first, mut last, mut narrowest) = (i64::MAX, i64::MIN, SECOND);
        for view in views {
            let extent = view.extent()?;
            let (begin, end) = (from.max(extent.from), to.min(extent.to.saturating_add(1)));
            if begin >= end {
                continue;
            }
            (first, last) = (first.min(begin), last.max(end));
            if view.is_expired(extent, begin, end)? {
                narrowest = HOUR;
            }
        }
        if first >= last {
            return Ok(Self { width: SECOND, edges: Vec::new() });
        }
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let fits = |width: &i64| (last - 1).div_euclid(*width) - first.div_euclid(*width) < most;
        let nice = WIDTHS.into_iter().filter(|width| *width >= narrowest).find(fits);
        let doubled = || std::iter::successors(Some(224 * DAY), |width| width.checked_mul(2)).find(fits);
        let width = nice.or_else(doubled).unwrap_or(i64::MAX / 4);
        let points = first.div_euclid(width)..=(last - 1).div_euclid(width) + 1;
        Ok(Self { width, edges: points.map(|nth| nth.saturating_mul(width)).collect() })
    }
}

fn column(
    series: SeriesKey,
    view: &View<'_>,
    (from, to): (i64, i64),
    width: i64,
    edges: &[i64],
) -> Result<AlignedColumn, StoreError> {
    let source = Source::new(view, from, to)?;
    let mut gaps = GapFinder::new(from);
    let mut sums = Sums::new(edges);
    let show = |item| {
        match item {
            Item::Reading(t, _) => gaps.reading(t),
            Item::Hour(hour) => gaps.readings(hour.count, hour.first..hour.last.0),
        }
        sums.take(item);
    };
    if width < HOUR {
        source.each(&[], show)?;
    } else {
        source.each_hour(&[from, to], show)?;
    }
    let tallies = sums.finish();
    Ok(AlignedColumn {
        series,
        min: tallies.iter().map(Tally::min).collect(),
        mean: tallies.iter().map(Tally::mean).collect(),
        max: tallies.iter().map(Tally::max).collect(),
        count: tallies.iter().map(|tally| tally.count).collect(),
        gaps: gaps.finish(Some(to)),
    })
}
