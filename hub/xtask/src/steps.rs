//! What CI checks, in order. A red step does not hide the next: only those that need it are skipped.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::checkout::Checkout;
use crate::process::{cargo, run as shell, run_reading};
use crate::tally::Tally;
use crate::{arrows, bless, boards, interop, smoke, testbed, tidy, web};

/// One thing that is checked.
pub(crate) struct Step {
    name: &'static str,
    headline: &'static str,
    /// Names of the steps without which this one has nothing to look at.
    needs: &'static [&'static str],
    work: Work,
}

#[derive(Clone, Copy)]
enum Work {
    /// Right or wrong.
    Check(fn(&Checkout) -> Result<()>),
    /// Runs tests and counts them; none at all is wrong too.
    Tests(fn(&Checkout, &mut Tally) -> Result<()>),
}

const FORMAT: Step =
    Step { name: "format", headline: "rustfmt has nothing to change", needs: &[], work: Work::Check(format) };
const ARROWS: Step = Step {
    name: "arrows",
    headline: "crates import what the design lets them",
    needs: &[],
    work: Work::Check(arrows::check),
};
const TIDY: Step = Step { name: "tidy", headline: "the house style", needs: &[], work: Work::Check(tidy::check) };
const WEB: Step = Step {
    name: "web",
    headline: "the pages that the hub serves are built",
    needs: &[],
    work: Work::Check(web::build),
};
const CLIPPY: Step =
    Step { name: "clippy", headline: "no warning in any crate", needs: &[], work: Work::Check(clippy) };
const BUILD: Step = Step {
    name: "build",
    headline: "every library, program, test and example",
    needs: &["web"],
    work: Work::Check(build),
};
const BLESS: Step = Step {
    name: "bless",
    headline: "contracts say what the code says",
    needs: &["build"],
    work: Work::Check(bless::check_built),
};
const RUST: Step = Step {
    name: "rust",
    headline: "unit, integration and doc tests",
    needs: &["build"],
    work: Work::Tests(rust_tests),
};
const DECODE: Step = Step {
    name: "decode-interop",
    headline: "our decoders beside PyPI's, vendor by vendor",
    needs: &["build"],
    work: Work::Check(interop::decode),
};
const SENSOR: Step = Step {
    name: "sensor-interop",
    headline: "the sensor's firmware among other people's radios, hubs and decoders",
    needs: &["build"],
    work: Work::Tests(interop::sensor),
};
const API: Step = Step {
    name: "api-interop",
    headline: "GraphQL over HTTP, WebSocket and SSE with other people's clients",
    needs: &["build"],
    work: Work::Tests(interop::api),
};
const WEB_UNIT: Step = Step {
    name: "web-unit",
    headline: "the web page's units and types",
    needs: &["web"],
    work: Work::Tests(web::unit_tests),
};
const WEB_PAGE: Step = Step {
    name: "web-page",
    headline: "the web page in Chromium",
    needs: &["web"],
    work: Work::Tests(web::page_tests),
};
const SMOKE: Step = Step {
    name: "demo-smoke",
    headline: "the demonstration starts, answers and stops",
    needs: &["build"],
    work: Work::Check(smoke::run),
};

const BOARDS: Step = Step {
    name: "boards",
    headline: "the sensor's firmware for its chips, and what it takes of flash and memory",
    needs: &[],
    work: Work::Tests(boards::check),
};

const RADIO: Step = Step {
    name: "radio",
    headline: "the radio and the whole hub before a real bluetoothd in a virtual machine",
    needs: &["build"],
    work: Work::Tests(testbed::check),
};

/// Everything, cheap things first.
pub(crate) const ALL: &[&Step] = &[
    &FORMAT, &ARROWS, &TIDY, &WEB, &CLIPPY, &BUILD, &BLESS, &RUST, &DECODE, &SENSOR, &API, &WEB_UNIT, &WEB_PAGE,
    &SMOKE, &RADIO, &BOARDS,
];

/// What can be said without running anything of ours.
pub(crate) const LINT: &[&Step] = &[&FORMAT, &ARROWS, &TIDY, &CLIPPY];

/// Names the steps on stdout.
pub(crate) fn list() {
    for step in ALL {
        println!("{:<15} {}", step.name, step.headline);
    }
}

/// The step of that name.
pub(crate) fn named(name: &str) -> Result<&'static Step> {
    let names: Vec<&str> = ALL.iter().map(|step| step.name).collect();
    let step = ALL.iter().find(|step| step.name == name);
    step.copied().with_context(|| format!("no step is called `{name}`; there are {}", names.join(", ")))
}

