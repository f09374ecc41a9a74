//! The records of the file: a version byte, then postcard.
//!
//! A field is never taken out or changed in meaning; a new one makes a new version, and the old one stays readable.
//! Every record is version 1, but that of a device whose quantities are retained apart, which is version 2:
//!
//! | version | bytes of a device |
//! |---|---|
//! | 1 | `01`, [`DeviceRecord`] |
//! | 2 | `02`, [`DeviceRecord`], list of quantity's code, raw days, roll-up days |
//!
//! A device is written in the oldest version that holds it, so that a hub that goes back to the version before finds
//! all devices that were not changed in a way that it cannot know.

mod claim;

use std::fmt;

use hub_model::{
    Address, BindKey, DeadLetter, Device, DeviceId, EventBody, Format, Name, Quantity, ReplayRule, Retention, RoomId,
    UnixMillis,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{RegistryError, StoredLetter};

pub(crate) use claim::{ClaimRecord, EstimatesRecord, LogRecord};

const VERSION: u8 = 1;
/// The version of a device whose quantities are retained apart.
const RETAINED_APART: u8 = 2;

/// The bytes of a record.
pub(crate) fn write(table: &'static str, record: &impl Serialize) -> Result<Vec<u8>, RegistryError> {
    write_as(VERSION, table, record)
}

fn write_as(version: u8, table: &'static str, record: &impl Serialize) -> Result<Vec<u8>, RegistryError> {
    postcard::to_extend(record, vec![version]).map_err(|error| RegistryError::Damaged {
        table,
        key: "to be written".to_owned(),
        reason: error.to_string(),
    })
}

/// The record in `bytes`, made into what the hub works with.
pub(crate) fn read<R: DeserializeOwned, T>(
    table: &'static str,
    key: impl fmt::Display + Copy,
    bytes: &[u8],
    make: impl FnOnce(R) -> Result<T, String>,
) -> Result<T, RegistryError> {
    let parse = || match bytes.split_first() {
        Some((&VERSION, rest)) => make(parse(rest)?),
        Some((version, _)) => Err(format!("its version is {version}; expected {VERSION}")),
        None => Err("it is empty".to_owned()),
    };
    parse().map_err(|reason| RegistryError::Damaged { table, key: key.to_string(), reason })
}

/// The record that `bytes` are, from the first to the last.
fn parse<R: DeserializeOwned>(bytes: &[u8]) -> Result<R, String> {
    match postcard::take_from_bytes(bytes) {
        Ok((record, [])) => Ok(record),
        Ok((_, rest)) => Err(format!("{} bytes too many", rest.len())),
        Err(error) => Err(error.to_string()),
    }
}

/// The bytes of a device.
pub(crate) fn write_device(device: &Device) -> Result<Vec<u8>, RegistryError> {
    let record = DeviceRecord::from(device);
    if device.retention_of.is_empty() {
        return write("device", &record);
    }
    let days = |(quantity, kept): (&Quantity, &Retention)| (quantity.code(), kept.raw_days, kept.rollup_days);
    let retention_of: Vec<QuantityDays> = device.retention_of.iter().map(days).collect();
    write_as(RETAINED_APART, "device", &(record, retention_of))
}

/// The device of this id in `bytes`.
pub(crate) fn read_device(id: DeviceId, bytes: &[u8]) -> Result<Device, RegistryError> {
    let retained_apart = |rest: &[u8]| {
        let (record, days): (DeviceRecord, Vec<QuantityDays>) = parse(rest)?;
        let kept = |(code, raw_days, rollup_days)| Ok((quantity(code)?, Retention { raw_days, rollup_days }));
        let retention_of = days.into_iter().map(kept).collect::<Result<_, String>>()?;
        Ok(Device { retention_of, ..record.device(id)? })
    };
    let device = match bytes.split_first() {
        Some((&VERSION, rest)) => parse(rest).and_then(|record: DeviceRecord| record.device(id)),
        Some((&RETAINED_APART, rest)) => retained_apart(rest),
        Some((version, _)) => Err(format!("its version is {version}; expected {VERSION} or {RETAINED_APART}")),
        None => Err("it is empty".to_owned()),
    };
    device.map_err(|reason| RegistryError::Damaged { table: "device", key: id.to_string(), reason })
}

/// A quantity's code, and the days that its readings and its figures are kept.
type QuantityDays = (u16, Option<u32>, Option<u32>);

fn quantity(code: u16) -> Result<Quantity, String> {
    Quantity::from_code(code).ok_or_else(|| format!("quantity {code} is not known"))
}

/// A device as it is stored under its id. Not printable: it holds the key.
#[derive(Serialize, Deserialize)]
struct DeviceRecord {
    address: [u8; 6],
    name: String,
    room: Option<u32>,
    format: Option<String>,
    key: Option<[u8; 16]>,
    is_compat: bool,
    calibration: Vec<(u16, u8, i64)>,
    retention: Option<(Option<u32>, Option<u32>)>,
    adopted_at_ms: i64,
}

impl From<&Device> for DeviceRecord {
    fn from(device: &Device) -> Self {
        Self {
            address: device.address.bytes(),
            name: device.name.as_str().to_owned(),
            room: device.room.map(|room| room.0),
            format: device.format.map(|format| format.name().to_owned()),
            key: device.key.map(|key| *key.bytes()),
            is_compat: device.replay == ReplayRule::Compat,
            calibration: device
                .calibration
                .iter()
                .map(|((q, instance), offset)| (q.code(), *instance, *offset))
                .collect(),
            retention: device.retention.map(|retention| (retention.raw_days, retention.rollup_days)),
            adopted_at_ms: device.adopted_at.0,
        }
    }
}

impl DeviceRecord {
    fn device(self, id: DeviceId) -> Result<Device, String> {
        let format = |name: String| Format::from_name(&name).ok_or_else(|| format!("format {name:?} is not known"));
        let offset = |(code, instance, offset)| Ok(((quantity(code)?, instance), offset));
        Ok(Device {
            id,
            address: Address::new(self.address),
            name: Name::parse(&self.name).map_err(|error| error.to_string())?,
            room: self.room.map(RoomId),
            format: self.format.map(format).transpose()?,
            key: self.key.map(BindKey::new),
            replay: if self.is_compat { ReplayRule::Compat } else { ReplayRule::Strict },
            calibration: self.calibration.into_iter().map(offset).collect::<Result<_, String>>()?,
            retention: self.retention.map(|(raw_days, rollup_days)| Retention { raw_days, rollup_days }),
            retention_of: [].into(),
            adopted_at: UnixMillis(self.adopted_at_ms),
        })
    }
}

/// A room as it is stored under its number.
#[derive(Serialize, Deserialize)]
pub(crate) struct RoomRecord {
    pub(crate) name: String,
}

/// An event that a change of the household causes. The order of the variants is part of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum EventRecord {
    DeviceAdopted(u64),
    DeviceChanged(u64),
    DeviceRemoved(u64),
    RoomChanged(u32),
}

