use std::io::IsTerminal;

use hub_assembly::LogLevel;
use tracing_subscriber::{EnvFilter, fmt};

/// Begins to log to standard error: with time and colour at a terminal, bare where journald adds its own.
pub(crate) fn begin(level: LogLevel) {
    let level = match level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let filter = EnvFilter::try_new(level).unwrap_or_default();
    let log = fmt().with_env_filter(filter).with_writer(std::io::stderr).with_target(false);
    let begun = if std::env::var_os("JOURNAL_STREAM").is_some() {
        log.without_time().with_ansi(false).try_init()
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).try_init()
    };
    if let Err(error) = begun {
        crate::tell(&format!("hubd: the log cannot begin: {error}"));
    }
}
