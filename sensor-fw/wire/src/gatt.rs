//! The UUIDs of the sensor's own GATT service, chosen at random once (RFC 9562, version 4) and listed here alone.
//!
//! | UUID | what | properties |
//! |---|---|---|
//! | `9473ef6e-5327-4261-8fdb-16a39352cb82` | the service; also the service data of a [pairing advert](crate::pairing_advert) | primary |
//! | `9473ef6f-5327-4261-8fdb-16a39352cb82` | hub → sensor: [pieces](crate::pipe) | write |
//! | `9473ef70-5327-4261-8fdb-16a39352cb82` | sensor → hub: pieces | notify |
//!
//! Everything that is said goes through this one pair, so a sensor's GATT table tells nothing about it.

use core::fmt;

/// A 128-bit UUID.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Uuid(u128);

impl Uuid {
    /// The bytes as they are on the air: least significant first.
    pub const fn to_le_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }

    /// The number, most significant digit first as people write it.
    pub const fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |from_bit: u32, bits: u32| (self.0 >> from_bit) & ((1 << bits) - 1);
        write!(f, "{:08x}-{:04x}-{:04x}-", group(96, 32), group(80, 16), group(64, 16))?;
        write!(f, "{:04x}-{:012x}", group(48, 16), group(0, 48))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

/// The service, and the service data of pairing adverts.
pub const SERVICE: Uuid = Uuid(0x9473_EF6E_5327_4261_8FDB_16A3_9352_CB82);
/// Where the hub writes its pieces.
pub const TO_SENSOR: Uuid = Uuid(0x9473_EF6F_5327_4261_8FDB_16A3_9352_CB82);
/// Where the sensor notifies its pieces.
pub const TO_HUB: Uuid = Uuid(0x9473_EF70_5327_4261_8FDB_16A3_9352_CB82);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_are_written_as_usual() {
        assert_eq!(SERVICE.to_string(), "9473ef6e-5327-4261-8fdb-16a39352cb82");
        assert_eq!(TO_SENSOR.to_string(), "9473ef6f-5327-4261-8fdb-16a39352cb82");
        assert_eq!(TO_HUB.to_string(), "9473ef70-5327-4261-8fdb-16a39352cb82");
        assert_eq!(SERVICE.to_le_bytes()[..3], [0x82, 0xCB, 0x52]);
    }
}
