//! One device: its blocks, its roll-ups, its present state.

use std::collections::{BTreeMap, btree_map::Entry};

use hub_model::{BootId, Stamp, UnixMillis};
use redb::ReadableTable;

use super::{
    Examination, Fault, Finding, NewestOf, Part, Remedy,
    aside::{Key, set_aside},
    device_id, part_of, table_of,
};
use crate::{
    block,
    device::{Known, Newest},
    error::StoreError,
    hours::{days_of_hours, each_day_of_hours, reconcile},
    rollup::{Chunk, DAYS, HOURS, Span},
    rows::{ColumnKey, Rows},
    shelf::{Shelf, Tally},
    store::{self, BLOCKS, BlockKey, DEVICES},
};

/// A block that is not as it should be.
struct BadBlock {
    key: BlockKey,
    /// Where the next one begins.
    next: Option<i64>,
    /// Its rows, when they can be read and only lie in the wrong place.
    rows: Option<Rows>,
}

/// A record of roll-ups as it should be.
struct Rewrite {
    record: i64,
    bytes: Vec<u8>,
    is_new: bool,
}

impl Examination<'_> {
    /// The blocks of a device on one timeline.
    pub(super) fn device_blocks(&mut self, boot: BootId, device: u64) -> Result<(), StoreError> {
        let bad = self.bad_blocks(boot, device)?;
        if bad.is_empty() {
            return Ok(());
        }
        let damage = &self.damage;
        let remedies = self.store.write(|transaction| {
            let mut remedies = Vec::with_capacity(bad.len());
            let mut blocks = transaction.open_table(BLOCKS)?;
            let mut stray = Rows::default();
            for bad in &bad {
                let remedy = match &bad.rows {
                    Some(rows) => {
                        stray.append(rows);
                        Remedy::PutInOrder
                    }
                    None => {
                        let key = Key { part: Part::Block, boot: boot.0, device, at: bad.key.2 };
                        let bytes = blocks.get(bad.key)?.map(|bytes| bytes.value().to_vec()).unwrap_or_default();
                        Remedy::set_aside_if(set_aside(transaction, key, &bytes)?)
                    }
                };
                if remedy != Remedy::LeftInPlace {
                    blocks.remove(bad.key)?;
                }
                remedies.push(remedy);
            }
            stray.sort_by_time();
            let mut tally = Tally::default();
            if !stray.is_empty() {
                Shelf { blocks: &mut blocks, boot: boot.0, device, tally: &mut tally, damage }.merge(&stray, true)?;
            }
            Ok((remedies, tally))
        })?;
        for (bad, remedy) in bad.into_iter().zip(remedies.0) {
            let fault = if bad.rows.is_some() { Fault::OutOfOrder } else { Fault::Unreadable };
            self.report.add(Finding {
                device: device_id(device),
                boot,
                from: Some(UnixMillis(bad.key.2)),
                to: bad.next.map(UnixMillis),
                ..Finding::new(Part::Block, fault, remedy)
            });
        }
        self.points = self.points.saturating_add_signed(remedies.1.points);
        self.blocks = self.blocks.saturating_add_signed(remedies.1.blocks);
        Ok(())
    }

    /// Counts the blocks that are as they should be, and tells the others.
    fn bad_blocks(&mut self, boot: BootId, device: u64) -> Result<Vec<BadBlock>, StoreError> {
        let transaction = self.store.read()?;
        let mut bad: Vec<BadBlock> = Vec::new();
        let Some(blocks) = store::readable(&transaction, BLOCKS)? else { return Ok(bad) };
        let mut end: Option<i64> = None;
        for entry in blocks.range((boot.0, device, i64::MIN)..=(boot.0, device, i64::MAX))? {
            let (key, bytes) = entry?;
            let (key, bytes) = (key.value(), bytes.value());
            if let Some(last) = bad.last_mut().filter(|last| last.next.is_none()) {
                last.next = Some(key.2);
            }
            let Some(rows) = block::decode(bytes) else {
                bad.push(BadBlock { key, next: None, rows: None });
                continue;
            };
            let is_in_place = rows.t.first() == Some(&key.2) && rows.t.is_sorted() && end.is_none_or(|end| end < key.2);
            if is_in_place {
                end = rows.t.last().copied();
                self.points += rows.points();
                self.blocks += 1;
            } else {
                bad.push(BadBlock { key, next: None, rows: Some(rows) });
            }
        }
        Ok(bad)
    }

    /// The roll-ups of a device; answers with the newest readings that they and the blocks know, and up to which day
    /// they are rolled up.
    pub(super) fn device_rollups(&mut self, device: u64) -> Result<(NewestOf, Option<i64>), StoreError> {
        let mut newest = NewestOf::new();
        self.set_rollups_aside(HOURS, device)?;
        let rolled_to = self.rolled_to(device)?;
        let (mut rewrites, mut backed) = (Vec::new(), 0);
        {
            let transaction = self.store.read()?;
            let stored = store::readable(&transaction, store::HOURS)?;
            if let Some(blocks) = store::readable(&transaction, BLOCKS)? {
                each_day_of_hours(&blocks, device, HOURS.record(i64::MIN)..=HOURS.record(i64::MAX), |record, kept| {
                    if rolled_to.is_none_or(|day| HOURS.record_start(record) >= day) {
                        note_newest(&mut newest, &kept);
                        return Ok(());
                    }
                    let found = match &stored {
                        Some(stored) => stored.get((device, record))?.map(|bytes| bytes.value().to_vec()),
                        None => None,
                    };
                    let rewrite = rewrite(HOURS, record, found.as_deref(), &kept);
                    let now = rewrite.as_ref().map(|rewrite| rewrite.bytes.as_slice()).or(found.as_deref());
                    backed += now.and_then(|now| Chunk::decode(now, HOURS, record)).map_or(0, |now| equal(&now, &kept));
                    rewrites.extend(rewrite);
                    Ok(())
                })?;
            }
        }
        self.rewrite_rollups(HOURS, device, rewrites)?;
        let records = self.read_hours(device, &mut newest)?;
        self.report.standing_alone = self.report.standing_alone.saturating_sub(backed);
        self.set_rollups_aside(DAYS, device)?;
        let mut rewrites = Vec::new();
        {
            let transaction = self.store.read()?;
            let stored = store::readable(&transaction, store::DAYS)?;
            if let Some(hours) = store::readable(&transaction, store::HOURS)? {
                for record in records {
                    let kept = days_of_hours(&hours, device, record)?;
                    let found = match &stored {
                        Some(stored) => stored.get((device, record))?.map(|bytes| bytes.value().to_vec()),
                        None => None,
                    };
                    rewrites.extend(rewrite(DAYS, record, found.as_deref(), &kept));
                }
            }
        }
        self.rewrite_rollups(DAYS, device, rewrites)?;
        Ok((newest, rolled_to))
    }

    /// Up to which day is rolled up: what the state of the device says, and what is stored for sure.
    fn rolled_to(&self, device: u64) -> Result<Option<i64>, StoreError> {
        let transaction = self.store.read()?;
        let known = match store::readable(&transaction, DEVICES)? {
            Some(table) => table.get(device)?.and_then(|bytes| Known::decode(bytes.value())),
            None => None,
        };
        let stored = match store::readable(&transaction, store::HOURS)? {
            Some(hours) => hours.range((device, i64::MIN)..=(device, i64::MAX))?.next_back().transpose()?,
            None => None,
        };
        let stored = stored.map(|(key, _)| HOURS.record_start(key.value().1.saturating_add(1)));
        Ok(known.and_then(|known| known.rolled_to).max(stored))
    }

    /// Goes over the hours that are stored: their newest readings, and the records of days that they belong to.
    fn read_hours(&mut self, device: u64, newest: &mut NewestOf) -> Result<Vec<i64>, StoreError> {
        let transaction = self.store.read()?;
        let mut records = Vec::new();
        let Some(hours) = store::readable(&transaction, store::HOURS)? else { return Ok(records) };
        for entry in hours.range((device, i64::MIN)..=(device, i64::MAX))? {
            let (key, bytes) = entry?;
            let record = key.value().1;
            let Some(chunk) = Chunk::decode(bytes.value(), HOURS, record) else { continue };
            self.report.standing_alone += chunk.series.values().map(|slots| slots.len() as u64).sum::<u64>();
            note_newest(newest, &chunk);
            let days = DAYS.record(HOURS.record_start(record));
            if records.last() != Some(&days) {
                records.push(days);
            }
        }
        Ok(records)
    }

    /// Sets records of roll-ups aside that cannot be read, and counts the others.
    fn set_rollups_aside(&mut self, span: Span, device: u64) -> Result<(), StoreError> {
        let mut bad = Vec::new();
        {
            let transaction = self.store.read()?;
            let Some(table) = store::readable(&transaction, table_of(span))? else { return Ok(()) };
            for entry in table.range((device, i64::MIN)..=(device, i64::MAX))? {
                let (key, bytes) = entry?;
                let record = key.value().1;
                match Chunk::decode(bytes.value(), span, record) {
                    Some(_) => self.report.rollups += 1,
                    None => bad.push((record, bytes.value().to_vec())),
                }
            }
        }
        for (record, bytes) in bad {
            let key = Key { part: part_of(span), boot: BootId::WALL.0, device, at: record };
            let is_aside = self.store.write(|transaction| {
                let is_aside = set_aside(transaction, key, &bytes)?;
                if is_aside {
                    transaction.open_table(table_of(span))?.remove((device, record))?;
                }
                Ok(is_aside)
            })?;
            self.report.add(of_record(span, device, record, Fault::Unreadable, Remedy::set_aside_if(is_aside)));
        }
        Ok(())
    }

    fn rewrite_rollups(&mut self, span: Span, device: u64, rewrites: Vec<Rewrite>) -> Result<(), StoreError> {
        if rewrites.is_empty() {
            return Ok(());
        }
        self.store.write(|transaction| {
            let mut table = transaction.open_table(table_of(span))?;
            for rewrite in &rewrites {
                table.insert((device, rewrite.record), rewrite.bytes.as_slice())?;
            }
            Ok(())
        })?;
        for rewrite in rewrites {
            self.report.rollups += u64::from(rewrite.is_new);
            let fault = if rewrite.is_new { Fault::Missing } else { Fault::Disagrees };
            self.report.add(of_record(span, device, rewrite.record, fault, Remedy::Rebuilt));
        }
        Ok(())
    }

    /// What is known of a device must be readable, and name every series that anything is kept of.
    pub(super) fn device_state(
        &mut self,
        device: u64,
        newest: NewestOf,
        rolled_to: Option<i64>,
    ) -> Result<(), StoreError> {
        let found = {
            let transaction = self.store.read()?;
            match store::readable(&transaction, DEVICES)? {
                Some(table) => table.get(device)?.map(|bytes| bytes.value().to_vec()),
                None => None,
            }
        };
        let known = found.as_deref().map(Known::decode);
        let is_damaged = matches!(known, Some(None));
        let known = known.flatten();
        let is_missing = known.is_none() && !newest.is_empty();
        let mut known = known.unwrap_or_default();
        let missing = complete(&mut known, newest);
        let is_right = std::mem::replace(&mut known.rolled_to, rolled_to) == rolled_to;
        if !is_damaged && !is_missing && missing == 0 && is_right {
            return Ok(());
        }
        let is_aside = self.store.write(|transaction| {
            let mut table = transaction.open_table(DEVICES)?;
            let key = Key { part: Part::State, boot: BootId::WALL.0, device, at: 0 };
            let damaged = found.as_deref().filter(|_| is_damaged);
            let is_aside = damaged.map_or(Ok(false), |bytes| set_aside(transaction, key, bytes))?;
            // A state that is worked out anew is worth more than one that cannot be read.
            table.insert(device, known.encode().as_slice())?;
            Ok(is_aside)
        })?;
        let (fault, remedy) = match (is_damaged, is_aside) {
            (true, true) => (Fault::Unreadable, Remedy::SetAside),
            (true, false) => (Fault::Unreadable, Remedy::Rebuilt),
            (false, _) if missing == 0 && !is_missing => (Fault::Disagrees, Remedy::Rebuilt),
            (false, _) => (Fault::Missing, Remedy::Rebuilt),
        };
        self.report.add(Finding { device: device_id(device), ..Finding::new(Part::State, fault, remedy) });
        Ok(())
    }
}

