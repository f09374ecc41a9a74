//! Tells from what the clock shows when stored times must be corrected. Pure.

use hub_model::{BootId, Now, TimeQuality};

/// Changes of the wall clock below this many milliseconds are drift, not steps.
const STEP_MS: i64 = 2_000;

/// What the clock tells that the store must learn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Correction {
    /// The wall time of this boot is only a guess.
    Guessed {
        /// Which boot.
        boot: BootId,
        /// Wall time minus boot time in milliseconds, as far as is known.
        offset_ms: i64,
    },
    /// The wall time of this boot is known, from its beginning on.
    Set {
        /// Which boot.
        boot: BootId,
        /// Wall time minus boot time in milliseconds.
        offset_ms: i64,
        /// By how much the guess was wrong, where there was one.
        by_ms: i64,
    },
    /// A clock that was set before was set anew.
    Stepped {
        /// Which boot.
        boot: BootId,
        /// Wall time minus boot time in milliseconds, from now on.
        offset_ms: i64,
        /// From which boot time on.
        from_ms: u64,
        /// By how many milliseconds.
        by_ms: i64,
    },
}

/// Remembers what the store was told of the clock.
#[derive(Debug, Default)]
pub(crate) struct Timekeeper {
    told: Option<(i64, TimeQuality)>,
}

impl Timekeeper {
    /// Looks at the clock; tells what has changed.
    pub(crate) fn step(&mut self, now: Now) -> Option<Correction> {
        let boot = now.stamp.boot;
        if boot == BootId::WALL {
            return None;
        }
        let offset_ms = now.wall.at.0.saturating_sub(i64::try_from(now.stamp.ms).unwrap_or(i64::MAX));
        let correction = match (self.told, now.wall.quality) {
            (None, TimeQuality::Estimated) => Correction::Guessed { boot, offset_ms },
            (None, TimeQuality::Synchronised) => Correction::Set { boot, offset_ms, by_ms: 0 },
            (Some((guess, TimeQuality::Estimated)), TimeQuality::Synchronised) => {
                Correction::Set { boot, offset_ms, by_ms: offset_ms.saturating_sub(guess) }
            }
            (Some((known, TimeQuality::Synchronised)), TimeQuality::Synchronised)
                if offset_ms.abs_diff(known) > STEP_MS.unsigned_abs() =>
            {
                Correction::Stepped { boot, offset_ms, from_ms: now.stamp.ms, by_ms: offset_ms.saturating_sub(known) }
            }
            // A clock that was set and says that it no longer is: the set time is still the best there is.
            _ => return None,
        };
        self.told = Some((offset_ms, now.wall.quality));
        Some(correction)
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Stamp, TimeQuality::*, UnixMillis, WallTime};

    use super::*;

    fn now(ms: u64, wall: i64, quality: TimeQuality) -> Now {
        let stamp = Stamp { boot: BootId(3), ms };
        Now { stamp, us: ms * 1000, wall: WallTime { at: UnixMillis(wall), quality } }
    }

    #[test]
    fn a_clock_that_is_set_late_corrects_its_whole_boot_once() {
        let mut keeper = Timekeeper::default();
        let boot = BootId(3);
        assert_eq!(keeper.step(now(1000, 1000, Estimated)), Some(Correction::Guessed { boot, offset_ms: 0 }));
        assert_eq!(keeper.step(now(2000, 2000, Estimated)), None);
        let offset_ms = 1_795_000_000_000;
        let set = Correction::Set { boot, offset_ms, by_ms: offset_ms };
        assert_eq!(keeper.step(now(3000, offset_ms + 3000, Synchronised)), Some(set));
        assert_eq!(keeper.step(now(4000, offset_ms + 4100, Synchronised)), None, "drift is no step");
        assert_eq!(keeper.step(now(5000, offset_ms + 5000, Estimated)), None);
    }

    #[test]
    fn a_later_step_counts_from_then_on() {
        let mut keeper = Timekeeper::default();
        keeper.step(now(1000, 10_000_000, Synchronised));
        let stepped = Correction::Stepped { boot: BootId(3), offset_ms: 10_002_999, from_ms: 2000, by_ms: 3_999 };
        assert_eq!(keeper.step(now(2000, 10_004_999, Synchronised)), Some(stepped));
    }

    #[test]
    fn slow_drift_is_no_step_until_it_adds_up() {
        let mut keeper = Timekeeper::default();
        let corrections = (0..100).filter_map(|i| keeper.step(now(i * 1000, (i * 1000 + i * 50) as i64, Synchronised)));
        assert_eq!(corrections.count(), 1 + 2, "5 s of drift in steps of more than 2 s");
    }
}
