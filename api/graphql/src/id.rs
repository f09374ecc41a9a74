use std::{fmt, str::FromStr};

use async_graphql::ID;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hub_model::{DeviceId, Quantity, RoomId, SeriesKey};
use thiserror::Error;

/// The global id of an object: what kind it is and which. Clients see it in base64 and need not look inside.
///
/// | object | text before base64 |
/// |---|---|
/// | device | `Device:a4c138001122` |
/// | room | `Room:3` |
/// | sensor | `Sensor:a4c138001122/temperature/0` |
/// | dead letter | `DeadLetter:17` |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GlobalId {
    Device(DeviceId),
    Room(RoomId),
    Sensor(SeriesKey),
    DeadLetter(u64),
}

/// A text that is no global id, or one of another kind of object.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not the id of a {expected}; expected an id that this hub gave out")]
pub(crate) struct BadId {
    text: String,
    expected: &'static str,
}

impl GlobalId {
    /// The id as clients see it.
    pub(crate) fn encode(self) -> ID {
        ID(BASE64_URL_SAFE_NO_PAD.encode(self.to_string()))
    }

    /// The id in what a client sent.
    pub(crate) fn decode(id: &str) -> Result<Self, BadId> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(id.trim_end_matches('=')).ok();
        let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        text.and_then(|text| text.parse().ok()).ok_or_else(|| bad(id, "node"))
    }
}

/// The device in a global id, or in an address in any spelling.
pub(crate) fn device_id(id: &str) -> Result<DeviceId, BadId> {
    match GlobalId::decode(id) {
        Ok(GlobalId::Device(device)) => Ok(device),
        Ok(_) => Err(bad(id, "device")),
        Err(_) => id.parse().map_err(|_| bad(id, "device")),
    }
}

/// The room in a global id.
pub(crate) fn room_id(id: &str) -> Result<RoomId, BadId> {
    match GlobalId::decode(id) {
        Ok(GlobalId::Room(room)) => Ok(room),
        _ => Err(bad(id, "room")),
    }
}

/// The series in the global id of a sensor.
pub(crate) fn sensor_key(id: &str) -> Result<SeriesKey, BadId> {
    match GlobalId::decode(id) {
        Ok(GlobalId::Sensor(key)) => Ok(key),
        _ => Err(bad(id, "sensor")),
    }
}

fn bad(id: &str, expected: &'static str) -> BadId {
    BadId { text: id.chars().take(64).collect(), expected }
}

impl fmt::Display for GlobalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(id) => write!(f, "Device:{id}"),
            Self::Room(id) => write!(f, "Room:{id}"),
            Self::Sensor(SeriesKey { device, quantity, instance }) => {
                write!(f, "Sensor:{device}/{}/{instance}", quantity.name())
            }
            Self::DeadLetter(id) => write!(f, "DeadLetter:{id}"),
        }
    }
}

impl FromStr for GlobalId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parse = || {
            let (kind, rest) = text.split_once(':')?;
            Some(match kind {
                "Device" => Self::Device(rest.parse().ok()?),
                "Room" => Self::Room(RoomId(rest.parse().ok()?)),
                "Sensor" => {
                    let mut parts = rest.splitn(3, '/');
                    let device = parts.next()?.parse().ok()?;
                    let quantity = Quantity::from_name(parts.next()?)?;
                    Self::Sensor(SeriesKey::new(device, quantity, parts.next()?.parse().ok()?))
                }
                "DeadLetter" => Self::DeadLetter(rest.parse().ok()?),
                _ => return None,
            })
        };
        // Only the one spelling that was given out: an object has one id, for every cache.
        parse().filter(|id| id.to_string() == text).ok_or(())
    }
}
