//! The machine's clock: the one file of the daemon that reads it.

use std::{
    path::Path,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use hub_assembly::ClockTrust;
use hub_model::{BootId, Clock, Now, Stamp, TimeQuality, UnixMillis, WallTime};
use rustix::time::{ClockId, Timespec, clock_gettime};

/// No clock that was ever set shows an earlier time than this release: 2026-11-01.
const RELEASED: UnixMillis = UnixMillis(1_793_491_200_000);
/// Where systemd-timesyncd says that it has set the clock since boot.
const TIMESYNC: &str = "/run/systemd/timesync/synchronized";
/// A real-time clock with a battery. A Raspberry Pi has none unless one was added.
const RTC: &str = "/dev/rtc0";
/// The signs that the clock was set are looked for so often, in milliseconds.
const LOOK_MS: u64 = 1000;

/// The clock of a Linux machine.
pub(crate) struct MachineClock {
    boot: BootId,
    /// What must be added to the boot time to get a wall time that is not before the last one known, in milliseconds.
    floor_offset_ms: i64,
    floor: UnixMillis,
    trust: ClockTrust,
    is_set: AtomicBool,
    looked_ms: AtomicU64,
}

impl MachineClock {
    /// The clock of boot `boot`; `last_wall` is the last wall time that the hub knew.
    pub(crate) fn new(boot: BootId, last_wall: Option<UnixMillis>, trust: ClockTrust) -> Self {
        let floor = last_wall.unwrap_or(RELEASED).max(RELEASED);
        let boot_ms = millis(clock_gettime(ClockId::Boottime));
        Self {
            boot,
            floor_offset_ms: floor.0.saturating_sub(boot_ms),
            floor,
            trust,
            is_set: AtomicBool::new(false),
            looked_ms: AtomicU64::new(0),
        }
    }

    /// Was the clock set? Once it was, it stays so until the next boot.
    fn is_set(&self, ms: u64, real: UnixMillis) -> bool {
        if self.is_set.load(Ordering::Relaxed) {
            return true;
        }
        let looked = self.looked_ms.load(Ordering::Relaxed);
        if real < self.floor || (looked != 0 && ms.saturating_sub(looked) < LOOK_MS) {
            return false;
        }
        self.looked_ms.store(ms, Ordering::Relaxed);
        let is_set = match self.trust {
            ClockTrust::Always => true,
            ClockTrust::Auto => Path::new(TIMESYNC).exists() || Path::new(RTC).exists(),
        };
        self.is_set.store(is_set, Ordering::Relaxed);
        is_set
    }
}

impl Clock for MachineClock {
    fn now(&self) -> Now {
        let boottime = clock_gettime(ClockId::Boottime);
        let real = UnixMillis(millis(clock_gettime(ClockId::Realtime)));
        let ms = millis(boottime);
        let stamp = Stamp { boot: self.boot, ms: u64::try_from(ms).unwrap_or(0) };
        let us = u64::try_from(boottime.tv_sec.saturating_mul(1_000_000) + boottime.tv_nsec / 1000).unwrap_or(0);
        let wall = if self.is_set(stamp.ms, real) {
            WallTime { at: real, quality: TimeQuality::Synchronised }
        } else {
            let guess = UnixMillis(ms.saturating_add(self.floor_offset_ms));
            WallTime { at: real.max(guess), quality: TimeQuality::Estimated }
        };
        Now { stamp, us, wall }
    }
}

/// Measures how long something takes.
pub(crate) struct Stopwatch {
    began: Timespec,
}

impl Stopwatch {
    /// Begins to measure.
    pub(crate) fn start() -> Self {
        Self { began: clock_gettime(ClockId::Monotonic) }
    }

    /// The time since.
    pub(crate) fn elapsed(&self) -> Duration {
        let now = clock_gettime(ClockId::Monotonic);
        let ns = (now.tv_sec - self.began.tv_sec).saturating_mul(1_000_000_000) + now.tv_nsec - self.began.tv_nsec;
        Duration::from_nanos(u64::try_from(ns).unwrap_or(0))
    }

    /// The time since, in seconds rounded to milliseconds.
    pub(crate) fn seconds(&self) -> f64 {
        self.elapsed().as_millis() as f64 / 1000.0
    }
}

fn millis(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(1000).saturating_add(time.tv_nsec / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_reads_before_what_was_known() {
        let known = UnixMillis(RELEASED.0 + 4_000_000_000_000);
        let clock = MachineClock::new(BootId(3), Some(known), ClockTrust::Always);
        let now = clock.now();
        assert_eq!(now.wall.quality, TimeQuality::Estimated, "the machine shows less than what was known");
        assert!(now.wall.at >= known);
    }

    #[test]
    fn a_trusted_clock_is_believed() {
        let now = MachineClock::new(BootId(3), None, ClockTrust::Always).now();
        assert_eq!(now.wall.quality, TimeQuality::Synchronised);
        assert_eq!(now.us / 1000, now.stamp.ms);
    }
}
