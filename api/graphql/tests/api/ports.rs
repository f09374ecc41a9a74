//! The hub's ports, in memory.

use std::{
    collections::{BTreeMap, HashMap},
    ops::{ControlFlow, Range},
    sync::{Arc, Mutex, OnceLock},
};

use hub_bus::{Bus, Draft};
use hub_history::History;
use hub_model::{
    Alert, AlertKind, BootId, Clock, Command, CommandError, CommandFuture, CommandPort, DeadLetter, DeadLetterReader,
    Device, DeviceId, EventBody, Expiring, Gap, Health, HealthReader, HistoryError, HistoryQuery, HistoryReader, Name,
    Now, Outcome, Quantity, RawPoint, ReceiverHealth, ReceiverId, Request, Resolution, Retention, Room, RoomId, Seq,
    SeriesData, SeriesKey, Severity, Stamp, StoreStats, TimeQuality, UnixMillis, WallTime,
};

/// 2026-11-21T04:12:20.123Z, the moment at which every test begins.
pub(crate) const START: UnixMillis = UnixMillis(1_795_234_340_123);
/// The boot clock at that moment, in milliseconds.
pub(crate) const START_BOOT_MS: u64 = 5_000_000;

/// A clock that stands until it is moved.
#[derive(Default)]
pub(crate) struct TestClock {
    passed_ms: Mutex<u64>,
}

impl TestClock {
    pub(crate) fn pass_ms(&self, ms: u64) {
        *self.passed_ms.lock().unwrap() += ms;
    }
}

impl Clock for TestClock {
    fn now(&self) -> Now {
        let passed = *self.passed_ms.lock().unwrap();
        Now {
            stamp: Stamp { boot: BootId(1), ms: START_BOOT_MS + passed },
            us: (START_BOOT_MS + passed) * 1000,
            wall: WallTime { at: START + i64::try_from(passed).unwrap(), quality: TimeQuality::Synchronised },
        }
    }
}

/// A history that answers with every reading it holds, or fails; what would expire it asks a real one.
#[derive(Default)]
pub(crate) struct TestHistory {
    pub(crate) store: OnceLock<Arc<History>>,
    pub(crate) points: Mutex<BTreeMap<SeriesKey, Vec<(UnixMillis, i64)>>>,
    pub(crate) asked: Mutex<Vec<HistoryQuery>>,
    pub(crate) fails: Mutex<bool>,
}

impl TestHistory {
    fn fail(&self) -> Result<(), HistoryError> {
        if *self.fails.lock().unwrap() { Err(HistoryError::Store("sector 4711 is gone".into())) } else { Ok(()) }
    }
}

impl HistoryReader for TestHistory {
    fn query(&self, query: &HistoryQuery) -> Result<SeriesData, HistoryError> {
        self.fail()?;
        self.asked.lock().unwrap().push(*query);
        let points = self.points.lock().unwrap().get(&query.series).cloned().unwrap_or_default();
        let window: Vec<_> = points.into_iter().filter(|(at, _)| (query.from..query.to).contains(at)).collect();
        let values: Vec<i64> = window.iter().map(|(_, value)| *value).collect();
        Ok(SeriesData {
            series: query.series,
            resolution: Resolution::Raw,
            width_ms: 0,
            t: window.iter().map(|(at, _)| *at).collect(),
            min: values.clone(),
            mean: values.iter().map(|value| *value as f64).collect(),
            max: values.clone(),
            count: vec![1; values.len()],
            gaps: vec![Gap { from: query.from, to: query.to }],
            next_from: Some(query.to),
        })
    }

    fn scan(
        &self,
        _: SeriesKey,
        _: Range<UnixMillis>,
        _: &mut dyn FnMut(RawPoint) -> ControlFlow<()>,
    ) -> Result<(), HistoryError> {
        self.fail()
    }

    fn expiring(
        &self,
        now: UnixMillis,
        device: DeviceId,
        policy: &dyn Fn(Option<Quantity>) -> Retention,
    ) -> Result<Expiring, HistoryError> {
        self.fail()?;
        self.store.get().map_or(Ok(Expiring::default()), |store| store.expiring(now, device, policy))
    }

    fn series(&self) -> Result<Vec<SeriesKey>, HistoryError> {
        self.fail()?;
        Ok(self.points.lock().unwrap().keys().copied().collect())
    }

    fn stats(&self) -> Result<StoreStats, HistoryError> {
        self.fail()?;
        Ok(StoreStats::default())
    }
}

/// Does commands on the bus alone, and remembers what was asked.
pub(crate) struct TestCommands {
    pub(crate) bus: Bus,
    pub(crate) asked: Mutex<Vec<Request>>,
    /// The answer to the next command, instead of doing it.
    pub(crate) refusal: Mutex<Option<CommandError>>,
    done: Mutex<HashMap<String, (Command, Outcome)>>,
}

impl TestCommands {
    pub(crate) fn new(bus: Bus) -> Self {
        Self { bus, asked: Mutex::default(), refusal: Mutex::default(), done: Mutex::default() }
    }

    fn decide(&self, request: Request) -> Result<Outcome, CommandError> {
        self.asked.lock().unwrap().push(request.clone());
        if let Some(refusal) = self.refusal.lock().unwrap().take() {
            return Err(refusal);
        }
        let Request { id, command, .. } = request;
        let Some(id) = id else { return self.act(command) };
        let mut done = self.done.lock().unwrap();
        match done.get(id.as_str()) {
            Some((same, outcome)) if *same == command => Ok(Outcome { is_repeat: true, ..*outcome }),
            Some(_) => Err(CommandError::RequestIdReused { id: id.as_str().to_owned() }),
            None => {
                let outcome = self.act(command.clone())?;
                done.insert(id.as_str().to_owned(), (command, outcome));
                Ok(outcome)
            }
        }
    }

