//! SwitchBot's thermometers: manufacturer data 0x0969 in the advert, service data 0xFD3D (0x0D00 of old) in the scan response; as
//! pySwitchbot reads them (sblibs/pySwitchbot, 2026-07-08) and theengs/decoder's captures say.
//!
//! | service data | bytes | what |
//! |---|---|---|
//! | 0 | 1 | model: `T` Meter, `i` Meter Plus, `w` Indoor/Outdoor, `4` Meter Pro, `5` Meter Pro CO₂; `t I W`, 0x14, 0x15 alike |
//! | 1 | 1 | flags |
//! | 2 | 1 | battery, bits 0–6 in % |
//! | 3 | 3 | climate; of Meter and Meter Plus only |
//!
//! | manufacturer data | bytes | what |
//! |---|---|---|
//! | 0 | 6 | address |
//! | 6 | 2 | counter, flags |
//! | 8 | 3 | climate |
//! | 13 | 2 | CO₂, ppm, big-endian; of Meter Pro CO₂ only; up to 9999 |
//!
//! Climate is three bytes: tenths of °C in bits 0–3; whole °C in bits 0–6 and in bit 7 whether it is above zero; humidity in bits 0–6, in
//! %. All zero is no measurement.
//!
//! Which model it is stands in the scan response alone, and SwitchBot's curtains, bots and locks send manufacturer data as long as
//! the meters' (a curtain's would pass for −17 °C): without service data it is read only when the sender's name says what it is.
//! So SwitchBot needs an active scan.

use hub_model::{Address, Decoded, Format, Quantity, RawAdvert, Value};

use crate::DecodeError;

/// Woan Technology (Shenzhen) Co., Ltd.: SwitchBot.
pub(crate) const COMPANY: u16 = 0x0969;
/// Woan Technology's service.
pub(crate) const UUID: u16 = 0xFD3D;
/// The same, of firmware before 2022.
pub(crate) const OLD_UUID: u16 = 0x0D00;

const FORMAT: Format = Format::SwitchBot;
/// What meters call themselves, and how long their manufacturer data are.
const NAMES: [(&str, usize); 2] = [("WoSensorTH", 11), ("WoIOSensorTH", 12)];
/// The most that a Meter Pro CO₂ measures, ppm.
const MOST_CO2: u16 = 9999;

/// Both parts, or the one that was heard.
pub(crate) fn decode(advert: &RawAdvert) -> Result<Decoded, DecodeError> {
    let service = advert.service_data.iter().find(|(uuid, _)| matches!(*uuid, UUID | OLD_UUID)).map(|(_, data)| data);
    let maker = advert.manufacturer_data.iter().find(|(company, _)| *company == COMPANY).map(|(_, data)| data);
    let mut readings = Vec::new();
    match service.map(Vec::as_slice) {
        Some(data) => {
            let (model, length) = (data.first().ok_or(DecodeError::NotOurs)?, data.len());
            let tells_co2 = matches!(model, b'5' | 0x15);
            if !matches!(model, b'T' | b't' | b'I' | b'i' | b'W' | b'w' | b'4' | 0x14) && !tells_co2 {
                return Err(DecodeError::NotOurs);
            }
            let battery = data.get(2).ok_or(DecodeError::Truncated { format: FORMAT, length, needed: 3 })? & 0x7F;
            match (maker, data) {
                (Some(maker), _) => readings.extend(measured(maker, advert.address, tells_co2)?),
                (None, [b'T' | b't' | b'I' | b'i', _, _, a, b, c]) => readings.extend(climate([*a, *b, *c])?),
                (None, _) => {}
            }
            readings.push(Value::first(Quantity::Battery, battery.into()));
        }
        None => {
            let (maker, name) = maker.zip(advert.name.as_deref()).ok_or(DecodeError::NotOurs)?;
            if !NAMES.iter().any(|(start, length)| name.starts_with(start) && maker.len() == *length) {
                return Err(DecodeError::NotOurs);
            }
            readings.extend(measured(maker, advert.address, false)?);
        }
    }
    Ok(Decoded { values: readings, ..Decoded::empty(FORMAT) })
}

/// What manufacturer data say.
fn measured(data: &[u8], address: Address, tells_co2: bool) -> Result<Vec<Value>, DecodeError> {
    let truncated = |needed| DecodeError::Truncated { format: FORMAT, length: data.len(), needed };
    let &[a, b, c, d, e, f, _, _, tenths, whole, humidity, ref rest @ ..] = data else { return Err(truncated(11)) };
    let inside = Address::new([a, b, c, d, e, f]);
    if inside != address {
        return Err(DecodeError::AddressMismatch { format: FORMAT, inside });
    }
    let mut readings = climate([tenths, whole, humidity])?;
    if tells_co2 {
        let &[_, _, upper, lower, ..] = rest else { return Err(truncated(15)) };
        let ppm = u16::from_be_bytes([upper, lower]);
        readings.extend((ppm <= MOST_CO2).then(|| Value::first(Quantity::Co2, ppm.into())));
    }
    Ok(readings)
}

/// Temperature and humidity; nothing where nothing was measured.
fn climate([tenths, whole, humidity]: [u8; 3]) -> Result<Vec<Value>, DecodeError> {
    let (tenths, degrees, percent) = (tenths & 0x0F, whole & 0x7F, humidity & 0x7F);
    if tenths > 9 {
        return Err(DecodeError::Impossible { format: FORMAT });
    }
    let magnitude = i64::from(degrees) * 1000 + i64::from(tenths) * 100;
    if magnitude == 0 && percent == 0 {
        return Ok(Vec::new());
    }
    let temperature = if whole & 0x80 == 0 { -magnitude } else { magnitude };
    Ok(vec![
        Value::first(Quantity::Temperature, temperature),
        Value::first(Quantity::Humidity, i64::from(percent) * 10_000),
    ])
}
