use hub_model::{Address, BindKey, RawAdvert, ReceiverId, Stamp, UnixMillis};
use units::{Measure, Quantity};
use wire::bthome::{Payload, v2};

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

/// A sensor: an identity, a key of its own, and a counter that never goes back.
#[derive(Debug, Clone)]
pub struct Sensor {
    /// The address that it sends from.
    pub address: Address,
    /// What the owner calls it.
    pub name: &'static str,
    /// The room that it is in.
    pub room: &'static str,
    /// What it measures.
    pub profile: Profile,
    pub(crate) key: [u8; 16],
    pub(crate) counter: u32,
    pub(crate) number: u64,
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
    /// The key to adopt it with.
    pub const fn bind_key(&self) -> BindKey {
        BindKey::new(self.key)
    }

    /// Measures and sends: a new counter, a new frame, stamped `stamp`.
    pub fn send(&mut self, climate: Climate, at: UnixMillis, stamp: Stamp, received_us: u64) -> Sent {
        let truth = self.measure(climate, at);
        let mut payload = Payload::new();
        let sent = truth.iter().copied().filter(|measure| payload.push(*measure).is_ok()).collect();
        self.counter = self.counter.wrapping_add(1);
        let sealed = payload.sealed(false, &self.key, self.address.bytes(), self.counter);
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
        Sent { advert, truth: sent }
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
