//! What is released: for whom, which version, how long.

use hub_model::ReleaseId;
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::{Hardware, Version},
    manifest::{self, Manifest},
    setup_code::Product,
};

/// The id of the release with this signed manifest.
pub(crate) fn id_of(signed: &[u8; manifest::LENGTH]) -> ReleaseId {
    let digest = Sha512::digest(signed);
    ReleaseId::from_u64(digest.iter().take(8).fold(0, |id, byte| (id << 8) | u64::from(*byte)))
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
            id: id_of(signed),
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
    fn a_release_is_for_its_product_and_boards() {
        let hardware = |revision| Hardware::new(revision).unwrap();
        let of = |product, hardware_mask| Release {
            id: ReleaseId::from_u64(1),
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
