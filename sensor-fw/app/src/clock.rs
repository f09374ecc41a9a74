//! The one place where time is asked for.

use embassy_time::{Instant, Timer};

/// How long the longest sleep is, ms: seldom enough to cost nothing, often enough to see that a trial is over.
const LONGEST_MS: u64 = 3_600_000;

/// Time since a sensor began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    /// Time begins now.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// Milliseconds since the start.
    pub(crate) fn now_ms(self) -> u64 {
        self.0.elapsed().as_millis()
    }

    /// Waits until then, or for as long as anybody sleeps.
    pub(crate) async fn alarm(self, at_ms: u64) {
        let at_ms = at_ms.min(self.now_ms() + LONGEST_MS);
        Timer::at(self.0 + embassy_time::Duration::from_millis(at_ms)).await;
    }
}