fn note_newest(newest: &mut NewestOf, chunk: &Chunk) {
    for (key, slots) in &chunk.series {
        for last in slots.values().map(|rollup| rollup.last) {
            newest.entry(*key).and_modify(|newest| *newest = last.max(*newest)).or_insert(last);
        }
    }
}

/// The record as it should be, if it is not.
fn rewrite(span: Span, record: i64, found: Option<&[u8]>, kept: &Chunk) -> Option<Rewrite> {
    let mut chunk = match found {
        // What cannot be read was set aside, or there is no room for that: then it stays.
        Some(bytes) => Chunk::decode(bytes, span, record)?,
        None => Chunk::default(),
    };
    let changed = reconcile(&mut chunk, kept);
    (changed > 0).then(|| Rewrite { record, bytes: chunk.encode(span, record), is_new: found.is_none() })
}

/// How many slots say the same?
fn equal(one: &Chunk, other: &Chunk) -> u64 {
    let of = |key: &ColumnKey, slot: &i64| other.series.get(key).and_then(|slots| slots.get(slot));
    let all = one.series.iter().flat_map(|(key, slots)| slots.iter().map(move |(slot, rollup)| (key, slot, rollup)));
    all.filter(|(key, slot, rollup)| of(key, slot) == Some(rollup)).count() as u64
}

/// Adds the series that are missing, with their newest readings; how many were?
fn complete(known: &mut Known, newest: BTreeMap<ColumnKey, (i64, i64)>) -> usize {
    let mut added = 0;
    for (key, (t, value)) in newest {
        if let Entry::Vacant(place) = known.series.entry(key) {
            place.insert(Newest { value, at: Stamp::wall(UnixMillis(t)), sealed: Some(t) });
            added += 1;
        }
    }
    added
}

fn of_record(span: Span, device: u64, record: i64, fault: Fault, remedy: Remedy) -> Finding {
    Finding {
        device: device_id(device),
        from: Some(UnixMillis(span.record_start(record))),
        to: Some(UnixMillis(span.record_start(record.saturating_add(1)))),
        ..Finding::new(part_of(span), fault, remedy)
    }
}
