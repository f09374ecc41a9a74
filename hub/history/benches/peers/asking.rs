//! What a chart asks of a store, asked of each in its own language.

use std::ops::{ControlFlow, Range};

use anyhow::{Result, ensure};
use hub_model::{HistoryQuery, HistoryReader, Quantity, Resolution, SeriesKey, UnixMillis};
use rusqlite::params;

use crate::{
    house::{DAY, HOUR},
    ours::Ours,
    recorder::{Recorder, in_steps},
    tuned::Tuned,
};

const TEN_MINUTES: i64 = 600_000;

/// A question. All of them are about temperatures, the only metric of the year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Question {
    /// Every reading of one series in one of the last days.
    Day,
    /// The same half a year before, where blocks were packed again.
    OldDay,
    /// The hours of one series in a year, from what was rolled up before.
    Year,
    /// The same from every reading.
    YearFromReadings,
    /// Ten minutes a point over a week, of every series.
    Week,
}

/// The figures of an answer by which two answers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) points: usize,
    pub(crate) readings: i64,
    pub(crate) min: i64,
    pub(crate) max: i64,
}

impl Answer {
    const NONE: Self = Self { points: 0, readings: 0, min: i64::MAX, max: i64::MIN };

    fn add(&mut self, readings: i64, min: i64, max: i64) {
        self.points += 1;
        self.readings += readings;
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
    }
}

/// What is in the stores.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    pub(crate) sensors: u32,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

impl Extent {
    /// The series and the window of the n-th asking: the next series each time, on another of the last three days.
    fn subject(self, length: i64, n: u32) -> (u32, Range<i64>) {
        let end = self.to - i64::from(n % 3) * DAY;
        (n * 7 % self.sensors, (end - length).max(self.from)..end)
    }

    /// The next series each time, on another day of the first half.
    fn old_day(self, n: u32) -> (u32, Range<i64>) {
        let days = ((self.to - self.from) / DAY / 2).max(1);
        let from = self.from + i64::from(n) * 11 % days * DAY;
        (n * 7 % self.sensors, from..from + DAY)
    }
}

impl Question {
    fn subject(self, extent: Extent, n: u32) -> (u32, Range<i64>) {
        match self {
            Self::Day => extent.subject(DAY, n),
            Self::OldDay => extent.old_day(n),
            Self::Year | Self::YearFromReadings => extent.subject(365 * DAY, n),
            Self::Week => extent.subject(7 * DAY, n),
        }
    }

    pub(crate) fn ask_ours(self, ours: &Ours, extent: Extent, n: u32) -> Result<Answer> {
        let (sensor, window) = self.subject(extent, n);
        let mut answer = Answer::NONE;
        match self {
            Self::Day | Self::OldDay => columns(ours, sensor, &window, Resolution::Raw, 10_000, &mut answer)?,
            Self::Year => columns(ours, sensor, &window, Resolution::H1, 10_000, &mut answer)?,
            Self::YearFromReadings => {
                let mut hour = (i64::MIN, Answer::NONE);
                let mut visit = |point: hub_model::RawPoint| {
                    let start = point.at.0.div_euclid(HOUR);
                    if start != hour.0 {
                        answer.add(hour.1.readings, hour.1.min, hour.1.max);
                        hour = (start, Answer::NONE);
                    }
                    hour.1.add(1, point.value, point.value);
                    ControlFlow::Continue(())
                };
                ours.history.scan(temperature(sensor), UnixMillis(window.start)..UnixMillis(window.end), &mut visit)?;
                answer.add(hour.1.readings, hour.1.min, hour.1.max);
                // The first of them was none.
                answer.points -= 1;
            }
            Self::Week => {
                let points = ((window.end - window.start) / TEN_MINUTES) as usize;
                for sensor in 0..extent.sensors {
                    let width = columns_of_width(ours, sensor, &window, Resolution::Auto, points, &mut answer)?;
                    ensure!(width == TEN_MINUTES, "a week came at {width} ms a point");
                }
            }
        }
        Ok(answer)
    }

