use std::path::PathBuf;

use clap::Parser;

/// Ingle with a simulated house.
///
/// Six sensors, each its whole firmware on simulated air, are paired and send encrypted adverts to the real hub; a year of
/// past is made at start.
#[derive(Parser)]
#[command(name = "hub-demo", version)]
pub(crate) struct Arguments {
    /// Port to serve on; 0 takes a free one.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// Do not open a browser.
    #[arg(long)]
    pub headless: bool,
    /// Seed of the house: climate, keys, addresses and luck follow from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Keep the store in this empty or missing folder instead of a temporary one.
    #[arg(long)]
    pub store: Option<PathBuf>,
    /// Log what the hub does.
    #[arg(long, short)]
    pub verbose: bool,
}
