//! The check of a stopped store, down to the single block.
//!
//! Everything is read: the pages of the database against their checksums, every block and every roll-up against its
//! own, the order of the blocks, the roll-ups against the readings that they stand for, the totals. What is damaged is
//! set aside: it goes, with its key, into a table of its own, at most [`MOST_ASIDE_BYTES`] in all, so that nobody
//! stumbles over it and nothing is thrown away. What can be worked out anew is rebuilt.

mod aside;
mod device;
mod finding;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use hub_model::{BootId, DeviceId};
use redb::ReadableTable;

pub use aside::SetAside;
pub use finding::{CheckReport, Fault, Finding, Part, Remedy};

use crate::{
    Config, OpenError, StoreError,
    copy::{copy, would_lose},
    damage::Damage,
    disk::{Disk, Meter, dry::DryDisk, folder::Folder, guard::Guarded},
    error::is_full,
    found::{check_format, refusal},
    pages::PageFile,
    rollup::{DAYS, HOURS, Span},
    rows::ColumnKey,
    store::{self, BLOCKS, BOOTS, DEVICES, META, RollupKey, Store, meta},
    timeline::Timeline,
};
use aside::Key;
pub(crate) use aside::{DAMAGED, set_aside};

/// May the check change the store?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckMode {
    /// What is damaged is set aside, what can be rebuilt is rebuilt.
    Repair,
    /// The same is tried on a copy in memory: the store is not changed.
    Tell,
}

/// Checks the store in the folder that `config` names; nobody may have it open.
///
/// # Errors
/// When there is no store, it is in use, was written by a newer version, or is damaged beyond reading.
pub fn check(config: &Config, mode: CheckMode) -> Result<CheckReport, OpenError> {
    check_on(config.path(), existing(config)?, mode)
}

/// The disk of a store that is there already.
pub(crate) fn existing(config: &Config) -> Result<Arc<dyn Disk>, OpenError> {
    let path = config.path().to_owned();
    let missing = |source| OpenError::Io { path: path.clone(), source };
    if !path.try_exists().map_err(missing)? {
        return Err(missing(std::io::ErrorKind::NotFound.into()));
    }
    let folder = Folder::new(&path).map_err(missing)?;
    if !folder.has_database().map_err(missing)? {
        return Err(missing(std::io::ErrorKind::NotFound.into()));
    }
    Ok(Arc::new(folder))
}

pub(crate) fn check_on(path: &Path, disk: Arc<dyn Disk>, mode: CheckMode) -> Result<CheckReport, OpenError> {
    let mut report = CheckReport::default();
    let fail = |error| told(path, error);
    let target: Arc<dyn Disk> = match mode {
        CheckMode::Repair => disk,
        CheckMode::Tell => Arc::new(DryDisk::new(disk)),
    };
    // The database itself is not asked before every page of it fits its checksum.
    let mut file = page_file(&target).map_err(fail)?;
    let mut is_sound = file.survey().map_err(fail)?.bad == 0;
    if is_sound {
        drop(file);
        is_sound = is_consistent(&target).map_err(fail)?;
        file = page_file(&target).map_err(fail)?;
    }
    if !is_sound {
        let remedy = if mode == CheckMode::Repair { Remedy::Copied } else { Remedy::WouldBeCopied };
        report.add(Finding::new(Part::Pages, Fault::Unreadable, remedy));
        if mode == CheckMode::Tell {
            would_lose(&file).map_err(fail)?.into_iter().for_each(|lost| report.add(lost));
            return Ok(report);
        }
        copy(&target, file).map_err(fail)?.lost.into_iter().for_each(|lost| report.add(lost));
    } else {
        drop(file);
    }
    let store = open(path, &target)?.map_err(fail)?;
    Examination::new(&store, &mut report).run().map_err(fail)?;
    Ok(report)
}

