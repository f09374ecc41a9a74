use std::{
    ops::Range,
    sync::{Arc, mpsc},
    thread,
};

use fw_host::Listening;
use hub_assembly::{Captured, Hub, Replay, ReplayClock, ReplayError, Summary};
use hub_model::{SensorSettings, UnixMillis};
use thiserror::Error;

use crate::{House, HouseError, Sent};

/// How long the house lives before what it sent is handed to the hub, ms, and how often it may be ahead of it.
const STRETCH_MS: i64 = 6 * 3_600_000;
const AHEAD: usize = 8;

/// A past to live through: a stretch of time and how the sensors live in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    /// From when to when.
    pub span: Range<UnixMillis>,
    /// What the sensors are told at its begin.
    pub settings: SensorSettings,
}

/// Why a past could not be lived through.
#[derive(Debug, Error)]
pub enum PastError {
    /// The house failed.
    #[error(transparent)]
    House(#[from] HouseError),
    /// The hub did.
    #[error("the simulated past could not be stored")]
    Hub(#[from] ReplayError),
}

/// Lives through a past: the sensors' firmware sends, and every frame, once, goes through decode, normalise, bus and history,
/// with the past's time as clock. The hub works on a thread of its own, while the house lives on.
///
/// `progress` is told how far it is, 0 to 1.
///
/// # Errors
/// [`PastError`].
pub fn live_through(
    hub: &Hub,
    clock: Arc<ReplayClock>,
    house: &mut House,
    pasts: &[Past],
    progress: impl FnMut(f64),
) -> Result<Summary, PastError> {
    house.listen(Listening::First(1));
    thread::scope(|scope| {
        let (frames, heard) = mpsc::sync_channel(AHEAD);
        let storing = scope.spawn(move || store(hub, clock, &heard));
        let lived = live(house, pasts, &frames, progress);
        drop(frames);
        let summary = storing.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        lived?;
        Ok(summary)
    })
}

fn store(hub: &Hub, clock: Arc<ReplayClock>, heard: &mpsc::Receiver<Vec<Sent>>) -> Result<Summary, ReplayError> {
    let mut replay = Replay::new(hub, clock, false);
    for Sent { at, advert } in heard.iter().flatten() {
        replay.step(&Captured { at, advert, key: None })?;
    }
    replay.finish()
}

fn live(
    house: &mut House,
    pasts: &[Past],
    frames: &mpsc::SyncSender<Vec<Sent>>,
    mut progress: impl FnMut(f64),
) -> Result<(), HouseError> {
    let all_ms: i64 = pasts.iter().map(|past| past.span.end - past.span.start).sum();
    let mut done_ms = 0;
    for past in pasts {
        house.set(&past.settings)?;
        let mut now = past.span.start;
        while now < past.span.end {
            let next = past.span.end.min(now + STRETCH_MS);
            if frames.send(house.live_until(next)).is_err() {
                // The hub has given up, and says why.
                return Ok(());
            }
            done_ms += next - now;
            now = next;
            progress(done_ms as f64 / all_ms as f64);
        }
    }
    Ok(())
}
