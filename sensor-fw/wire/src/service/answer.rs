//! What the sensor answers.

use core::fmt;

use crate::{
    bytes::{NoRoom, Reader, Short, Writer},
    firmware::Version,
    message::{MessageError, Refusal, ToHub},
};

const BLOCKS: u8 = 0xA0;
const PROGRESS: u8 = 0xB0;
const HEALTH: u8 = 0xC0;

/// How far an update has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    None,
    /// It is being received.
    Receiving,
    /// It is complete and checked, and starts next.
    Installing,
    /// It runs, and is not yet sure of itself.
    Trial,
    /// It was taken back: it did not confirm that it works, or was not what was signed.
    Reverted,
}

impl Stage {
    const ALL: [Self; 5] = [Self::None, Self::Receiving, Self::Installing, Self::Trial, Self::Reverted];

    const fn code(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Receiving => 1,
            Self::Installing => 2,
            Self::Trial => 3,
            Self::Reverted => 4,
        }
    }
}

/// How an update stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How far it has come.
    pub stage: Stage,
    /// Of which version; 0.0.0.0 where there is none.
    pub version: Version,
    /// Bytes of the image that the sensor has: where to go on.
    pub received: u32,
    /// Bytes of the image.
    pub length: u32,
}

/// Why the sensor started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetReason {
    /// A battery was put in, or the voltage came back.
    PowerOn,
    /// The reset pin.
    Pin,
    /// The watchdog: the program hung.
    Watchdog,
    /// The program stopped itself because something was wrong that cannot be.
    Panic,
    /// The program wanted it, for an update.
    Wanted,
    /// The processor locked up.
    Lockup,
    /// Something else, by the number of a later program.
    Other(u8),
}

impl ResetReason {
    const fn code(self) -> u8 {
        match self {
            Self::PowerOn => 0,
            Self::Pin => 1,
            Self::Watchdog => 2,
            Self::Panic => 3,
            Self::Wanted => 4,
            Self::Lockup => 5,
            Self::Other(code) => code,
        }
    }

    const fn of_code(code: u8) -> Self {
        match code {
            0 => Self::PowerOn,
            1 => Self::Pin,
            2 => Self::Watchdog,
            3 => Self::Panic,
            4 => Self::Wanted,
            5 => Self::Lockup,
            code => Self::Other(code),
        }
    }
}

impl fmt::Display for ResetReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerOn => f.write_str("power"),
            Self::Pin => f.write_str("reset pin"),
            Self::Watchdog => f.write_str("watchdog"),
            Self::Panic => f.write_str("panic"),
            Self::Wanted => f.write_str("update"),
            Self::Lockup => f.write_str("lock-up"),
            Self::Other(code) => write!(f, "reason {code}"),
        }
    }
}

/// How a sensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Health {
    /// How often it has started.
    pub boot: u32,
    /// Seconds since it started.
    pub uptime_s: u32,
    /// Why it started.
    pub reset: ResetReason,
    /// How often in its life it stopped itself; 65 535 stands for more.
    pub panics: u16,
    /// How often the watchdog had to; 65 535 stands for more.
    pub watchdogs: u16,
    /// The battery under load, mV.
    pub battery_mv: u16,
    /// Its program.
    pub firmware: Version,
    /// The security counter below which it takes no image.
    pub security_counter: u32,
}

/// An answer of the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer<'a> {
    /// What it measured.
    Blocks(Blocks<'a>),
    /// How the update stands.
    Progress(Progress),
    /// How it is.
    Health(Health),
    /// It does not do it.
    Refused(Refusal),
}

/// Blocks of a log, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks<'a>(&'a [u8]);

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<&'a [u8], Short>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let mut reader = Reader::new(self.0);
        let block = reader.u16().and_then(|length| reader.slice(length.into()));
        self.0 = if block.is_ok() { reader.rest() } else { &[] };
        Some(block)
    }
}

/// Collects blocks for an answer, as many as there is room for.
#[derive(Debug)]
pub struct BlocksWriter<'a>(Writer<'a>);

