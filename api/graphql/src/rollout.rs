//! Rollouts of new programs for our own sensors, as clients see them.

use std::sync::Arc;

use async_graphql::{Enum, Object, SimpleObject};
use hub_model::{Halt, RolloutHold as Hold, RolloutState as State};

use crate::{device::Device, scalar::Long, view::View};

/// Whether a rollout goes on.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RolloutState {
    /// It goes on.
    Running,
    /// A ring is done; the next begins when nothing went wrong for `soaksForMs`.
    Soaking,
    /// Every sensor that it is for has it, or was given up.
    Complete,
    /// The owner stopped it for now. Sensors that were asked to install it are still proved.
    Paused,
    /// Too many failed: `halt` says how. Nothing is done before the owner resumes or aborts it.
    Halted,
    /// The owner stopped it for good, or a later release took its place.
    Aborted,
}

/// Why nothing is begun although there is something to begin.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RolloutHold {
    /// It is a quiet hour, as set in `hubd.toml`.
    QuietHours,
    /// There are quiet hours, and the hub does not know what time it is.
    ClockNotSet,
}

/// How far a rollout has come with one sensor.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::RolloutStep")]
pub(crate) enum RolloutStep {
    /// It has nothing of it yet, or nothing any more.
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

/// Why a rollout was halted.
#[derive(SimpleObject)]
pub(crate) struct RolloutHalt {
    /// In which ring, from 1 on.
    ring: i32,
    /// How many sensors of the ring were judged.
    judged: Long,
    /// How many of them failed.
    failed: Long,
    /// How the last of them failed, in English.
    reason: String,
}

/// How many sensors are how far. Those that the release is not for are not counted.
#[derive(SimpleObject)]
pub(crate) struct RolloutCounts {
    /// Have nothing of it yet, and could be next.
    waiting: Long,
    /// Have nothing of it yet and are out of reach.
    out_of_reach: Long,
    /// Have nothing of it yet and too weak a battery.
    weak_battery: Long,
    /// Have a part of it.
    receiving: Long,
    /// Were asked to install it, or are on trial.
    installing: Long,
    /// Have it, and keep it.
    updated: Long,
    /// Failed, and will be tried again.
    failing: Long,
    /// Failed for good.
    given_up: Long,
    /// Had it, or a later version, before the rollout came to them.
    already: Long,
}

/// The rollout of one release to the sensors that it is for.
pub(crate) struct Rollout {
    view: Arc<View>,
    rollout: hub_model::Rollout,
}

/// A sensor that a rollout has come to.
pub(crate) struct RolloutSensor {
    view: Arc<View>,
    sensor: hub_model::RolloutSensor,
    length: u32,
}

impl Rollout {
    pub(crate) fn new(view: &Arc<View>, rollout: hub_model::Rollout) -> Self {
        Self { view: Arc::clone(view), rollout }
    }
}

/// The rollout of a new program to the sensors that it is for: first a few, then more, at last all. It begins when a release
/// is added (`hubd firmware add`), goes on by itself in the sensors' windows, and halts when too many fail.
#[Object]
impl Rollout {
    /// Which release, in 16 hex digits as `hubd firmware list` shows them; for `pauseRollout` and the like.
    async fn release_id(&self) -> String {
        self.rollout.release.to_string()
    }

    /// Its version: `1.2.3.4`.
    async fn version(&self) -> String {
        self.rollout.version.to_string()
    }

    /// What kind of sensor it is for, by the number in the list of products.
    async fn product(&self) -> i32 {
        self.rollout.product.into()
    }

    /// Bytes that each sensor has to receive.
    async fn length(&self) -> Long {
        u64::from(self.rollout.length).into()
    }

    /// Whether it goes on.
    async fn state(&self) -> RolloutState {
        match &self.rollout.state {
            State::Running => RolloutState::Running,
            State::Soaking { .. } => RolloutState::Soaking,
            State::Complete => RolloutState::Complete,
            State::Paused => RolloutState::Paused,
            State::Halted(_) => RolloutState::Halted,
            State::Aborted => RolloutState::Aborted,
        }
    }

    /// Milliseconds until the next ring begins; null unless it soaks.
    async fn soaks_for_ms(&self) -> Option<Long> {
        match self.rollout.state {
            State::Soaking { left_ms } => Some(left_ms.into()),
            _ => None,
        }
    }

    /// Why it was halted; null unless it was.
    async fn halt(&self) -> Option<RolloutHalt> {
        let State::Halted(Halt { ring, judged, failed, last }) = &self.rollout.state else { return None };
        Some(RolloutHalt {
            ring: i32::from(*ring) + 1,
            judged: u64::from(*judged).into(),
            failed: u64::from(*failed).into(),
            reason: last.clone(),
        })
    }

    /// Why nothing is begun; null where that is not so.
    async fn hold(&self) -> Option<RolloutHold> {
        self.rollout.hold.map(|hold| match hold {
            Hold::Quiet { .. } => RolloutHold::QuietHours,
            Hold::ClockNotSet => RolloutHold::ClockNotSet,
        })
    }

    /// Milliseconds until the quiet hours end; null where none are.
    async fn quiet_for_ms(&self) -> Option<Long> {
        match self.rollout.hold {
            Some(Hold::Quiet { left_ms }) => Some(left_ms.into()),
            _ => None,
        }
    }

    /// In which ring it is, from 1 on: 1 are the first few sensors.
    async fn ring(&self) -> i32 {
        i32::from(self.rollout.ring) + 1
    }

    /// How many rings there are.
    async fn rings(&self) -> i32 {
        self.rollout.rings.into()
    }

    /// How many sensors may have been touched when this ring is done.
    async fn quota(&self) -> Long {
        u64::from(self.rollout.quota).into()
    }

    /// How many sensors are how far.
    async fn counts(&self) -> RolloutCounts {
        let counts = self.rollout.counts;
        let long = |count: u32| u64::from(count).into();
        RolloutCounts {
            waiting: long(counts.waiting),
            out_of_reach: long(counts.out_of_reach),
            weak_battery: long(counts.weak),
            receiving: long(counts.receiving),
            installing: long(counts.installing),
            updated: long(counts.updated),
            failing: long(counts.failing),
            given_up: long(counts.given_up),
            already: long(counts.already),
        }
    }

    /// The sensors that it has come to, by their address.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn sensors(&self) -> async_graphql::Result<Vec<RolloutSensor>> {
        let length = self.rollout.length;
        let sensor = |sensor: &hub_model::RolloutSensor| RolloutSensor {
            view: Arc::clone(&self.view),
            sensor: sensor.clone(),
            length,
        };
        self.view.listed(self.rollout.sensors.iter().map(sensor).collect())
    }
}

/// A sensor that a rollout has come to.
#[Object]
impl RolloutSensor {
    /// Which; null when it has left the house since.
    async fn device(&self) -> Option<Device> {
        Device::find(&self.view, self.sensor.device)
    }

    /// How far it has come.
    async fn step(&self) -> RolloutStep {
        self.sensor.step.into()
    }

    /// How much of the program it has received, 0 to 100 percent.
    async fn received_percent(&self) -> f64 {
        100.0 * f64::from(self.sensor.received) / f64::from(self.length.max(1))
    }

    /// How many tries failed.
    async fn failures(&self) -> i32 {
        self.sensor.failures.into()
    }

    /// How the last of them failed, in English; null when none did.
    async fn failure(&self) -> Option<&str> {
        self.sensor.failure.as_deref()
    }

    /// Why it is left alone for some hours, in English; null when it is not.
    async fn postponed(&self) -> Option<&str> {
        self.sensor.postponed.as_deref()
    }
}
