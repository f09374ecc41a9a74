use std::collections::BTreeMap;

use redb::{ReadableTable, Table};

use crate::{
    block,
    damage::{Damage, block_name},
    device::Known,
    error::StoreError,
    rollup::{Chunk, DAYS, HOURS, Rollup, Span},
    rows::Rows,
    seal::Shelves,
    store::RollupKey,
};

impl Shelves<'_> {
    /// Rolls up the sealed readings of the days before `day`, as far as that was not done. A day is rolled up when it
    /// is over, in one step: its hours are not written anew with every seal, and until then they are quickly read
    /// from the readings themselves.
    pub(crate) fn roll_up_to(&mut self, device: u64, known: &mut Known, day: i64) -> Result<(), StoreError> {
        let from = known.rolled_to.unwrap_or(i64::MIN);
        if from >= day {
            return Ok(());
        }
        // The last block that begins before `from` may reach beyond it.
        let before = self.blocks.range((0, device, i64::MIN)..=(0, device, from))?.next_back().transpose()?;
        let begin = before.map_or(from, |(key, _)| key.value().2);
        let mut rows = Rows::default();
        for entry in self.blocks.range((0, device, begin)..(0, device, day))? {
            let (key, bytes) = entry?;
            let Some(block) = block::decode(bytes.value()) else {
                self.damage.found(block_name(key.value()));
                continue;
            };
            let inside = block.t.partition_point(|t| *t < from)..block.t.partition_point(|t| *t < day);
            rows.append(&block.part(inside));
        }
        rows.columns.sort_by_key(|column| column.key);
        self.roll_up_rows(device, &rows)?;
        known.rolled_to = Some(day);
        Ok(())
    }

    /// Adds rows in order to the hours and days that they lie in.
    pub(crate) fn roll_up_rows(&mut self, device: u64, rows: &Rows) -> Result<(), StoreError> {
        let hours = roll_up(rows);
        let mut days: BTreeMap<i64, Chunk> = BTreeMap::new();
        for chunk in hours.values() {
            for (key, slots) in &chunk.series {
                for (slot, rollup) in slots {
                    days.entry(DAYS.record(*slot)).or_default().add(*key, DAYS.slot(*slot), rollup);
                }
            }
        }
        put_rollups(&mut self.hours, HOURS, device, hours, self.damage)?;
        put_rollups(&mut self.days, DAYS, device, days, self.damage)
    }
}

/// The hours of rows in order, by record.
pub(crate) fn roll_up(rows: &Rows) -> BTreeMap<i64, Chunk> {
    let mut chunks: BTreeMap<i64, Chunk> = BTreeMap::new();
    for column in &rows.columns {
        let mut current: Option<(i64, Rollup)> = None;
        let mut close = |hour: Option<(i64, Rollup)>| {
            if let Some((slot, rollup)) = hour {
                chunks.entry(HOURS.record(slot)).or_default().add(column.key, slot, &rollup);
            }
        };
        for (t, cell) in rows.t.iter().zip(&column.cells) {
            let Some(value) = cell else { continue };
            let point = Rollup::of(*t, *value);
            match &mut current {
                Some((slot, rollup)) if (*slot..*slot + HOURS.slot_ms).contains(t) => rollup.merge(&point),
                _ => close(current.replace((HOURS.slot(*t), point))),
            }
        }
        close(current);
    }
    chunks
}

fn put_rollups(
    table: &mut Table<'_, RollupKey, &'static [u8]>,
    span: Span,
    device: u64,
    chunks: BTreeMap<i64, Chunk>,
    damage: &Damage,
) -> Result<(), StoreError> {
    for (record, mut chunk) in chunks {
        if let Some(stored) = table.get((device, record))? {
            match Chunk::decode(stored.value(), span, record) {
                Some(stored) => chunk.merge(&stored),
                None => damage.found(format!("roll-ups of device {device:x}, record {record}")),
            }
        }
        table.insert((device, record), chunk.encode(span, record).as_slice())?;
    }
    Ok(())
}
