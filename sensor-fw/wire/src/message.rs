//! What hub and sensor say to each other in a session: one question of the hub, one answer of the sensor.
//!
//! # A session
//!
//! A connection carries [messages](crate::pipe); the first two are a Noise handshake, those after it are sealed by it.
//!
//! | message | from | what |
//! |---|---|---|
//! | 1 | hub | [`Purpose`] (1 byte), first message of the handshake with [`Hello`] inside |
//! | 2 | sensor | second message of the handshake with [`Info`] (or [`Refusal`]) inside |
//! | 3, 5, … | hub | a question, [`ToSensor`] |
//! | 4, 6, … | sensor | its answer, [`ToHub`] |
//!
//! # Messages
//!
//! Numbers are little-endian, fields stand without gaps in this order:
//!
//! | kind | hub → sensor | fields (bytes) | answer |
//! |---|---|---|---|
//! | 0x01 | [`Hello`] | lowest (1) and highest (1) protocol version, hub id (16), nonce (8) | Info |
//! | 0x02 | [`Provision`] | device key (32), epoch (4), owner epoch (4), hub's public key (32), Unix time in s (8; 0 unknown), length of the settings (1), [settings](crate::settings), name length (1), name (0–32, UTF-8) | Done |
//! | 0x03 | Confirm | – | Confirmed |
//! | 0x04 | Identify | blink pattern (1, low four bits) | Blinking |
//! | 0x05 | [`Rotate`] | epoch (4), device key (32) | Done |
//! | 0x06 | Release | – | Released |
//! | 0x10 | Set | [settings](crate::settings) | Settings |
//! | 0x11 | Ask for settings | – | Settings |
//!
//! | kind | sensor → hub | fields (bytes) |
//! |---|---|---|
//! | 0x81 | [`Info`] | protocol version (1), product (2), uid (8), Bluetooth address (6, as people write it), firmware (4), hardware (1), boot (4), battery in mV (2), claim (1), owner epoch (4), certificate length (1: 0 or 64), certificate (0 or 64) |
//! | 0x82 | [`Done`] | first counter (4), confirmation (32) |
//! | 0x83 | Confirmed | – |
//! | 0x84 | Blinking | – |
//! | 0x85 | Released | – |
//! | 0x90 | Settings | [settings](crate::settings) as they are now |
//! | 0x8F | Refused, a [`Refusal`] | reason (1), detail (4) |
//!
//! Kinds 0x20 to 0x7F and their answers 0xA0 to 0xFF belong to log, updates and health: [`service`](crate::service).
//!
//! # Later versions
//!
//! New fields are added at a message's end and new messages under new kinds. What is longer than expected is read as
//! far as it is known. A kind that is not known is no reason to hang up: the sensor answers Refused, unknown kind.
//!
//! # Confirmation
//!
//! [`Done`] proves that the sensor has the new device key and read the same question in the same session: it is
//! [`keys::confirmation`](crate::keys::confirmation) over handshake hash (32) ‖ question as received ‖ first counter (4).

use core::fmt;

use crate::{
    bytes::{NoRoom, Short},
    settings::{Settings, SettingsError},
};

mod to_hub;
mod to_sensor;

pub use to_hub::{Certificate, ClaimState, Done, Info, Refusal, ToHub};
pub use to_sensor::{Hello, HubId, Pattern, Provision, Rotate, ToSensor};

/// The one version of these messages so far.
pub const PROTOCOL: u8 = 1;

/// No message is longer, in bytes: what to have room for.
pub const MAX_LENGTH: usize = 192;

/// Kinds of questions that are about what a sensor has, not about whose it is: log, updates, health.
pub const SERVICES: core::ops::RangeInclusive<u8> = 0x20..=0x7F;

/// The longest name of a sensor, bytes of UTF-8.
pub const MAX_NAME: usize = 32;

/// What a session is for: the first byte of the first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Somebody with the setup code claims the sensor: `Noise_NKpsk0_25519_ChaChaPoly_SHA256`.
    Pairing,
    /// The hub of a claimed sensor has something to say: `Noise_NNpsk0_25519_ChaChaPoly_SHA256`.
    Link,
}

