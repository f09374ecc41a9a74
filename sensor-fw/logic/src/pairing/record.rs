//! What the sensor keeps in flash about whose it is.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 1 | version, 1 |
//! | 1 | 1 | bits 0–1: 0 unclaimed, 1 pending, 2 active; bit 2: a next key follows; bit 3: a wipe is due |
//! | 2 | 1 | handshakes that failed since one led to a claim, at most 255 |
//! | 3 | 4 | owners so far |
//! | 7 | 4 | claimed: epoch of the key |
//! | 11 | 32 | claimed: device key |
//! | 43 | 4 | claimed: which owner this is |
//! | 47 | 32 | claimed: the hub's public key |
//! | 79 | 1 | claimed: length of the settings |
//! | 80 | 12–60 | claimed: [settings](wire::settings) |
//! | … | 1 | claimed: length of the name |
//! | … | 0–32 | claimed: name, UTF-8 |
//! | … | 4 | next key: its epoch |
//! | … | 32 | next key |
//!
//! Numbers are little-endian. Whether the bytes are those that were written is for flash to say.

use core::fmt;

use wire::{
    bytes::{NoRoom, Reader, Short, Writer},
    keys::{self, Epoch},
    message::{ClaimState, Name, Provision, Rotate},
    seal,
    secret::{DeviceKey, Psk},
    settings::{Settings, SettingsError},
    setup_code::PublicKey,
};

const VERSION: u8 = 1;
const UNCLAIMED: u8 = 0;
const PENDING: u8 = 1;
const ACTIVE: u8 = 2;
const CLAIM: u8 = 0b0011;
const HAS_NEXT: u8 = 0b0100;
const WIPE_DUE: u8 = 0b1000;

/// The longest record, bytes.
pub const MAX_RECORD: usize = 149 + Settings::MAX_LENGTH;

/// A device key and its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keys {
    /// The turn.
    pub epoch: Epoch,
    /// What the others are derived from.
    pub device_key: DeviceKey,
}

impl Keys {
    /// What adverts are sealed with.
    pub fn advert(&self) -> seal::Key {
        keys::advert_key(&self.device_key, self.epoch)
    }

    /// The psk of sessions.
    pub fn link(&self) -> Psk {
        keys::link_psk(&self.device_key, self.epoch)
    }

    fn write(&self, writer: &mut Writer<'_>) -> Result<(), NoRoom> {
        writer.put(&self.epoch.0.to_le_bytes())?;
        writer.put(self.device_key.expose())
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Short> {
        Ok(Self { epoch: Epoch(reader.u32()?), device_key: DeviceKey::new(reader.array()?) })
    }
}

impl From<Rotate> for Keys {
    fn from(rotate: Rotate) -> Self {
        Self { epoch: rotate.epoch, device_key: rotate.device_key }
    }
}

/// Whose the sensor is, and what he told it when he took it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The key that only he has.
    pub keys: Keys,
    /// Which owner he is, from 1.
    pub number: u32,
    /// His hub's static X25519 public key.
    pub hub_key: PublicKey,
    /// What he told it to do.
    pub settings: Settings,
    /// What he calls the sensor.
    pub name: Name,
}

impl From<Provision> for Owner {
    fn from(it: Provision) -> Self {
        Self {
            keys: Keys { epoch: it.epoch, device_key: it.device_key },
            number: it.owner_epoch,
            hub_key: it.hub_key,
            settings: it.settings,
            name: it.name,
        }
    }
}

/// Whose the sensor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// Nobody's.
    Unclaimed,
    /// Somebody's who has not confirmed it yet; he may be gone before he knows.
    Pending(Owner),
    /// Somebody's.
    Active {
        /// Whose.
        owner: Owner,
        /// The key that he wants it to use; the present one is used until he has shown that he knows.
        next: Option<Keys>,
    },
}

impl Claim {
    /// The owner, pending or active.
    pub const fn owner(&self) -> Option<&Owner> {
        match self {
            Self::Unclaimed => None,
            Self::Pending(owner) | Self::Active { owner, .. } => Some(owner),
        }
    }

    /// The state in one word.
    pub const fn state(&self) -> ClaimState {
        match self {
            Self::Unclaimed => ClaimState::Unclaimed,
            Self::Pending(_) => ClaimState::Pending,
            Self::Active { .. } => ClaimState::Active,
        }
    }
}

/// All that a pairing leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Whose the sensor is.
    pub claim: Claim,
    /// Handshakes that failed since one led to a claim; 255 stands for more.
    pub failures: u8,
    /// How many owners there have been whose claim became active.
    pub owners: u32,
    /// Log and settings of the last owner are still to be wiped.
    pub is_wipe_due: bool,
}

/// Bytes that are no record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// The record was written by a later program.
    Newer {
        /// Its version.
        version: u8,
    },
    /// The bytes end too early.
    Short(Short),
    /// The settings are such as no program ever kept.
    Settings(SettingsError),
    /// A field has a value that it cannot have.
    Value {
        /// Which.
        field: &'static str,
    },
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { version } => write!(f, "record of version {version}, known is {VERSION}"),
            Self::Short(_) => f.write_str("record ends too early"),
            Self::Settings(error) => write!(f, "record with impossible settings: {error}"),
            Self::Value { field } => write!(f, "record with an impossible {field}"),
        }
    }
}

impl core::error::Error for RecordError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Short(short) => Some(short),
            Self::Settings(error) => Some(error),
            Self::Newer { .. } | Self::Value { .. } => None,
        }
    }
}

impl From<Short> for RecordError {
    fn from(short: Short) -> Self {
        Self::Short(short)
    }
}

