//! An image in a slot of flash, with the manifest that travels with it.
//!
//! The image begins with the slot. The last page of the slot begins with the manifest, so that bootloader and program
//! find it wherever the image was swapped to.

use core::fmt;

use embedded_storage_async::nor_flash::{NorFlash, ReadNorFlash};
use sha2::{Digest, Sha512};
use wire::manifest::{self, Manifest, ManifestError, Target, TrustedKey};

use crate::keep::KeepError;

/// Flash is read by so many bytes.
const CHUNK: usize = 256;
/// The manifest, up to a whole word of any flash (nRF52: 4 bytes, nRF54L: 16).
const TRAILER: usize = manifest::LENGTH.next_multiple_of(16);

/// Where images go: a range of flash that begins and ends with a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot {
    /// The first byte.
    pub start: u32,
    /// How many bytes, the page of the manifest included.
    pub length: u32,
}

/// Why a slot has no image that may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageError<E> {
    /// The flash failed.
    Flash(E),
    /// There is no manifest, or it is not for this sensor.
    Manifest(ManifestError),
    /// The image is not the one that the manifest speaks of.
    Digest,
}

impl<E: fmt::Debug> fmt::Display for ImageError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flash(error) => write!(f, "the flash failed: {error:?}"),
            Self::Manifest(error) => error.fmt(f),
            Self::Digest => f.write_str("the image is not the one that was signed"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for ImageError<E> {}

impl Slot {
    /// How long an image may be, bytes; of a flash with such pages.
    pub const fn room(self, page: u32) -> u32 {
        self.length.saturating_sub(page)
    }

    /// Reads all of the image and says what it is, if it is what was signed, for this sensor.
    ///
    /// # Errors
    /// [`ImageError`].
    pub async fn verify<S: NorFlash>(
        self,
        flash: &mut S,
        trusted: &[TrustedKey; 2],
        target: &Target,
    ) -> Result<Manifest, ImageError<S::Error>> {
        let mut trailer = [0; TRAILER];
        flash.read(self.trailer::<S>(), &mut trailer).await.map_err(ImageError::Flash)?;
        let bytes = trailer.get(..manifest::LENGTH).unwrap_or_default();
        let target = Target { room: self.room(S::ERASE_SIZE as u32), ..*target };
        let manifest = Manifest::accept(bytes, trusted, &target).map_err(ImageError::Manifest)?;
        match self.digest(flash, manifest.length).await.map_err(ImageError::Flash)? == manifest.digest {
            true => Ok(manifest),
            false => Err(ImageError::Digest),
        }
    }

    /// The SHA-512 of the first bytes.
    pub(crate) async fn digest<S: ReadNorFlash>(self, flash: &mut S, length: u32) -> Result<[u8; 64], S::Error> {
        let (mut digest, mut chunk) = (Sha512::new(), [0; CHUNK]);
        let end = self.start + length.min(self.length);
        for at in (self.start..end).step_by(CHUNK) {
            flash.read(at, &mut chunk).await?;
            digest.update(chunk.get(..(end - at) as usize).unwrap_or(&chunk));
        }
        Ok(digest.finalize().into())
    }

    /// Writes the manifest behind an image that is complete.
    pub(crate) async fn sign<S: NorFlash>(
        self,
        flash: &mut S,
        manifest: &[u8; manifest::LENGTH],
    ) -> Result<(), KeepError<S::Error>> {
        let (at, end) = (self.trailer::<S>(), self.start + self.length);
        let mut trailer = [0xFF; TRAILER];
        trailer.iter_mut().zip(manifest).for_each(|(place, byte)| *place = *byte);
        flash.erase(at, end).await.map_err(KeepError::Flash)?;
        flash.write(at, &trailer).await.map_err(KeepError::Flash)
    }

    const fn trailer<S: NorFlash>(self) -> u32 {
        self.start + self.room(S::ERASE_SIZE as u32)
    }
}
