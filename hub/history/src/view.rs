mod slots;

use std::ops::ControlFlow;

use hub_model::{BootId, DeviceId, Stamp, TimeQuality};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use crate::{
    block::{self, Series},
    damage::{Damage, block_name},
    error::StoreError,
    history::History,
    live::HeadRow,
    rollup::HOURS,
    rows::{ColumnKey, Rows, coarse},
    store::{self, BLOCKS, BlockKey, META, meta},
    timeline::Timeline,
};

/// One series as it is at one moment: the database's snapshot, and beside it what is not sealed or not settled.
pub(crate) struct View<'a> {
    transaction: ReadTransaction,
    blocks: Option<ReadOnlyTable<BlockKey, &'static [u8]>>,
    device: u64,
    key: ColumnKey,
    /// Readings of the series that are not in blocks of wall time, in order.
    beside: Vec<Point>,
    damage: &'a Damage,
}

/// A reading with its wall time in Unix milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) t: i64,
    pub(crate) value: i64,
    pub(crate) is_estimated: bool,
}

impl Point {
    const fn run(&self) -> Run<'_> {
        let (t, values) = (std::slice::from_ref(&self.t), std::slice::from_ref(&self.value));
        Run { t, values, is_estimated: self.is_estimated }
    }
}

/// Readings in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run<'a> {
    pub(crate) t: &'a [i64],
    /// At least as many as there are times.
    pub(crate) values: &'a [i64],
    pub(crate) is_estimated: bool,
}

impl History {
    /// The series at this moment.
    pub(crate) fn view(&self, device: DeviceId, key: ColumnKey) -> Result<View<'_>, StoreError> {
        let device = device.as_u64();
        // The head first: what is sealed meanwhile is then in both, and is told apart by its number.
        let (head, newest_sealed, timeline) = {
            let live = self.live();
            let of = live.devices.get(&device);
            let head = of.map(|of| of.head.iter().filter(|row| row.has(key)).cloned().collect::<Vec<_>>());
            let newest_sealed = of.and_then(|of| of.known.newest_sealed());
            (head.unwrap_or_default(), newest_sealed, std::sync::Arc::clone(&live.timeline))
        };
        let transaction = self.store.read()?;
        let sealed = match store::readable(&transaction, META)? {
            Some(table) => store::number(&table, meta::SEALED)?,
            None => 0,
        };
        let blocks = store::readable(&transaction, BLOCKS)?;
        let mut view = View { transaction, blocks, device, key, beside: Vec::new(), damage: &self.damage };
        let waits = view.rows_that_wait(&timeline)?;
        let times: Vec<(i64, bool)> = head.iter().map(|row| wall(&timeline, row.at)).collect();
        // Usually all are in order and newer than everything that is sealed: then none of them can have come twice.
        let is_new = newest_sealed.zip(times.first()).is_none_or(|(newest, (t, _))| *t > newest);
        let fresh = head.iter().zip(&times).filter(|(row, _)| row.seq > sealed);
        if waits.is_empty() && is_new && times.is_sorted_by(|(a, _), (b, _)| a < b) {
            let point = |(row, (t, is_estimated)): (&HeadRow, &(i64, bool))| {
                Some(Point { t: *t, value: row.value(key)?, is_estimated: *is_estimated })
            };
            view.beside.extend(fresh.filter_map(point));
        } else {
            let mut rows = waits;
            for (row, (t, is_estimated)) in fresh {
                rows.push(*t, *is_estimated, row.cells());
            }
            rows.sort();
            view.take_beside(&rows, newest_sealed, self.config().time_resolution_ms())?;
        }
        for point in &mut view.beside {
            point.t = coarse(point.t, self.config().time_resolution_ms());
        }
        Ok(view)
    }
}

/// The wall time of a stamp in Unix milliseconds; is it a guess?
fn wall(timeline: &Timeline, at: Stamp) -> (i64, bool) {
    let wall = timeline.wall(at);
    (wall.at.0, wall.quality == TimeQuality::Estimated)
}

