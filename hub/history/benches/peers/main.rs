//! The history beside SQLite: one table from one run, on the same data.
//!
//! `cargo bench -p hub-history --bench peers` takes some minutes and 15 GB of disk; with `-- --quick` everything is small
//! and only shows that it runs. Stores are asked warm, questions by turns, and the median counts; what is written is
//! counted and not timed. It fails when a goal is missed.
//!
//! Does not know: the network, the radio, or any other computer than this one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints")]

mod asking;
mod child;
mod house;
mod measures;
mod ours;
mod peer;
mod recorder;
mod room;
mod stopwatch;
mod table;
mod tuned;
mod wal;
mod writing;

use std::process::ExitCode;

use anyhow::Result;

use crate::{measures::Size, stopwatch::timed, table::Table};

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--bench").collect();
    if let ["--child", rest @ ..] = arguments.as_slice() {
        return child::run(rest).map(|()| ExitCode::SUCCESS);
    }
    let is_quick = arguments.contains(&"--quick");
    let size = if is_quick { Size::QUICK } else { Size::FULL };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut table = Table::default();
    for (what, measure) in [
        ("real rooms", measures::rooms as fn(&mut Table, &std::path::Path, Size) -> Result<()>),
        ("a year", measures::year),
        ("writes", measures::writes),
        ("ingest", measures::ingest),
        ("a large store", measures::large),
    ] {
        let begun = folder.path().join(what);
        std::fs::create_dir(&begun)?;
        let ((), took) = timed(|| measure(&mut table, &begun, size))?;
        eprintln!("{what}: {:.0} s", took.as_secs_f64());
        std::fs::remove_dir_all(begun)?;
    }
    println!("{table}");
    let missed = table.missed();
    missed.iter().for_each(|missed| println!("missed: {missed}"));
    Ok(if missed.is_empty() || is_quick { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