    pub(crate) fn ask_tuned(self, tuned: &Tuned, extent: Extent, n: u32) -> Result<Answer> {
        let (sensor, window) = self.subject(extent, n);
        let mut answer = Answer::NONE;
        let seconds = |series: u32, width: i64| params_of(series, &window, width);
        match self {
            Self::Day | Self::OldDay => {
                let mut select = tuned.connection.prepare_cached(
                    "SELECT at, value FROM readings WHERE series = ? AND at >= ? AND at < ? ORDER BY at",
                )?;
                let [series, from, to, _] = seconds(sensor, 1);
                let rows = select.query_map([series, from, to], |row| Ok((row.get(0)?, row.get(1)?)))?;
                let rows: Vec<(i64, i64)> = rows.collect::<Result<_, _>>()?;
                rows.iter().for_each(|(_, value)| answer.add(1, *value, *value));
            }
            Self::Year => {
                let mut select = tuned.connection.prepare_cached(
                    "SELECT hour, min, max, sum, count FROM hourly WHERE series = ? AND hour >= ? AND hour < ? ORDER BY hour",
                )?;
                let parameters = params![Tuned::series(sensor, 0), window.start / HOUR, window.end / HOUR];
                let rows = select.query_map(parameters, |row| {
                    Ok((
                        row.get(0)?,
                        row.get(1)?,
                        row.get(2)?,
                        row.get::<_, i64>(3)? as f64 / row.get::<_, f64>(4)?,
                        row.get(4)?,
                    ))
                })?;
                let rows: Vec<(i64, i64, i64, f64, i64)> = rows.collect::<Result<_, _>>()?;
                rows.iter().for_each(|(_, min, max, _, count)| answer.add(*count, *min, *max));
            }
            Self::YearFromReadings => tuned.grouped(seconds(sensor, HOUR), &mut answer)?,
            Self::Week => {
                for sensor in 0..extent.sensors {
                    tuned.grouped(seconds(sensor, TEN_MINUTES), &mut answer)?;
                }
            }
        }
        Ok(answer)
    }

    /// The same of rows that the program itself adds up, where that is something else.
    pub(crate) fn ask_tuned_for_rows(self, tuned: &Tuned, extent: Extent, n: u32) -> Result<Option<Answer>> {
        let (sensor, window) = self.subject(extent, n);
        let mut answer = Answer::NONE;
        match self {
            Self::Day | Self::OldDay | Self::Year => return Ok(None),
            Self::YearFromReadings => tuned.folded(params_of(sensor, &window, HOUR), &mut answer)?,
            Self::Week => {
                for sensor in 0..extent.sensors {
                    tuned.folded(params_of(sensor, &window, TEN_MINUTES), &mut answer)?;
                }
            }
        }
        Ok(Some(answer))
    }

