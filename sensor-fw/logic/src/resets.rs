use embedded_storage_async::nor_flash::NorFlash;
use wire::service::ResetReason;

use crate::{
    facts::{Fact, Facts},
    keep::KeepError,
};

/// The longest pause before a program starts that keeps failing, ms.
const LONGEST_PAUSE_MS: u64 = 3_600_000;

/// How often a sensor did not stop because it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resets {
    /// How often it stopped itself because something was wrong that cannot be.
    pub panics: u16,
    /// How often the watchdog had to stop it.
    pub watchdogs: u16,
}

impl Resets {
    /// How long to wait before flash is touched, ms, when so many starts one after another ended in a panic or by the
    /// watchdog: 1 s, doubled with each, up to an hour.
    ///
    /// Every start erases a page of facts, which lasts for 20 000: so even a program that fails at once lives for two
    /// years, long enough to be replaced. The count is to be where it survives a reset and not a battery change.
    pub const fn pause_ms(failed: u8) -> u64 {
        match failed {
            0 => 0,
            1..=12 => {
                let pause = 1000 << (failed - 1);
                if pause < LONGEST_PAUSE_MS { pause } else { LONGEST_PAUSE_MS }
            }
            _ => LONGEST_PAUSE_MS,
        }
    }

    /// What flash knows, with why the sensor started this time.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn count<S: NorFlash>(facts: &mut Facts<S>, reason: ResetReason) -> Result<Self, KeepError<S::Error>> {
        let [p0, p1, w0, w1] = facts.integer(Fact::Resets).to_le_bytes();
        let mut resets = Self { panics: u16::from_le_bytes([p0, p1]), watchdogs: u16::from_le_bytes([w0, w1]) };
        let count = match reason {
            ResetReason::Panic | ResetReason::Lockup => &mut resets.panics,
            ResetReason::Watchdog => &mut resets.watchdogs,
            _ => return Ok(resets),
        };
        *count = count.saturating_add(1);
        let bytes = u32::from(resets.panics) | u32::from(resets.watchdogs) << 16;
        facts.put(Fact::Resets, &bytes.to_le_bytes()).await?;
        Ok(resets)
    }
}

#[cfg(test)]
mod tests {
    use embassy_futures::block_on;

    use super::*;
    use crate::nor::NorSim;

    #[test]
    fn whoever_keeps_failing_waits_longer_each_time() {
        let pauses: [u64; 5] = [0, 1, 2, 3, 12].map(Resets::pause_ms);
        assert_eq!(pauses, [0, 1000, 2000, 4000, 2_048_000]);
        assert_eq!([13, 100, 255].map(Resets::pause_ms), [LONGEST_PAUSE_MS; 3]);
        // 20 000 starts, of which all but the first dozen wait for an hour.
        const { assert!(20_000 * LONGEST_PAUSE_MS > 2 * 365 * 86_400_000) };
    }

    #[test]
    fn panics_and_the_watchdog_are_counted_for_life() {
        let mut nor = NorSim::<4096>::new(2);
        let mut last = Resets::default();
        for reason in [
            ResetReason::PowerOn,
            ResetReason::Panic,
            ResetReason::Watchdog,
            ResetReason::Lockup,
            ResetReason::Wanted,
            ResetReason::Pin,
        ] {
            let (mut facts, _) = block_on(Facts::start(&mut nor, 0..8192)).unwrap();
            last = block_on(Resets::count(&mut facts, reason)).unwrap();
        }
        assert_eq!(last, Resets { panics: 2, watchdogs: 1 });
    }
}
