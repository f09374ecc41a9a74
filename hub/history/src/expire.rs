use hub_model::{BootId, DeviceId, Quantity, Retention, UnixMillis};
use redb::{ReadableTable, Table};

use crate::{
    block,
    damage::{Damage, block_name},
    device::{Known, Newest},
    error::StoreError,
    history::History,
    rollup::{Chunk, DAYS, HOURS, Span},
    rows::{ColumnKey, Rows},
    seal::Shelves,
    store::RollupKey,
    timeline::Timeline,
};

/// What is older than these is let go; Unix milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cutoffs {
    pub(crate) readings: Option<i64>,
    pub(crate) rollups: Option<i64>,
}

impl Cutoffs {
    fn new(now: UnixMillis, retention: Retention) -> Self {
        let before = |days: u32| now.0.saturating_sub(i64::from(days) * DAYS.slot_ms);
        // Whole hours go, so that what is left of an hour never passes for all of it.
        Self {
            readings: retention.raw_days.map(|days| HOURS.slot(before(days))),
            rollups: retention.rollup_days.map(before),
        }
    }

    /// Is nothing left of a series whose newest reading is this?
    fn is_gone(self, newest: Newest, timeline: &Timeline) -> bool {
        let is_before = |cutoff: Option<i64>, t: i64| cutoff.is_some_and(|cutoff| t < cutoff);
        let day_end = |t: i64| DAYS.slot(t).saturating_add(DAYS.slot_ms - 1);
        timeline.settled(newest.at).is_some_and(|at| is_before(self.readings, at))
            && newest.sealed.is_some_and(|t| is_before(self.readings, t) && is_before(self.rollups, day_end(t)))
    }
}

/// How long the readings and roll-ups of one device are kept, quantity by quantity.
pub(crate) struct Keeping<'a> {
    pub(crate) now: UnixMillis,
    pub(crate) policy: &'a dyn Fn(Option<Quantity>) -> Retention,
}

impl Keeping<'_> {
    pub(crate) fn cutoffs(&self, key: ColumnKey) -> Cutoffs {
        Cutoffs::new(self.now, (self.policy)(Quantity::from_code(key.0)))
    }

    /// Before this nothing of these columns has to be looked at for readings to let go of.
    pub(crate) fn latest(&self, keys: impl Iterator<Item = ColumnKey>) -> Cutoffs {
        let all: Vec<Cutoffs> = keys.map(|key| self.cutoffs(key)).collect();
        Cutoffs {
            readings: all.iter().filter_map(|cutoffs| cutoffs.readings).max(),
            rollups: all.iter().filter_map(|cutoffs| cutoffs.rollups).max(),
        }
    }

    /// What is kept of the rows of a block.
    pub(crate) fn kept(&self, rows: Rows) -> Rows {
        rows.since(|key| self.cutoffs(key).readings)
    }

    /// Lets go of the slots that have ended before the limit; how many were there?
    pub(crate) fn let_go(&self, span: Span, chunk: &mut Chunk) -> usize {
        let mut gone = 0;
        for (key, slots) in &mut chunk.series {
            let Some(cutoff) = self.cutoffs(*key).rollups else { continue };
            let before = slots.len();
            slots.retain(|slot, _| slot.saturating_add(span.slot_ms) > cutoff);
            gone += before - slots.len();
        }
        chunk.series.retain(|_, slots| !slots.is_empty());
        gone
    }
}

impl Shelves<'_> {
    /// Lets go of readings that are not kept; none is from `until` on. What goes is in the roll-ups first.
    pub(crate) fn expire_readings(
        &mut self,
        device: u64,
        known: &mut Known,
        until: i64,
        keep: &dyn Fn(Rows) -> Rows,
    ) -> Result<(), StoreError> {
        self.roll_up_to(device, known, DAYS.slot(until).saturating_add(DAYS.slot_ms))?;
        let mut starts = Vec::new();
        for entry in self.blocks.range((0, device, i64::MIN)..(0, device, until))? {
            starts.push(entry?.0.value().2);
        }
        for start in starts {
            let key = (0, device, start);
            let Some(bytes) = self.blocks.get(key)?.map(|bytes| bytes.value().to_vec()) else { continue };
            let (Some(head), Some(rows)) = (block::head(&bytes), block::decode(&bytes)) else {
                self.damage.found(block_name(key));
                self.shelf(BootId::WALL, device).remove(start)?;
                continue;
            };
            let before = rows.points();
            let kept = keep(rows);
            if kept.points() < before {
                self.tally.points -= (before - kept.points()).cast_signed();
                let mut shelf = self.shelf(BootId::WALL, device);
                shelf.remove(start)?;
                shelf.put(&kept, false, head.packing)?;
            }
        }
        Ok(())
    }

    /// Removes every block, whatever boot it waits for.
    fn remove_readings(&mut self, device: u64, boots: &[BootId], damage: &Damage) -> Result<(), StoreError> {
        for boot in boots {
            let mut all = Vec::new();
            for entry in self.blocks.range((boot.0, device, i64::MIN)..=(boot.0, device, i64::MAX))? {
                let (key, bytes) = entry?;
                match block::decode(bytes.value()) {
                    Some(rows) => self.tally.points -= rows.points().cast_signed(),
                    None => damage.found(block_name(key.value())),
                }
                all.push(key.value().2);
            }
            for start in all {
                self.shelf(*boot, device).remove(start)?;
            }
        }
        Ok(())
    }
}

