use ed25519_dalek::SigningKey;
use proptest::prelude::*;

use super::*;

fn signer(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn trusted() -> [TrustedKey; 2] {
    [1, 2].map(|number| TrustedKey { id: KeyId(number), public_key: signer(number).verifying_key().to_bytes() })
}

const TARGET: Target =
    Target { product: Product(7), hardware: Hardware::new(3).unwrap(), security_counter: 10, room: 500_000 };

fn manifest() -> Manifest {
    Manifest {
        product: Product(7),
        hardware_mask: 0b1000,
        version: Version([1, 2, 3, 4]),
        security_counter: 10,
        length: 123_456,
        digest: [0x5A; 64],
        key: KeyId(2),
    }
}

#[test]
fn what_was_signed_is_read() {
    let bytes = manifest().sign(&signer(2));
    assert_eq!(Manifest::accept(&bytes, &trusted(), &TARGET), Ok(manifest()));
}

#[test]
fn every_changed_bit_is_found() {
    let bytes = manifest().sign(&signer(2));
    for bit in 0..8 * LENGTH {
        let mut changed = bytes;
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(Manifest::accept(&changed, &trusted(), &TARGET).is_err(), "bit {bit}");
    }
}

#[test]
fn a_manifest_cut_short_is_refused() {
    let bytes = manifest().sign(&signer(2));
    for length in 0..LENGTH {
        assert!(Manifest::accept(&bytes[..length], &trusted(), &TARGET).is_err(), "{length} bytes");
    }
}

#[test]
fn a_key_of_small_order_signs_nothing() {
    // The identity point: with it as key, R = identity and s = 0 fit every message, were it not refused.
    let mut identity = [0; 32];
    identity[0] = 1;
    let weak = [TrustedKey { id: KeyId(2), public_key: identity }; 2];
    let mut bytes = manifest().sign(&signer(2));
    bytes[FIELDS..].fill(0);
    bytes[FIELDS] = 1;
    assert_eq!(Manifest::accept(&bytes, &weak, &TARGET), Err(ManifestError::NotSigned { key: KeyId(2) }));
}

#[test]
fn nothing_is_told_about_what_nobody_signed() {
    let other = Manifest { product: Product(8), ..manifest() }.sign(&signer(9));
    assert_eq!(Manifest::accept(&other, &trusted(), &TARGET), Err(ManifestError::NotSigned { key: KeyId(2) }));
}

proptest! {
    #[test]
    fn any_bytes_are_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200), begun: bool) {
        if begun {
            for (place, byte) in bytes.iter_mut().zip(b"HSU\x01") {
                *place = *byte;
            }
        }
        prop_assert!(Manifest::accept(&bytes, &trusted(), &TARGET).is_err());
    }
}
