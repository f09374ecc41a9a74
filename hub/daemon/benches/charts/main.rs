//! Charts over HTTP: a year of 200 sensors of four values a minute, asked of `hubd` and of VictoriaMetrics by turns.
//!
//! `cargo bench -p hub-daemon --bench charts` takes ten minutes and 3 GB of disk; with `-- --quick` everything is small
//! and only shows that it runs. Both answer in JSON on one connection that stays open, in their own language: `hubd` in
//! GraphQL, VictoriaMetrics in its export and query API. VictoriaMetrics is Debian's package (`apt install
//! victoria-metrics`); where it is not installed, its column stays empty. Both stores are filled with the same values,
//! and both answers to a question are compared. It fails when a goal is missed.
//!
//! Does not know: phones, links, or any other computer than this one.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a bench prints")]

mod ask;
#[path = "../../../history/benches/peers/house.rs"]
#[expect(dead_code, reason = "the load of hub-history's bench, which uses more of it")]
mod house;
mod hub;
mod served;
mod stopwatch;
mod victoria;

use std::{process::ExitCode, time::Duration};

use anyhow::{Result, ensure};

use crate::{
    ask::{Answer, Question},
    house::{DAY, House, SECOND, T0},
    hub::Hub,
    stopwatch::{median, now, timed},
    victoria::Victoria,
};

/// How much is done.
#[derive(Debug, Clone, Copy)]
struct Size {
    sensors: u32,
    days: i64,
    /// How often each question is asked.
    times: u32,
}

impl Size {
    const FULL: Self = Self { sensors: 200, days: 365, times: 200 };
    const QUICK: Self = Self { sensors: 3, days: 40, times: 5 };
}

/// What an owner is promised: the median of every question, and the memory.
const DAY_GOAL: Duration = Duration::from_millis(5);
const YEAR_GOAL: Duration = Duration::from_millis(20);
const MEMORY_GOAL_MB: f64 = 40.0;

fn main() -> Result<ExitCode> {
    let is_quick = std::env::args().any(|argument| argument == "--quick");
    let size = if is_quick { Size::QUICK } else { Size::FULL };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let (mut hub, mut victoria) = (Hub::new(folder.path())?, Victoria::start(folder.path())?);
    // The year ends before today, so that nothing of it is too old to be kept.
    let end = now().as_millisecond().div_euclid(DAY) * DAY;
    let begin = end - size.days * DAY;
    fill(&mut hub, victoria.as_mut(), size, begin)?;
    let hub = hub.serve()?;
    println!("{} sensors of 4 values a minute, {} days, {} askings:", size.sensors, size.days, size.times);
    println!("| over HTTP | Ingle, GraphQL | VictoriaMetrics | to reach | |\n|---|--:|--:|---|---|");
    let mut is_met = true;
    for (question, what, goal) in [
        (Question::Day, "any day, every reading", DAY_GOAL),
        (Question::Year, "any year, least, mean and greatest of 6 h", YEAR_GOAL),
    ] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for n in 0..size.times {
            // Another sensor and another day each time, all over the year.
            let (sensor, day) = (n * 7919 % size.sensors, i64::from(n) * 104_729 % size.days);
            let window = match question {
                Question::Day => begin + day * DAY..begin + (day + 1) * DAY,
                Question::Year => begin..end,
            };
            let (answer, took) = timed(|| hub.ask(question, sensor, &window))?;
            ours.push(took);
            let answer = answer.read()?;
            ensure!(answer.points > 0, "the hub has nothing of sensor {sensor} in {window:?}");
            if let Some(victoria) = &mut victoria {
                let (other, took) = timed(|| victoria.ask(question, sensor, &window))?;
                theirs.push(took);
                let other = other.read()?;
                ensure!(Answer::agree(answer, other), "the hub: {answer:?}; VictoriaMetrics: {other:?}");
            }
        }
        let ours = median(ours);
        is_met &= ours <= goal;
        let theirs = if theirs.is_empty() { "–".to_owned() } else { format!("{:.2} ms", ms(median(theirs))) };
        println!("| {what} | {:.2} ms | {theirs} | ≤ {:.0} ms | {} |", ms(ours), ms(goal), mark(ours <= goal));
    }
    let (ours, kept) = (hub.memory_mb()?, hub.stored_mb()?);
    is_met &= ours <= MEMORY_GOAL_MB;
    let theirs = |mb: Option<f64>| mb.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.1} MB"));
    let (memory, stored) = (victoria.as_ref().map(Victoria::memory_mb), victoria.as_ref().map(Victoria::stored_mb));
    println!(
        "| largest resident memory of the server | {ours:.1} MB | {} | ≤ {MEMORY_GOAL_MB:.0} MB | {} |",
        theirs(memory.transpose()?),
        mark(ours <= MEMORY_GOAL_MB)
    );
    println!("| on disk, without the hub's journal | {kept:.0} MB | {} | | |", theirs(stored.transpose()?));
    Ok(if is_met || is_quick { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Gives both the same readings, a quarter of a day at a time.
fn fill(hub: &mut Hub, mut victoria: Option<&mut Victoria>, size: Size, begin: i64) -> Result<()> {
    let mut house = House::new(size.sensors, house::METRICS.len(), 60 * SECOND);
    let (mut readings, mut took) = (Vec::new(), [Duration::ZERO; 2]);
    for quarter in 1..=size.days * 4 {
        house.until(T0 + quarter * DAY / 4, &mut readings);
        let readings: Vec<_> = readings.iter().map(|reading| reading.later(begin - T0)).collect();
        took[0] += timed(|| hub.take(&readings))?.1;
        if let Some(victoria) = &mut victoria {
            took[1] += timed(|| victoria.take(&readings, size.sensors))?.1;
        }
        if quarter % 120 == 0 {
            eprintln!(
                "  {} days: hub {:.0} s, VictoriaMetrics {:.0} s",
                quarter / 4,
                took[0].as_secs_f64(),
                took[1].as_secs_f64()
            );
        }
    }
    hub.finish()?;
    victoria.map_or(Ok(()), Victoria::settle)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

const fn mark(is_met: bool) -> &'static str {
    if is_met { "✓" } else { "✗" }
}
