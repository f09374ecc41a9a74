use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{check, compact, stats};
use crate::{command_line::ConfigArgument, exit::Failure};

/// What can be done with a store that nobody has open.
#[derive(Subcommand)]
pub(crate) enum StoreTask {
    /// Tell what the store holds and what takes its room.
    Stats(StatsArguments),
    /// Look at every page, block and roll-up; set aside what is damaged, work out anew what can be.
    Check(CheckArguments),
    /// Write the store anew, as small as it goes.
    Compact(ConfigArgument),
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

impl StoreTask {
    /// Does it.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Stats(arguments) => stats::print(arguments),
            Self::Check(arguments) => check::check(arguments),
            Self::Compact(arguments) => compact::compact(arguments),
        }
    }
}
