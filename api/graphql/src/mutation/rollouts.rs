//! What is asked of rollouts: that they stop, go on, end.

use std::sync::Arc;

use async_graphql::{InputObject, SimpleObject};
use hub_model::{CommandError, ParseReleaseIdError, SteerError, Steering};

use super::error::{InvalidInputError, MutationError, NotFoundError};
use crate::{rollout::Rollout, view::View};

/// Which rollout.
#[derive(InputObject)]
pub(crate) struct RolloutInput {
    /// Its `releaseId`.
    release_id: String,
    /// An id that the client chooses; it is only given back.
    client_mutation_id: Option<String>,
}

/// What became of `pauseRollout`, `resumeRollout` or `abortRollout`.
#[derive(SimpleObject)]
pub(crate) struct RolloutPayload {
    /// The id that the client sent.
    client_mutation_id: Option<String>,
    /// Why it was refused; empty when it was done.
    errors: Vec<MutationError>,
    /// The rollout as it stands now; null when it was refused.
    rollout: Option<Rollout>,
}

impl RolloutPayload {
    /// Steers on a thread that may wait for the disk.
    pub(super) async fn steer(view: Arc<View>, input: RolloutInput, wanted: Steering) -> Self {
        let RolloutInput { release_id, client_mutation_id } = input;
        let port = Arc::clone(&view.ports().rollouts);
        let done = match release_id.parse() {
            Ok(release) => {
                tokio::task::spawn_blocking(move || port.steer(release, wanted).map_err(MutationError::from))
                    .await
                    .unwrap_or_else(|error| Err(CommandError::Store { reason: error.to_string() }.into()))
            }
            Err(error) => Err(malformed(&error)),
        };
        match done {
            Ok(rollout) => {
                let rollout = Some(Rollout::new(&view, rollout));
                Self { client_mutation_id, errors: Vec::new(), rollout }
            }
            Err(error) => Self { client_mutation_id, errors: vec![error], rollout: None },
        }
    }
}

fn malformed(error: &ParseReleaseIdError) -> MutationError {
    InvalidInputError::at("releaseId", error.to_string(), "16 hex digits, as `rollouts` shows them").into()
}

impl From<SteerError> for MutationError {
    fn from(error: SteerError) -> Self {
        let message = error.to_string();
        match error {
            SteerError::NoRollout(_) => NotFoundError::at("releaseId", message).into(),
            SteerError::Ended { .. } => {
                InvalidInputError::at("releaseId", message, "a rollout that was not aborted").into()
            }
            SteerError::Store { reason } => CommandError::Store { reason }.into(),
        }
    }
}
