//! Nordic's nRF54L15 DK (PCA10156): its buttons 0 and 1 and its light 1.
//!
//! | pin | what |
//! |---|---|
//! | P1.11 | I²C data of an SHT4x, 0x44 |
//! | P1.12 | I²C clock |
//! | P1.13 | button to ground |
//! | P1.09 | reed contact to ground, closed while the door is; button 1 stands for one |
//! | P1.10 | light, on while the pin is high |
#![no_std]
#![no_main]

use embassy_executor::Spawner;
use sensor::{Pins, Pull};

#[embassy_executor::main]
async fn main(spawner: Spawner) -> ! {
    let p = sensor::start();
    let pins = Pins {
        sda: p.P1_11.into(),
        scl: p.P1_12.into(),
        button: p.P1_13.into(),
        reed: p.P1_09.into(),
        reed_pull: Pull::Up,
        led: p.P1_10.into(),
        is_led_active_low: false,
    };
    sensor::run(spawner, sensor::chip!(p), pins).await
}
