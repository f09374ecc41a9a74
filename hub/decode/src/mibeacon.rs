//! Xiaomi MiBeacon, versions 2 to 5: service data 0xFE95, little-endian. Xiaomi publishes no more than the outline; objects are
//! as xiaomi-ble reads them (Bluetooth-Devices/xiaomi-ble, 2026-07-20), whose devices are the vectors.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 2 | control: bit 3 sealed, 4 address, 5 capability, 6 objects, 7 mesh; 12–15 version |
//! | 2 | 2 | product |
//! | 4 | 1 | frame counter |
//! | 5 | 6 | address, reversed, with bit 4 |
//! | … | 1 | capability, with bit 5; one more byte where its bit 5 is set |
//! | … | | objects: id (2), length (1), value |
//! | … | 3 | sealed: the counter's upper bytes |
//! | … | 4 | sealed: message integrity check |
//!
//! Versions 4 and 5 seal with AES-128-CCM, associated data 0x11, nonce: address (6, reversed) ‖ product ‖ frame counter ‖ the
//! counter's upper bytes. Earlier ones seal with a key of 12 bytes and no check worth the name: those are refused.
//!
//! | object | value | quantity |
//! |---|---|---|
//! | 0x1004 | i16, 0.1 °C | temperature |
//! | 0x1006 | u16, 0.1 % | humidity |
//! | 0x1007 | u24, lx; 100 is light and less is dark from the night light and the door sensor | illuminance, light |
//! | 0x1008 | u8, % | moisture |
//! | 0x1009 | u16, µS/cm | conductivity |
//! | 0x100A, 0x4803, 0x4C03 | u8, % | battery |
//! | 0x100D | i16, u16 | temperature, humidity |
//! | 0x000F, 0x4A08 | any; f32, lx | motion; and illuminance |
//! | 0x1014, 0x4806 | u8 | moisture_detected |
//! | 0x1015 | u8 | smoke |
//! | 0x1017, 0x4818 | u32, u16: seconds without motion; the vendor's app shows motion up to 30 | motion |
//! | 0x101B | u32: seconds, said when they are over | motion: none |
//! | 0x1018 | u8 | light |
//! | 0x1019, 0x4804 | 0 or 2 open, 1 closed; 1 open, 2 closed | opening |
//! | 0x4801, 0x4C01 | f32, °C | temperature |
//! | 0x4802, 0x4C02 | u8, % | humidity |
//! | 0x4C08 | f32, % | humidity |

use hub_model::{Address, BindKey, Decoded, Format, Quantity, Value};
use wire::seal::{self, Nonce};

use crate::DecodeError;

/// Xiaomi Inc.
pub(crate) const UUID: u16 = 0xFE95;

const FORMAT: Format = Format::MiBeacon;
/// A night light and a door sensor whose illuminance is yes or no.
const TELLS_LIGHT_FROM_DARK: [u16; 2] = [0x07F6, 0x098B];
/// The longest time without motion that is still motion, s.
const STILL_MOTION_S: u32 = 30;

/// A frame that carries objects; others say only that somebody is there.
pub(crate) fn decode(data: &[u8], address: Address, key: Option<&BindKey>) -> Result<Decoded, DecodeError> {
    let Some((&[c0, c1, p0, p1, count], rest)) = data.split_first_chunk() else { return Err(DecodeError::NotOurs) };
    let control = u16::from_le_bytes([c0, c1]);
    let has = |bit: u16| control >> bit & 1 != 0;
    let version = c1 >> 4;
    if version < 2 || has(7) || !has(6) {
        return Err(DecodeError::NotOurs);
    }
    let truncated = |needed| DecodeError::Truncated { format: FORMAT, length: data.len(), needed };
    let mut rest = rest;
    if has(4) {
        let Some((&[f, e, d, c, b, a], after)) = rest.split_first_chunk() else { return Err(truncated(11)) };
        let inside = Address::new([a, b, c, d, e, f]);
        if inside != address {
            return Err(DecodeError::AddressMismatch { format: FORMAT, inside });
        }
        rest = after;
    }
    if has(5) {
        let (capability, after) = rest.split_first().ok_or_else(|| truncated(data.len() + 1))?;
        let more = usize::from(capability >> 5 & 1);
        rest = after.get(more..).ok_or_else(|| truncated(data.len() + 1))?;
    }
    let product = u16::from_le_bytes([p0, p1]);
    if !has(3) {
        return Ok(Decoded { packet_id: Some(u32::from(count)), ..objects(rest, product)? });
    }
    if version < 4 {
        return Err(DecodeError::UnsupportedCipher { format: FORMAT, version });
    }
    let key = key.ok_or(DecodeError::MissingKey { format: FORMAT })?;
    let Some((rest, &mic)) = rest.split_last_chunk() else { return Err(truncated(data.len() + 4)) };
    let Some((sealed, &[e0, e1, e2])) = rest.split_last_chunk() else { return Err(truncated(data.len() + 3)) };
    let [a, b, c, d, e, f] = address.bytes();
    let nonce = Nonce::Twelve([f, e, d, c, b, a, p0, p1, count, e0, e1, e2]);
    let mut opened = sealed.to_vec();
    let bad = DecodeError::BadMic { format: FORMAT };
    seal::open(key.bytes(), &nonce, &[0x11], &mut opened, &mic).map_err(|_| bad)?;
    let counter = Some(u32::from_le_bytes([count, e0, e1, e2]));
    Ok(Decoded { encrypted: true, counter, ..objects(&opened, product)? })
}

