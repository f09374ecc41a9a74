//! `hubd store stats`: what a store holds, device by device and series by series.

use std::{collections::BTreeMap, fmt::Write, process::ExitCode};

use hub_assembly::Config;
use hub_history::{Contents, DeviceContents, SeriesContents};
use hub_model::{DeviceId, UnixMillis};
use serde_json::{Value, json};

use super::task::StatsArguments;
use crate::{exit::Failure, history::time, show};

/// Prints it.
pub(super) fn print(arguments: &StatsArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    let hub = super::open_existing(config)?;
    let contents = hub.history().contents().map_err(Failure::Store)?;
    let household = hub.bus().household();
    let names: BTreeMap<DeviceId, String> =
        household.devices.iter().map(|(id, device)| (*id, device.name.to_string())).collect();
    let told = if arguments.json { as_json(&contents, &names).to_string() } else { as_text(&contents, &names) };
    show(told.trim_end())
}

fn as_json(contents: &Contents, names: &BTreeMap<DeviceId, String>) -> Value {
    let device = |device: &DeviceContents| {
        json!({
            "device": device.device.to_string(),
            "name": names.get(&device.device),
            "blocks": device.blocks,
            "bytes": device.bytes,
            "rollup_bytes": device.rollup_bytes,
            "waiting_for_clock": device.waiting,
            "in_journal": device.unsealed,
            "series": device.series.iter().map(series_as_json).collect::<Vec<_>>(),
        })
    };
    json!({
        "devices": contents.devices.iter().map(device).collect::<Vec<_>>(),
        "readings": readings(contents),
        "journal_bytes": contents.journal_bytes,
        "database_bytes": contents.database_bytes,
        "free_bytes": contents.free_bytes,
        "set_aside": { "records": contents.set_aside.records, "bytes": contents.set_aside.bytes },
    })
}

fn series_as_json(series: &SeriesContents) -> Value {
    json!({
        "quantity": series.series.quantity.name(),
        "instance": series.series.instance,
        "readings": series.readings,
        "first": series.first.map(time),
        "last": series.last.map(time),
        "blocks": series.blocks,
        "bytes": series.bytes,
        "hours": series.hours,
        "rollup_bytes": series.rollup_bytes,
    })
}

fn readings(contents: &Contents) -> u64 {
    contents.devices.iter().flat_map(|device| &device.series).map(|series| series.readings).sum()
}

fn as_text(contents: &Contents, names: &BTreeMap<DeviceId, String>) -> String {
    let mut out = String::new();
    for device in &contents.devices {
        let name = names.get(&device.device).map_or("not adopted", String::as_str);
        let (blocks, room) = (device.blocks, kilobytes(device.bytes + device.rollup_bytes));
        line(&mut out, format_args!("{} ({name}): {blocks} blocks, {room}", device.device));
        for series in &device.series {
            let key = format!("{} {}", series.series.quantity.name(), series.series.instance);
            let (readings, room) = (series.readings, kilobytes(series.bytes + series.rollup_bytes));
            let span = match (series.first, series.last) {
                (Some(first), Some(last)) => format!("{} to {}", day(first), day(last)),
                _ => format!("{} hours of figures only", series.hours),
            };
            line(&mut out, format_args!("  {key:<24} {readings:>12} readings  {room:>12}  {span}"));
        }
        for (count, what) in [(device.waiting, "wait for their clock"), (device.unsealed, "are in the journal alone")] {
            if count > 0 {
                line(&mut out, format_args!("  {count} readings {what}"));
            }
        }
    }
    let (database, free) = (kilobytes(contents.database_bytes), kilobytes(contents.free_bytes));
    line(&mut out, format_args!("{} readings of {} devices", readings(contents), contents.devices.len()));
    line(&mut out, format_args!("database {database} ({free} free), journal {}", kilobytes(contents.journal_bytes)));
    if contents.set_aside.records > 0 {
        let (records, room) = (contents.set_aside.records, kilobytes(contents.set_aside.bytes));
        line(&mut out, format_args!("{records} damaged records set aside by a check, {room}"));
    }
    out
}

/// Writing to a text cannot fail.
fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = writeln!(out, "{text}");
}

fn kilobytes(bytes: u64) -> String {
    format!("{}.{} kB", bytes / 1000, bytes % 1000 / 100)
}

fn day(at: UnixMillis) -> String {
    time(at).chars().take(10).collect()
}
