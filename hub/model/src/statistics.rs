use thiserror::Error;

use crate::{Gap, HistoryError, Kind, Quantity, SeriesKey, UnixMillis, Zone};

/// How a window is divided, by the clock on the wall of the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bucket {
    /// Not at all.
    Whole,
    /// Hours. When the clock is set back, the hour that comes twice is two.
    Hour,
    /// Days: 23 or 25 hours long when the clock is set.
    Day,
    /// Weeks from Monday on (ISO 8601).
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// What a value is taken to be between two readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Interpolation {
    /// On the straight line between them: what is measured changes steadily, and a sensor looks now and then.
    Linear,
    /// The one of the earlier reading: what only takes some values keeps one until it takes another.
    Step,
}

impl Interpolation {
    /// What suits a quantity: levels are linear, and states, totals, counts and angles (north is 0° and 360°) steps.
    pub const fn of(quantity: Quantity) -> Self {
        use Quantity as Q;
        match (quantity.kind(), quantity) {
            (Kind::Binary | Kind::Total, _)
            | (_, Q::LightLevel | Q::Count | Q::Channel | Q::SettingsRevision | Q::Direction | Q::Duration) => {
                Self::Step
            }
            (Kind::Measurement, _) => Self::Linear,
        }
    }
}

/// A share of all readings in percent, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Percent(f64);

/// A number that is no share.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("{number} is no percentile; expected 0 to 100")]
pub struct PercentError {
    /// The number.
    pub number: f64,
}

impl Percent {
    /// The number.
    pub const fn get(self) -> f64 {
        self.0
    }

    /// How many of `count` readings, at least 1, are this share: the nearest rank, counted from 1.
    #[expect(clippy::cast_precision_loss, reason = "2^53 readings take a hundred million years at one a second")]
    pub fn rank(self, count: u64) -> u64 {
        // 99.9 % of 1000 is 999.0000000000001 in floats, and means 999.
        let share = self.0 * count as f64 / 100.0;
        ((share * (1.0 - 1e-12)).ceil() as u64).clamp(1, count.max(1))
    }
}

impl TryFrom<f64> for Percent {
    type Error = PercentError;

    fn try_from(number: f64) -> Result<Self, PercentError> {
        if (0.0..=100.0).contains(&number) { Ok(Self(number)) } else { Err(PercentError { number }) }
    }
}

/// How deep to look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// Hourly roll-ups wherever they fit: enough for count, mean, least and greatest value, and the times of the first and
    /// last reading. Everything else stays none.
    Rollups,
    /// Every reading.
    Readings,
}

/// A question to the history: what became of one series in each part of a window.
#[derive(Debug, Clone, PartialEq)]
pub struct StatisticsQuery {
    /// Which series.
    pub series: SeriesKey,
    /// From this time on, inclusive.
    pub from: UnixMillis,
    /// Up to this time, exclusive.
    pub to: UnixMillis,
    /// How to divide the window.
    pub bucket: Bucket,
    /// Whose clock divides it.
    pub zone: Zone,
    /// The most parts.
    pub max_buckets: usize,
    /// Which percentiles of the readings to tell.
    pub percentiles: Vec<Percent>,
    /// Tell for how long the value was above this, in steps of the quantity's resolution.
    pub above: Option<f64>,
    /// Tell for how long the value was below this, in steps.
    pub below: Option<f64>,
    /// How deep to look.
    pub depth: Depth,
    /// The present: a state ([`Interpolation::Step`]) holds until then, if it was not replaced before.
    pub now: UnixMillis,
}

/// What became of a series.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesStatistics {
    /// Which series.
    pub series: SeriesKey,
    /// From here on every reading is still there, so that everything can be told; the window's start if it is whole,
    /// its end if nothing is.
    pub exact_from: UnixMillis,
    /// The stretches without readings.
    pub gaps: Vec<Gap>,
    /// The parts in order, without holes; cut off at the window's ends.
    pub buckets: Vec<Statistics>,
}

/// One reading picked out of many; what roll-ups do not know of it is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Picked {
    /// When.
    pub at: Option<UnixMillis>,
    /// What, in steps.
    pub value: Option<i64>,
}

