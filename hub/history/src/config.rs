use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use hub_model::{Retention, SettingError};

/// Where the history is kept and how. Every value of this type is within its range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    path: PathBuf,
    commit_interval: Duration,
    seal_interval: Duration,
    retention: Retention,
    journal_segments: u16,
    time_resolution: Duration,
    budget: Option<u64>,
}

impl Config {
    /// The history in the folder `path`, with 5 s between flushes, 1 h between seals, 8 journal segments, the default
    /// retention, and times to the second.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            commit_interval: Duration::from_secs(5),
            seal_interval: Duration::from_secs(3600),
            retention: Retention::default(),
            journal_segments: 8,
            time_resolution: Duration::from_secs(1),
            budget: None,
        }
    }

    /// With another time between flushes, which is what a power cut can cost: 100 ms to 60 s.
    ///
    /// # Errors
    /// When it is outside.
    pub fn with_commit_interval(self, commit_interval: Duration) -> Result<Self, SettingError> {
        let is_right = (Duration::from_millis(100)..=Duration::from_secs(60)).contains(&commit_interval);
        refuse_unless(is_right, "history.commit_interval", &commit_interval, "100 ms to 60 s")?;
        Ok(Self { commit_interval, ..self })
    }

    /// With another time between seals: 1 minute to 24 h. A day suits an import of the past at full speed.
    ///
    /// # Errors
    /// When it is outside.
    pub fn with_seal_interval(self, seal_interval: Duration) -> Result<Self, SettingError> {
        let is_right = (Duration::from_secs(60)..=Duration::from_secs(86_400)).contains(&seal_interval);
        refuse_unless(is_right, "history.seal_interval", &seal_interval, "1 minute to 24 h")?;
        Ok(Self { seal_interval, ..self })
    }

    /// With another retention for devices that have none of their own: 1 to 36 500 days each, or for ever.
    ///
    /// # Errors
    /// When it is outside.
    pub fn with_retention(self, retention: Retention) -> Result<Self, SettingError> {
        let is_right = [retention.raw_days, retention.rollup_days].into_iter().flatten();
        let is_right = is_right.into_iter().all(|days| (1..=36_500).contains(&days));
        refuse_unless(is_right, "history.retention", &retention, "1 to 36500 days, or none for ever")?;
        Ok(Self { retention, ..self })
    }

    /// With another number of journal segments of 8 MiB, which hold the last days of the event log: 2 to 64.
    ///
    /// # Errors
    /// When it is outside.
    pub fn with_journal_segments(self, journal_segments: u16) -> Result<Self, SettingError> {
        let is_right = (2..=64).contains(&journal_segments);
        refuse_unless(is_right, "history.journal_segments", &journal_segments, "2 to 64")?;
        Ok(Self { journal_segments, ..self })
    }

    /// With another resolution of the times of stored readings: 1, 10, 100 ms or 1 s. The times of a reading a few
    /// seconds apart take half of its room at 1 ms. Events in the log are always exact.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn with_time_resolution(self, time_resolution: Duration) -> Result<Self, SettingError> {
        let is_right = [1, 10, 100, 1000].map(Duration::from_millis).contains(&time_resolution);
        refuse_unless(is_right, "history.time_resolution", &time_resolution, "1, 10, 100 or 1000 ms")?;
        Ok(Self { time_resolution, ..self })
    }

    /// With a budget in bytes for all of the store, journal included: at least 128 MiB, or none.
    ///
    /// # Errors
    /// When it is less.
    pub fn with_budget(self, budget: Option<u64>) -> Result<Self, SettingError> {
        let is_right = budget.is_none_or(|bytes| bytes >= 128 * 1024 * 1024);
        refuse_unless(is_right, "history.max_mb", &budget, "at least 128 MiB, or none")?;
        Ok(Self { budget, ..self })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How often the owner calls [`flush`](hub_model::EventLog::flush).
    pub const fn commit_interval(&self) -> Duration {
        self.commit_interval
    }

    /// How much time passes between two seals.
    pub const fn seal_interval(&self) -> Duration {
        self.seal_interval
    }

    /// How long readings are kept of a device that has no retention of its own.
    pub const fn retention(&self) -> Retention {
        self.retention
    }

    /// The bytes that the owner calls [`keep_within`](crate::History::keep_within) with.
    pub const fn budget(&self) -> Option<u64> {
        self.budget
    }

    /// The times of stored readings are multiples of this many milliseconds.
    pub(crate) const fn time_resolution_ms(&self) -> i64 {
        self.time_resolution.as_millis() as i64
    }

    /// The most journal segments.
    pub const fn journal_segments(&self) -> u16 {
        self.journal_segments
    }
}

fn refuse_unless(
    is_right: bool,
    key: &'static str,
    value: &impl std::fmt::Debug,
    expected: &'static str,
) -> Result<(), SettingError> {
    if is_right { Ok(()) } else { Err(SettingError::new(key, format!("{value:?}"), expected)) }
}