impl Purpose {
    /// The byte.
    pub const fn code(self) -> u8 {
        match self {
            Self::Pairing => 1,
            Self::Link => 2,
        }
    }

    /// What the byte says; `None` when it says nothing.
    pub const fn of_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Pairing),
            2 => Some(Self::Link),
            _ => None,
        }
    }

    /// The handshake's prologue: a session for one purpose cannot be passed off as one for another.
    pub const fn prologue(self) -> &'static [u8] {
        match self {
            Self::Pairing => b"HSP1 pairing",
            Self::Link => b"HSP1 link",
        }
    }
}

/// What a sensor is called, up to 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Name {
    bytes: [u8; MAX_NAME],
    length: u8,
}

impl Name {
    /// A name; `None` when it is longer than 32 bytes.
    pub fn new(name: &str) -> Option<Self> {
        let mut bytes = [0; MAX_NAME];
        bytes.get_mut(..name.len())?.copy_from_slice(name.as_bytes());
        Some(Self { bytes, length: u8::try_from(name.len()).ok()? })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let bytes = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        core::str::from_utf8(bytes).unwrap_or_default()
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

/// Bytes that are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageError {
    /// There is not one byte.
    Empty,
    /// The message is of a kind that this version does not know.
    UnknownKind {
        /// Which kind.
        kind: u8,
    },
    /// The message ends in the middle of a field.
    Short {
        /// Of which kind it is.
        kind: u8,
        /// What is missing.
        source: Short,
    },
    /// The settings in it are not such as any sensor could take.
    Settings {
        /// Of which kind the message is.
        kind: u8,
        /// What is wrong with them.
        source: SettingsError,
    },
    /// A field has a value that it cannot have.
    Value {
        /// Of which kind the message is.
        kind: u8,
        /// Which field.
        field: &'static str,
    },
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("message without a byte"),
            Self::UnknownKind { kind } => write!(f, "message of unknown kind {kind:#04x}"),
            Self::Short { kind, .. } => write!(f, "message of kind {kind:#04x} ends too early"),
            Self::Settings { kind, source } => write!(f, "message of kind {kind:#04x}: {source}"),
            Self::Value { kind, field } => write!(f, "message of kind {kind:#04x} with an impossible {field}"),
        }
    }
}

impl core::error::Error for MessageError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Short { source, .. } => Some(source),
            Self::Settings { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// What can go wrong between the fields of one message.
enum FieldError {
    Short(Short),
    Settings(SettingsError),
    Value(&'static str),
}

impl FieldError {
    const fn of(self, kind: u8) -> MessageError {
        match self {
            Self::Short(source) => MessageError::Short { kind, source },
            Self::Settings(source) => MessageError::Settings { kind, source },
            Self::Value(field) => MessageError::Value { kind, field },
        }
    }
}

impl From<Short> for FieldError {
    fn from(short: Short) -> Self {
        Self::Short(short)
    }
}

impl From<SettingsError> for FieldError {
    fn from(error: SettingsError) -> Self {
        match error {
            SettingsError::Short(short) => Self::Short(short),
            error => Self::Settings(error),
        }
    }
}

/// Writes fields one after another and says how long they are.
fn write(buffer: &mut [u8], fields: &[&[u8]]) -> Result<usize, NoRoom> {
    let mut writer = crate::bytes::Writer::new(buffer);
    fields.iter().try_for_each(|field| writer.put(field))?;
    Ok(writer.len())
}

/// Writes settings behind the kind of a message.
fn write_settings(buffer: &mut [u8], kind: u8, settings: &Settings) -> Result<usize, NoRoom> {
    let left = NoRoom { needed: 1 + Settings::MAX_LENGTH, left: buffer.len() };
    let (head, rest) = buffer.split_first_mut().ok_or(left)?;
    *head = kind;
    Ok(1 + settings.write(rest)?)
}

#[cfg(test)]
mod tests;
