//! The firmware on a chip: [`fw_app`] with the pins, radio controller, flash and clock of Nordic's nRF52 and nRF54L.
//!
//! Glue only. What a board adds is a table of pins:
//!
//! ```ignore
//! #[embassy_executor::main]
//! async fn main(spawner: Spawner) -> ! {
//!     let p = sensor::start();
//!     let pins = Pins { sda: p.P0_26.into(), scl: p.P0_27.into(), … };
//!     sensor::run(spawner, sensor::chip!(p), pins).await
//! }
//! ```
//!
//! - I²C and SAADC exist while they are used, and draw nothing in between.
//! - Flash is written when the radio has time for it, by Nordic's scheduler.
//! - The watchdog is fed with nearly everything that the program does; starts that fail one after another wait longer each time.
//!
//! It was built, linked and counted, and never ran on silicon.
//!
//! Does not know: which board; when to measure, what to send, whom to trust.
#![no_std]

mod bus;
mod inputs;
mod life;
mod luck;
mod radio;
mod supply;

pub use chip::start;
pub use embassy_nrf::gpio::Pull;
pub use inputs::Pins;
pub use life::{Chip, run};
#[doc(hidden)]
pub use {nrf_mpsl, nrf_sdc};