impl View<'_> {
    /// The sealed rows of the device that wait for a clock to become known, with their guessed times.
    fn rows_that_wait(&self, timeline: &Timeline) -> Result<Rows, StoreError> {
        let mut rows = Rows::default();
        // Wall time is boot 0 and comes first: only if something stands behind it does anything wait for a clock.
        let last = self.blocks.as_ref().map(|blocks| blocks.last()).transpose()?.flatten();
        if last.is_none_or(|(key, _)| key.value().0 == BootId::WALL.0) {
            return Ok(rows);
        }
        for boot in timeline.boots() {
            self.each_block((boot.0, self.device, i64::MIN)..=(boot.0, self.device, i64::MAX), |bytes| {
                let unsettled = block::decode(bytes)?;
                for (row, ms) in unsettled.t.iter().enumerate() {
                    let (t, is_estimated) = wall(timeline, Stamp { boot, ms: ms.cast_unsigned() });
                    rows.push(t, is_estimated, unsettled.cells(row));
                }
                Some(ControlFlow::Continue(()))
            })?;
        }
        Ok(rows)
    }

    const fn block_key(&self, start: i64) -> BlockKey {
        (0, self.device, start)
    }

    /// Shows blocks in order until `show` breaks; those for which it has `None` are damaged.
    fn each_block(
        &self,
        keys: std::ops::RangeInclusive<BlockKey>,
        mut show: impl FnMut(&[u8]) -> Option<ControlFlow<()>>,
    ) -> Result<(), StoreError> {
        let Some(blocks) = &self.blocks else { return Ok(()) };
        for entry in blocks.range(keys)? {
            let (key, bytes) = entry?;
            match show(bytes.value()) {
                Some(ControlFlow::Continue(())) => {}
                Some(ControlFlow::Break(())) => break,
                None => self.damage.found(block_name(key.value())),
            }
        }
        Ok(())
    }

    /// The start of the last block that begins at `t` or before.
    fn floor(&self, t: i64) -> Result<Option<i64>, StoreError> {
        let Some(blocks) = &self.blocks else { return Ok(None) };
        let found = blocks.range(self.block_key(i64::MIN)..=self.block_key(t))?.next_back().transpose()?;
        Ok(found.map(|(key, _)| key.value().2))
    }

    /// Takes the series out of rows, but for rows that a block holds already: they came twice.
    fn take_beside(&mut self, rows: &Rows, newest_sealed: Option<i64>, resolution_ms: i64) -> Result<(), StoreError> {
        let late = newest_sealed.map_or(0, |newest| rows.t.partition_point(|t| *t <= newest));
        let mut stored = rows.clone();
        stored.coarsen(resolution_ms);
        let Some(column) = rows.column(self.key) else { return Ok(()) };
        let mut decoded: Option<(i64, Option<Rows>)> = None;
        for (row, (t, cell)) in stored.t.iter().zip(&column.cells).enumerate() {
            let (Some(value), Some(exact)) = (*cell, rows.t.get(row)) else { continue };
            if row < late
                && let Some(start) = self.floor(*t)?
            {
                if decoded.as_ref().is_none_or(|(of, _)| *of != start) {
                    let mut found = None;
                    self.each_block(self.block_key(start)..=self.block_key(start), |bytes| {
                        if block::head(bytes)?.end >= *t {
                            found = Some(block::decode(bytes)?);
                        }
                        Some(ControlFlow::Break(()))
                    })?;
                    // Where the block ends before this row nothing is kept: a later row may not lie in it either.
                    decoded = Some((start, found));
                }
                if decoded.iter().any(|(_, block)| block.as_ref().is_some_and(|block| block.holds(*t, &stored, row))) {
                    continue;
                }
            }
            let is_estimated = rows.is_estimated.get(row).copied().unwrap_or_default();
            self.beside.push(Point { t: *exact, value, is_estimated });
        }
        Ok(())
    }

    /// Shows the readings in `[from, to)` that are in blocks, in order, until `visit` breaks.
    pub(crate) fn each_stored(
        &self,
        from: i64,
        to: i64,
        mut visit: impl FnMut(&[i64], &[i64]) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut flow = ControlFlow::Continue(());
        if from >= to {
            return Ok(flow);
        }
        let start = self.floor(from)?.unwrap_or(from);
        let mut series = Series::default();
        self.each_block(self.block_key(start)..=self.block_key(to - 1), |bytes| {
            series.take(bytes, self.key, from, to)?;
            if !series.t.is_empty() {
                flow = visit(&series.t, &series.values);
            }
            Some(flow)
        })?;
        Ok(flow)
    }

    /// The readings in `[from, to)` that are not in blocks, in order.
    pub(crate) fn beside(&self, from: i64, to: i64) -> &[Point] {
        let at = |t| self.beside.partition_point(|point| point.t < t);
        self.beside.get(at(from)..at(to)).unwrap_or_default()
    }

    /// Shows all readings in `[from, to)` in order until `visit` breaks.
    pub(crate) fn each(
        &self,
        from: i64,
        to: i64,
        mut visit: impl FnMut(Point) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        self.each_run(from, to, |run| {
            let point = |(t, value): (&i64, &i64)| Point { t: *t, value: *value, is_estimated: run.is_estimated };
            run.t.iter().zip(run.values).map(point).try_for_each(&mut visit)
        })
    }

    /// Shows all readings in `[from, to)` in order, many at once, until `visit` breaks.
    pub(crate) fn each_run(
        &self,
        from: i64,
        to: i64,
        mut visit: impl FnMut(Run<'_>) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut beside = self.beside(from, to);
        let flow = self.each_stored(from, to, |mut t, mut values| {
            // What is not sealed is usually newer than all blocks; where it is not, a block is shown in pieces.
            while let Some((point, rest)) = beside.split_first()
                && t.last().is_some_and(|last| point.t < *last)
            {
                let before = t.partition_point(|t| *t <= point.t);
                visit(Run { t: t.get(..before).unwrap_or_default(), values, is_estimated: false })?;
                visit(point.run())?;
                (t, values) = (t.get(before..).unwrap_or_default(), values.get(before..).unwrap_or_default());
                beside = rest;
            }
            visit(Run { t, values, is_estimated: false })
        })?;
        if flow.is_continue() {
            let _ = beside.iter().try_for_each(|point| visit(point.run()));
        }
        Ok(())
    }

    /// Where the readings of the device begin, and where those and the roll-ups of the device begin and end.
    pub(crate) fn extent(&self) -> Result<Extent, StoreError> {
        let mut extent = Extent { readings_from: None, from: i64::MAX, to: i64::MIN };
        if let Some(blocks) = &self.blocks {
            let mut range = blocks.range(self.block_key(i64::MIN)..=self.block_key(i64::MAX))?;
            if let Some((key, _)) = range.next().transpose()? {
                extent.readings_from = Some(key.value().2);
                extent.include(key.value().2);
            }
            let mut range = blocks.range(self.block_key(i64::MIN)..=self.block_key(i64::MAX))?;
            if let Some((key, bytes)) = range.next_back().transpose()? {
                extent.include(block::head(bytes.value()).map_or(key.value().2, |head| head.end));
            }
        }
        for point in self.beside.first().into_iter().chain(self.beside.last()) {
            extent.readings_from = Some(extent.readings_from.map_or(point.t, |from| from.min(point.t)));
            extent.include(point.t);
        }
        // Roll-ups know when the first and the last reading were that they stand for.
        if let Some(hours) = self.rollups(HOURS)? {
            let keys = (self.device, i64::MIN)..=(self.device, i64::MAX);
            let (first, last) = (hours.range(keys.clone())?.next(), hours.range(keys)?.next_back());
            for entry in [first, last].into_iter().flatten() {
                let record = entry?.0.value().1;
                let (from, to) = (HOURS.record_start(record), HOURS.record_start(record + 1));
                let slots = self.stored_slots(HOURS, from, to)?;
                extent.include(slots.first().map_or(from, |(_, rollup)| rollup.first));
                extent.include(slots.last().map_or(to - 1, |(_, rollup)| rollup.last.0));
            }
        }
        Ok(extent)
    }
}

/// Where something of a device is, in Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) readings_from: Option<i64>,
    pub(crate) from: i64,
    /// Inclusive.
    pub(crate) to: i64,
}

impl Extent {
    fn include(&mut self, t: i64) {
        self.from = self.from.min(t);
        self.to = self.to.max(t);
    }
}
