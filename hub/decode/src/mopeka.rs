//! Mopeka's tank gauges of the Pro kind: manufacturer data of company 0x0059; as mopeka-iot-ble reads them
//! (Bluetooth-Devices/mopeka-iot-ble, 2026-02-16) and theengs/decoder's captures say.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 1 | model |
//! | 1 | 1 | battery, bits 0–6 in 1/32 V; full at 2.85 V, empty at 2.2 V |
//! | 2 | 1 | temperature, bits 0–6 in °C + 40; bit 7: the button is held |
//! | 3 | 2 | echo, bits 0–13, little-endian; bits 14–15: its quality, 0 none |
//! | 5 | 3 | end of the address |
//! | 8 | 2 | tilt |
//!
//! | model | | through |
//! |---|---|---|
//! | 0x03, 0x06, 0x0C | Pro Check, Lippert BottleCheck, Pro Check Universal | propane |
//! | 0x04, 0x12, 0x08, 0x09 | Pro-200, Pro-200B, Pro Plus, Pro Plus with a modem | propane |
//! | 0x05 | Pro Check H2O | water |
//! | 0x0A, 0x0B | TD40 and TD200, which look from above | air |
//!
//! An echo becomes a distance by the speed of sound, which depends on what is in the tank and on its temperature: mm = echo × (a + b·t
//! \+ c·t²), t as sent. What is in the tank is not said, so it is taken to be what the model is sold for. By these
//! coefficients, a gauge for propane under a tank of water reads 36 % (at 0 °C) to 59 % (at 40 °C) too little.
//!
//! 0x0059 is the number of Nordic, whose chips send much else under it: a frame is Mopeka's when it has this length and model and
//! ends the address of its sender. Heard passively. The gauges before Pro (Check, of company 0x000D) are not read.

use hub_model::{Address, Decoded, Format, Quantity, Value};

use crate::{DecodeError, quotient::rounded};

/// Nordic Semiconductor ASA.
pub(crate) const COMPANY: u16 = 0x0059;

/// Coefficients of the distance, in 10⁻⁹ mm.
type Medium = [i64; 3];
const PROPANE: Medium = [573_045_000, -2_822_000, -5_350];
const WATER: Medium = [600_592_000, 3_124_000, -13_680];
const AIR: Medium = [153_096_000, 327_000, -294];

/// A frame, if it is one.
pub(crate) fn decode(data: &[u8], address: Address) -> Result<Decoded, DecodeError> {
    let &[model, battery, temperature, echo, quality, d, e, f, _, _] = data else { return Err(DecodeError::NotOurs) };
    let medium = match model {
        0x03 | 0x04 | 0x06 | 0x08 | 0x09 | 0x0C | 0x12 => PROPANE,
        0x05 => WATER,
        0x0A | 0x0B => AIR,
        _ => return Err(DecodeError::NotOurs),
    };
    let [_, _, _, end @ ..] = address.bytes();
    if end != [d, e, f] {
        return Err(DecodeError::NotOurs);
    }
    let (volts, temperature) = (i64::from(battery & 0x7F), i64::from(temperature & 0x7F));
    let echo = (quality >> 6 != 0).then(|| i64::from(u16::from_le_bytes([echo, quality & 0x3F])));
    let readings = [
        (Quantity::Temperature, Some((temperature - 40) * 1000)),
        (Quantity::Voltage, Some(rounded(volts * 1000, 32))),
        // (volts ÷ 32 − 2.2) ÷ 0.65, in percent.
        (Quantity::Battery, Some(rounded((volts * 1000 - 70_400) * 100, 20_800).clamp(0, 100))),
        (Quantity::Distance, echo.map(|echo| distance(echo, temperature, medium))),
    ];
    let values = readings.into_iter().filter_map(|(quantity, value)| Some(Value::first(quantity, value?)));
    Ok(Decoded { values: values.collect(), ..Decoded::empty(Format::Mopeka) })
}

/// Millimetres, at a temperature as sent.
const fn distance(echo: i64, temperature: i64, [a, b, c]: Medium) -> i64 {
    rounded(echo * (a + b * temperature + c * temperature * temperature), 1_000_000_000)
}
