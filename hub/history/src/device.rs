//! What is known of a device beside its readings, so that the present state survives a restart.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | version | 1 | 1, or 2 where `repacked` follows |
//! | checksum | 4 | CRC-32C of all bytes after it, little-endian |
//! | counter | 1, 1–5 | 0, or 1 and the last accepted counter of an encrypted frame |
//! | rolled | 1, 1–10 | 0, or 1 and ±the start of the UTC day up to which hours and days are rolled up |
//! | repacked | 1–10 | ±the time up to which blocks were looked at that could be packed again |
//! | series | | for each: quantity code, instance (1 byte), ±value, boot, milliseconds, 0 or 1 and ±newest |
//!
//! Value and stamp are those of the newest reading; `newest` is the wall time of the newest sealed reading.

use std::collections::BTreeMap;

use hub_model::{BootId, DeviceId, Quantity, SeriesKey, Stamp};

use crate::{
    rows::ColumnKey,
    varint::{Bytes, put_i64, put_u64},
};

const VERSION: u8 = 1;
const REPACKED: u8 = 2;

/// What is known of one device.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) counter: Option<u32>,
    /// What was sealed before this start of a UTC day is in the roll-ups; what is newer, only in the blocks.
    pub(crate) rolled_to: Option<i64>,
    /// Blocks that begin before this are packed again, or were not worth it.
    pub(crate) repacked_to: Option<i64>,
    pub(crate) series: BTreeMap<ColumnKey, Newest>,
}

/// The newest reading of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Newest {
    pub(crate) value: i64,
    pub(crate) at: Stamp,
    /// The wall time of the newest sealed reading, once there is one.
    pub(crate) sealed: Option<i64>,
}

impl Known {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let version = if self.repacked_to.is_some() { REPACKED } else { VERSION };
        let mut out = vec![version, 0, 0, 0, 0];
        put_optional(&mut out, self.counter.map(u64::from));
        put_optional(&mut out, self.rolled_to.map(crate::varint::zigzag));
        if let Some(repacked_to) = self.repacked_to {
            put_i64(&mut out, repacked_to);
        }
        for (key, newest) in &self.series {
            put_u64(&mut out, u64::from(key.0));
            out.push(key.1);
            put_i64(&mut out, newest.value);
            put_u64(&mut out, u64::from(newest.at.boot.0));
            put_u64(&mut out, newest.at.ms);
            put_optional(&mut out, newest.sealed.map(crate::varint::zigzag));
        }
        let checksum = crc32c::crc32c(out.get(5..).unwrap_or_default());
        if let Some(field) = out.get_mut(1..5) {
            field.copy_from_slice(&checksum.to_le_bytes());
        }
        out
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut bytes = Bytes(bytes);
        let (version, checksum) = (bytes.u8()?, u32::from_le_bytes(bytes.array()?));
        if ![VERSION, REPACKED].contains(&version) || checksum != crc32c::crc32c(bytes.0) {
            return None;
        }
        let counter = match take_optional(&mut bytes)? {
            None => None,
            Some(counter) => Some(u32::try_from(counter).ok()?),
        };
        let rolled_to = take_optional(&mut bytes)?.map(crate::varint::unzigzag);
        let repacked_to = if version == REPACKED { Some(bytes.i64()?) } else { None };
        let mut known = Self { counter, rolled_to, repacked_to, series: BTreeMap::new() };
        while !bytes.is_empty() {
            let key = (bytes.u16()?, bytes.u8()?);
            let value = bytes.i64()?;
            let at = Stamp { boot: BootId(bytes.u32()?), ms: bytes.u64()? };
            let sealed = take_optional(&mut bytes)?.map(crate::varint::unzigzag);
            known.series.insert(key, Newest { value, at, sealed });
        }
        Some(known)
    }

    /// The wall time of the device's newest sealed reading, to the millisecond.
    pub(crate) fn newest_sealed(&self) -> Option<i64> {
        self.series.values().filter_map(|newest| newest.sealed).max()
    }

    /// Something came that is older than what is sealed: from there on is to be looked at again.
    pub(crate) fn came_late(&mut self, t: Option<i64>) {
        self.repacked_to = self.repacked_to.zip(t).map(|(repacked_to, t)| repacked_to.min(t));
    }

    /// Takes a value; an older one than the newest changes nothing.
    pub(crate) fn take(&mut self, key: ColumnKey, value: i64, at: Stamp) {
        let newest = self.series.entry(key).or_insert(Newest { value, at, sealed: None });
        if at >= newest.at {
            (newest.value, newest.at) = (value, at);
        }
    }
}

fn put_optional(out: &mut Vec<u8>, number: Option<u64>) {
    out.push(u8::from(number.is_some()));
    if let Some(number) = number {
        put_u64(out, number);
    }
}

fn take_optional(bytes: &mut Bytes<'_>) -> Option<Option<u64>> {
    match bytes.u8()? {
        0 => Some(None),
        1 => Some(Some(bytes.u64()?)),
        _ => None,
    }
}

/// The series of a column, unless a newer version wrote a quantity that this one does not know.
pub(crate) fn series_key(device: u64, key: ColumnKey) -> Option<SeriesKey> {
    Some(SeriesKey::new(DeviceId::from_u64(device), Quantity::from_code(key.0)?, key.1))
}
