use std::{collections::BTreeMap, sync::Arc};

use hub_model::{BootId, EventLog, Stamp, UnixMillis};
use redb::{ReadableTable, Table, WriteTransaction};

use crate::{
    damage::Damage,
    device::Known,
    error::StoreError,
    history::{History, Maintenance, NUMBERS_AHEAD},
    live::{HeadRow, Live},
    pack::Packing,
    rollup::DAYS,
    rows::Rows,
    shelf::{Shelf, Tally},
    store::{self, BLOCKS, BOOTS, BlockKey, DEVICES, FORGOTTEN, META, RollupKey, meta},
    timeline::{Timeline, boot_ms},
};

/// What goes from memory into the database in one step.
struct Parcel {
    /// Every event up to this one.
    to: u64,
    devices: Vec<(u64, Known, Vec<HeadRow>)>,
    timeline: Arc<Timeline>,
}

/// The tables that readings go to.
pub(crate) struct Shelves<'txn> {
    pub(crate) blocks: Table<'txn, BlockKey, &'static [u8]>,
    pub(crate) hours: Table<'txn, RollupKey, &'static [u8]>,
    pub(crate) days: Table<'txn, RollupKey, &'static [u8]>,
    pub(crate) devices: Table<'txn, u64, &'static [u8]>,
    boots: Table<'txn, u32, &'static [u8]>,
    pub(crate) forgotten: Table<'txn, u64, u64>,
    pub(crate) meta: Table<'txn, &'static str, u64>,
    pub(crate) tally: Tally,
    resolution_ms: i64,
    pub(crate) damage: &'txn Damage,
}

impl<'txn> Shelves<'txn> {
    pub(crate) fn open(transaction: &'txn WriteTransaction, history: &'txn History) -> Result<Self, StoreError> {
        Ok(Self {
            blocks: transaction.open_table(BLOCKS)?,
            hours: transaction.open_table(store::HOURS)?,
            days: transaction.open_table(store::DAYS)?,
            devices: transaction.open_table(DEVICES)?,
            boots: transaction.open_table(BOOTS)?,
            forgotten: transaction.open_table(FORGOTTEN)?,
            meta: transaction.open_table(META)?,
            tally: Tally::default(),
            resolution_ms: history.config().time_resolution_ms(),
            damage: &history.damage,
        })
    }

    pub(crate) fn shelf(&mut self, boot: BootId, device: u64) -> Shelf<'_, 'txn> {
        Shelf { blocks: &mut self.blocks, boot: boot.0, device, tally: &mut self.tally, damage: self.damage }
    }

    /// Stores rows whose wall time is known, with their roll-ups.
    fn put_settled(&mut self, device: u64, known: &mut Known, mut rows: Rows) -> Result<(), StoreError> {
        rows.sort();
        // The exact times decide what is new; only then they are cut down to what is stored.
        let newest = known.newest_sealed();
        let late = newest.map_or(0, |newest| rows.t.partition_point(|t| *t <= newest));
        for column in &rows.columns {
            let newest = rows.t.iter().zip(&column.cells).rfind(|(_, cell)| cell.is_some()).map(|(t, _)| *t);
            if let Some(series) = known.series.get_mut(&column.key) {
                series.sealed = series.sealed.max(newest);
            }
        }
        rows.coarsen(self.resolution_ms);
        if late > 0 {
            known.came_late(rows.t.first().copied());
        }
        let mut shelf = self.shelf(BootId::WALL, device);
        let mut fresh = if late > 0 { shelf.merge(&rows.part(0..late), true)? } else { Rows::default() };
        if late < rows.len() {
            fresh.append(&shelf.merge(&rows.part(late..rows.len()), false)?);
        }
        // Days that are over are rolled up already: what came late to them corrects that.
        let rolled_to = known.rolled_to.unwrap_or(i64::MIN);
        let late = fresh.part(0..fresh.t.partition_point(|t| *t < rolled_to));
        self.roll_up_rows(device, &late)?;
        let today = known.newest_sealed().map(|newest| DAYS.slot(newest));
        today.map_or(Ok(()), |today| self.roll_up_to(device, known, today))
    }

