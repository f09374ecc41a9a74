//! History that was not heard: readings and figures from files, in bulk.
//!
//! What is there already is left as it is, so that a file can be taken in twice, or in parts, or after a power cut once
//! more. Roll-ups are not added to: of the days that were touched they are worked out anew from the readings, and where
//! one stands for more readings than are kept, it stays ([`reconciled`](crate::hours::reconciled)).

pub(crate) mod fill;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

use hub_model::{BootId, FigureSpan, Figures, Reading, Stamp, UnixMillis};
use redb::{ReadableTable, WriteTransaction};

use crate::{
    block,
    damage::block_name,
    device::{Known, Newest},
    error::StoreError,
    history::History,
    hours::{days_of_hours, each_day_of_hours, enclosing, reconcile},
    pack::Packing,
    rollup::{Chunk, DAYS, HOURS, Rollup, Span},
    rows::{ColumnKey, Rows, coarse},
    seal::Shelves,
    store::BlockKey,
};
use fill::{Point, fill};

/// What an import added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Imported {
    /// Readings that were not there before.
    pub readings: u64,
    /// Hours and days that were not there before, or stood for fewer readings.
    pub figures: u64,
}

/// What of a device is to be taken in.
#[derive(Debug, Default)]
struct Batch {
    readings: Vec<Point>,
    hours: Vec<(ColumnKey, Rollup)>,
    days: Vec<(ColumnKey, Rollup)>,
}

impl History {
    /// Takes in readings and figures in one durable step; tells what was new.
    ///
    /// Readings of one series at one time with one value are one reading, unless they come several times in one call:
    /// then so many. The caller believes them: implausible ones are stored as any other.
    ///
    /// # Errors
    /// When a block that readings belong to is damaged, or the disk refuses; then nothing is taken in.
    pub fn import(&self, readings: &[Reading], figures: &[Figures]) -> Result<Imported, StoreError> {
        let batches = self.batches(readings, figures);
        let mut maintenance = self.maintaining()?;
        // What is in the journal alone would not be known to be there.
        self.seal_and(&mut maintenance, |_, _| Ok(()), false)?;
        let (imported, known) = self.change(&mut maintenance, |transaction| self.put(transaction, &batches))?;
        let mut live = self.live();
        for (device, known) in &known {
            let own = &mut live.devices.entry(*device).or_default().known;
            own.learn(known);
            own.repacked_to = known.repacked_to;
        }
        Ok(imported)
    }

    /// Tells what [`import`](Self::import) would add, and changes nothing but that what is in the journal is sealed.
    ///
    /// # Errors
    /// As [`import`](Self::import).
    pub fn would_import(&self, readings: &[Reading], figures: &[Figures]) -> Result<Imported, StoreError> {
        let batches = self.batches(readings, figures);
        let mut maintenance = self.maintaining()?;
        self.seal_and(&mut maintenance, |_, _| Ok(()), false)?;
        self.store.look(|transaction| self.put(transaction, &batches)).map(|(imported, _)| imported)
    }

    /// Device by device, in order of time, at the times that are stored.
    fn batches(&self, readings: &[Reading], figures: &[Figures]) -> BTreeMap<u64, Batch> {
        let mut batches: BTreeMap<u64, Batch> = BTreeMap::new();
        let resolution_ms = self.config().time_resolution_ms();
        for reading in readings {
            let batch = batches.entry(reading.series.device.as_u64()).or_default();
            let key = (reading.series.quantity.code(), reading.series.instance);
            batch.readings.push((coarse(reading.at.0, resolution_ms), key, reading.value));
        }
        for figures in figures.iter().filter(|figures| figures.are_possible()) {
            let batch = batches.entry(figures.series.device.as_u64()).or_default();
            let key = (figures.series.quantity.code(), figures.series.instance);
            let rollup = Rollup {
                count: figures.count,
                min: figures.min,
                max: figures.max,
                sum: figures.sum,
                first: figures.first.0,
                last: (figures.last.0, figures.last_value),
            };
            match figures.span {
                FigureSpan::Hour => batch.hours.push((key, rollup)),
                FigureSpan::Day => batch.days.push((key, rollup)),
            }
        }
        for batch in batches.values_mut() {
            batch.readings.sort_by_key(|(t, ..)| *t);
        }
        batches
    }

    fn put(
        &self,
        transaction: &WriteTransaction,
        batches: &BTreeMap<u64, Batch>,
    ) -> Result<(Imported, Vec<(u64, Known)>), StoreError> {
        let mut shelves = Shelves::open(transaction, self)?;
        let (mut imported, mut learned) = (Imported::default(), Vec::new());
        for (device, batch) in batches {
            let known = self.live().devices.get(device).map(|live| live.known.clone()).unwrap_or_default();
            let before = known.clone();
            let rolled_before = known.rolled_to;
            let mut importer = Importer { shelves: &mut shelves, device: *device, known, rolled_before };
            let of_device = importer.take(batch)?;
            let known = importer.known;
            imported.readings += of_device.readings;
            imported.figures += of_device.figures;
            if known != before {
                shelves.devices.insert(*device, known.encode().as_slice())?;
                learned.push((*device, known));
            }
        }
        shelves.close()?;
        Ok((imported, learned))
    }
}

