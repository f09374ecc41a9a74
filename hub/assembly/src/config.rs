//! The configuration: one `hubd.toml`, read whole and checked before anything is opened.

mod error;
mod raw;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use hub_model::{Name, Retention, SettingError, Zone};

pub use error::ConfigError;
use raw::{Raw, RawHistory, RawServer, RawUpdates};

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
    /// Whose clock hangs on its walls.
    pub zone: Zone,
    /// The folder of the store.
    pub store: PathBuf,
    /// Where the API is served, and to whom.
    pub server: api_server::Config,
    /// Does the hub listen itself? Otherwise it only serves what it has.
    pub radio_enabled: bool,
    /// The Bluetooth adapters to listen with, by name or address; empty: the first one.
    pub adapters: Vec<String>,
    /// How much of the time they listen, 10 to 100 %.
    pub listen_percent: u8,
    /// How often they ask for scan responses, seconds, 10 to 86 400; `None`: never.
    pub ask_every_s: Option<u32>,
    /// How the history is kept.
    pub history: hub_history::Config,
    /// How much is logged.
    pub log: LogLevel,
    /// When the wall clock is believed.
    pub clock_trust: ClockTrust,
    /// Where sensors' updates are kept, who may sign them, and how they go round.
    pub updates: hub_ota::Config,
    /// Where remote receivers connect; `None`: there are none.
    pub receivers: Option<SocketAddr>,
}

impl Config {
    /// The configuration with a store in `path` and the default for everything else.
    ///
    /// # Errors
    /// When the path is empty.
    pub fn with_store(path: &Path) -> Result<Self, ConfigError> {
        let raw = Raw::with_store(path.to_path_buf());
        Self::check(raw).map_err(|wrong| ConfigError::Invalid { file: PathBuf::from("(defaults)"), wrong })
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
        Self::check(raw).map_err(|wrong| ConfigError::Invalid { file: file.to_path_buf(), wrong })
    }

    fn check(raw: Raw) -> Result<Self, SettingError> {
        let home = Name::parse(&raw.home.name)
            .map_err(|error| SettingError::new("home.name", &raw.home.name, error.to_string()))?;
        let zone = match &raw.home.time_zone {
            Some(name) => name.parse().map_err(|_| {
                SettingError::new(
                    "home.time_zone",
                    name,
                    "the IANA name of a time zone such as \"Europe/Berlin\" or \"UTC\"",
                )
            })?,
            None => Zone::of_machine(),
        };
        if raw.store.path.as_os_str().is_empty() {
            return Err(SettingError::new("store.path", "", "a folder such as \"/var/lib/ingle\""));
        }
        if !(10..=100).contains(&raw.radio.listen_percent) {
            return Err(SettingError::new("radio.listen_percent", raw.radio.listen_percent, "10 to 100"));
        }
        let ask_every_s = Some(raw.radio.ask_every_s).filter(|seconds| *seconds != 0);
        if ask_every_s.is_some_and(|seconds| !(10..=86_400).contains(&seconds)) {
            return Err(SettingError::new(
                "radio.ask_every_s",
                raw.radio.ask_every_s,
                "10 to 86400 seconds, or 0 for never",
            ));
        }
        let server = server(&raw.server)?;
        let history = history(&raw.store.path, &raw.history)?;
        let updates = updates(&raw.store.path, &raw.updates)?;
        let receivers = receivers(&raw.receivers.listen)?;
        Ok(Self {
            home,
            zone,
            store: raw.store.path,
            server,
            radio_enabled: raw.radio.enabled,
            adapters: raw.radio.adapters,
            listen_percent: raw.radio.listen_percent,
            ask_every_s,
            history,
            log: raw.log.level.into(),
            clock_trust: raw.time.trust.into(),
            updates,
            receivers,
        })
    }
}

