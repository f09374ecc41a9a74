//! Other processes: one that is killed while it writes, and one that tells how much memory it takes.
//!
//! Both are this program again, started with `--child`.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use hub_history::{Config, History};
use hub_model::{Epoch, EventLog, UnixMillis};

use crate::{
    asking::{Extent, Question},
    house::{DAY, HOUR, House, Luck, METRICS, Reading, SECOND, T0},
    ours::Ours,
    stopwatch::timed,
    writing,
};

/// The sensors of the large store.
const SENSORS: u32 = 200;
/// From here on the large store is written live by the child that is killed; its past lies before.
const NOW: i64 = T0 - DAY;
/// The readings of an hour of 200 sensors every 10 s: so many wait in the journal at most.
const UNSEALED: u64 = 72_000;

/// What the parent finds after the child was killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Opened {
    pub(crate) took: Duration,
    pub(crate) megabytes: f64,
}

/// Has a child fill a store with so many values of 8 bytes, a year of 200 sensors, kills it while it writes on, and opens
/// the store. Every event whose flush the child told of must be there.
pub(crate) fn kill_and_open(folder: &Path, values: u64) -> Result<Opened> {
    let mut child = command("fill", folder)?.arg(values.to_string()).stdout(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().context("the child has no stdout")?;
    let (mut told, mut live) = (0, 0);
    for line in BufReader::new(stdout).lines() {
        told = line?.parse()?;
        live += 1;
        // SIGKILL, in the middle of whatever it does.
        if live == 100 {
            child.kill()?;
        }
    }
    ensure!(child.wait()?.code().is_none(), "the child ended by itself");
    let (history, took) = timed(|| Ok(History::open(Config::new(folder), Epoch(1))?))?;
    ensure!(history.durable().0 >= told, "event {told} was flushed and is gone; the last is {:?}", history.durable());
    let megabytes = std::fs::metadata(folder.join("history.redb"))?.len() as f64 / 1e6;
    Ok(Opened { took, megabytes })
}

/// Has a child live an hour on the store in the folder; its largest resident set in bytes.
pub(crate) fn memory(folder: &Path) -> Result<f64> {
    let output = command("live", folder)?.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "the child failed");
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

fn command(work: &str, folder: &Path) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--child", work]).arg(folder);
    Ok(command)
}

/// Does a child's work.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["fill", folder, values] => fill(Path::new(folder), values.parse()?),
        ["live", folder] => live(Path::new(folder)),
        _ => anyhow::bail!("no such child: {arguments:?}"),
    }
}

/// Fills the store, then tells every flush and never ends.
fn fill(folder: &Path, values: u64) -> Result<()> {
    // A day between seals, as an import of the past is done.
    let ours = Ours::open_with(Config::new(folder).with_seal_interval(Duration::from_secs(86_400))?)?;
    let rounds = values.div_ceil(u64::from(SENSORS) * METRICS.len() as u64);
    let every = 365 * DAY / i64::try_from(rounds)?;
    let mut luck = Luck(1);
    // Values that do not compress, so that the store becomes large in little time.
    let mut round = |at: i64| -> Vec<Reading> {
        let mut reading = |sensor| {
            let values = [(); METRICS.len()].map(|()| (luck.number() >> 2).cast_signed());
            Reading::new(at + i64::from(sensor), sensor, &values)
        };
        (0..SENSORS).map(&mut reading).collect()
    };
    let mut at = NOW - 365 * DAY;
    for _ in 0..rounds {
        at += every;
        ours.append(&round(at))?;
        if ours.history.seal_due(UnixMillis(at)) {
            ours.history.seal(UnixMillis(at))?;
        }
    }
    ours.history.seal(UnixMillis(NOW))?;
    let mut stdout = std::io::stdout();
    let mut unsealed = 0;
    for tick in 0.. {
        let readings = round(NOW + tick * 10 * SECOND);
        unsealed += readings.len() as u64;
        ours.append(&readings)?;
        let durable = ours.history.flush()?;
        if unsealed >= UNSEALED {
            writeln!(stdout, "{}", durable.0)?;
        }
    }
    Ok(())
}

/// Lives an hour, asks for charts, and tells the largest resident set.
fn live(folder: &Path) -> Result<()> {
    let mut ours = Ours::open(folder)?;
    writing::live(&mut ours, House::new(SENSORS, METRICS.len(), 10 * SECOND), HOUR)?;
    let extent = Extent { sensors: SENSORS, from: NOW - 365 * DAY, to: NOW };
    for n in 0..20 {
        for question in [Question::Day, Question::Year] {
            question.ask_ours(&ours, extent, n)?;
        }
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM in /proc/self/status")?;
    let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse()?;
    println!("{}", kilobytes * 1024.0);
    Ok(())
}
