//! Bytes ⇄ values that sensors and the hub share.
//!
//! | what | where |
//! |---|---|
//! | readings on the air, plain and sealed | [`bthome`], [`seal`] |
//! | readings kept in a sensor's flash | [`log`] |
//! | a sensor without an owner | [`setup_code`], [`pairing_advert`] |
//! | what hub and sensor say in a connection | [`gatt`], [`pipe`], [`message`], [`service`], [`settings`], [`keys`] |
//! | an update | [`manifest`], [`firmware`] |
//!
//! The same code writes an advert on the sensor and reads it on the hub. It borrows, or holds what has a fixed
//! size, so it runs where there is no heap, and any bytes whatever are answered by a value or an error.
//!
//! ```
//! use units::{Measure, MilliCelsius, Quantity};
//! use wire::bthome::{Item, Payload, v2};
//!
//! // The sensor:
//! let mut payload = Payload::new();
//! payload.push(MilliCelsius(25_060))?;
//! payload.push(Measure::new(Quantity::Battery, 97))?;
//! let advert = payload.plain(false);
//! assert_eq!(advert.service_data(), [0x40, 0x01, 97, 0x02, 0xCA, 0x09]);
//! assert!(advert.fits_legacy());
//!
//! // The hub:
//! let frame = v2::Frame::parse(advert.service_data())?;
//! let first = frame.items().and_then(|mut items| items.next());
//! assert_eq!(first, Some(Item::Reading { quantity: Quantity::Battery, instance: 0, value: 97 }));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Does not know: who may be believed. Replayed counters, doubled packet ids and implausible values are
//! read like any other; no allocation, no I/O, no clock, no luck.
#![cfg_attr(not(test), no_std)]

mod base45;
pub mod bthome;
pub mod bytes;
pub mod checksum;
pub mod firmware;
pub mod gatt;
pub mod keys;
pub mod log;
pub mod mac;
pub mod manifest;
pub mod message;
pub mod pairing_advert;
pub mod pipe;
pub mod seal;
pub mod secret;
pub mod service;
pub mod settings;
pub mod setup_code;
