//! Hours in which a home is left alone.

use std::{fmt, str::FromStr};

use hub_model::{UnixMillis, Zone};
use jiff::Timestamp;
use thiserror::Error;

const DAY_MIN: u16 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// A part of every day by the home's clock, such as 22:00-07:00, in which no update is begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// Minutes after midnight, 0 to 1439.
    pub(crate) from: u16,
    /// Minutes after midnight, 0 to 1439, not equal to `from`.
    pub(crate) to: u16,
}

/// A text that names no hours.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} are no hours of a day; expected two different times such as \"22:00-07:00\"")]
pub struct ParseQuietHoursError {
    /// What was given, cut off after 64 characters.
    pub text: String,
}

impl QuietHours {
    /// The hours between two minutes after midnight; `None` when one is no minute of a day, or both are the same.
    pub const fn new(from_min: u16, to_min: u16) -> Option<Self> {
        match from_min < DAY_MIN && to_min < DAY_MIN && from_min != to_min {
            true => Some(Self { from: from_min, to: to_min }),
            false => None,
        }
    }

    /// How many milliseconds of them are left at a moment; `None` outside them.
    ///
    /// Where the clock is set in that time, it is another hour: whoever waits so long asks again.
    pub fn left_ms(self, at: UnixMillis, zone: &Zone) -> Option<u64> {
        let local = Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.rules().clone());
        let (hour, minute) = (u16::try_from(local.hour()).ok()?, u16::try_from(local.minute()).ok()?);
        let now = hour * 60 + minute;
        let since = (now + DAY_MIN - self.from) % DAY_MIN;
        let length = (self.to + DAY_MIN - self.from) % DAY_MIN;
        let left = length.checked_sub(since).filter(|left| *left > 0)?;
        let spent = u64::try_from(local.second()).ok()? * 1000 + u64::try_from(local.millisecond()).ok()?;
        Some((u64::from(left) * MINUTE_MS).saturating_sub(spent))
    }
}

impl FromStr for QuietHours {
    type Err = ParseQuietHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let hours = text.split_once('-').and_then(|(from, to)| Self::new(minute(from)?, minute(to)?));
        hours.ok_or_else(|| ParseQuietHoursError { text: text.chars().take(64).collect() })
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(f, "{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
    }
}

/// Minutes after midnight of a text such as 22:00.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| match text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse::<u16>().ok(),
        false => None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
