//! How a link's worth of an update ends.

use crate::{Failure, Outcome, Postponement};

/// How a link's worth of an update ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The sensor has all of it, checked it, and starts it next.
    Installed,
    /// It runs the new version and is not sure of itself yet.
    OnTrial,
    /// It runs the new version and keeps it.
    Proved,
    /// It is to be left alone for some hours.
    Later(Postponement),
    /// It did not go.
    Failed(Failure),
}

impl End {
    /// What a plan is told of it.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::Installed => Outcome::Installed,
            Self::OnTrial => Outcome::OnTrial,
            Self::Proved => Outcome::Proved,
            Self::Later(why) => Outcome::Postponed { why },
            Self::Failed(Failure::Reverted) => Outcome::Reverted,
            Self::Failed(why) => Outcome::Failed { why },
        }
    }
}