/// Is the database content with its pages and with its list of those that are free?
///
/// Its own check would set right what it does not like by going back to the commit before. So it gets a copy in memory
/// to work on, and only its verdict counts.
fn is_consistent(disk: &Arc<dyn Disk>) -> Result<bool, StoreError> {
    let dry = DryDisk::new(Arc::clone(disk));
    let mut database = store::database(dry.database().map_err(redb::Error::Io)?, &Arc::new(Meter::default()))?;
    match database.check_integrity() {
        Ok(is_sound) => Ok(is_sound),
        Err(redb::DatabaseError::Storage(redb::StorageError::Corrupted(_))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The pages of the database's file.
pub(crate) fn page_file(disk: &Arc<dyn Disk>) -> Result<PageFile, StoreError> {
    let storage = disk.database().map_err(redb::Error::Io)?;
    // A head that lost its power is put right first, as at every start.
    PageFile::open(Box::new(Guarded::new(storage, Arc::clone(disk), Arc::new(Meter::default()))))
}

/// Opens the database, unless a newer version wrote it.
pub(crate) fn open(path: &Path, disk: &Arc<dyn Disk>) -> Result<Result<Store, StoreError>, OpenError> {
    let store = Store::open(Arc::clone(disk), Arc::new(Meter::default()), 0).map_err(|error| refusal(path, error))?;
    match check_format(&store, path) {
        Ok(format) => format.map(|()| Ok(store)),
        Err(error) => Ok(Err(error)),
    }
}

pub(crate) fn told(path: &Path, error: StoreError) -> OpenError {
    match error {
        StoreError::DiskFull => OpenError::DiskFull { path: path.to_owned() },
        StoreError::Database(error) => refusal(path, *error),
        StoreError::Journal { source, .. } if is_full(&source) => OpenError::DiskFull { path: path.to_owned() },
        source => OpenError::Store { path: path.to_owned(), source },
    }
}

/// One pass over all records.
pub(crate) struct Examination<'a> {
    store: &'a Store,
    report: &'a mut CheckReport,
    damage: Damage,
    /// Points in blocks that can be read, on any timeline.
    points: u64,
    blocks: u64,
}

impl<'a> Examination<'a> {
    fn new(store: &'a Store, report: &'a mut CheckReport) -> Self {
        Self { store, report, damage: Damage::default(), points: 0, blocks: 0 }
    }

    fn run(mut self) -> Result<(), StoreError> {
        self.clocks()?;
        let (timelines, devices) = self.present()?;
        for device in devices {
            for boot in timelines.get(&device).into_iter().flatten() {
                self.device_blocks(BootId(*boot), device)?;
            }
            let (newest, rolled_to) = self.device_rollups(device)?;
            self.device_state(device, newest, rolled_to)?;
            self.report.devices += 1;
        }
        self.totals()?;
        self.report.set_aside = SetAside::of(self.store)?;
        Ok(())
    }

    /// The timelines that every device has blocks on, and all devices that anything is kept of.
    fn present(&self) -> Result<(TimelinesOf, BTreeSet<u64>), StoreError> {
        let transaction = self.store.read()?;
        let mut timelines = TimelinesOf::new();
        if let Some(blocks) = store::readable(&transaction, BLOCKS)? {
            let mut from = (0, 0, i64::MIN);
            while let Some(entry) = blocks.range(from..)?.next() {
                let (boot, device, _) = entry?.0.value();
                timelines.entry(device).or_default().insert(boot);
                from = match device.checked_add(1) {
                    Some(next) => (boot, next, i64::MIN),
                    None => (boot.saturating_add(1), 0, i64::MIN),
                };
                if device == u64::MAX && boot == u32::MAX {
                    break;
                }
            }
        }
        let mut devices: BTreeSet<u64> = timelines.keys().copied().collect();
        for table in [store::HOURS, store::DAYS] {
            let Some(table) = store::readable(&transaction, table)? else { continue };
            let mut from: Option<RollupKey> = Some((0, i64::MIN));
            while let Some(entry) = from.map(|from| table.range(from..)).transpose()?.and_then(|mut range| range.next())
            {
                let (device, _) = entry?.0.value();
                devices.insert(device);
                from = device.checked_add(1).map(|next| (next, i64::MIN));
            }
        }
        if let Some(table) = store::readable(&transaction, DEVICES)? {
            for entry in table.iter()? {
                devices.insert(entry?.0.value());
            }
        }
        Ok((timelines, devices))
    }

    /// The clocks of the boots.
    fn clocks(&mut self) -> Result<(), StoreError> {
        let transaction = self.store.read()?;
        let Some(table) = store::readable(&transaction, BOOTS)? else { return Ok(()) };
        for entry in table.iter()? {
            let (boot, bytes) = entry?;
            let boot = BootId(boot.value());
            if Timeline::default().decode(boot, bytes.value()).is_none() {
                let key = Key { part: Part::Clock, boot: boot.0, device: 0, at: 0 };
                let is_aside = self.store.write(|transaction| {
                    let is_aside = set_aside(transaction, key, bytes.value())?;
                    if is_aside {
                        transaction.open_table(BOOTS)?.remove(boot.0)?;
                    }
                    Ok(is_aside)
                })?;
                let remedy = Remedy::set_aside_if(is_aside);
                self.report.add(Finding { boot, ..Finding::new(Part::Clock, Fault::Unreadable, remedy) });
            }
        }
        Ok(())
    }

    fn totals(&mut self) -> Result<(), StoreError> {
        let transaction = self.store.read()?;
        let kept = match store::readable(&transaction, META)? {
            Some(table) => (store::number(&table, meta::POINTS)?, store::number(&table, meta::BLOCKS)?),
            None => (0, 0),
        };
        (self.report.readings, self.report.blocks) = (self.points, self.blocks);
        if kept != (self.points, self.blocks) {
            self.store.write(|transaction| {
                let mut table = transaction.open_table(META)?;
                table.insert(meta::POINTS, self.points)?;
                table.insert(meta::BLOCKS, self.blocks)?;
                Ok(())
            })?;
            self.report.add(Finding::new(Part::Totals, Fault::Disagrees, Remedy::Rebuilt));
        }
        Ok(())
    }
}

/// The boots that every device has blocks of.
type TimelinesOf = BTreeMap<u64, BTreeSet<u32>>;

/// The newest reading of each series, as far as blocks and roll-ups tell.
type NewestOf = BTreeMap<ColumnKey, (i64, i64)>;

const fn part_of(span: Span) -> Part {
    if span.slot_ms == HOURS.slot_ms { Part::Hours } else { Part::Days }
}

const fn table_of(span: Span) -> redb::TableDefinition<'static, RollupKey, &'static [u8]> {
    if span.slot_ms == DAYS.slot_ms { store::DAYS } else { store::HOURS }
}

const fn device_id(device: u64) -> Option<DeviceId> {
    Some(DeviceId::from_u64(device))
}
