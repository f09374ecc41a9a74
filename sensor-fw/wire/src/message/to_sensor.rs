//! What the hub says.

use super::{FieldError, MAX_NAME, MessageError, Name, write};
use crate::{
    bytes::{NoRoom, Reader},
    keys::Epoch,
    secret::DeviceKey,
    settings::Settings,
    setup_code::PublicKey,
};

const HELLO: u8 = 0x01;
const PROVISION: u8 = 0x02;
const CONFIRM: u8 = 0x03;
const IDENTIFY: u8 = 0x04;
const ROTATE: u8 = 0x05;
const RELEASE: u8 = 0x06;
const SET: u8 = 0x10;
const ASK_SETTINGS: u8 = 0x11;

/// Which hub it is: random, for life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HubId(pub [u8; 16]);

/// How to blink so that a person finds the sensor: four beats, bit 0 first, repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern(u8);

impl Pattern {
    /// The low four bits.
    pub const fn new(bits: u8) -> Self {
        Self(bits & 0x0F)
    }

    /// The four bits.
    pub const fn bits(self) -> u8 {
        self.0
    }
}

/// Who is there, inside the first message of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The lowest protocol version that the hub speaks.
    pub lowest: u8,
    /// The highest.
    pub highest: u8,
    /// Which hub it is.
    pub hub: HubId,
    /// A random number, by which both sides' logs name the session.
    pub nonce: [u8; 8],
}

/// What makes the sensor the hub's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    /// What every other key is derived from.
    pub device_key: DeviceKey,
    /// The key's epoch.
    pub epoch: Epoch,
    /// How many owners the sensor has had with this one: one more than [`Info`](super::Info) says.
    pub owner_epoch: u32,
    /// The hub's static X25519 public key.
    pub hub_key: PublicKey,
    /// Seconds since 1970, if the hub knows the time.
    pub unix_time_s: Option<u64>,
    /// What to do until told otherwise.
    pub settings: Settings,
    /// What the owner calls the sensor.
    pub name: Name,
}

/// A new key for the same owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rotate {
    /// The new key's epoch: one more than that of the present one.
    pub epoch: Epoch,
    /// The new key.
    pub device_key: DeviceKey,
}

/// A message of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToSensor {
    /// Who is there.
    Hello(Hello),
    /// Be mine.
    Provision(Provision),
    /// An advert under the new key was heard: it is yours and mine alone now.
    Confirm,
    /// Blink.
    Identify(Pattern),
    /// Take a new key.
    Rotate(Rotate),
    /// Be nobody's.
    Release,
    /// Do this from now on.
    Set(Settings),
    /// Say what you are told to do.
    AskSettings,
}

impl ToSensor {
    /// Reads a message; bytes after the last known field are of a newer version and passed over.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8().map_err(|_| MessageError::Empty)?;
        let message = match kind {
            HELLO => hello(reader).map(Self::Hello),
            PROVISION => provision(reader).map(Self::Provision),
            CONFIRM => Ok(Self::Confirm),
            IDENTIFY => reader.u8().map(|bits| Self::Identify(Pattern::new(bits))).map_err(Into::into),
            ROTATE => rotate(reader).map(Self::Rotate),
            RELEASE => Ok(Self::Release),
            SET => Settings::parse(reader.rest()).map(Self::Set).map_err(Into::into),
            ASK_SETTINGS => Ok(Self::AskSettings),
            kind => return Err(MessageError::UnknownKind { kind }),
        };
        message.map_err(|error| error.of(kind))
    }

    /// Writes the message and returns its length, at most [`MAX_LENGTH`](super::MAX_LENGTH).
    ///
    /// # Errors
    /// [`NoRoom`] when the buffer is shorter.
    pub fn write(&self, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        match self {
            Self::Hello(it) => write(buffer, &[&[HELLO, it.lowest, it.highest], &it.hub.0, &it.nonce]),
            Self::Provision(it) => {
                let name = it.name.as_str().as_bytes();
                let mut settings = [0; Settings::MAX_LENGTH];
                let length = it.settings.write(&mut settings)?;
                write(
                    buffer,
                    &[
                        &[PROVISION],
                        it.device_key.expose(),
                        &it.epoch.0.to_le_bytes(),
                        &it.owner_epoch.to_le_bytes(),
                        &it.hub_key.0,
                        &it.unix_time_s.unwrap_or(0).to_le_bytes(),
                        // Settings have at most 60 bytes.
                        &[length as u8],
                        settings.get(..length).unwrap_or_default(),
                        &[it.name.length],
                        name,
                    ],
                )
            }
            Self::Confirm => write(buffer, &[&[CONFIRM]]),
            Self::Identify(pattern) => write(buffer, &[&[IDENTIFY, pattern.bits()]]),
            Self::Rotate(it) => write(buffer, &[&[ROTATE], &it.epoch.0.to_le_bytes(), it.device_key.expose()]),
            Self::Release => write(buffer, &[&[RELEASE]]),
            Self::Set(settings) => super::write_settings(buffer, SET, settings),
            Self::AskSettings => write(buffer, &[&[ASK_SETTINGS]]),
        }
    }
}

fn hello(mut reader: Reader<'_>) -> Result<Hello, FieldError> {
    let (lowest, highest) = (reader.u8()?, reader.u8()?);
    if lowest == 0 || lowest > highest {
        return Err(FieldError::Value("range of protocol versions"));
    }
    Ok(Hello { lowest, highest, hub: HubId(reader.array()?), nonce: reader.array()? })
}

fn provision(mut reader: Reader<'_>) -> Result<Provision, FieldError> {
    let device_key = DeviceKey::new(reader.array()?);
    let (epoch, owner_epoch) = (Epoch(reader.u32()?), reader.u32()?);
    let hub_key = PublicKey(reader.array()?);
    let unix_time_s = Some(reader.u64()?).filter(|seconds| *seconds != 0);
    let length = usize::from(reader.u8()?);
    let settings = Settings::parse(reader.slice(length)?)?;
    let length = usize::from(reader.u8()?);
    if length > MAX_NAME {
        return Err(FieldError::Value("length of the name"));
    }
    let name = core::str::from_utf8(reader.slice(length)?).ok().and_then(Name::new);
    let name = name.ok_or(FieldError::Value("name"))?;
    Ok(Provision { device_key, epoch, owner_epoch, hub_key, unix_time_s, settings, name })
}

fn rotate(mut reader: Reader<'_>) -> Result<Rotate, FieldError> {
    Ok(Rotate { epoch: Epoch(reader.u32()?), device_key: DeviceKey::new(reader.array()?) })
}
