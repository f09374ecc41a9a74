//! AES-128-CCM with a 4-byte tag, as advertisements of sensors use it.
//!
//! BTHome 2 has a nonce of 13 bytes, BTHome 1 of 12, the format of pvvx of 11; nothing else differs but
//! the associated data. A forger's blind try succeeds once in 2³²: enough for a thermometer, not for a lock.

use core::fmt;

use aes::Aes128;
use ccm::{
    Ccm, KeyInit,
    aead::AeadInPlace,
    consts::{U4, U11, U12, U13},
};

/// A key of one sensor.
pub type Key = [u8; 16];

/// What proves that a frame was sealed with the key (Message Integrity Check).
pub type Mic = [u8; 4];

/// The number used once: its length says which format is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nonce {
    /// 11 bytes: pvvx.
    Eleven([u8; 11]),
    /// 12 bytes: BTHome 1.
    Twelve([u8; 12]),
    /// 13 bytes: BTHome 2.
    Thirteen([u8; 13]),
}

/// The key is not the one that sealed these bytes, or the bytes were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadMic;

impl fmt::Display for BadMic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key does not fit or the bytes were changed (bad message integrity check)")
    }
}

impl core::error::Error for BadMic {}

/// Decrypts `data` in place.
///
/// # Errors
/// [`BadMic`] when the tag does not fit; `data` is then zeroed or still sealed, never readable.
pub fn open(key: &Key, nonce: &Nonce, associated: &[u8], data: &mut [u8], mic: &Mic) -> Result<(), BadMic> {
    let tag = mic.into();
    match nonce {
        Nonce::Eleven(nonce) => {
            Ccm::<Aes128, U4, U11>::new(key.into()).decrypt_in_place_detached(nonce.into(), associated, data, tag)
        }
        Nonce::Twelve(nonce) => {
            Ccm::<Aes128, U4, U12>::new(key.into()).decrypt_in_place_detached(nonce.into(), associated, data, tag)
        }
        Nonce::Thirteen(nonce) => {
            Ccm::<Aes128, U4, U13>::new(key.into()).decrypt_in_place_detached(nonce.into(), associated, data, tag)
        }
    }
    .map_err(|_| BadMic)
}

/// Encrypts `data` in place and returns the tag; `None` when it is longer than the nonce allows (64 KiB and more).
pub fn seal(key: &Key, nonce: &Nonce, associated: &[u8], data: &mut [u8]) -> Option<Mic> {
    match nonce {
        Nonce::Eleven(nonce) => {
            Ccm::<Aes128, U4, U11>::new(key.into()).encrypt_in_place_detached(nonce.into(), associated, data)
        }
        Nonce::Twelve(nonce) => {
            Ccm::<Aes128, U4, U12>::new(key.into()).encrypt_in_place_detached(nonce.into(), associated, data)
        }
        Nonce::Thirteen(nonce) => {
            Ccm::<Aes128, U4, U13>::new(key.into()).encrypt_in_place_detached(nonce.into(), associated, data)
        }
    }
    .ok()
    .map(Into::into)
}
