//! Who the sensor is, from its page of flash.

use fw_logic::provision::{LENGTH, Provision};

use crate::MAP;

/// Who the sensor is; `None` when nobody has made it somebody yet.
#[expect(unsafe_code, reason = "flash is memory on these chips, and this page is written by no program")]
pub fn identity() -> Option<Provision> {
    let place: *const [u8; LENGTH] = core::ptr::with_exposed_provenance(MAP.identity.start as usize);
    // SAFETY: inside the flash, see `map`; bytes have no alignment, and any bits are a value of them.
    Provision::parse(unsafe { &*place }).ok()
}
