//! The bytes of an update, verified.

use std::{fmt, sync::Arc};

use sha2::{Digest as _, Sha512};
use thiserror::Error;
use wire::manifest::{self, Manifest, ManifestError, TrustedKey};

use crate::Release;

/// The longest image, bytes: 2 MiB, more than any chip with such a radio has flash for two of.
pub const MAX_IMAGE: usize = 2 << 20;

/// An update that may be sent: all of it is what a trusted key signed. Cloning it copies nothing.
///
/// | byte | bytes | what |
/// |---|---|---|
/// | 0 | 151 | the signed [manifest](wire::manifest) |
/// | 151 | its length | the image |
#[derive(Clone)]
pub struct Image {
    release: Release,
    signed: [u8; manifest::LENGTH],
    file: Arc<[u8]>,
}

/// Why bytes are no update that may be sent.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ImageError {
    /// There are too few for a manifest and an image.
    #[error("{bytes} bytes are too few for an update: its manifest alone has {least}", least = manifest::LENGTH)]
    TooShort {
        /// How many there are.
        bytes: usize,
    },
    /// The image is longer than any sensor takes.
    #[error("the image has {bytes} bytes; at most {MAX_IMAGE} are taken")]
    TooLong {
        /// How many it has, or at least has.
        bytes: usize,
    },
    /// The manifest cannot be believed.
    #[error("its manifest cannot be believed")]
    Manifest(#[source] ManifestError),
    /// No key is trusted, so nothing can be.
    #[error("no key is trusted to sign updates; `updates.trusted_keys` in the configuration is empty")]
    NoKeys,
    /// There are more or fewer bytes than were signed.
    #[error("the image has {found} bytes, and {signed} were signed")]
    Length {
        /// So many were signed.
        signed: u32,
        /// So many there are.
        found: usize,
    },
    /// The bytes are others than were signed.
    #[error("the image is not the one that was signed")]
    Digest,
    /// No board may have it.
    #[error("the image is for no board")]
    NoBoard,
}

impl Image {
    /// Verifies an update: manifest, signature, length and digest.
    ///
    /// # Errors
    /// [`ImageError`].
    pub fn verify(file: impl Into<Arc<[u8]>>, trusted: &[TrustedKey]) -> Result<Self, ImageError> {
        let file = file.into();
        let (signed, release) = head(&file, trusted)?;
        let manifest = Manifest::verify(&signed, trusted).map_err(ImageError::Manifest)?;
        let image = file.get(manifest::LENGTH..).unwrap_or_default();
        if image.len() > MAX_IMAGE {
            return Err(ImageError::TooLong { bytes: image.len() });
        }
        if usize::try_from(manifest.length) != Ok(image.len()) || image.is_empty() {
            return Err(ImageError::Length { signed: manifest.length, found: image.len() });
        }
        if Sha512::digest(image)[..] != manifest.digest {
            return Err(ImageError::Digest);
        }
        Ok(Self { release, signed, file })
    }

    /// What it is.
    pub const fn release(&self) -> &Release {
        &self.release
    }

    /// The signed manifest: what a sensor is offered.
    pub const fn signed(&self) -> &[u8; manifest::LENGTH] {
        &self.signed
    }

    /// The image.
    pub fn bytes(&self) -> &[u8] {
        self.file.get(manifest::LENGTH..).unwrap_or_default()
    }

    /// At most so many bytes of the image, from an offset on; none behind its end.
    pub fn part(&self, offset: u32, most: usize) -> &[u8] {
        let left = usize::try_from(offset).ok().and_then(|offset| self.bytes().get(offset..)).unwrap_or_default();
        left.get(..most).unwrap_or(left)
    }

    /// Manifest and image, as they lie in a file.
    pub(crate) fn file(&self) -> &[u8] {
        &self.file
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Image").field("release", &self.release).finish_non_exhaustive()
    }
}

/// The manifest at the head of an update and what it says, without the image.
pub(crate) fn head(file: &[u8], trusted: &[TrustedKey]) -> Result<([u8; manifest::LENGTH], Release), ImageError> {
    let signed = file.first_chunk().ok_or(ImageError::TooShort { bytes: file.len() })?;
    if trusted.is_empty() {
        return Err(ImageError::NoKeys);
    }
    let manifest = Manifest::verify(signed, trusted).map_err(ImageError::Manifest)?;
    if manifest.hardware_mask == 0 {
        return Err(ImageError::NoBoard);
    }
    Ok((*signed, Release::of(signed, &manifest)))
}

#[cfg(test)]
mod tests;
