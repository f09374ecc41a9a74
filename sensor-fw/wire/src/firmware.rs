//! What a sensor's program and its board are called.

use core::fmt;

/// A version of the program, the most important part first: what BTHome's object 0xF1 carries.
///
/// On the wire it is a little-endian `u32` with the first part in the highest byte; versions compare as people expect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub [u8; 4]);

impl Version {
    /// The bytes as sent.
    pub const fn to_le_bytes(self) -> [u8; 4] {
        u32::from_be_bytes(self.0).to_le_bytes()
    }

    /// From the bytes as sent.
    pub const fn from_le_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(bytes).to_be_bytes())
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}.{build}")
    }
}

/// A revision of a product's board, 0 to 31: its bit in a manifest's hardware mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hardware(u8);

impl Hardware {
    /// The revision; `None` from 32 on.
    pub const fn new(revision: u8) -> Option<Self> {
        if revision < 32 { Some(Self(revision)) } else { None }
    }

    /// The revision.
    pub const fn revision(self) -> u8 {
        self.0
    }

    /// Its bit in a hardware mask.
    pub const fn bit(self) -> u32 {
        1 << self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_sent_as_bthome_sends_them_and_compare_as_people_expect() {
        // bthome.io: 0xF1, firmware version, `F100010204` is 4.2.1.0.
        let version = Version::from_le_bytes([0x00, 0x01, 0x02, 0x04]);
        assert_eq!(version.to_string(), "4.2.1.0");
        assert_eq!(version.to_le_bytes(), [0x00, 0x01, 0x02, 0x04]);
        assert!(Version([1, 10, 0, 0]) > Version([1, 9, 255, 255]));
    }

    #[test]
    fn a_mask_has_32_bits() {
        assert_eq!(Hardware::new(0).map(Hardware::bit), Some(1));
        assert_eq!(Hardware::new(31).map(Hardware::bit), Some(0x8000_0000));
        assert_eq!(Hardware::new(32), None);
    }
}
