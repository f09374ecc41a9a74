//! ThermoPro's thermometers: manufacturer data whose first two bytes, where others put their company, are data too; as thermopro-ble
//! reads them (Bluetooth-Devices/thermopro-ble, 2026-07-01) and theengs/decoder's captures say.
//!
//! | TP35x, TP39x | bytes | what |
//! |---|---|---|
//! | 0 | 1 | 0xC2 |
//! | 1 | 2 | temperature, signed 0.1 °C, little-endian |
//! | 3 | 1 | humidity, %; where this and the temperature are all ones, nothing was measured |
//! | 4 | 1 | bits 0–1: battery: 0 empty, 1 half, 2 full |
//! | 5 | … | any |
//!
//! | TP96x, TP97x (meat probes) | bytes | what |
//! |---|---|---|
//! | 0 | 1 | probe, 0 to 3 |
//! | 1 | 2 | temperature in the meat, °C + 30, little-endian |
//! | 3 | 2 | its battery, mV |
//! | 5 | 2 | temperature around it, °C + 30 |
//! | 7 | 6 | of some: the address of their base |
//!
//! The first probe's temperatures are instances 0 (in the meat) and 1 (around it), the second's 2 and 3, and so on; its battery is
//! the instance of its number. TP97x that tell several points along a probe (23 bytes, °F) are not read.
//!
//! Since any company may stand in the first two bytes, a frame is ThermoPro's only when its sender's name is. TP35x say theirs
//! beside their readings and are heard passively (home-assistant/core issue 108946).

use hub_model::{Decoded, Format, Quantity, Value};

use crate::DecodeError;

const FORMAT: Format = Format::ThermoPro;
const MARK: u8 = 0xC2;
const NOT_MEASURED: [u8; 3] = [0xFF; 3];
/// Battery by its two bits, %.
const BATTERY: [i64; 3] = [1, 50, 100];

/// Is it what one of them calls itself, such as `TP357 (2142)`?
pub(crate) fn is_name(name: &str) -> bool {
    is_climate(name) || is_probe(name)
}

fn is_climate(name: &str) -> bool {
    name.starts_with("TP35") || name.starts_with("TP39")
}

fn is_probe(name: &str) -> bool {
    name.starts_with("TP96") || name.starts_with("TP97")
}

/// Manufacturer data with the two bytes of the company, of a sender of such a name.
pub(crate) fn decode(name: &str, data: &[u8]) -> Result<Decoded, DecodeError> {
    let values = match *data {
        [MARK, t0, t1, humidity, state, _, ..] if is_climate(name) => climate([t0, t1, humidity], state),
        [MARK, ..] if is_climate(name) => {
            return Err(DecodeError::Truncated { format: FORMAT, length: data.len(), needed: 6 });
        }
        [probe @ 0..=3, m0, m1, v0, v1, a0, a1] | [probe @ 0..=3, m0, m1, v0, v1, a0, a1, _, _, _, _, _, _]
            if is_probe(name) =>
        {
            let first = probe * 2;
            let degrees = |bytes| (i64::from(u16::from_le_bytes(bytes)) - 30) * 1000;
            vec![
                Value { quantity: Quantity::Temperature, instance: first, value: degrees([m0, m1]) },
                Value { quantity: Quantity::Temperature, instance: first + 1, value: degrees([a0, a1]) },
                Value { quantity: Quantity::Voltage, instance: probe, value: u16::from_le_bytes([v0, v1]).into() },
            ]
        }
        _ => return Err(DecodeError::NotOurs),
    };
    Ok(Decoded { values, ..Decoded::empty(FORMAT) })
}

fn climate(measured: [u8; 3], state: u8) -> Vec<Value> {
    let value = Value::first;
    let [t0, t1, humidity] = measured;
    let mut values = Vec::new();
    if measured != NOT_MEASURED {
        values.push(value(Quantity::Temperature, i64::from(i16::from_le_bytes([t0, t1])) * 100));
        values.push(value(Quantity::Humidity, i64::from(humidity) * 10_000));
    }
    let battery = BATTERY.get(usize::from(state & 3));
    values.extend(battery.map(|percent| value(Quantity::Battery, *percent)));
    values
}