    fn act(&self, command: Command) -> Result<Outcome, CommandError> {
        let mut household = (*self.bus.snapshot().household).clone();
        let state = self.bus.snapshot();
        let mut change = |id, change: &mut dyn FnMut(&mut Device)| {
            let device = household.devices.get_mut(&id).ok_or(CommandError::DeviceNotFound { device: id })?;
            change(Arc::make_mut(device));
            Ok((Some(id), None, EventBody::DeviceChanged { device: id }))
        };
        let (device, room, body) = match command {
            Command::NameDevice { device, name } => change(device, &mut |device| device.name = name.clone())?,
            Command::PlaceDevice { device, room } => change(device, &mut |device| device.room = room)?,
            Command::SecureDevice { device, key, replay } => change(device, &mut |device| {
                device.key = key.or(device.key);
                device.replay = replay;
            })?,
            Command::CalibrateDevice { device, quantity, instance, offset } => change(device, &mut |device| {
                device.calibration.insert((quantity, instance), offset);
            })?,
            Command::RetainDevice { device, quantity, retention } => {
                change(device, &mut |device| match (quantity, retention) {
                    (None, retention) => device.retention = retention,
                    (Some(quantity), Some(retention)) => drop(device.retention_of.insert(quantity, retention)),
                    (Some(quantity), None) => drop(device.retention_of.remove(&quantity)),
                })?
            }
            Command::AdoptDevice { device: id, name, room, key, replay } => {
                let found = state.discovered.get(&id).ok_or(CommandError::DeviceNotFound { device: id })?;
                let device = Device {
                    id,
                    address: found.address,
                    name: name.unwrap_or_else(|| Name::parse("nameless").unwrap()),
                    room,
                    format: Some(found.format),
                    key,
                    replay,
                    calibration: BTreeMap::new(),
                    retention: None,
                    retention_of: BTreeMap::new(),
                    adopted_at: START,
                };
                household.devices.insert(id, Arc::new(device));
                (Some(id), None, EventBody::DeviceAdopted { device: id })
            }
            Command::RemoveDevice { device: id, .. } => {
                household.devices.remove(&id).ok_or(CommandError::DeviceNotFound { device: id })?;
                (Some(id), None, EventBody::DeviceRemoved { device: id })
            }
            Command::CreateRoom { name } => {
                let id = RoomId(household.rooms.keys().last().map_or(1, |last| last.0 + 1));
                household.rooms.insert(id, Arc::new(Room { id, name }));
                (None, Some(id), EventBody::RoomChanged { room: id })
            }
            Command::NameRoom { room: id, name } => {
                household.rooms.insert(id, Arc::new(Room { id, name }));
                (None, Some(id), EventBody::RoomChanged { room: id })
            }
            Command::RemoveRoom { room: id } => {
                household.rooms.remove(&id).ok_or(CommandError::RoomNotFound { room: id })?;
                (None, Some(id), EventBody::RoomChanged { room: id })
            }
        };
        let seq = publish(&self.bus, body, |state| state.take_household(Arc::new(household)));
        Ok(Outcome { device, room, seq, is_repeat: false })
    }
}

impl CommandPort for TestCommands {
    fn execute(&self, request: Request) -> CommandFuture {
        let answer = self.decide(request);
        Box::pin(async { answer })
    }
}

/// Puts an event of the start of the test on the bus.
pub(crate) fn publish(bus: &Bus, body: EventBody, change: impl FnOnce(&mut hub_bus::State)) -> Seq {
    let at = Stamp { boot: BootId(1), ms: START_BOOT_MS };
    let wall = WallTime { at: START, quality: TimeQuality::Synchronised };
    bus.publish(Draft { at, wall, trace: None, body }, change).unwrap()
}

/// What a test wants to happen while a port is read.
type Meanwhile = Box<dyn FnOnce() + Send>;

/// Refused frames, oldest first.
#[derive(Default)]
pub(crate) struct TestDeadLetters {
    pub(crate) letters: Mutex<Vec<DeadLetter>>,
    pub(crate) meanwhile: Mutex<Option<Meanwhile>>,
}

impl DeadLetterReader for TestDeadLetters {
    fn newest(&self, before: Option<u64>, limit: usize) -> Vec<DeadLetter> {
        if let Some(meanwhile) = self.meanwhile.lock().unwrap().take() {
            meanwhile();
        }
        let letters = self.letters.lock().unwrap();
        let older = letters.iter().rev().filter(|letter| before.is_none_or(|before| letter.id < before));
        older.take(limit).cloned().collect()
    }
}

/// A hub with one alert.
pub(crate) struct TestHealth;

impl HealthReader for TestHealth {
    fn health(&self) -> Health {
        Health {
            alerts: vec![Alert {
                kind: AlertKind::ReceiverDown,
                severity: Severity::Critical,
                device: None,
                advice: "The receiver hci0 is silent. Unplug it and plug it in again.".into(),
                since: START,
            }],
            uptime_ms: 1 << 40,
            wall: WallTime { at: START, quality: TimeQuality::Estimated },
            receivers: vec![ReceiverHealth {
                id: ReceiverId(1),
                name: "hci0".into(),
                is_listening: false,
                adverts: 7,
                trouble: Some("silent for 10 minutes".into()),
            }],
            outcomes: vec![("stored".into(), 5), ("duplicate".into(), 2)],
            store: StoreStats { bytes: 1 << 33, readings: 5, blocks: 1, written_bytes: 4096, flushes: 2 },
            version: "9.9.9",
        }
    }
}
