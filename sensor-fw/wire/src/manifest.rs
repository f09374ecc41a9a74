//! What says that an image may be installed: signed, and read before a byte of the image is written.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 3 | `HSU` |
//! | 3 | 1 | format, 1 |
//! | 4 | 2 | product |
//! | 6 | 4 | hardware mask: bit n set for [hardware](Hardware) n |
//! | 10 | 4 | [version](Version) |
//! | 14 | 4 | security counter |
//! | 18 | 4 | length of the image, bytes |
//! | 22 | 64 | SHA-512 of the image |
//! | 86 | 1 | key that signed |
//! | 87 | 64 | Ed25519 signature (RFC 8032) over all before it |
//!
//! Numbers are little-endian. The signature covers whatever is believed here, and is checked first, strictly: neither a
//! key nor a signature of small order is taken, nor an s that is not reduced. The security counter goes up when an older
//! image must never run again; among images of one counter the owner may go back.
//!
//! A sensor trusts two keys, so that one can be lost or leak and the other can still sign.

use core::fmt;

use ed25519_dalek::{Signature, VerifyingKey};

use crate::{
    bytes::{Reader, Short},
    firmware::{Hardware, Version},
    setup_code::Product,
};

/// A manifest's length in bytes.
pub const LENGTH: usize = FIELDS + SIGNATURE;
const FIELDS: usize = 87;
const SIGNATURE: usize = 64;
const MAGIC: &[u8; 3] = b"HSU";
const FORMAT: u8 = 1;

/// Which key signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyId(pub u8);

/// A key that may sign updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustedKey {
    /// What manifests call it.
    pub id: KeyId,
    /// The Ed25519 public key.
    pub public_key: [u8; 32],
}

/// The sensor that is to be updated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// What kind of sensor it is.
    pub product: Product,
    /// Its board.
    pub hardware: Hardware,
    /// The highest security counter that it has confirmed.
    pub security_counter: u32,
    /// How long an image may be, bytes.
    pub room: u32,
}

/// An image that may be installed: all of it was signed and fits the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest {
    /// What kind of sensor it is for.
    pub product: Product,
    /// Which boards it is for.
    pub hardware_mask: u32,
    /// The image's version.
    pub version: Version,
    /// What the sensor's counter will be.
    pub security_counter: u32,
    /// The image's length, bytes.
    pub length: u32,
    /// SHA-512 of the image.
    pub digest: [u8; 64],
    /// Which key signed.
    pub key: KeyId,
}

/// Why an image is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestError {
    /// The bytes are too few or too many.
    Length {
        /// How many there are.
        length: usize,
    },
    /// The bytes are something else.
    NotAManifest,
    /// The format is of a later program.
    Newer {
        /// Which format.
        format: u8,
    },
    /// The key is none that this sensor trusts.
    UnknownKey {
        /// Which key.
        key: KeyId,
    },
    /// The signature is not the key's.
    NotSigned {
        /// Which key.
        key: KeyId,
    },
    /// The image is for another kind of sensor.
    OtherProduct {
        /// For which.
        product: Product,
        /// What this one is.
        ours: Product,
    },
    /// The image is for other boards.
    OtherHardware {
        /// For which.
        mask: u32,
        /// What this one is.
        ours: Hardware,
    },
    /// The image is one that must not run again.
    OlderCounter {
        /// Its counter.
        counter: u32,
        /// The sensor's.
        ours: u32,
    },
    /// The image has no byte, or does not fit.
    ImageLength {
        /// How long it is, bytes.
        length: u32,
        /// How long it may be, bytes.
        room: u32,
    },
}

impl fmt::Display for ManifestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { length } => write!(f, "manifest of {length} bytes instead of {LENGTH}"),
            Self::NotAManifest => f.write_str("not a manifest"),
            Self::Newer { format } => write!(f, "the manifest's format {format} is newer than this program"),
            Self::UnknownKey { key } => write!(f, "the manifest is signed by key {}, which is not trusted", key.0),
            Self::NotSigned { key } => write!(f, "the manifest's signature is not that of key {}", key.0),
            Self::OtherProduct { product, ours } => {
                write!(f, "the image is for product {}, not {}", product.0, ours.0)
            }
            Self::OtherHardware { mask, ours } => {
                write!(f, "the image is not for hardware {} (mask {mask:#010x})", ours.revision())
            }
            Self::OlderCounter { counter, ours } => {
                write!(f, "the image's security counter {counter} is lower than {ours}")
            }
            Self::ImageLength { length, room } => write!(f, "image of {length} bytes, 1 to {room} fit"),
        }
    }
}

impl core::error::Error for ManifestError {}

/// Why an image is not installed, in one byte: what a sensor tells the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ManifestFault {
    /// The bytes are too few or too many.
    Length = 1,
    /// The bytes are something else.
    NotAManifest = 2,
    /// The format is of a later program.
    Newer = 3,
    /// The key is none that the sensor trusts.
    UnknownKey = 4,
    /// The signature is not the key's.
    NotSigned = 5,
    /// The image is for another kind of sensor.
    OtherProduct = 6,
    /// The image is for other boards.
    OtherHardware = 7,
    /// The image is one that must not run again.
    OlderCounter = 8,
    /// The image has no byte, or does not fit.
    ImageLength = 9,
}

