//! A house to ask about.

use std::{collections::BTreeMap, sync::Arc};

use api_graphql::{HubSchema, Limits, Ports, build};
use async_graphql::{Response, futures_util::stream::BoxStream};
use hub_bus::{Bus, Contact, Current, Discovered, MemoryLog, State};
use hub_history::History;
use hub_model::{
    Address, Cursor, Device, DeviceId, EventBody, Fact, Format, Household, Name, Origin, Quantity, ReceiverId,
    ReplayRule, Retention, Room, RoomId, Seq, SeriesKey, Stamp, TimeQuality, Value, WallTime,
};

use crate::ports::{START, START_BOOT_MS, TestClock, TestCommands, TestDeadLetters, TestHealth, TestHistory, publish};
use crate::{rollouts::TestRollouts, sensors::TestSensors};

/// A hub in memory and the schema over it.
pub(crate) struct House {
    pub(crate) bus: Bus,
    pub(crate) log: Arc<MemoryLog>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) history: Arc<TestHistory>,
    /// The history that statistics are asked of.
    pub(crate) store: Arc<History>,
    pub(crate) commands: Arc<TestCommands>,
    pub(crate) sensors: Arc<TestSensors>,
    pub(crate) rollouts: Arc<TestRollouts>,
    pub(crate) dead_letters: Arc<TestDeadLetters>,
    pub(crate) schema: HubSchema,
}

pub(crate) const WALL: WallTime = WallTime { at: START, quality: TimeQuality::Synchronised };
pub(crate) const STAMP: Stamp = Stamp { boot: hub_model::BootId(1), ms: START_BOOT_MS };

/// The device of this number.
pub(crate) fn device_id(number: u8) -> DeviceId {
    Address::new([0xA4, 0xC1, 0x38, 0, 0x11, number]).into()
}

