//! The chores of the repository, as `cargo xtask …`: what holds the design in place, and what a contributor runs.
//!
//! Each chore is one file. `steps` lists them in the order in which CI runs them; a step can be run alone by its name.
//!
//! Does not know: the hub. It reads the crates as text and as cargo's metadata, and runs their programs from outside.
#![expect(clippy::print_stdout, reason = "a command-line tool answers on stdout")]

mod arrows;
mod bench;
mod bless;
mod boards;
mod checkout;
mod demo;
mod interop;
mod process;
mod smoke;
mod steps;
mod tally;
mod testbed;
mod tidy;
mod web;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::checkout::Checkout;

const USAGE: &str = "\
cargo xtask <chore>

  test [STEP]           everything that CI checks, or one step of it (`test --list` names them)
  test --radio [NAME…]  the radio's scenarios in a virtual machine, or those of that name
  lint                  format, clippy, arrows, tidy
  demo [ARGS]           build and run the simulated house; ARGS go to hub-demo
  bench [CRATE] [-- ARGS]   run the benches, or those of one crate

  arrows [--markdown]   check who imports whom; or print the table
  tidy                  count lines, look for names and words that we do not use
  bless [--check]       write the contracts anew from the code; or show where they differ
  boards [--bless]      build the sensor's firmware for its chips and compare its sizes; or write them down
  fw-provision ARGS     make a sensor's identity and its label (--help says how)
  fw-sign ARGS          make an image an update that sensors take (--help says how)
  web                   build the pages that the hub serves, if they changed";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    let checkout = Checkout::of_this_crate()?;
    match arguments {
        ["test", "--list"] => {
            steps::list();
            Ok(())
        }
        ["test"] => steps::run(&checkout, steps::ALL),
        ["test", "--radio", names @ ..] => testbed::only(&checkout, names),
        ["test", name] => steps::run(&checkout, &[steps::named(name)?]),
        ["lint"] => steps::run(&checkout, steps::LINT),
        ["demo", rest @ ..] => demo::run(&checkout, rest),
        ["bench", rest @ ..] => bench::run(&checkout, rest),
        ["arrows"] => arrows::check(&checkout),
        ["arrows", "--markdown"] => {
            print!("{}", arrows::markdown());
            Ok(())
        }
        ["tidy"] => tidy::check(&checkout),
        ["bless"] => bless::write(&checkout),
        ["bless", "--check"] => bless::check(&checkout),
        ["boards"] => steps::run(&checkout, &[steps::named("boards")?]),
        ["boards", "--bless"] => boards::bless(&checkout),
        ["fw-provision", rest @ ..] => boards::workshop(&checkout, "provision", rest),
        ["fw-sign", rest @ ..] => boards::workshop(&checkout, "sign", rest),
        ["web"] => web::build(&checkout),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("no chore is called `{}`\n\n{USAGE}", other.join(" ")),
    }
}
