//! Govee thermometers: manufacturer data, as govee-ble reads them (Bluetooth-Devices/govee-ble, 2026-06-30); the vendor
//! publishes nothing.
//!
//! | company | bytes | whose |
//! |---|---|---|
//! | 0xEC88 | 0, packed (3), battery, any | H5072, H5075, H5129 |
//! | 0xEC88 | 0, temperature (2), humidity (2), battery, any (1 or 3) | H5074, H5071 |
//! | 0x0001 | 1, 1, packed (3), battery; H5108 has two more | H5100 to H5105, H5108, H5110, H5174, H5177, H5179 of today |
//! | 0x8801 | EC 00 01 01, temperature (2), humidity (2), battery | H5179 of old |
//!
//! Packed is a number, most significant byte first: bit 23 the sign of the temperature; the rest is temperature in 0.1 °C × 1000 +
//! humidity in 0.1 %. Temperature (signed, 0.01 °C) and humidity (0.01 %) alone are little-endian. Battery: bits 0–6 in %, bit 7: the
//! probe has failed. Some send the data of an iBeacon (25 bytes from 4C 00 on) behind their own, as if it were theirs.
//!
//! 0x0001 is Nokia's number, so a frame under it is read only when its sender gives a name of Govee's; the H5106 and H5140, which pack
//! other things into as many bytes, are told apart by it. H507x and H5129 answer an active scan only; a hub that listens
//! passively does not hear them.

use hub_model::{Decoded, Format, Quantity, Value};

use crate::DecodeError;

/// What H507x call themselves, and service data of theirs.
pub(crate) const GOVEE: u16 = 0xEC88;
/// Nokia's number.
pub(crate) const NOKIA: u16 = 0x0001;
/// What an old H5179 calls itself.
pub(crate) const OLD: u16 = 0x8801;

const PACKED: [&str; 10] = ["H5100", "H5101", "H5102", "H5103", "H5104", "H5105", "H5110", "H5174", "H5177", "5179"];
const PACKED_AND_TWO: &str = "5108";
/// What a sensor can measure, 0.1 °C (its data sheets say −20 to 60 °C).
const POSSIBLE: std::ops::RangeInclusive<i64> = -400..=1000;
/// The first bytes and the length of an iBeacon's data.
const IBEACON: ([u8; 4], usize) = ([0x4C, 0x00, 0x02, 0x15], 25);

/// Manufacturer data under one of the numbers above.
pub(crate) fn decode(company: u16, data: &[u8], name: Option<&str>) -> Result<Decoded, DecodeError> {
    let own = data.len().checked_sub(IBEACON.1).and_then(|length| data.split_at_checked(length));
    let data = match own {
        Some((own, tail)) if tail.starts_with(&IBEACON.0) => own,
        _ => data,
    };
    let is_called = |models: &[&str]| name.is_some_and(|name| models.iter().any(|model| name.contains(model)));
    match (company, data) {
        (GOVEE, &[0, a, b, c, battery, _]) => Ok(packed([a, b, c], battery)),
        (GOVEE, &[0, t0, t1, h0, h1, battery, _] | &[0, t0, t1, h0, h1, battery, _, _, _])
        | (OLD, &[0xEC, 0, 1, 1, t0, t1, h0, h1, battery]) => {
            let (celsius, percent) = (i16::from_le_bytes([t0, t1]), u16::from_le_bytes([h0, h1]));
            Ok(climate(Some((i64::from(celsius) * 10, i64::from(percent) * 100)), battery))
        }
        (NOKIA, &[1, 1, a, b, c, battery]) if is_called(&PACKED) => Ok(packed([a, b, c], battery)),
        (NOKIA, &[1, 1, a, b, c, battery, _, _]) if is_called(&[PACKED_AND_TWO]) => Ok(packed([a, b, c], battery)),
        _ => Err(DecodeError::NotOurs),
    }
}

fn packed([a, b, c]: [u8; 3], battery: u8) -> Decoded {
    let number = i64::from(u32::from_be_bytes([0, a & 0x7F, b, c]));
    let magnitude = number / 1000;
    let tenths = if a & 0x80 == 0 { magnitude } else { -magnitude };
    climate(POSSIBLE.contains(&tenths).then_some((tenths * 100, number % 1000 * 1000)), battery)
}

/// Temperature and humidity in steps of their quantities, where the probe has measured them; and the battery.
fn climate(measured: Option<(i64, i64)>, battery: u8) -> Decoded {
    let value = Value::first;
    let mut values = Vec::new();
    if let Some((temperature, humidity)) = measured.filter(|_| battery & 0x80 == 0) {
        values.extend([value(Quantity::Temperature, temperature), value(Quantity::Humidity, humidity)]);
    }
    values.push(value(Quantity::Battery, i64::from(battery & 0x7F)));
    Decoded { values, ..Decoded::empty(Format::Govee) }
}
