use std::{io, path::PathBuf};

use hub_model::HistoryError;
use thiserror::Error;

/// Why a store could not be opened. Nothing was changed.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It was written by a newer version of the hub.
    #[error(
        "the history in {path} has format {found}, and this version reads up to {known}; install the newer hub again"
    )]
    NewerVersion {
        /// Which store.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that this version knows.
        known: u64,
    },
    /// Another process has it open.
    #[error("the history in {path} is in use by another process; stop the other hub first")]
    Locked {
        /// Which store.
        path: PathBuf,
    },
    /// The path is a file.
    #[error("{path} is not a folder; the history needs one of its own")]
    NotAFolder {
        /// Which path.
        path: PathBuf,
    },
    /// What is there is no history, or is broken beyond reading.
    #[error("the history in {path} is damaged: {what}; restore a backup, or move the folder away to begin anew")]
    Corrupt {
        /// Which store.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// There is no room for the journal.
    #[error("the disk of {path} is full; the history needs at least 20 MiB to begin")]
    DiskFull {
        /// Which store.
        path: PathBuf,
    },
    /// The disk refused: permissions, or it is failing.
    #[error("failed to open the history in {path}")]
    Io {
        /// Which store.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The database refused for another reason.
    #[error("failed to open the history in {path}")]
    Store {
        /// Which store.
        path: PathBuf,
        /// Why.
        #[source]
        source: StoreError,
    },
}

/// Why the store could not do what was asked. What is in memory stays there, and the next try may succeed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// No space is left.
    #[error("the disk is full")]
    DiskFull,
    /// The journal could not be read or written.
    #[error("failed to {doing} the journal")]
    Journal {
        /// What was tried.
        doing: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Every journal segment holds readings that are not sealed yet: a seal must come first.
    #[error("all {segments} journal segments are full of unsealed readings")]
    JournalFull {
        /// How many there are.
        segments: usize,
    },
    /// The database could not be read or written.
    #[error("failed to use the history database")]
    Database(#[source] Box<redb::Error>),
    /// The database failed before and could not be opened again yet.
    #[error("the history database is closed after a failure")]
    Closed,
    /// A record of the database cannot be read.
    #[error("the record of {what} is damaged")]
    Damaged {
        /// Which record.
        what: String,
    },
}

impl StoreError {
    /// The error of a journal operation.
    pub(crate) fn journal(doing: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| if is_full(&source) { Self::DiskFull } else { Self::Journal { doing, source } }
    }

    pub(crate) fn damaged(what: impl std::fmt::Display) -> Self {
        Self::Damaged { what: what.to_string() }
    }
}

/// Is it for want of space?
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

impl From<redb::Error> for StoreError {
    fn from(error: redb::Error) -> Self {
        match error {
            redb::Error::Io(io) if is_full(&io) => Self::DiskFull,
            error => Self::Database(Box::new(error)),
        }
    }
}

macro_rules! from_redb {
    ($($error:ident),+) => {
        $(impl From<redb::$error> for StoreError {
            fn from(error: redb::$error) -> Self {
                redb::Error::from(error).into()
            }
        })+
    };
}

from_redb!(StorageError, TableError, TransactionError, CommitError, DatabaseError, SetDurabilityError);

impl From<StoreError> for HistoryError {
    fn from(error: StoreError) -> Self {
        Self::Store(Box::new(error))
    }
}
