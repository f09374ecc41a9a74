//! The whole of it: hubd, our own firmware, and who looks on from outside.

use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use hub_testbed::Ask;
use serde_json::{Value, json};
use wire::firmware::Version;

use crate::{
    bench::Bench,
    clock::Stopwatch,
    sensor::{Make, Sensor},
    update::{Update, public_key},
};

/// How long a pairing may take in an emulated machine, where the hub's own goal is five seconds.
const PAIRED_S: f64 = 10.0;
/// How long anything may take that the sensor and the hub do by themselves.
const WITHIN: Duration = Duration::from_secs(60);
/// How many adverts of other readings the sensor sends while nobody hears it, one for every ten samples of a second: enough
/// for some samples to be old enough to be fetched, which is half a minute.
const UNHEARD: u64 = 5;
/// How many at least.
const LEAST_MISSED: usize = 5;
/// The program that the sensor gets.
const NEXT: Version = Version([9, 1, 2, 3]);
const NEXT_BYTES: u32 = 20_000;

const EVENTS: &str = "subscription($after: Cursor!) {
  events(after: $after, filter: { kinds: [PAIRING_PROGRESSED, READINGS_TAKEN, DEVICE_REMOVED] }) {
    __typename
    ... on EventBatch { events {
      kind
      ... on PairingEvent { step failure advice device { id } }
      ... on ReadingsEvent { isFetched counter readings { quantity value } }
    } }
  }
}";
const PAIR: &str = "mutation($code: String!) {
  pairSensor(input: { setupCode: $code, name: \"Bench\" }) { errors { message } }
}";
const TOOK: &str = "{ pairings { step tookMs } }";
/// The least that a sensor may have between two windows, so that nothing takes longer here than it has to.
const QUICKEN: &str = "mutation($id: ID!) {
  setSensorSettings(input: { deviceId: $id, samplingS: 1, heartbeatS: 10, windowEveryS: 60, advertIntervalMs: 200 }) {
    errors { message }
  }
}";
const RELEASE: &str = "mutation($id: ID!) { releaseSensor(input: { deviceId: $id }) { errors { message } } }";
const DEVICE: &str = "query($id: ID!) { device(id: $id) {
  sensors { id quantity }
  pairedSensor { firmware reportedSettings { samplingS } trouble log { fetched lost } }
} }";
const PAST: &str = "query($sensor: ID!) {
  history(sensorIds: [$sensor], from: \"2000-01-01T00:00:00Z\", to: \"2100-01-01T00:00:00Z\", resolution: RAW) { mean }
}";

pub(super) async fn a_sensor_is_paired_by_its_label_read_outside_filled_in_updated_and_released(
    bench: &mut Bench,
) -> Result<()> {
    let (values, key) = (all_different(), public_key());
    let mut sensor = bench.make_sensor(Make { values: &values, trusted: Some(&key) }).await?;
    start(bench).await?;
    let device = pair(bench, &mut sensor).await?;
    quicken(bench, &mut sensor, &device).await?;
    let heard = next_readings(bench).await?;
    let counter = long(heard.get("counter")).context("readings without a counter")?;
    let heard = temperatures(&heard).first().copied().context("readings without a temperature")?;

    // The hub looks for releases when it starts, and now and then.
    let (old, update) = (firmware(bench, &device).await?, Update::signed(NEXT, NEXT_BYTES)?);
    let added = bench.add_release(&update).await?;
    let watch = Stopwatch::start();
    bench.guest.order(Ask::StopHub { kill: true }).await?;
    bench.events.ended().await?;
    sensor.says(&format!("advert {}", counter + UNHEARD)).await?;
    let away_s = watch.seconds();
    let watch = Stopwatch::start();
    start(bench).await?;
    let up_s = watch.seconds();
    sensor.happens("press").await?;
    let fetched = fetched(bench, &device).await?;
    let back_s = watch.seconds();
    each_once(bench, &device, heard, &fetched).await?;
    let missed = fetched.iter().filter(|value| **value > heard).count();
    bench.figure(format!(
        "killed, away for {away_s:.1} s, up after {up_s:.2} s; {back_s:.2} s after its start {} samples are fetched, {missed} \
         of them of while it was away, and each is kept once",
        fetched.len()
    ));
    ensure!(missed >= LEAST_MISSED, "only {missed} were taken while the hub was away");

    let watch = Stopwatch::start();
    sensor.says("a new program is on trial").await?;
    bench.hub_says("ended=Some(Proved)").await?;
    let new = firmware(bench, &device).await?;
    next_readings(bench).await?;
    bench.figure(format!("{added}; it ran {old}, and {:.2} s later it is seen running {new}", watch.seconds()));
    ensure!(old != update.version && new == update.version, "it ran {old}, and runs {new}");

    let watch = Stopwatch::start();
    command(bench, RELEASE, json!({ "id": device }), "releaseSensor").await?;
    sensor.happens("press").await?;
    sensor.says("unclaimed").await?;
    while next_event(bench).await?.get("kind") != Some(&json!("DEVICE_REMOVED")) {}
    bench.figure(format!("released after {:.2} s", watch.seconds()));
    let left = bench.api.ask(DEVICE, json!({ "id": device })).await?;
    ensure!(left.pointer("/device/pairedSensor").is_none_or(Value::is_null), "it is still paired: {left}");
    bench.guest.order(Ask::StopHub { kill: false }).await
}

