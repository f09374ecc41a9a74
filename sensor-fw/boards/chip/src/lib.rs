//! What bootloader and program of a chip have in common: how it starts, why it did, and what ends it when all else fails.
//!
//! - [`start`] sets clocks, DC/DC and debug lock, and switches off the memory that no program has.
//! - [`take_reset`] tells why it starts, and how many starts before this one failed.
//! - [`watchdog`] is the one dog that both feed.
//! - A panic, a fault or [`fail`] is written into memory that a reset spares, and resets the chip.
//! - [`is_supply_low`] tells whether flash may be written, and [`nap`] waits for better times.
//! - [`TRUSTED`] are the two keys that may sign updates.
//!
//! A chip is chosen by a feature: `nrf52840`, `nrf52832` or `nrf54l15`.
//!
//! Does not know: pins, the radio, what a sensor does.
#![no_std]

mod identity;
mod last_words;
mod memory;
mod nap;
mod protection;
mod reset;
mod supply;

use embassy_nrf::{
    Peripherals,
    config::{Config, Debug, HfclkSource, LfclkSource},
    interrupt::Priority,
    wdt,
};
use map::{Board, Map};
use wire::manifest::{KeyId, TrustedKey};

pub use identity::identity;
pub use last_words::{LastWords, fail};
pub use nap::nap;
pub use protection::protect;
pub use reset::{Start, take_reset};
pub use supply::is_supply_low;

/// Where everything is on the board that has this chip.
pub const MAP: Map = BOARD.map();
/// The board that has this chip.
pub const BOARD: Board = {
    #[cfg(feature = "nrf52840")]
    {
        Board::Nrf52840Dk
    }
    #[cfg(feature = "nrf52832")]
    {
        Board::Nrf52832Module
    }
    #[cfg(feature = "nrf54l15")]
    {
        Board::Nrf54l15Dk
    }
};

/// The keys that may sign updates, from `keys/` or from the file that the build was given.
pub const TRUSTED: [TrustedKey; 2] = include!(concat!(env!("OUT_DIR"), "/keys.rs"));

/// The security counter of this firmware: goes up when an older one must never run again.
pub const SECURITY_COUNTER: u32 = 1;

/// The dog bites after so many seconds: an hour and a half, for the program feeds it at least once an hour, and a start that
/// failed too often waits for an hour. Swapping the longest images takes the bootloader less than a minute.
const WATCHDOG_S: u32 = 5400;
const LFCLK_HZ: u32 = 32_768;

/// Starts the chip: crystal for the slow clock, DC/DC converter, debug port closed unless `open-debug` was built in, memory
/// that nobody has switched off.
///
/// On the nRF54L the port stays closed because nothing opens it, once UICR's APPROTECT is written by whoever makes the
/// sensor; and `embassy-nrf` turns its glitch detectors off, which would take 0.7 mA.
pub fn start() -> Peripherals {
    let mut config = Config::default();
    config.lfclk_source = LfclkSource::ExternalXtal;
    // The radio starts the fast crystal when it needs it.
    config.hfclk_source = HfclkSource::Internal;
    config.debug = if cfg!(feature = "open-debug") { Debug::Allowed } else { Debug::Disallowed };
    // Priorities 0, 1 and 4 are the radio's.
    set_priorities(&mut config, Priority::P2);
    #[cfg(not(feature = "nrf54l15"))]
    {
        config.dcdc.reg1 = true;
    }
    #[cfg(feature = "nrf54l15")]
    {
        // The radio's scheduler asks for it.
        config.clock_speed = embassy_nrf::config::ClockSpeed::CK128;
    }
    let peripherals = embassy_nrf::init(config);
    memory::switch_off_unused();
    peripherals
}

#[cfg(feature = "program")]
fn set_priorities(config: &mut Config, priority: Priority) {
    config.gpiote_interrupt_priority = priority;
    config.time_interrupt_priority = priority;
}

#[cfg(not(feature = "program"))]
fn set_priorities(_config: &mut Config, _priority: Priority) {}

#[cfg(not(feature = "nrf54l15"))]
type Dog = embassy_nrf::peripherals::WDT;
/// The one of the secure side.
#[cfg(feature = "nrf54l15")]
type Dog = embassy_nrf::peripherals::WDT1;

/// The watchdog, fed; it runs while the chip sleeps, and cannot be stopped once the bootloader let it loose.
pub fn watchdog(dog: embassy_nrf::Peri<'static, Dog>) -> wdt::WatchdogHandle {
    let mut config = wdt::Config::default();
    config.timeout_ticks = WATCHDOG_S * LFCLK_HZ;
    config.action_during_sleep = wdt::SleepConfig::Run;
    config.action_during_debug_halt = wdt::HaltConfig::Pause;
    match wdt::Watchdog::try_new::<_, 1>(dog, config) {
        Ok((_, [handle])) => handle,
        // Let loose by a bootloader of other habits.
        Err(_) => fail(),
    }
}
