//! Is there enough voltage to write flash?
//!
//! The power-fail comparator says so. It is on while it is asked and at no other time: while it warns, flash is not written
//! but the processor hangs (nRF52840, anomaly 242), and others take the write for done.

use cortex_m::asm;
use embassy_nrf::pac;
#[cfg(not(feature = "nrf54l15"))]
use pac::power::vals::Threshold;
#[cfg(feature = "nrf54l15")]
use pac::regulators::vals::{Comparator, Threshold};

/// The comparator's step that is what updates ask for.
const SAFE: Threshold = Threshold::V24;
const _: () = assert!(fw_logic::SAFE_MV == 2400);
/// The comparator has so long to see, in cycles of 64 MHz: a millisecond, for no document says how long it needs.
const LOOK_CYCLES: u32 = 64_000;

/// Is the supply below what is safe for writing flash, now and with the processor at work?
#[cfg(not(feature = "nrf54l15"))]
pub fn is_supply_low() -> bool {
    let power = pac::POWER;
    power.events_pofwarn().write_value(0);
    power.pofcon().write(|pof| {
        pof.set_threshold(SAFE);
        pof.set_pof(true);
    });
    asm::delay(LOOK_CYCLES);
    let is_low = power.events_pofwarn().read() != 0;
    power.pofcon().write(|pof| pof.set_pof(false));
    power.events_pofwarn().write_value(0);
    is_low
}

/// Is the supply below what is safe for writing flash, now and with the processor at work?
#[cfg(feature = "nrf54l15")]
pub fn is_supply_low() -> bool {
    let regulators = pac::REGULATORS;
    regulators.pofcon().write(|pof| {
        pof.set_threshold(SAFE);
        pof.set_pof(true);
    });
    asm::delay(2 * LOOK_CYCLES);
    let is_low = regulators.pofstat().read().comparator() == Comparator::Below;
    regulators.pofcon().write(|pof| pof.set_pof(false));
    is_low
}
