use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Subcommand, ValueEnum};
use hub_model::{DeviceId, Quantity, UnixMillis};

use super::{check, compact, export, import, stats};
use crate::{
    command_line::{ConfigArgument, quantity, time},
    exit::Failure,
};

/// What can be done with a store that nobody has open.
#[derive(Subcommand)]
pub(crate) enum StoreTask {
    /// Tell what the store holds and what takes its room.
    Stats(StatsArguments),
    /// Look at every page, block and roll-up; set aside what is damaged, work out anew what can be.
    Check(CheckArguments),
    /// Write the store anew, as small as it goes.
    Compact(ConfigArgument),
    /// Write readings to files that other programs read.
    Export(ExportArguments),
    /// Take in history from a file, of this hub or another.
    Import(ImportArguments),
}

#[derive(Args)]
pub(crate) struct StatsArguments {
    #[command(flatten)]
    pub config: ConfigArgument,
    /// One JSON object instead of a table.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct CheckArguments {
    #[command(flatten)]
    pub config: ConfigArgument,
    /// Only tell: change nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object instead of sentences.
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub(crate) struct ExportArguments {
    #[command(flatten)]
    pub config: ConfigArgument,
    /// In which form.
    #[arg(long, value_enum, default_value_t = ExportFormat::Csv)]
    pub format: ExportFormat,
    /// A file; a folder, for one file a device; or - for standard output.
    #[arg(long, value_name = "FILE|FOLDER|-")]
    pub to: PathBuf,
    /// Only this device; may be given several times.
    #[arg(long, value_name = "ID")]
    pub device: Vec<DeviceId>,
    /// Only this quantity, such as temperature; may be given several times.
    #[arg(long, value_parser = quantity)]
    pub quantity: Vec<Quantity>,
    /// Only from this time on, such as 2026-11-21T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: Option<UnixMillis>,
    /// Only up to this time, not included.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to_time: Option<UnixMillis>,
    /// Instead of readings the hours and days whose readings are not kept any more.
    #[arg(long)]
    pub rollups: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// Comma-separated values with a head line.
    Csv,
    /// Apache Parquet.
    Parquet,
}

#[derive(Args)]
pub(crate) struct ImportArguments {
    #[command(flatten)]
    pub config: ConfigArgument,
    /// In which form.
    #[arg(long, value_enum)]
    pub format: ImportFormat,
    /// The file, or a folder of files.
    #[arg(long, value_name = "FILE|FOLDER")]
    pub from: PathBuf,
    /// Only tell what would be taken in.
    #[arg(long)]
    pub dry_run: bool,
    /// Which entity becomes which series (with home-assistant); without it a map to complete is written.
    #[cfg(feature = "home-assistant")]
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Comma-separated values with a head line, as `hubd store export` writes them.
    Csv,
    /// Apache Parquet with the same columns.
    Parquet,
    /// The recorder database of Home Assistant, home-assistant_v2.db.
    #[cfg(feature = "home-assistant")]
    HomeAssistant,
}

impl StoreTask {
    /// Does it.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Stats(arguments) => stats::print(arguments),
            Self::Check(arguments) => check::check(arguments),
            Self::Compact(arguments) => compact::compact(arguments),
            Self::Export(arguments) => export::export(arguments),
            Self::Import(arguments) => import::import(arguments),
        }
    }
}
