//! What a simulated sensor measures: a room by arithmetic, or what a file says.
//!
//! A file is a table with commas. Its first line names the quantities, each further line is one sample; behind the last it
//! begins again. An empty field is a probe that failed.
//!
//! ```csv
//! temperature,humidity,voltage
//! 21.5,45.2,2.987
//! 21.6,,2.987
//! ```

use std::{
    convert::Infallible,
    f64::consts::TAU,
    fs, io,
    path::{Path, PathBuf},
};

use embassy_time::Instant;
use fw_drivers::{Probe, Sample};
use fw_logic::{Channel, MAX_CHANNELS};
use units::{Measure, Quantity};

use crate::world::Model;

const DAY_S: f64 = 86_400.0;
/// What a sensor in a room tells.
const ROOM: [Quantity; 4] = [Quantity::Temperature, Quantity::Humidity, Quantity::Door, Quantity::Voltage];

/// A file that is no table of values.
#[derive(Debug, thiserror::Error)]
pub enum ValuesError {
    /// It cannot be read.
    #[error("read the values in {path:?}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("understand {path:?}, line {line}: {problem}")]
    Line {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong, and what would be right.
        problem: String,
    },
}

/// What a sensor measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Values {
    /// A room whose day begins with the program, a little different for each seed.
    Room {
        /// The seed.
        seed: u64,
    },
    /// What stands in a file.
    Table(Table),
}

/// The values of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    quantities: Vec<Quantity>,
    rows: Vec<Vec<Option<i64>>>,
    next: usize,
}

impl Values {
    /// What stands in a file.
    ///
    /// # Errors
    /// [`ValuesError`].
    pub fn read(path: &Path) -> Result<Self, ValuesError> {
        let text = fs::read_to_string(path).map_err(|source| ValuesError::Read { path: path.to_owned(), source })?;
        Table::parse(&text).map(Self::Table).map_err(|(line, problem)| ValuesError::Line {
            path: path.to_owned(),
            line,
            problem,
        })
    }

    /// What is measured, with the dead-bands that suit a home.
    pub fn channels(&self) -> Vec<Channel> {
        let quantities = match self {
            Self::Room { .. } => ROOM.as_slice(),
            Self::Table(table) => &table.quantities,
        };
        quantities.iter().map(|quantity| Channel { quantity: *quantity, band: band(*quantity) }).collect()
    }

    /// The same, for a [world](crate::World).
    pub fn model(mut self) -> Model {
        Box::new(move |now_us| self.next(now_us as f64 / 1e6))
    }

    /// The next sample, `at_s` seconds after the start.
    fn next(&mut self, at_s: f64) -> Vec<Measure> {
        match self {
            Self::Room { seed } => room(*seed, at_s),
            Self::Table(table) => table.next(),
        }
    }
}

impl Table {
    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = text.lines().enumerate().map(|(nth, line)| (nth + 1, line));
        let (_, head) = lines.next().ok_or((1, "the file is empty; the first line names the quantities".to_owned()))?;
        let mut quantities: Vec<Quantity> = Vec::new();
        for name in head.split(',').map(str::trim) {
            let quantity = Quantity::from_name(name).ok_or_else(|| {
                (1, format!("no quantity is called {name:?}; names are like temperature, humidity, co2"))
            })?;
            if quantities.contains(&quantity) {
                return Err((1, format!("{name} stands there twice")));
            }
            quantities.push(quantity);
        }
        if quantities.len() > MAX_CHANNELS {
            return Err((1, format!("{} quantities, a sensor has at most {MAX_CHANNELS}", quantities.len())));
        }
        let rows: Vec<Vec<Option<i64>>> = lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(number, line)| row(line, &quantities).map_err(|problem| (number, problem)))
            .collect::<Result<_, _>>()?;
        match rows.is_empty() {
            true => Err((2, "no values; each line after the first is a sample".to_owned())),
            false => Ok(Self { quantities, rows, next: 0 }),
        }
    }

    fn next(&mut self) -> Vec<Measure> {
        let row = self.rows.get(self.next).map(Vec::as_slice).unwrap_or_default();
        self.next = (self.next + 1) % self.rows.len().max(1);
        let known = self.quantities.iter().zip(row);
        known.filter_map(|(quantity, value)| Some(Measure::new(*quantity, (*value)?))).collect()
    }
}

