//! The database, copied into a fresh file: dense, without what is free, and without what cannot be read.
//!
//! The database's own compaction moves pages within the file that it works on. Here the file that is there is only
//! read; the copy takes its place in one step when it is whole and on the disk.

use std::{collections::BTreeMap, sync::Arc};

use hub_model::{BootId, DeviceId, UnixMillis};
use redb::{Key, Table, TableDefinition, TableHandle, Value, WriteTransaction};

use crate::{
    block,
    check::{DAMAGED, Fault, Finding, Part, Remedy},
    damage::Damage,
    disk::{Disk, Meter},
    error::StoreError,
    history::NUMBERS_AHEAD,
    pages::{Doubtful, PageFile, RawTable, Seen, Survey, unusable},
    rollup::{DAYS, HOURS, Span},
    rows::Rows,
    shelf::{FULL_BLOCK, Shelf, Tally},
    store::{self, BLOCKS, BOOTS, BlockKey, DEVICES, FORGOTTEN, META, RollupKey, meta},
};

/// What became of a copy.
#[derive(Debug, Default)]
pub(crate) struct Copied {
    /// What could not be read.
    pub(crate) lost: Vec<Finding>,
    pub(crate) blocks_before: u64,
    pub(crate) blocks_after: u64,
}

/// Copies what can be read of the database, small blocks joined with their neighbours, and puts the copy in its place.
/// Until the last step the old file is there, unchanged.
pub(crate) fn copy(disk: &Arc<dyn Disk>, file: PageFile) -> Result<Copied, StoreError> {
    let mut draft = store::database(disk.draft().map_err(redb::Error::Io)?, &Arc::new(Meter::default()))?;
    let mut transaction = draft.begin_write()?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(true);
    let tables = file.tables(&mut Survey::default())?;
    let mut copier = Copier { file: &file, tables, target: Some(&transaction), copied: Copied::default() };
    copier.all()?;
    let copied = copier.copied;
    transaction.commit()?;
    while draft.compact().map_err(redb::Error::from)? {}
    drop(draft);
    disk.replace_database().map_err(redb::Error::Io)?;
    // Only now may somebody else open the database.
    drop(file);
    Ok(copied)
}

/// What a copy would lose: what cannot be read, and the blocks and roll-ups that are damaged.
pub(crate) fn would_lose(file: &PageFile) -> Result<Vec<Finding>, StoreError> {
    let tables = file.tables(&mut Survey::default())?;
    let mut copier = Copier { file, tables, target: None, copied: Copied::default() };
    copier.all()?;
    Ok(copier.copied.lost)
}

struct Copier<'a> {
    file: &'a PageFile,
    tables: BTreeMap<String, RawTable>,
    /// Where to; nowhere, when only what would be lost is asked for.
    target: Option<&'a WriteTransaction>,
    copied: Copied,
}

/// Where something cannot be read: between the last key before it and the first behind it.
#[derive(Debug, Clone, Copy)]
struct Hole<K> {
    after: Option<K>,
    before: Option<K>,
}

