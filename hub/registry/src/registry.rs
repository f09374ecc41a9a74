use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use hub_model::{
    Claim, Command, CommandError, DeviceId, EventBody, Household, Name, Outcome, Request, Room, RoomId, Seq, UnixMillis,
};
use redb::{
    Builder, Database, ReadableDatabase, ReadableTable, StorageBackend, WriteTransaction, backends::InMemoryBackend,
};

use crate::{
    RegistryError,
    apply::{Applied, apply},
    record::{self, CountersRecord, EventRecord, PendingRecord, RequestRecord, RoomRecord},
    tables::{CACHE_BYTES, COUNTERS, DEVICES, NEXT_ROOM, NUMBERS, PENDING, REVISION, ROOMS, number, prepare},
};

mod claims;
mod counters;
mod facts;
mod file;
mod letters;
mod requests;
mod store;

pub use claims::{LogPlaces, MAX_CLAIMS};
pub use requests::{REQUEST_MS, REQUESTS};

/// The number of a change; greater is later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Revision(pub u64);

/// What became of a request.
#[derive(Debug)]
pub enum Executed {
    /// The household changed: publish the events, then [`Registry::complete`].
    Done(Change),
    /// It was done before; nothing changed.
    Repeated(Outcome),
}

/// A durable change of the household whose events are to be published.
#[derive(Debug)]
pub struct Change {
    /// Its number, for [`Registry::complete`].
    pub revision: Revision,
    /// The household now.
    pub household: Arc<Household>,
    /// The events that tell of it, in order; at least one.
    pub events: Vec<EventBody>,
    /// The device concerned.
    pub device: Option<DeviceId>,
    /// The room concerned.
    pub room: Option<RoomId>,
    /// Was it made by an earlier request of the same id, whose events never reached the log?
    pub is_repeat: bool,
}

impl Change {
    /// The answer to the request, when `seq` is the number of the last event.
    pub const fn outcome(&self, seq: Seq) -> Outcome {
        Outcome { device: self.device, room: self.room, seq, is_repeat: self.is_repeat }
    }
}

/// A change whose events are not known to be in the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its number, for [`Registry::complete`].
    pub revision: Revision,
    /// The events, in order.
    pub events: Vec<EventBody>,
}

/// The small durable facts of the house (see the crate's head).
pub struct Registry {
    database: Database,
    household: Arc<Household>,
    counters: BTreeMap<DeviceId, CountersRecord>,
    claims: BTreeMap<DeviceId, Arc<Claim>>,
    /// Did the last write fail?
    has_failed: bool,
    /// How to open it again then; a backend that was given away cannot be.
    reopen: Option<store::Reopen>,
}

/// What a database holds that is kept in memory.
struct Contents {
    database: Database,
    household: Household,
    counters: BTreeMap<DeviceId, CountersRecord>,
    claims: BTreeMap<DeviceId, Arc<Claim>>,
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (devices, rooms) = (self.household.devices.len(), self.household.rooms.len());
        f.debug_struct("Registry").field("devices", &devices).field("rooms", &rooms).finish_non_exhaustive()
    }
}

impl Registry {
    /// Opens the registry in the file `path`, made with mode 0600 where it does not exist.
    ///
    /// # Errors
    /// When the file cannot be opened, is in use, damaged, or from a later version.
    pub fn open(path: &Path) -> Result<Self, RegistryError> {
        let path = path.to_owned();
        Self::open_again(Box::new(move || file::open(&path)))
    }

    /// Opens the registry on another storage: one that fails, one that counts.
    ///
    /// # Errors
    /// When it cannot be read, is damaged, or from a later version.
    pub fn open_backend(backend: impl StorageBackend) -> Result<Self, RegistryError> {
        Ok(Self::new(Contents::read(builder().create_with_backend(backend)?)?, None))
    }

