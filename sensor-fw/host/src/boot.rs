//! What happens before the program runs.

use embedded_storage_async::nor_flash::NorFlash;
use fw_logic::boot::{BootError, Booted, Images};
use wire::{firmware::Version, manifest::TrustedKey};

use crate::{flash::map, identity::Identity};

/// Which program runs.
#[derive(Debug)]
pub(crate) struct Program {
    /// What the bootloader did.
    pub(crate) booted: Booted,
    pub(crate) version: Version,
    pub(crate) security_counter: u32,
}

/// What the bootloader does, and which program runs then: the one that the image in flash says it is, or, with none,
/// this one.
pub(crate) async fn boot<S: NorFlash + Clone>(
    mut flash: S,
    identity: &Identity,
    trusted: &[TrustedKey; 2],
) -> Result<Program, BootError<S::Error>> {
    let layout = map().images;
    let active = layout.active;
    let target = identity.target(0);
    let booted = Images::new(flash.clone(), layout)?.prepare(trusted, &target).await?;
    let part = |text: &str| text.parse().unwrap_or(u8::MAX);
    let own = [env!("CARGO_PKG_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MINOR"), env!("CARGO_PKG_VERSION_PATCH"), "0"];
    let image = active.verify(&mut flash, trusted, &target).await;
    let (version, security_counter) =
        image.map_or((Version(own.map(part)), 0), |manifest| (manifest.version, manifest.security_counter));
    Ok(Program { booted, version, security_counter })
}
