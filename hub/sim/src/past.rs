use std::ops::Range;

use hub_assembly::{Captured, Hub, Replay, ReplayClock, ReplayError, Summary};
use hub_model::UnixMillis;
use std::sync::Arc;
use thiserror::Error;

use crate::House;

/// A past to live through: a stretch of time and how often the sensors send in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// From when to when.
    pub span: Range<UnixMillis>,
    /// Milliseconds between two frames of one sensor.
    pub interval_ms: i64,
}

/// Why a past could not be lived through.
#[derive(Debug, Error)]
#[error("the simulated past could not be stored")]
pub struct PastError(#[from] ReplayError);

/// Lives through a past: every frame goes through decode, normalise, bus and history, with the past's time as clock.
///
/// `progress` is told how far it is, 0 to 1, about a hundred times.
///
/// # Errors
/// When it cannot be stored.
pub fn live_through(
    hub: &Hub,
    clock: Arc<ReplayClock>,
    house: &mut House,
    pasts: &[Past],
    mut progress: impl FnMut(f64),
) -> Result<Summary, PastError> {
    let mut replay = Replay::new(hub, clock, false);
    let steps: i64 = pasts.iter().map(|past| (past.span.end - past.span.start) / past.interval_ms.max(1)).sum();
    let mut done = 0;
    for past in pasts {
        let interval = past.interval_ms.max(1);
        let mut at = past.span.start;
        while at < past.span.end {
            for sent in house.send_due(at, interval) {
                replay.step(&Captured { at, advert: sent.advert, key: None })?;
            }
            at = at + interval;
            done += 1;
            if done % (steps / 100).max(1) == 0 {
                progress(done as f64 / steps as f64);
            }
        }
    }
    Ok(replay.finish()?)
}
