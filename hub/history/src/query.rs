use std::ops::{ControlFlow, Range};

use hub_model::{
    DeviceId, Expiring, HistoryError, HistoryQuery, HistoryReader, Quantity, RawPoint, Resolution, Retention,
    SeriesData, SeriesKey, StoreStats, TimeQuality, UnixMillis,
};

use crate::{
    device::series_key,
    error::StoreError,
    gaps::GapFinder,
    history::History,
    rollup::{DAYS, HOURS, Rollup, Span},
    rows::ColumnKey,
    store::{self, META, meta},
    timeline::FARTHEST_MS,
    view::{Point, View},
};

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Room for so many points is made at once, if so many are allowed.
const MOST_ROOM: usize = 16_384;
/// Widths that people read easily; wider than the last: multiples of it.
const WIDTHS: [i64; 29] = [
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    15 * MINUTE,
    20 * MINUTE,
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
    3 * DAY,
    4 * DAY,
    5 * DAY,
    7 * DAY,
    10 * DAY,
    14 * DAY,
    21 * DAY,
    30 * DAY,
    60 * DAY,
    90 * DAY,
    120 * DAY,
    180 * DAY,
    365 * DAY,
];

impl HistoryReader for History {
    fn query(&self, query: &HistoryQuery) -> Result<SeriesData, HistoryError> {
        if query.from >= query.to || query.max_points == 0 {
            return Err(HistoryError::EmptyWindow { from: query.from, to: query.to });
        }
        let view = self.view(query.series.device, column_key(query.series))?;
        Ok(Answer::new(query).answer(&view, query.resolution)?)
    }

    fn scan(
        &self,
        series: SeriesKey,
        window: Range<UnixMillis>,
        visit: &mut dyn FnMut(RawPoint) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        let view = self.view(series.device, column_key(series))?;
        let (from, to) = clamped(window.start, window.end);
        let quality = |point: &Point| match point.is_estimated {
            true => TimeQuality::Estimated,
            false => TimeQuality::Synchronised,
        };
        view.each(from, to, |point| {
            visit(RawPoint { at: UnixMillis(point.t), quality: quality(&point), value: point.value })
        })?;
        Ok(())
    }

    fn expiring(
        &self,
        now: UnixMillis,
        device: DeviceId,
        policy: &dyn Fn(Option<Quantity>) -> Retention,
    ) -> Result<Expiring, HistoryError> {
        Ok(self.would_expire(now, device, policy)?)
    }

    fn series(&self) -> Result<Vec<SeriesKey>, HistoryError> {
        let live = self.live();
        let keys = live.devices.iter().flat_map(|(device, of)| of.known.series.keys().map(|key| (*device, *key)));
        let mut series: Vec<_> = keys.filter_map(|(device, key)| series_key(device, key)).collect();
        series.sort_unstable();
        Ok(series)
    }

    fn stats(&self) -> Result<StoreStats, HistoryError> {
        let unsealed = self.live().points();
        let totals = || {
            let transaction = self.store.read()?;
            let Some(table) = store::readable(&transaction, META)? else { return Ok((0, 0)) };
            Ok::<_, StoreError>((store::number(&table, meta::POINTS)?, store::number(&table, meta::BLOCKS)?))
        };
        let (sealed, blocks) = totals()?;
        Ok(StoreStats {
            bytes: self.bytes()?,
            readings: sealed + unsealed,
            blocks,
            written_bytes: self.meter.bytes(),
            flushes: self.meter.flushes(),
        })
    }
}

const fn column_key(series: SeriesKey) -> ColumnKey {
    (series.quantity.code(), series.instance)
}

fn clamped(from: UnixMillis, to: UnixMillis) -> (i64, i64) {
    // One beyond the farthest reading, so that the window can end behind it.
    (from.0.clamp(-FARTHEST_MS - 1, FARTHEST_MS + 1), to.0.clamp(-FARTHEST_MS - 1, FARTHEST_MS + 1))
}

/// An answer in the making.
struct Answer {
    from: i64,
    to: i64,
    max_points: usize,
    data: SeriesData,
    gaps: GapFinder,
    /// The point that readings are still being added to.
    open: Option<(i64, Rollup)>,
}

impl Answer {
    fn new(query: &HistoryQuery) -> Self {
        let (from, to) = clamped(query.from, query.to);
        let data = SeriesData {
            series: query.series,
            resolution: Resolution::Raw,
            width_ms: 0,
            t: Vec::new(),
            min: Vec::new(),
            mean: Vec::new(),
            max: Vec::new(),
            count: Vec::new(),
            gaps: Vec::new(),
            next_from: None,
        };
        Self { from, to, max_points: query.max_points, data, gaps: GapFinder::new(from), open: None }
    }

    fn answer(mut self, view: &View<'_>, resolution: Resolution) -> Result<SeriesData, StoreError> {
        match resolution {
            Resolution::Raw => self.take_single(view)?,
            Resolution::M5 => self.take_readings(view, 5 * MINUTE)?,
            Resolution::H1 => self.take_rollups(view, HOURS, HOUR)?,
            Resolution::D1 => self.take_rollups(view, DAYS, DAY)?,
            Resolution::Auto => return self.automatic(view),
        }
        Ok(self.finish())
    }