    /// An empty registry that is gone when it is dropped.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory() -> Result<Self, RegistryError> {
        Self::open_backend(InMemoryBackend::new())
    }

    fn open_again(open: store::Reopen) -> Result<Self, RegistryError> {
        Ok(Self::new(Contents::read(open()?)?, Some(open)))
    }

    fn new(contents: Contents, reopen: Option<store::Reopen>) -> Self {
        let Contents { database, household, counters, claims } = contents;
        Self { database, household: Arc::new(household), counters, claims, has_failed: false, reopen }
    }

    /// The household as last written.
    pub fn household(&self) -> Arc<Household> {
        Arc::clone(&self.household)
    }

    /// Does what a request asks, durably, or answers as the first time.
    ///
    /// # Errors
    /// When the command is refused, the request id was used for another, or it could not be stored.
    pub fn execute(&mut self, request: &Request, now: UnixMillis) -> Result<Executed, CommandError> {
        self.recover()?;
        let fingerprint = match self.done_before(request, now)? {
            requests::Earlier::Outcome(outcome) => return Ok(Executed::Repeated(outcome)),
            requests::Earlier::Unpublished(change) => return Ok(Executed::Done(change)),
            requests::Earlier::Nothing { fingerprint } => fingerprint,
        };
        let next_room = self.next_room()?;
        let applied = apply(&self.household, &request.command, next_room, now)?;
        let revision = self.write(request, fingerprint, &applied, next_room, now)?;
        warn_of_shared_key(&request.command, &applied.household);
        self.household = Arc::new(applied.household);
        let (device, room) = concerned(&applied.events);
        Ok(Executed::Done(Change {
            revision,
            household: self.household(),
            events: applied.events.into_iter().map(EventBody::from).collect(),
            device,
            room,
            is_repeat: false,
        }))
    }

    /// Notes that the events of a change are durable in the event log, the last as `seq`. Done twice, it does nothing.
    ///
    /// # Errors
    /// When it could not be stored. The events are published once more then, after the next start.
    pub fn complete(&mut self, revision: Revision, seq: Seq) -> Result<(), RegistryError> {
        self.commit(|transaction| {
            let mut table = transaction.open_table(PENDING)?;
            let Some(row) = table.remove(revision.0)? else { return Ok(()) };
            let pending = record::read("pending", revision.0, row.value(), Ok::<PendingRecord, _>)?;
            if let Some((principal, id)) = &pending.request {
                requests::set_seq(transaction, principal, id, revision, seq)?;
            }
            Ok(())
        })
    }

    /// The changes whose events are not known to be in the log, oldest first: publish and complete them before the first request.
    ///
    /// # Errors
    /// When the store fails or a record is damaged.
    pub fn pending(&self) -> Result<Vec<Pending>, RegistryError> {
        let table = self.database.begin_read()?.open_table(PENDING)?;
        let mut all = Vec::new();
        for row in table.iter()? {
            let (revision, row) = row?;
            let revision = Revision(revision.value());
            let events = |record: PendingRecord| Ok(record.events.into_iter().map(EventBody::from).collect());
            all.push(Pending { revision, events: record::read("pending", revision.0, row.value(), events)? });
        }
        Ok(all)
    }

    /// Writes a change, its events as pending, and the request, in one transaction.
    fn write(
        &mut self,
        request: &Request,
        fingerprint: Option<u128>,
        applied: &Applied,
        next_room: RoomId,
        now: UnixMillis,
    ) -> Result<Revision, RegistryError> {
        self.commit(|transaction| {
            let revision = next_revision(transaction)?;
            applied.write(transaction, next_room)?;
            let named = request.id.as_ref().map(|id| (request.principal.clone(), id.as_str().to_owned()));
            if let (Some((principal, id)), Some(fingerprint)) = (&named, fingerprint) {
                let (device, room) = concerned(&applied.events);
                let record = RequestRecord {
                    fingerprint,
                    revision: revision.0,
                    at_ms: now.0,
                    device: device.map(DeviceId::as_u64),
                    room: room.map(|room| room.0),
                    seq: None,
                };
                requests::remember(transaction, principal, id, &record, now)?;
            }
            let pending = PendingRecord { events: applied.events.clone(), request: named };
            let bytes = record::write("pending", &pending)?;
            transaction.open_table(PENDING)?.insert(revision.0, bytes.as_slice())?;
            Ok(revision)
        })
    }

    /// The number of the next room; no number is used twice.
    fn next_room(&self) -> Result<RoomId, RegistryError> {
        let numbers = self.database.begin_read()?.open_table(NUMBERS)?;
        let next = number(&numbers, NEXT_ROOM)?.unwrap_or(1);
        u32::try_from(next).map(RoomId).map_err(|_| RegistryError::Damaged {
            table: "numbers",
            key: NEXT_ROOM.to_owned(),
            reason: format!("{next} is no room number"),
        })
    }
}

