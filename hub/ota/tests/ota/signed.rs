//! A release, signed by a key of the tests.

use ed25519_dalek::SigningKey;
use hub_ota::{Image, TrustedKey};
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::{Hardware, Version},
    manifest::{self, KeyId, Manifest},
    setup_code::Product,
};

pub(crate) const PRODUCT: Product = Product(1);

pub(crate) fn hardware() -> Hardware {
    Hardware::new(0).unwrap()
}

fn signer() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

pub(crate) fn trusted() -> [TrustedKey; 2] {
    [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key: signer().verifying_key().to_bytes() })
}

/// What a sensor has before any update: bytes that differ with version and place.
pub(crate) fn program(version: Version, length: usize) -> Vec<u8> {
    let [seed, ..] = version.0;
    (0..length).map(|at| seed ^ (at as u8).wrapping_mul(7) ^ (at >> 8) as u8).collect()
}

pub(crate) fn manifest(version: Version, security_counter: u32, length: usize) -> [u8; manifest::LENGTH] {
    let manifest = Manifest {
        product: PRODUCT,
        hardware_mask: hardware().bit(),
        version,
        security_counter,
        length: u32::try_from(length).unwrap(),
        digest: Sha512::digest(program(version, length)).into(),
        key: KeyId(1),
    };
    manifest.sign(&signer())
}

pub(crate) fn image(version: Version, security_counter: u32, length: usize) -> Image {
    let file = [&manifest(version, security_counter, length)[..], &program(version, length)].concat();
    Image::verify(file, &trusted()).unwrap()
}
