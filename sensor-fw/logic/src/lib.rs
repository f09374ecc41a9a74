//! The sensor's brain without pins: the same code runs on the chip and, tested, on a host.
//!
//! Does not know: pins, registers, a radio controller or a heap. Flash, buses, time and luck are arguments.
#![cfg_attr(not(test), no_std)]