enum Outcome {
    Green,
    Red(String),
    Skipped(&'static str),
}

struct Line {
    step: &'static Step,
    outcome: Outcome,
    took: Duration,
    tally: Tally,
}

/// Runs the steps and those they need, tells of each, and sums up.
pub(crate) fn run(checkout: &Checkout, wanted: &[&'static Step]) -> Result<()> {
    let began = now();
    let mut lines: Vec<Line> = Vec::new();
    for step in with_needs(wanted) {
        println!("\n=== {} · {} · {} since the start", step.name, step.headline, clock(began.elapsed()));
        let began = now();
        let mut tally = Tally::default();
        let outcome = match lines.iter().find(|line| step.needs.contains(&line.step.name) && !line.is_green()) {
            Some(line) => Outcome::Skipped(line.step.name),
            None => step.work.outcome(checkout, &mut tally),
        };
        match &outcome {
            Outcome::Green => {}
            Outcome::Red(why) => println!("--- {} FAILED: {why}\n--- run it alone: ./dev test {0}", step.name),
            Outcome::Skipped(need) => println!("--- {} skipped, as {need} failed", step.name),
        }
        lines.push(Line { step, outcome, took: began.elapsed(), tally });
    }
    print!("\n{}", summary(&lines, began.elapsed()));
    let red = lines.iter().filter(|line| !line.is_green()).count();
    ensure!(red == 0, "{red} of {} steps are not green", lines.len());
    Ok(())
}

impl Work {
    fn outcome(self, checkout: &Checkout, tally: &mut Tally) -> Outcome {
        let result = match self {
            Self::Check(check) => check(checkout),
            Self::Tests(tests) => tests(checkout, tally).and_then(|()| {
                ensure!(tally.passed > 0, "no test ran");
                ensure!(tally.failed == 0, "{} tests failed", tally.failed);
                Ok(())
            }),
        };
        result.map_or_else(|error| Outcome::Red(format!("{error:#}")), |()| Outcome::Green)
    }
}

impl Line {
    fn is_green(&self) -> bool {
        matches!(self.outcome, Outcome::Green)
    }
}

fn with_needs(wanted: &[&'static Step]) -> Vec<&'static Step> {
    let mut names: Vec<&str> = wanted.iter().map(|step| step.name).collect();
    // Needs stand before what needs them, so one walk backwards finds the needs of needs.
    for step in ALL.iter().rev() {
        if names.contains(&step.name) {
            names.extend(step.needs);
        }
    }
    ALL.iter().copied().filter(|step| names.contains(&step.name)).collect()
}

/// A table, and last a line that a machine can read.
fn summary(lines: &[Line], took: Duration) -> String {
    let mut text = String::new();
    let mut sum = Tally::default();
    for line in lines {
        let word = match line.outcome {
            Outcome::Green => "ok",
            Outcome::Red(_) => "FAILED",
            Outcome::Skipped(_) => "skipped",
        };
        let tests = if line.tally == Tally::default() {
            String::new()
        } else {
            format!("{} tests", line.tally.passed + line.tally.failed)
        };
        sum.add(line.tally);
        // Writing to a String does not fail.
        let _ = writeln!(text, "{:<15} {word:<8} {:>7}  {tests}", line.step.name, clock(line.took));
    }
    let _ = writeln!(text, "{:<15} {:<8} {:>7}\n", "together", "", clock(took));
    if sum != Tally::default() {
        let _ = writeln!(text, "{} passed, {} failed", sum.passed, sum.failed);
    }
    text
}

fn clock(time: Duration) -> String {
    format!("{}:{:02}", time.as_secs() / 60, time.as_secs() % 60)
}

#[expect(clippy::disallowed_methods, reason = "how long a step takes is what the reader wants to know")]
fn now() -> Instant {
    Instant::now()
}

fn format(checkout: &Checkout) -> Result<()> {
    shell(cargo(checkout).args(["fmt", "--all", "--", "--check"]))
}

fn clippy(checkout: &Checkout) -> Result<()> {
    shell(cargo(checkout).args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--keep-going",
        "--",
        "-D",
        "warnings",
    ]))
}

/// Builds all that later steps run. Building the workspace in one go keeps cargo from compiling a dependency
/// once for each set of features that a single crate would ask for.
pub(crate) fn build(checkout: &Checkout) -> Result<()> {
    shell(cargo(checkout).args(["build", "--workspace", "--locked", "--lib", "--bins", "--examples", "--tests"]))
}

fn rust_tests(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    let arguments = ["test", "--workspace", "--locked", "--no-fail-fast"];
    run_reading(cargo(checkout).args(arguments), |line| tally.read(line))
}