impl<'a> BlocksWriter<'a> {
    /// An answer without a block.
    ///
    /// # Errors
    /// [`NoRoom`] when the buffer has no byte.
    pub fn new(buffer: &'a mut [u8]) -> Result<Self, NoRoom> {
        let mut writer = Writer::new(buffer);
        writer.put(&[BLOCKS])?;
        Ok(Self(writer))
    }

    /// Adds a block.
    ///
    /// # Errors
    /// [`NoRoom`]: it goes into the next answer.
    pub fn push(&mut self, block: &[u8]) -> Result<(), NoRoom> {
        let needed = block.len() + 2;
        let left = self.0.left();
        let length = u16::try_from(block.len()).ok().filter(|_| needed <= left).ok_or(NoRoom { needed, left })?;
        self.0.put(&length.to_le_bytes())?;
        self.0.put(block)
    }

    /// The length of the answer.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Is there no block yet?
    pub const fn is_empty(&self) -> bool {
        self.0.len() <= 1
    }
}

impl<'a> Answer<'a> {
    /// Reads an answer; bytes after the last known field are of a newer version and passed over.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8().map_err(|_| MessageError::Empty)?;
        let short = |source| MessageError::Short { kind, source };
        match kind {
            BLOCKS => Ok(Self::Blocks(Blocks(reader.rest()))),
            PROGRESS => {
                let stage = reader.u8().map_err(short)?;
                let stage = Stage::ALL.into_iter().find(|known| known.code() == stage);
                let stage = stage.ok_or(MessageError::Value { kind, field: "stage" })?;
                progress(stage, reader).map(Self::Progress).map_err(short)
            }
            HEALTH => health(reader).map(Self::Health).map_err(short),
            _ => match ToHub::parse(bytes)? {
                ToHub::Refused(refusal) => Ok(Self::Refused(refusal)),
                _ => Err(MessageError::UnknownKind { kind }),
            },
        }
    }

    /// Writes the answer and returns its length.
    ///
    /// # Errors
    /// [`NoRoom`] when the buffer is shorter.
    pub fn write(&self, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        if let Self::Refused(refusal) = self {
            return ToHub::Refused(*refusal).write(buffer);
        }
        let mut writer = Writer::new(buffer);
        match self {
            Self::Refused(_) => {}
            Self::Blocks(blocks) => {
                writer.put(&[BLOCKS])?;
                writer.put(blocks.0)?;
            }
            Self::Progress(it) => {
                writer.put(&[PROGRESS, it.stage.code()])?;
                writer.put(&it.version.to_le_bytes())?;
                writer.put(&it.received.to_le_bytes())?;
                writer.put(&it.length.to_le_bytes())?;
            }
            Self::Health(it) => {
                writer.put(&[HEALTH])?;
                writer.put(&it.boot.to_le_bytes())?;
                writer.put(&it.uptime_s.to_le_bytes())?;
                writer.put(&[it.reset.code()])?;
                writer.put(&it.panics.to_le_bytes())?;
                writer.put(&it.watchdogs.to_le_bytes())?;
                writer.put(&it.battery_mv.to_le_bytes())?;
                writer.put(&it.firmware.to_le_bytes())?;
                writer.put(&it.security_counter.to_le_bytes())?;
            }
        }
        Ok(writer.len())
    }
}

fn progress(stage: Stage, mut reader: Reader<'_>) -> Result<Progress, Short> {
    let version = Version::from_le_bytes(reader.array()?);
    Ok(Progress { stage, version, received: reader.u32()?, length: reader.u32()? })
}

fn health(mut reader: Reader<'_>) -> Result<Health, Short> {
    Ok(Health {
        boot: reader.u32()?,
        uptime_s: reader.u32()?,
        reset: ResetReason::of_code(reader.u8()?),
        panics: reader.u16()?,
        watchdogs: reader.u16()?,
        battery_mv: reader.u16()?,
        firmware: Version::from_le_bytes(reader.array()?),
        security_counter: reader.u32()?,
    })
}
