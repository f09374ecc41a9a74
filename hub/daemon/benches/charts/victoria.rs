//! VictoriaMetrics, a store of time series in one program, as Debian has it and as it comes.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    ops::Range,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    ask::{Columns, Question, Text},
    house::{METRICS, Reading},
    served::{Served, free_address, megabytes},
    stopwatch::wait_until,
};

#[derive(Debug)]
pub(crate) struct Victoria {
    served: Served,
    data: PathBuf,
}

impl Victoria {
    /// Starts it on an empty folder, if it is installed.
    pub(crate) fn start(folder: &Path) -> Result<Option<Self>> {
        let is_there = Command::new("victoria-metrics").arg("-version").output().is_ok();
        if !is_there {
            eprintln!("  victoria-metrics is not installed, and left out");
            return Ok(None);
        }
        let (data, address) = (folder.join("victoria"), free_address()?);
        let mut command = Command::new("victoria-metrics");
        command.arg(format!("-storageDataPath={}", data.display()));
        command.arg(format!("-httpListenAddr={address}")).arg("-retentionPeriod=10y");
        Ok(Some(Self { served: Served::start(&mut command, &address, "/health")?, data }))
    }

    /// Imports readings: a line for each series.
    pub(crate) fn take(&self, readings: &[Reading], sensors: u32) -> Result<()> {
        let mut of_sensors: BTreeMap<u32, Vec<&Reading>> = (0..sensors).map(|sensor| (sensor, Vec::new())).collect();
        for reading in readings {
            of_sensors.entry(reading.sensor).or_default().push(reading);
        }
        let mut lines = String::new();
        for (sensor, readings) in of_sensors {
            for (metric, quantity) in METRICS.iter().enumerate() {
                write!(lines, r#"{{"metric":{{"__name__":"{}","sensor":"{sensor}"}},"values":["#, quantity.name())?;
                let value = |reading: &&Reading| reading.values().get(metric).map(|value| quantity.display(*value));
                join(&mut lines, readings.iter().filter_map(value))?;
                lines.push_str(r#"],"timestamps":["#);
                join(&mut lines, readings.iter().map(|reading| reading.at))?;
                lines.push_str("]}\n");
            }
        }
        self.served.post("/api/v1/import", lines.as_bytes())?;
        Ok(())
    }

    /// Has it write everything down, merge it, and waits until it has.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.served.get("/internal/force_flush")?;
        self.served.get("/internal/force_merge")?;
        wait_until("VictoriaMetrics has merged", || {
            let metrics = String::from_utf8(self.served.get("/metrics")?)?;
            Ok(!metrics.lines().any(|line| line.starts_with("vm_active_merges") && !line.ends_with(" 0")))
        })
    }

    pub(crate) fn ask(&self, question: Question, sensor: u32, window: &Range<i64>) -> Result<Text> {
        let seconds = |ms: i64| ms as f64 / 1e3;
        let series = format!("temperature%7Bsensor=%22{sensor}%22%7D");
        let (start, end) = (seconds(window.start), seconds(window.end));
        // The end of an export is inclusive; the slot of a step ends there, so that the first begins at `start`.
        let (path, columns): (String, Columns) = match question {
            Question::Day => {
                (format!("/api/v1/export?match[]={series}&start={start}&end={}", end - 0.001), readings_of)
            }
            Question::Year => (
                format!("/api/v1/query_range?query=rollup({series}[6h])&start={}&end={end}&step=6h", start + 21_600.0),
                slots_of,
            ),
        };
        Ok(Text { json: self.served.get(&path).context(path)?, columns })
    }

    pub(crate) fn memory_mb(&self) -> Result<f64> {
        self.served.memory_mb()
    }

    pub(crate) fn stored_mb(&self) -> Result<f64> {
        megabytes(&self.data)
    }
}

fn join(text: &mut String, items: impl Iterator<Item = impl std::fmt::Display>) -> Result<()> {
    for (n, item) in items.enumerate() {
        let comma = if n == 0 { "" } else { "," };
        write!(text, "{comma}{item}")?;
    }
    Ok(())
}

fn readings_of(json: &Value) -> Option<[&Vec<Value>; 2]> {
    let values = json.get("values")?.as_array()?;
    Some([values, values])
}

fn slots_of(json: &Value) -> Option<[&Vec<Value>; 2]> {
    let series = json.pointer("/data/result")?.as_array()?;
    let values = |which: &str| {
        let of = series.iter().find(|one| one.pointer("/metric/rollup").and_then(Value::as_str) == Some(which))?;
        of.get("values")?.as_array()
    };
    Some([values("min")?, values("max")?])
}
