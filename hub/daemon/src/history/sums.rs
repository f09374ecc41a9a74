//! `hubd history --each day`: what became of a series in each day of somebody's clock, as CSV or JSON.

use std::io::Write;

use hub_assembly::ClockTrust;
use hub_model::{
    BootId, Clock, Depth, Quantity, SeriesKey, SeriesStatistics, Statistics, StatisticsQuery, StatisticsReader,
    UnixMillis, Zone,
};
use jiff::Timestamp;

use super::mean_in_unit;
use crate::{
    clock::MachineClock,
    command_line::{Each, Format, HistoryArguments},
    exit::Failure,
};

/// The columns, in the quantity's unit unless their name says otherwise. What is not known is empty, or null in JSON.
const COLUMNS: [&str; 13] = [
    "from",
    "to",
    "count",
    "min",
    "mean",
    "max",
    "time_weighted_mean",
    "integral_h",
    "increase",
    "on_s",
    "changes",
    "coverage",
    "exact",
];

/// A hundred years of hours: what is more is a slip of the pen.
const MAX_PARTS: usize = 876_600;

/// The answer, printed but for the end of the file.
pub(super) fn print(
    history: &dyn StatisticsReader,
    key: SeriesKey,
    each: Each,
    home: &Zone,
    arguments: &HistoryArguments,
    out: &mut impl Write,
) -> Result<std::io::Result<()>, Failure> {
    let zone = arguments.time_zone.as_ref().unwrap_or(home);
    let query = StatisticsQuery {
        series: key,
        from: arguments.from,
        to: arguments.to,
        bucket: each.into(),
        zone: zone.clone(),
        max_buckets: MAX_PARTS,
        percentiles: Vec::new(),
        above: None,
        below: None,
        depth: Depth::Readings,
        now: MachineClock::new(BootId::WALL, None, ClockTrust::Always).now().wall.at,
    };
    let answer = history.statistics(&query)?;
    Ok(write(&answer, zone, arguments.format, out))
}

fn write(answer: &SeriesStatistics, zone: &Zone, format: Format, out: &mut impl Write) -> std::io::Result<()> {
    let quantity = answer.series.quantity;
    match format {
        Format::Csv => writeln!(out, "{}", COLUMNS.join(","))?,
        Format::Json => {
            let (name, unit) = (quantity.name(), serde_json::Value::from(quantity.unit()));
            let (device, instance) = (answer.series.device, answer.series.instance);
            write!(out, "{{\"device\":\"{device}\",\"quantity\":\"{name}\",\"instance\":{instance},\"unit\":{unit},")?;
            write!(out, "\"time_zone\":\"{zone}\",\"parts\":[")?;
        }
    }
    for (number, part) in answer.buckets.iter().enumerate() {
        let cells = cells(quantity, part, zone);
        match format {
            Format::Csv => writeln!(out, "{}", cells.map(Option::unwrap_or_default).join(","))?,
            Format::Json => {
                let member = |(column, cell): (&str, Option<String>)| {
                    let is_text = matches!(column, "from" | "to");
                    match cell {
                        Some(text) if is_text => format!("\"{column}\":\"{text}\""),
                        cell => format!("\"{column}\":{}", cell.unwrap_or_else(|| "null".to_owned())),
                    }
                };
                let members: Vec<_> = COLUMNS.into_iter().zip(cells).map(member).collect();
                write!(out, "{}{{{}}}", if number == 0 { "" } else { "," }, members.join(","))?;
            }
        }
    }
    match format {
        Format::Csv => Ok(()),
        Format::Json => writeln!(out, "]}}"),
    }
}

/// What stands in each column.
fn cells(quantity: Quantity, part: &Statistics, zone: &Zone) -> [Option<String>; 13] {
    let exactly = |value: Option<i64>| value.map(|value| quantity.display(value).to_string());
    let mean = |steps: Option<f64>| steps.map(|steps| mean_in_unit(quantity, steps));
    let course = part.course;
    let width = part.to - part.from;
    [
        Some(time(part.from, zone)),
        Some(time(part.to, zone)),
        Some(part.count.to_string()),
        exactly(part.min.and_then(|min| min.value)),
        mean(part.mean),
        exactly(part.max.and_then(|max| max.value)),
        mean(course.and_then(|course| course.mean)),
        mean(course.and_then(|course| course.integral).map(|integral| integral / 3_600_000.0)),
        exactly(part.increase.map(|increase| increase.by)),
        course.and_then(|course| course.on_ms).map(|ms| format!("{}.{:03}", ms / 1000, ms % 1000)),
        part.changes.map(|changes| changes.to_string()),
        course.map(|course| format!("{:.4}", course.covered_ms as f64 / width as f64)),
        Some(part.is_exact.to_string()),
    ]
}

/// As the clock on the wall shows it, with its offset from UTC.
fn time(at: UnixMillis, zone: &Zone) -> String {
    let moment = Timestamp::from_millisecond(at.0);
    moment.map_or_else(
        |_| at.0.to_string(),
        |moment| moment.display_with_offset(zone.rules().to_offset(moment)).to_string(),
    )
}
