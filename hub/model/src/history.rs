use std::{fmt, ops::ControlFlow, ops::Range};

use thiserror::Error;

use crate::{DeviceId, Epoch, Event, Quantity, Retention, Seq, SeriesKey, StoreStats, TimeQuality, UnixMillis};

/// How finely history is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// As fine as fits into the points asked for.
    Auto,
    /// Every reading.
    Raw,
    /// Five minutes a point.
    M5,
    /// One hour a point.
    H1,
    /// One UTC day a point.
    D1,
}

impl Resolution {
    /// The width of a point in milliseconds, where it is fixed.
    pub const fn width_ms(self) -> Option<i64> {
        match self {
            Self::Auto | Self::Raw => None,
            Self::M5 => Some(300_000),
            Self::H1 => Some(3_600_000),
            Self::D1 => Some(86_400_000),
        }
    }
}

impl fmt::Display for Resolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Raw => "raw",
            Self::M5 => "5m",
            Self::H1 => "1h",
            Self::D1 => "1d",
        })
    }
}

/// A question to the history: one series, a window, how finely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryQuery {
    /// Which series.
    pub series: SeriesKey,
    /// From this time on, inclusive.
    pub from: UnixMillis,
    /// Up to this time, exclusive.
    pub to: UnixMillis,
    /// How finely.
    pub resolution: Resolution,
    /// The most points to answer with, at least 1.
    pub max_points: usize,
}

/// A stretch without readings, longer than the series' usual interval explains.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last reading before, or the window's start.
    pub from: UnixMillis,
    /// The first reading after, or the window's end.
    pub to: UnixMillis,
}

/// A series in columns; all columns are equally long, values in steps of the quantity's resolution.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesData {
    /// Which series.
    pub series: SeriesKey,
    /// The resolution answered with, never [`Resolution::Auto`]; `width_ms` tells the width of a point.
    pub resolution: Resolution,
    /// The width of a point in milliseconds; 0 for single readings.
    pub width_ms: i64,
    /// The start of each point, or the time of each reading.
    pub t: Vec<UnixMillis>,
    /// The least value of each point.
    pub min: Vec<i64>,
    /// The arithmetic mean of each point.
    pub mean: Vec<f64>,
    /// The greatest value of each point.
    pub max: Vec<i64>,
    /// The number of readings in each point.
    pub count: Vec<u64>,
    /// The stretches without readings.
    pub gaps: Vec<Gap>,
    /// Where to ask on, when single readings did not all fit into the points asked for.
    pub next_from: Option<UnixMillis>,
}

/// One stored reading of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RawPoint {
    /// When.
    pub at: UnixMillis,
    /// How far that time is trusted.
    pub quality: TimeQuality,
    /// The value in steps of the quantity's resolution.
    pub value: i64,
}

/// Why the history could not answer, or the log not write.
#[derive(Debug, Error)]
pub enum HistoryError {
    /// The window is empty or the points are none.
    #[error("the window is empty: from {from} to {to} (milliseconds since 1970); expected from < to", from = .from.0, to = .to.0)]
    EmptyWindow {
        /// From.
        from: UnixMillis,
        /// To.
        to: UnixMillis,
    },
    /// The window has more parts than the answer may have.
    #[error("the window has more than {most} parts; ask for a shorter one, or for wider parts")]
    TooManyBuckets {
        /// The most that were allowed.
        most: usize,
    },
    /// The store failed; the source says how.
    #[error("the history store failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a retention lets go of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Expiring {
    /// Single readings.
    pub readings: u64,
    /// Hourly figures.
    pub hours: u64,
    /// The bytes that both take, without what pages leave unused.
    pub bytes: u64,
}

/// The port to what was measured. Calls block on the disk: async callers use a blocking thread.
pub trait HistoryReader: Send + Sync {
    /// Answers a question in columns.
    ///
    /// # Errors
    /// When the window is empty or the store fails.
    fn query(&self, query: &HistoryQuery) -> Result<SeriesData, HistoryError>;

    /// Shows every reading of a series in a window, in time order, until `visit` breaks.
    ///
    /// # Errors
    /// When the store fails.
    fn scan(
        &self,
        series: SeriesKey,
        window: Range<UnixMillis>,
        visit: &mut dyn FnMut(RawPoint) -> ControlFlow<()>,
    ) -> Result<(), HistoryError>;

    /// What a retention would let go of, of one device, if it were its own now; the policy is asked of each of its
    /// quantities, `None` of one that only a newer version knows.
    ///
    /// # Errors
    /// When the store fails.
    fn expiring(
        &self,
        now: UnixMillis,
        device: DeviceId,
        policy: &dyn Fn(Option<Quantity>) -> Retention,
    ) -> Result<Expiring, HistoryError>;

    /// Every series that has readings, in order.
    ///
    /// # Errors
    /// When the store fails.
    fn series(&self) -> Result<Vec<SeriesKey>, HistoryError>;

    /// Sizes and counts of the store.
    ///
    /// # Errors
    /// When the store fails.
    fn stats(&self) -> Result<StoreStats, HistoryError>;
}

/// A stretch of the event log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPage {
    /// The oldest number still in the log; a cursor before `oldest - 1` has missed events.
    pub oldest: Seq,
    /// The events after the one asked for, in order.
    pub events: Vec<Event>,
}

/// The durable log of all events, kept by the history in the journal that it writes anyway.
pub trait EventLog: Send + Sync {
    /// The life of this log.
    fn epoch(&self) -> Epoch;

    /// Takes numbers out of circulation, durably: none of them is ever handed out again.
    ///
    /// # Errors
    /// When they could not be reserved.
    fn reserve(&self, count: u64) -> Result<Range<u64>, HistoryError>;

    /// Takes an event into the log. It is durable after the next flush, at most the commit interval later. Never blocks on the disk.
    fn append(&self, event: &Event);

    /// Makes everything appended so far durable. Blocks on the disk.
    ///
    /// # Errors
    /// When it could not be written.
    fn flush(&self) -> Result<Seq, HistoryError>;

    /// The last number that is durable.
    fn durable(&self) -> Seq;

    /// Reads up to `limit` events after a number, whether durable already or not.
    ///
    /// # Errors
    /// When the log cannot be read.
    fn read_after(&self, after: Seq, limit: usize) -> Result<LogPage, HistoryError>;
}
