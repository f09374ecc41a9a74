//! What a copy of the readings alone would lose: hours and days that stand for readings which are not kept any more.

use std::{collections::BTreeMap, ops::ControlFlow};

use hub_model::{DeviceId, FigureSpan, Figures, UnixMillis};

use crate::{
    device::series_key,
    error::StoreError,
    history::History,
    hours::{days_of_hours, each_day_of_hours},
    rollup::{Chunk, DAYS, HOURS, Rollup},
    rows::ColumnKey,
    store::{self, BLOCKS},
};

impl History {
    /// Shows the hours of a device that stand for more readings than are kept, then the days that stand for more than
    /// the hours do, until `visit` breaks. What is not sealed is in no roll-up: seal first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn each_figures(
        &self,
        device: DeviceId,
        visit: &mut dyn FnMut(Figures) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let transaction = self.store.read()?;
        let id = device.as_u64();
        let all = (id, i64::MIN)..=(id, i64::MAX);
        let Some(hours) = store::readable(&transaction, store::HOURS)? else { return Ok(()) };
        let blocks = store::readable(&transaction, BLOCKS)?;
        for entry in hours.range(all.clone())? {
            let (key, bytes) = entry?;
            let record = key.value().1;
            let Some(stored) = Chunk::decode(bytes.value(), HOURS, record) else { continue };
            let mut kept = Chunk::default();
            if let Some(blocks) = &blocks {
                each_day_of_hours(blocks, id, record..=record, |_, chunk| {
                    kept = chunk;
                    Ok(())
                })?;
            }
            if beyond(id, FigureSpan::Hour, &stored, &kept, visit).is_break() {
                return Ok(());
            }
        }
        let Some(days) = store::readable(&transaction, store::DAYS)? else { return Ok(()) };
        for entry in days.range(all)? {
            let (key, bytes) = entry?;
            let record = key.value().1;
            let Some(stored) = Chunk::decode(bytes.value(), DAYS, record) else { continue };
            let kept = days_of_hours(&hours, id, record)?;
            if beyond(id, FigureSpan::Day, &stored, &kept, visit).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Every device that anything is kept of, in order.
    pub fn devices(&self) -> Vec<DeviceId> {
        let devices: BTreeMap<u64, ()> = self.live().devices.keys().map(|device| (*device, ())).collect();
        devices.into_keys().map(DeviceId::from_u64).collect()
    }
}

/// Shows the roll-ups of a record that stand for more than what is kept.
fn beyond(
    device: u64,
    span: FigureSpan,
    stored: &Chunk,
    kept: &Chunk,
    visit: &mut dyn FnMut(Figures) -> ControlFlow<()>,
) -> ControlFlow<()> {
    let count_of = |key: &ColumnKey, slot: &i64| {
        kept.series.get(key).and_then(|slots| slots.get(slot)).map_or(0, |rollup| rollup.count)
    };
    for (key, slots) in &stored.series {
        let Some(series) = series_key(device, *key) else { continue };
        for (slot, rollup) in slots.iter().filter(|(slot, rollup)| rollup.count > count_of(key, slot)) {
            let Rollup { count, min, max, sum, first, last: (last, last_value) } = *rollup;
            let (at, first, last) = (UnixMillis(*slot), UnixMillis(first), UnixMillis(last));
            visit(Figures { series, span, at, count, min, max, sum, first, last, last_value })?;
        }
    }
    ControlFlow::Continue(())
}