impl Copier<'_> {
    fn all(&mut self) -> Result<(), StoreError> {
        let names = [
            BLOCKS.name(),
            store::HOURS.name(),
            store::DAYS.name(),
            DEVICES.name(),
            BOOTS.name(),
            FORGOTTEN.name(),
            META.name(),
            DAMAGED.name(),
        ];
        if let Some(unknown) = self.tables.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(StoreError::damaged(format!("table {unknown}, which this version does not know")));
        }
        self.numbers()?;
        self.table(BOOTS, |hole| Finding { boot: BootId(hole.after.unwrap_or(0)), ..lost(Part::Clock) })?;
        self.table(DEVICES, of_device)?;
        self.table(FORGOTTEN, of_device)?;
        self.table(DAMAGED, |_| lost(Part::Pages))?;
        self.table(store::HOURS, |hole| of_rollups(Part::Hours, HOURS, hole))?;
        self.table(store::DAYS, |hole| of_rollups(Part::Days, DAYS, hole))?;
        self.blocks()
    }

    /// The few numbers of the store; without them it is none.
    fn numbers(&mut self) -> Result<(), StoreError> {
        let mut numbers: BTreeMap<String, u64> = BTreeMap::new();
        let mut is_doubtful = false;
        let mut take = |name: &[u8], number: &[u8]| {
            if let (Ok(name), Ok(number)) = (std::str::from_utf8(name), number.try_into()) {
                numbers.insert(name.to_owned(), u64::from_le_bytes(number));
            }
        };
        let table = self.tables.get(META.name()).ok_or_else(|| unusable("its numbers cannot be read"))?;
        self.file.each(table, &mut Survey::default(), &mut |seen| {
            match seen {
                Seen::Entry(name, number) => take(name, number),
                Seen::Doubtful(doubtful) => {
                    is_doubtful = true;
                    doubtful.entries.iter().for_each(|(name, number)| take(name, number));
                }
                Seen::Hole => is_doubtful = true,
            }
            Ok(())
        })?;
        let of = |name: &str| numbers.get(name).copied();
        let (sealed, reserved) = (of(meta::SEALED).unwrap_or(0), of(meta::RESERVED).unwrap_or(0));
        // No number may be handed out twice, and none that was handed out is behind those that are sealed.
        if of(meta::EPOCH).is_none() || is_doubtful && sealed > reserved {
            return Err(unusable("its numbers cannot be read"));
        }
        if is_doubtful {
            numbers.insert(meta::FORMAT.to_owned(), store::FORMAT);
            numbers.insert(meta::RESERVED.to_owned(), reserved.saturating_add(NUMBERS_AHEAD));
            self.copied.lost.push(Finding::new(Part::Totals, Fault::Unreadable, Remedy::Rebuilt));
        }
        let Some(target) = self.target else { return Ok(()) };
        let mut to = target.open_table(META)?;
        numbers.iter().try_for_each(|(name, number)| to.insert(name.as_str(), number).map(drop))?;
        Ok(())
    }

    fn table<K, V>(
        &mut self,
        table: TableDefinition<'_, K, V>,
        name: impl Fn(Hole<K>) -> Finding,
    ) -> Result<(), StoreError>
    where
        K: Key + Ord + Copy + 'static + for<'a> Value<SelfType<'a> = K>,
        V: Value + 'static,
    {
        let mut to = self.target.map(|target| target.open_table(table)).transpose()?;
        let width = V::fixed_width();
        let holes = self.each(table, |key, value| {
            if width.is_none_or(|width| width == value.len())
                && let Some(to) = &mut to
            {
                to.insert(key, V::from_bytes(value))?;
            }
            Ok(())
        })?;
        self.copied.lost.extend(holes.into_iter().map(name));
        Ok(())
    }

    /// The blocks, small ones joined into full ones.
    fn blocks(&mut self) -> Result<(), StoreError> {
        let to = self.target.map(|target| target.open_table(BLOCKS)).transpose()?;
        let mut joiner = to.map(|to| Joiner { to, of: (0, 0), rows: Rows::default(), tally: Tally::default() });
        let (mut blocks, mut bad) = (0, Vec::new());
        let holes = self.each(BLOCKS, |key, bytes| {
            blocks += 1;
            match &mut joiner {
                Some(joiner) => joiner.take(key, bytes),
                None => {
                    if block::decode(bytes).is_none() {
                        bad.push(Finding {
                            device: Some(DeviceId::from_u64(key.1)),
                            boot: BootId(key.0),
                            from: Some(UnixMillis(key.2)),
                            ..Finding::new(Part::Block, Fault::Unreadable, Remedy::SetAside)
                        });
                    }
                    Ok(())
                }
            }
        })?;
        self.copied.lost.extend(holes.into_iter().map(of_blocks));
        self.copied.lost.extend(bad);
        self.copied.blocks_before = blocks;
        let (Some(mut joiner), Some(target)) = (joiner, self.target) else { return Ok(()) };
        joiner.put_rest()?;
        self.copied.blocks_after = joiner.tally.blocks.unsigned_abs();
        let change = joiner.tally.blocks - blocks.cast_signed();
        store::count(&mut target.open_table(META)?, meta::BLOCKS, change)
    }

    /// Shows every entry of a table that can be read, in order; tells where others were.
    fn each<K, V>(
        &self,
        table: TableDefinition<'_, K, V>,
        mut show: impl FnMut(K, &[u8]) -> Result<(), StoreError>,
    ) -> Result<Vec<Hole<K>>, StoreError>
    where
        K: Key + Ord + Copy + 'static + for<'a> Value<SelfType<'a> = K>,
        V: Value + 'static,
    {
        let mut holes = Vec::new();
        let Some(raw) = self.tables.get(table.name()) else { return Ok(holes) };
        let (mut last, mut is_hole): (Option<K>, bool) = (None, false);
        let mut take = |entry: Option<(K, &[u8])>| {
            let Some((key, value)) = entry else {
                is_hole = true;
                return Ok(());
            };
            if std::mem::take(&mut is_hole) {
                holes.push(Hole { after: last, before: Some(key) });
            }
            last = Some(key);
            show(key, value)
        };
        let mut newest: Option<K> = None;
        self.file.each(raw, &mut Survey::default(), &mut |seen| match seen {
            Seen::Entry(key, value) => match key_of(key).filter(|key| newest.is_none_or(|newest| newest < *key)) {
                Some(key) => {
                    newest = Some(key);
                    take(Some((key, value)))
                }
                None => take(None),
            },
            Seen::Hole => take(None),
            Seen::Doubtful(doubtful) => {
                let believed = believable(&doubtful, newest);
                if believed.len() < doubtful.entries.len() {
                    take(None)?;
                }
                believed.into_iter().try_for_each(|(key, value)| {
                    newest = Some(key);
                    take(Some((key, value)))
                })
            }
        })?;
        if is_hole {
            holes.push(Hole { after: last, before: None });
        }
        Ok(holes)
    }
}

