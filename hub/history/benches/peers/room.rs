//! Real sensors in real rooms, where their measurements lie beside the repository; nothing of them is in it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, ensure};

use crate::house::{DAY, Reading, T0};

/// Temperatures and humidities of three places, one reading in some 4 s a node, with real jitter and real gaps.
pub(crate) struct Rooms {
    readings: Vec<Reading>,
    span: i64,
}

impl Rooms {
    /// The measurements, or `None` where they or the `xz` program are missing. The places were measured one after
    /// another; here all begin at once, so that it is one house of twelve sensors.
    pub(crate) fn read() -> Result<Option<Self>> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/room-climate/room-climate.csv.xz");
        if !path.exists() {
            return Ok(None);
        }
        let Ok(mut xz) = Command::new("xz").arg("-dc").arg(&path).stdout(Stdio::piped()).spawn() else {
            return Ok(None);
        };
        let stdout = xz.stdout.take().context("xz has no stdout")?;
        let mut begins: BTreeMap<String, i64> = BTreeMap::new();
        let mut sensors: BTreeMap<String, u32> = BTreeMap::new();
        let mut readings = Vec::new();
        for line in BufReader::new(stdout).lines().skip(1) {
            let line = line?;
            let fields: Vec<&str> = line.split(',').collect();
            let [place, time, node, temperature, humidity, ..] = fields.as_slice() else { continue };
            let time: i64 = time.parse()?;
            let begin = *begins.entry((*place).to_owned()).or_insert(time);
            let next = sensors.len() as u32;
            let sensor = *sensors.entry(format!("{place}{node}")).or_insert(next);
            // As a BTHome sensor sends them, 0.01 °C and 0.01 %, in the resolution of the quantities.
            let hundredths = |text: &str| Ok::<_, anyhow::Error>((text.parse::<f64>()? * 100.0).round() as i64);
            let values = [hundredths(temperature)? * 10, hundredths(humidity)? * 100];
            readings.push(Reading::new(T0 + (time - begin).max(0), sensor, &values));
        }
        ensure!(xz.wait()?.success(), "xz failed to read {}", path.display());
        readings.sort_by_key(|reading| reading.at);
        let last = readings.last().map_or(T0, |reading| reading.at);
        Ok(Some(Self { span: (last - T0) / DAY * DAY + 2 * DAY, readings }))
    }

    /// The readings `passes` times, one pass after another.
    pub(crate) fn repeated(&self, passes: i64) -> impl Iterator<Item = Reading> + '_ {
        (0..passes).flat_map(move |pass| self.readings.iter().map(move |reading| reading.later(pass * self.span)))
    }
}
