//! What the sensor answers.

use core::fmt;

use super::{FieldError, MessageError, write};
use crate::{
    bthome::Address,
    bytes::{NoRoom, Reader},
    firmware::{Hardware, Version},
    manifest::ManifestFault,
    settings::{Setting, Settings},
    setup_code::{Product, Uid},
};

const INFO: u8 = 0x81;
const DONE: u8 = 0x82;
const CONFIRMED: u8 = 0x83;
const BLINKING: u8 = 0x84;
const RELEASED: u8 = 0x85;
const REFUSED: u8 = 0x8F;
const SETTINGS: u8 = 0x90;

/// Whose the sensor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// Nobody's.
    Unclaimed,
    /// Somebody's who has not confirmed it yet.
    Pending,
    /// Somebody's.
    Active,
}

impl ClaimState {
    const fn code(self) -> u8 {
        match self {
            Self::Unclaimed => 0,
            Self::Pending => 1,
            Self::Active => 2,
        }
    }

    const fn of_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::Unclaimed),
            1 => Some(Self::Pending),
            2 => Some(Self::Active),
            _ => None,
        }
    }
}

/// The maker's Ed25519 signature over product, uid and public key of the sensor, if it has one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Certificate(pub [u8; 64]);

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificate(64 bytes)")
    }
}

/// Who answers, inside the second message of a handshake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// The protocol version of this session, out of those that the hub offered.
    pub protocol: u8,
    /// What kind of sensor it is.
    pub product: Product,
    /// Which one.
    pub uid: Uid,
    /// The Bluetooth address that adverts to its owner are sent from, and sealed with. Pairing adverts have others.
    pub address: Address,
    /// Its program.
    pub firmware: Version,
    /// Its board.
    pub hardware: Hardware,
    /// How often it has started.
    pub boot: u32,
    /// The battery under load, mV.
    pub battery_mv: u16,
    /// Whose it is.
    pub claim: ClaimState,
    /// How many owners it has had; the next has to say one more.
    pub owner_epoch: u32,
    /// The maker's signature.
    pub certificate: Option<Certificate>,
}

/// The new key is kept, and proof that it is the right one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done {
    /// No advert under the new key has a lower counter.
    pub first_counter: u32,
    /// The proof; how it is made stands in the [parent](super).
    pub confirmation: [u8; 32],
}

/// Why a sensor does not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The sensor does not know this kind of message.
    UnknownKind {
        /// Which kind.
        kind: u8,
    },
    /// The message is of a known kind and has fields that cannot be.
    Malformed {
        /// Which kind.
        kind: u8,
    },
    /// None of the hub's protocol versions is the sensor's.
    Protocol {
        /// The sensor's.
        spoken: u8,
    },
    /// The owner epoch is not the next one.
    OwnerEpoch {
        /// The next one.
        next: u32,
    },
    /// The epoch is not the next one.
    Epoch {
        /// The next one.
        next: u32,
    },
    /// Nobody owns the sensor, so there is nothing to do this to.
    NotClaimed,
    /// Only in a pairing can this be asked, or only after it.
    OutOfPlace,
    /// The sensor could not write its flash; it is as it was.
    Storage,
    /// Of the settings this one cannot be; they are as they were.
    Setting {
        /// Which.
        setting: Setting,
    },
    /// No image is taken with that manifest.
    Manifest {
        /// Why.
        fault: ManifestFault,
    },
    /// A chunk does not go on where the sensor stopped.
    Offset {
        /// Where it stopped.
        expected: u32,
    },
    /// The battery is too weak to write flash.
    BatteryLow {
        /// What it has under load, mV.
        mv: u16,
    },
    /// The image that was received is not the one that was signed; it has to be sent anew.
    Digest,
    /// There is no update that this could be done to, or another one is not done with.
    NoUpdate,
    /// A reason of a newer version.
    Other {
        /// Its number.
        reason: u8,
        /// What it says more.
        detail: u32,
    },
}

impl Refusal {
    fn code(self) -> (u8, u32) {
        match self {
            Self::UnknownKind { kind } => (1, kind.into()),
            Self::Malformed { kind } => (2, kind.into()),
            Self::Protocol { spoken } => (3, spoken.into()),
            Self::OwnerEpoch { next } => (4, next),
            Self::Epoch { next } => (5, next),
            Self::NotClaimed => (6, 0),
            Self::OutOfPlace => (7, 0),
            Self::Storage => (8, 0),
            Self::Setting { setting } => (9, setting as u32),
            Self::Manifest { fault } => (10, fault as u32),
            Self::Offset { expected } => (11, expected),
            Self::BatteryLow { mv } => (12, mv.into()),
            Self::Digest => (13, 0),
            Self::NoUpdate => (14, 0),
            Self::Other { reason, detail } => (reason, detail),
        }
    }