fn key_of<K: Key + 'static + for<'a> Value<SelfType<'a> = K>>(bytes: &[u8]) -> Option<K> {
    (K::fixed_width() == Some(bytes.len())).then(|| K::from_bytes(bytes))
}

/// The most entries of a bad page whose keys are in order, above `newest` and within its bounds: a key in which a bit
/// has flipped usually is not.
fn believable<'a, K>(page: &Doubtful<'a>, newest: Option<K>) -> Vec<(K, &'a [u8])>
where
    K: Key + Ord + Copy + 'static + for<'b> Value<SelfType<'b> = K>,
{
    let upper: Option<K> = page.upper.and_then(key_of);
    let is_within = |key: &K| newest.is_none_or(|newest| newest < *key) && upper.is_none_or(|upper| *key <= upper);
    let entries: Vec<(K, &[u8])> =
        page.entries.iter().filter_map(|(key, value)| Some((key_of(key).filter(is_within)?, *value))).collect();
    // The longest rising row that ends with each entry: how long, and which is before it.
    let mut rows: Vec<(usize, Option<usize>)> = Vec::with_capacity(entries.len());
    for (key, _) in &entries {
        let before = rows.iter().zip(&entries).enumerate().filter(|(_, (_, (before, _)))| before < key);
        let best = before.max_by_key(|(_, ((len, _), _))| *len).map(|(at, ((len, _), _))| (*len, at));
        rows.push(best.map_or((1, None), |(len, at)| (len + 1, Some(at))));
    }
    let mut at = (0..rows.len()).max_by_key(|at| rows.get(*at).map(|(len, _)| *len));
    let mut believed = Vec::new();
    while let Some(here) = at {
        believed.extend(entries.get(here).copied());
        at = rows.get(here).and_then(|(_, before)| *before);
    }
    believed.reverse();
    believed
}

/// Collects the rows of small blocks of one device on one timeline until they fill a block.
struct Joiner<'txn> {
    to: Table<'txn, BlockKey, &'static [u8]>,
    of: (u32, u64),
    rows: Rows,
    tally: Tally,
}

impl Joiner<'_> {
    fn take(&mut self, key: BlockKey, bytes: &[u8]) -> Result<(), StoreError> {
        if self.of != (key.0, key.1) {
            self.put_rest()?;
            self.of = (key.0, key.1);
        }
        // Nothing is thrown away because it cannot be read; the check sets it aside.
        let rows = block::decode(bytes).filter(|rows| rows.t.first() == Some(&key.2));
        let follows =
            |rows: &Rows| self.rows.t.last().is_none_or(|last| rows.t.first().is_some_and(|first| last < first));
        let Some(rows) = rows.filter(|rows| rows.len() < FULL_BLOCK && follows(rows)) else {
            self.put_rest()?;
            self.to.insert(key, bytes)?;
            self.tally.blocks += 1;
            return Ok(());
        };
        self.rows.append(&rows);
        while self.rows.len() > FULL_BLOCK {
            let mut cut = FULL_BLOCK;
            while cut < self.rows.len() && self.rows.t.get(cut) == self.rows.t.get(cut - 1) {
                cut += 1;
            }
            let full = self.rows.part(0..cut);
            self.rows = self.rows.part(cut..self.rows.len());
            self.put(&full)?;
        }
        Ok(())
    }

    fn put_rest(&mut self) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut self.rows);
        if rest.is_empty() { Ok(()) } else { self.put(&rest) }
    }

    fn put(&mut self, rows: &Rows) -> Result<(), StoreError> {
        let ((boot, device), damage) = (self.of, &Damage::default());
        Shelf { blocks: &mut self.to, boot, device, tally: &mut self.tally, damage }.put(rows, false)
    }
}

const fn lost(part: Part) -> Finding {
    Finding::new(part, Fault::Unreachable, Remedy::Lost)
}

fn of_device(hole: Hole<u64>) -> Finding {
    Finding { device: hole.after.map(DeviceId::from_u64), ..lost(Part::State) }
}

/// From behind the record before the hole to the record behind it.
fn of_rollups(part: Part, span: Span, hole: Hole<RollupKey>) -> Finding {
    let device = hole.after.or(hole.before).map(|(device, _)| device);
    let time = |key: Option<RollupKey>, more: i64| {
        key.filter(|(own, _)| Some(*own) == device).map(|(_, record)| UnixMillis(span.record_start(record + more)))
    };
    let (from, to) = (time(hole.after, 1), time(hole.before, 0));
    Finding { device: device.map(DeviceId::from_u64), from, to, ..lost(part) }
}

fn of_blocks(hole: Hole<BlockKey>) -> Finding {
    let of = hole.after.or(hole.before).map(|(boot, device, _)| (boot, device));
    let time = |key: Option<BlockKey>| {
        key.filter(|(boot, device, _)| Some((*boot, *device)) == of).map(|key| UnixMillis(key.2))
    };
    Finding {
        device: of.map(|(_, device)| DeviceId::from_u64(device)),
        boot: BootId(of.map_or(0, |(boot, _)| boot)),
        from: time(hole.after),
        to: time(hole.before),
        ..lost(Part::Block)
    }
}
