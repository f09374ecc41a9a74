use crate::{SeriesKey, UnixMillis};

/// One reading with the series that it belongs to, as it goes in and out of the history in bulk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// Of which series.
    pub series: SeriesKey,
    /// When.
    pub at: UnixMillis,
    /// The value in steps of the quantity's resolution.
    pub value: i64,
}

/// What [`Figures`] span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FigureSpan {
    /// One hour.
    Hour,
    /// One UTC day.
    Day,
}

impl FigureSpan {
    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The span of this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day].into_iter().find(|span| span.name() == name)
    }

    /// How long it is, in milliseconds.
    pub const fn width_ms(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }
}

/// The readings of an hour or a UTC day in a few numbers. Values are in steps of the quantity's resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Figures {
    /// Of which series.
    pub series: SeriesKey,
    /// An hour or a day?
    pub span: FigureSpan,
    /// Its start.
    pub at: UnixMillis,
    /// How many readings they stand for, at least 1. What came from elsewhere as one figure counts as one reading.
    pub count: u64,
    /// The least value.
    pub min: i64,
    /// The greatest value.
    pub max: i64,
    /// The sum of all values: the mean is `sum / count`.
    pub sum: i128,
    /// When the first reading was.
    pub first: UnixMillis,
    /// When the last reading was.
    pub last: UnixMillis,
    /// The value of the last reading.
    pub last_value: i64,
}

impl Figures {
    /// Can these be the figures of some readings? What is in files may be anything.
    pub fn are_possible(&self) -> bool {
        let (count, end) = (i128::from(self.count), self.at.0.saturating_add(self.span.width_ms()));
        let bound = |value: i64| i128::from(value).checked_mul(count);
        self.count > 0
            && i64::try_from(self.count).is_ok()
            && self.at.0.rem_euclid(self.span.width_ms()) == 0
            && (self.min..=self.max).contains(&self.last_value)
            && bound(self.min).is_some_and(|least| least <= self.sum)
            && bound(self.max).is_some_and(|most| self.sum <= most)
            && self.at <= self.first
            && self.first <= self.last
            && self.last.0 < end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DeviceId, Quantity};

    #[test]
    fn figures_that_no_readings_have_are_told_apart() {
        let series = SeriesKey::new(DeviceId::from_u64(1), Quantity::Temperature, 0);
        let at = UnixMillis(3_600_000 * 5);
        let good = Figures {
            series,
            span: FigureSpan::Hour,
            at,
            count: 2,
            min: 1,
            max: 3,
            sum: 4,
            first: at,
            last: at + 1000,
            last_value: 3,
        };
        assert!(good.are_possible());
        for bad in [
            Figures { count: 0, ..good },
            Figures { sum: 1, ..good },
            Figures { sum: 7, ..good },
            Figures { last_value: 4, ..good },
            Figures { at: at + 1, ..good },
            Figures { last: at + 3_600_000, ..good },
            Figures { first: at + 2000, ..good },
            Figures { min: i64::MAX, count: u64::MAX, ..good },
        ] {
            assert!(!bad.are_possible(), "{bad:?}");
        }
    }
}
