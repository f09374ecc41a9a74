use std::path::PathBuf;

use hub_model::CommandError;
use thiserror::Error;

/// Why the registry could not be opened, read or written.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// The file cannot be opened.
    #[error("the registry {path} cannot be opened; check that the folder exists and that hubd may write there")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process has it open.
    #[error("the registry is in use; stop the other hubd first")]
    InUse,
    /// A later version of Ingle wrote it.
    #[error(
        "the registry has format {found}, and this version reads up to {known}; start the newer hubd that wrote it, or \
         restore a backup from before the update"
    )]
    NewerFormat {
        /// The format of the file.
        found: u64,
        /// The latest that this version knows.
        known: u64,
    },
    /// A record does not say what it should.
    #[error("{table} {key} in the registry is damaged ({reason}); restore a backup")]
    Damaged {
        /// Which table.
        table: &'static str,
        /// Which record.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// The file does not add up: the card or disk changed it.
    #[error(
        "the registry file is damaged ({reason}); restore a backup, and replace the card or disk if it happens again"
    )]
    Corrupted {
        /// What is wrong.
        reason: String,
    },
    /// There are as many claims of sensors as there may be.
    #[error("the registry has {most} claims of sensors already, which is the limit; release or remove sensors first")]
    TooManyClaims {
        /// How many there may be.
        most: usize,
    },
    /// The store failed; the source says how.
    #[error("the registry could not be read or written")]
    Store(#[source] Box<redb::Error>),
}

impl RegistryError {
    /// The whole chain of reasons in one line.
    pub(crate) fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            text.push_str(": ");
            text.push_str(&error.to_string());
            source = error.source();
        }
        text
    }
}

impl From<RegistryError> for CommandError {
    fn from(error: RegistryError) -> Self {
        Self::Store { reason: error.chain() }
    }
}

/// Every error of redb is one of the store.
macro_rules! store_errors {
    ($($error:ty),+) => {
        $(impl From<$error> for RegistryError {
            fn from(error: $error) -> Self {
                Self::Store(Box::new(error.into()))
            }
        })+
    };
}

store_errors!(
    redb::StorageError,
    redb::TableError,
    redb::TransactionError,
    redb::CommitError,
    redb::SetDurabilityError
);

impl From<redb::DatabaseError> for RegistryError {
    fn from(error: redb::DatabaseError) -> Self {
        match error {
            redb::DatabaseError::DatabaseAlreadyOpen => Self::InUse,
            redb::DatabaseError::Storage(redb::StorageError::Corrupted(reason)) => Self::Corrupted { reason },
            error => Self::Store(Box::new(error.into())),
        }
    }
}
