//! What starts first: makes sure that the image which runs is the one that should, and starts it.
//!
//! All of the deciding is [`Images::prepare_unless`]; this is flash, voltage, watchdog and a jump. While nothing is to be
//! done, nothing is written, and an image that ran before is not read again. Below the voltage that is safe for flash nothing
//! is written either: what is not begun waits for a later start, and what is half done for a better battery, asleep.
//! Bootloader and identity are locked before a program runs.
//!
//! It was built, linked and counted, and never ran on silicon.
//!
//! Does not know: the radio, the owner, time.
#![no_std]
#![no_main]

use chip::{BOARD, MAP, SECURITY_COUNTER, TRUSTED};
use cortex_m::asm;
use embassy_embedded_hal::adapter::BlockingAsync;
use embassy_futures::block_on;
#[cfg(not(feature = "nrf54l15-dk"))]
use embassy_nrf::nvmc::Nvmc;
#[cfg(feature = "nrf54l15-dk")]
use embassy_nrf::rramc::Nvmc;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use fw_logic::{
    Shared,
    boot::{Images, Layout, Prepared},
    image::Slot,
};
use map::Part;
use wire::{firmware::Hardware, manifest::Target, setup_code::Product};

/// After flash that failed, the processor waits for so many of its cycles before it tries again: 5 s at 64 MHz.
const PAUSE_CYCLES: u32 = 5 * 64_000_000;

#[cortex_m_rt::entry]
fn main() -> ! {
    let p = chip::start();
    #[cfg(not(feature = "nrf54l15-dk"))]
    let (mut dog, flash) = (chip::watchdog(p.WDT), p.NVMC);
    #[cfg(feature = "nrf54l15-dk")]
    let (mut dog, flash) = (chip::watchdog(p.WDT1), p.RRAMC);
    let flash = Mutex::<NoopRawMutex, _>::new(BlockingAsync::new(Nvmc::new(flash)));
    let slot = |Part { start, length }: Part| Slot { start, length };
    let layout = Layout { active: slot(MAP.active), other: slot(MAP.other), state: MAP.state.start..MAP.state.end() };
    let prepared = Images::new(Shared::new(&flash, MAP.identity.end() as usize), layout)
        .and_then(|mut images| block_on(images.prepare_unless(chip::is_supply_low, &TRUSTED, &target())));
    match prepared {
        Ok(Prepared::Done(_) | Prepared::Postponed) => {}
        Ok(Prepared::Halfway) => {
            dog.pet();
            chip::nap();
        }
        Err(_) => {
            asm::delay(PAUSE_CYCLES);
            chip::fail();
        }
    }
    chip::protect([MAP.boot, MAP.identity]);
    dog.pet();
    jump(MAP.active.start)
}

/// What this sensor is. The counter in the facts is the program's matter: what it asked for is above it.
fn target() -> Target {
    // Of a sensor that is nobody, no update is for it.
    let product = chip::identity().map_or(Product(u16::MAX), |identity| identity.product);
    let hardware = match Hardware::new(BOARD.revision()) {
        Some(hardware) => hardware,
        None => chip::fail(),
    };
    Target { product, hardware, security_counter: SECURITY_COUNTER, room: MAP.active.length }
}

#[expect(unsafe_code, reason = "a jump into another program")]
fn jump(start: u32) -> ! {
    let table = core::ptr::with_exposed_provenance::<u32>(start as usize);
    // SAFETY: the active slot begins with the program's vector table: its stack, its entry. No interrupt is on.
    unsafe {
        (*cortex_m::peripheral::SCB::PTR).vtor.write(start);
        asm::bootload(table)
    }
}
