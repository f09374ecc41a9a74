//! `hubd history`: a stored series as CSV or JSON.

mod sums;

use std::{
    io::{BufWriter, Write},
    ops::ControlFlow,
    process::ExitCode,
    sync::Arc,
};

use hub_assembly::{Config, ReplayClock};
use hub_model::{HistoryQuery, HistoryReader, Quantity, Resolution, SeriesData, SeriesKey, UnixMillis};
use jiff::Timestamp;

use crate::{
    command_line::{Fineness, Format, HistoryArguments},
    exit::Failure,
    store,
};

/// Prints the series.
pub(crate) fn print(arguments: &HistoryArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    let home = config.zone.clone();
    let hub = store::open_replay(config, &Arc::new(ReplayClock::default()))?;
    let history = hub.history();
    let key = SeriesKey::new(arguments.device, arguments.quantity, arguments.instance);
    check(&*history, key)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let resolution = match arguments.resolution {
        Fineness::Raw => None,
        Fineness::M5 => Some(Resolution::M5),
        Fineness::H1 => Some(Resolution::H1),
        Fineness::D1 => Some(Resolution::D1),
    };
    let (from, to) = (arguments.from, arguments.to);
    let written = match resolution {
        _ if let Some(each) = arguments.each => sums::print(&*history, key, each, &home, arguments, &mut out)?,
        None => readings(&*history, key, from, to, arguments.format, &mut out)?,
        Some(resolution) => {
            let query = HistoryQuery { series: key, from, to, resolution, max_points: usize::MAX };
            points(&history.query(&query)?, arguments.format, &mut out)
        }
    };
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(ExitCode::SUCCESS),
    }
}

/// Refuses a series that nobody ever measured, and says which there are.
fn check(history: &dyn HistoryReader, key: SeriesKey) -> Result<(), Failure> {
    let series = history.series()?;
    if series.contains(&key) {
        return Ok(());
    }
    let of_device: Vec<_> = series
        .iter()
        .filter(|other| other.device == key.device)
        .map(|other| format!("{} {}", other.quantity.name(), other.instance))
        .collect();
    Err(Failure::NoSuchSeries {
        device: key.device.to_string(),
        quantity: key.quantity.name(),
        instance: key.instance,
        present: if of_device.is_empty() { "none at all".to_owned() } else { of_device.join(", ") },
    })
}

/// Every single reading, in a stream.
fn readings(
    history: &dyn HistoryReader,
    key: SeriesKey,
    from: UnixMillis,
    to: UnixMillis,
    format: Format,
    out: &mut impl Write,
) -> Result<std::io::Result<()>, Failure> {
    let mut written = match format {
        Format::Csv => writeln!(out, "t,value"),
        Format::Json => write!(out, "{{{},\"points\":[", head(key, Resolution::Raw)),
    };
    let mut is_first = true;
    history.scan(key, from..to, &mut |point| {
        if written.is_err() {
            return ControlFlow::Break(());
        }
        let (t, value) = (time(point.at), key.quantity.display(point.value));
        written = match format {
            Format::Csv => writeln!(out, "{t},{value}"),
            Format::Json => {
                let comma = if is_first { "" } else { "," };
                write!(out, "{comma}{{\"t\":\"{t}\",\"value\":{value}}}")
            }
        };
        is_first = false;
        ControlFlow::Continue(())
    })?;
    if let Format::Json = format {
        written = written.and_then(|()| writeln!(out, "]}}"));
    }
    Ok(written)
}

/// The points of a coarser resolution.
fn points(data: &SeriesData, format: Format, out: &mut impl Write) -> std::io::Result<()> {
    let quantity = data.series.quantity;
    let rows = data.t.iter().zip(&data.min).zip(&data.mean).zip(&data.max).zip(&data.count);
    match format {
        Format::Csv => writeln!(out, "t,min,mean,max,count")?,
        Format::Json => write!(out, "{{{},\"points\":[", head(data.series, data.resolution))?,
    }
    for (number, ((((t, min), mean), max), count)) in rows.enumerate() {
        let (t, min, mean, max) =
            (time(*t), quantity.display(*min), mean_in_unit(quantity, *mean), quantity.display(*max));
        match format {
            Format::Csv => writeln!(out, "{t},{min},{mean},{max},{count}")?,
            Format::Json => {
                let comma = if number == 0 { "" } else { "," };
                write!(out, "{comma}{{\"t\":\"{t}\",\"min\":{min},\"mean\":{mean},\"max\":{max},\"count\":{count}}}")?;
            }
        }
    }
    match format {
        Format::Csv => Ok(()),
        Format::Json => writeln!(out, "]}}"),
    }
}

/// The fields before the points.
fn head(key: SeriesKey, resolution: Resolution) -> String {
    format!(
        "\"device\":\"{}\",\"quantity\":\"{}\",\"instance\":{},\"unit\":{},\"resolution\":\"{resolution}\"",
        key.device,
        key.quantity.name(),
        key.instance,
        serde_json::Value::from(key.quantity.unit()),
    )
}

/// A mean is finer than the quantity's resolution: three more decimal places are told.
fn mean_in_unit(quantity: Quantity, steps: f64) -> String {
    let places = usize::from(quantity.exponent().unsigned_abs()) + 3;
    format!("{:.places$}", steps * 10_f64.powi(i32::from(quantity.exponent())))
}

/// A time to the millisecond, in UTC.
pub(crate) fn time(at: UnixMillis) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |time| format!("{time:.3}"))
}
