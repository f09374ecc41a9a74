//! Aranet's air monitors with *smart home integrations* switched on: manufacturer data of company 0x0702, little-endian; as the
//! community's library reads them (Anrijs/Aranet4-Python, 2026-02-09; its docs/UUIDs.md).
//!
//! | Aranet4 | Aranet2, AranetRn | bytes | what |
//! |---|---|---|---|
//! | | 0 | 1 | 1 Aranet2, 2 radiation, 3 radon |
//! | 0 | 1 | 1 | bit 5: integrations are switched on |
//! | 1 | 2 | 3 | firmware: patch, minor, major |
//! | 4 | 5 | 4 or 3 | any |
//! | 8 | | 2 | CO₂, ppm |
//! | | 8 | 2 | AranetRn: radon, Bq/m³ |
//! | 10 | 10 | 2 | temperature, signed 0.05 °C |
//! | 12 | 12 | 2 | pressure, 0.1 hPa; 0 in Aranet2 |
//! | 14 | 14 | 1 or 2 | humidity, % or 0.1 % |
//! | | 16 | 1 | any |
//! | 15 | 17 | 1 | battery, % |
//! | 16 | 18 | 1 | colour |
//! | 17 | 19 | 2 | seconds between measurements |
//! | 19 | 21 | 2 | seconds since this one; the hub calls it as old as its advert |
//! | 21 | 23 | 1 | counter |
//!
//! What is not measured now has its top bit set, or of a temperature the one below. AranetRn1 measures neither temperature nor
//! humidity and sends 0 for both. There is no quantity for radon and radiation: of the first all else is read, the second's frames are
//! not ours. Heard passively.

use hub_model::{Decoded, Format, Quantity, Value};

use crate::DecodeError;

/// Akciju sabiedriba "SAF Tehnika": Aranet.
pub(crate) const COMPANY: u16 = 0x0702;

const FORMAT: Format = Format::Aranet;
const ARANET4: usize = 22;
const IS_SHARED: u8 = 1 << 5;
/// Coldest that any of them measures, 0.05 °C: −40 °C (data sheet of Aranet2).
const COLDEST: i16 = -800;

/// A frame with measurements, or why there are none.
pub(crate) fn decode(data: &[u8]) -> Result<Decoded, DecodeError> {
    let (values, counter) = match *data {
        #[rustfmt::skip]
        [flags, _, _, _, _, _, _, _, c0, c1, t0, t1, p0, p1, humidity, battery, _, _, _, _, _, counter] => {
            shared(flags)?;
            let co2 = unsigned([c0, c1], 1);
            let humidity = Some(i64::from(humidity) * 10_000);
            (readings([co2, temperature([t0, t1]), unsigned([p0, p1], 10), humidity], battery), counter)
        }
        #[rustfmt::skip]
        [model @ (1 | 3), flags, _, _, _, _, _, _, _, _, t0, t1, p0, p1, h0, h1, _, battery, _, _, _, _, _, counter] => {
            shared(flags)?;
            let has_climate = [t0, t1, h0, h1] != [0; 4];
            let temperature = temperature([t0, t1]).filter(|_| has_climate);
            let humidity = unsigned([h0, h1], 1000).filter(|_| has_climate);
            let pressure = unsigned([p0, p1], 10).filter(|_| model == 3);
            (readings([None, temperature, pressure, humidity], battery), counter)
        }
        [flags, ..] if data.len() < ARANET4 => {
            shared(flags)?;
            return Err(DecodeError::Truncated { format: FORMAT, length: data.len(), needed: ARANET4 });
        }
        _ => return Err(DecodeError::NotOurs),
    };
    Ok(Decoded { values, packet_id: Some(counter.into()), ..Decoded::empty(FORMAT) })
}

const fn shared(flags: u8) -> Result<(), DecodeError> {
    if flags & IS_SHARED == 0 { Err(DecodeError::NotShared { format: FORMAT }) } else { Ok(()) }
}

/// CO₂, temperature, pressure and humidity as far as they are measured, and the battery.
fn readings(measured: [Option<i64>; 4], battery: u8) -> Vec<Value> {
    let quantities = [Quantity::Co2, Quantity::Temperature, Quantity::Pressure, Quantity::Humidity];
    let measured = quantities.into_iter().zip(measured);
    let battery = (Quantity::Battery, Some(i64::from(battery)));
    let all = measured.chain([battery]);
    all.filter_map(|(quantity, value)| Some(Value::first(quantity, value?))).collect()
}

fn temperature(bytes: [u8; 2]) -> Option<i64> {
    let twentieths = i16::from_le_bytes(bytes);
    (COLDEST..1 << 14).contains(&twentieths).then(|| i64::from(twentieths) * 50)
}

fn unsigned(bytes: [u8; 2], step: i64) -> Option<i64> {
    let number = u16::from_le_bytes(bytes);
    (number >> 15 == 0).then(|| i64::from(number) * step)
}