fn row(line: &str, quantities: &[Quantity]) -> Result<Vec<Option<i64>>, String> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    if fields.len() != quantities.len() {
        return Err(format!("{} values for {} quantities", fields.len(), quantities.len()));
    }
    let value = |(field, quantity): (&str, &Quantity)| match field {
        "" => Ok(None),
        _ => value(*quantity, field).map(Some),
    };
    fields.into_iter().zip(quantities).map(value).collect()
}

/// A value as people write it, in the unit of its quantity.
pub(crate) fn value(quantity: Quantity, text: &str) -> Result<i64, String> {
    let steps = text.parse().ok().and_then(|number| quantity.from_f64(number));
    let range = quantity.plausible();
    steps.filter(|steps| range.contains(steps)).ok_or_else(|| {
        let (least, most) = (quantity.display(*range.start()), quantity.display(*range.end()));
        format!("{} of {text:?}, {least} to {most} {} are possible", quantity.name(), quantity.unit())
    })
}

/// How far a value may move in a home before it is told.
const fn band(quantity: Quantity) -> u32 {
    match quantity {
        Quantity::Temperature => 100,
        Quantity::Humidity => 5000,
        Quantity::Pressure => 50,
        Quantity::Co2 => 25,
        Quantity::Voltage => 20,
        _ => 1,
    }
}

/// A room: warmer by day, drier when warmer, its air never quite still; its battery is new.
fn room(seed: u64, at_s: f64) -> Vec<Measure> {
    let phase = (seed % 1000) as f64 / 1000.0 * TAU;
    let day = (at_s / DAY_S * TAU + phase).sin();
    let draught = (at_s / 97.0 * TAU + 3.0 * phase).sin() + (at_s / 41.0 * TAU + 7.0 * phase).sin();
    let celsius = 20.5 + 1.5 * day + 0.05 * draught;
    let percent = 48.0 - 4.0 * day - 0.4 * draught;
    let volt = 3.05 - 0.4 * (at_s / DAY_S / 1000.0).min(1.0);
    [(Quantity::Temperature, celsius), (Quantity::Humidity, percent), (Quantity::Voltage, volt)]
        .into_iter()
        .filter_map(|(quantity, number)| Some(Measure::new(quantity, quantity.from_f64(number)?)))
        .collect()
}

/// Values as a probe.
#[derive(Debug)]
pub(crate) struct ValuesProbe(pub(crate) Values);

impl Probe for ValuesProbe {
    type Error = Infallible;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Infallible> {
        let at_s = Instant::now().as_micros() as f64 / 1e6;
        self.0.next(at_s).into_iter().for_each(|measure| into.add(measure));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_line_by_line_and_begins_again() {
        let table = Table::parse("temperature, humidity\n21.5,45.2\n\n-0.005,\n").unwrap();
        let mut values = Values::Table(table);
        let warm = [Measure::new(Quantity::Temperature, 21_500), Measure::new(Quantity::Humidity, 452_000)];
        let cold = [Measure::new(Quantity::Temperature, -5)];
        for _ in 0..3 {
            assert_eq!(values.next(0.0), warm);
            assert_eq!(values.next(0.0), cold);
        }
        assert_eq!(values.channels()[0], Channel { quantity: Quantity::Temperature, band: 100 });
    }

    #[test]
    fn what_is_wrong_in_a_table_is_said_with_its_line() {
        let check = |text: &str, line: usize, problem: &str| {
            let error = Table::parse(text).unwrap_err();
            assert_eq!(error.0, line, "{error:?}");
            assert!(error.1.contains(problem), "{error:?}");
        };
        check("", 1, "empty");
        check("temprature\n1", 1, "no quantity is called \"temprature\"");
        check("door,door\n1,1", 1, "twice");
        check("temperature\n", 2, "no values");
        check("temperature,humidity\n1,2\n1", 3, "1 values for 2 quantities");
        check("temperature\nwarm", 2, "temperature of \"warm\", -100 to 350 °C are possible");
        check("humidity\n\n130", 3, "0 to 119 % are possible");
    }

    #[test]
    fn a_room_is_plausible_and_the_same_for_the_same_seed() {
        for seed in [0, 1, 999, u64::MAX] {
            for hour in 0..48 {
                let at_s = f64::from(hour) * 3600.0;
                let sample = room(seed, at_s);
                assert_eq!(sample, room(seed, at_s));
                assert!(sample.len() == 3 && sample.iter().all(|measure| measure.is_plausible()), "{sample:?}");
                assert!((18_000..=23_000).contains(&sample[0].value), "{sample:?}");
            }
        }
        assert_ne!(room(1, 0.0), room(2, 0.0));
    }
}
