//! Custom firmware of Xiaomi thermometers (LYWSD03MMC and its kin): service data 0x181A, by length
//! (pvvx/ATC_MiThermometer, `src/custom_beacon.h`, 2026-05-15; it sends BTHome only from version 6 on).
//!
//! | ATC1441, 13 bytes | bytes | what (big-endian) |
//! |---|---|---|
//! | 0 | 6 | address |
//! | 6 | 2 | temperature, signed 0.1 °C |
//! | 8 | 1 | humidity, % |
//! | 9 | 1 | battery, % |
//! | 10 | 2 | battery, mV |
//! | 12 | 1 | packet id |
//!
//! | pvvx, 14 or 15 bytes | bytes | what (little-endian) |
//! |---|---|---|
//! | 0 | 6 | address, reversed |
//! | 6 | 2 | temperature, signed 0.01 °C |
//! | 8 | 2 | humidity, 0.01 % |
//! | 10 | 2 | battery, mV |
//! | 12 | 1 | battery, % |
//! | 13 | 1 | packet id |
//! | 14 | 1 | pins (absent in firmware without a trigger) |
//!
//! | sealed | bytes | what |
//! |---|---|---|
//! | 0 | 1 | packet id |
//! | 1 | 3 | ATC1441 (8 bytes): temperature + 40 °C in 0.5 °C, humidity in 0.5 %, bits 0–6 battery in % |
//! | 1 | 6 | pvvx (11 bytes): temperature, humidity, battery in %, pins |
//! | … | 4 | message integrity check |
//!
//! AES-128-CCM, associated data 0x11, nonce: address (6, reversed) ‖ length of the AD structure ‖ `16 1A 18` ‖ packet id.
//!
//! The packet id of a sealed frame has 8 bits, so its nonces come again after 256 frames, and no counter
//! protects from replay: such a frame is encrypted, has a packet id, and has no counter. The pins are not read: what they
//! mean depends on what the owner soldered to them.

use hub_model::{Address, BindKey, Decoded, Format, Quantity, Value};
use wire::seal::{self, Nonce};

use crate::DecodeError;

/// Environmental Sensing; others than this firmware use it too.
pub(crate) const UUID: u16 = 0x181A;

/// A frame of any of the four layouts; another length is somebody else's.
pub(crate) fn decode(data: &[u8], address: Address, key: Option<&BindKey>) -> Result<Decoded, DecodeError> {
    match *data {
        [a, b, c, d, e, f, t1, t0, humidity, battery, v1, v0, packet_id] => {
            speaks_for_itself(Format::Atc1441, [a, b, c, d, e, f], address)?;
            let readings = [
                (Quantity::Temperature, i64::from(i16::from_be_bytes([t1, t0])) * 100),
                (Quantity::Humidity, i64::from(humidity) * 10_000),
                (Quantity::Battery, i64::from(battery)),
                (Quantity::Voltage, i64::from(u16::from_be_bytes([v1, v0]))),
            ];
            Ok(frame(Format::Atc1441, packet_id, &readings))
        }
        [f, e, d, c, b, a, t0, t1, h0, h1, v0, v1, battery, packet_id]
        | [f, e, d, c, b, a, t0, t1, h0, h1, v0, v1, battery, packet_id, _] => {
            speaks_for_itself(Format::Pvvx, [a, b, c, d, e, f], address)?;
            let readings = [
                temperature([t0, t1]),
                humidity([h0, h1]),
                (Quantity::Battery, i64::from(battery)),
                (Quantity::Voltage, i64::from(u16::from_le_bytes([v0, v1]))),
            ];
            Ok(frame(Format::Pvvx, packet_id, &readings))
        }
        [packet_id, a, b, c, ref mic @ ..] if data.len() == 8 => {
            let [warmth, damp, battery] = open(Format::Atc1441, packet_id, [a, b, c], mic, address, key)?;
            let readings = [
                (Quantity::Temperature, i64::from(warmth) * 500 - 40_000),
                (Quantity::Humidity, i64::from(damp) * 5000),
                (Quantity::Battery, i64::from(battery & 0x7F)),
            ];
            Ok(Decoded { encrypted: true, ..frame(Format::Atc1441, packet_id, &readings) })
        }
        [packet_id, a, b, c, d, e, f, ref mic @ ..] if data.len() == 11 => {
            let [t0, t1, h0, h1, battery, _] = open(Format::Pvvx, packet_id, [a, b, c, d, e, f], mic, address, key)?;
            let readings = [temperature([t0, t1]), humidity([h0, h1]), (Quantity::Battery, i64::from(battery))];
            Ok(Decoded { encrypted: true, ..frame(Format::Pvvx, packet_id, &readings) })
        }
        _ => Err(DecodeError::NotOurs),
    }
}

/// Refuses a frame whose address is not its sender's: it is relayed, forged or in another format of this UUID.
fn speaks_for_itself(format: Format, inside: [u8; 6], address: Address) -> Result<(), DecodeError> {
    let inside = Address::new(inside);
    if inside == address { Ok(()) } else { Err(DecodeError::AddressMismatch { format, inside }) }
}

fn open<const N: usize>(
    format: Format,
    packet_id: u8,
    mut data: [u8; N],
    mic: &[u8],
    address: Address,
    key: Option<&BindKey>,
) -> Result<[u8; N], DecodeError> {
    let key = key.ok_or(DecodeError::MissingKey { format })?;
    let [a, b, c, d, e, f] = address.bytes();
    // Type, UUID, packet id, data and check, as the length byte of the AD structure counts them.
    let length = u8::try_from(3 + 1 + N + 4).map_err(|_| DecodeError::NotOurs)?;
    let nonce = Nonce::Eleven([f, e, d, c, b, a, length, 0x16, 0x1A, 0x18, packet_id]);
    let bad = DecodeError::BadMic { format };
    let mic = mic.try_into().map_err(|_| bad.clone())?;
    seal::open(key.bytes(), &nonce, &[0x11], &mut data, mic).map_err(|_| bad)?;
    Ok(data)
}

fn temperature(bytes: [u8; 2]) -> (Quantity, i64) {
    (Quantity::Temperature, i64::from(i16::from_le_bytes(bytes)) * 10)
}

fn humidity(bytes: [u8; 2]) -> (Quantity, i64) {
    (Quantity::Humidity, i64::from(u16::from_le_bytes(bytes)) * 100)
}

fn frame(format: Format, packet_id: u8, readings: &[(Quantity, i64)]) -> Decoded {
    let values = readings.iter().map(|(quantity, value)| Value::first(*quantity, *value));
    Decoded { packet_id: Some(u32::from(packet_id)), values: values.collect(), ..Decoded::empty(format) }
}
