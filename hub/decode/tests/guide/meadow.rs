//! Meadow's garden thermometers (made up): manufacturer data of company 0xFFFF, little-endian.
//!
//! | byte | bytes | what | absent |
//! |---|---|---|---|
//! | 0 | 2 | 4D 31, "M1" | |
//! | 2 | 2 | temperature, signed 0.01 °C | 0x8000 |
//! | 4 | 1 | humidity, 0.5 % | 0xFF |
//! | 5 | 1 | battery, % | |
//! | 6 | 1 | sum of the bytes before | |
//!
//! 0xFFFF is anybody's, so a frame is Meadow's only when it begins with its mark. Heard passively.

use hub_decode::DecodeError;
use hub_model::{Decoded, Format, Quantity, Value};

/// Anybody's, for trials (Bluetooth Assigned Numbers, 7.1).
pub(crate) const COMPANY: u16 = 0xFFFF;

/// A row of its own in a real one; a device that is made up has none and borrows one.
const FORMAT: Format = Format::Govee;
const MARK: [u8; 2] = *b"M1";

/// A frame, if it begins with the mark.
pub(crate) fn decode(data: &[u8]) -> Result<Decoded, DecodeError> {
    if !data.starts_with(&MARK) {
        return Err(DecodeError::NotOurs);
    }
    let Some(&[m, n, t0, t1, humidity, battery, sum]) = data.first_chunk() else {
        return Err(DecodeError::Truncated { format: FORMAT, length: data.len(), needed: 7 });
    };
    if [m, n, t0, t1, humidity, battery].into_iter().fold(0, u8::wrapping_add) != sum {
        return Err(DecodeError::BadChecksum { format: FORMAT });
    }
    let temperature = Some(i16::from_le_bytes([t0, t1])).filter(|hundredths| *hundredths != i16::MIN);
    let humidity = Some(humidity).filter(|halves| *halves != 0xFF);
    let readings = [
        // In steps of the quantity: 0.001 °C, 0.0001 %, 1 %.
        (Quantity::Temperature, temperature.map(|hundredths| i64::from(hundredths) * 10)),
        (Quantity::Humidity, humidity.map(|halves| i64::from(halves) * 5000)),
        (Quantity::Battery, Some(i64::from(battery))),
    ];
    let values =
        readings.into_iter().filter_map(|(quantity, value)| Some(Value { quantity, instance: 0, value: value? }));
    Ok(Decoded { values: values.collect(), ..Decoded::empty(FORMAT) })
}
