//! The table: a line a measure, a column a store, and whether the goals are met.

use std::fmt::{self, Write as _};

/// In what a measure is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Megabytes,
    Times,
    Seconds,
    PerSecond,
}

/// What is to be reached.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
    /// So many times better than the tuned one.
    OverTuned(f64),
    /// So many times better than the recorder.
    OverRecorder(f64),
}

/// One measure of all stores. What a store has no figure for is `None`.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) unit: Unit,
    pub(crate) ours: f64,
    pub(crate) tuned: Option<f64>,
    pub(crate) recorder: Option<f64>,
    pub(crate) goals: Vec<Goal>,
}

impl Line {
    fn over(&self, peer: f64) -> f64 {
        if self.unit == Unit::PerSecond { self.ours / peer } else { peer / self.ours }
    }

    fn is_met(&self, goal: Goal) -> bool {
        match goal {
            Goal::AtMost(most) => self.ours <= most,
            Goal::AtLeast(least) => self.ours >= least,
            Goal::OverTuned(least) => self.tuned.is_some_and(|tuned| self.over(tuned) >= least),
            Goal::OverRecorder(least) => self.recorder.is_some_and(|recorder| self.over(recorder) >= least),
        }
    }
}

/// All lines, in the order in which they are shown.
#[derive(Debug, Default)]
pub(crate) struct Table {
    lines: Vec<Line>,
}

impl Table {
    pub(crate) fn add(&mut self, line: Line) {
        let [ours, tuned, recorder] = [Some(line.ours), line.tuned, line.recorder].map(|of| Figure(of, line.unit));
        eprintln!("  {}: {ours}; {tuned}; {recorder}", line.what);
        self.lines.push(line);
    }

    /// The goals that were not reached.
    pub(crate) fn missed(&self) -> Vec<String> {
        let mut missed = Vec::new();
        for line in &self.lines {
            for goal in line.goals.iter().filter(|goal| !line.is_met(**goal)) {
                missed.push(format!("{}: {}", line.what, Told(*goal, line.unit)));
            }
        }
        missed
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "| | Ingle | SQLite, tuned | SQLite, recorder | tuned : Ingle | recorder : Ingle | to reach | |\n",
        )?;
        f.write_str("|---|--:|--:|--:|--:|--:|---|---|\n")?;
        for line in &self.lines {
            let figure = |value| Figure(value, line.unit);
            let over = |peer: Option<f64>| Ratio(peer.map(|peer| line.over(peer)));
            write!(f, "| {} | {} | ", line.what, figure(Some(line.ours)))?;
            write!(f, "{} | {} | ", figure(line.tuned), figure(line.recorder))?;
            write!(f, "{} | {} | ", over(line.tuned), over(line.recorder))?;
            let mut told = String::new();
            for goal in &line.goals {
                let comma = if told.is_empty() { "" } else { ", " };
                write!(told, "{comma}{}", Told(*goal, line.unit))?;
            }
            let is_met = line.goals.iter().all(|goal| line.is_met(*goal));
            let mark = if line.goals.is_empty() {
                ""
            } else if is_met {
                "✓"
            } else {
                "✗"
            };
            writeln!(f, "{told} | {mark} |")?;
        }
        Ok(())
    }
}

struct Figure(Option<f64>, Unit);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Some(value), unit) = *self else { return f.write_str("–") };
        match unit {
            Unit::Bytes => write!(f, "{} B", Rounded(value)),
            Unit::Megabytes => write!(f, "{} MB", Rounded(value)),
            Unit::Times => write!(f, "{value:.2}"),
            Unit::Seconds if value < 0.001 => write!(f, "{} µs", Rounded(value * 1e6)),
            Unit::Seconds if value < 1.0 => write!(f, "{} ms", Rounded(value * 1e3)),
            Unit::Seconds => write!(f, "{} s", Rounded(value)),
            Unit::PerSecond => write!(f, "{} k/s", Rounded(value / 1e3)),
        }
    }
}

struct Ratio(Option<f64>);

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(ratio) => write!(f, "{}×", Rounded(ratio)),
            None => f.write_str("–"),
        }
    }
}

struct Told(Goal, Unit);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(goal, unit) = *self;
        match goal {
            Goal::AtMost(most) => write!(f, "≤ {}", Figure(Some(most), unit)),
            Goal::AtLeast(least) => write!(f, "≥ {}", Figure(Some(least), unit)),
            Goal::OverTuned(least) => write!(f, "≥ {least}× tuned"),
            Goal::OverRecorder(least) => write!(f, "≥ {least}× recorder"),
        }
    }
}

/// Three digits that matter.
struct Rounded(f64);

impl fmt::Display for Rounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.0 >= 100.0 {
            0
        } else if self.0 >= 10.0 {
            1
        } else {
            2
        };
        let text = format!("{:.digits$}", self.0);
        let whole = text.find('.').unwrap_or(text.len());
        for (at, digit) in text.char_indices() {
            // Thousands apart.
            if at > 0 && at < whole && (whole - at) % 3 == 0 {
                f.write_char(' ')?;
            }
            f.write_char(digit)?;
        }
        Ok(())
    }
}
