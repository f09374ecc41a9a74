use wire::manifest::{KeyId, LENGTH, ManifestError};

use super::*;
use crate::signed::{Signed, trusted};

const SIGNED: Signed = Signed::version([1, 2, 3, 4]);

fn refusal(file: &[u8]) -> ImageError {
    Image::verify(file, &trusted()).unwrap_err()
}

#[test]
fn an_update_is_what_was_signed() {
    let image = Image::verify(SIGNED.file(), &trusted()).unwrap();
    assert_eq!(image.release().version.to_string(), "1.2.3.4");
    assert_eq!((image.release().length, image.bytes()), (3000, &SIGNED.image()[..]));
    assert_eq!(image.signed()[..], SIGNED.file()[..LENGTH]);
    let by_the_other = Signed { key: 2, ..SIGNED };
    let other = Image::verify(by_the_other.file(), &trusted()).unwrap();
    assert_ne!(other.release().id, image.release().id, "another signature is another release");
}

#[test]
fn every_bit_counts_and_so_does_every_byte_that_is_missing() {
    let file = SIGNED.file();
    for at in (0..LENGTH * 8).chain((LENGTH * 8..file.len() * 8).step_by(61)) {
        let mut other = file.clone();
        other[at / 8] ^= 1 << (at % 8);
        assert!(Image::verify(other, &trusted()).is_err(), "bit {at}");
    }
    for length in 0..file.len() {
        assert!(Image::verify(&file[..length], &trusted()).is_err(), "{length} bytes");
    }
    let mut longer = file;
    longer.push(0);
    assert_eq!(refusal(&longer), ImageError::Length { signed: 3000, found: 3001 });
}

#[test]
fn a_refusal_says_what_is_wrong() {
    assert_eq!(refusal(b"").to_string(), "0 bytes are too few for an update: its manifest alone has 151");
    assert_eq!(refusal(&[0; 200]), ImageError::Manifest(ManifestError::NotAManifest));
    let stranger = Signed { key: 3, ..SIGNED }.file();
    assert_eq!(refusal(&stranger), ImageError::Manifest(ManifestError::UnknownKey { key: KeyId(3) }));
    assert_eq!(Image::verify(SIGNED.file(), &[]).unwrap_err(), ImageError::NoKeys);
    assert_eq!(refusal(&Signed { hardware_mask: 0, ..SIGNED }.file()), ImageError::NoBoard);
    assert_eq!(refusal(&Signed { length: 0, ..SIGNED }.file()), ImageError::Length { signed: 0, found: 0 });
    let long = Signed { length: MAX_IMAGE + 1, ..SIGNED }.file();
    assert_eq!(refusal(&long), ImageError::TooLong { bytes: MAX_IMAGE + 1 });
    let mut other = SIGNED.file();
    other[LENGTH] ^= 1;
    assert_eq!(refusal(&other), ImageError::Digest);
}

#[test]
fn parts_end_where_the_image_does() {
    let image = Image::verify(SIGNED.file(), &trusted()).unwrap();
    assert_eq!(image.part(0, 960), &SIGNED.image()[..960]);
    assert_eq!(image.part(2880, 960), &SIGNED.image()[2880..]);
    for offset in [3000, 3001, u32::MAX] {
        assert!(image.part(offset, 960).is_empty());
    }
    assert!(format!("{image:?}").len() < 400, "an image is not printed");
}
