//! The history beside SQLite: one table from one run, on the same data.
//!
//! `cargo bench -p hub-history --bench peers` takes some minutes and 15 GB of disk; with `-- --quick` everything is small
//! and only shows that it runs; `-- rooms year writes ingest large` are its parts. Stores are asked warm, questions by turns, and the median counts; what is written is
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

use std::{path::Path, process::ExitCode};

use anyhow::Result;

use crate::{measures::Size, stopwatch::timed, table::Table};

type Measure = fn(&mut Table, &Path, Size) -> Result<()>;

const MEASURES: [(&str, Measure); 5] = [
    ("rooms", measures::rooms),
    ("year", measures::year),
    ("writes", measures::writes),
    ("ingest", measures::ingest),
    ("large", measures::large),
];

fn main() -> Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--bench").collect();
    if let ["--child", rest @ ..] = arguments.as_slice() {
        return child::run(rest).map(|()| ExitCode::SUCCESS);
    }
    let is_quick = arguments.contains(&"--quick");
    let wanted: Vec<&str> = arguments.into_iter().filter(|argument| *argument != "--quick").collect();
    let size = if is_quick { Size::QUICK } else { Size::FULL };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let mut table = Table::default();
    for (name, measure) in MEASURES.iter().filter(|(name, _)| wanted.is_empty() || wanted.contains(name)) {
        let stores = folder.path().join(name);
        std::fs::create_dir(&stores)?;
        let ((), took) = timed(|| measure(&mut table, &stores, size))?;
        eprintln!("{name}: {:.0} s", took.as_secs_f64());
        std::fs::remove_dir_all(stores)?;
    }
    println!("{table}");
    let missed = table.missed();
    missed.iter().for_each(|missed| println!("missed: {missed}"));
    Ok(if missed.is_empty() || is_quick { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
