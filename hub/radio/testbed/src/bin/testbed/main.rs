//! Boots guests side by side and runs scenarios in them: a line each, and a sum like that of `cargo test`.
//!
//! `./dev test radio` makes the guest and starts this program; `./dev test --radio NAME…` runs scenarios by name.
//!
//! Does not know: how the guest is made.
#![expect(clippy::print_stdout, reason = "a command-line tool answers on stdout")]

mod air;
mod api;
mod bench;
mod child;
mod clock;
mod guest;
mod link;
mod options;
mod scenarios;
mod sensor;
mod update;

use std::process::ExitCode;

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use tokio::signal::unix::{SignalKind, signal};

use bench::Bench;
use clock::Stopwatch;
use options::Options;
use scenarios::{LANES, Scenario};

fn main() -> ExitCode {
    match work() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("testbed: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn work() -> Result<()> {
    let options = Options::of_command_line(std::env::args_os().skip(1))?;
    let lanes = chosen(&options.names)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start tokio")?;
    runtime.block_on(async {
        let mut ended = signal(SignalKind::terminate()).context("failed to wait for signals")?;
        // Whoever is dropped on the way out ends what he started.
        tokio::select! {
            done = run(&options, &lanes) => done,
            _ = ended.recv() => anyhow::bail!("ended by SIGTERM"),
            _ = tokio::signal::ctrl_c() => anyhow::bail!("ended by SIGINT"),
        }
    })
}

/// The scenarios of these names, or all, in their lanes.
fn chosen(names: &[String]) -> Result<Vec<Vec<&'static Scenario>>> {
    for name in names {
        let is_known = LANES.iter().copied().flatten().any(|scenario| scenario.name.contains(name.as_str()));
        let all = || LANES.iter().copied().flatten().map(|scenario| scenario.name).collect::<Vec<_>>().join("\n  ");
        ensure!(is_known, "no scenario is called {name}; there are\n  {}", all());
    }
    let is_wanted =
        |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| scenario.name.contains(name.as_str()));
    let lanes = LANES.iter().map(|lane| lane.iter().filter(is_wanted).collect::<Vec<_>>());
    Ok(lanes.filter(|lane| !lane.is_empty()).collect())
}

/// Runs all lanes side by side.
async fn run(options: &Options, lanes: &[Vec<&Scenario>]) -> Result<()> {
    let wanted: usize = lanes.iter().map(Vec::len).sum();
    let passed = try_join_all(lanes.iter().map(|lane| walk(options, lane))).await?.iter().sum::<usize>();
    let failed = wanted - passed;
    println!("\ntest result: {}. {passed} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    ensure!(failed == 0, "{failed} of {wanted} scenarios failed");
    Ok(())
}

/// Runs the scenarios of one lane in a machine of its own; says how many passed.
async fn walk(options: &Options, lane: &[&Scenario]) -> Result<usize> {
    let mut bench = Bench::boot(options).await?;
    let mut passed = 0;
    for scenario in lane {
        let watch = Stopwatch::start();
        let result = bench.run(scenario).await;
        let seconds = watch.seconds();
        let mut lines = bench.take_figures();
        if let Err(error) = &result {
            lines.push(format!("{error:#}"));
            lines.extend(bench.logs().await);
        }
        // Nobody else speaks in between.
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        println!("scenario {} ... {word} ({seconds:.1} s)", scenario.name);
        lines.iter().for_each(|line| println!("    {line}"));
        passed += usize::from(result.is_ok());
    }
    bench.stop().await;
    Ok(passed)
}
