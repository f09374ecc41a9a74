//! Inkbird's thermometers: manufacturer data whose first two bytes, where others put their company, are data too; as inkbird-ble reads
//! them (Bluetooth-Devices/inkbird-ble, 2026-06-28). The checksum is reckoned from the adverts of real devices in its tests and in
//! theengs/decoder's: it fits each that was not edited.
//!
//! | IBS-TH, IBS-TH2, IBS-P01B, ITH-12S | bytes | what |
//! |---|---|---|
//! | 0 | 2 | temperature, signed 0.01 °C |
//! | 2 | 2 | humidity, 0.01 %; 0 or 0xFFFF of a device without that sensor |
//! | 4 | 1 | 0: measured inside, 1: by the probe outside |
//! | 5 | 2 | CRC-16/MODBUS of the five bytes before |
//! | 7 | 1 | battery, % |
//! | 8 | 1 | any |
//!
//! | ITH-11-B, ITH-13-B, ITH-21-B, IBS-P02B | bytes | what |
//! |---|---|---|
//! | 0 | 6 | any; the first two are 49 24 |
//! | 6 | 2 | temperature, signed 0.1 °C |
//! | 8 | 2 | humidity, 0.1 %; 0 of a device without that sensor |
//! | 10 | 1 | battery, % |
//! | 11 | 7 | any |
//!
//! All little-endian. Since any company may stand in the first two bytes, a frame is Inkbird's only when its sender's name is.
//! The adverts of the first kind name a service and no more; name and readings come in the scan response
//! (custom-components/ble_monitor issues 605, 621 and 623), so these need an active scan. The second kind is heard passively. Meat thermometers (iBBQ) and those that are asked over a connection are not read.

use hub_model::{Decoded, Format, Quantity, Value};

use crate::DecodeError;

const FORMAT: Format = Format::Inkbird;
/// What IBS-TH, and IBS-TH2 and IBS-P01B, call themselves.
const CHECKED: [&str; 2] = ["sps", "tps"];
const UNCHECKED: [&str; 4] = ["ITH-11-B", "ITH-13-B", "ITH-21-B", "IBS-P02B"];
/// The most that a sound frame says, in steps: 100 %.
const MOST_HUMIDITY: i64 = 1_000_000;

/// Is it what one of them calls itself?
pub(crate) fn is_name(name: &str) -> bool {
    CHECKED.contains(&name) || is_unchecked(name)
}

fn is_unchecked(name: &str) -> bool {
    UNCHECKED.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Manufacturer data with the two bytes of the company, of a sender of such a name.
pub(crate) fn decode(name: &str, data: &[u8]) -> Result<Decoded, DecodeError> {
    let values = match *data {
        [t0, t1, h0, h1, probe, c0, c1, battery, _] if CHECKED.contains(&name) => {
            if crc([t0, t1, h0, h1, probe]) != u16::from_le_bytes([c0, c1]) {
                return Err(DecodeError::BadChecksum { format: FORMAT });
            }
            // 0xFFFF as well as 0 is said by those that have no such sensor.
            let humidity = Some(u16::from_le_bytes([h0, h1])).filter(|hundredths| *hundredths != 0xFFFF);
            readings(signed([t0, t1]) * 10, humidity.map_or(0, |hundredths| i64::from(hundredths) * 100), battery)?
        }
        [0x49, 0x24, _, _, _, _, t0, t1, h0, h1, battery, _, _, _, _, _, _, _] if is_unchecked(name) => {
            let humidity = i64::from(u16::from_le_bytes([h0, h1])) * 1000;
            readings(signed([t0, t1]) * 100, humidity, battery)?
        }
        [0x49, 0x24, ..] if is_unchecked(name) && data.len() < 18 => {
            return Err(DecodeError::Truncated { format: FORMAT, length: data.len(), needed: 18 });
        }
        _ => return Err(DecodeError::NotOurs),
    };
    Ok(Decoded { values, ..Decoded::empty(FORMAT) })
}

/// The readings, in steps of their quantities; a humidity of 0 is none.
fn readings(temperature: i64, humidity: i64, battery: u8) -> Result<Vec<Value>, DecodeError> {
    if humidity > MOST_HUMIDITY || battery > 100 {
        return Err(DecodeError::Impossible { format: FORMAT });
    }
    let value = Value::first;
    let mut values = vec![value(Quantity::Temperature, temperature)];
    values.extend((humidity != 0).then(|| value(Quantity::Humidity, humidity)));
    values.push(value(Quantity::Battery, battery.into()));
    Ok(values)
}

fn signed(bytes: [u8; 2]) -> i64 {
    i16::from_le_bytes(bytes).into()
}

/// CRC-16/MODBUS: polynomial 0x8005 reflected, from 0xFFFF.
fn crc(bytes: [u8; 5]) -> u16 {
    bytes.into_iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ u16::from(byte), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xA001 })
    })
}
