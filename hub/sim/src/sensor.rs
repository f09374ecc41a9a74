use std::fmt;

use embassy_futures::block_on;
use fw_logic::{
    Brain, Channel, Habits, KeepError,
    nor::{NorError, NorSim},
};
use hub_model::{Address, BindKey, RawAdvert, ReceiverId, Stamp, UnixMillis};
use units::{Measure, Quantity};
use wire::{
    bthome::{Item, MAX_SERVICE_DATA, v2},
    settings::Settings,
};

use crate::Climate;

/// What a sensor measures besides temperature, humidity and battery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Carbon dioxide in the living room.
    Co2,
    /// Fine dust in the bedroom.
    Dust,
    /// Organic compounds in the kitchen.
    Compounds,
    /// The front door.
    Door,
    /// Motion in the bathroom.
    Motion,
    /// Pressure and light on the balcony.
    Weather,
}

type Flash = NorSim<4096>;

/// Pages of flash: two for what is kept for good, the rest for the log.
const FACTS: u32 = 2;
const LOG: u32 = 6;

impl Profile {
    /// What it tells, the most important first.
    const fn quantities(self) -> [Quantity; 4] {
        let own = match self {
            Self::Co2 => Quantity::Co2,
            Self::Dust => Quantity::Pm2_5,
            Self::Compounds => Quantity::Tvoc,
            Self::Door => Quantity::Door,
            Self::Motion => Quantity::Motion,
            Self::Weather => Quantity::Pressure,
        };
        [own, Quantity::Temperature, Quantity::Humidity, Quantity::Battery]
    }
}

/// A sensor: an identity, a key of its own, and the brain that our firmware has, with simulated flash.
#[derive(Clone)]
pub struct Sensor {
    /// The address that it sends from.
    pub address: Address,
    /// What the owner calls it.
    pub name: &'static str,
    /// The room that it is in.
    pub room: &'static str,
    /// What it measures.
    pub profile: Profile,
    key: [u8; 16],
    number: u64,
    brain: Brain<Flash>,
    /// When its life began.
    started: Option<UnixMillis>,
}

impl fmt::Debug for Sensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sensor").field("address", &self.address).field("name", &self.name).finish_non_exhaustive()
    }
}

/// A frame on the air, and what the sensor meant by it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// The frame as a receiver next to the sensor hears it.
    pub advert: RawAdvert,
    /// What it holds, in steps of each quantity.
    pub truth: Vec<Measure>,
}

impl Sensor {
    /// A sensor with a new battery.
    ///
    /// # Errors
    /// Never in practice: simulated flash fails only when it is told to.
    pub(crate) fn new(
        (name, room, profile): (&'static str, &'static str, Profile),
        number: u64,
        address: Address,
        key: [u8; 16],
    ) -> Result<Self, KeepError<NorError>> {
        let channels = profile.quantities().map(|quantity| Channel { quantity, band: 1 });
        // Whoever simulates decides when it measures, and what it measured is told at once.
        let habits = Habits {
            address: address.bytes(),
            key: Some(key),
            channels: &channels,
            settings: Settings { heartbeat_s: 1, advert_interval_ms: 1, ..Settings::DEFAULT },
        };
        let page = 4096;
        let (facts, log) = (Flash::new(FACTS as usize), Flash::new(LOG as usize));
        let brain = block_on(Brain::start((facts, 0..FACTS * page), (log, 0..LOG * page), &habits))?;
        Ok(Self { address, name, room, profile, key, number, brain, started: None })
    }

    /// The key to adopt it with.
    pub const fn bind_key(&self) -> BindKey {
        BindKey::new(self.key)
    }

