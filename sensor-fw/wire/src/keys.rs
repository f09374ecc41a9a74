//! Keys from keys: HKDF-SHA256 (RFC 5869) without salt, one label each.
//!
//! | from | label (info) | bytes | what for |
//! |---|---|---|---|
//! | [`SetupSecret`] | `pairing` | 32 | psk of the pairing handshake |
//! | [`DeviceKey`] | `bthome` ‖ epoch | 16 | [sealed adverts](crate::bthome) |
//! | [`DeviceKey`] | `gatt` ‖ epoch | 32 | psk of later sessions |
//! | [`DeviceKey`] | `confirm` ‖ epoch | 32 | the proof in [`Done`](crate::message::Done) |
//!
//! The epoch is a little-endian `u32` and goes up with each rotation. No label begins with another, so no two lines
//! can ever give the same info.

use zeroize::Zeroizing;

use crate::{
    mac::{hkdf_sha256, hmac_sha256},
    seal,
    secret::{DeviceKey, Psk, SetupSecret},
};

/// A device key's turn, from the first (given in pairing) on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u32);

impl Epoch {
    /// The one after; `None` after the last of 2³² turns.
    pub const fn next(self) -> Option<Self> {
        match self.0.checked_add(1) {
            Some(next) => Some(Self(next)),
            None => None,
        }
    }
}

/// The psk of the pairing handshake.
pub fn pairing_psk(secret: &SetupSecret) -> Psk {
    Psk::new(*hkdf_sha256(secret.expose(), b"pairing", b""))
}

/// What adverts are sealed with. Wipe it when you are done.
pub fn advert_key(key: &DeviceKey, epoch: Epoch) -> seal::Key {
    let bytes = of_epoch(key, b"bthome", epoch);
    bytes.first_chunk().copied().unwrap_or_default()
}

/// The psk of sessions after the pairing.
pub fn link_psk(key: &DeviceKey, epoch: Epoch) -> Psk {
    Psk::new(*of_epoch(key, b"gatt", epoch))
}

/// The proof that who sends it holds the key: HMAC-SHA256 over all parts, with a key made for nothing else.
pub fn confirmation(key: &DeviceKey, epoch: Epoch, parts: &[&[u8]]) -> [u8; 32] {
    hmac_sha256(&of_epoch(key, b"confirm", epoch), parts)
}

fn of_epoch(key: &DeviceKey, label: &[u8], epoch: Epoch) -> Zeroizing<[u8; 32]> {
    hkdf_sha256(key.expose(), label, &epoch.0.to_le_bytes())
}

#[cfg(test)]
mod tests;
