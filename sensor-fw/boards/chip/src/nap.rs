//! A minute's sleep without a driver, for the bootloader, which has none.

use cortex_m::{asm, peripheral::SCB};
use embassy_nrf::pac;

/// How long, s.
const NAP_S: u32 = 60;

/// Sleeps for a minute, and starts the chip anew: then nothing of the clock that was used is left to a program.
pub fn nap() -> ! {
    let has_passed = set_alarm();
    wake_by_what_pends();
    while !has_passed() {
        asm::wfe();
    }
    SCB::sys_reset()
}

/// An interrupt that pends wakes the processor, though it is not enabled: there is nobody to handle it.
#[expect(unsafe_code, reason = "a register that belongs to no driver")]
fn wake_by_what_pends() {
    /// ARMv7-M and ARMv8-M, System Control Register: SEVONPEND.
    const SEV_ON_PEND: u32 = 1 << 4;
    // SAFETY: one thread, no interrupt is on, and no other bit is changed.
    unsafe { (*SCB::PTR).scr.modify(|bits| bits | SEV_ON_PEND) };
}

/// The slow clock's counter that neither radio nor program uses, eight times a second.
#[cfg(not(feature = "nrf54l15"))]
fn set_alarm() -> impl Fn() -> bool {
    let clock = pac::RTC2;
    clock.tasks_stop().write_value(1);
    clock.prescaler().write(|divisor| divisor.set_prescaler(4095));
    clock.cc(0).write(|alarm| alarm.set_compare(NAP_S * 8));
    clock.events_compare(0).write_value(0);
    clock.intenset().write(|events| events.set_compare(0, true));
    clock.tasks_clear().write_value(1);
    clock.tasks_start().write_value(1);
    move || clock.events_compare(0).read() != 0
}

/// The counter of microseconds, which sleeps with the processor and is woken by its slow half.
#[cfg(feature = "nrf54l15")]
fn set_alarm() -> impl Fn() -> bool {
    use pac::grtc::vals::Reference;

    /// The interrupt lines of the secure side begin with this (as `embassy-nrf` has it).
    const SECURE: usize = 2;
    let clock = pac::GRTC;
    clock.tasks_start().write_value(1);
    clock.mode().modify(|mode| mode.set_syscounteren(true));
    clock.events_compare(0).write_value(0);
    clock.intenset(SECURE).write(|events| events.set_compare0(true));
    clock.cc(0).ccadd().write(|alarm| {
        alarm.set_value(NAP_S * 1_000_000);
        alarm.set_reference(Reference::Syscounter);
    });
    clock.cc(0).ccen().write(|alarm| alarm.set_active(true));
    move || clock.events_compare(0).read() != 0
}
