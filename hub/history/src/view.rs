use std::ops::ControlFlow;

use hub_model::{DeviceId, TimeQuality};
use redb::{ReadOnlyTable, ReadTransaction, ReadableTable};

use crate::{
    block,
    damage::{Damage, block_name},
    error::StoreError,
    history::History,
    rollup::{self, HOURS, Rollup, Span},
    rows::{ColumnKey, Rows},
    store::{self, BLOCKS, BlockKey, META, RollupKey, meta},
};

/// One series as it is at one moment: the database's snapshot, and beside it what is not sealed or not settled.
pub(crate) struct View<'a> {
    blocks: Option<ReadOnlyTable<BlockKey, &'static [u8]>>,
    hours: Option<ReadOnlyTable<RollupKey, &'static [u8]>>,
    days: Option<ReadOnlyTable<RollupKey, &'static [u8]>>,
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

impl History {
    /// The series at this moment.
    pub(crate) fn view(&self, device: DeviceId, key: ColumnKey) -> Result<View<'_>, StoreError> {
        let device = device.as_u64();
        // The head first: what is sealed meanwhile is then in both, and is told apart by its number.
        let (head, timeline) = {
            let live = self.live();
            let head = live.devices.get(&device).map(|live| live.head.clone()).unwrap_or_default();
            (head, std::sync::Arc::clone(&live.timeline))
        };
        let transaction = self.store.read()?;
        let sealed = match store::readable(&transaction, META)? {
            Some(table) => store::number(&table, meta::SEALED)?,
            None => 0,
        };
        let mut rows = Rows::default();
        for row in head.iter().filter(|row| row.seq > sealed) {
            let wall = timeline.wall(row.at);
            rows.push(wall.at.0, wall.quality == TimeQuality::Estimated, row.cells());
        }
        let mut view = View::open(&transaction, device, key, &self.damage)?;
        let mut boots = timeline.boots().peekable();
        // Wall time is boot 0 and comes first: only if something stands behind it does anything wait for a clock.
        let waits = view.blocks.as_ref().map(|blocks| blocks.last()).transpose()?.flatten();
        if waits.is_some_and(|(key, _)| key.value().0 != 0) && boots.peek().is_some() {
            for boot in boots {
                view.each_block((boot.0, device, i64::MIN)..=(boot.0, device, i64::MAX), |bytes| {
                    let unsettled = block::decode(bytes)?;
                    for (row, ms, _) in unsettled.iter() {
                        let wall = timeline.wall(hub_model::Stamp { boot, ms: ms.cast_unsigned() });
                        rows.push(wall.at.0, wall.quality == TimeQuality::Estimated, unsettled.cells(row));
                    }
                    Some(ControlFlow::Continue(()))
                })?;
            }
        }
        rows.sort();
        view.take_beside(&rows)?;
        Ok(view)
    }
}

impl<'a> View<'a> {
    fn open(
        transaction: &ReadTransaction,
        device: u64,
        key: ColumnKey,
        damage: &'a Damage,
    ) -> Result<Self, StoreError> {
        Ok(Self {
            blocks: store::readable(transaction, BLOCKS)?,
            hours: store::readable(transaction, store::HOURS)?,
            days: store::readable(transaction, store::DAYS)?,
            device,
            key,
            beside: Vec::new(),
            damage,
        })
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
    fn take_beside(&mut self, rows: &Rows) -> Result<(), StoreError> {
        let Some(column) = rows.column(self.key) else { return Ok(()) };
        let mut decoded: Option<(i64, Option<Rows>)> = None;
        for (row, t, is_estimated) in rows.iter() {
            let Some(value) = column.cells.get(row).copied().flatten() else { continue };
            if let Some(start) = self.floor(t)? {
                if decoded.as_ref().is_none_or(|(of, _)| *of != start) {
                    let mut found = None;
                    self.each_block(self.block_key(start)..=self.block_key(start), |bytes| {
                        if block::head(bytes)?.end >= t {
                            found = Some(block::decode(bytes)?);
                        }
                        Some(ControlFlow::Break(()))
                    })?;
                    // Where the block ends before this row nothing is kept: a later row may not lie in it either.
                    decoded = Some((start, found));
                }
                if decoded.iter().any(|(_, stored)| stored.as_ref().is_some_and(|stored| stored.holds(t, rows, row))) {
                    continue;
                }
            }
            self.beside.push(Point { t, value, is_estimated });
        }
        Ok(())
    }

    /// Shows the readings in `[from, to)` that are in blocks, in order, until `visit` breaks.
    pub(crate) fn each_stored(
        &self,
        from: i64,
        to: i64,
        mut visit: impl FnMut(i64, i64) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, StoreError> {
        let mut flow = ControlFlow::Continue(());
        if from >= to {
            return Ok(flow);
        }
        let start = self.floor(from)?.unwrap_or(from);
        let mut cells = Vec::new();
        self.each_block(self.block_key(start)..=self.block_key(to - 1), |bytes| {
            if block::head(bytes)?.end < from {
                return Some(ControlFlow::Continue(()));
            }
            let times = block::decode_column(bytes, self.key, &mut cells)?;
            for (t, cell) in times.iter().zip(&cells) {
                if let Some(value) = cell
                    && (from..to).contains(t)
                {
                    flow = visit(*t, *value);
                    if flow.is_break() {
                        return Some(flow);
                    }
                }
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
        let mut beside = self.beside(from, to).iter().copied().peekable();
        let flow = self.each_stored(from, to, |t, value| {
            while let Some(point) = beside.next_if(|point| point.t < t) {
                visit(point)?;
            }
            visit(Point { t, value, is_estimated: false })
        })?;
        if flow.is_continue() {
            let _ = beside.try_for_each(visit);
        }
        Ok(())
    }

    /// The stored roll-ups of the slots that begin in `[from, to)`, in order.
    pub(crate) fn stored_slots(&self, span: Span, from: i64, to: i64) -> Result<Vec<(i64, Rollup)>, StoreError> {
        let mut slots = Vec::new();
        let table = if span == HOURS { &self.hours } else { &self.days };
        let Some(table) = table else { return Ok(slots) };
        if from >= to {
            return Ok(slots);
        }
        let records = (self.device, span.record(from))..=(self.device, span.record(to - 1));
        for entry in table.range(records)? {
            let (key, bytes) = entry?;
            let record = key.value().1;
            let read = rollup::read_series(bytes.value(), self.key, span, record, |slot, rollup| {
                if (from..to).contains(&slot) {
                    slots.push((slot, rollup));
                }
            });
            if read.is_none() {
                self.damage.found(format!("roll-ups of device {:x}, record {record}", self.device));
            }
        }
        Ok(slots)
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
        if let Some(hours) = &self.hours {
            let keys = (self.device, i64::MIN)..=(self.device, i64::MAX);
            let (first, last) = (hours.range(keys.clone())?.next(), hours.range(keys)?.next_back());
            for entry in [first, last].into_iter().flatten() {
                let record = entry?.0.value().1;
                let (from, to) = (HOURS.record_start(record), HOURS.record_start(record + 1));
                let slots = self.stored_slots(HOURS, from, to)?;
                extent.include(slots.first().map_or(from, |(_, rollup)| rollup.first.0));
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
