//! Flash that no program may write until the next reset.

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

/// Not on this chip: its regions are set in UICR when the sensor is made, and `embassy-nrf` has no driver for the others.
#[cfg(feature = "nrf54l15")]
pub fn protect(_parts: [Part; 2]) {}