fn expire_rollups(
    table: &mut Table<'_, RollupKey, &'static [u8]>,
    span: Span,
    device: u64,
    until: i64,
    keeping: &Keeping<'_>,
) -> Result<(), StoreError> {
    let mut records = Vec::new();
    for entry in table.range((device, i64::MIN)..=(device, span.record(until)))? {
        records.push(entry?.0.value().1);
    }
    for record in records {
        let chunk = table.get((device, record))?.and_then(|bytes| Chunk::decode(bytes.value(), span, record));
        let Some(mut chunk) = chunk else { continue };
        if keeping.let_go(span, &mut chunk) == 0 {
            continue;
        }
        if chunk.series.is_empty() {
            table.remove((device, record))?;
        } else {
            table.insert((device, record), chunk.encode(span, record).as_slice())?;
        }
    }
    Ok(())
}

impl History {
    /// Lets go of what is older than the retention of each device's quantities (`None`: one that only a newer version knows): readings by themselves, hours and days when they have
    /// ended before the limit. Readings that wait for their clock stay. Once a day is often enough.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is let go.
    pub fn expire(
        &self,
        now: UnixMillis,
        policy: &dyn Fn(DeviceId, Option<Quantity>) -> Retention,
    ) -> Result<(), StoreError> {
        let mut maintenance = self.maintaining()?;
        self.seal_and(&mut maintenance, |_, _| Ok(()), false)?;
        let (mut devices, timeline) = {
            let live = self.live();
            (live.known_devices(), std::sync::Arc::clone(&live.timeline))
        };
        self.change(&mut maintenance, |transaction| {
            let mut shelves = Shelves::open(transaction, self)?;
            for (device, known) in &mut devices {
                let policy = |quantity| policy(DeviceId::from_u64(*device), quantity);
                let keeping = Keeping { now, policy: &policy };
                let (rolled_to, series) = (known.rolled_to, known.series.len());
                let until = keeping.latest(known.series.keys().copied());
                if let Some(until) = until.readings {
                    shelves.expire_readings(*device, known, until, &|rows| keeping.kept(rows))?;
                }
                if let Some(until) = until.rollups {
                    expire_rollups(&mut shelves.hours, HOURS, *device, until, &keeping)?;
                    expire_rollups(&mut shelves.days, DAYS, *device, until, &keeping)?;
                }
                known.series.retain(|key, newest| !keeping.cutoffs(*key).is_gone(*newest, &timeline));
                if known.series.len() < series || known.rolled_to != rolled_to {
                    shelves.devices.insert(*device, known.encode().as_slice())?;
                }
            }
            shelves.close()
        })?;
        let mut live = self.live();
        live.take_sealed(devices.iter().map(|(device, known)| (*device, known)));
        for (device, _) in devices {
            let policy = |quantity| policy(DeviceId::from_u64(device), quantity);
            let keeping = Keeping { now, policy: &policy };
            if let Some(live) = live.devices.get_mut(&device) {
                live.known.series.retain(|key, newest| !keeping.cutoffs(*key).is_gone(*newest, &timeline));
            }
        }
        Ok(())
    }

    /// Lets go of everything that a device measured up to now, its counter and its events in the log too, durably.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is let go.
    pub fn forget(&self, device: DeviceId) -> Result<(), StoreError> {
        let mut maintenance = self.maintaining()?;
        let id = device.as_u64();
        let boots: Vec<BootId> = std::iter::once(BootId::WALL).chain(self.live().timeline.boots()).collect();
        let last = self.seal_and(
            &mut maintenance,
            |shelves, last| {
                shelves.remove_readings(id, &boots, &self.damage)?;
                shelves.remove_rollups(id)?;
                shelves.devices.remove(id)?;
                shelves.forgotten.insert(id, last)?;
                Ok(())
            },
            true,
        )?;
        let mut live = self.live();
        live.forgotten.insert(id, last);
        if let Some(of) = live.devices.remove(&id)
            && !of.head.is_empty()
        {
            // What it measured after the last sealed event is not forgotten.
            let kept = live.devices.entry(id).or_default();
            for row in &of.head {
                for (key, value) in row.cells() {
                    kept.known.take(key, value, row.at);
                }
            }
            (kept.head, kept.changed) = (of.head, of.changed);
        }
        Ok(())
    }
}

impl Shelves<'_> {
    fn remove_rollups(&mut self, device: u64) -> Result<(), StoreError> {
        for table in [&mut self.hours, &mut self.days] {
            table.retain_in((device, i64::MIN)..=(device, i64::MAX), |_, _| false)?;
        }
        Ok(())
    }
}