impl Known {
    /// Takes over what another knows.
    fn learn(&mut self, other: &Self) {
        self.rolled_to = self.rolled_to.max(other.rolled_to);
        for (key, newest) in &other.series {
            self.take(*key, newest.value, newest.at);
            if let Some(own) = self.series.get_mut(key) {
                own.sealed = own.sealed.max(newest.sealed);
            }
        }
    }

    /// There is a sealed reading, or one that a roll-up stands for.
    fn learn_of(&mut self, key: ColumnKey, t: i64, value: i64) {
        let newest = Newest { value, at: Stamp::wall(UnixMillis(t)), sealed: Some(t) };
        self.learn(&Self { series: BTreeMap::from([(key, newest)]), ..Self::default() });
    }
}

/// Takes in what comes of one device.
struct Importer<'a, 'txn> {
    shelves: &'a mut Shelves<'txn>,
    device: u64,
    known: Known,
    /// Up to which day roll-ups were there before.
    rolled_before: Option<i64>,
}

impl Importer<'_, '_> {
    fn take(&mut self, batch: &Batch) -> Result<Imported, StoreError> {
        let mut imported = Imported::default();
        let mut touched: BTreeSet<i64> = BTreeSet::new();
        let mut rest = batch.readings.as_slice();
        while let Some((t, ..)) = rest.first() {
            let (target, next) = self.place(*t)?;
            let count = next.map_or(rest.len(), |next| rest.partition_point(|(t, ..)| *t < next)).max(1);
            let (part, later) = rest.split_at(count);
            let added = self.put(target, part)?;
            if added > 0 {
                self.known.came_late(part.first().map(|(t, ..)| *t));
                touched.extend(part.iter().map(|(t, ..)| HOURS.record(*t)));
            }
            imported.readings += added;
            rest = later;
        }
        let newest: BTreeMap<ColumnKey, (i64, i64)> =
            batch.readings.iter().map(|(t, key, value)| (*key, (*t, *value))).collect();
        for (key, (t, value)) in newest {
            self.known.learn_of(key, t, value);
        }
        // The roll-ups of the days that figures are of must be there first: they may know more already.
        let last = batch.hours.iter().chain(&batch.days).map(|(_, rollup)| DAYS.slot(rollup.first)).max();
        let day_end = last.map(|day| day.saturating_add(DAYS.slot_ms));
        self.known.rolled_to = self.known.rolled_to.max(day_end);
        self.roll_up(&touched)?;
        let mut days = BTreeSet::new();
        imported.figures += self.put_figures(HOURS, &batch.hours, &mut days)?;
        imported.figures += self.put_figures(DAYS, &batch.days, &mut days)?;
        self.roll_up_days(days)?;
        Ok(imported)
    }

    /// The block that a reading of this time belongs to (the last that begins before it, or the first of all), and where
    /// the next begins.
    fn place(&self, t: i64) -> Result<(Option<BlockKey>, Option<i64>), StoreError> {
        let key = |start| (BootId::WALL.0, self.device, start);
        let all = key(i64::MIN)..=key(i64::MAX);
        let blocks = &self.shelves.blocks;
        let before = blocks.range(key(i64::MIN)..=key(t))?.next_back().transpose()?;
        let target = match before {
            Some((found, _)) => Some(found.value()),
            None => blocks.range(all)?.next().transpose()?.map(|(found, _)| found.value()),
        };
        let Some(found) = target else { return Ok((None, None)) };
        let mut behind = blocks.range(found..=key(i64::MAX))?;
        behind.next().transpose()?;
        Ok((target, behind.next().transpose()?.map(|(next, _)| next.value().2)))
    }

    /// Puts readings into a block, or into new ones; how many were not there before?
    fn put(&mut self, target: Option<BlockKey>, points: &[Point]) -> Result<u64, StoreError> {
        let bytes = match target {
            Some(key) => self.shelves.blocks.get(key)?.map(|bytes| bytes.value().to_vec()),
            None => None,
        };
        let packing = bytes.as_deref().and_then(block::head).map_or(Packing::Quick, |head| head.packing);
        let mut rows = match (target, &bytes) {
            (Some(key), Some(bytes)) => block::decode(bytes).ok_or_else(|| StoreError::damaged(block_name(key)))?,
            _ => Rows::default(),
        };
        let end = rows.t.last().copied();
        let added = fill(&mut rows, points);
        if added == 0 {
            return Ok(0);
        }
        let continues = points.first().is_some_and(|(t, ..)| end.is_none_or(|end| *t >= end));
        let mut shelf = self.shelves.shelf(BootId::WALL, self.device);
        if let Some((.., start)) = target.filter(|(.., start)| rows.t.first() != Some(start)) {
            shelf.remove(start)?;
        }
        shelf.put(&rows, !continues, packing)?;
        self.shelves.tally.points += added.cast_signed();
        Ok(added)
    }

