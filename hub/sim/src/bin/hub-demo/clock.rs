#![expect(clippy::disallowed_methods, reason = "the one place of the demonstration that reads the machine's clock")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use hub_assembly::ReplayClock;
use hub_model::{Clock, Now, Stamp, TimeQuality, UnixMillis, WallTime};

/// A clock that shows the simulated past first, and the machine's time once it is live.
pub(crate) struct DemoClock {
    replay: Arc<ReplayClock>,
    is_live: AtomicBool,
    began: Instant,
}

impl Default for DemoClock {
    fn default() -> Self {
        Self { replay: Arc::default(), is_live: AtomicBool::new(false), began: Instant::now() }
    }
}

impl DemoClock {
    /// The clock of the past.
    pub(crate) fn replay(&self) -> Arc<ReplayClock> {
        Arc::clone(&self.replay)
    }

    /// The machine's time from now on.
    pub(crate) fn go_live(&self) {
        self.is_live.store(true, Ordering::Relaxed);
    }

    /// The machine's wall clock.
    pub(crate) fn real(&self) -> UnixMillis {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        UnixMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    /// Time since the program began.
    pub(crate) fn since_start(&self) -> Duration {
        self.began.elapsed()
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Now {
        if !self.is_live.load(Ordering::Relaxed) {
            return self.replay.now();
        }
        let at = self.real();
        Now {
            stamp: Stamp::wall(at),
            us: u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX),
            wall: WallTime { at, quality: TimeQuality::Synchronised },
        }
    }
}
