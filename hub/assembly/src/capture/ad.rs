//! Advertising data: a row of `length | type | bytes` structures (Core Specification Supplement, Part A).

/// What the structures of one advert hold.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Payload {
    /// The complete or shortened local name.
    pub name: Option<String>,
    /// Service data by 16-bit UUID (type 0x16).
    pub service_data: Vec<(u16, Vec<u8>)>,
    /// Manufacturer data by company identifier (type 0xFF).
    pub manufacturer_data: Vec<(u16, Vec<u8>)>,
}

/// Reads the structures; one that is cut off ends the reading, and what came before stays.
pub(super) fn parse(mut bytes: &[u8]) -> Payload {
    let mut payload = Payload::default();
    while let Some((&length, rest)) = bytes.split_first() {
        let Some((structure, rest)) = rest.split_at_checked(usize::from(length)) else { break };
        bytes = rest;
        match structure {
            [0x08 | 0x09, name @ ..] => payload.name = Some(String::from_utf8_lossy(name).into_owned()),
            [0x16, low, high, data @ ..] => {
                payload.service_data.push((u16::from_le_bytes([*low, *high]), data.to_vec()));
            }
            [0xFF, low, high, data @ ..] => {
                payload.manufacturer_data.push((u16::from_le_bytes([*low, *high]), data.to_vec()));
            }
            _ => {}
        }
    }
    payload
}
