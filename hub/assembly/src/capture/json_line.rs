//! One advert as one JSON object: `{"t", "address", "rssi", "service_data", "manufacturer_data"}`.

use std::collections::BTreeMap;

use hub_decode::{parse_key, parse_parts};
use hub_model::{Address, RawAdvert, Stamp, UnixMillis};
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
    let key = line.bindkey.as_deref().map(parse_key).transpose().map_err(|error| error.to_string())?;
    let advert = RawAdvert {
        rssi: line.rssi,
        name: line.name,
        service_data: parts("service_data", &line.service_data)?,
        manufacturer_data: parts("manufacturer_data", &line.manufacturer_data)?,
        ..RawAdvert::new(address, Stamp::wall(at))
    };
    Ok(Captured { at, advert, key })
}

fn parts(field: &str, parts: &BTreeMap<String, String>) -> Result<Vec<(u16, Vec<u8>)>, String> {
    let pairs = parts.iter().map(|(name, digits)| (name.as_str(), digits.as_str()));
    parse_parts(pairs).map_err(|error| format!("{field}: {error}"))
}