/// A table in which no temperature comes twice: each tells which sample it is of.
fn all_different() -> String {
    let rows = (1000..2000).map(|hundredths| format!("{}.{:02},45.2,0,2.987\n", hundredths / 100, hundredths % 100));
    std::iter::once("temperature,humidity,door,voltage\n".to_owned()).chain(rows).collect()
}

/// Starts the hub, and listens to it from outside.
pub(super) async fn start(bench: &mut Bench) -> Result<()> {
    let adapter = bench.adapter.clone();
    start_with(bench, &adapter).await
}

/// The same with another radio than the first, by its kernel name.
pub(super) async fn start_with(bench: &mut Bench, adapter: &str) -> Result<()> {
    bench.start_hub(adapter).await?;
    let home = bench.api.ask("{ home { cursor } }", json!({})).await?;
    let cursor = home.pointer("/home/cursor").context("a home without a cursor")?;
    bench.events.subscribe(EVENTS, json!({ "after": cursor })).await
}

/// Pairs the sensor by its label; says the device's id.
pub(super) async fn pair(bench: &mut Bench, sensor: &mut Sensor) -> Result<String> {
    let watch = Stopwatch::start();
    command(bench, PAIR, json!({ "code": sensor.text }), "pairSensor").await?;
    let mut steps = Vec::new();
    let device = loop {
        let event = next_event(bench).await?;
        let Some(step) = event.get("step").and_then(Value::as_str) else { continue };
        steps.push(format!("{step} {:.0} ms", 1000.0 * watch.seconds()));
        match step {
            "PAIRED" => break event.pointer("/device/id").and_then(Value::as_str).context("who?")?.to_owned(),
            "FAILED" => bail!("{event}, after {steps:?}"),
            _ => {}
        }
    };
    let paired_s = watch.seconds();
    sensor.says("active, key 1").await?;
    sensor.happens("door 1").await?;
    await_door(bench, 1.0).await?;
    let took = bench.api.ask(TOOK, json!({})).await?;
    let took_ms = long(took.pointer("/pairings/0/tookMs")).context("no pairing is told of")?;
    bench.figure(format!(
        "paired by its label: {}; the hub says {took_ms} ms; an opened door is told outside after {:.2} s",
        steps.join(", "),
        watch.seconds()
    ));
    ensure!(paired_s < PAIRED_S, "it took {paired_s:.2} s until it was paired");
    Ok(device)
}

/// Has a paired sensor do everything as often as it can.
pub(super) async fn quicken(bench: &mut Bench, sensor: &mut Sensor, device: &str) -> Result<()> {
    command(bench, QUICKEN, json!({ "id": device }), "setSensorSettings").await?;
    sensor.happens("press").await?;
    sensor.says("active, key 1").await?;
    sensor.says("disconnected").await
}

/// Which program the hub has seen a sensor run.
pub(super) async fn firmware(bench: &mut Bench, device: &str) -> Result<String> {
    let told = bench.api.ask(DEVICE, json!({ "id": device })).await?;
    let version = told.pointer("/device/pairedSensor/firmware").and_then(Value::as_str);
    version.map(str::to_owned).with_context(|| format!("a sensor without a program: {told}"))
}

