//! The text on a sensor's label, scanned or typed once: who the sensor is and what only its owner knows.
//!
//! `HS1:` and 95 characters of [Base45], 99 in all: a QR code of version 4-L or 5-M. The last character is
//! always one of `0`…`5`, so that no space at an end can get lost. In Base45 are these 63 bytes:
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version, 1 |
//! | 1 | 2 | product, little-endian |
//! | 3 | 8 | uid |
//! | 11 | 32 | the sensor's static X25519 public key |
//! | 43 | 16 | secret |
//! | 59 | 4 | CRC-32 of all before it, little-endian |
//!
//! In every version to come the first byte is the version and the last four are the checksum, so that a code from
//! the future is told from a misread one. A changed character, or two neighbours swapped, is within 32 bits in a row:
//! the checksum finds all of these.
//!
//! [Base45]: https://www.rfc-editor.org/rfc/rfc9285

use core::fmt;

use zeroize::Zeroizing;

use crate::{
    base45::{self, Base45Error},
    bytes::{Reader, Short},
    checksum::crc32,
    secret::SetupSecret,
};

/// What every label begins with.
const PREFIX: &str = "HS1:";
/// The version that is written and read.
const VERSION: u8 = 1;
/// The bytes in the text.
const LENGTH: usize = 63;
const CHECKSUM: usize = 4;
/// A code from the future may be this long and is still called newer rather than damaged.
const LONGEST: usize = 192;

/// What kind of sensor it is; a line in the list of products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Product(pub u16);

/// Which sensor it is, for life: random, given when it is made, printed in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub [u8; 8]);

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

/// A static X25519 public key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey(pub [u8; 32]);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicKey(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// What a label says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupCode {
    /// What kind of sensor it is.
    pub product: Product,
    /// Which one.
    pub uid: Uid,
    /// What the sensor proves to have the private half of.
    pub public_key: PublicKey,
    /// What whoever claims the sensor proves to know.
    pub secret: SetupSecret,
}

/// A text that is no setup code that we can use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetupCodeError {
    /// The text is that of another thing.
    NotOurs,
    /// A character cannot be part of a setup code.
    Character {
        /// Which one, from 1, as people count.
        position: usize,
    },
    /// Characters are missing or too many.
    Length {
        /// How many there are.
        characters: usize,
    },
    /// The checksum does not fit: something was misread or mistyped.
    Damaged,
    /// The sensor is newer than this software.
    Newer {
        /// The version of its code.
        version: u8,
    },
}

impl fmt::Display for SetupCodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => write!(f, "not the code of a sensor of ours, which begins with {PREFIX}"),
            Self::Character { position } => {
                write!(f, "character {position} of the code cannot be right; capital letters matter")
            }
            Self::Length { characters } => {
                write!(f, "the code has {} characters, but {characters} were read", text_length(LENGTH))
            }
            Self::Damaged => f.write_str("the code was misread or mistyped (its checksum does not fit)"),
            Self::Newer { version } => {
                write!(f, "the sensor is newer than this software (setup code {version}, known is {VERSION})")
            }
        }
    }
}

impl core::error::Error for SetupCodeError {}

impl SetupCode {
    /// Reads the text of a label; spaces and line ends around it do not matter.
    ///
    /// # Errors
    /// [`SetupCodeError`], which says what a person can do about it.
    pub fn parse(text: &str) -> Result<Self, SetupCodeError> {
        let text = text.trim();
        let inner = text.strip_prefix(PREFIX).ok_or(SetupCodeError::NotOurs)?;
        let wrong_length = SetupCodeError::Length { characters: text.len() };
        let mut buffer = Zeroizing::new([0; LONGEST]);
        let length = base45::decode(inner, &mut *buffer).map_err(|error| match error {
            Base45Error::Character { position } => SetupCodeError::Character { position: PREFIX.len() + position + 1 },
            Base45Error::Overflow { .. } => SetupCodeError::Damaged,
            Base45Error::Length => wrong_length,
        })?;
        let bytes = buffer.get(..length).unwrap_or_default();
        let (fields, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or(wrong_length)?;
        if crc32(fields) != u32::from_le_bytes(*checksum) {
            return Err(if length == LENGTH { SetupCodeError::Damaged } else { wrong_length });
        }
        Self::from_fields(fields).unwrap_or(Err(SetupCodeError::Damaged))
    }

    fn from_fields(fields: &[u8]) -> Result<Result<Self, SetupCodeError>, Short> {
        let mut reader = Reader::new(fields);
        match reader.u8()? {
            0 => return Ok(Err(SetupCodeError::NotOurs)),
            VERSION => {}
            version => return Ok(Err(SetupCodeError::Newer { version })),
        }
        let code = Self {
            product: Product(reader.u16()?),
            uid: Uid(reader.array()?),
            public_key: PublicKey(reader.array()?),
            secret: SetupSecret::new(reader.array()?),
        };
        Ok(if reader.rest().is_empty() { Ok(code) } else { Err(SetupCodeError::Damaged) })
    }

    /// The text for the label. It tells the secret, so nothing but `label().to_string()` shows it.
    pub const fn label(&self) -> Label<'_> {
        Label(self)
    }
}

/// The text of a label, by [`core::fmt::Display`].
#[derive(Debug, Clone, Copy)]
pub struct Label<'a>(&'a SetupCode);

impl fmt::Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(code) = self;
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let fields: [&[u8]; 5] =
            [&[VERSION], &code.product.0.to_le_bytes(), &code.uid.0, &code.public_key.0, code.secret.expose()];
        for (place, byte) in bytes.iter_mut().zip(fields.into_iter().flatten()) {
            *place = *byte;
        }
        if let Some((fields, checksum)) = bytes.split_last_chunk_mut::<CHECKSUM>() {
            *checksum = crc32(fields).to_le_bytes();
        }
        f.write_str(PREFIX)?;
        base45::encode(&*bytes, f)
    }
}

/// How many characters a code of so many bytes has.
const fn text_length(bytes: usize) -> usize {
    PREFIX.len() + bytes / 2 * 3 + bytes % 2 * 2
}

#[cfg(test)]
mod tests;