    fn of_code(reason: u8, detail: u32) -> Self {
        match (reason, u8::try_from(detail)) {
            (1, Ok(kind)) => Self::UnknownKind { kind },
            (2, Ok(kind)) => Self::Malformed { kind },
            (3, Ok(spoken)) => Self::Protocol { spoken },
            (4, _) => Self::OwnerEpoch { next: detail },
            (5, _) => Self::Epoch { next: detail },
            (6, Ok(0)) => Self::NotClaimed,
            (7, Ok(0)) => Self::OutOfPlace,
            (8, Ok(0)) => Self::Storage,
            (9, Ok(setting)) => {
                Setting::of_code(setting).map_or(Self::Other { reason, detail }, |setting| Self::Setting { setting })
            }
            (11, _) => Self::Offset { expected: detail },
            (13, Ok(0)) => Self::Digest,
            (14, Ok(0)) => Self::NoUpdate,
            (10, Ok(fault)) => {
                ManifestFault::of_code(fault).map_or(Self::Other { reason, detail }, |fault| Self::Manifest { fault })
            }
            (12, _) => u16::try_from(detail).map_or(Self::Other { reason, detail }, |mv| Self::BatteryLow { mv }),
            _ => Self::Other { reason, detail },
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind { kind } => write!(f, "the sensor does not know messages of kind {kind:#04x}"),
            Self::Malformed { kind } => write!(f, "the sensor cannot read the message of kind {kind:#04x}"),
            Self::Protocol { spoken } => write!(f, "the sensor speaks protocol version {spoken} alone"),
            Self::OwnerEpoch { next } => write!(f, "the sensor's next owner epoch is {next}"),
            Self::Epoch { next } => write!(f, "the sensor's next key epoch is {next}"),
            Self::NotClaimed => f.write_str("nobody owns the sensor"),
            Self::OutOfPlace => f.write_str("the sensor does not do that in a session for this purpose"),
            Self::Storage => f.write_str("the sensor could not write its flash"),
            Self::Setting { setting } => write!(f, "the sensor cannot have that {setting}"),
            Self::Manifest { fault } => write!(f, "the sensor takes no image {fault}"),
            Self::Offset { expected } => write!(f, "the sensor has {expected} bytes of the image and needs the next"),
            Self::BatteryLow { mv } => write!(f, "the sensor's battery has {mv} mV, too little to write flash"),
            Self::Digest => f.write_str("the image that the sensor received is not the one that was signed"),
            Self::NoUpdate => f.write_str("the sensor has no update that this could be done to"),
            Self::Other { reason, detail } => write!(f, "the sensor refused for reason {reason} ({detail})"),
        }
    }
}

impl core::error::Error for Refusal {}

/// A message of the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToHub {
    /// Who answers.
    Info(Info),
    /// The key is kept.
    Done(Done),
    /// The claim is active, or the next key in use.
    Confirmed,
    /// The pattern is shown.
    Blinking,
    /// The sensor is nobody's, and nothing of its owner is left.
    Released,
    /// What it is told to do, now.
    Settings(Settings),
    /// The sensor does not do it.
    Refused(Refusal),
}

impl ToHub {
    /// Reads a message; bytes after the last known field are of a newer version and passed over.
    ///
    /// # Errors
    /// [`MessageError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, MessageError> {
        let mut reader = Reader::new(bytes);
        let kind = reader.u8().map_err(|_| MessageError::Empty)?;
        let message = match kind {
            INFO => info(reader).map(Self::Info),
            DONE => done(reader).map(Self::Done),
            CONFIRMED => Ok(Self::Confirmed),
            BLINKING => Ok(Self::Blinking),
            RELEASED => Ok(Self::Released),
            SETTINGS => Settings::parse(reader.rest()).map(Self::Settings).map_err(Into::into),
            REFUSED => refusal(reader).map(Self::Refused),
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
            Self::Info(it) => {
                let certificate = it.certificate.as_ref().map_or(&[] as &[u8], |certificate| &certificate.0);
                write(
                    buffer,
                    &[
                        &[INFO, it.protocol],
                        &it.product.0.to_le_bytes(),
                        &it.uid.0,
                        &it.address,
                        &it.firmware.to_le_bytes(),
                        &[it.hardware.revision()],
                        &it.boot.to_le_bytes(),
                        &it.battery_mv.to_le_bytes(),
                        &[it.claim.code()],
                        &it.owner_epoch.to_le_bytes(),
                        &[if it.certificate.is_some() { 64 } else { 0 }],
                        certificate,
                    ],
                )
            }
            Self::Done(it) => write(buffer, &[&[DONE], &it.first_counter.to_le_bytes(), &it.confirmation]),
            Self::Confirmed => write(buffer, &[&[CONFIRMED]]),
            Self::Blinking => write(buffer, &[&[BLINKING]]),
            Self::Released => write(buffer, &[&[RELEASED]]),
            Self::Settings(settings) => super::write_settings(buffer, SETTINGS, settings),
            Self::Refused(refusal) => {
                let (reason, detail) = refusal.code();
                write(buffer, &[&[REFUSED, reason], &detail.to_le_bytes()])
            }
        }
    }
}

fn info(mut reader: Reader<'_>) -> Result<Info, FieldError> {
    let protocol = reader.u8()?;
    let (product, uid) = (Product(reader.u16()?), Uid(reader.array()?));
    let address = reader.array()?;
    let firmware = Version::from_le_bytes(reader.array()?);
    let hardware = Hardware::new(reader.u8()?).ok_or(FieldError::Value("hardware"))?;
    let (boot, battery_mv) = (reader.u32()?, reader.u16()?);
    let claim = ClaimState::of_code(reader.u8()?).ok_or(FieldError::Value("claim"))?;
    let owner_epoch = reader.u32()?;
    let certificate = match reader.u8()? {
        0 => None,
        64 => Some(Certificate(reader.array()?)),
        _ => return Err(FieldError::Value("length of the certificate")),
    };
    Ok(Info { protocol, product, uid, address, firmware, hardware, boot, battery_mv, claim, owner_epoch, certificate })
}

fn done(mut reader: Reader<'_>) -> Result<Done, FieldError> {
    Ok(Done { first_counter: reader.u32()?, confirmation: reader.array()? })
}

fn refusal(mut reader: Reader<'_>) -> Result<Refusal, FieldError> {
    Ok(Refusal::of_code(reader.u8()?, reader.u32()?))
}
