//! What roll-ups should say, worked out anew from what they stand for.

use std::collections::BTreeMap;

use hub_model::BootId;
use redb::ReadableTable;

use crate::{
    block,
    error::StoreError,
    rolled::roll_up,
    rollup::{Chunk, DAYS, HOURS, Rollup},
    store::{BlockKey, RollupKey},
};

/// The roll-up that is right where one is stored and these readings are kept.
///
/// Readings expire and roll-ups stay, so one that stands for more readings than are kept counts; its bounds still
/// enclose every reading that is kept. Otherwise the readings know better.
pub(crate) fn reconciled(stored: &Rollup, kept: &Rollup) -> Rollup {
    if kept.count >= stored.count { *kept } else { enclosing(stored, kept) }
}

/// A roll-up with bounds that enclose those of another too.
pub(crate) fn enclosing(own: &Rollup, other: &Rollup) -> Rollup {
    Rollup {
        min: own.min.min(other.min),
        max: own.max.max(other.max),
        first: own.first.min(other.first),
        last: own.last.max(other.last),
        ..*own
    }
}

/// Sets a record right by what is kept; how many of its slots were missing or wrong?
pub(crate) fn reconcile(record: &mut Chunk, kept: &Chunk) -> usize {
    let mut changed = 0;
    for (key, slots) in &kept.series {
        for (slot, kept) in slots {
            let stored = record.series.entry(*key).or_default();
            let right = stored.get(slot).map_or(*kept, |stored| reconciled(stored, kept));
            if stored.insert(*slot, right) != Some(right) {
                changed += 1;
            }
        }
    }
    changed
}

/// Shows the hours of a device's readings that lie in blocks, one record (a day) at a time, in order: those records in
/// `records` that have any. Damaged blocks are left out.
pub(crate) fn each_day_of_hours(
    blocks: &impl ReadableTable<BlockKey, &'static [u8]>,
    device: u64,
    records: std::ops::RangeInclusive<i64>,
    mut show: impl FnMut(i64, Chunk) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let boot = BootId::WALL.0;
    let (from, to) = (HOURS.record_start(*records.start()), HOURS.record_start(records.end().saturating_add(1)));
    let before = blocks.range((boot, device, i64::MIN)..=(boot, device, from))?.next_back().transpose()?;
    let start = before.map_or(from, |(key, _)| key.value().2);
    let mut open: BTreeMap<i64, Chunk> = BTreeMap::new();
    for entry in blocks.range((boot, device, start)..(boot, device, to.max(start)))? {
        let (key, bytes) = entry?;
        // Blocks are in order: what ends before this one begins is whole.
        let whole = HOURS.record(key.value().2);
        while let Some(record) = open.first_entry().filter(|record| *record.key() < whole) {
            let (record, chunk) = record.remove_entry();
            show(record, chunk)?;
        }
        let Some(rows) = block::decode(bytes.value()) else { continue };
        for (record, chunk) in roll_up(&rows) {
            if records.contains(&record) {
                open.entry(record).or_default().merge(&chunk);
            }
        }
    }
    open.into_iter().try_for_each(|(record, chunk)| show(record, chunk))
}

/// The days of the hours that are stored of a device, for one record of days. Damaged records are left out.
pub(crate) fn days_of_hours(
    hours: &impl ReadableTable<RollupKey, &'static [u8]>,
    device: u64,
    record: i64,
) -> Result<Chunk, StoreError> {
    let (from, to) = (DAYS.record_start(record), DAYS.record_start(record.saturating_add(1)));
    let mut days = Chunk::default();
    for entry in hours.range((device, HOURS.record(from))..(device, HOURS.record(to)))? {
        let (key, bytes) = entry?;
        let Some(chunk) = Chunk::decode(bytes.value(), HOURS, key.value().1) else { continue };
        for (series, slots) in &chunk.series {
            for (slot, rollup) in slots {
                days.add(*series, DAYS.slot(*slot), rollup);
            }
        }
    }
    Ok(days)
}
