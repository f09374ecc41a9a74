use std::fmt;

use fw_host::SensorId;
use fw_logic::Channel;
use hub_link::present_key;
use hub_model::{Address, BindKey, Claim, RawAdvert, Stamp, UnixMillis};
use units::{Measure, Quantity};
use wire::bthome::{Item, MAX_SERVICE_DATA, v2};

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
    /// Pressure on the balcony.
    Weather,
}

impl Profile {
    /// What it tells, the most important first, and how far each may move before it is told.
    pub(crate) fn channels(self) -> Vec<Channel> {
        let (own, band) = match self {
            Self::Co2 => (Quantity::Co2, 25),
            Self::Dust => (Quantity::Pm2_5, 20),
            Self::Compounds => (Quantity::Tvoc, 25),
            Self::Door => (Quantity::Door, 1),
            Self::Motion => (Quantity::Motion, 1),
            Self::Weather => (Quantity::Pressure, 50),
        };
        // As the boards have them: 0.2 °C, 2 %.
        [(own, band), (Quantity::Temperature, 200), (Quantity::Humidity, 20_000), (Quantity::Battery, 1)]
            .map(|(quantity, band)| Channel { quantity, band })
            .to_vec()
    }

    /// What it tells at once, whenever it happens.
    pub(crate) const fn watched(self) -> Option<Quantity> {
        match self {
            Self::Door => Some(Quantity::Door),
            Self::Motion => Some(Quantity::Motion),
            _ => None,
        }
    }

    /// What the sensor with this number measures at a moment, rounded to what a frame can hold.
    pub(crate) fn measure(self, number: u64, climate: Climate, at: UnixMillis) -> Vec<Measure> {
        let (warmth, damp) = match self {
            Self::Co2 => (0.8, 4.0),
            Self::Dust => (-1.6, 5.0),
            Self::Compounds => (0.4, 14.0),
            Self::Door => (-1.0, 2.0),
            Self::Motion => (1.6, 30.0),
            Self::Weather => (0.0, 0.0),
        };
        let (celsius, percent) = match self {
            Self::Weather => (climate.outside(at), climate.humidity(at, number, 0.0) + 28.0),
            _ => (climate.room(at, number, warmth), climate.humidity(at, number, damp)),
        };
        let charge = charge(number, at);
        let mut measures = vec![
            Measure::new(Quantity::Battery, charge),
            // A coin cell under load, from full to empty.
            Measure::new(Quantity::Voltage, 2300 + 7 * charge),
            Measure::new(Quantity::Temperature, steps(celsius, 0.01) * 10),
            Measure::new(Quantity::Humidity, steps(percent, 0.01) * 100),
        ];
        let busy = climate.busy(at, number);
        match self {
            Self::Co2 => measures.push(Measure::new(Quantity::Co2, steps(430.0 + busy * 780.0, 1.0))),
            Self::Dust => measures.push(Measure::new(Quantity::Pm2_5, steps(4.0 + busy * 9.0, 1.0) * 10)),
            Self::Compounds => measures.push(Measure::new(Quantity::Tvoc, steps(90.0 + busy * 420.0, 1.0))),
            // What somebody waits for is told when it happens.
            Self::Door | Self::Motion => {}
            Self::Weather => measures.push(Measure::new(Quantity::Pressure, steps(climate.pressure(at), 0.01))),
        }
        measures
    }
}

/// A sensor as whoever owns it knows it: where it is, and the key that the pairing gave it.
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
    pub(crate) id: SensorId,
    pub(crate) claim: Claim,
}

impl fmt::Debug for Sensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sensor").field("address", &self.address).field("name", &self.name).finish_non_exhaustive()
    }
}

impl Sensor {
    /// The key to adopt it with.
    pub fn bind_key(&self) -> BindKey {
        present_key(&self.claim)
    }

    /// The counter of one of its frames, and what it says, in steps of each quantity; `None` when it is none of its.
    pub fn truth(&self, advert: &RawAdvert) -> Option<(u32, Vec<Measure>)> {
        let (_, data) = advert.service_data.iter().find(|(uuid, _)| *uuid == v2::UUID)?;
        let frame = v2::Frame::parse(data).ok()?;
        let mut buffer = [0; MAX_SERVICE_DATA];
        let items = frame.open(self.bind_key().bytes(), self.address.bytes(), &mut buffer).ok()?;
        let measure = |item| match item {
            Item::Reading { quantity: Quantity::SettingsRevision, .. } => None,
            Item::Reading { quantity, value, .. } => Some(Measure::new(quantity, value)),
            _ => None,
        };
        Some((frame.counter()?, items.filter_map(measure).collect()))
    }
}

/// A frame on the air.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// When it was sent.
    pub at: UnixMillis,
    /// The frame as a receiver next to the sensor hears it, stamped with the wall's time.
    pub advert: RawAdvert,
}

impl Sent {
    /// The same as a hub hears it whose own clock shows this then.
    pub fn heard_at(self, stamp: Stamp, received_us: u64) -> RawAdvert {
        RawAdvert { at: stamp, received_us, ..self.advert }
    }
}

/// What a coin cell has left that lasts about three years, %; from a different day for each sensor.
fn charge(number: u64, at: UnixMillis) -> i64 {
    let life_ms = 3 * 365 * 86_400_000_i64;
    let age = (at.0 + i64::try_from(number).unwrap_or(0) * 7_000_000_000).rem_euclid(life_ms);
    100 - age * 92 / life_ms
}

/// A value in whole multiples of `resolution`.
fn steps(value: f64, resolution: f64) -> i64 {
    (value / resolution).round() as i64
}
