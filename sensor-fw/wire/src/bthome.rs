//! BTHome, the open format of sensor adverts: version 2 read and written, version 1 read.
//!
//! Service data of version 2, UUID 0xFCD2 (bthome.io, format and encryption pages of 2026-04-30):
//!
//! | plain | bytes | what |
//! |---|---|---|
//! | 0 | 1 | [`DeviceInfo`]: bit 0 sealed, bit 2 sends on events only, bits 5–7 version 2 |
//! | 1 | … | objects: id (1 byte), value (little-endian, width by the id), ascending by id |
//!
//! | sealed | bytes | what |
//! |---|---|---|
//! | 0 | 1 | device info, bit 0 set |
//! | 1 | n | objects, AES-128-CCM, no associated data |
//! | 1 + n | 4 | counter, little-endian |
//! | 5 + n | 4 | message integrity check |
//!
//! The nonce is address (6, display order) ‖ `D2 FC` ‖ device info ‖ counter (4, as sent). Bit 1 of the device info
//! is reserved today; the first drafts put the address (6 bytes, reversed) after it, and so do we when we
//! read, as other receivers in the field do.
//!
//! Service data of version 1, UUID 0x181C plain, 0x181E sealed:
//!
//! | plain | bytes | what |
//! |---|---|---|
//! | 0 | 1 | bits 0–4 length of what follows, bits 5–7 type: 0 unsigned, 1 signed, 2 float, 3 text, 4 raw |
//! | 1 | 1 | object id |
//! | 2 | … | value (little-endian) |
//!
//! Sealed, these objects are followed by counter and check as in version 2; the nonce is address (6) ‖ `1E 18` ‖
//! counter (4), the associated data is the byte 0x11.

mod item;
mod object;
mod payload;
pub mod v1;
pub mod v2;

pub use item::{Event, Fact, Item, Press, Report, Turn};
pub use object::{Layout, OBJECTS, Object, Scale, object};
pub use payload::{Advert, Payload, PayloadError};
pub use v2::DeviceInfo;

/// A Bluetooth address, most significant byte first.
pub type Address = [u8; 6];

/// The longest service data: an AD structure of 255 bytes less its type and the UUID.
pub const MAX_SERVICE_DATA: usize = 252;

/// Room for the objects of one frame while they are decrypted.
pub type Buffer = [u8; MAX_SERVICE_DATA];

#[cfg(test)]
mod tests;