/// Reads objects; those that nobody knows are passed over, since each says how long it is.
fn objects(mut bytes: &[u8], product: u16) -> Result<Decoded, DecodeError> {
    let mut decoded = Decoded::empty(FORMAT);
    let mut is_empty = true;
    while let Some((&[i0, i1, length], rest)) = bytes.split_first_chunk() {
        let id = u16::from_le_bytes([i0, i1]);
        let Some((value, rest)) = rest.split_at_checked(usize::from(length)) else {
            return if is_empty { Err(DecodeError::TruncatedObject { format: FORMAT, id }) } else { Ok(decoded) };
        };
        bytes = rest;
        let readings = object(id, value, product);
        if readings.is_empty() {
            decoded.unknown_object.get_or_insert(id);
        }
        is_empty &= readings.is_empty();
        for value in readings {
            // One of a kind: the later one is as it is now.
            decoded.values.retain(|known| known.quantity != value.quantity);
            decoded.values.push(value);
        }
    }
    match decoded.unknown_object {
        Some(id) if is_empty => Err(DecodeError::UnknownObject { format: FORMAT, id }),
        _ => Ok(decoded),
    }
}

fn object(id: u16, value: &[u8], product: u16) -> Vec<Value> {
    let number = match (id, value) {
        (0x1004, &[a, b]) => one(Quantity::Temperature, tenths_signed([a, b])),
        (0x1006, &[a, b]) => one(Quantity::Humidity, tenths([a, b])),
        (0x100D, &[a, b, c, d]) => {
            return [one(Quantity::Temperature, tenths_signed([a, b])), one(Quantity::Humidity, tenths([c, d]))]
                .into_iter()
                .flatten()
                .collect();
        }
        (0x1007, &[level, 0, 0]) if TELLS_LIGHT_FROM_DARK.contains(&product) => is(Quantity::Light, level == 100),
        (0x1007, &[a, b, c]) => one(Quantity::Illuminance, f64::from(u32::from_le_bytes([a, b, c, 0]))),
        (0x1008, &[percent]) => one(Quantity::Moisture, percent.into()),
        (0x1009, &[a, b]) => one(Quantity::Conductivity, u16::from_le_bytes([a, b]).into()),
        (0x100A | 0x4803 | 0x4C03, &[percent]) => one(Quantity::Battery, percent.into()),
        (0x000F, _) => is(Quantity::Motion, true),
        (0x4A08, &[a, b, c, d]) => {
            let light = one(Quantity::Illuminance, f32::from_le_bytes([a, b, c, d]).into());
            return [is(Quantity::Motion, true), light].into_iter().flatten().collect();
        }
        (0x1014 | 0x4806, &[wet]) => is(Quantity::MoistureDetected, wet != 0),
        (0x1015, &[smoke]) => is(Quantity::Smoke, smoke != 0),
        (0x1017, &[a, b, c, d]) => is(Quantity::Motion, u32::from_le_bytes([a, b, c, d]) <= STILL_MOTION_S),
        (0x4818, &[a, b]) => is(Quantity::Motion, u32::from(u16::from_le_bytes([a, b])) <= STILL_MOTION_S),
        (0x101B, &[_, _, _, _]) => is(Quantity::Motion, false),
        (0x1018, &[light]) => is(Quantity::Light, light != 0),
        (0x1019, &[0 | 2]) | (0x4804, &[1]) => is(Quantity::Opening, true),
        (0x1019, &[1]) | (0x4804, &[2]) => is(Quantity::Opening, false),
        (0x4801 | 0x4C01, &[a, b, c, d]) => one(Quantity::Temperature, f32::from_le_bytes([a, b, c, d]).into()),
        (0x4802 | 0x4C02, &[percent]) => one(Quantity::Humidity, percent.into()),
        (0x4C08, &[a, b, c, d]) => one(Quantity::Humidity, f32::from_le_bytes([a, b, c, d]).into()),
        _ => None,
    };
    number.into_iter().collect()
}

/// A reading; `None` where the number is none, or beyond what can be held.
fn one(quantity: Quantity, number: f64) -> Option<Value> {
    Some(Value::first(quantity, quantity.from_f64(number)?))
}

fn is(quantity: Quantity, is_so: bool) -> Option<Value> {
    Some(Value::first(quantity, is_so.into()))
}

fn tenths(bytes: [u8; 2]) -> f64 {
    f64::from(u16::from_le_bytes(bytes)) / 10.0
}

fn tenths_signed(bytes: [u8; 2]) -> f64 {
    f64::from(i16::from_le_bytes(bytes)) / 10.0
}