fn server(raw: &RawServer) -> Result<api_server::Config, SettingError> {
    let listen = raw.listen.parse().map_err(|_| {
        let expected = "an IP address and port such as \"127.0.0.1:8080\" or \"0.0.0.0:8080\"";
        SettingError::new("server.listen", &raw.listen, expected)
    })?;
    api_server::Config::new(listen)
        .with_allowed_origins(&raw.allowed_origins)
        .and_then(|config| config.with_allowed_hosts(&raw.allowed_hosts))
}

fn receivers(listen: &str) -> Result<Option<SocketAddr>, SettingError> {
    let expected = "an IP address and port such as \"0.0.0.0:4910\", or \"\" for none";
    let parse = |text: &str| text.parse().map_err(|_| SettingError::new("receivers.listen", text, expected));
    Some(listen).filter(|text| !text.is_empty()).map(parse).transpose()
}

fn history(store: &Path, raw: &RawHistory) -> Result<hub_history::Config, SettingError> {
    if !(1..=60).contains(&raw.commit_interval_s) {
        return Err(SettingError::new("history.commit_interval_s", raw.commit_interval_s, "1 to 60 seconds"));
    }
    let raw_days = days("history.raw_days", raw.raw_days)?;
    let rollup_days = days("history.rollup_days", raw.rollup_days)?;
    if rollup_days.is_some_and(|rollup| raw_days.is_none_or(|raw| raw > rollup)) {
        let expected = "at least history.raw_days, or 0 for ever";
        return Err(SettingError::new("history.rollup_days", raw.rollup_days, expected));
    }
    if !matches!(raw.time_resolution_ms, 1 | 10 | 100 | 1000) {
        return Err(SettingError::new("history.time_resolution_ms", raw.time_resolution_ms, "1, 10, 100 or 1000 ms"));
    }
    if (1..MIN_MB).contains(&raw.max_mb) {
        let expected = format!("at least {MIN_MB} MiB, or 0 for no limit");
        return Err(SettingError::new("history.max_mb", raw.max_mb, expected));
    }
    let budget = (raw.max_mb > 0).then(|| u64::from(raw.max_mb) << 20);
    hub_history::Config::new(store.join("history"))
        .with_commit_interval(Duration::from_secs(raw.commit_interval_s))
        .and_then(|config| config.with_retention(Retention { raw_days, rollup_days }))
        .and_then(|config| config.with_time_resolution(Duration::from_millis(raw.time_resolution_ms)))
        .and_then(|config| config.with_budget(budget))
}

fn updates(store: &Path, raw: &RawUpdates) -> Result<hub_ota::Config, SettingError> {
    let quiet = match raw.quiet_hours.as_str() {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            SettingError::new("updates.quiet_hours", text, "two times such as \"22:00-07:00\", or \"\" for none")
        })?),
    };
    let keys: Vec<(u8, &str)> = raw.trusted_keys.iter().map(|key| (key.id, key.public_key.as_str())).collect();
    hub_ota::Policy::default()
        .with_rings(raw.canaries, &raw.rings_percent)
        .and_then(|policy| policy.with_soak_h(raw.soak_h))
        .and_then(|policy| policy.with_battery(raw.battery_mv, raw.battery_percent))
        .and_then(|policy| policy.with_tries(raw.tries))
        .and_then(|policy| policy.with_halt(raw.halt_percent, raw.halt_least))
        .map(|policy| hub_ota::Config::new(store.join("firmware")).with_policy(policy.with_quiet_hours(quiet)))
        .and_then(|config| config.with_trusted_keys(&keys))
}

/// The least budget of the history in MiB, of which the journal takes 64.
const MIN_MB: u32 = 128;
/// The longest retention in days: a hundred years.
const MAX_DAYS: u32 = Retention::MAX_DAYS;

/// Days from the file, where 0 is for ever.
fn days(key: &'static str, days: u32) -> Result<Option<u32>, SettingError> {
    match days {
        0 => Ok(None),
        1..=MAX_DAYS => Ok(Some(days)),
        _ => Err(SettingError::new(key, days, "1 to 36500 days, or 0 for ever")),
    }
}
