//! Programs for sensors, signed as their maker would.

use anyhow::{Context as _, Result};
use ed25519_dalek::SigningKey;
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{KeyId, Manifest},
    setup_code::Product,
};

/// A program that nothing has to run: a sensor on a computer is what its image says that it is.
pub(crate) struct Update {
    /// Signed manifest and image.
    pub(crate) file: Vec<u8>,
    /// Bytes of the image.
    pub(crate) length: u32,
    /// Its version as people read it.
    pub(crate) version: String,
}

impl Update {
    /// A program of so many bytes for sensors as `sensor-sim` makes them.
    pub(crate) fn signed(version: Version, length: u32) -> Result<Self> {
        let image: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
        let manifest = Manifest {
            product: Product(1),
            hardware_mask: 1,
            version,
            security_counter: 1,
            length,
            digest: Sha512::digest(&image).as_slice().try_into().context("a digest has 64 bytes")?,
            key: KeyId(1),
        };
        let file = [&manifest.sign(&signer())[..], &image].concat();
        Ok(Self { file, length, version: version.to_string() })
    }
}

/// The public half of the key that signs, in hexadecimal digits.
pub(crate) fn public_key() -> String {
    hex::encode(signer().verifying_key().to_bytes())
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}