impl From<EventRecord> for EventBody {
    fn from(event: EventRecord) -> Self {
        match event {
            EventRecord::DeviceAdopted(id) => Self::DeviceAdopted { device: DeviceId::from_u64(id) },
            EventRecord::DeviceChanged(id) => Self::DeviceChanged { device: DeviceId::from_u64(id) },
            EventRecord::DeviceRemoved(id) => Self::DeviceRemoved { device: DeviceId::from_u64(id) },
            EventRecord::RoomChanged(id) => Self::RoomChanged { room: RoomId(id) },
        }
    }
}

/// The events of a change that the log does not have yet, under the revision of the change.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct PendingRecord {
    pub(crate) events: Vec<EventRecord>,
    /// Principal and request id, whose outcome is still to learn its number.
    pub(crate) request: Option<(String, String)>,
}

/// What was done for a request, under principal and request id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RequestRecord {
    pub(crate) fingerprint: u128,
    pub(crate) revision: u64,
    pub(crate) at_ms: i64,
    pub(crate) device: Option<u64>,
    pub(crate) room: Option<u32>,
    pub(crate) seq: Option<u64>,
}

/// The last counters of one device under keys that it had, the latest last.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct CountersRecord {
    /// When the latest was written, by revision.
    pub(crate) revision: u64,
    /// Fingerprint of the key, and the last counter accepted under it.
    pub(crate) retired: Vec<(u64, u32)>,
}

/// A refused frame under its id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LetterRecord {
    address: [u8; 6],
    code: String,
    detail: String,
    part: String,
    bytes: Vec<u8>,
    first_at_ms: i64,
    last_at_ms: i64,
    count: u64,
    is_adopted: bool,
}

impl From<&StoredLetter> for LetterRecord {
    fn from(StoredLetter { letter, is_adopted }: &StoredLetter) -> Self {
        Self {
            address: letter.address.bytes(),
            code: letter.code.clone(),
            detail: letter.detail.clone(),
            part: letter.part.clone(),
            bytes: letter.bytes.clone(),
            first_at_ms: letter.first_at.0,
            last_at_ms: letter.last_at.0,
            count: letter.count,
            is_adopted: *is_adopted,
        }
    }
}

impl LetterRecord {
    pub(crate) fn letter(self, id: u64) -> StoredLetter {
        let letter = DeadLetter {
            id,
            address: Address::new(self.address),
            code: self.code,
            detail: self.detail,
            part: self.part,
            bytes: self.bytes,
            first_at: UnixMillis(self.first_at_ms),
            last_at: UnixMillis(self.last_at_ms),
            count: self.count,
        };
        StoredLetter { letter, is_adopted: self.is_adopted }
    }
}

#[cfg(test)]
mod tests;
