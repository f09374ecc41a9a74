//! Starts the stations, starts a failed one again, and gives up when one fails too often.

use std::{collections::VecDeque, future::Future, pin::Pin, sync::Arc, time::Duration};

use hub_model::{Clock, chain};
use thiserror::Error;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

/// Failures within [`WINDOW_MS`] after which a station is given up, so that systemd and the A/B update can act.
const MAX_FAILURES: usize = 5;
/// The window for counting failures, in milliseconds.
const WINDOW_MS: u64 = 600_000;
/// The first pause before a failed station starts again; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause before a failed station starts again.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// Why a station failed, or a part of its work.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;
/// What a station ends with: nothing when it was stopped, the reason when it failed.
pub(crate) type StationResult = Result<(), Failure>;
/// One run of a station.
pub(crate) type StationRun = Pin<Box<dyn Future<Output = StationResult> + Send>>;

/// A station failed so often that starting it again is no help.
#[derive(Debug, Error)]
#[error("station {station} failed {MAX_FAILURES} times in ten minutes; the last time: {reason}")]
pub struct GivenUp {
    /// Which.
    pub station: &'static str,
    /// Why, the last time.
    pub reason: String,
}

/// Counts failures and says how long to pause. Pure.
#[derive(Debug, Default)]
struct Failures {
    at_ms: VecDeque<u64>,
}

impl Failures {
    /// Another failure: the pause before the next start, or `None` to give up.
    fn failed(&mut self, now_ms: u64) -> Option<Duration> {
        self.at_ms.push_back(now_ms);
        while self.at_ms.front().is_some_and(|at| now_ms.saturating_sub(*at) > WINDOW_MS) {
            self.at_ms.pop_front();
        }
        let failures = self.at_ms.len();
        if failures >= MAX_FAILURES {
            return None;
        }
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
        Some(FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(doublings)).min(MAX_PAUSE))
    }
}

/// Runs a station until it is stopped, starting it again when it fails or panics.
///
/// # Errors
/// When it fails too often.
pub(crate) async fn supervise(
    station: &'static str,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
    mut start: impl FnMut() -> StationRun + Send,
) -> Result<(), GivenUp> {
    let mut failures = Failures::default();
    loop {
        let reason = match tokio::spawn(start()).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => chain(error.as_ref()),
            Err(error) => describe(error),
        };
        if stop.is_cancelled() {
            tracing::warn!(station, reason, "a station failed while stopping");
            return Ok(());
        }
        let Some(pause) = failures.failed(clock.now().stamp.ms) else {
            tracing::error!(station, reason, "a station is given up");
            return Err(GivenUp { station, reason });
        };
        tracing::error!(station, reason, pause_ms = pause.as_millis(), "a station failed and is started again");
        tokio::select! {
            () = stop.cancelled() => return Ok(()),
            () = tokio::time::sleep(pause) => {}
        }
    }
}

fn describe(error: JoinError) -> String {
    match error.try_into_panic() {
        Ok(panic) => panic
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .map_or_else(|| "it panicked".to_owned(), |text| format!("it panicked: {text}")),
        Err(error) => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hub_model::{BootId, Now, Stamp, TimeQuality, UnixMillis, WallTime};

    use super::*;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Now {
            let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Synchronised };
            Now { stamp: Stamp { boot: BootId(1), ms: 0 }, us: 0, wall }
        }
    }

    #[test]
    fn pauses_double_and_the_fifth_failure_in_ten_minutes_is_the_last() {
        let mut failures = Failures::default();
        let pauses: Vec<_> = (0..5).map(|i| failures.failed(i * 1000).map(|p| p.as_millis())).collect();
        assert_eq!(pauses, [Some(500), Some(1000), Some(2000), Some(4000), None]);
        let mut rare = Failures::default();
        assert!((0..50).all(|i| rare.failed(i * WINDOW_MS / 3).is_some()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_station_that_fails_or_panics_is_started_again_until_it_is_given_up() {
        let runs = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&runs);
        let given_up = supervise("test", Arc::new(Stopped), CancellationToken::new(), move || {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                assert!(run != 1, "second run");
                Err("broken".into())
            })
        })
        .await;
        assert_eq!(runs.load(Ordering::Relaxed), MAX_FAILURES);
        assert_eq!(given_up.unwrap_err().reason, "broken");
    }

    #[tokio::test]
    async fn a_station_that_ends_well_is_not_started_again() {
        let ended = supervise("test", Arc::new(Stopped), CancellationToken::new(), || Box::pin(async { Ok(()) })).await;
        assert!(ended.is_ok());
    }
}
