//! The configuration: one `hubd.toml`, read whole and checked before anything is opened.

mod error;
mod raw;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use hub_model::{Name, Retention};

pub use error::ConfigError;
use raw::{Raw, RawHistory, RawServer};

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogLevel {
    /// Only what does not work.
    Error,
    /// And what is weaker than it should be.
    Warn,
    /// And what an owner may want to know.
    #[default]
    Info,
    /// And what helps to find faults.
    Debug,
    /// Everything.
    Trace,
}

/// When the machine's wall clock is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClockTrust {
    /// When there is a real-time clock, or the time was set over the network since boot.
    #[default]
    Auto,
    /// Always: for machines that set their clock in another way.
    Always,
}

/// The checked configuration of the hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What the home is called.
    pub home: Name,
    /// The folder of the store.
    pub store: PathBuf,
    /// Where the API listens.
    pub listen: SocketAddr,
    /// Browser origins besides its own that may use the API.
    pub allowed_origins: Vec<String>,
    /// Host names besides its address, `localhost` and `*.local` under which the hub answers.
    pub allowed_hosts: Vec<String>,
    /// Does the hub listen itself? Otherwise it only serves what it has.
    pub radio_enabled: bool,
    /// The Bluetooth adapters to listen with, by name or address; empty: the first one.
    pub adapters: Vec<String>,
    /// The readings of so many seconds may be lost in a power cut, 1 to 60.
    pub commit_interval_s: u64,
    /// How long readings are kept unless the owner says otherwise for a device.
    pub retention: Retention,
    /// How much is logged.
    pub log: LogLevel,
    /// When the wall clock is believed.
    pub clock_trust: ClockTrust,
}

impl Config {
    /// The configuration with a store in `path` and the default for everything else.
    ///
    /// # Errors
    /// When the path is empty.
    pub fn with_store(path: &Path) -> Result<Self, ConfigError> {
        let raw = Raw::with_store(path.to_path_buf());
        Self::check(raw).map_err(|wrong| wrong.in_file(Path::new("(defaults)")))
    }

    /// Reads and checks a file.
    ///
    /// # Errors
    /// When it cannot be read, is not TOML, has unknown keys or values out of range: with file, key, value and what
    /// would be right.
    pub fn load(file: &Path) -> Result<Self, ConfigError> {
        let text =
            std::fs::read_to_string(file).map_err(|source| ConfigError::Read { file: file.to_path_buf(), source })?;
        Self::parse(&text, file)
    }

    /// Checks the text of a file; `file` is named in errors.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, file: &Path) -> Result<Self, ConfigError> {
        let raw: Raw = toml::from_str(text)
            .map_err(|error| ConfigError::Syntax { file: file.to_path_buf(), detail: error.to_string() })?;
        Self::check(raw).map_err(|wrong| wrong.in_file(file))
    }

    fn check(raw: Raw) -> Result<Self, Wrong> {
        let home =
            Name::parse(&raw.home.name).map_err(|error| Wrong::new("home.name", &raw.home.name, error.to_string()))?;
        if raw.store.path.as_os_str().is_empty() {
            return Err(Wrong::new("store.path", "", "a folder such as \"/var/lib/ingle\""));
        }
        let RawServer { listen, allowed_origins, allowed_hosts } = raw.server;
        let address = listen.parse().map_err(|_| {
            Wrong::new(
                "server.listen",
                &listen,
                "an IP address and port such as \"127.0.0.1:8080\" or \"0.0.0.0:8080\"",
            )
        })?;
        for origin in &allowed_origins {
            let is_origin = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"))
                .is_some_and(|host| !host.is_empty() && !host.contains('/'));
            if !is_origin {
                return Err(Wrong::new("server.allowed_origins", origin, "an origin such as \"https://app.example\""));
            }
        }
        for host in &allowed_hosts {
            if host.is_empty() || host.contains(['/', ':', ' ']) {
                return Err(Wrong::new("server.allowed_hosts", host, "a host name such as \"hub.example\""));
            }
        }
        let RawHistory { commit_interval_s, raw_days, rollup_days } = raw.history;
        if !(1..=60).contains(&commit_interval_s) {
            return Err(Wrong::new("history.commit_interval_s", commit_interval_s, "1 to 60 seconds"));
        }
        let retention = Retention {
            raw_days: days("history.raw_days", raw_days)?,
            rollup_days: days("history.rollup_days", rollup_days)?,
        };
        if retention.rollup_days.is_some_and(|rollup| retention.raw_days.is_none_or(|raw| raw > rollup)) {
            return Err(Wrong::new("history.rollup_days", rollup_days, "at least history.raw_days, or 0 for ever"));
        }
        Ok(Self {
            home,
            store: raw.store.path,
            listen: address,
            allowed_origins,
            allowed_hosts,
            radio_enabled: raw.radio.enabled,
            adapters: raw.radio.adapters,
            commit_interval_s,
            retention,
            log: raw.log.level.into(),
            clock_trust: raw.time.trust.into(),
        })
    }
}

/// The longest retention in days: a hundred years.
const MAX_DAYS: u32 = 36_500;

/// Days from the file, where 0 is for ever.
fn days(key: &'static str, days: u32) -> Result<Option<u32>, Wrong> {
    match days {
        0 => Ok(None),
        1..=MAX_DAYS => Ok(Some(days)),
        _ => Err(Wrong::new(key, days, "1 to 36500 days, or 0 for ever")),
    }
}

/// A value that is out of range, before the file is known.
struct Wrong {
    key: &'static str,
    value: String,
    expected: String,
}

impl Wrong {
    fn new(key: &'static str, value: impl ToString, expected: impl Into<String>) -> Self {
        Self { key, value: value.to_string(), expected: expected.into() }
    }

    fn in_file(self, file: &Path) -> ConfigError {
        let Self { key, value, expected } = self;
        ConfigError::Invalid { file: file.to_path_buf(), key, value, expected }
    }
}
