use std::{fmt, str::FromStr};

use thiserror::Error;

use crate::{DeviceId, FirmwareVersion};

/// Which release of a program for our own sensors: the first eight bytes of the SHA-512 of its signed manifest. Printed as
/// 16 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseId(u64);

impl ReleaseId {
    /// The release of this number.
    pub const fn from_u64(id: u64) -> Self {
        Self(id)
    }

    /// The number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ReleaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// A text that names no release.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no release; expected the 16 hex digits that a list of releases shows")]
pub struct ParseReleaseIdError {
    /// What was given, cut off after 64 characters.
    pub text: String,
}

impl FromStr for ReleaseId {
    type Err = ParseReleaseIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_plain = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = if is_plain { u64::from_str_radix(text, 16).ok() } else { None };
        number.map(Self).ok_or_else(|| ParseReleaseIdError { text: text.chars().take(64).collect() })
    }
}

/// Whether a rollout goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutState {
    /// It goes on.
    Running,
    /// A ring is done; the next begins when nothing went wrong for so long.
    Soaking {
        /// Milliseconds.
        left_ms: u64,
    },
    /// Every sensor that it is for has it, or was given up.
    Complete,
    /// The owner stopped it for now. Sensors that were asked to install are still proved.
    Paused,
    /// Too many failed. Nothing is done before the owner says so, not even proving what is on trial: it is taken back.
    Halted(Halt),
    /// The owner stopped it for good, or a later release took its place.
    Aborted,
}

/// Why a rollout was halted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Halt {
    /// In which ring, from 0 on.
    pub ring: u8,
    /// So many sensors of the ring were judged.
    pub judged: u32,
    /// So many of them failed.
    pub failed: u32,
    /// How the last of them failed.
    pub last: String,
}

/// Why nothing is begun although there is something to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutHold {
    /// It is a quiet hour.
    Quiet {
        /// So long still, milliseconds.
        left_ms: u64,
    },
    /// There are quiet hours, and the hub does not know what time it is.
    ClockNotSet,
}

/// How many sensors are how far. Those that the release is not for are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RolloutCounts {
    /// Have nothing of it yet, and could be next.
    pub waiting: u32,
    /// Have nothing of it yet and are out of reach.
    pub out_of_reach: u32,
    /// Have nothing of it yet and too weak a battery.
    pub weak: u32,
    /// Have a part of it.
    pub receiving: u32,
    /// Were asked to install it, or are on trial.
    pub installing: u32,
    /// Have it, and keep it.
    pub updated: u32,
    /// Failed, and will be tried again.
    pub failing: u32,
    /// Failed for good.
    pub given_up: u32,
    /// Had it, or a later version, before the rollout came to them.
    pub already: u32,
}

/// How far a rollout has come with one sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RolloutStep {
    /// It has nothing of it.
    Waiting,
    /// It has a part of it.
    Receiving,
    /// It has all of it and was asked to install it.
    Installed,
    /// It was seen running it, on trial.
    Running,
    /// It runs it and keeps it.
    Updated,
    /// It failed for good.
    GivenUp,
}

/// A sensor that a rollout has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RolloutSensor {
    /// Who.
    pub device: DeviceId,
    /// How far.
    pub step: RolloutStep,
    /// Bytes of the image that it has.
    pub received: u32,
    /// How many tries failed.
    pub failures: u8,
    /// How the last of them failed.
    pub failure: Option<String>,
    /// Why it is left alone for some hours.
    pub postponed: Option<String>,
}

/// How the rollout of a release stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Of which release.
    pub release: ReleaseId,
    /// What kind of sensor it is for.
    pub product: u16,
    /// Its version.
    pub version: FirmwareVersion,
    /// The image's length, bytes.
    pub length: u32,
    /// Whether it goes on.
    pub state: RolloutState,
    /// In which ring it is: 0 are the canaries.
    pub ring: u8,
    /// How many rings there are.
    pub rings: u8,
    /// How many sensors may have been touched when this ring is done.
    pub quota: u32,
    /// How many sensors are how far.
    pub counts: RolloutCounts,
    /// Why nothing is begun, where that is so.
    pub hold: Option<RolloutHold>,
    /// The sensors that it has come to.
    pub sensors: Vec<RolloutSensor>,
}

/// What the owner wants of a rollout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steering {
    /// That it stops for now.
    Pause,
    /// That it goes on after a pause or a halt; what led to the halt is not counted again.
    Resume,
    /// That it stops for good.
    Abort,
}

impl fmt::Display for Steering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Abort => "aborted",
        })
    }
}

/// Why a rollout cannot be steered.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SteerError {
    /// No such rollout.
    #[error("there is no rollout of release {0}")]
    NoRollout(ReleaseId),
    /// It has ended.
    #[error("the rollout of release {release} was aborted, and cannot be {wanted}")]
    Ended {
        /// Which.
        release: ReleaseId,
        /// What was wanted of it.
        wanted: Steering,
    },
    /// It could not be kept.
    #[error("the rollouts could not be kept: {reason}")]
    Store {
        /// Why.
        reason: String,
    },
}

/// The port to the rollouts of releases for our own sensors.
pub trait RolloutPort: Send + Sync {
    /// How each stands, by its release.
    fn rollouts(&self) -> Vec<Rollout>;

    /// Steers one, durably, and returns how it stands then. Blocks on the disk.
    ///
    /// # Errors
    /// When there is none, it was aborted, or it cannot be kept.
    fn steer(&self, release: ReleaseId, wanted: Steering) -> Result<Rollout, SteerError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_printed() {
        let id = ReleaseId::from_u64(0x00AB_CDEF_0123_4567);
        assert_eq!(id.to_string(), "00abcdef01234567");
        assert_eq!(id.to_string().parse(), Ok(id));
        for text in ["", "7", "+123456789abcdef", "0123456789abcdefg", "../../etc/passwd", "０123456789abcde"] {
            let error = text.parse::<ReleaseId>().unwrap_err();
            assert!(error.to_string().contains("16 hex digits"), "{error}");
        }
    }
}
