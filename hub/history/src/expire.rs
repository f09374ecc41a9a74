use hub_model::{BootId, DeviceId, Retention, UnixMillis};
use redb::{ReadableTable, Table};

use crate::{
    block,
    damage::{Damage, block_name},
    device::{Known, Newest},
    error::StoreError,
    history::History,
    rollup::{Chunk, DAYS, HOURS, Span},
    seal::Shelves,
    store::RollupKey,
    timeline::Timeline,
};

const DAY_MS: i64 = 86_400_000;

/// What is older than these is let go; Unix milliseconds.
#[derive(Debug, Clone, Copy)]
struct Cutoffs {
    readings: Option<i64>,
    rollups: Option<i64>,
}

impl Cutoffs {
    fn new(now: UnixMillis, retention: Retention) -> Self {
        let before = |days: u32| now.0.saturating_sub(i64::from(days) * DAY_MS);
        // Whole hours go, so that what is left of an hour never passes for all of it.
        Self {
            readings: retention.raw_days.map(|days| HOURS.slot(before(days))),
            rollups: retention.rollup_days.map(before),
        }
    }

    /// Is nothing left of a series whose newest reading is this?
    fn is_gone(self, newest: Newest, timeline: &Timeline) -> bool {
        let is_before = |cutoff: Option<i64>, t: i64| cutoff.is_some_and(|cutoff| t < cutoff);
        let day_end = |t: i64| DAYS.slot(t).saturating_add(DAY_MS - 1);
        timeline.settled(newest.at).is_some_and(|at| is_before(self.readings, at))
            && newest.sealed.is_some_and(|t| is_before(self.readings, t) && is_before(self.rollups, day_end(t)))
    }
}

impl Shelves<'_> {
    fn expire_readings(&mut self, device: u64, cutoff: i64, damage: &Damage) -> Result<(), StoreError> {
        let mut old = Vec::new();
        for entry in self.blocks.range((0, device, i64::MIN)..(0, device, cutoff))? {
            let (key, bytes) = entry?;
            old.push((key.value(), bytes.value().to_vec()));
        }
        for (key, bytes) in old {
            let mut shelf = self.shelf(BootId::WALL, device);
            shelf.remove(key.2)?;
            let Some(rows) = block::decode(&bytes) else {
                damage.found(block_name(key));
                continue;
            };
            let before = rows.points();
            let kept = rows.retained(|_, t| t >= cutoff);
            shelf.put(&kept, false)?;
            self.tally.points -= (before - kept.points()).cast_signed();
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
    cutoff: i64,
) -> Result<(), StoreError> {
    let last = span.record(cutoff);
    table.retain_in((device, i64::MIN)..(device, last), |_, _| false)?;
    let Some(bytes) = table.get((device, last))?.map(|bytes| bytes.value().to_vec()) else { return Ok(()) };
    let Some(mut chunk) = Chunk::decode(&bytes, span, last) else { return Ok(()) };
    let before = chunk.clone();
    for slots in chunk.series.values_mut() {
        slots.retain(|slot, _| slot.saturating_add(span.slot_ms) > cutoff);
    }
    chunk.series.retain(|_, slots| !slots.is_empty());
    if chunk.series.is_empty() {
        table.remove((device, last))?;
    } else if chunk != before {
        table.insert((device, last), chunk.encode(span, last).as_slice())?;
    }
    Ok(())
}

impl History {
    /// Lets go of what is older than each device's retention: readings by themselves, hours and days when they have
    /// ended before the limit. Readings that wait for their clock stay. Once a day is often enough.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is let go.
    pub fn expire(&self, now: UnixMillis, policy: &dyn Fn(DeviceId) -> Retention) -> Result<(), StoreError> {
        let mut maintenance = self.maintaining()?;
        self.seal_and(&mut maintenance, |_, _| Ok(()), false)?;
        let (mut devices, timeline) = {
            let live = self.live();
            let known = |(device, live): (&u64, &crate::live::LiveDevice)| (*device, live.known.clone());
            (live.devices.iter().map(known).collect::<Vec<(u64, Known)>>(), std::sync::Arc::clone(&live.timeline))
        };
        devices.sort_unstable_by_key(|(device, _)| *device);
        let cutoffs = |device: u64| Cutoffs::new(now, policy(DeviceId::from_u64(device)));
        self.change(&mut maintenance, |transaction| {
            let mut shelves = Shelves::open(transaction, self)?;
            for (device, known) in &mut devices {
                let cutoffs = cutoffs(*device);
                let rolled_to = known.rolled_to;
                if let Some(cutoff) = cutoffs.readings {
                    // What goes must be in the roll-ups first.
                    shelves.roll_up_to(*device, known, DAYS.slot(cutoff).saturating_add(DAY_MS))?;
                    shelves.expire_readings(*device, cutoff, &self.damage)?;
                }
                if let Some(cutoff) = cutoffs.rollups {
                    shelves.expire_rollups(*device, cutoff)?;
                }
                let series = known.series.len();
                known.series.retain(|_, newest| !cutoffs.is_gone(*newest, &timeline));
                if known.series.len() < series || known.rolled_to != rolled_to {
                    shelves.devices.insert(*device, known.encode().as_slice())?;
                }
            }
            shelves.close()
        })?;
        let mut live = self.live();
        live.take_sealed(devices.iter().map(|(device, known)| (*device, known)));
        for (device, _) in devices {
            let cutoffs = cutoffs(device);
            if let Some(live) = live.devices.get_mut(&device) {
                live.known.series.retain(|_, newest| !cutoffs.is_gone(*newest, &timeline));
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
    fn expire_rollups(&mut self, device: u64, cutoff: i64) -> Result<(), StoreError> {
        expire_rollups(&mut self.hours, HOURS, device, cutoff)?;
        expire_rollups(&mut self.days, DAYS, device, cutoff)
    }

    fn remove_rollups(&mut self, device: u64) -> Result<(), StoreError> {
        for table in [&mut self.hours, &mut self.days] {
            table.retain_in((device, i64::MIN)..=(device, i64::MAX), |_, _| false)?;
        }
        Ok(())
    }
}