/// Waits until what the hub did not hear is fetched; says which temperatures were, in hundredths.
async fn fetched(bench: &mut Bench, device: &str) -> Result<Vec<i64>> {
    let mut fetched = Vec::new();
    loop {
        let event = next_event(bench).await?;
        if event.get("isFetched") != Some(&json!(true)) {
            continue;
        }
        fetched.extend(temperatures(&event));
        // The hub says how many there were when it has them all.
        let told = bench.api.ask(DEVICE, json!({ "id": device })).await?;
        let [count, lost] =
            ["fetched", "lost"].map(|what| long(told.pointer(&format!("/device/pairedSensor/log/{what}"))));
        ensure!(lost.unwrap_or_default() == 0, "the log had {lost:?} samples no longer");
        if count == Some(fetched.len() as u64) {
            return Ok(fetched);
        }
    }
}

/// Is every sample from the last that was heard to the last that was fetched in the history once? Before them there is the
/// door, which was told together with a temperature of another sample.
async fn each_once(bench: &mut Bench, device: &str, heard: i64, fetched: &[i64]) -> Result<()> {
    let told = bench.api.ask(DEVICE, json!({ "id": device })).await?;
    let sensors = told.pointer("/device/sensors").and_then(Value::as_array).context("a device without sensors")?;
    let thermometer = sensors.iter().find(|sensor| sensor.get("quantity") == Some(&json!("TEMPERATURE")));
    let id = thermometer.and_then(|sensor| sensor.get("id")).context("it has no thermometer")?;
    let past = bench.api.ask(PAST, json!({ "sensor": id })).await?;
    let values = past.pointer("/history/0/mean").and_then(Value::as_array).context("it has no past")?;
    let last = fetched.iter().max().copied().context("nothing was fetched")?;
    let mut kept: Vec<i64> = values.iter().filter_map(Value::as_f64).map(hundredths).collect();
    kept.retain(|value| (heard..=last).contains(value));
    kept.sort_unstable();
    let whole: Vec<i64> = (heard..=last).collect();
    ensure!(kept == whole, "the history has {kept:?} and should have {whole:?}; fetched were {fetched:?}");
    Ok(())
}

/// Has the hub do something that it does not refuse.
pub(super) async fn command(bench: &mut Bench, text: &str, variables: Value, name: &str) -> Result<()> {
    let answer = bench.api.ask(text, variables).await?;
    let errors = answer.pointer(&format!("/{name}/errors"));
    ensure!(errors == Some(&json!([])), "the hub refuses: {answer}");
    Ok(())
}

/// Waits until a door is told to be open, 1, or closed.
pub(super) async fn await_door(bench: &mut Bench, value: f64) -> Result<()> {
    let door = json!({ "quantity": "DOOR", "value": value });
    let is_told =
        |event: &Value| event.get("readings").is_some_and(|all| all.as_array().is_some_and(|all| all.contains(&door)));
    while !is_told(&next_readings(bench).await?) {}
    Ok(())
}

/// The next readings that are heard.
pub(super) async fn next_readings(bench: &mut Bench) -> Result<Value> {
    loop {
        let event = next_event(bench).await?;
        if event.get("isFetched") == Some(&json!(false)) {
            return Ok(event);
        }
    }
}

/// The next event that is told outside.
pub(super) async fn next_event(bench: &mut Bench) -> Result<Value> {
    while bench.told.is_empty() {
        let frame = bench.events.next(WITHIN).await?;
        match frame.pointer("/events/__typename").and_then(Value::as_str) {
            Some("EventBatch") => {
                let events = frame.pointer("/events/events").and_then(Value::as_array);
                bench.told.extend(events.cloned().unwrap_or_default());
            }
            Some("Heartbeat") => {}
            _ => bail!("the stream does not go on: {frame}"),
        }
    }
    bench.told.pop_front().context("an event was told")
}

fn temperatures(event: &Value) -> Vec<i64> {
    let readings = event.get("readings").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let temperatures = readings.iter().filter(|reading| reading.get("quantity") == Some(&json!("TEMPERATURE")));
    temperatures.filter_map(|reading| reading.get("value")?.as_f64()).map(hundredths).collect()
}

/// A number as the API writes long ones.
fn long(text: Option<&Value>) -> Option<u64> {
    text?.as_str()?.parse().ok()
}

fn hundredths(value: f64) -> i64 {
    (value * 100.0).round() as i64
}