    /// What the recorder can say to it: its raw states are of the last ten days.
    pub(crate) fn ask_recorder(self, recorder: &Recorder, extent: Extent, n: u32) -> Result<Option<Answer>> {
        let (sensor, window) = self.subject(extent, n);
        let mut answer = Answer::NONE;
        let (from, to) = (window.start as f64 / 1000.0, window.end as f64 / 1000.0);
        let id = |sensor| Recorder::metadata_id(sensor, 0);
        match self {
            Self::Day => {
                let mut select = recorder.connection.prepare_cached(
                    "SELECT state, last_updated_ts, shared_attrs FROM states
                     LEFT JOIN state_attributes ON states.attributes_id = state_attributes.attributes_id
                     WHERE metadata_id = ? AND last_updated_ts >= ? AND last_updated_ts < ? ORDER BY last_updated_ts",
                )?;
                let rows = select
                    .query_map(params![id(sensor), from, to], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
                let rows: Vec<(String, f64, String)> = rows.collect::<Result<_, _>>()?;
                for (state, ..) in &rows {
                    let value = in_steps(state.parse()?, 0);
                    answer.add(1, value, value);
                }
            }
            Self::Year => recorder.statistics("statistics", id(sensor), (from, to), 1, &mut answer)?,
            Self::OldDay | Self::YearFromReadings => return Ok(None),
            Self::Week => {
                for sensor in 0..extent.sensors {
                    recorder.statistics("statistics_short_term", id(sensor), (from, to), 600, &mut answer)?;
                }
            }
        }
        Ok(Some(answer))
    }
}

fn temperature(sensor: u32) -> SeriesKey {
    SeriesKey::new(Ours::device(sensor), Quantity::Temperature, 0)
}

fn columns(
    ours: &Ours,
    sensor: u32,
    window: &Range<i64>,
    resolution: Resolution,
    max_points: usize,
    answer: &mut Answer,
) -> Result<()> {
    columns_of_width(ours, sensor, window, resolution, max_points, answer).map(|_| ())
}

/// Asks, and tells the width of a point.
fn columns_of_width(
    ours: &Ours,
    sensor: u32,
    window: &Range<i64>,
    resolution: Resolution,
    max_points: usize,
    answer: &mut Answer,
) -> Result<i64> {
    let (from, to) = (UnixMillis(window.start), UnixMillis(window.end));
    let data = ours.history.query(&HistoryQuery { series: temperature(sensor), from, to, resolution, max_points })?;
    for ((min, max), count) in data.min.iter().zip(&data.max).zip(&data.count) {
        answer.add(count.cast_signed(), *min, *max);
    }
    Ok(data.width_ms)
}

/// Series, from, to and width as the tuned tables have them: in seconds.
fn params_of(sensor: u32, window: &Range<i64>, width: i64) -> [i64; 4] {
    [Tuned::series(sensor, 0), window.start / 1000, window.end / 1000, width / 1000]
}

impl Tuned {
    fn grouped(&self, parameters: [i64; 4], answer: &mut Answer) -> Result<()> {
        let mut select = self.connection.prepare_cached(
            "SELECT at / ?4, min(value), max(value), avg(value), count(*) FROM readings
             WHERE series = ?1 AND at >= ?2 AND at < ?3 GROUP BY 1 ORDER BY 1",
        )?;
        let rows = select
            .query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)))?;
        let rows: Vec<(i64, i64, i64, f64, i64)> = rows.collect::<Result<_, _>>()?;
        rows.iter().for_each(|(_, min, max, _, count)| answer.add(*count, *min, *max));
        Ok(())
    }

    fn folded(&self, [series, from, to, width]: [i64; 4], answer: &mut Answer) -> Result<()> {
        let mut select = self
            .connection
            .prepare_cached("SELECT at, value FROM readings WHERE series = ?1 AND at >= ?2 AND at < ?3 ORDER BY at")?;
        let mut rows = select.query([series, from, to])?;
        let mut points: Vec<(i64, Answer)> = Vec::new();
        while let Some(row) = rows.next()? {
            let (at, value): (i64, i64) = (row.get(0)?, row.get(1)?);
            match points.last_mut() {
                Some((start, point)) if *start == at / width => point.add(1, value, value),
                _ => {
                    let mut point = Answer::NONE;
                    point.add(1, value, value);
                    points.push((at / width, point));
                }
            }
        }
        points.iter().for_each(|(_, point)| answer.add(point.readings, point.min, point.max));
        Ok(())
    }
}

impl Recorder {
    fn statistics(
        &self,
        table: &str,
        id: i64,
        (from, to): (f64, f64),
        width_s: i64,
        answer: &mut Answer,
    ) -> Result<()> {
        let mut select = self.connection.prepare_cached(&format!(
            "SELECT start_ts, mean, min, max FROM {table} WHERE metadata_id = ? AND start_ts >= ? AND start_ts < ? ORDER BY start_ts"
        ))?;
        let rows =
            select.query_map(params![id, from, to], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        let rows: Vec<(f64, f64, f64, f64)> = rows.collect::<Result<_, _>>()?;
        for slots in rows.chunk_by(|a, b| a.0 as i64 / width_s == b.0 as i64 / width_s) {
            let min = slots.iter().map(|slot| slot.2).fold(f64::INFINITY, f64::min);
            let max = slots.iter().map(|slot| slot.3).fold(f64::NEG_INFINITY, f64::max);
            answer.add(slots.len() as i64, in_steps(min, 0), in_steps(max, 0));
        }
        Ok(())
    }
}