    /// Stores the rows of one device, each on the timeline that is known of it.
    fn put_head(
        &mut self,
        device: u64,
        known: &mut Known,
        head: &[HeadRow],
        timeline: &Timeline,
    ) -> Result<(), StoreError> {
        let mut settled = Rows::default();
        settled.reserve(head.len());
        let mut unsettled: BTreeMap<BootId, Rows> = BTreeMap::new();
        for row in head {
            match timeline.settled(row.at) {
                Some(wall) => settled.push(wall, false, row.cells()),
                None => unsettled.entry(row.at.boot).or_default().push(boot_ms(row.at), false, row.cells()),
            }
        }
        for (boot, mut rows) in unsettled {
            rows.sort();
            self.shelf(boot, device).merge(&rows, true)?;
            self.boots.insert(boot.0, timeline.encode(boot).as_slice())?;
        }
        if settled.is_empty() { Ok(()) } else { self.put_settled(device, known, settled) }
    }

    /// Moves what is now known of a boot's rows to wall time.
    fn move_settled(
        &mut self,
        boot: BootId,
        timeline: &Timeline,
        known: &mut BTreeMap<u64, Known>,
    ) -> Result<(), StoreError> {
        self.boots.insert(boot.0, timeline.encode(boot).as_slice())?;
        let mut waiting = Vec::new();
        for entry in self.blocks.range((boot.0, u64::MIN, i64::MIN)..=(boot.0, u64::MAX, i64::MAX))? {
            let (key, value) = entry?;
            waiting.push((key.value(), value.value().to_vec()));
        }
        let mut moved: BTreeMap<u64, Rows> = BTreeMap::new();
        for (key, bytes) in waiting {
            let (_, device, start) = key;
            let Some(rows) = crate::block::decode(&bytes) else {
                self.damage.found(crate::damage::block_name(key));
                continue;
            };
            let mut rest = Rows::default();
            for (row, ms) in rows.t.iter().copied().enumerate() {
                match timeline.settled(Stamp { boot, ms: ms.cast_unsigned() }) {
                    Some(wall) => {
                        self.tally.points -= rows.cells(row).count() as i64;
                        moved.entry(device).or_default().push(wall, false, rows.cells(row));
                    }
                    None => rest.push(ms, false, rows.cells(row)),
                }
            }
            if rest.len() < rows.len() {
                let mut shelf = self.shelf(boot, device);
                shelf.remove(start)?;
                shelf.put(&rest, false, Packing::Quick)?;
            }
        }
        for (device, rows) in moved {
            let known = known.entry(device).or_default();
            self.put_settled(device, known, rows)?;
            self.devices.insert(device, known.encode().as_slice())?;
        }
        Ok(())
    }

    /// Writes the totals; the last step of a change.
    pub(crate) fn close(mut self) -> Result<(), StoreError> {
        store::count(&mut self.meta, meta::BLOCKS, self.tally.blocks)?;
        store::count(&mut self.meta, meta::POINTS, self.tally.points)
    }
}

impl History {
    /// Is it time to [`seal`](Self::seal)? After the seal interval, if that is worth its writes; earlier when much has
    /// come together; at the latest after six intervals. Until then the journal keeps everything as safe.
    pub fn seal_due(&self, now: UnixMillis) -> bool {
        let mut live = self.live();
        // A clock that was set back or far ahead makes it due too, which does no harm.
        let since = now.0.abs_diff(*live.sealed_at.get_or_insert(now.0));
        let interval = u64::try_from(self.config().seal_interval().as_millis()).unwrap_or(u64::MAX);
        let is_late = since >= interval && live.is_worth_sealing() || since >= interval.saturating_mul(6);
        (is_late && live.newest > live.sealed) || live.is_full() || self.journal.is_filling(live.sealed)
    }

    /// Moves all readings from memory and journal into compressed blocks and roll-ups of the database, in one step.
    ///
    /// # Errors
    /// When the disk refuses. Then the readings stay where they are, and the next seal takes them.
    pub fn seal(&self, now: UnixMillis) -> Result<(), StoreError> {
        let mut maintenance = self.maintaining()?;
        self.seal_and(&mut maintenance, |_, _| Ok(()), false)?;
        self.live().sealed_at = Some(now.0);
        Ok(())
    }

