//! Boots a guest once and runs scenarios in it: a line each, and a sum like that of `cargo test`.
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
use tokio::signal::unix::{SignalKind, signal};

use bench::Bench;
use clock::Stopwatch;
use options::Options;
use scenarios::{ALL, Scenario};

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
    let wanted = chosen(&options.names)?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start tokio")?;
    runtime.block_on(async {
        let mut ended = signal(SignalKind::terminate()).context("failed to wait for signals")?;
        // Whoever is dropped on the way out ends what he started.
        tokio::select! {
            done = run(&options, &wanted) => done,
            _ = ended.recv() => anyhow::bail!("ended by SIGTERM"),
            _ = tokio::signal::ctrl_c() => anyhow::bail!("ended by SIGINT"),
        }
    })
}

fn chosen(names: &[String]) -> Result<Vec<&'static Scenario>> {
    let all = || ALL.iter().map(|scenario| scenario.name).collect::<Vec<_>>().join("\n  ");
    for name in names {
        let is_known = ALL.iter().any(|scenario| scenario.name.contains(name.as_str()));
        ensure!(is_known, "no scenario is called {name}; there are\n  {}", all());
    }
    let is_wanted =
        |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| scenario.name.contains(name.as_str()));
    Ok(ALL.iter().filter(is_wanted).collect())
}

async fn run(options: &Options, wanted: &[&Scenario]) -> Result<()> {
    let mut bench = Bench::boot(options).await?;
    let (mut passed, mut failed) = (0, 0);
    for scenario in wanted {
        let watch = Stopwatch::start();
        let result = bench.run(scenario).await;
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        println!("scenario {} ... {word} ({:.1} s)", scenario.name, watch.seconds());
        for figure in bench.take_figures() {
            println!("    {figure}");
        }
        match result {
            Ok(()) => passed += 1,
            Err(error) => {
                failed += 1;
                println!("    {error:#}");
                bench.show_logs().await;
            }
        }
    }
    bench.stop().await;
    println!("\ntest result: {}. {passed} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    ensure!(failed == 0, "{failed} of {} scenarios failed", wanted.len());
    Ok(())
}
