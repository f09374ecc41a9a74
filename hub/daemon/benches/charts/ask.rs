//! What a chart asks, and the figures by which two answers are compared.

use anyhow::{Context, Result};
use serde_json::Value;

/// A question about the temperatures of one sensor.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// Every reading of a day.
    Day,
    /// Least, mean and greatest of every six hours of a year.
    Year,
}

/// Finds the columns of the least and the greatest values in an answer.
pub(crate) type Columns = fn(&Value) -> Option<[&Vec<Value>; 2]>;

/// The text of an answer, and where in it the least and the greatest values stand.
#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) json: Vec<u8>,
    pub(crate) columns: Columns,
}

/// How many points, the least and the greatest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Answer {
    pub(crate) points: usize,
    min: f64,
    max: f64,
}

impl Text {
    pub(crate) fn read(&self) -> Result<Answer> {
        let json: Value = serde_json::from_slice(&self.json)?;
        let [least, greatest] =
            (self.columns)(&json).with_context(|| format!("no columns in {}", String::from_utf8_lossy(&self.json)))?;
        let all = |column: &[Value]| column.iter().filter_map(number).collect::<Vec<f64>>();
        let (least, greatest) = (all(least), all(greatest));
        let min = least.iter().copied().fold(f64::INFINITY, f64::min);
        let max = greatest.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok(Answer { points: least.len(), min, max })
    }
}

/// A number; of a pair of time and number, the number; it may be a text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Array(pair) => number(pair.get(1)?),
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    }
}

impl Answer {
    /// Are they the same? Slots of six hours may be one more or less: one counts from the start of a slot, the other from
    /// its end.
    pub(crate) fn agree(a: Self, b: Self) -> bool {
        a.points.abs_diff(b.points) <= 1 && (a.min - b.min).abs() < 1e-6 && (a.max - b.max).abs() < 1e-6
    }
}
