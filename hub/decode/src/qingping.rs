//! Qingping's own format: service data 0xFDCD, little-endian; as qingping-ble reads it (Bluetooth-Devices/qingping-ble, 2026-02-22). Its
//! devices paired with Xiaomi's app send MiBeacon instead.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 1 | control: bit 3 address and objects, bit 6 sent on an event |
//! | 1 | 1 | model |
//! | 2 | 6 | address, reversed |
//! | 8 | | objects: id (1), length (1), value |
//!
//! | object | value | quantity |
//! |---|---|---|
//! | 0x01 | i16, 0.1 °C; u16, 0.1 % | temperature, humidity |
//! | 0x02 | u8, %; 0xFF: plugged in | battery |
//! | 0x04 | 0 open, 1 closed, 2 left open | door |
//! | 0x07 | u16, 0.1 hPa | pressure |
//! | 0x08 | u8; u24, lx | motion; illuminance, and none with an event |
//! | 0x09 | u32, lx | illuminance |
//! | 0x0F | u8 | packet id |
//! | 0x11 | u8 | light |
//! | 0x12 | u16, u16, µg/m³ | PM2.5, PM10 |
//! | 0x13 | u16, ppm | CO₂ |
//! | 0x15 | u16 | VOC index |
//!
//! All ones in two unsigned bytes is taken as no measurement: no device measures as much. Objects that nobody knows are passed over;
//! 0x18 (what the device can do) and 0x19 (noise, for which there is no quantity) are among them. Heard passively.

use hub_model::{Address, Decoded, Format, Quantity, Value};

use crate::DecodeError;

/// Qingping Technology (Beijing) Co., Ltd.
pub(crate) const UUID: u16 = 0xFDCD;

const FORMAT: Format = Format::Qingping;
const HEAD: usize = 8;

/// A frame that carries objects; others say only that somebody is there.
pub(crate) fn decode(data: &[u8], address: Address) -> Result<Decoded, DecodeError> {
    let Some((control, _)) = data.split_first().filter(|(control, _)| *control & 0x08 != 0) else {
        return Err(DecodeError::NotOurs);
    };
    let Some((&[_, _, f, e, d, c, b, a], mut bytes)) = data.split_first_chunk::<HEAD>() else {
        return Err(DecodeError::Truncated { format: FORMAT, length: data.len(), needed: HEAD });
    };
    let inside = Address::new([a, b, c, d, e, f]);
    if inside != address {
        return Err(DecodeError::AddressMismatch { format: FORMAT, inside });
    }
    let is_event = control & 0x40 != 0;
    let mut decoded = Decoded::empty(FORMAT);
    let mut is_empty = true;
    while let Some((&[id, length], rest)) = bytes.split_first_chunk() {
        let Some((value, rest)) = rest.split_at_checked(usize::from(length)) else {
            return if is_empty {
                Err(DecodeError::TruncatedObject { format: FORMAT, id: id.into() })
            } else {
                Ok(decoded)
            };
        };
        bytes = rest;
        if let (0x0F, &[number]) = (id, value) {
            decoded.packet_id = Some(number.into());
            continue;
        }
        match object(id, value, is_event) {
            Some(readings) => {
                is_empty = false;
                for value in readings {
                    // One of a kind: the later one is as it is now.
                    decoded.values.retain(|known| known.quantity != value.quantity);
                    decoded.values.push(value);
                }
            }
            None => drop(decoded.unknown_object.get_or_insert(id.into())),
        }
    }
    match decoded.unknown_object {
        Some(id) if is_empty => Err(DecodeError::UnknownObject { format: FORMAT, id }),
        None if is_empty => Err(DecodeError::NotOurs),
        _ => Ok(decoded),
    }
}

/// The readings of an object that we know.
fn object(id: u8, value: &[u8], is_event: bool) -> Option<Vec<Value>> {
    let one = Value::first;
    let some = |quantity, bytes, step| {
        Some(u16::from_le_bytes(bytes)).filter(|number| *number != 0xFFFF).map(|n| one(quantity, i64::from(n) * step))
    };
    let lux = |bytes| one(Quantity::Illuminance, i64::from(u32::from_le_bytes(bytes)) * 100);
    let readings: [Option<Value>; 2] = match (id, value) {
        (0x01, &[t0, t1, h0, h1]) => {
            let temperature = one(Quantity::Temperature, i64::from(i16::from_le_bytes([t0, t1])) * 100);
            [Some(temperature), some(Quantity::Humidity, [h0, h1], 1000)]
        }
        (0x02, &[0xFF]) => [None, None],
        (0x02, &[percent]) => [Some(one(Quantity::Battery, percent.into())), None],
        (0x04, &[state @ 0..=2]) => [Some(one(Quantity::Door, (state != 1).into())), None],
        (0x07, &[a, b]) => [some(Quantity::Pressure, [a, b], 10), None],
        (0x08, &[motion, a, b, c]) => {
            [Some(one(Quantity::Motion, (motion != 0).into())), (!is_event).then(|| lux([a, b, c, 0]))]
        }
        (0x09, &[a, b, c, d]) => [Some(lux([a, b, c, d])), None],
        (0x11, &[light]) => [Some(one(Quantity::Light, (light != 0).into())), None],
        (0x12, &[a, b, c, d]) => [some(Quantity::Pm2_5, [a, b], 10), some(Quantity::Pm10, [c, d], 10)],
        (0x13, &[a, b]) => [some(Quantity::Co2, [a, b], 1), None],
        (0x15, &[a, b]) => [some(Quantity::VocIndex, [a, b], 1), None],
        _ => return None,
    };
    Some(readings.into_iter().flatten().collect())
}
