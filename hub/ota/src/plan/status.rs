//! How a rollout stands, for the owner.

use wire::firmware::Version;

use super::words::Failure;
use crate::ReleaseId;

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
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
    /// The owner stopped it for good.
    Aborted,
}

/// Why a rollout was halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Halt {
    /// In which ring, from 0 on.
    pub ring: u8,
    /// So many sensors of the ring were judged.
    pub judged: u32,
    /// So many of them failed.
    pub failed: u32,
    /// How the last of them failed.
    pub last: Failure,
}

/// Why nothing is begun although there is something to begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
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
pub struct Counts {
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

/// How a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Of which release.
    pub release: ReleaseId,
    /// Its version.
    pub version: Version,
    /// Whether it goes on.
    pub state: State,
    /// In which ring it is: 0 are the canaries.
    pub ring: u8,
    /// How many rings there are.
    pub rings: u8,
    /// How many sensors may have been touched when this ring is done.
    pub quota: u32,
    /// How many sensors are how far.
    pub counts: Counts,
    /// Why nothing is begun, where that is so.
    pub hold: Option<Hold>,
}
