use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use hub_model::{Bucket, DeviceId, Quantity, UnixMillis, Zone};
use jiff::Timestamp;

use crate::{firmware::FirmwareTask, receive::ReceiveArguments, receivers::ReceiversTask, store::StoreTask};

/// Ingle, the smart-home hub: collects Bluetooth sensors, keeps their history, and serves it to apps.
#[derive(Parser)]
#[command(name = "hubd", version)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub task: Task,
}

#[derive(Subcommand)]
pub(crate) enum Task {
    /// Run the hub.
    Run(ConfigArgument),
    /// Explain one advertisement as JSON.
    Decode(DecodeArguments),
    /// Run a capture through the hub's pipeline into its store.
    Replay(ReplayArguments),
    /// Print or export a series of the stored history.
    History(HistoryArguments),
    /// Look after the store of a hub that does not run.
    #[command(subcommand)]
    Store(StoreTask),
    /// Look after the releases for sensors.
    #[command(subcommand)]
    Firmware(FirmwareTask),
    /// Look after the boxes that hear sensors for this hub.
    #[command(subcommand)]
    Receivers(ReceiversTask),
    /// Hear sensors for a hub on another machine.
    Receive(ReceiveArguments),
    /// Check a configuration file and open nothing.
    CheckConfig(ConfigArgument),
    /// Ask the running hub how it is doing.
    Health(ConfigArgument),
}

#[derive(Args)]
pub(crate) struct ConfigArgument {
    /// The configuration file; the smallest has `[store]` with `path = "…"`.
    #[arg(long, value_name = "FILE", default_value = "/etc/ingle/hubd.toml")]
    pub config: PathBuf,
}

#[derive(Args)]
pub(crate) struct DecodeArguments {
    /// Read one JSON object a line from standard input and answer line by line.
    #[arg(long, conflicts_with_all = ["address", "bindkey", "service_data", "manufacturer_data"])]
    pub stdin: bool,
    /// The address of the sender, such as A4:C1:38:00:11:22.
    #[arg(long, required_unless_present = "stdin")]
    pub address: Option<String>,
    /// The key of the sender: 32 hex digits.
    #[arg(long, value_name = "HEX32")]
    pub bindkey: Option<String>,
    /// Service data, such as fcd2=4002ca09; may be given several times.
    #[arg(long, value_name = "UUID=HEX")]
    pub service_data: Vec<String>,
    /// Manufacturer data, such as 0499=05…; may be given several times.
    #[arg(long, value_name = "COMPANY=HEX")]
    pub manufacturer_data: Vec<String>,
}

#[derive(Args)]
pub(crate) struct ReplayArguments {
    #[command(flatten)]
    pub config: ConfigArgument,
    /// The capture: JSON lines, or btsnoop as `btmon -w` writes.
    #[arg(long, value_name = "FILE")]
    pub from: PathBuf,
    /// How fast.
    #[arg(long, value_enum, default_value_t = Speed::Max)]
    pub speed: Speed,
    /// Adopt every device that can be understood.
    #[arg(long)]
    pub adopt_all: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Speed {
    /// As fast as it goes.
    #[value(name = "max")]
    Max,
    /// As it happened.
    #[value(name = "1x")]
    Real,
    /// A minute in a second.
    #[value(name = "60x")]
    Sixty,
}

#[derive(Args)]
pub(crate) struct HistoryArguments {
    #[command(flatten)]
    pub config: ConfigArgument,
    /// The device: its address or id.
    #[arg(long, value_name = "ID")]
    pub device: DeviceId,
    /// What was measured, such as temperature.
    #[arg(long, value_parser = quantity)]
    pub quantity: Quantity,
    /// Which of several equal sensors of the device, counted from 0.
    #[arg(long, default_value_t = 0)]
    pub instance: u8,
    /// From this time on, such as 2026-11-21T00:00:00Z.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub from: UnixMillis,
    /// Up to this time, not included.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub to: UnixMillis,
    /// How finely.
    #[arg(long, value_enum, default_value_t = Fineness::Raw)]
    pub resolution: Fineness,
    /// Sum up each hour, day, week, month or year by the clock of the home, instead of printing points.
    #[arg(long, value_enum, conflicts_with = "resolution")]
    pub each: Option<Each>,
    /// By the clock of another time zone, such as Europe/Berlin.
    #[arg(long, value_name = "ZONE", requires = "each")]
    pub time_zone: Option<Zone>,
    /// In which form.
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    pub format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Fineness {
    /// Every reading.
    #[value(name = "raw")]
    Raw,
    /// Five minutes a point.
    #[value(name = "5m")]
    M5,
    /// One hour a point.
    #[value(name = "1h")]
    H1,
    /// One UTC day a point.
    #[value(name = "1d")]
    D1,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Each {
    Hour,
    Day,
    /// From Monday on.
    Week,
    Month,
    Year,
}

impl From<Each> for Bucket {
    fn from(each: Each) -> Self {
        match each {
            Each::Hour => Self::Hour,
            Each::Day => Self::Day,
            Each::Week => Self::Week,
            Each::Month => Self::Month,
            Each::Year => Self::Year,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// Comma-separated values with a head line.
    Csv,
    /// One JSON object with a column each.
    Json,
}

pub(crate) fn quantity(text: &str) -> Result<Quantity, String> {
    Quantity::from_name(text).ok_or_else(|| {
        let names: Vec<_> = Quantity::ALL.iter().map(|quantity| quantity.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}

pub(crate) fn time(text: &str) -> Result<UnixMillis, String> {
    let time: Timestamp =
        text.parse().map_err(|_| "expected a time with zone such as 2026-11-21T00:00:00Z".to_owned())?;
    Ok(UnixMillis(time.as_millisecond()))
}
