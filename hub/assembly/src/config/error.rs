use std::path::PathBuf;

use hub_model::SettingError;
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
    #[error("{file}: {wrong}", file = file.display())]
    Invalid {
        /// Which file.
        file: PathBuf,
        /// Which value, and what would be right.
        wrong: SettingError,
    },
}
