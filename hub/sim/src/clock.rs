use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use hub_model::{BootId, Clock, Now, Stamp, TimeQuality, UnixMillis, WallTime};

/// A clock that is set: simulated time, and which boot of the hub's machine it is.
#[derive(Debug)]
pub struct SimClock {
    at: AtomicI64,
    booted_at: AtomicI64,
    boot: AtomicU32,
    is_known: AtomicBool,
}

impl SimClock {
    /// A machine that was switched on then, and knows what time it is.
    pub const fn booted(at: UnixMillis) -> Self {
        Self {
            at: AtomicI64::new(at.0),
            booted_at: AtomicI64::new(at.0),
            boot: AtomicU32::new(0),
            is_known: AtomicBool::new(true),
        }
    }

    /// What it shows.
    pub fn at(&self) -> UnixMillis {
        UnixMillis(self.at.load(Ordering::Relaxed))
    }

    /// Sets it.
    pub fn set(&self, at: UnixMillis) {
        self.at.store(at.0, Ordering::Relaxed);
    }

    /// The machine is switched on now.
    pub fn boot(&self) {
        self.booted_at.store(self.at().0, Ordering::Relaxed);
    }

    /// Which boot of the machine it is, as the registry numbers it.
    pub fn number(&self, boot: BootId) {
        self.boot.store(boot.0, Ordering::Relaxed);
    }

    /// Does the machine know what time it is?
    pub fn know(&self, is_known: bool) {
        self.is_known.store(is_known, Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> Now {
        let at = self.at();
        let ms = u64::try_from(at.0 - self.booted_at.load(Ordering::Relaxed)).unwrap_or(0);
        let wall = if self.is_known.load(Ordering::Relaxed) {
            WallTime { at, quality: TimeQuality::Synchronised }
        } else {
            // 1970, as on a machine without a real-time clock.
            WallTime { at: UnixMillis(i64::try_from(ms).unwrap_or(i64::MAX)), quality: TimeQuality::Estimated }
        };
        let boot = BootId(self.boot.load(Ordering::Relaxed));
        Now { stamp: Stamp { boot, ms }, us: ms.saturating_mul(1000), wall }
    }
}
