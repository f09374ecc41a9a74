//! The file as it is written.

use std::path::PathBuf;

use serde::Deserialize;

use super::{ClockTrust, LogLevel};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    pub store: RawStore,
    #[serde(default)]
    pub home: RawHome,
    #[serde(default)]
    pub server: RawServer,
    #[serde(default)]
    pub radio: RawRadio,
    #[serde(default)]
    pub history: RawHistory,
    #[serde(default)]
    pub log: RawLog,
    #[serde(default)]
    pub time: RawTime,
    #[serde(default)]
    pub updates: RawUpdates,
    #[serde(default)]
    pub receivers: RawReceivers,
}

impl Raw {
    pub(super) fn with_store(path: PathBuf) -> Self {
        Self {
            store: RawStore { path },
            home: RawHome::default(),
            server: RawServer::default(),
            radio: RawRadio::default(),
            history: RawHistory::default(),
            log: RawLog::default(),
            time: RawTime::default(),
            updates: RawUpdates::default(),
            receivers: RawReceivers::default(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStore {
    pub path: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHome {
    pub name: String,
    pub time_zone: Option<String>,
}

impl Default for RawHome {
    fn default() -> Self {
        Self { name: "Home".to_owned(), time_zone: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawServer {
    pub listen: String,
    pub allowed_origins: Vec<String>,
    pub allowed_hosts: Vec<String>,
}

impl Default for RawServer {
    fn default() -> Self {
        Self { listen: "127.0.0.1:8080".to_owned(), allowed_origins: Vec::new(), allowed_hosts: Vec::new() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRadio {
    pub enabled: bool,
    pub adapters: Vec<String>,
    pub listen_percent: u8,
    pub ask_every_s: u32,
}

impl Default for RawRadio {
    fn default() -> Self {
        Self { enabled: true, adapters: Vec::new(), listen_percent: 100, ask_every_s: 300 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawHistory {
    pub commit_interval_s: u64,
    pub raw_days: u32,
    pub rollup_days: u32,
    pub max_mb: u32,
    pub time_resolution_ms: u64,
}

impl Default for RawHistory {
    fn default() -> Self {
        Self { commit_interval_s: 5, raw_days: 400, rollup_days: 0, max_mb: 0, time_resolution_ms: 1000 }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLog {
    pub level: RawLevel,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

impl From<RawLevel> for LogLevel {
    fn from(raw: RawLevel) -> Self {
        match raw {
            RawLevel::Error => Self::Error,
            RawLevel::Warn => Self::Warn,
            RawLevel::Info => Self::Info,
            RawLevel::Debug => Self::Debug,
            RawLevel::Trace => Self::Trace,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawTime {
    pub trust: RawTrust,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
pub(super) enum RawTrust {
    #[default]
    Auto,
    Always,
}

impl From<RawTrust> for ClockTrust {
    fn from(raw: RawTrust) -> Self {
        match raw {
            RawTrust::Auto => Self::Auto,
            RawTrust::Always => Self::Always,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawUpdates {
    pub trusted_keys: Vec<RawKey>,
    pub canaries: u16,
    pub rings_percent: Vec<u8>,
    pub soak_h: u32,
    pub battery_mv: u16,
    pub battery_percent: u8,
    pub quiet_hours: String,
    pub tries: u8,
    pub halt_percent: u8,
    pub halt_least: u16,
}

impl Default for RawUpdates {
    fn default() -> Self {
        Self {
            trusted_keys: Vec::new(),
            canaries: 2,
            rings_percent: vec![10, 50],
            soak_h: 24,
            battery_mv: 2500,
            battery_percent: 15,
            quiet_hours: String::new(),
            tries: 3,
            halt_percent: 20,
            halt_least: 5,
        }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawReceivers {
    pub listen: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawKey {
    pub id: u8,
    pub public_key: String,
}
