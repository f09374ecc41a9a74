//! Simulated air: what a radio does between the program of a sensor and those who listen to it.
//!
//! A virtual controller of Bluetooth Low Energy, of which there is as much as a sensor asks for: legacy adverts, one
//! connection, packets to and fro. It does no I/O and asks no clock: time is an argument, luck is a seed.

mod advertiser;
mod controller;
mod line;
mod pdu;
mod radio;

pub use pdu::{AdvertisingPdu, Listening};

pub(crate) use controller::Controller;
pub(crate) use radio::Radio;
