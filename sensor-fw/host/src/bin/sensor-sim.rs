//! Runs the firmware of sensors on this computer, and makes their identities.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool answers on stdout and stderr")]

use std::{error::Error, path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand};
use fw_host::{FlashFile, Hci, Identity, NO_UPDATES, Sensor, Values};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use wire::{firmware::Hardware, setup_code::Product};

type Failure = Box<dyn Error>;

/// A sensor's firmware as a program.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make the identity of a new sensor, and print its setup code
    Identity(New),
    /// Run a sensor, or several
    Run(Run),
}

#[derive(Debug, Args)]
struct New {
    /// The file to make; one that exists is left alone
    path: PathBuf,
    /// What kind of sensor it is
    #[arg(long, default_value_t = 1)]
    product: u16,
    /// The revision of its board
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..32))]
    hardware: u8,
}

/// For several sensors, give --hci, --identity and --flash several times, in the same order.
///
/// Each line on stdin is something that happens to all of them: `press` and `hold` are the button, `door 1` is what
/// somebody waits for.
#[derive(Debug, Args)]
struct Run {
    /// Where the radio controller listens: tcp:HOST:PORT or unix:PATH
    #[arg(long, required = true)]
    hci: Vec<Hci>,
    /// The file that says who the sensor is
    #[arg(long, required = true)]
    identity: Vec<PathBuf>,
    /// The file that is its flash; made when it is not there
    #[arg(long, required = true)]
    flash: Vec<PathBuf>,
    /// A table of what it measures, instead of a simulated room
    #[arg(long)]
    values: Option<PathBuf>,
    /// Which simulated room
    #[arg(long, default_value_t = 1, conflicts_with = "values")]
    seed: u64,
    /// A key that may sign updates: the 64 hexadecimal digits of an Ed25519 public key. Two at most, called 1 and 2
    #[arg(long, value_parser = key)]
    trust: Vec<[u8; 32]>,
    /// Begin as after a reset, not with a new battery: nobody may pair until the button is pressed
    #[arg(long)]
    untouched: bool,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprint!("sensor-sim: failed to {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprint!(": {error}");
                source = error.source();
            }
            eprintln!();
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    match arguments.command {
        Command::Identity(new) => {
            let hardware = Hardware::new(new.hardware).ok_or("make a board of a revision above 31")?;
            let identity = Identity::generate(Product(new.product), hardware, &mut UnwrapErr(SysRng));
            identity.write_new(&new.path)?;
            println!("{}", identity.setup_code().label());
            Ok(())
        }
        Command::Run(run) => {
            let sensors = run.sensors()?;
            // What cannot be sent between threads stays on this one, as on the chip.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            Err(runtime.block_on(fw_host::run(sensors)).into())
        }
    }
}

impl Run {
    fn sensors(self) -> Result<Vec<Sensor>, Failure> {
        let count = self.hci.len();
        if self.identity.len() != count || self.flash.len() != count {
            let (identities, flashes) = (self.identity.len(), self.flash.len());
            return Err(format!(
                "run {count} sensors with {identities} identities and {flashes} flashes: \
                 --hci, --identity and --flash are given equally often"
            )
            .into());
        }
        if self.trust.len() > 2 {
            return Err(format!("trust {} keys: a sensor trusts two at most", self.trust.len()).into());
        }
        let mut trusted = NO_UPDATES;
        trusted.iter_mut().zip(&self.trust).for_each(|(trusted, key)| trusted.public_key = *key);
        let values = self.values.as_deref().map(Values::read).transpose()?;
        let parts = self.hci.into_iter().zip(self.identity).zip(self.flash).zip(self.seed..);
        let sensor = |(((hci, identity), flash), seed): (((Hci, PathBuf), PathBuf), u64)| -> Result<Sensor, Failure> {
            Ok(Sensor {
                hci,
                identity: Identity::read(&identity)?,
                flash: FlashFile::open(&flash)?,
                values: values.clone().unwrap_or(Values::Room { seed }),
                trusted,
                is_touched: !self.untouched,
            })
        };
        parts.map(sensor).collect()
    }
}

fn key(text: &str) -> Result<[u8; 32], String> {
    let mut key = [0; 32];
    let read = hex::decode_to_slice(text, &mut key);
    read.map(|()| key).map_err(|_| format!("an Ed25519 public key has 64 hexadecimal digits, not {text:?}"))
}
