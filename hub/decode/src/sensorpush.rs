//! SensorPush's thermometers: manufacturer data whose first two bytes, where others put their company, are data too; as sensorpush-ble
//! reads them (Bluetooth-Devices/sensorpush-ble, 2025-10-11).
//!
//! | HT.w, HTP.xw, TC.x | bytes | what |
//! |---|---|---|
//! | 0 | 1 | bits 0–1: page, 0 has readings; bits 2–7: 0 HTP.xw, 1 HT.w, 2 TC.x |
//! | 1 | 3 to 6 | one number, least significant byte first, with a digit for each reading in this order, each in its own base |
//!
//! | model | bytes | temperature | humidity | pressure |
//! |---|---|---|---|---|
//! | HTP.xw | 7 | −40 °C + 0.0025 °C × digit of base 72 001 | 0.0025 % × digit of base 40 001 | 300 hPa + 1 Pa × digit of base 95 001 |
//! | HT.w | 5 | −40 °C + 0.0025 °C × digit of base 66 001 | 0.0025 % × digit of base 40 001 | |
//! | TC.x | 4 or 5 | −200 °C + 0.0625 °C × digit of base 32 001 | | |
//!
//! | HT1 | bits | what |
//! |---|---|---|
//! | 0 | 12 | humidity: −6 % + 125 % × number ÷ 4096, never below 0 nor above 100 |
//! | 12 | 14 | temperature: −46.85 °C + 175.72 °C × number ÷ 16 384 |
//! | 26 | 5 | 1 |
//!
//! The bits of an HT1 are those of 32, least significant byte first; the formulas are the probe's (Sensirion SHT2x data sheet, 6).
//!
//! Since any company may stand in the first two bytes, a frame is SensorPush's only when its sender's name is (an HT1 is called
//! `s`). HT1 says its name beside its readings and is heard passively; the others say theirs in the scan response
//! (custom-components/ble_monitor issue 449), so they need an active scan.

use hub_model::{Decoded, Format, Quantity, Value};

use crate::{DecodeError, quotient::rounded};

const FORMAT: Format = Format::SensorPush;
const HT1: &str = "s";
const PREFIX: &str = "SensorPush ";

/// One model: what it is called, its number in the first byte, how long its frames are, and its digits.
struct Model {
    name: &'static str,
    number: u8,
    lengths: [usize; 2],
    digits: &'static [Digit],
}

/// One reading: `start + step × digit` in ten-thousandths of its unit (of hPa: in hundredths).
struct Digit {
    quantity: Quantity,
    base: u64,
    start: i64,
    step: i64,
}

const HUMIDITY: Digit = Digit { quantity: Quantity::Humidity, base: 40_001, start: 0, step: 25 };

const MODELS: [Model; 3] = [
    Model {
        name: "HTP.xw",
        number: 0,
        lengths: [7, 7],
        digits: &[
            Digit { quantity: Quantity::Temperature, base: 72_001, start: -400_000, step: 25 },
            HUMIDITY,
            Digit { quantity: Quantity::Pressure, base: 95_001, start: 30_000, step: 1 },
        ],
    },
    Model {
        name: "HT.w",
        number: 1,
        lengths: [5, 5],
        digits: &[Digit { quantity: Quantity::Temperature, base: 66_001, start: -400_000, step: 25 }, HUMIDITY],
    },
    Model {
        name: "TC",
        number: 2,
        lengths: [4, 5],
        digits: &[Digit { quantity: Quantity::Temperature, base: 32_001, start: -2_000_000, step: 625 }],
    },
];

/// Is it what one of them calls itself, such as `SensorPush HT.w 0CA1`?
pub(crate) fn is_name(name: &str) -> bool {
    name == HT1 || model(name).is_some()
}

fn model(name: &str) -> Option<&'static Model> {
    let name = name.strip_prefix(PREFIX)?;
    MODELS.iter().find(|model| name.starts_with(model.name))
}

/// Manufacturer data with the two bytes of the company, of a sender of such a name.
pub(crate) fn decode(name: &str, data: &[u8]) -> Result<Decoded, DecodeError> {
    let values = match (model(name), data) {
        (None, &[a, b, c, d]) if name == HT1 && d >> 2 & 0x1F == 1 => ht1(u32::from_le_bytes([a, b, c, d])),
        (Some(model), [first, packed @ ..]) if first & 3 == 0 && first >> 2 == model.number => {
            let [least, most] = model.lengths;
            if data.len() < least {
                return Err(DecodeError::Truncated { format: FORMAT, length: data.len(), needed: least });
            }
            if data.len() > most {
                return Err(DecodeError::NotOurs);
            }
            digits(packed, model.digits)?
        }
        _ => return Err(DecodeError::NotOurs),
    };
    Ok(Decoded { values, ..Decoded::empty(FORMAT) })
}

fn digits(packed: &[u8], digits: &[Digit]) -> Result<Vec<Value>, DecodeError> {
    let mut rest = packed.iter().rfold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let mut values = Vec::new();
    for Digit { quantity, base, start, step } in digits {
        let digit = i64::try_from(rest % base).map_err(|_| DecodeError::Impossible { format: FORMAT })?;
        rest /= base;
        let value = start + step * digit;
        // A temperature is held in thousandths of °C.
        let value = if *quantity == Quantity::Temperature { rounded(value, 10) } else { value };
        values.push(Value::first(*quantity, value));
    }
    if rest == 0 { Ok(values) } else { Err(DecodeError::Impossible { format: FORMAT }) }
}

fn ht1(bits: u32) -> Vec<Value> {
    let (humidity, temperature) = (i64::from(bits & 0xFFF), i64::from(bits >> 12 & 0x3FFF));
    let humidity = (rounded(1_250_000 * humidity, 4096) - 60_000).clamp(0, 1_000_000);
    let temperature = rounded(175_720 * temperature, 16_384) - 46_850;
    vec![Value::first(Quantity::Temperature, temperature), Value::first(Quantity::Humidity, humidity)]
}
