use std::{io, path::PathBuf};

use thiserror::Error;

/// Why a file cannot be read or written any further.
#[derive(Debug, Error)]
pub enum ArchiveError {
    /// The disk refused.
    #[error("failed to read or write the file")]
    Io(#[from] io::Error),
    /// The file is no CSV.
    #[error("the file is no CSV: {what}")]
    NotCsv {
        /// What is wrong.
        what: String,
    },
    /// The Parquet library refuses.
    #[error("the file cannot be used as Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// A column is missing.
    #[error("the file has no column {column:?}; it needs time, device, quantity and value")]
    MissingColumn {
        /// Which.
        column: &'static str,
    },
    /// SQLite refuses.
    #[cfg(feature = "home-assistant")]
    #[error("the database {path} cannot be read", path = .path.display())]
    Sqlite {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
    /// It is a database of something else.
    #[error("{path} is no recorder database of Home Assistant: it has no table {table}", path = .path.display())]
    NotARecorder {
        /// Which file.
        path: PathBuf,
        /// What it lacks.
        table: &'static str,
    },
}

impl From<csv::Error> for ArchiveError {
    fn from(error: csv::Error) -> Self {
        match error.into_kind() {
            csv::ErrorKind::Io(error) => Self::Io(error),
            other => Self::NotCsv { what: format!("{other:?}") },
        }
    }
}

/// A row that is no record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct Rejected {
    /// Where: the line of a text file, the row of another, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
}

/// Why a row is no record.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Reason {
    /// It has too few fields.
    #[error("it has no {column}")]
    Missing {
        /// Which.
        column: &'static str,
    },
    /// Bytes that are no UTF-8.
    #[error("it is not UTF-8")]
    NotText,
    /// A time that cannot be read.
    #[error("{text:?} is not a time; expected one with zone such as 2026-11-21T00:00:00Z")]
    Time {
        /// What stands there.
        text: String,
    },
    /// A device that cannot be read.
    #[error("{text:?} is not a device; expected an address such as A4:C1:38:00:11:22, or 16 hex digits")]
    Device {
        /// What stands there.
        text: String,
    },
    /// A quantity that this hub does not know.
    #[error("{text:?} is not a quantity of this hub, such as temperature")]
    Quantity {
        /// What stands there.
        text: String,
    },
    /// A span that is none.
    #[error("{text:?} is not a span; expected hour or day")]
    Span {
        /// What stands there.
        text: String,
    },
    /// A number that cannot be read.
    #[error("{text:?} is not a number that {column} can be")]
    Number {
        /// Of which column.
        column: &'static str,
        /// What stands there.
        text: String,
    },
    /// A unit that cannot be converted.
    #[error("{unit:?} cannot be converted to the {expected:?} of {quantity}")]
    Unit {
        /// What stands there.
        unit: String,
        /// What is measured.
        quantity: &'static str,
        /// In what.
        expected: &'static str,
    },
    /// A value that the hub itself would not believe.
    #[error("{value} is no {quantity} that a sound device reports")]
    Implausible {
        /// The value, in the quantity's unit.
        value: String,
        /// What is measured.
        quantity: &'static str,
    },
    /// Figures that no readings have.
    #[error("its figures contradict each other")]
    Contradiction,
}

impl Reason {
    /// A stable name, for counts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "missing_field",
            Self::NotText => "not_text",
            Self::Time { .. } => "bad_time",
            Self::Device { .. } => "bad_device",
            Self::Quantity { .. } => "unknown_quantity",
            Self::Span { .. } => "bad_span",
            Self::Number { .. } => "bad_number",
            Self::Unit { .. } => "wrong_unit",
            Self::Implausible { .. } => "implausible",
            Self::Contradiction => "contradiction",
        }
    }
}
