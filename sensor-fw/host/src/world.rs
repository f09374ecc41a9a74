//! Any number of sensors on simulated air, in simulated time.

mod flaw;
mod link;
mod parts;
mod sensor;

use std::{fmt, mem, rc::Rc};

use fw_app::Happening;
use fw_logic::nor::Fault;
use wire::{firmware::Version, service::ResetReason};

use crate::air::{AdvertisingPdu, Listening};

pub use flaw::Flaw;
pub use link::{Link, LinkError};
pub use parts::{Model, Watcher};
pub use sensor::{NO_UPDATES, Simulated};

use flaw::Flaws;
use sensor::{Met, Sensor};

/// Which sensor of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SensorId(usize);

/// More happened to a sensor than it could take in time; that of now did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sensor has not yet taken what happened before")]
pub struct QueueFull;

/// Sensors, the air that they share, and a clock.
///
/// Each sensor is the whole firmware, with its own flash, luck and clock; nothing of it runs but when the world is told to
/// go on. The same seed and the same calls give the same adverts, to the microsecond, on whatever machine. Time is
/// microseconds since the world began.
pub struct World {
    sensors: Vec<Sensor>,
    now_us: u64,
    seed: u64,
    listening: Listening,
    /// What was sent since somebody asked.
    sent: Vec<AdvertisingPdu>,
    links: u64,
    flaws: Flaws,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World")
            .field("sensors", &self.sensors.len())
            .field("now_us", &self.now_us)
            .finish_non_exhaustive()
    }
}

impl World {
    /// An empty world, of whose adverts everyone is told.
    pub fn new(seed: u64) -> Self {
        let (sensors, sent, flaws) = (Vec::new(), Vec::new(), Flaws::default());
        Self { sensors, now_us: 0, seed, listening: Listening::Every, sent, links: 0, flaws }
    }

    /// From now on whoever listens is told these adverts.
    pub const fn listen(&mut self, listening: Listening) {
        self.listening = listening;
    }

    /// A sensor whose battery is put in now.
    pub fn add(&mut self, simulated: Simulated) -> SensorId {
        let id = SensorId(self.sensors.len());
        let seed = (self.seed ^ id.0 as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.sensors.push(Sensor::new(simulated, seed, self.now_us, Rc::clone(&self.flaws)));
        id
    }

    /// What time it is.
    pub const fn now_us(&self) -> u64 {
        self.now_us
    }

    /// Lets time pass until then, and hands out, in the order of time, what was sent since it was last asked.
    pub fn run_until(&mut self, end_us: u64) -> Vec<AdvertisingPdu> {
        self.pass(end_us);
        let mut sent = mem::take(&mut self.sent);
        sent.sort_by_key(|pdu| pdu.at_us);
        sent
    }

    /// The same, for whoever listens beside others: what was sent meanwhile is handed out once more.
    pub fn overhear(&mut self, end_us: u64) -> Vec<AdvertisingPdu> {
        let before = self.sent.len();
        self.pass(end_us);
        self.sent.get(before..).unwrap_or_default().to_vec()
    }

    fn pass(&mut self, end_us: u64) {
        let end_us = end_us.max(self.now_us);
        for sensor in &mut self.sensors {
            // What crosses a connection meanwhile waits for whoever is connected.
            while sensor.live_until(end_us, self.listening, None, &mut self.sent) != Met::End {}
        }
        self.now_us = end_us;
    }

    /// Something happens to a sensor.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub fn happen(&mut self, id: SensorId, happening: Happening) -> Result<(), QueueFull> {
        self.sensor(id).map_or(Ok(()), |sensor| sensor.happenings.push(happening))
    }

    /// The battery of a sensor is taken out and a new one put in. One whose power was cut has it again.
    pub fn change_battery(&mut self, id: SensorId) {
        if let Some(sensor) = self.sensor(id) {
            sensor.start(ResetReason::PowerOn);
        }
    }

    /// The power of a sensor fails in the `after`-th write or erasure of its flash from now, counted from 0. Until its
    /// battery is changed it is dead.
    pub fn cut_power(&mut self, id: SensorId, after: u64, fault: Fault, luck: u64) {
        if let Some(sensor) = self.sensor(id) {
            sensor.flash.nor().cut_power(after, fault, luck);
        }
    }

    /// Programs of this version have this flaw, from their next start on. What takes updates cannot know: they are signed as
    /// any other, and only what the bootloader and the program itself do about new ones keeps a sensor alive.
    pub fn spoil(&mut self, version: Version, flaw: Flaw) {
        self.flaws.borrow_mut().insert(version, flaw);
    }

    /// Why the program of a sensor ended by itself; `None` while it runs, and where only its power is gone.
    pub fn stopped(&self, id: SensorId) -> Option<&str> {
        self.sensors.get(id.0)?.stopped()
    }

    /// How often the page of a sensor's flash that wears most was erased.
    pub fn wear(&self, id: SensorId) -> u32 {
        self.sensors.get(id.0).map_or(0, |sensor| sensor.flash.nor().wear())
    }

    /// A sensor, as late as it is in the world.
    fn sensor(&mut self, id: SensorId) -> Option<&mut Sensor> {
        let (listening, now_us) = (self.listening, self.now_us);
        let sensor = self.sensors.get_mut(id.0)?;
        while sensor.now_us() < now_us {
            sensor.live_until(now_us, listening, None, &mut self.sent);
        }
        Some(sensor)
    }
}
