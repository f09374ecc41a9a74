//! The firmware of a sensor as a program: `fw-logic` with a radio.
//!
//! [`run`] is the whole of it. The radio is any [`trouble_host::Controller`], and what else a sensor is made of stands in
//! [`Board`]: on the chip these are its flash, its probes and its light, on a host files and models. The same lines run
//! on both; so what is shown on a host, against a radio and a central that others wrote, holds for the chip.
//!
//! What it does:
//!
//! - A sensor without an owner is silent. For ten minutes after a battery was put in, or its button pressed, it sends a
//!   [pairing advert](wire::pairing_advert) from an address that is new each time.
//! - One with an owner measures, logs and sends sealed adverts that nobody can connect to, in bursts where somebody waits;
//!   and now and then some that a hub can connect to.
//! - Who connects finds the [one service](wire::gatt); what he writes goes to the [ceremony](fw_logic::pairing), and what
//!   it answers is notified. While he is connected, beacons go on: a hub that pairs waits for one.
//! - Its owner's hub fetches the log, asks for its health and brings updates; with one of them it stops, to start anew.
//!
//! ```no_run
//! use fw_app::{Board, Parts};
//! use trouble_host::Controller;
//!
//! async fn on_the_chip<C: Controller, B: Board>(radio: C, parts: Parts<B>) {
//!     let stopped = fw_app::run(radio, parts).await;
//!     // A board resets itself here; the bootloader sees to an update.
//!     drop(stopped);
//! }
//! ```
//!
//! Time is `embassy-time`'s, whose driver the board links in; a host takes the one for `std`.
//!
//! Does not know: which pins, which chip, which clock; a heap; what a hub does with what it hears.
#![cfg_attr(not(test), no_std)]

mod air;
mod blink;
mod board;
mod clock;
mod frame;
mod gatt;
mod note;
mod radio;
mod sensor;

pub use board::{Board, Chip, Happening, Inputs, Led, Map, Notes, Parts};
pub use note::Note;
pub use radio::{Stopped, run};
