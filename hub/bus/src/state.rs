use std::{
    collections::{BTreeMap, HashMap},
    ops::Deref,
    sync::Arc,
};

use hub_model::{
    Address, Cursor, DeviceId, Fact, Format, Household, ReceiverId, Reception, SeriesKey, Stamp, UnixMillis, Value,
    WallTime,
};

/// The most devices that are remembered without being adopted; the one heard longest ago gives way.
pub const MAX_DISCOVERED: usize = 256;

/// The newest value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Current {
    /// The value in steps of the quantity's resolution.
    pub value: i64,
    /// When it was taken, by the boot clock.
    pub at: Stamp,
    /// When it was taken, by the wall clock.
    pub wall: WallTime,
}

/// The newest sign of life of an adopted device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// When it was last heard.
    pub wall: WallTime,
    /// How well, in dBm.
    pub rssi: Option<i8>,
    /// By whom.
    pub receiver: ReceiverId,
    /// What it sends.
    pub format: Format,
    /// Does it encrypt?
    pub is_encrypted: bool,
    /// The counter of its last encrypted frame.
    pub counter: Option<u32>,
    /// What it says of itself.
    pub facts: Vec<Fact>,
    /// Has it fallen silent? `None` while its rhythm is not known.
    pub is_lost: Option<bool>,
    /// How often it sends, ms, where that is known.
    pub interval_ms: Option<u32>,
}

impl Contact {
    /// A first contact, of which no more is known.
    pub const fn new(wall: WallTime, format: Format, is_encrypted: bool) -> Self {
        Self {
            wall,
            rssi: None,
            receiver: ReceiverId::NONE,
            format,
            is_encrypted,
            counter: None,
            facts: Vec::new(),
            is_lost: None,
            interval_ms: None,
        }
    }
}

/// A device that was heard and that nobody adopted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovered {
    /// The address that it sends from.
    pub address: Address,
    /// The name that it sends.
    pub name: Option<String>,
    /// The format that it seems to speak.
    pub format: Format,
    /// Does it encrypt? Then its values are unknown until it is adopted with its key.
    pub is_encrypted: bool,
    /// How often it was heard.
    pub sightings: u64,
    /// When it was last heard.
    pub wall: WallTime,
    /// How well, in dBm.
    pub rssi: Option<i8>,
    /// The newest values.
    pub values: Vec<Value>,
    /// What it says of itself.
    pub facts: Vec<Fact>,
}

/// The present state of the house.
#[derive(Debug, Clone, Default)]
pub struct State {
    /// What the owner decided.
    pub household: Arc<Household>,
    /// The newest value of every series of the adopted devices.
    pub current: HashMap<SeriesKey, Current>,
    /// The newest sign of life of the adopted devices.
    pub contacts: HashMap<DeviceId, Contact>,
    /// How well each receiver hears the adopted devices that it hears at all.
    pub receptions: BTreeMap<(DeviceId, ReceiverId), Reception>,
    /// Who was heard without being adopted, at most [`MAX_DISCOVERED`].
    pub discovered: BTreeMap<DeviceId, Discovered>,
}

impl State {
    /// Takes over what a device measured. What is older than the present, as from a capture or a log, does not turn it back.
    pub fn measured(&mut self, device: DeviceId, values: &[Value], at: Stamp, wall: WallTime) {
        for value in values {
            let current = Current { value: value.value, at, wall };
            let known = self.current.entry(SeriesKey::new(device, value.quantity, value.instance)).or_insert(current);
            if known.wall.at <= wall.at {
                *known = current;
            }
        }
    }

    /// Remembers a device that nobody adopted.
    pub fn discover(&mut self, id: DeviceId, found: Discovered) {
        self.discovered.insert(id, found);
        if self.discovered.len() > MAX_DISCOVERED {
            let oldest: Option<(UnixMillis, DeviceId)> =
                self.discovered.iter().filter(|(other, _)| **other != id).map(|(id, d)| (d.wall.at, *id)).min();
            if let Some((_, oldest)) = oldest {
                self.discovered.remove(&oldest);
            }
        }
    }

    /// The series of one device, in order.
    pub fn series_of(&self, device: DeviceId) -> Vec<(SeriesKey, Current)> {
        let mut series: Vec<_> =
            self.current.iter().filter(|(key, _)| key.device == device).map(|(k, c)| (*k, *c)).collect();
        series.sort_by_key(|(key, _)| *key);
        series
    }

    /// How well the receivers that hear a device do so, in order of their number.
    pub fn receptions_of(&self, device: DeviceId) -> impl Iterator<Item = (ReceiverId, Reception)> {
        let all = (device, ReceiverId(u16::MIN))..=(device, ReceiverId(u16::MAX));
        self.receptions.range(all).map(|((_, receiver), reception)| (*receiver, *reception))
    }

    /// Takes over what the owner decided, and forgets the state of devices that are no longer adopted.
    pub fn take_household(&mut self, household: Arc<Household>) {
        self.current.retain(|key, _| household.devices.contains_key(&key.device));
        self.contacts.retain(|id, _| household.devices.contains_key(id));
        self.receptions.retain(|(id, _), _| household.devices.contains_key(id));
        self.discovered.retain(|id, _| !household.devices.contains_key(id));
        self.household = household;
    }
}

/// The state at one place in the stream: every event up to `cursor` is in it, and none after.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The place in the stream.
    pub cursor: Cursor,
    pub(crate) state: Arc<State>,
}

impl Deref for Snapshot {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}
