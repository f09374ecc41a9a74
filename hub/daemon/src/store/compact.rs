//! `hubd store compact`: the same store in a smaller file.

use std::process::ExitCode;

use hub_assembly::{Config, OpenError};
use serde_json::json;

use crate::{command_line::ConfigArgument, exit::Failure, show};

/// Compacts the store and tells before and after as JSON.
pub(super) fn compact(arguments: &ConfigArgument) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config)?;
    super::exists(&config)?;
    let report = hub_history::compact(&config.history).map_err(OpenError::from)?;
    let told = json!({
        "bytes_before": report.bytes_before,
        "bytes_after": report.bytes_after,
        "blocks_before": report.blocks_before,
        "blocks_after": report.blocks_after,
    });
    show(&told.to_string())
}
