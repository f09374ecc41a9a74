//! Ruuvi data formats 3, 5 and 6: manufacturer data of company 0x0499, big-endian (docs.ruuvi.com, 2025-11-14).
//!
//! | 3 (RAWv1) | bytes | what |
//! |---|---|---|
//! | 0 | 1 | 3 |
//! | 1 | 1 | humidity, 0.5 % |
//! | 2 | 2 | temperature: sign bit and whole degrees, then hundredths (0–99) |
//! | 4 | 2 | pressure − 50 000 Pa |
//! | 6 | 3 × 2 | acceleration x, y, z, signed milli-g |
//! | 12 | 2 | battery, mV |
//!
//! | 5 (RAWv2) | bytes | what | absent |
//! |---|---|---|---|
//! | 0 | 1 | 5 | |
//! | 1 | 2 | temperature, signed 0.005 °C | 0x8000 |
//! | 3 | 2 | humidity, 0.0025 % | 0xFFFF |
//! | 5 | 2 | pressure − 50 000 Pa | 0xFFFF |
//! | 7 | 3 × 2 | acceleration x, y, z, signed milli-g | 0x8000 |
//! | 13 | 2 | 11 bits battery − 1600 mV, 5 bits (transmit power + 40 dBm) ÷ 2 | 2047, 31 |
//! | 15 | 1 | movements | 0xFF |
//! | 16 | 2 | measurement sequence | 0xFFFF |
//! | 18 | 6 | address | |
//!
//! | 6 (Ruuvi Air) | bytes | what | absent |
//! |---|---|---|---|
//! | 0 | 1 | 6 | |
//! | 1 | 3 × 2 | temperature, humidity, pressure as in 5 | as in 5 |
//! | 7 | 2 | PM2.5, 0.1 µg/m³ | 0xFFFF |
//! | 9 | 2 | CO₂, ppm | 0xFFFF |
//! | 11 | 1 | VOC index, upper 8 of 9 bits | 511 |
//! | 12 | 1 | NOx index, upper 8 of 9 bits | 511 |
//! | 13 | 1 | illuminance: `65 536^(code ÷ 254) − 1` lx | 0xFF |
//! | 14 | 1 | reserved | |
//! | 15 | 1 | measurement sequence | |
//! | 16 | 1 | flags: bit 0 calibrating, bit 6 lowest bit of VOC, bit 7 of NOx | |
//! | 17 | 3 | end of the address | |

use hub_model::{Decoded, Fact, Format, Quantity, Value};

use crate::DecodeError;

/// Ruuvi Innovations Ltd.
pub(crate) const COMPANY: u16 = 0x0499;

/// A frame of any of the formats.
pub(crate) fn decode(data: &[u8]) -> Result<Decoded, DecodeError> {
    let Some(data_format) = data.first().copied() else {
        return Err(DecodeError::NotOurs);
    };
    match data_format {
        3 => format_3(fields(data, Format::Ruuvi3)?),
        5 => format_5(fields(data, Format::Ruuvi5)?),
        6 => format_6(fields(data, Format::Ruuvi6)?),
        _ => Err(DecodeError::UnsupportedFormat { data_format }),
    }
}

/// The first `N` bytes; a frame may carry more behind them.
fn fields<const N: usize>(data: &[u8], format: Format) -> Result<&[u8; N], DecodeError> {
    data.first_chunk::<N>().ok_or(DecodeError::Truncated { format, length: data.len(), needed: N })
}

fn format_3(fields: &[u8; 14]) -> Result<Decoded, DecodeError> {
    let [_, humidity, whole, hundredths, pressure @ .., v1, v0] = *fields;
    let [p1, p0, x1, x0, y1, y0, z1, z0] = pressure;
    let mut readings = Readings::default();
    let degrees = i64::from(whole & 0x7F) * 1000 + i64::from(hundredths) * 10;
    let temperature = if whole & 0x80 == 0 { degrees } else { -degrees };
    // The fraction of a sound reading ends at 99.
    readings.add(Quantity::Temperature, (hundredths < 100).then_some(temperature));
    readings.add(Quantity::Humidity, Some(i64::from(humidity) * 5000));
    readings.add(Quantity::Pressure, Some(i64::from(u16::from_be_bytes([p1, p0])) + 50_000));
    readings.acceleration([[x1, x0], [y1, y0], [z1, z0]]);
    readings.add(Quantity::Voltage, Some(i64::from(u16::from_be_bytes([v1, v0]))));
    Ok(Decoded { values: readings.0, ..Decoded::empty(Format::Ruuvi3) })
}