impl ManifestFault {
    const ALL: [Self; 9] = [
        Self::Length,
        Self::NotAManifest,
        Self::Newer,
        Self::UnknownKey,
        Self::NotSigned,
        Self::OtherProduct,
        Self::OtherHardware,
        Self::OlderCounter,
        Self::ImageLength,
    ];

    /// The fault of this number.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| *fault as u8 == code)
    }
}

impl From<ManifestError> for ManifestFault {
    fn from(error: ManifestError) -> Self {
        match error {
            ManifestError::Length { .. } => Self::Length,
            ManifestError::NotAManifest => Self::NotAManifest,
            ManifestError::Newer { .. } => Self::Newer,
            ManifestError::UnknownKey { .. } => Self::UnknownKey,
            ManifestError::NotSigned { .. } => Self::NotSigned,
            ManifestError::OtherProduct { .. } => Self::OtherProduct,
            ManifestError::OtherHardware { .. } => Self::OtherHardware,
            ManifestError::OlderCounter { .. } => Self::OlderCounter,
            ManifestError::ImageLength { .. } => Self::ImageLength,
        }
    }
}

impl fmt::Display for ManifestFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "whose manifest has another length",
            Self::NotAManifest => "without a manifest",
            Self::Newer => "with a manifest of a later format",
            Self::UnknownKey => "signed by a key that it does not trust",
            Self::NotSigned => "whose signature is not that of the key",
            Self::OtherProduct => "for another product",
            Self::OtherHardware => "for other boards",
            Self::OlderCounter => "with a lower security counter than its own",
            Self::ImageLength => "of that length",
        })
    }
}

impl Manifest {
    /// Reads a manifest, if it is signed by a key in `trusted` and the image is right for `target`.
    ///
    /// # Errors
    /// [`ManifestError`]; the signature is checked before anything that it covers is reported.
    pub fn accept(bytes: &[u8], trusted: &[TrustedKey; 2], target: &Target) -> Result<Self, ManifestError> {
        let manifest = Self::verify(bytes, trusted)?;
        manifest.check(target)?;
        Ok(manifest)
    }

    /// Reads a manifest, if it is signed by a key in `trusted`, whatever sensor it is for: what a hub does with a release.
    ///
    /// # Errors
    /// [`ManifestError`], as far as it is about form and signature.
    pub fn verify(bytes: &[u8], trusted: &[TrustedKey]) -> Result<Self, ManifestError> {
        let refusal = ManifestError::Length { length: bytes.len() };
        let (fields, signature) = bytes.split_last_chunk::<SIGNATURE>().ok_or(refusal)?;
        match fields.strip_prefix(MAGIC).map(<[u8]>::first) {
            Some(Some(&FORMAT)) => {}
            Some(Some(&format)) if format > FORMAT => return Err(ManifestError::Newer { format }),
            _ => return Err(ManifestError::NotAManifest),
        }
        if fields.len() != FIELDS {
            return Err(refusal);
        }
        let manifest = Self::from_fields(fields).map_err(|_| refusal)?;
        let key = manifest.key;
        let trusted = trusted.iter().find(|trusted| trusted.id == key).ok_or(ManifestError::UnknownKey { key })?;
        VerifyingKey::from_bytes(&trusted.public_key)
            .and_then(|public| public.verify_strict(fields, &Signature::from_bytes(signature)))
            .map_err(|_| ManifestError::NotSigned { key })?;
        Ok(manifest)
    }

    fn check(&self, target: &Target) -> Result<(), ManifestError> {
        let Target { product, hardware, security_counter, room } = *target;
        if self.product != product {
            return Err(ManifestError::OtherProduct { product: self.product, ours: product });
        }
        if self.hardware_mask & hardware.bit() == 0 {
            return Err(ManifestError::OtherHardware { mask: self.hardware_mask, ours: hardware });
        }
        if self.security_counter < security_counter {
            return Err(ManifestError::OlderCounter { counter: self.security_counter, ours: security_counter });
        }
        if self.length == 0 || self.length > room {
            return Err(ManifestError::ImageLength { length: self.length, room });
        }
        Ok(())
    }

    fn from_fields(fields: &[u8]) -> Result<Self, Short> {
        let mut reader = Reader::new(fields);
        reader.slice(MAGIC.len() + 1)?;
        Ok(Self {
            product: Product(reader.u16()?),
            hardware_mask: reader.u32()?,
            version: Version::from_le_bytes(reader.array()?),
            security_counter: reader.u32()?,
            length: reader.u32()?,
            digest: reader.array()?,
            key: KeyId(reader.u8()?),
        })
    }

    /// The manifest with its signature, for whoever makes updates.
    #[cfg(any(test, feature = "sign"))]
    pub fn sign(&self, signer: &ed25519_dalek::SigningKey) -> [u8; LENGTH] {
        use ed25519_dalek::Signer;

        let mut bytes = [0; LENGTH];
        let fields: [&[u8]; 9] = [
            MAGIC,
            &[FORMAT],
            &self.product.0.to_le_bytes(),
            &self.hardware_mask.to_le_bytes(),
            &self.version.to_le_bytes(),
            &self.security_counter.to_le_bytes(),
            &self.length.to_le_bytes(),
            &self.digest,
            &[self.key.0],
        ];
        for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *place = *byte;
        }
        if let Some((fields, signature)) = bytes.split_last_chunk_mut::<SIGNATURE>() {
            *signature = signer.sign(fields).to_bytes();
        }
        bytes
    }
}

#[cfg(test)]
mod tests;
