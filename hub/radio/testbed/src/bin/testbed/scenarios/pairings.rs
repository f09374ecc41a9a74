//! Pairing again and again, as the hub does it and as it is seen from outside.

use std::collections::HashSet;

use anyhow::{Context as _, Result, ensure};
use hub_testbed::Ask;
use serde_json::{Value, json};

use super::hub::{command, next_event, start};
use crate::{bench::Bench, clock::Stopwatch, sensor::Sensor};

/// How many sensors are paired: the slowest but one of them is the 95th percentile (nearest rank).
const SENSORS: usize = 20;
/// How long a pairing may take from the request to the first reading, at the 95th percentile, s.
const P95_S: f64 = 5.0;

const PAIR: &str = "mutation($sensors: [SensorToPair!]!) {
  pairSensors(input: { sensors: $sensors }) { errors { message } }
}";

pub(super) async fn a_sensor_is_paired_in_less_than_five_seconds(bench: &mut Bench) -> Result<()> {
    start(bench).await?;
    let mut took = Vec::with_capacity(SENSORS);
    let mut sensors = Vec::with_capacity(SENSORS);
    for _ in 0..SENSORS {
        let sensor = bench.sensor().await?;
        took.extend(pair(bench, std::slice::from_ref(&sensor)).await?);
        // It goes on advertising while the next is paired.
        sensors.push(sensor);
    }
    let (p50, p95, worst) = ranks(&mut took)?;
    bench.figure(format!(
        "{SENSORS} sensors one after the other, from the request to the first reading, told outside: p50 {p50:.2} s, \
         p95 {p95:.2} s, worst {worst:.2} s"
    ));
    ensure!(p95 <= P95_S, "the 95th percentile is {p95:.2} s");
    bench.guest.order(Ask::StopHub { kill: false }).await
}

pub(super) async fn twenty_sensors_are_paired_in_one_batch(bench: &mut Bench) -> Result<()> {
    start(bench).await?;
    let mut sensors = Vec::with_capacity(SENSORS);
    for _ in 0..SENSORS {
        sensors.push(bench.sensor().await?);
    }
    let mut took = pair(bench, &sensors).await?;
    let (p50, _, last) = ranks(&mut took)?;
    bench.figure(format!("{SENSORS} sensors in one batch: the tenth after {p50:.2} s, the last after {last:.2} s"));
    for sensor in &mut sensors {
        sensor.says("active, key 1").await?;
    }
    // Sensors are met one at a time, so the last one waits for all the others.
    ensure!(last <= P95_S * SENSORS as f64, "the last was paired after {last:.2} s");
    bench.guest.order(Ask::StopHub { kill: false }).await
}

/// Pairs sensors in one request; says after how many seconds each was told to be paired, the first to be so first.
async fn pair(bench: &mut Bench, sensors: &[Sensor]) -> Result<Vec<f64>> {
    let wanted: Vec<Value> = sensors.iter().map(|sensor| json!({ "setupCode": sensor.text })).collect();
    let watch = Stopwatch::start();
    command(bench, PAIR, json!({ "sensors": wanted }), "pairSensors").await?;
    let (mut devices, mut took) = (HashSet::new(), Vec::with_capacity(sensors.len()));
    while took.len() < sensors.len() {
        let event = next_event(bench).await?;
        let step = event.get("step").and_then(Value::as_str);
        ensure!(step != Some("FAILED"), "{event}, after {took:?} s");
        if step == Some("PAIRED") {
            let device = event.pointer("/device/id").and_then(Value::as_str).context("who was paired?")?;
            ensure!(devices.insert(device.to_owned()), "{device} was paired twice");
            took.push(watch.seconds());
        }
    }
    Ok(took)
}

/// The median, the 95th percentile, and the most.
fn ranks(took: &mut [f64]) -> Result<(f64, f64, f64)> {
    took.sort_by(f64::total_cmp);
    let at = |share: f64| took.get((share * took.len() as f64).ceil() as usize - 1).copied();
    let ranks = at(0.5).zip(at(0.95)).zip(took.last().copied());
    ranks.map(|((p50, p95), worst)| (p50, p95, worst)).context("nothing was paired")
}
