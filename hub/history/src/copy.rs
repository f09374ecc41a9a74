//! The database, copied into a fresh file: dense, without what is free, and without what cannot be read.
//!
//! The database's own compaction moves pages within the file that it works on. Here the file that is there is only
//! read; the copy takes its place in one step when it is whole and on the disk.

mod hole;
mod joiner;
mod orphan;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use redb::{ReadableTable, TableDefinition, TableHandle, Value, WriteTransaction};

use crate::{
    check::{DAMAGED, Fault, Finding, Part, Remedy},
    disk::{Disk, Meter},
    error::StoreError,
    history::NUMBERS_AHEAD,
    pages::{PageFile, RawTable, Seen, Survey, unusable},
    rollup::{DAYS, HOURS},
    store::{self, BLOCKS, BOOTS, DEVICES, FORGOTTEN, META, meta},
};
use hole::{Hole, Place, believable, key_of};
use joiner::Joiner;
use orphan::Search;

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
    let mut copier = Copier::new(&file, Some(&transaction))?;
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
    let mut copier = Copier::new(file, None)?;
    copier.all()?;
    Ok(copier.copied.lost)
}

struct Copier<'a> {
    file: &'a PageFile,
    tables: BTreeMap<String, RawTable>,
    /// Where to; nowhere, when only what would be lost is asked for.
    target: Option<&'a WriteTransaction>,
    forgotten: BTreeSet<u64>,
    copied: Copied,
}

impl<'a> Copier<'a> {
    fn new(file: &'a PageFile, target: Option<&'a WriteTransaction>) -> Result<Self, StoreError> {
        let tables = file.tables(&mut Survey::default())?;
        Ok(Self { file, tables, target, forgotten: BTreeSet::new(), copied: Copied::default() })
    }

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
        self.table(BOOTS, None, hole::of_clock)?;
        self.table(FORGOTTEN, None, hole::of_device)?;
        self.forgotten = self.ids(FORGOTTEN)?;
        self.table(DEVICES, Some(Search { rank: orphan::of_device, device: |device| device }), hole::of_device)?;
        self.table(DAMAGED, None, |_| Finding::new(Part::Pages, Fault::Unreachable, Remedy::Lost))?;
        for (table, span, part) in [(store::HOURS, HOURS, Part::Hours), (store::DAYS, DAYS, Part::Days)] {
            let search = Search { rank: orphan::of_rollups(span), device: |(device, _)| device };
            self.table(table, Some(search), |hole| hole::of_rollups(part, span, hole))?;
        }
        self.blocks()
    }

    fn ids(&self, table: TableDefinition<'_, u64, u64>) -> Result<BTreeSet<u64>, StoreError> {
        let mut ids = BTreeSet::new();
        self.each(table, |id, _| {
            ids.insert(id);
            Ok(())
        })?;
        Ok(ids)
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

    /// Copies a table. What cannot be reached is searched in the whole file, if there is a way to tell what is right.
    fn table<K: Place, V: Value + 'static>(
        &mut self,
        table: TableDefinition<'_, K, V>,
        search: Option<Search<K>>,
        name: impl Fn(Hole<K>) -> Finding,
    ) -> Result<(), StoreError> {
        let mut to = self.target.map(|target| target.open_table(table)).transpose()?;
        let width = V::fixed_width();
        let mut holes = self.each(table, |key, value| {
            if width.is_none_or(|width| width == value.len())
                && let Some(to) = &mut to
            {
                to.insert(key, V::from_bytes(value))?;
            }
            Ok(())
        })?;
        drop(to);
        if let Some(search) = search {
            self.search(table.name(), search, &mut holes)?;
        }
        self.copied.lost.extend(holes.into_iter().map(name));
        Ok(())
    }

    /// Fills holes of a table with what the leaves of the whole file have.
    fn search<K: Place>(
        &self,
        name: &str,
        Search { rank, device }: Search<K>,
        holes: &mut [Hole<K>],
    ) -> Result<(), StoreError> {
        let (Some(target), false) = (self.target, holes.is_empty()) else { return Ok(()) };
        let mut to = target.open_table(TableDefinition::<K, &[u8]>::new(name))?;
        self.file.each_leaf_entry(K::fixed_width(), |key, value| {
            let Some(key) = key_of::<K>(key) else { return Ok(()) };
            let Some(hole) = holes.iter_mut().find(|hole| hole.has(key)) else { return Ok(()) };
            // What was forgotten stays so.
            let Some(own) = rank(key, value).filter(|_| !self.forgotten.contains(&device(key))) else { return Ok(()) };
            let other = to.get(key)?.and_then(|other| rank(key, other.value()));
            if other.is_none_or(|other| other < own) {
                hole.found += u64::from(to.insert(key, value)?.is_none());
            }
            Ok(())
        })
    }

    /// The blocks, small ones joined into full ones.
    fn blocks(&mut self) -> Result<(), StoreError> {
        let to = self.target.map(|target| target.open_table(BLOCKS)).transpose()?;
        let mut joiner = to.map(Joiner::new);
        let (mut blocks, mut bad) = (0, Vec::new());
        let mut holes = self.each(BLOCKS, |key, bytes| {
            blocks += 1;
            if let Some(joiner) = &mut joiner {
                return joiner.take(key, bytes);
            }
            if orphan::of_block(key, bytes).is_none() {
                bad.push(hole::bad_block(key));
            }
            Ok(())
        })?;
        self.copied.blocks_before = blocks;
        if let (Some(joiner), Some(target)) = (joiner, self.target) {
            self.copied.blocks_after = joiner.finish()?;
            let change = self.copied.blocks_after.cast_signed() - blocks.cast_signed();
            store::count(&mut target.open_table(META)?, meta::BLOCKS, change)?;
        }
        let search = Search { rank: orphan::of_block, device: |(_, device, _)| device };
        self.search(BLOCKS.name(), search, &mut holes)?;
        self.copied.lost.extend(holes.into_iter().map(hole::of_blocks));
        self.copied.lost.extend(bad);
        Ok(())
    }

    /// Shows every entry of a table that can be read, in order; tells where others were.
    fn each<K: Place, V: Value + 'static>(
        &self,
        table: TableDefinition<'_, K, V>,
        mut show: impl FnMut(K, &[u8]) -> Result<(), StoreError>,
    ) -> Result<Vec<Hole<K>>, StoreError> {
        let mut holes = Vec::new();
        let Some(raw) = self.tables.get(table.name()) else { return Ok(holes) };
        let (mut last, mut is_hole): (Option<K>, bool) = (None, false);
        let mut take = |entry: Option<(K, &[u8])>| {
            let Some((key, value)) = entry else {
                is_hole = true;
                return Ok(());
            };
            if std::mem::take(&mut is_hole) {
                holes.push(Hole { after: last, before: Some(key), found: 0 });
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
            holes.push(Hole { after: last, before: None, found: 0 });
        }
        Ok(holes)
    }
}
