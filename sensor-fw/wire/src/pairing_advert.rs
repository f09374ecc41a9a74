//! What an unclaimed sensor sends while its window is open: only who has its setup code can tell whose it is.
//!
//! A legacy connectable advert, full to the last of its 31 bytes:
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 3 | flags: `02 01 06`, general discoverable, no BR/EDR |
//! | 3 | 2 | `1B 21`: 27 bytes, service data with a 128-bit UUID |
//! | 5 | 16 | [`gatt::SERVICE`], little-endian |
//! | 21 | 4 | nonce, random, new in each window |
//! | 25 | 6 | tag: the first bytes of HMAC-SHA256(secret, `adv` ‖ nonce) |
//!
//! Who does not know the secret sees random bytes that have nothing to do with those of another window, so the
//! sensor cannot be followed by them; its Bluetooth address has to be random and new in each window, too. A foreign
//! sensor matches by chance once in 2⁴⁸; the handshake would then fail.

use core::fmt;

use subtle::ConstantTimeEq;

use crate::{gatt, mac::hmac_sha256, secret::SetupSecret};

/// How many bytes of service data follow the UUID.
pub const SERVICE_DATA: usize = NONCE + TAG;
/// A whole legacy advert.
pub const LEGACY: usize = 31;
const NONCE: usize = 4;
const TAG: usize = 6;
const LABEL: &[u8] = b"adv";
/// Flags, then length and type of the service data.
const HEAD: [u8; 5] = [0x02, 0x01, 0x06, 0x1B, 0x21];

/// The service data of an unclaimed sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PairingAdvert {
    nonce: [u8; NONCE],
    tag: [u8; TAG],
}

/// Service data that is no pairing advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnAdvert {
    /// How many bytes there are instead of [`SERVICE_DATA`].
    pub length: usize,
}

impl fmt::Display for NotAnAdvert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pairing advert of {} bytes instead of {SERVICE_DATA}", self.length)
    }
}

impl core::error::Error for NotAnAdvert {}

impl PairingAdvert {
    /// What the sensor with this secret sends; take a new random nonce in each window.
    pub fn new(secret: &SetupSecret, nonce: [u8; NONCE]) -> Self {
        Self { nonce, tag: tag(secret, nonce) }
    }

    /// Reads the service data (without the UUID).
    ///
    /// # Errors
    /// [`NotAnAdvert`] when the length is another.
    pub fn parse(service_data: &[u8]) -> Result<Self, NotAnAdvert> {
        let refusal = NotAnAdvert { length: service_data.len() };
        let (nonce, rest) = service_data.split_first_chunk().ok_or(refusal)?;
        let tag = rest.try_into().map_err(|_| refusal)?;
        Ok(Self { nonce: *nonce, tag })
    }

    /// Does the sensor with this secret send this? Takes the same time whatever the answer.
    pub fn is_of(&self, secret: &SetupSecret) -> bool {
        tag(secret, self.nonce)[..].ct_eq(&self.tag[..]).into()
    }

    /// The service data (without the UUID).
    pub fn service_data(&self) -> [u8; SERVICE_DATA] {
        let mut bytes = [0; SERVICE_DATA];
        for (place, byte) in bytes.iter_mut().zip(self.nonce.iter().chain(&self.tag)) {
            *place = *byte;
        }
        bytes
    }

    /// All AD structures of the advert.
    pub fn legacy(&self) -> [u8; LEGACY] {
        let mut bytes = [0; LEGACY];
        let (uuid, data) = (gatt::SERVICE.to_le_bytes(), self.service_data());
        for (place, byte) in bytes.iter_mut().zip(HEAD.iter().chain(&uuid).chain(&data)) {
            *place = *byte;
        }
        bytes
    }
}

fn tag(secret: &SetupSecret, nonce: [u8; NONCE]) -> [u8; TAG] {
    let code = hmac_sha256(secret.expose(), &[LABEL, &nonce]);
    code.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests;
