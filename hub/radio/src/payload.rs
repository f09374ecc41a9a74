use std::collections::HashMap;

use bluer::Uuid;

/// The tail of every 16-bit UUID (Bluetooth Core Specification, Vol 3, Part B, 2.5.1).
const BASE: u128 = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB;

/// The 16-bit form of a UUID, if it has one.
fn short(uuid: Uuid) -> Option<u16> {
    let value = uuid.as_u128();
    let head = u16::try_from(value >> 96).ok()?;
    (value == (u128::from(head) << 96) | BASE).then_some(head)
}

/// Service data with other UUIDs, in order of the UUID.
pub(crate) fn long_service_data(data: &HashMap<Uuid, Vec<u8>>) -> Vec<(u128, Vec<u8>)> {
    let long = data.iter().filter(|(uuid, _)| short(**uuid).is_none());
    let mut data: Vec<_> = long.map(|(uuid, bytes)| (uuid.as_u128(), bytes.clone())).collect();
    data.sort();
    data
}

/// Service data with 16-bit UUIDs, in order of the UUID.
pub(crate) fn service_data(data: HashMap<Uuid, Vec<u8>>) -> Vec<(u16, Vec<u8>)> {
    let mut data: Vec<_> = data.into_iter().filter_map(|(uuid, bytes)| Some((short(uuid)?, bytes))).collect();
    data.sort();
    data
}

/// Manufacturer data in order of the company identifier.
pub(crate) fn manufacturer_data(data: HashMap<u16, Vec<u8>>) -> Vec<(u16, Vec<u8>)> {
    let mut data: Vec<_> = data.into_iter().collect();
    data.sort();
    data
}