/// What became of a series in one part of a window. Values are in steps of the quantity's resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    /// From this time on, inclusive.
    pub from: UnixMillis,
    /// Up to this time, exclusive.
    pub to: UnixMillis,
    /// Was every reading looked at? Otherwise some are expired (or nobody wanted to know), and only what hourly roll-ups
    /// know is told.
    pub is_exact: bool,
    /// How many readings there are.
    pub count: u64,
    /// The first reading; of several at one time the least.
    pub first: Option<Picked>,
    /// The last reading; of several at one time the greatest.
    pub last: Option<Picked>,
    /// The least reading; of several the first.
    pub min: Option<Picked>,
    /// The greatest reading; of several the first.
    pub max: Option<Picked>,
    /// The arithmetic mean of the readings. An angle has none.
    pub mean: Option<f64>,
    /// The percentiles asked for, by nearest rank: the least reading that at least so many percent do not exceed.
    pub percentiles: Option<Vec<i64>>,
    /// How the value went between the readings.
    pub course: Option<Course>,
    /// By how much a total grew.
    pub increase: Option<Increase>,
    /// How often a binary quantity changed.
    pub changes: Option<u64>,
}

/// How a value went between the readings, gaps left out. Of several readings at one time the greatest counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// For how many milliseconds readings vouch: all but the gaps.
    pub covered_ms: i64,
    /// The mean over that time, in steps; none where that time is none, and of totals and angles.
    pub mean: Option<f64>,
    /// The integral over that time in steps × milliseconds; none of totals and angles.
    pub integral: Option<f64>,
    /// For how many milliseconds of that time the value was greater than asked for.
    pub above_ms: Option<i64>,
    /// For how many milliseconds of that time the value was less than asked for.
    pub below_ms: Option<i64>,
    /// For how many milliseconds of that time a binary quantity was on.
    pub on_ms: Option<i64>,
}

/// By how much a total grew. A growth belongs to the part in which the reading is that shows it, so that parts add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Increase {
    /// The growth in steps. A fall is a reset: the meter began at 0 again, and the new value is what it grew since.
    pub by: i64,
    /// How many resets there were.
    pub resets: u64,
}

/// A question to the history: several series on one axis of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlignedQuery {
    /// Which series.
    pub series: Vec<SeriesKey>,
    /// From this time on, inclusive.
    pub from: UnixMillis,
    /// Up to this time, exclusive.
    pub to: UnixMillis,
    /// The most points on the axis, at least 1.
    pub max_points: usize,
}

/// Several series on one axis of time; all columns are as long as it.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedData {
    /// The width of a point in milliseconds: the narrowest of which not too many are needed, 1 s or more.
    pub width_ms: i64,
    /// The start of each point, from the first that has a reading to the last, without holes.
    pub t: Vec<UnixMillis>,
    /// The series, in the order asked for.
    pub columns: Vec<AlignedColumn>,
}

/// One series on a common axis, in steps of the quantity's resolution; none where it has no reading.
#[derive(Debug, Clone, PartialEq)]
pub struct AlignedColumn {
    /// Which series.
    pub series: SeriesKey,
    /// The least value of each point.
    pub min: Vec<Option<i64>>,
    /// The arithmetic mean of each point.
    pub mean: Vec<Option<f64>>,
    /// The greatest value of each point.
    pub max: Vec<Option<i64>>,
    /// The number of readings in each point.
    pub count: Vec<u64>,
    /// The stretches without readings, longer than the series' usual interval explains.
    pub gaps: Vec<Gap>,
}

/// The port to what became of what was measured. Calls block on the disk: async callers use a blocking thread.
pub trait StatisticsReader: Send + Sync {
    /// Sums up one series in each part of a window.
    ///
    /// # Errors
    /// When the window is empty or has too many parts, or the store fails.
    fn statistics(&self, query: &StatisticsQuery) -> Result<SeriesStatistics, HistoryError>;

    /// Answers for several series on one axis.
    ///
    /// # Errors
    /// When the window is empty or the store fails.
    fn aligned(&self, query: &AlignedQuery) -> Result<AlignedData, HistoryError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_nearest_rank() {
        for (percent, count, rank) in [
            (0.0, 10, 1),
            (50.0, 1, 1),
            (50.0, 4, 2),
            (50.0, 5, 3),
            (99.9, 1000, 999),
            (99.91, 1000, 1000),
            (100.0, 7, 7),
            (33.3, 3, 1),
            (33.4, 3, 2),
            (0.1, 31_536_000, 31_536),
        ] {
            assert_eq!(Percent::try_from(percent).unwrap().rank(count), rank, "{percent} % of {count}");
        }
        for number in [-0.1, 100.1, f64::NAN, f64::INFINITY] {
            assert!(Percent::try_from(number).is_err());
        }
    }

    #[test]
    fn levels_are_lines_and_states_are_steps() {
        use Interpolation::{Linear, Step};
        for (quantity, expected) in [
            (Quantity::Temperature, Linear),
            (Quantity::Power, Linear),
            (Quantity::Energy, Step),
            (Quantity::Door, Step),
            (Quantity::LightLevel, Step),
            (Quantity::Direction, Step),
        ] {
            assert_eq!(Interpolation::of(quantity), expected, "{quantity:?}");
        }
    }
}
