use std::ops::{Add, Sub};

/// One boot of the hub's kernel, numbered by the registry.
///
/// Boot 0 is no boot at all: its stamps count milliseconds since the Unix epoch. Captures, imports and
/// simulated pasts are stamped so, because their wall time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BootId(pub u32);

impl BootId {
    /// The timeline of wall-clock time itself.
    pub const WALL: Self = Self(0);
}

/// When something happened, as the hub can always tell: milliseconds since one boot.
///
/// Ordered by boot, then by time within the boot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// The boot whose clock was read.
    pub boot: BootId,
    /// Milliseconds since that boot (`CLOCK_BOOTTIME`), or since the Unix epoch for [`BootId::WALL`].
    pub ms: u64,
}

impl Stamp {
    /// The stamp of a moment whose wall time is given; moments before 1970 are taken as 1970.
    pub fn wall(at: UnixMillis) -> Self {
        Self { boot: BootId::WALL, ms: u64::try_from(at.0).unwrap_or(0) }
    }
}

/// Wall-clock time in milliseconds since 1970-01-01T00:00:00Z, leap seconds not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct UnixMillis(pub i64);

impl Add<i64> for UnixMillis {
    type Output = Self;

    /// Later by so many milliseconds.
    fn add(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Sub for UnixMillis {
    type Output = i64;

    /// The distance in milliseconds.
    fn sub(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// How far a wall time can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeQuality {
    /// Guessed from the last time that was known; it is corrected when the clock is set.
    Estimated,
    /// From a clock that was set (NTP, a real-time clock, or given with the data).
    Synchronised,
}

/// A wall-clock time with its quality.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WallTime {
    /// The time.
    pub at: UnixMillis,
    /// How far to trust it.
    pub quality: TimeQuality,
}

/// What a clock shows at one moment, read together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The boot clock: steady, used for every interval and every stamp.
    pub stamp: Stamp,
    /// The boot clock in microseconds, for latencies.
    pub us: u64,
    /// The wall clock, for schedules and for people.
    pub wall: WallTime,
}

/// Where the time comes from: the machine, a simulation, a capture.
pub trait Clock: Send + Sync {
    /// What the clock shows.
    fn now(&self) -> Now;
}