impl Contents {
    fn read(mut database: Database) -> Result<Self, RegistryError> {
        // Reading does not verify checksums; this does, in a millisecond, so that a flipped bit is no other key.
        if !database.check_integrity()? {
            tracing::warn!("the registry was damaged and has been repaired; check that the last changes are there");
        }
        prepare(&database)?;
        let transaction = database.begin_read()?;
        let mut household = Household::default();
        for row in transaction.open_table(DEVICES)?.iter()? {
            let (id, row) = row?;
            let id = DeviceId::from_u64(id.value());
            let device = record::read_device(id, row.value())?;
            household.devices.insert(id, Arc::new(device));
        }
        for row in transaction.open_table(ROOMS)?.iter()? {
            let (id, row) = row?;
            let id = RoomId(id.value());
            let name = |record: RoomRecord| Name::parse(&record.name).map_err(|error| error.to_string());
            let name = record::read("room", id, row.value(), name)?;
            household.rooms.insert(id, Arc::new(Room { id, name }));
        }
        let mut counters = BTreeMap::new();
        for row in transaction.open_table(COUNTERS)?.iter()? {
            let (id, row) = row?;
            let id = DeviceId::from_u64(id.value());
            counters.insert(id, record::read("counters", id, row.value(), Ok)?);
        }
        let claims = claims::read(&transaction)?;
        drop(transaction);
        Ok(Self { database, household, counters, claims })
    }
}

impl Applied {
    fn write(&self, transaction: &WriteTransaction, next_room: RoomId) -> Result<(), RegistryError> {
        let mut devices = transaction.open_table(DEVICES)?;
        for id in &self.devices {
            match self.household.devices.get(id) {
                Some(device) => {
                    let record = record::write_device(device)?;
                    devices.insert(id.as_u64(), record.as_slice())?;
                }
                None => drop(devices.remove(id.as_u64())?),
            }
        }
        let Some(id) = self.room else { return Ok(()) };
        let mut rooms = transaction.open_table(ROOMS)?;
        match self.household.rooms.get(&id) {
            Some(room) => {
                let record = record::write("room", &RoomRecord { name: room.name.as_str().to_owned() })?;
                rooms.insert(id.0, record.as_slice())?;
            }
            None => drop(rooms.remove(id.0)?),
        }
        if id == next_room {
            transaction.open_table(NUMBERS)?.insert(NEXT_ROOM, u64::from(id.0) + 1)?;
        }
        Ok(())
    }
}

/// The device and room that the last event is about: removing a room is about the room.
fn concerned(events: &[EventRecord]) -> (Option<DeviceId>, Option<RoomId>) {
    match events.last() {
        Some(EventRecord::DeviceAdopted(id) | EventRecord::DeviceChanged(id) | EventRecord::DeviceRemoved(id)) => {
            (Some(DeviceId::from_u64(*id)), None)
        }
        Some(EventRecord::RoomChanged(id)) => (None, Some(RoomId(*id))),
        None => (None, None),
    }
}

fn next_revision(transaction: &WriteTransaction) -> Result<Revision, RegistryError> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let next = number(&numbers, REVISION)?.unwrap_or(0).saturating_add(1);
    numbers.insert(REVISION, next)?;
    Ok(Revision(next))
}

/// A key that opens one device should open no other: allowed, because some devices come so, but told.
fn warn_of_shared_key(command: &Command, household: &Household) {
    let (Command::AdoptDevice { device: id, key: Some(key), .. }
    | Command::SecureDevice { device: id, key: Some(key), .. }) = command
    else {
        return;
    };
    if let Some(other) = household.devices.values().find(|device| device.id != *id && device.key.as_ref() == Some(key))
    {
        tracing::warn!(device = %id, other = %other.id, "two devices have the same key: who knows one can forge the other");
    }
}

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES);
    builder.set_repair_callback(|_| {
        tracing::warn!("the registry was not closed in order; it is being checked and repaired")
    });
    builder
}

#[cfg(test)]
mod tests;