    /// Measures, logs and sends: a new counter, a new frame, stamped `stamp`; a second after the last at the soonest.
    ///
    /// # Errors
    /// When the simulated flash fails.
    pub fn send(
        &mut self,
        climate: Climate,
        at: UnixMillis,
        stamp: Stamp,
        received_us: u64,
    ) -> Result<Option<Sent>, KeepError<NorError>> {
        let started = *self.started.get_or_insert(at);
        let now_ms = u64::try_from(at - started).unwrap_or(0);
        block_on(self.brain.sampled(now_ms, &self.measure(climate, at)))?;
        let Some(sealed) = block_on(self.brain.advert(now_ms))? else { return Ok(None) };
        let truth = self.said(sealed.service_data());
        let advert = RawAdvert {
            address: self.address,
            receiver: ReceiverId::NONE,
            rssi: None,
            at: stamp,
            received_us,
            name: None,
            service_data: vec![(v2::UUID, sealed.service_data().to_vec())],
            manufacturer_data: Vec::new(),
        };
        Ok(Some(Sent { advert, truth }))
    }

    /// What was measured, by a frame of its own.
    fn said(&self, service_data: &[u8]) -> Vec<Measure> {
        let mut buffer = [0; MAX_SERVICE_DATA];
        let frame = v2::Frame::parse(service_data).ok();
        let items = frame.and_then(|frame| frame.open(&self.key, self.address.bytes(), &mut buffer).ok());
        let measure = |item| match item {
            Item::Reading { quantity: Quantity::SettingsRevision, .. } => None,
            Item::Reading { quantity, value, .. } => Some(Measure::new(quantity, value)),
            _ => None,
        };
        items.into_iter().flatten().filter_map(measure).collect()
    }

    /// What it measures at a moment, rounded to what the frame can hold.
    fn measure(&self, climate: Climate, at: UnixMillis) -> Vec<Measure> {
        let room = self.number;
        let (warmth, damp) = match self.profile {
            Profile::Co2 => (0.8, 4.0),
            Profile::Dust => (-1.6, 5.0),
            Profile::Compounds => (0.4, 14.0),
            Profile::Door => (-1.0, 2.0),
            Profile::Motion => (1.6, 30.0),
            Profile::Weather => (0.0, 0.0),
        };
        let (celsius, percent) = match self.profile {
            Profile::Weather => (climate.outside(at), climate.humidity(at, room, 0.0) + 28.0),
            _ => (climate.room(at, room, warmth), climate.humidity(at, room, damp)),
        };
        let mut measures = vec![
            Measure::new(Quantity::Battery, self.battery(at)),
            Measure::new(Quantity::Temperature, steps(celsius, 0.01) * 10),
            Measure::new(Quantity::Humidity, steps(percent, 0.01) * 100),
        ];
        let busy = climate.busy(at, room);
        match self.profile {
            Profile::Co2 => measures.push(Measure::new(Quantity::Co2, steps(430.0 + busy * 780.0, 1.0))),
            Profile::Dust => measures.push(Measure::new(Quantity::Pm2_5, steps(4.0 + busy * 9.0, 1.0) * 10)),
            Profile::Compounds => measures.push(Measure::new(Quantity::Tvoc, steps(90.0 + busy * 420.0, 1.0))),
            Profile::Door => measures.push(Measure::new(Quantity::Door, climate.passing(at, room).into())),
            Profile::Motion => measures.push(Measure::new(Quantity::Motion, climate.passing(at, room).into())),
            Profile::Weather => {
                measures.push(Measure::new(Quantity::Pressure, steps(climate.pressure(at), 0.01)));
            }
        }
        measures
    }

    /// A coin cell that lasts about three years, from a different day for each sensor.
    fn battery(&self, at: UnixMillis) -> i64 {
        let life_ms = 3 * 365 * 86_400_000_i64;
        let age = (at.0 + i64::try_from(self.number).unwrap_or(0) * 7_000_000_000).rem_euclid(life_ms);
        100 - age * 92 / life_ms
    }
}

/// A value in whole multiples of `resolution`.
fn steps(value: f64, resolution: f64) -> i64 {
    (value / resolution).round() as i64
}