    /// Puts figures where no roll-up stands for as many readings; how many?
    fn put_figures(
        &mut self,
        span: Span,
        figures: &[(ColumnKey, Rollup)],
        days: &mut BTreeSet<i64>,
    ) -> Result<u64, StoreError> {
        let mut records: BTreeMap<i64, Vec<&(ColumnKey, Rollup)>> = BTreeMap::new();
        for figure in figures {
            records.entry(span.record(figure.1.first)).or_default().push(figure);
        }
        let mut added = 0;
        for (record, figures) in records {
            let Some(mut chunk) = self.record(span, record)? else { continue };
            let before = added;
            for (key, rollup) in figures {
                let slot = span.slot(rollup.first);
                let slots = chunk.series.entry(*key).or_default();
                let stored = slots.get(&slot);
                if stored.is_none_or(|stored| stored.count < rollup.count) {
                    let right = stored.map_or(*rollup, |stored| enclosing(rollup, stored));
                    slots.insert(slot, right);
                    self.known.learn_of(*key, rollup.last.0, rollup.last.1);
                    days.insert(DAYS.record(slot));
                    added += 1;
                }
            }
            if added > before {
                self.put_record(span, record, &chunk)?;
            }
        }
        Ok(added)
    }

    /// Works out the roll-ups of the days that were touched, and of those that are over now.
    fn roll_up(&mut self, touched: &BTreeSet<i64>) -> Result<(), StoreError> {
        let today = self.known.newest_sealed().map(|newest| DAYS.slot(newest));
        let Some(rolled_to) = self.known.rolled_to.max(today) else { return Ok(()) };
        let before = HOURS.record(self.rolled_before.unwrap_or(i64::MIN));
        let now = HOURS.record(rolled_to);
        let mut ranges: Vec<RangeInclusive<i64>> = Vec::new();
        for record in touched.iter().copied().filter(|record| *record < before) {
            match ranges.last_mut().filter(|range| range.end() + 1 == record) {
                Some(range) => *range = *range.start()..=record,
                None => ranges.push(record..=record),
            }
        }
        if before < now {
            ranges.push(before..=now - 1);
        }
        let mut days: BTreeSet<i64> = touched.iter().map(|record| DAYS.record(HOURS.record_start(*record))).collect();
        for range in ranges {
            let mut kept = Vec::new();
            each_day_of_hours(&self.shelves.blocks, self.device, range, |record, chunk| {
                kept.push((record, chunk));
                Ok(())
            })?;
            for (record, kept) in kept {
                self.reconcile(HOURS, record, &kept)?;
                days.insert(DAYS.record(HOURS.record_start(record)));
            }
        }
        self.roll_up_days(days)?;
        self.known.rolled_to = Some(rolled_to);
        Ok(())
    }

    /// Works out records of days from their hours.
    fn roll_up_days(&mut self, records: BTreeSet<i64>) -> Result<(), StoreError> {
        for record in records {
            let hours = days_of_hours(&self.shelves.hours, self.device, record)?;
            self.reconcile(DAYS, record, &hours)?;
        }
        Ok(())
    }

    fn reconcile(&mut self, span: Span, record: i64, kept: &Chunk) -> Result<(), StoreError> {
        let Some(mut chunk) = self.record(span, record)? else { return Ok(()) };
        if reconcile(&mut chunk, kept) > 0 {
            self.put_record(span, record, &chunk)?;
        }
        Ok(())
    }

    /// A record of roll-ups, empty where there is none; `None` when it is damaged, which a check heals.
    fn record(&self, span: Span, record: i64) -> Result<Option<Chunk>, StoreError> {
        let table = if span == HOURS { &self.shelves.hours } else { &self.shelves.days };
        let Some(bytes) = table.get((self.device, record))? else { return Ok(Some(Chunk::default())) };
        let chunk = Chunk::decode(bytes.value(), span, record);
        if chunk.is_none() {
            self.shelves.damage.found(format!("roll-ups of device {:x}, record {record}", self.device));
        }
        Ok(chunk)
    }

    fn put_record(&mut self, span: Span, record: i64, chunk: &Chunk) -> Result<(), StoreError> {
        let table = if span == HOURS { &mut self.shelves.hours } else { &mut self.shelves.days };
        table.insert((self.device, record), chunk.encode(span, record).as_slice())?;
        Ok(())
    }
}
