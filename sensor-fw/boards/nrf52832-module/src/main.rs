//! A module with an nRF52832-QFAA, 32 kHz crystal and DC/DC coils, as Raytac's MDBT42Q or Ebyte's E73-2G4M04S; wired as
//! Nordic's nRF52 DK (PCA10040), so that this runs on both.
//!
//! | pin | what |
//! |---|---|
//! | P0.26 | I²C data of an SHT4x, 0x44 |
//! | P0.27 | I²C clock |
//! | P0.13 | button to ground |
//! | P0.14 | reed contact to ground, closed while the door is; pulled up by 4.7 MΩ |
//! | P0.17 | light, on while the pin is low |
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
        button: p.P0_13.into(),
        reed: p.P0_14.into(),
        reed_pull: Pull::None,
        led: p.P0_17.into(),
        is_led_active_low: true,
    };
    sensor::run(spawner, sensor::chip!(p), pins).await
}