    /// Single readings if they fit, else the narrowest points of which not too many are needed.
    fn automatic(mut self, view: &View<'_>) -> Result<SeriesData, StoreError> {
        let extent = view.extent()?;
        let (first, last) = (self.from.max(extent.from), self.to.min(extent.to.saturating_add(1)));
        if first >= last {
            return Ok(self.finish());
        }
        let is_expired = view.is_expired(extent, first, last)?;
        if !is_expired {
            let mut single = Self { data: self.data.clone(), gaps: GapFinder::new(self.from), open: None, ..self };
            single.take_single(view)?;
            if single.data.next_from.is_none() && single.data.t.len() <= self.max_points {
                return Ok(single.finish());
            }
        }
        let narrowest = if is_expired { HOUR } else { MINUTE };
        let width = self.width(narrowest, first, last);
        if width < HOUR {
            self.take_readings(view, width)?;
        } else {
            self.take_rollups(view, if width < DAY { HOURS } else { DAYS }, width)?;
        }
        Ok(self.finish())
    }

    fn width(&self, narrowest: i64, first: i64, last: i64) -> i64 {
        let most = i64::try_from(self.max_points).unwrap_or(i64::MAX);
        let fits = |width: i64| (last - 1).div_euclid(width) - first.div_euclid(width) < most;
        let nice = WIDTHS.into_iter().filter(|width| *width >= narrowest).find(|width| fits(*width));
        nice.unwrap_or_else(|| {
            let widest = 365 * DAY;
            // Points are aligned, so that one more than the span has may be touched: with one point allowed, start and
            // end must fall into the same.
            let mut times = ((last - first) / widest / most).max(1);
            while !fits(times * widest) && times < FARTHEST_MS / widest {
                times *= 2;
            }
            times * widest
        })
    }

    fn take_single(&mut self, view: &View<'_>) -> Result<(), StoreError> {
        // Readings of one millisecond stay together, so that the next page begins with a whole one.
        let mut begun = 0;
        let mut next = None;
        self.make_room(self.max_points.min(MOST_ROOM / 8));
        let (data, gaps, most) = (&mut self.data, &mut self.gaps, self.max_points);
        view.each_run(self.from, self.to, |run| {
            for (t, value) in run.t.iter().zip(run.values) {
                if data.t.last() != Some(&UnixMillis(*t)) {
                    begun = data.t.len();
                }
                if data.t.len() >= most && begun > 0 {
                    next = Some(*t);
                    return ControlFlow::Break(());
                }
                data.t.push(UnixMillis(*t));
                data.min.push(*value);
            }
            ControlFlow::Continue(())
        })?;
        if next.is_some_and(|next| data.t.last() == Some(&UnixMillis(next))) {
            data.t.truncate(begun);
            data.min.truncate(begun);
        }
        data.next_from = next.map(UnixMillis);
        data.t.iter().for_each(|t| gaps.reading(t.0));
        data.max.clone_from(&data.min);
        #[expect(clippy::cast_precision_loss, reason = "a mean is a float")]
        data.mean.extend(data.min.iter().map(|value| *value as f64));
        data.count.resize(data.min.len(), 1);
        Ok(())
    }

    fn take_readings(&mut self, view: &View<'_>, width: i64) -> Result<(), StoreError> {
        self.wide(width);
        view.each_run(self.from, self.to, |run| {
            Rollup::each(run.t, run.values, width, |_, times, rollup| {
                self.add(&rollup, width)?;
                self.gaps.each(times);
                ControlFlow::Continue(())
            })
        })
    }

    fn take_rollups(&mut self, view: &View<'_>, span: Span, width: i64) -> Result<(), StoreError> {
        self.wide(width);
        let _ = view.each_slot(span, self.from, self.to, &mut |rollup| {
            self.add(rollup, width)?;
            self.gaps.readings(rollup.count, rollup.first..rollup.last.0);
            ControlFlow::Continue(())
        })?;
        Ok(())
    }

    fn make_room(&mut self, points: usize) {
        self.data.t.reserve(points);
        self.data.min.reserve(points);
        self.data.mean.reserve(points);
        self.data.max.reserve(points);
        self.data.count.reserve(points);
    }

    fn wide(&mut self, width: i64) {
        let points = usize::try_from((self.to - self.from) / width + 2).unwrap_or(0);
        self.make_room(points.min(self.max_points).min(MOST_ROOM));
        self.data.width_ms = width;
        self.data.resolution = match width {
            ..HOUR => Resolution::M5,
            HOUR..DAY => Resolution::H1,
            _ => Resolution::D1,
        };
    }

    /// Adds readings, in order, to the point that they belong to.
    fn add(&mut self, rollup: &Rollup, width: i64) -> ControlFlow<()> {
        let start = rollup.first.div_euclid(width) * width;
        match &mut self.open {
            Some((open, sum)) if *open == start => sum.merge(rollup),
            _ => {
                if self.data.t.len() + usize::from(self.open.is_some()) >= self.max_points {
                    self.data.next_from = Some(UnixMillis(start.max(self.from)));
                    return ControlFlow::Break(());
                }
                self.close_point();
                self.open = Some((start, *rollup));
            }
        }
        ControlFlow::Continue(())
    }

    fn close_point(&mut self) {
        if let Some((start, sum)) = self.open.take() {
            self.data.t.push(UnixMillis(start));
            self.data.min.push(sum.min);
            self.data.mean.push(sum.mean());
            self.data.max.push(sum.max);
            self.data.count.push(sum.count);
        }
    }

    fn finish(mut self) -> SeriesData {
        self.close_point();
        let end = if self.data.next_from.is_some() { None } else { Some(self.to) };
        self.data.gaps = self.gaps.finish(end);
        self.data
    }
}
