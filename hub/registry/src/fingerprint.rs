use hub_model::{Command, ReplayRule, Retention};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_128;

use crate::{RegistryError, record};

/// A number by which a command is known again; the same in every version, for requests that cross an update.
///
/// Not a secret's hash in the sense of security: it stands in the file that holds the keys themselves.
pub(crate) fn fingerprint(command: &Command) -> Result<u128, RegistryError> {
    let retention = |r: &Retention| (r.raw_days, r.rollup_days);
    let is_compat = |rule: &ReplayRule| *rule == ReplayRule::Compat;
    match command {
        Command::AdoptDevice { device, name, room, key, replay } => {
            let name = name.as_ref().map(hub_model::Name::as_str);
            let key = key.as_ref().map(hub_model::BindKey::bytes);
            hash(&(0_u8, device.as_u64(), name, room.map(|room| room.0), key, is_compat(replay)))
        }
        Command::NameDevice { device, name } => hash(&(1_u8, device.as_u64(), name.as_str())),
        Command::PlaceDevice { device, room } => hash(&(2_u8, device.as_u64(), room.map(|room| room.0))),
        Command::SecureDevice { device, key, replay } => {
            let key = key.as_ref().map(hub_model::BindKey::bytes);
            hash(&(3_u8, device.as_u64(), key, is_compat(replay)))
        }
        Command::CalibrateDevice { device, quantity, instance, offset } => {
            hash(&(4_u8, device.as_u64(), quantity.code(), instance, offset))
        }
        Command::RetainDevice { device, quantity, retention: kept } => {
            let kept = kept.as_ref().map(retention);
            match quantity {
                None => hash(&(5_u8, device.as_u64(), kept)),
                Some(quantity) => hash(&(10_u8, device.as_u64(), quantity.code(), kept)),
            }
        }
        Command::RemoveDevice { device, keeps_history } => hash(&(6_u8, device.as_u64(), keeps_history)),
        Command::CreateRoom { name } => hash(&(7_u8, name.as_str())),
        Command::NameRoom { room, name } => hash(&(8_u8, room.0, name.as_str())),
        Command::RemoveRoom { room } => hash(&(9_u8, room.0)),
    }
}

fn hash(command: &impl Serialize) -> Result<u128, RegistryError> {
    record::write("requests", command).map(|bytes| xxh3_128(&bytes))
}

#[cfg(test)]
mod tests;
