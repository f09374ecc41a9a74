use std::fmt;

use thiserror::Error;

use crate::{
    Address, CommandError, DeviceId, Estimates, HistoryError, Name, Pairing, PairingId, Quantity, RoomId, SampleHint,
    Stamp, TimeQuality, UnixMillis,
};

/// What one of our sensors and this hub agreed on: 256 bits, from which every other key of theirs is derived. Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct SensorKey([u8; 32]);

impl SensorKey {
    /// The key with these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes, for what derives keys and for the registry.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SensorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SensorKey(…)")
    }
}

/// The version of a sensor's program, the most important part first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FirmwareVersion(pub [u8; 4]);

impl fmt::Display for FirmwareVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch, build] = self.0;
        write!(f, "{major}.{minor}.{patch}.{build}")
    }
}

/// How far one of our sensors may move a value before it tells it anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadBand {
    /// Of which quantity.
    pub quantity: Quantity,
    /// A value so many steps away from the last told, or more, is told. At least 1.
    pub steps: u32,
}

/// What one of our sensors is told to do. Ranges stand in the sensor's own document of them (`wire::settings`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorSettings {
    /// Which settings these are, by the hub's counting; adverts echo it.
    pub revision: u8,
    /// Milliseconds between adverts, 100 to 10 240.
    pub advert_interval_ms: u16,
    /// Transmit power, dBm, −40 to 8.
    pub tx_power_dbm: i8,
    /// Seconds after which it tells anew what has not changed, 10 to 3600.
    pub heartbeat_s: u16,
    /// Seconds between samples, 1 to 3600.
    pub sampling_s: u16,
    /// Seconds between windows in which the hub may connect, 60 to 43 200; 0: none but at start and on the button.
    pub window_every_s: u16,
    /// The dead-bands that are not the product's, at most 8.
    pub bands: Vec<DeadBand>,
}

/// A sensor of ours that this hub claimed, or is about to: what the registry keeps of it beside the device.
///
/// Whose device is not in the house is *pending* where `is_proven` is false: it was given a key, and no advert under it was
/// heard yet. Where it is true the device was removed without the sensor's knowledge, and what stands here is its
/// *tombstone*: should it be heard again, it is released.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The number in its label.
    pub uid: u64,
    /// What kind of sensor it is.
    pub product: u16,
    /// The revision of its board.
    pub hardware: u8,
    /// The program that it ran when it was last asked.
    pub firmware: FirmwareVersion,
    /// The address that it sends from.
    pub address: Address,
    /// Is that address random rather than public?
    pub is_random: bool,
    /// The key that adverts and sessions are made with.
    pub key: SensorKey,
    /// That key's turn, from 1.
    pub key_epoch: u32,
    /// The key that the sensor is to have next, with the turn after this one: it may use either.
    pub next_key: Option<SensorKey>,
    /// How many owners it has had, this one counted.
    pub owner_epoch: u32,
    /// Was an advert under its key heard?
    pub is_proven: bool,
    /// Is it to be released, with proof that it forgot everything?
    pub is_leaving: bool,
    /// What it is to do.
    pub desired: SensorSettings,
    /// What to call the device, and where it is, once it is proven.
    pub wishes: Wishes,
    /// When it was given its key.
    pub since: UnixMillis,
}

impl Claim {
    /// The turn of its next key, if it is to have one.
    pub const fn next_epoch(&self) -> u32 {
        self.key_epoch.saturating_add(1)
    }

    /// The claim once its next key is the present one; `None` where it is to have none.
    pub fn promoted(&self) -> Option<Self> {
        let key = self.next_key.clone()?;
        Some(Self { key, key_epoch: self.next_epoch(), next_key: None, ..self.clone() })
    }
}

/// What the owner wants of a sensor that is being paired.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wishes {
    /// What to call it.
    pub name: Option<Name>,
    /// Where it is.
    pub room: Option<RoomId>,
}

/// What a sensor of ours said of itself in its last session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorReport {
    /// When that was.
    pub at: UnixMillis,
    /// How often it has started.
    pub boot: u32,
    /// Seconds since it started.
    pub uptime_s: u32,
    /// Why it started.
    pub reset: String,
    /// How often in its life it stopped itself.
    pub panics: u16,
    /// How often the watchdog had to.
    pub watchdogs: u16,
    /// The battery under load, mV.
    pub battery_mv: u16,
    /// Its program.
    pub firmware: FirmwareVersion,
    /// What it was told to do when it last said so.
    pub settings: Option<SensorSettings>,
}

