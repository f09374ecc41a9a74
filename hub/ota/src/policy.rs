//! How a release goes round: what the owner may set.

mod quiet;

use hub_model::SettingError;

pub use quiet::{ParseQuietHoursError, QuietHours};

const HOUR_MS: u64 = 3_600_000;

/// How a release goes round.
///
/// ```
/// use hub_ota::Policy;
///
/// let policy = Policy::default().with_rings(3, &[10, 50])?.with_quiet_hours(Some("22:00-07:00".parse()?));
/// assert_eq!(policy.rings(), 4, "canaries, 10 %, 50 %, all");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(crate) canaries: u16,
    pub(crate) percents: Vec<u8>,
    pub(crate) soak_ms: u64,
    pub(crate) least_mv: u16,
    pub(crate) least_percent: u8,
    pub(crate) quiet: Option<QuietHours>,
    pub(crate) tries: u8,
    pub(crate) halt_percent: u8,
    pub(crate) halt_least: u16,
    pub(crate) goes_back: bool,
}

impl Default for Policy {
    /// Two canaries, a tenth, half, all; a day between; halted when a fifth of a ring, of five at least, fails.
    fn default() -> Self {
        Self {
            canaries: 2,
            percents: vec![10, 50],
            soak_ms: 24 * HOUR_MS,
            least_mv: 2500,
            least_percent: 15,
            quiet: None,
            tries: 3,
            halt_percent: 20,
            halt_least: 5,
            goes_back: false,
        }
    }
}

impl Policy {
    /// With so many sensors in the first ring (1 to 100), and so many percent of all when each of the next is done; the
    /// last ring is always all of them.
    ///
    /// # Errors
    /// When there is no canary, or the percents do not rise from 1 to 99, or are more than eight.
    pub fn with_rings(self, canaries: u16, percents: &[u8]) -> Result<Self, SettingError> {
        if !(1..=100).contains(&canaries) {
            return Err(SettingError::new("updates.canaries", canaries, "1 to 100 sensors"));
        }
        let rises = percents.windows(2).all(|pair| matches!(pair, [before, after] if before < after));
        if percents.len() > 8 || !rises || !percents.iter().all(|percent| (1..=99).contains(percent)) {
            let expected = "at most eight numbers from 1 to 99, each greater than the one before";
            return Err(SettingError::new("updates.rings_percent", format!("{percents:?}"), expected));
        }
        Ok(Self { canaries, percents: percents.to_vec(), ..self })
    }

    /// With so many hours (0 to 720) between the last success of a ring and the next ring.
    ///
    /// # Errors
    /// When there are more.
    pub fn with_soak_h(self, hours: u32) -> Result<Self, SettingError> {
        match hours {
            0..=720 => Ok(Self { soak_ms: u64::from(hours) * HOUR_MS, ..self }),
            _ => Err(SettingError::new("updates.soak_h", hours, "0 to 720 hours")),
        }
    }

    /// With batteries of so many millivolts under load (2400 to 3600: sensors refuse less), or where only that is known
    /// so many percent (0 to 100).
    ///
    /// # Errors
    /// When one is out of range.
    pub fn with_battery(self, least_mv: u16, least_percent: u8) -> Result<Self, SettingError> {
        if !(2400..=3600).contains(&least_mv) {
            return Err(SettingError::new("updates.battery_mv", least_mv, "2400 to 3600 mV"));
        }
        if least_percent > 100 {
            return Err(SettingError::new("updates.battery_percent", least_percent, "0 to 100"));
        }
        Ok(Self { least_mv, least_percent, ..self })
    }

    /// With hours of the day in which nothing is begun.
    #[must_use]
    pub const fn with_quiet_hours(mut self, quiet: Option<QuietHours>) -> Self {
        self.quiet = quiet;
        self
    }

    /// With so many tries a sensor (1 to 10).
    ///
    /// # Errors
    /// When it is none, or more.
    pub fn with_tries(self, tries: u8) -> Result<Self, SettingError> {
        match tries {
            1..=10 => Ok(Self { tries, ..self }),
            _ => Err(SettingError::new("updates.tries", tries, "1 to 10")),
        }
    }

    /// Halted when so many percent (1 to 100) of the sensors of a ring failed, once so many (1 to 100) of it have been
    /// judged, or all of it where it is smaller.
    ///
    /// # Errors
    /// When one is out of range.
    pub fn with_halt(self, percent: u8, least: u16) -> Result<Self, SettingError> {
        if !(1..=100).contains(&percent) {
            return Err(SettingError::new("updates.halt_percent", percent, "1 to 100"));
        }
        if !(1..=100).contains(&least) {
            return Err(SettingError::new("updates.halt_least", least, "1 to 100 sensors"));
        }
        Ok(Self { halt_percent: percent, halt_least: least, ..self })
    }

    /// Are sensors with a later version to go back to this one? As long as their security counter lets them.
    #[must_use]
    pub const fn going_back(mut self, goes_back: bool) -> Self {
        self.goes_back = goes_back;
        self
    }

    /// How many rings there are.
    pub fn rings(&self) -> usize {
        self.percents.len() + 2
    }

    /// How many of so many sensors may have been touched in a ring; ring 0 are the canaries.
    pub(crate) fn quota(&self, ring: usize, total: usize) -> usize {
        let canaries = usize::from(self.canaries).min(total);
        match ring.checked_sub(1) {
            None => canaries,
            Some(nth) => match self.percents.get(nth) {
                Some(percent) => (total * usize::from(*percent)).div_ceil(100).max(canaries),
                None => total,
            },
        }
    }
}

#[cfg(test)]
mod tests;
