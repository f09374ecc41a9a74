use std::collections::BTreeMap;

use hub_assembly::Hub;
use hub_model::{Address, Command, CommandError, DeviceId, Name, ReplayRule, Request, RoomId, Stamp, UnixMillis};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Climate, Profile, Sensor, Sent};

/// A house with six sensors in six rooms.
#[derive(Debug, Clone)]
pub struct House {
    climate: Climate,
    sensors: Vec<Sensor>,
    /// When each sensor sends next.
    due: Vec<i64>,
}

const FURNITURE: [(&str, &str, Profile); 6] = [
    ("Living room sensor", "Living room", Profile::Co2),
    ("Bedroom air", "Bedroom", Profile::Dust),
    ("Kitchen air", "Kitchen", Profile::Compounds),
    ("Front door", "Hall", Profile::Door),
    ("Bathroom motion", "Bathroom", Profile::Motion),
    ("Balcony weather", "Balcony", Profile::Weather),
];

impl House {
    /// The house of a seed: its climate, addresses and keys follow from it.
    pub fn new(seed: u64) -> Self {
        let mut luck = ChaCha8Rng::seed_from_u64(seed);
        let sensors: Vec<_> = FURNITURE
            .iter()
            .zip(1_u64..)
            .filter_map(|(furniture, number)| {
                let mut bytes = [0; 6];
                luck.fill_bytes(&mut bytes);
                // The two highest bits of a static random address are set (Core Specification, Vol 6, Part B, 1.3.2.1).
                if let Some(first) = bytes.first_mut() {
                    *first |= 0xC0;
                }
                let mut key = [0; 16];
                luck.fill_bytes(&mut key);
                // Simulated flash fails only when it is told to.
                Sensor::new(*furniture, number, Address::new(bytes), key).ok()
            })
            .collect();
        Self { climate: Climate::new(seed), due: vec![i64::MIN; sensors.len()], sensors }
    }

    /// The sensors.
    pub fn sensors(&self) -> &[Sensor] {
        &self.sensors
    }

    /// The climate.
    pub const fn climate(&self) -> Climate {
        self.climate
    }

    /// What the sensors that are due send at `at`, on the wall-clock timeline; each is due again after `interval_ms`.
    pub fn send_due(&mut self, at: UnixMillis, interval_ms: i64) -> Vec<Sent> {
        let stamp = Stamp::wall(at);
        self.send_due_stamped(at, interval_ms, stamp, stamp.ms.saturating_mul(1000))
    }

    /// As [`House::send_due`], heard at `stamp` and `received_us` of the hub's own clock.
    pub fn send_due_stamped(&mut self, at: UnixMillis, interval_ms: i64, stamp: Stamp, received_us: u64) -> Vec<Sent> {
        let mut sent = Vec::new();
        for (sensor, due) in self.sensors.iter_mut().zip(&mut self.due) {
            if at.0 >= *due {
                *due = at.0.saturating_add(interval_ms);
                sent.extend(sensor.send(self.climate, at, stamp, received_us).ok().flatten());
            }
        }
        sent
    }
}

/// Makes the rooms and adopts the sensors of a house, through the same desk as an app.
///
/// # Errors
/// When the hub refuses.
pub fn furnish(hub: &Hub, house: &House) -> Result<(), CommandError> {
    let ask = |command| hub.desk().execute_now(&Request { principal: "simulation".to_owned(), id: None, command });
    let mut rooms: BTreeMap<&str, Option<RoomId>> = BTreeMap::new();
    for sensor in house.sensors() {
        let room = match rooms.get(sensor.room) {
            Some(room) => *room,
            None => {
                let room = ask(Command::CreateRoom { name: name(sensor.room)? })?.room;
                rooms.insert(sensor.room, room);
                room
            }
        };
        ask(Command::AdoptDevice {
            device: DeviceId::from(sensor.address),
            name: Some(name(sensor.name)?),
            room,
            key: Some(sensor.bind_key()),
            replay: ReplayRule::Strict,
        })?;
    }
    Ok(())
}

fn name(text: &str) -> Result<Name, CommandError> {
    Name::parse(text).map_err(|error| CommandError::OutOfRange {
        field: "name",
        value: text.to_owned(),
        expected: error.to_string(),
    })
}
