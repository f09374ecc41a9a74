use std::path::PathBuf;

use thiserror::Error;

/// Why a configuration is refused.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{file} cannot be read; the smallest file is two lines: [store] and path = \"/var/lib/ingle\"", file = file.display())]
    Read {
        /// Which file.
        file: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is not TOML, or has a key that nobody knows.
    #[error("{file}: {detail}", file = file.display())]
    Syntax {
        /// Which file.
        file: PathBuf,
        /// Line, column, and what is wrong there.
        detail: String,
    },
    /// A value is out of range.
    #[error("{file}: {key} is {value:?}; expected {expected}", file = file.display())]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// Which key, with its section.
        key: &'static str,
        /// What it says.
        value: String,
        /// What would be right.
        expected: String,
    },
}
