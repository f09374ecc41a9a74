//! One advert as one JSON object: `{"t", "address", "rssi", "service_data", "manufacturer_data"}`.

use std::collections::BTreeMap;

use hub_model::{Address, BindKey, RawAdvert, ReceiverId, Stamp, UnixMillis};
use jiff::Timestamp;
use serde::Deserialize;

use super::Captured;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    t: String,
    address: String,
    rssi: Option<i8>,
    name: Option<String>,
    bindkey: Option<String>,
    #[serde(default)]
    service_data: BTreeMap<String, String>,
    #[serde(default)]
    manufacturer_data: BTreeMap<String, String>,
}

pub(super) fn parse(text: &[u8]) -> Result<Captured, String> {
    let line: Line = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let t: Timestamp =
        line.t.parse().map_err(|_| format!("t is {:?}; expected RFC 3339 such as 2026-11-21T04:00:00Z", line.t))?;
    let at = UnixMillis(t.as_millisecond());
    let address: Address = line.address.parse().map_err(|error| format!("address: {error}"))?;
    let key = line.bindkey.as_deref().map(parse_key).transpose()?;
    let advert = RawAdvert {
        address,
        receiver: ReceiverId::NONE,
        rssi: line.rssi,
        at: Stamp::wall(at),
        received_us: 0,
        name: line.name,
        service_data: parts("service_data", line.service_data)?,
        manufacturer_data: parts("manufacturer_data", line.manufacturer_data)?,
    };
    Ok(Captured { at, advert, key })
}

fn parse_key(text: &str) -> Result<BindKey, String> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text, &mut bytes).map_err(|error| format!("bindkey: {error}; expected 32 hex digits"))?;
    Ok(BindKey::new(bytes))
}

fn parts(field: &str, parts: BTreeMap<String, String>) -> Result<Vec<(u16, Vec<u8>)>, String> {
    let part = |(id, data): (String, String)| {
        let number = u16::from_str_radix(id.trim_start_matches("0x"), 16)
            .map_err(|_| format!("{field} has the key {id:?}; expected up to four hex digits such as fcd2"))?;
        let bytes = hex::decode(&data).map_err(|error| format!("{field}.{id}: {error}; expected bytes in hex"))?;
        Ok((number, bytes))
    };
    parts.into_iter().map(part).collect()
}