impl Record {
    /// A sensor as it is made.
    pub const fn new() -> Self {
        Self { claim: Claim::Unclaimed, failures: 0, owners: 0, is_wipe_due: false }
    }

    /// Reads the bytes that [`Self::write`] made.
    ///
    /// # Errors
    /// [`RecordError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        match reader.u8()? {
            VERSION => {}
            0 => return Err(RecordError::Value { field: "version" }),
            version => return Err(RecordError::Newer { version }),
        }
        let (flags, failures, owners) = (reader.u8()?, reader.u8()?, reader.u32()?);
        if flags & !(CLAIM | HAS_NEXT | WIPE_DUE) != 0 {
            return Err(RecordError::Value { field: "flag" });
        }
        let claim = match (flags & CLAIM, flags & HAS_NEXT != 0) {
            (UNCLAIMED, false) => Claim::Unclaimed,
            (PENDING, false) => Claim::Pending(owner(&mut reader)?),
            (ACTIVE, has_next) => Claim::Active {
                owner: owner(&mut reader)?,
                next: if has_next { Some(Keys::read(&mut reader)?) } else { None },
            },
            _ => return Err(RecordError::Value { field: "claim" }),
        };
        if !reader.rest().is_empty() {
            return Err(RecordError::Value { field: "length" });
        }
        Ok(Self { claim, failures, owners, is_wipe_due: flags & WIPE_DUE != 0 })
    }

    /// Writes the record and returns its length, at most [`MAX_RECORD`]. The bytes hold keys: wipe them.
    ///
    /// # Errors
    /// [`NoRoom`] when the buffer is shorter.
    pub fn write(&self, buffer: &mut [u8]) -> Result<usize, NoRoom> {
        let (mut flags, owner, next) = match &self.claim {
            Claim::Unclaimed => (UNCLAIMED, None, None),
            Claim::Pending(owner) => (PENDING, Some(owner), None),
            Claim::Active { owner, next } => (ACTIVE, Some(owner), next.as_ref()),
        };
        if next.is_some() {
            flags |= HAS_NEXT;
        }
        if self.is_wipe_due {
            flags |= WIPE_DUE;
        }
        let mut writer = Writer::new(buffer);
        writer.put(&[VERSION, flags, self.failures])?;
        writer.put(&self.owners.to_le_bytes())?;
        if let Some(owner) = owner {
            let name = owner.name.as_str().as_bytes();
            owner.keys.write(&mut writer)?;
            writer.put(&owner.number.to_le_bytes())?;
            writer.put(&owner.hub_key.0)?;
            let mut settings = [0; Settings::MAX_LENGTH];
            let length = owner.settings.write(&mut settings)?;
            // Settings have at most 60 bytes, a name 32.
            writer.put(&[length as u8])?;
            writer.put(settings.get(..length).unwrap_or_default())?;
            writer.put(&[name.len() as u8])?;
            writer.put(name)?;
        }
        if let Some(next) = next {
            next.write(&mut writer)?;
        }
        Ok(writer.len())
    }

    /// The owner has shown that he has the key of this epoch: what waited for that, if anything did.
    pub(super) fn acknowledged(&self, epoch: Epoch) -> Option<Self> {
        match &self.claim {
            Claim::Pending(owner) if owner.keys.epoch == epoch => {
                let owners = self.owners.max(owner.number);
                Some(Self { claim: Claim::Active { owner: owner.clone(), next: None }, owners, ..self.clone() })
            }
            Claim::Active { owner, next: Some(next) } if next.epoch == epoch => {
                let owner = Owner { keys: next.clone(), ..owner.clone() };
                Some(Self { claim: Claim::Active { owner, next: None }, ..self.clone() })
            }
            _ => None,
        }
    }

    /// Somebody with the label has claimed the sensor.
    pub(super) fn provisioned(&self, owner: Owner) -> Self {
        Self { claim: Claim::Pending(owner), failures: 0, ..self.clone() }
    }

    /// The owner has told the sensor what to do.
    pub(super) fn set(&self, settings: Settings) -> Option<Self> {
        let told = |owner: &Owner| Owner { settings, ..owner.clone() };
        let claim = match &self.claim {
            Claim::Unclaimed => return None,
            Claim::Pending(owner) => Claim::Pending(told(owner)),
            Claim::Active { owner, next } => Claim::Active { owner: told(owner), next: next.clone() },
        };
        Some(Self { claim, ..self.clone() })
    }

    /// The sensor is nobody's. A pending owner counts, too: adverts may have been sent under his key.
    pub(super) fn released(&self) -> Self {
        let owners = self.claim.owner().map_or(self.owners, |owner| self.owners.max(owner.number));
        Self { claim: Claim::Unclaimed, owners, is_wipe_due: true, ..self.clone() }
    }
}

impl Default for Record {
    fn default() -> Self {
        Self::new()
    }
}

fn owner(reader: &mut Reader<'_>) -> Result<Owner, RecordError> {
    let keys = Keys::read(reader)?;
    let (number, hub_key) = (reader.u32()?, PublicKey(reader.array()?));
    let length = usize::from(reader.u8()?);
    let settings = Settings::parse(reader.slice(length)?).map_err(RecordError::Settings)?;
    let length = usize::from(reader.u8()?);
    let name = core::str::from_utf8(reader.slice(length)?).ok().and_then(Name::new);
    let name = name.ok_or(RecordError::Value { field: "name" })?;
    Ok(Owner { keys, number, hub_key, settings, name })
}

#[cfg(test)]
mod tests;