fn format_5(fields: &[u8; 24]) -> Result<Decoded, DecodeError> {
    let [_, t1, t0, h1, h0, p1, p0, x1, x0, y1, y0, z1, z0, w1, w0, movements, s1, s0, ..] = *fields;
    let mut readings = Readings::default();
    readings.climate([t1, t0], [h1, h0], [p1, p0]);
    readings.acceleration([[x1, x0], [y1, y0], [z1, z0]]);
    let power = u16::from_be_bytes([w1, w0]);
    let (voltage, transmit) = (i64::from(power >> 5), i64::from(power & 0x1F));
    readings.add(Quantity::Voltage, (voltage != 2047).then_some(voltage + 1600));
    readings.add(Quantity::TxPower, (transmit != 31).then_some(transmit * 2 - 40));
    readings.add(Quantity::MovementCounter, (movements != 0xFF).then_some(i64::from(movements)));
    let sequence = Some(u16::from_be_bytes([s1, s0])).filter(|number| *number != 0xFFFF);
    Ok(sequenced(Format::Ruuvi5, readings, sequence.map(u32::from)))
}

fn format_6(fields: &[u8; 20]) -> Result<Decoded, DecodeError> {
    let [_, t1, t0, h1, h0, p1, p0, d1, d0, c1, c0, voc, nox, light, _, sequence, flags, ..] = *fields;
    let mut readings = Readings::default();
    readings.climate([t1, t0], [h1, h0], [p1, p0]);
    readings.add(Quantity::Pm2_5, unsigned([d1, d0]));
    readings.add(Quantity::Co2, unsigned([c1, c0]));
    readings.add(Quantity::VocIndex, nine_bits(voc, flags >> 6));
    readings.add(Quantity::NoxIndex, nine_bits(nox, flags >> 7));
    readings.add(Quantity::Illuminance, (light != 0xFF).then(|| illuminance(light)).flatten());
    Ok(sequenced(Format::Ruuvi6, readings, Some(u32::from(sequence))))
}

/// A frame with its sequence number, by which repetitions are known.
fn sequenced(format: Format, readings: Readings, sequence: Option<u32>) -> Decoded {
    let facts = sequence.map(Fact::Sequence).into_iter().collect();
    Decoded { values: readings.0, packet_id: sequence, facts, ..Decoded::empty(format) }
}

#[derive(Default)]
struct Readings(Vec<Value>);

impl Readings {
    fn add(&mut self, quantity: Quantity, value: Option<i64>) {
        self.0.extend(value.map(|value| Value::first(quantity, value)));
    }

    /// Temperature, humidity and pressure as formats 5 and 6 have them.
    fn climate(&mut self, temperature: [u8; 2], humidity: [u8; 2], pressure: [u8; 2]) {
        self.add(Quantity::Temperature, signed(temperature).map(|steps| steps * 5));
        self.add(Quantity::Humidity, unsigned(humidity).map(|steps| steps * 25));
        self.add(Quantity::Pressure, unsigned(pressure).map(|pascal| pascal + 50_000));
    }

    fn acceleration(&mut self, axes: [[u8; 2]; 3]) {
        let quantities = [Quantity::AccelerationX, Quantity::AccelerationY, Quantity::AccelerationZ];
        for (quantity, axis) in quantities.into_iter().zip(axes) {
            self.add(quantity, signed(axis).map(milli_g));
        }
    }
}

/// Steps of 0.00001 m/s² of so many thousandths of 9.80665 m/s², rounded half away from zero.
const fn milli_g(milli_g: i64) -> i64 {
    let thousandths = milli_g * 980_665;
    (thousandths + 500 * thousandths.signum()) / 1000
}

fn signed(bytes: [u8; 2]) -> Option<i64> {
    Some(i16::from_be_bytes(bytes)).filter(|number| *number != i16::MIN).map(i64::from)
}

fn unsigned(bytes: [u8; 2]) -> Option<i64> {
    Some(u16::from_be_bytes(bytes)).filter(|number| *number != u16::MAX).map(i64::from)
}

/// A number whose lowest bit stands in the flags.
fn nine_bits(upper: u8, lowest: u8) -> Option<i64> {
    Some((u16::from(upper) << 1) | u16::from(lowest & 1)).filter(|number| *number != 0x1FF).map(i64::from)
}

/// The illuminance of a logarithmic code, in 0.01 lx.
fn illuminance(code: u8) -> Option<i64> {
    Quantity::Illuminance.from_f64(65_536_f64.powf(f64::from(code) / 254.0) - 1.0)
}
