use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};
use hub_model::{Kind, SeriesKey, Stamp, WallTime};

use crate::{
    device::{Device, Standing},
    id::GlobalId,
    quantity::Quantity,
    scalar::{DateTime, Long},
    view::View,
    words::{QuantityKind, TimeQuality},
};

/// A level is stale when no newer one came for so long: ten minutes in milliseconds. Common sensors send levels every
/// few seconds to five minutes.
const STALE_LEVEL_MS: i64 = 600_000;
/// What changes rarely is sent rarely: 25 hours in milliseconds, for sensors that report at least once a day.
const STALE_RARE_MS: i64 = 90_000_000;

/// One quantity that a device measures, with its newest value.
#[derive(Clone)]
pub(crate) struct Sensor {
    device: Device,
    key: SeriesKey,
}

impl Sensor {
    /// The sensor of a device that is known, whether it measured anything yet or not.
    pub(crate) fn of(view: &Arc<View>, key: SeriesKey) -> Option<Self> {
        Some(Self { device: Device::find(view, key.device)?, key })
    }

    /// The sensor of a device that is known, if it measured something or was calibrated.
    pub(crate) fn find(view: &Arc<View>, key: SeriesKey) -> Option<Self> {
        let sensor = Self::of(view, key)?;
        let is_calibrated = match sensor.device.standing() {
            Standing::Adopted(device) => device.calibration.contains_key(&(key.quantity, key.instance)),
            Standing::Heard(_) => false,
        };
        (is_calibrated || sensor.newest().is_some()).then_some(sensor)
    }

    /// All sensors of a device, in the order of the table of quantities.
    pub(crate) fn all(device: &Device) -> Vec<Self> {
        let view = device.view();
        let mut keys: Vec<SeriesKey> = match device.standing() {
            Standing::Adopted(_) => view.state().series_of(device.key()).into_iter().map(|(key, _)| key).collect(),
            Standing::Heard(found) => {
                found.values.iter().map(|value| SeriesKey::new(device.key(), value.quantity, value.instance)).collect()
            }
        };
        keys.sort();
        keys.dedup();
        keys.into_iter().map(|key| Self { device: device.clone(), key }).collect()
    }

    pub(crate) const fn key(&self) -> SeriesKey {
        self.key
    }

    fn newest(&self) -> Option<Newest> {
        match self.device.standing() {
            Standing::Adopted(_) => {
                let current = self.device.view().state().current.get(&self.key)?;
                Some(Newest { value: current.value, stamp: Some(current.at), wall: current.wall })
            }
            Standing::Heard(found) => {
                let is_mine =
                    |v: &&hub_model::Value| (v.quantity, v.instance) == (self.key.quantity, self.key.instance);
                let value = found.values.iter().rev().find(is_mine)?;
                Some(Newest { value: value.value, stamp: None, wall: found.wall })
            }
        }
    }
}

struct Newest {
    value: i64,
    stamp: Option<Stamp>,
    wall: WallTime,
}

/// Decimal places worth showing to a person, which is less than what is stored: a thermometer that resolves 0.001 °C
/// is not that exact.
fn precision(quantity: hub_model::Quantity) -> i32 {
    use hub_model::Quantity as Q;
    let places = match quantity {
        Q::Temperature | Q::Humidity | Q::Moisture | Q::Pressure | Q::Pm2_5 | Q::Pm10 | Q::Illuminance | Q::Power => 1,
        _ => 3,
    };
    i32::from(quantity.exponent()).saturating_neg().clamp(0, places)
}

/// Is a value of this age no longer to be taken for the present?
pub(crate) fn is_stale(quantity: hub_model::Quantity, age_ms: i64) -> bool {
    use hub_model::Quantity as Q;
    let is_rare = quantity.kind() != Kind::Measurement || matches!(quantity, Q::Battery | Q::Voltage);
    age_ms > if is_rare { STALE_RARE_MS } else { STALE_LEVEL_MS }
}

/// One quantity that a device measures, with its newest value. All values are in `unit`.
#[Object]
impl Sensor {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        GlobalId::Sensor(self.key).encode()
    }

    /// The device that it is part of.
    async fn device(&self) -> &Device {
        &self.device
    }

    /// What it measures.
    async fn quantity(&self) -> Quantity {
        Quantity(self.key.quantity)
    }

    /// Which of several sensors of one quantity in one device, counted from 0.
    async fn instance(&self) -> i32 {
        i32::from(self.key.instance)
    }

    /// What to call it, in English: `Temperature`, or `Temperature 2` for instance 1.
    async fn label(&self) -> String {
        let label = self.key.quantity.label();
        match self.key.instance {
            0 => label.to_owned(),
            instance => format!("{label} {}", u16::from(instance) + 1),
        }
    }

    /// How its values behave over time.
    async fn kind(&self) -> QuantityKind {
        self.key.quantity.kind().into()
    }

    /// The unit of every value of this sensor, such as `°C`; empty for a number without one.
    async fn unit(&self) -> &'static str {
        self.key.quantity.unit()
    }

    /// Decimal places worth showing to a person, 0 to 3; values are stored more finely.
    async fn precision(&self) -> i32 {
        precision(self.key.quantity)
    }

    /// The least value that a sound sensor can report, in `unit`.
    async fn plausible_min(&self) -> f64 {
        self.key.quantity.to_f64(*self.key.quantity.plausible().start())
    }

    /// The greatest value that a sound sensor can report, in `unit`.
    async fn plausible_max(&self) -> f64 {
        self.key.quantity.to_f64(*self.key.quantity.plausible().end())
    }

    /// The newest value; null when none came since the hub knows of it.
    async fn current(&self) -> Option<Measurement> {
        let newest = self.newest()?;
        let now = self.device.view().now();
        let age_ms = match newest.stamp {
            // Within one boot the steady clock tells the age, whatever the wall clock did meanwhile.
            Some(stamp) if stamp.boot == now.stamp.boot => {
                i64::try_from(now.stamp.ms.saturating_sub(stamp.ms)).unwrap_or(i64::MAX)
            }
            _ => (now.wall.at - newest.wall.at).max(0),
        };
        Some(Measurement {
            value: self.key.quantity.to_f64(newest.value),
            at: DateTime(newest.wall.at),
            time_quality: newest.wall.quality.into(),
            age_ms: Long(age_ms),
            is_stale: is_stale(self.key.quantity, age_ms),
        })
    }

    /// The offset, in `unit`, that the owner had added to every reading; 0 when none.
    async fn calibration_offset(&self) -> f64 {
        match self.device.standing() {
            Standing::Adopted(device) => {
                let offset = device.calibration.get(&(self.key.quantity, self.key.instance));
                self.key.quantity.to_f64(offset.copied().unwrap_or(0))
            }
            Standing::Heard(_) => 0.0,
        }
    }
}

/// One value with its time.
#[derive(SimpleObject)]
pub(crate) struct Measurement {
    /// The value in the sensor's unit; 0 or 1 for binary quantities.
    value: f64,
    /// When it was taken.
    at: DateTime,
    /// How far that time can be trusted.
    time_quality: TimeQuality,
    /// Milliseconds since it was taken, by the hub's steady clock where that is possible.
    age_ms: Long,
    /// Is it too old to be taken for the present? A measurement after 10 minutes; battery, voltage, totals and binary
    /// values, which are sent rarely, after 25 hours.
    is_stale: bool,
}