/// How far the hub has what a sensor of ours measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogStanding {
    /// Samples fetched from its log since the hub started.
    pub fetched: u64,
    /// Samples that its log no longer had when they were asked for, since the hub started.
    pub lost: u64,
    /// Up to when every sample is here that the log had.
    pub complete_until: Option<UnixMillis>,
    /// How far the times of the samples fetched last can be trusted.
    pub quality: Option<TimeQuality>,
}

/// A moment at which the hub was told how long a sensor had been running.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Anchor {
    /// Which of the sensor's boots.
    pub boot: u32,
    /// Seconds since it began.
    pub uptime_s: u32,
    /// What the hub's wall clock showed, when it was known.
    pub at: UnixMillis,
}

/// A sample that was heard while earlier ones are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Had {
    /// The end of its number.
    pub hint: SampleHint,
    /// When it was heard, by the boot clock: what time that was may be found out later.
    pub at: Stamp,
}

/// Where the hub stands in a sensor's log, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogPlace {
    /// Boot and number of the first sample that is not here for certain.
    pub next: (u32, u32),
    /// Samples after it that were heard all the same.
    pub had: Vec<Had>,
    /// When something was heard last.
    pub last_at: Option<Stamp>,
}

/// What the hub knows of a sensor of ours beside what every device has: the present, not kept over a restart but for the
/// claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorStanding {
    /// What was agreed.
    pub claim: Claim,
    /// What it said of itself.
    pub report: Option<SensorReport>,
    /// How far its log is here.
    pub log: LogStanding,
    /// What went wrong when the hub last spoke with it, if something did.
    pub trouble: Option<String>,
}

/// Why something asked of a sensor cannot be begun.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SensorError {
    /// A text is no setup code.
    #[error("{0}")]
    SetupCode(String),
    /// A code stands in the list twice, or a pairing of this sensor is under way.
    #[error("the sensor {uid:016x} is being paired already")]
    Underway {
        /// The number in its label.
        uid: u64,
    },
    /// More pairings than may be asked for at once.
    #[error("{asked} pairings are too many; expected at most {most} at once")]
    TooMany {
        /// How many would be under way.
        asked: usize,
        /// How many may.
        most: usize,
    },
    /// No such pairing.
    #[error("there is no pairing of the number {}", .0.0)]
    NoPairing(PairingId),
    /// The device is no sensor of ours, or none of this hub's.
    #[error("device {device} is no sensor that this hub has paired")]
    NotOurs {
        /// Who.
        device: DeviceId,
    },
    /// A setting is out of its range, or for a quantity that the sensor does not have.
    #[error("{problem}")]
    Setting {
        /// Which, and what would be right.
        problem: String,
    },
    /// It could not be kept.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The hub stops.
    #[error("the hub is stopping")]
    Stopping,
}

/// The port to our own sensors: what the owner asks of them. What takes longer than writing it down is told by events.
pub trait SensorPort: Send + Sync {
    /// Begins to pair the sensors of these setup codes, one after the other.
    ///
    /// # Errors
    /// When one of the codes cannot be: then none is begun.
    fn pair(&self, requests: Vec<(String, Wishes)>) -> Result<Vec<Pairing>, SensorError>;

    /// Calls a pairing off, if it has not ended.
    ///
    /// # Errors
    /// When there is none of this number.
    fn cancel(&self, pairing: PairingId) -> Result<Pairing, SensorError>;

    /// The pairings since the hub started, the latest last; ended ones are forgotten after a while.
    fn pairings(&self) -> Vec<Pairing>;

    /// Says what a sensor is to do; it is told when it can be reached.
    ///
    /// # Errors
    /// When it is none of ours, a setting cannot be, or it cannot be kept.
    fn set(&self, device: DeviceId, settings: SensorSettings) -> Result<(), SensorError>;

    /// Gives a sensor another key when it can be reached.
    ///
    /// # Errors
    /// When it is none of ours, or it cannot be kept.
    fn rotate(&self, device: DeviceId) -> Result<(), SensorError>;

    /// Releases a sensor when it can be reached: it forgets key, name and log, and leaves the house. Its history stays.
    ///
    /// # Errors
    /// When it is none of ours, or it cannot be kept.
    fn release(&self, device: DeviceId) -> Result<(), SensorError>;

    /// What is known of a sensor of ours.
    fn standing(&self, device: DeviceId) -> Option<SensorStanding>;

    /// Where in a device's past times are estimated, also after it was released. Blocks on the disk.
    ///
    /// # Errors
    /// When that cannot be read.
    fn estimated(&self, device: DeviceId) -> Result<Estimates, HistoryError>;
}
