//! Flash that no program may write until the next reset.

#[cfg(feature = "nrf54l15")]
use map::LOCKABLE;
#[cfg(feature = "nrf52832")]
use map::PAGE;
use map::Part;

/// Locks bootloader and identity against writing and erasing, before a program starts.
#[cfg(feature = "nrf52840")]
pub fn protect(parts: [Part; 2]) {
    for (nth, Part { start, length }) in parts.into_iter().enumerate() {
        let region = embassy_nrf::pac::ACL.acl(nth);
        region.addr().write_value(start);
        region.size().write_value(length);
        region.perm().write(|perm| perm.set_write(embassy_nrf::pac::acl::vals::Write::Disable));
    }
}

/// Locks bootloader and identity against writing and erasing, before a program starts: a bit for each page.
#[cfg(feature = "nrf52832")]
pub fn protect(parts: [Part; 2]) {
    let bprot = embassy_nrf::pac::BPROT;
    for page in parts.into_iter().flat_map(|part| part.start / PAGE..part.end() / PAGE) {
        let bit = 1 << (page % 32);
        match page / 32 {
            0 => bprot.config0().modify(|config| config.0 |= bit),
            1 => bprot.config1().modify(|config| config.0 |= bit),
            2 => bprot.config2().modify(|config| config.0 |= bit),
            _ => bprot.config3().modify(|config| config.0 |= bit),
        }
    }
}

/// Locks bootloader and identity against writing and erasing, before a program starts.
///
/// nRF54L15 Datasheet, RRAMC, region protection: a region is locked until the next reset, in steps of 1 KiB and up to 31 of
/// them, which is what the bootloader is linked into ([`map::LOCKABLE`]). Regions 3 and 4 are for whoever uses the chip. The
/// cache, which is to be emptied when reading is forbidden, is not asked: both stay as readable as they were.
#[cfg(feature = "nrf54l15")]
pub fn protect(parts: [Part; 2]) {
    const KIB: u32 = 1024;
    for (nth, Part { start, length }) in [4, 3].into_iter().zip(parts) {
        let region = embassy_nrf::pac::RRAMC.region(nth);
        region.address().write_value(start);
        region.config().modify(|config| {
            config.set_write(false);
            config.set_size((length.min(LOCKABLE) / KIB) as u8);
            config.set_lock(true);
        });
    }
}
