//! Memory that nobody has is off: asleep, a kilobyte takes five nanoamperes and more.

use embassy_nrf::pac;

use crate::BOARD;

/// Switches off what is behind the memory of bootloader and program. It stays off over a reset, and nobody misses it.
#[cfg(not(feature = "nrf54l15"))]
pub(crate) fn switch_off_unused() {
    for (nth, sections) in BOARD.unused_memory().enumerate() {
        // The lower half of the register: power. The upper one is for the deepest sleep, which is not ours.
        pac::POWER.ram(nth).powerclr().write(|off| off.0 = sections);
    }
}

/// Switches off what is behind the memory of bootloader and program.
#[cfg(feature = "nrf54l15")]
pub(crate) fn switch_off_unused() {
    for (nth, sections) in BOARD.unused_memory().enumerate() {
        pac::MEMCONF.power(nth).control().modify(|on| on.0 &= !sections);
    }
}