impl House {
    /// An empty house.
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), 8)
    }

    /// An empty house with these limits, and a ring of so many events.
    pub(crate) fn with(limits: Limits, ring: usize) -> Self {
        let log = Arc::new(MemoryLog::default());
        let bus = Bus::new(log.clone(), State::default(), ring).unwrap();
        Self::over(bus, log, limits)
    }

    /// The schema over this bus.
    pub(crate) fn over(bus: Bus, log: Arc<MemoryLog>, limits: Limits) -> Self {
        let clock = Arc::new(TestClock::default());
        let history = Arc::new(TestHistory::default());
        let store = Arc::new(History::memory().unwrap());
        assert!(history.store.set(store.clone()).is_ok());
        let commands = Arc::new(TestCommands::new(bus.clone()));
        let dead_letters = Arc::new(TestDeadLetters::default());
        let sensors = Arc::new(TestSensors::default());
        let rollouts = Arc::new(TestRollouts::default());
        let ports = Ports {
            bus: bus.clone(),
            history: history.clone(),
            statistics: store.clone(),
            commands: commands.clone(),
            sensors: sensors.clone(),
            rollouts: rollouts.clone(),
            dead_letters: dead_letters.clone(),
            health: Arc::new(TestHealth),
            clock: clock.clone(),
            home_name: "Haus am See".into(),
            home_zone: "Europe/Berlin".parse().unwrap(),
            default_retention: Retention::default(),
        };
        Self {
            bus,
            log,
            clock,
            history,
            store,
            commands,
            sensors,
            rollouts,
            dead_letters,
            schema: build(ports, limits),
        }
    }

    /// A kitchen with an encrypting sensor 1 that measures 25.06 °C and 41.5 %, sensor 2 in no room, and sensor 3 that
    /// nobody adopted.
    pub(crate) fn furnished() -> Self {
        let house = Self::new();
        house.room(1, "Kitchen");
        house.adopt(1, "Window sill", Some(1));
        house.adopt(2, "Cellar", None);
        house.hear(3);
        house.measure(1, &[(Quantity::Temperature, 25_060), (Quantity::Humidity, 415_000), (Quantity::Battery, 93)]);
        house
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut Household)) {
        self.bus.note(|state| {
            let mut household = (*state.household).clone();
            change(&mut household);
            state.take_household(Arc::new(household));
        });
    }

    pub(crate) fn room(&self, number: u32, name: &str) {
        let room = Room { id: RoomId(number), name: Name::parse(name).unwrap() };
        self.change(|household| {
            household.rooms.insert(room.id, Arc::new(room));
        });
    }

    pub(crate) fn adopt(&self, number: u8, name: &str, room: Option<u32>) {
        let device = Device {
            id: device_id(number),
            address: Address::new([0xA4, 0xC1, 0x38, 0, 0x11, number]),
            name: Name::parse(name).unwrap(),
            room: room.map(RoomId),
            format: Some(Format::BthomeV2),
            key: (number == 1).then(|| hub_model::BindKey::new([7; 16])),
            replay: ReplayRule::Strict,
            calibration: BTreeMap::new(),
            retention: None,
            retention_of: BTreeMap::new(),
            adopted_at: START,
        };
        self.change(|household| {
            household.devices.insert(device.id, Arc::new(device));
        });
    }

    pub(crate) fn remove(&self, number: u8) {
        self.change(|household| {
            household.devices.remove(&device_id(number));
        });
    }

    pub(crate) fn hear(&self, number: u8) {
        let found = Discovered {
            address: Address::new([0xA4, 0xC1, 0x38, 0, 0x11, number]),
            name: None,
            format: Format::Ruuvi5,
            is_encrypted: false,
            sightings: 1,
            wall: WALL,
            rssi: Some(-71),
            values: vec![Value { quantity: Quantity::Temperature, instance: 0, value: -5_005 }],
            facts: vec![Fact::Firmware(vec![1, 2, 3])],
        };
        self.bus.note(|state| state.discover(device_id(number), found));
    }

    /// One message of a device, taken at the start of the test.
    pub(crate) fn measure(&self, number: u8, values: &[(Quantity, i64)]) -> Seq {
        let device = device_id(number);
        let values: Vec<_> =
            values.iter().map(|(quantity, value)| Value { quantity: *quantity, instance: 0, value: *value }).collect();
        let origin = Origin::heard(ReceiverId(1), Some(-60), Some(1024));
        let body = EventBody::ReadingsTaken { device, values: values.clone().into(), origin };
        publish(&self.bus, body, |state| {
            for value in &values {
                let key = SeriesKey::new(device, value.quantity, value.instance);
                state.current.insert(key, Current { value: value.value, at: STAMP, wall: WALL });
            }
            let contact = Contact {
                wall: WALL,
                rssi: Some(-60),
                receiver: ReceiverId(1),
                format: Format::BthomeV2,
                is_encrypted: true,
                counter: Some(1024),
                facts: vec![Fact::DeviceType(2)],
                is_lost: Some(false),
                interval_ms: Some(5000),
            };
            state.contacts.insert(device, contact);
        })
    }

    /// The present end of the stream.
    pub(crate) fn cursor(&self) -> Cursor {
        self.bus.snapshot().cursor
    }

    pub(crate) async fn respond(&self, query: &str) -> Response {
        self.schema.execute(query).await
    }

    /// The data of an answer that has no errors.
    pub(crate) async fn ask(&self, query: &str) -> serde_json::Value {
        let response = self.respond(query).await;
        assert!(response.errors.is_empty(), "{query}: {:?}", response.errors);
        response.data.into_json().unwrap()
    }

    /// The first error of an answer: code, message, and the answer's errors in JSON.
    pub(crate) async fn refuse(&self, query: &str) -> (String, String, serde_json::Value) {
        let response = self.respond(query).await;
        let error = response.errors.first().unwrap_or_else(|| panic!("{query} was answered"));
        let code = api_graphql::Code::of(error).unwrap_or_else(|| panic!("{query}: {error:?} has no code"));
        (code.name().to_owned(), error.message.clone(), serde_json::to_value(&response.errors).unwrap())
    }

    pub(crate) fn subscribe(&self, query: &str) -> BoxStream<'static, Response> {
        self.schema.execute_stream(query)
    }
}

/// The data of a response that has no errors.
pub(crate) fn data(response: Response) -> serde_json::Value {
    assert!(response.errors.is_empty(), "{:?}", response.errors);
    response.data.into_json().unwrap()
}