    /// Seals, and does `more` in the same step with the tables and the last sealed event; `needed` even if nothing is new.
    /// Whoever calls is the one maintainer.
    pub(crate) fn seal_and(
        &self,
        maintenance: &mut Maintenance,
        more: impl FnOnce(&mut Shelves<'_>, u64) -> Result<(), StoreError>,
        is_needed: bool,
    ) -> Result<u64, StoreError> {
        match self.flush_journal() {
            // Sealing makes room in the journal.
            Ok(()) | Err(StoreError::JournalFull { .. }) => {}
            Err(error) => return Err(error),
        }
        let mut parcel = Parcel::of(&self.live(), self.durable().0);
        if parcel.to == self.live().sealed && !is_needed {
            return Ok(parcel.to);
        }
        let ahead = self.numbers().next.saturating_add(NUMBERS_AHEAD);
        self.change(maintenance, |transaction| {
            let mut shelves = Shelves::open(transaction, self)?;
            for (device, known, head) in &mut parcel.devices {
                shelves.put_head(*device, known, head, &parcel.timeline)?;
                shelves.devices.insert(*device, known.encode().as_slice())?;
            }
            shelves.meta.insert(meta::SEALED, parcel.to)?;
            let reserved = store::number(&shelves.meta, meta::RESERVED)?;
            shelves.meta.insert(meta::RESERVED, reserved.max(ahead))?;
            more(&mut shelves, parcel.to)?;
            shelves.close()
        })?;
        let mut numbers = self.numbers();
        numbers.reserved = numbers.reserved.max(ahead);
        drop(numbers);
        let mut live = self.live();
        live.drop_to(parcel.to);
        live.take_sealed(parcel.devices.iter().map(|(device, known, _)| (*device, known)));
        drop(live);
        // What waited for the room that there is now; if it is still too much, the next seal goes on.
        match self.flush_journal() {
            Ok(()) | Err(StoreError::JournalFull { .. }) => Ok(parcel.to),
            Err(error) => Err(error),
        }
    }

    /// The clock of a boot became known: from `from_ms` since boot on (without it: for the whole boot), wall time is
    /// milliseconds since boot + `offset_ms`. Readings that waited for it move to their place, roll-ups with them.
    /// Readings that were sealed under a known offset stay where they are.
    ///
    /// # Errors
    /// When the disk refuses; then nothing has changed.
    pub fn settle(&self, boot: BootId, offset_ms: i64, from_ms: Option<u64>) -> Result<(), StoreError> {
        let mut maintenance = self.maintaining()?;
        let before = Arc::clone(&self.live().timeline);
        let mut timeline = Timeline::clone(&before);
        timeline.settle(boot, offset_ms, from_ms);
        if boot == BootId::WALL || timeline == *before {
            return Ok(());
        }
        let mut known: BTreeMap<u64, Known> =
            self.live().devices.iter().map(|(device, live)| (*device, live.known.clone())).collect();
        self.change(&mut maintenance, |transaction| {
            let mut shelves = Shelves::open(transaction, self)?;
            shelves.move_settled(boot, &timeline, &mut known)?;
            shelves.close()
        })?;
        let mut live = self.live();
        // Of other boots something may have been learned meanwhile.
        Arc::make_mut(&mut live.timeline).settle(boot, offset_ms, from_ms);
        live.take_sealed(known.iter().map(|(device, known)| (*device, known)));
        Ok(())
    }

    /// Guesses the clock of a boot until it becomes known, for readers: usually the last known time plus what passed.
    ///
    /// # Errors
    /// When the disk refuses; the guess is used nevertheless until the next start.
    pub fn estimate(&self, boot: BootId, offset_ms: i64) -> Result<(), StoreError> {
        if boot == BootId::WALL {
            return Ok(());
        }
        let mut maintenance = self.maintaining()?;
        let record = {
            let mut live = self.live();
            Arc::make_mut(&mut live.timeline).estimate(boot, offset_ms);
            live.timeline.encode(boot)
        };
        self.change(&mut maintenance, |transaction| {
            transaction.open_table(BOOTS)?.insert(boot.0, record.as_slice())?;
            Ok(())
        })
    }
}

impl Parcel {
    fn of(live: &Live, to: u64) -> Self {
        let changed = live.devices.iter().filter(|(_, device)| device.changed > live.sealed);
        let devices = changed
            .map(|(id, device)| {
                let head = device.head.iter().take_while(|row| row.seq <= to).cloned().collect();
                (*id, device.known.clone(), head)
            })
            .collect();
        Self { to, devices, timeline: Arc::clone(&live.timeline) }
    }
}

impl Live {
    /// Takes over how far readings are sealed and rolled up.
    pub(crate) fn take_sealed<'a>(&mut self, sealed: impl Iterator<Item = (u64, &'a Known)>) {
        for (device, known) in sealed {
            let Some(live) = self.devices.get_mut(&device) else { continue };
            live.known.rolled_to = live.known.rolled_to.max(known.rolled_to);
            live.known.repacked_to = known.repacked_to;
            for (key, newest) in &known.series {
                if let Some(series) = live.known.series.get_mut(key) {
                    series.sealed = series.sealed.max(newest.sealed);
                }
            }
        }
    }
}
