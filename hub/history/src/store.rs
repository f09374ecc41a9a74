use std::sync::{Arc, PoisonError, RwLock};

use redb::{
    Builder, Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, StorageBackend, Table, TableDefinition,
    TableError, WriteTransaction,
};

use crate::{
    disk::{Disk, Meter, Metered, guard::Guarded},
    error::StoreError,
};

/// The version of the files' layout; a store with a greater one is not touched.
///
/// 2: blocks may be in tight form. A store of format 1 becomes one of format 2 when the first block is.
pub(crate) const FORMAT: u64 = 2;
/// The database keeps so many bytes of pages in memory.
const CACHE_BYTES: usize = 8 * 1024 * 1024;

/// Boot, device, start: a block. Boot 0 is wall time; blocks of another boot wait for its clock to become known.
pub(crate) type BlockKey = (u32, u64, i64);
/// Device, record number: roll-ups.
pub(crate) type RollupKey = (u64, i64);

pub(crate) const BLOCKS: TableDefinition<'_, BlockKey, &[u8]> = TableDefinition::new("blocks");
pub(crate) const HOURS: TableDefinition<'_, RollupKey, &[u8]> = TableDefinition::new("hours");
pub(crate) const DAYS: TableDefinition<'_, RollupKey, &[u8]> = TableDefinition::new("days");
/// Device: counter, newest values.
pub(crate) const DEVICES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("devices");
/// Boot: its clock.
pub(crate) const BOOTS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("boots");
/// Device: the last event before it was forgotten.
pub(crate) const FORGOTTEN: TableDefinition<'_, u64, u64> = TableDefinition::new("forgotten");
pub(crate) const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

/// Names in [`META`].
pub(crate) mod meta {
    pub(crate) const FORMAT: &str = "format";
    pub(crate) const EPOCH: &str = "epoch";
    /// Every event up to this one is sealed.
    pub(crate) const SEALED: &str = "sealed";
    /// No event number above this one was ever handed out.
    pub(crate) const RESERVED: &str = "reserved";
    pub(crate) const POINTS: &str = "points";
    pub(crate) const BLOCKS: &str = "blocks";
}

/// The database, opened anew after it failed: redb refuses everything once a write did not succeed.
#[derive(Debug)]
pub(crate) struct Store {
    disk: Arc<dyn Disk>,
    meter: Arc<Meter>,
    database: RwLock<Option<Database>>,
}

impl Store {
    /// Opens the database; where there is none, makes one with this epoch.
    pub(crate) fn open(disk: Arc<dyn Disk>, meter: Arc<Meter>, epoch_if_new: u64) -> Result<Self, redb::Error> {
        if !disk.has_database()? {
            let draft = database(disk.draft()?, &meter)?;
            let transaction = draft.begin_write()?;
            {
                let mut table = transaction.open_table(META)?;
                table.insert(meta::FORMAT, FORMAT)?;
                table.insert(meta::EPOCH, epoch_if_new)?;
            }
            transaction.commit()?;
            drop(draft);
            disk.adopt_draft()?;
        }
        let database = guarded(&disk, &meter)?;
        Ok(Self { disk, meter, database: RwLock::new(Some(database)) })
    }

    /// A snapshot of the database.
    pub(crate) fn read(&self) -> Result<ReadTransaction, StoreError> {
        let begin = |database: &Option<Database>| match database {
            Some(database) => database.begin_read().map_err(StoreError::from),
            None => Err(StoreError::Closed),
        };
        let first = begin(&self.database.read().unwrap_or_else(PoisonError::into_inner));
        if first.is_ok() {
            return first;
        }
        self.reopen()?;
        begin(&self.database.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the database in one durable step, or not at all.
    pub(crate) fn write<T>(
        &self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let is_closed = self.database.read().unwrap_or_else(PoisonError::into_inner).is_none();
        if is_closed {
            self.reopen()?;
        }
        let done = self.try_write(change);
        if matches!(done, Err(StoreError::DiskFull | StoreError::Database(_))) {
            // The error itself is told; if opening fails too, the next use tries again.
            let _ = self.reopen();
        }
        done
    }

    fn try_write<T>(&self, change: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let mut transaction = database.as_ref().ok_or(StoreError::Closed)?.begin_write()?;
        // Two flushes, and the allocator's state with the commit: after a power cut the store opens at once, however
        // large it is. Once an hour that is worth its bytes.
        transaction.set_two_phase_commit(true);
        transaction.set_quick_repair(true);
        let done = change(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Looks at the database as one who could change it, and changes nothing.
    pub(crate) fn look<T>(
        &self,
        look: impl FnOnce(&WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = self.database.read().unwrap_or_else(PoisonError::into_inner);
        let transaction = database.as_ref().ok_or(StoreError::Closed)?.begin_write()?;
        let seen = look(&transaction)?;
        transaction.abort()?;
        Ok(seen)
    }

    fn reopen(&self) -> Result<(), StoreError> {
        let mut database = self.database.write().unwrap_or_else(PoisonError::into_inner);
        // The old one must let go of the file before the new one can lock it.
        *database = None;
        *database = Some(guarded(&self.disk, &self.meter)?);
        tracing::warn!("the history database was opened anew after a failure");
        Ok(())
    }
}

fn guarded(disk: &Arc<dyn Disk>, meter: &Arc<Meter>) -> Result<Database, redb::Error> {
    let inner = disk.database().map_err(redb::Error::Io)?;
    database(Box::new(Guarded::new(inner, Arc::clone(disk), Arc::clone(meter))), meter)
}

pub(crate) fn database(inner: Box<dyn StorageBackend>, meter: &Arc<Meter>) -> Result<Database, redb::Error> {
    let backend = Metered { inner, meter: Arc::clone(meter) };
    Ok(Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(backend)?)
}

/// A table to read from; `None` while nothing was ever written to it.
pub(crate) fn readable<K: redb::Key + 'static, V: redb::Value + 'static>(
    transaction: &ReadTransaction,
    table: TableDefinition<'_, K, V>,
) -> Result<Option<ReadOnlyTable<K, V>>, StoreError> {
    match transaction.open_table(table) {
        Ok(table) => Ok(Some(table)),
        Err(TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Adds to a number in [`META`].
pub(crate) fn count(table: &mut Table<'_, &'static str, u64>, name: &'static str, by: i64) -> Result<(), StoreError> {
    let before = number(table, name)?;
    table.insert(name, before.saturating_add_signed(by))?;
    Ok(())
}

/// A number in [`META`], 0 where there is none.
pub(crate) fn number(
    table: &impl redb::ReadableTable<&'static str, u64>,
    name: &'static str,
) -> Result<u64, StoreError> {
    Ok(table.get(name)?.map_or(0, |value| value.value()))
}
