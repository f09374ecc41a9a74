//! What is released: for whom, which version, how long.

use std::{fmt, str::FromStr};

use sha2::{Digest as _, Sha512};
use thiserror::Error;
use wire::{
    firmware::{Hardware, Version},
    manifest::{self, Manifest},
    setup_code::Product,
};

/// Which release: the first eight bytes of the SHA-512 of its signed manifest. Printed as 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId(u64);

impl ReleaseId {
    /// The release of this number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }

    pub(crate) fn of(signed: &[u8; manifest::LENGTH]) -> Self {
        let digest = Sha512::digest(signed);
        Self(digest.iter().take(8).fold(0, |id, byte| (id << 8) | u64::from(*byte)))
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text that names no release.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no release; expected the 16 hex digits that a list of releases shows")]
pub struct ParseReleaseIdError {
    /// What was given, cut off after 64 characters.
    pub text: String,
}

impl FromStr for ReleaseId {
    type Err = ParseReleaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = if is_plain { u64::from_str_radix(text, 16).ok() } else { None };
        number.map(Self).ok_or_else(|| ParseReleaseIdError { text: text.chars().take(64).collect() })
    }
}

/// A release, as it was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Which.
    pub id: ReleaseId,
    /// What kind of sensor it is for.
    pub product: Product,
    /// Which boards it is for: bit n set for [hardware](Hardware) n.
    pub hardware_mask: u32,
    /// The version that a sensor has with it.
    pub version: Version,
    /// A sensor that has confirmed a higher one never takes it.
    pub security_counter: u32,
    /// The image's length, bytes.
    pub length: u32,
}

impl Release {
    pub(crate) fn of(signed: &[u8; manifest::LENGTH], manifest: &Manifest) -> Self {
        Self {
            id: ReleaseId::of(signed),
            product: manifest.product,
            hardware_mask: manifest.hardware_mask,
            version: manifest.version,
            security_counter: manifest.security_counter,
            length: manifest.length,
        }
    }

    /// Is it for sensors of this kind with this board?
    pub const fn is_for(&self, product: Product, hardware: Hardware) -> bool {
        self.product.0 == product.0 && self.hardware_mask & hardware.bit() != 0
    }

    /// Is there a sensor that both are for?
    pub const fn meets(&self, other: &Self) -> bool {
        self.product.0 == other.product.0 && self.hardware_mask & other.hardware_mask != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_printed() {
        let id = ReleaseId::of(&[7; manifest::LENGTH]);
        assert_eq!(id.to_string().len(), 16);
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "7", "+123456789abcdef", "0123456789abcdefg", "../../etc/passwd", "０123456789abcde"] {
            let error = text.parse::<ReleaseId>().unwrap_err();
            assert!(error.to_string().contains("16 hex digits"), "{error}");
        }
    }

    #[test]
    fn a_release_is_for_its_product_and_boards() {
        let hardware = |revision| Hardware::new(revision).unwrap();
        let of = |product, hardware_mask| Release {
            id: ReleaseId(1),
            product: Product(product),
            hardware_mask,
            version: Version([1, 0, 0, 0]),
            security_counter: 0,
            length: 1,
        };
        let release = of(3, 0b101);
        assert!(release.is_for(Product(3), hardware(0)) && release.is_for(Product(3), hardware(2)));
        assert!(!release.is_for(Product(3), hardware(1)) && !release.is_for(Product(1), hardware(0)));
        assert!(release.meets(&of(3, 0b110)) && !release.meets(&of(3, 0b010)) && !release.meets(&of(2, 0b101)));
    }
}
