use std::{
    collections::HashMap,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use hub_model::{
    BootId, DeviceId, Epoch, Event, EventBody, EventLog, HistoryError, LogPage, Seq, SeriesKey, Stamp, WallTime,
};

use crate::{
    Config, OpenError, StoreError,
    damage::Damage,
    device::series_key,
    disk::{Disk, Meter, folder::Folder, memory::MemoryDisk},
    error::is_full,
    found::{Found, check_format, refusal},
    journal::{Journal, Limits},
    live::Live,
    record::Events,
    store::{self, META, Store, meta},
};

/// Numbers are reserved so many ahead with every seal, so that handing them out need not wait for the disk.
pub(crate) const NUMBERS_AHEAD: u64 = 400_000;
const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;

/// The history: every reading, and the log of all events.
///
/// It is shared by reference. Appending takes a short lock and never waits for the disk; questions read a snapshot and
/// never wait for whoever writes. [`flush`](EventLog::flush), [`seal`](Self::seal) and the other changes block on the
/// disk: their owner calls them from a thread that may.
#[derive(Debug)]
pub struct History {
    config: Config,
    epoch: Epoch,
    disk: Arc<dyn Disk>,
    pub(crate) meter: Arc<Meter>,
    pub(crate) store: Store,
    pub(crate) journal: Journal,
    live: Mutex<Live>,
    numbers: Mutex<Numbers>,
    maintenance: Mutex<Maintenance>,
    pub(crate) damage: Damage,
}

/// What whoever changes the database has to know.
#[derive(Debug, Default)]
pub(crate) struct Maintenance {
    /// A change failed: nobody knows yet whether the database has it.
    is_unsure: bool,
    /// Up to here there is nothing more to pack again.
    pub(crate) repacked_to: Option<i64>,
}

/// The numbers of events to come.
#[derive(Debug)]
pub(crate) struct Numbers {
    pub(crate) next: u64,
    /// Up to here the numbers are taken out of circulation durably.
    pub(crate) reserved: u64,
}

impl History {
    /// Opens the store in the folder that `config` names, or makes one with this epoch.
    ///
    /// # Errors
    /// When the folder cannot be used, is in use, was written by a newer version, or is damaged.
    pub fn open(config: Config, epoch_if_new: Epoch) -> Result<Self, OpenError> {
        let path = config.path().to_owned();
        if path.exists() && !path.is_dir() {
            return Err(OpenError::NotAFolder { path });
        }
        let folder = Folder::new(&path).map_err(|source| match source {
            full if is_full(&full) => OpenError::DiskFull { path },
            source => OpenError::Io { path, source },
        })?;
        Self::open_on(config, Arc::new(folder), epoch_if_new, SEGMENT_BYTES)
    }

    /// A history that forgets with the process, for tests and tools.
    ///
    /// # Errors
    /// Never in practice: memory refuses nothing.
    pub fn memory() -> Result<Self, OpenError> {
        // Small segments: a test should not take 8 MiB.
        Self::open_on(Config::new("memory"), Arc::new(MemoryDisk::default()), Epoch(1), 1024 * 1024)
    }

    pub(crate) fn open_on(
        config: Config,
        disk: Arc<dyn Disk>,
        epoch_if_new: Epoch,
        segment_bytes: u64,
    ) -> Result<Self, OpenError> {
        let meter = Arc::new(Meter::default());
        let damage = Damage::default();
        let store = Store::open(Arc::clone(&disk), Arc::clone(&meter), epoch_if_new.0)
            .map_err(|error| refusal(config.path(), error))?;
        let fail = |source| match source {
            StoreError::DiskFull => OpenError::DiskFull { path: config.path().to_owned() },
            StoreError::Database(error) => refusal(config.path(), *error),
            source => OpenError::Store { path: config.path().to_owned(), source },
        };
        check_format(&store, config.path()).map_err(fail)??;
        let found = Found::read(&store, &damage).map_err(fail)?;
        let mut live = Live::new(found.sealed, found.timeline);
        for (device, known) in found.devices {
            live.devices.entry(device).or_default().known = known;
        }
        live.forgotten = found.forgotten;
        let limits = Limits { segment_bytes, segments: config.journal_segments() };
        let epoch = Epoch(found.epoch);
        let journal = Journal::open(Arc::clone(&disk), Arc::clone(&meter), epoch, limits, found.sealed, |event| {
            live.take(&event);
        })
        .map_err(fail)?;
        live.newest = live.newest.max(journal.durable().0);
        let numbers = Numbers { next: found.reserved.max(live.newest) + 1, reserved: found.reserved };
        Ok(Self {
            config,
            epoch,
            disk,
            meter,
            store,
            journal,
            live: Mutex::new(live),
            numbers: Mutex::new(numbers),
            maintenance: Mutex::default(),
            damage,
        })
    }

    /// The settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The wall time of a stamp, as far as it is known now.
    pub fn wall(&self, at: Stamp) -> WallTime {
        self.live().timeline.wall(at)
    }

    /// The last accepted counter of every device that encrypts, by its last event.
    pub fn last_counters(&self) -> HashMap<DeviceId, u32> {
        let live = self.live();
        let counter =
            |(device, live): (&u64, &crate::live::LiveDevice)| Some((DeviceId::from_u64(*device), live.known.counter?));
        live.devices.iter().filter_map(counter).collect()
    }

    /// The newest value of every series with its time, in order.
    pub fn last_values(&self) -> Vec<(SeriesKey, i64, WallTime)> {
        let live = self.live();
        let mut values = Vec::new();
        for (device, of) in &live.devices {
            for (key, newest) in &of.known.series {
                let series = series_key(*device, *key);
                values.extend(series.map(|series| (series, newest.value, live.timeline.wall(newest.at))));
            }
        }
        values.sort_unstable_by_key(|(series, ..)| *series);
        values
    }

    /// Records of the store that were found damaged and left out since start.
    pub fn damaged_records(&self) -> u64 {
        self.damage.count()
    }

    /// Readings that were given up since start because the disk refused for too long.
    pub fn lost_readings(&self) -> u64 {
        self.live().lost_rows
    }

    pub(crate) fn database_bytes(&self) -> Result<u64, StoreError> {
        self.disk.database_bytes().map_err(StoreError::journal("measure"))
    }

    pub(crate) fn bytes(&self) -> Result<u64, StoreError> {
        self.disk.bytes().map_err(StoreError::journal("measure"))
    }

    /// A panic while it is held leaves nothing half-made that the next holder could not work with.
    pub(crate) fn live(&self) -> MutexGuard<'_, Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits to be the only one who changes the database.
    ///
    /// # Errors
    /// When the change before failed, and the database still does not tell how it ended.
    pub(crate) fn maintaining(&self) -> Result<MutexGuard<'_, Maintenance>, StoreError> {
        let mut maintenance = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        if maintenance.is_unsure {
            self.learn_what_is_sealed()?;
            maintenance.is_unsure = false;
        }
        Ok(maintenance)
    }

    /// Changes the database in one durable step, or not at all.
    pub(crate) fn change<T>(
        &self,
        maintenance: &mut Maintenance,
        change: impl FnOnce(&redb::WriteTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let done = self.store.write(change);
        maintenance.is_unsure |= done.is_err();
        done
    }

    /// A change that failed at its last flush may be there all the same: then its readings are not sealed again.
    fn learn_what_is_sealed(&self) -> Result<(), StoreError> {
        let found = Found::read(&self.store, &self.damage)?;
        let mut live = self.live();
        live.take_sealed(found.devices.iter().map(|(device, known)| (*device, known)));
        if found.sealed > live.sealed {
            live.drop_to(found.sealed);
        }
        Ok(())
    }

    pub(crate) fn flush_journal(&self) -> Result<(), StoreError> {
        let mut writer = self.journal.writer();
        let (batches, sealed) = {
            let mut live = self.live();
            (live.waiting.batches(), live.sealed)
        };
        let done = self.journal.write(&mut writer, &batches, sealed);
        self.live().waiting.drop_to(self.journal.durable().0);
        done
    }
}

impl EventLog for History {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn reserve(&self, count: u64) -> Result<Range<u64>, HistoryError> {
        let mut numbers = self.numbers();
        let end = numbers.next.saturating_add(count);
        if end > numbers.reserved.saturating_add(1) {
            let reserved = end.saturating_add(NUMBERS_AHEAD);
            let written = self.store.write(|transaction| {
                let mut table = transaction.open_table(META)?;
                let reserved = reserved.max(store::number(&table, meta::RESERVED)?);
                table.insert(meta::RESERVED, reserved)?;
                Ok(reserved)
            })?;
            numbers.reserved = written;
        }
        let first = numbers.next;
        numbers.next = end;
        Ok(first..end)
    }

    fn append(&self, event: &Event) {
        let mut live = self.live();
        if event.seq.0 <= live.newest {
            tracing::error!(seq = event.seq.0, newest = live.newest, "an event came out of order and is left out");
            return;
        }
        if !live.waiting.push(event) {
            tracing::error!(seq = event.seq.0, "an event is too large for the journal and is left out");
            return;
        }
        live.take(event);
    }

    fn flush(&self) -> Result<Seq, HistoryError> {
        self.flush_journal()?;
        Ok(self.durable())
    }

    fn durable(&self) -> Seq {
        self.journal.durable()
    }

    fn read_after(&self, after: Seq, limit: usize) -> Result<LogPage, HistoryError> {
        // Memory first: what becomes durable meanwhile is then in both, and never in neither.
        let (waiting, timeline, forgotten) = {
            let live = self.live();
            (live.waiting.read(), Arc::clone(&live.timeline), live.forgotten.clone())
        };
        let wanted = |event: &Event| match &event.body {
            EventBody::ReadingsTaken { device, .. } | EventBody::DeviceActed { device, .. } => {
                forgotten.get(&device.as_u64()).is_none_or(|last| event.seq.0 > *last)
            }
            _ => true,
        };
        let (lost, mut events) = self.journal.read_after(after.0, limit, &wanted)?;
        let mut reached = events.last().map_or(after.0, |event| event.seq.0).max(after.0);
        if events.len() < limit {
            let newer = waiting.iter().filter(|batch| batch.last > reached).collect::<Vec<_>>();
            for event in newer.iter().flat_map(|batch| Events::new(&batch.bytes).flatten()) {
                if event.seq.0 > reached && events.len() < limit && wanted(&event) {
                    reached = event.seq.0;
                    events.push(event);
                }
            }
        }
        for event in &mut events {
            // What stands in wall time keeps what was said of it.
            if event.at.boot != BootId::WALL && timeline.knows(event.at.boot) {
                event.wall = timeline.wall(event.at);
            }
        }
        Ok(LogPage { oldest: Seq(lost).next(), events })
    }
}
