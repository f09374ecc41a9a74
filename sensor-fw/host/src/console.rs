//! What a person does to a simulated sensor, typed.

use std::{
    io::{self, Write as _},
    thread,
};

use fw_app::{Chip, Happening, Inputs, Led, Note, Notes};
use tokio::sync::mpsc;
use units::{Measure, Quantity};

use crate::values::value;

/// How many things may be typed before the sensor takes the first; whoever types more waits.
const QUEUE: usize = 8;

/// Reads a line: `press`, `hold`, or a quantity and its value, such as `door 1`.
///
/// # Errors
/// What is wrong with it.
pub fn parse(line: &str) -> Result<Happening, String> {
    let mut words = line.split_whitespace();
    match (words.next(), words.next(), words.next()) {
        (Some("press"), None, _) => Ok(Happening::Pressed),
        (Some("hold"), None, _) => Ok(Happening::Held),
        (Some(name), Some(text), None) => {
            let quantity = Quantity::from_name(name).ok_or_else(|| format!("no quantity is called {name:?}"))?;
            Ok(Happening::Measured(Measure::new(quantity, value(quantity, text)?)))
        }
        _ => Err(format!("{line:?} is none of `press`, `hold`, `door 1` and the like")),
    }
}

/// What happens to one sensor.
#[derive(Debug)]
pub(crate) struct Typed(mpsc::Receiver<Happening>);

impl Inputs for Typed {
    async fn next(&mut self) -> Happening {
        match self.0.recv().await {
            Some(happening) => happening,
            // Nobody types any more.
            None => std::future::pending().await,
        }
    }
}

/// Listens to stdin for so many sensors: each line happens to all of them.
pub(crate) fn listen(sensors: usize) -> Vec<Typed> {
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..sensors).map(|_| mpsc::channel(QUEUE)).unzip();
    // A thread, for reading from stdin cannot be given up: it ends with the program.
    thread::spawn(move || {
        for line in io::stdin().lines().map_while(Result::ok) {
            match parse(&line) {
                Ok(happening) => senders.iter().for_each(|sender| _ = sender.blocking_send(happening)),
                Err(problem) => say("", format_args!("not understood: {problem}")),
            }
        }
    });
    receivers.into_iter().map(Typed).collect()
}

/// Tells what happens on stdout, a line each.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// What its lines begin with, if there are several sensors.
    pub(crate) name: String,
}

impl Notes for Told {
    fn note(&mut self, note: &Note<'_>) {
        say(&self.name, format_args!("{note}"));
    }
}

impl Led for Told {
    fn set(&mut self, is_on: bool) {
        say(&self.name, format_args!("{}", if is_on { "light on" } else { "light off" }));
    }
}

impl Chip for Told {
    /// Simulated air is the same for all powers.
    fn set_power(&mut self, _dbm: i8) {}

    /// Whoever runs the program sees whether it is alive.
    fn feed_watchdog(&mut self) {}
}

/// Prints a line at once, whoever reads it; when nobody does any more, the sensor works on.
pub(crate) fn say(name: &str, text: std::fmt::Arguments<'_>) {
    let mut out = io::stdout().lock();
    let colon = if name.is_empty() { "" } else { ": " };
    let _ = writeln!(out, "{name}{colon}{text}").and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_can_be_typed() {
        assert_eq!(parse(" press "), Ok(Happening::Pressed));
        assert_eq!(parse("hold"), Ok(Happening::Held));
        assert_eq!(parse("door 1"), Ok(Happening::Measured(Measure::new(Quantity::Door, 1))));
        assert_eq!(parse("temperature -3.5"), Ok(Happening::Measured(Measure::new(Quantity::Temperature, -3500))));
    }

    #[test]
    fn what_nobody_can_do_is_said() {
        for (line, problem) in [
            ("", "none of"),
            ("press hard", "no quantity is called \"press\""),
            ("door open", "door of \"open\", 0 to 1"),
            ("door 2", "0 to 1"),
            ("door 1 2", "none of"),
        ] {
            let error = parse(line).unwrap_err();
            assert!(error.contains(problem), "{error}");
        }
    }
}
