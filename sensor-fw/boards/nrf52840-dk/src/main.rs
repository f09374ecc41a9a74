//! Nordic's nRF52840 DK (PCA10056), the reference: its buttons 1 and 2 and its light 1.
//!
//! | pin | what |
//! |---|---|
//! | P0.26 | I²C data of an SHT4x, 0x44 |
//! | P0.27 | I²C clock |
//! | P0.11 | button to ground |
//! | P0.12 | reed contact to ground, closed while the door is; button 2 stands for one |
//! | P0.13 | light, on while the pin is low |
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use sensor::{Pins, Pull};

#[embassy_executor::main]
async fn main(spawner: Spawner) -> ! {
    let p = sensor::start();
    let pins = Pins {
        sda: p.P0_26.into(),
        scl: p.P0_27.into(),
        button: p.P0_11.into(),
        reed: p.P0_12.into(),
        reed_pull: Pull::Up,
        led: p.P0_13.into(),
        is_led_active_low: true,
    };
    sensor::run(spawner, sensor::chip!(p), pins).await
}
