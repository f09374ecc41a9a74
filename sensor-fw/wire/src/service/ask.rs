//! What the hub asks.

use super::MAX_CHUNK;
use crate::{
    bytes::{NoRoom, Reader, Writer},
    log::SampleId,
    manifest,
    message::MessageError,
};

const LOG: u8 = 0x20;
const OFFER: u8 = 0x30;
const CHUNK: u8 = 0x31;
const INSTALL: u8 = 0x32;
const ABANDON: u8 = 0x33;
const ASK_PROGRESS: u8 = 0x34;
const ASK_HEALTH: u8 = 0x40;

/// A question of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// What did you measure from this sample on?
    Log {
        /// The first sample that is wanted.
        from: SampleId,
    },
    /// Will you take this image?
    Offer {
        /// What it is.
        manifest: &'a [u8; manifest::LENGTH],
    },
    /// A part of the image.
    Chunk {
        /// Where in the image it begins.
        offset: u32,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// You have all of it: check it, and start it.
    Install,
    /// Forget about it.
    Abandon,
    /// How far have you come?
    Progress,
    /// How are you?
    Health,
}

impl<'a> Ask<'a> {
    /// Reads a question.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8().map_err(|_| MessageError::Empty)?;
        let short = |source| MessageError::Short { kind, source };
        let sample = |mut reader: Reader<'_>| Ok(SampleId { boot: reader.u32()?, number: reader.u32()? });
        match kind {
            LOG => sample(reader).map(|from| Self::Log { from }).map_err(short),
            OFFER => {
                let bytes = reader.slice(manifest::LENGTH).map_err(short)?;
                let manifest = bytes.try_into().map_err(|_| MessageError::Value { kind, field: "manifest" })?;
                Ok(Self::Offer { manifest })
            }
            CHUNK => {
                let offset = reader.u32().map_err(short)?;
                match reader.rest() {
                    bytes if bytes.is_empty() || bytes.len() > MAX_CHUNK => {
                        Err(MessageError::Value { kind, field: "length of the chunk" })
                    }
                    bytes => Ok(Self::Chunk { offset, bytes }),
                }
            }
            INSTALL => Ok(Self::Install),
            ABANDON => Ok(Self::Abandon),
            ASK_PROGRESS => Ok(Self::Progress),
            ASK_HEALTH => Ok(Self::Health),
            kind => Err(MessageError::UnknownKind { kind }),
        }
    }

    /// Writes the question and returns its length.
    ///
    /// # Errors
    /// [`NoRoom`] when the buffer is shorter.
    pub fn write(&self, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        let mut writer = Writer::new(buffer);
        match self {
            Self::Log { from } => {
                writer.put(&[LOG])?;
                writer.put(&from.boot.to_le_bytes())?;
                writer.put(&from.number.to_le_bytes())?;
            }
            Self::Offer { manifest } => {
                writer.put(&[OFFER])?;
                writer.put(*manifest)?;
            }
            Self::Chunk { offset, bytes } => {
                writer.put(&[CHUNK])?;
                writer.put(&offset.to_le_bytes())?;
                writer.put(bytes)?;
            }
            Self::Install => writer.put(&[INSTALL])?,
            Self::Abandon => writer.put(&[ABANDON])?,
            Self::Progress => writer.put(&[ASK_PROGRESS])?,
            Self::Health => writer.put(&[ASK_HEALTH])?,
        }
        Ok(writer.len())
    }
}
