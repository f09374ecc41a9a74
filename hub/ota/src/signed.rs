//! Updates for tests, signed by a key of theirs.

use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{KeyId, Manifest, TrustedKey},
    setup_code::Product,
};

/// What an update says of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signed {
    pub(crate) product: u16,
    pub(crate) hardware_mask: u32,
    pub(crate) version: [u8; 4],
    pub(crate) security_counter: u32,
    pub(crate) length: usize,
    pub(crate) key: u8,
}

impl Signed {
    pub(crate) const fn version(version: [u8; 4]) -> Self {
        Self { product: 1, hardware_mask: 1, version, security_counter: 1, length: 3000, key: 1 }
    }

    pub(crate) fn image(&self) -> Vec<u8> {
        let [seed, ..] = self.version;
        (0..self.length).map(|at| seed ^ (at as u8).wrapping_mul(7) ^ (at >> 8) as u8).collect()
    }

    pub(crate) fn manifest(&self) -> Manifest {
        Manifest {
            product: Product(self.product),
            hardware_mask: self.hardware_mask,
            version: Version(self.version),
            security_counter: self.security_counter,
            length: u32::try_from(self.length).unwrap(),
            digest: Sha512::digest(self.image()).into(),
            key: KeyId(self.key),
        }
    }

    /// Manifest and image.
    pub(crate) fn file(&self) -> Vec<u8> {
        [&self.manifest().sign(&signer(self.key))[..], &self.image()].concat()
    }
}

fn signer(key: u8) -> SigningKey {
    SigningKey::from_bytes(&[key; 32])
}

/// Keys 1 and 2.
pub(crate) fn trusted() -> [TrustedKey; 2] {
    [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key: signer(id).verifying_key().to_bytes() })
}
