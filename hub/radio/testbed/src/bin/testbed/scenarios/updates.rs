//! New programs for sensors, over links that do not hold.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use hub_testbed::Ask;
use serde_json::{Value, json};
use wire::firmware::Version;

use crate::{
    air::{Adverts, Kind},
    bench::Bench,
    clock::Stopwatch,
    scenarios::hub::{firmware, next_readings, pair, quicken, start},
    sensor::{Make, Sensor, VALUES},
    update::{Update, public_key},
};

const ROLLOUTS: &str = "{ rollouts { version state sensors { step receivedPercent } } }";
const NEXT: Version = Version([9, 1, 2, 3]);
const BYTES: u32 = 120_000;
/// Of which luck the cuts are.
const SEED: u64 = 5;
/// So many bytes, from the first on and before the last, go over a link before it is cut.
const PART: (u64, u64) = (16_000, 32_000);
/// Some bytes of the rest.
const A_FEW: u64 = 4_000;
/// A hub leaves a sensor alone for a minute after a link was lost.
const LEFT_ALONE_S: f64 = 61.0;
/// Two heartbeats of the sensor: longer nothing is heard of it only when something is wrong.
const MAX_SILENCE_S: f64 = 20.0;
/// How long it may take until an update goes on.
const WITHIN: Duration = Duration::from_secs(150);
/// Who else is heard in this home, so that a sensor's silence is no trouble of the radio's.
const OTHERS: Adverts =
    Adverts { devices: 10, times: 400, interval_ms: 1000, gaps_ms: &[], kind: Kind::Plain, asked: 0 };

/// A message of 981 bytes has 960 of the image, and goes in pieces, each with a byte of its own: in thousandths.
const OVERHEAD: u64 = 1030;
/// A page of flash that was not whole when the battery was taken out is sent again.
const PAGE: u64 = 4096;
/// What is said in a link beside the image, and was on its way when it was cut.
const TALK: u64 = 1_500;

/// Who cuts a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// Nobody; the two do not reach each other any more.
    Air,
    /// The hub, which is killed.
    Hub,
    /// The sensor, whose battery is taken out.
    Sensor,
}

pub(super) async fn an_update_goes_on_where_its_links_were_cut(bench: &mut Bench) -> Result<()> {
    let (update, key) = (Update::signed(NEXT, BYTES)?, public_key());
    let mut sensor = bench.make_sensor(Make { values: VALUES, trusted: Some(&key) }).await?;
    bench.air.murmur(Some(OTHERS)).await?;
    start(bench).await?;
    let device = pair(bench, &mut sensor).await?;
    quicken(bench, &mut sensor, &device).await?;
    bench.add_release(&update).await?;
    // The hub looks for releases when it starts, and now and then.
    restart(bench, false).await?;
    let old = firmware(bench, &device).await?;

    bench.air.written().await?;
    let (watch, mut luck) = (Stopwatch::start(), Luck(SEED));
    for cut in [Cut::Hub, Cut::Air, Cut::Sensor] {
        let (bytes, since) = (luck.between(PART), Stopwatch::start());
        goes_on(bench, &mut sensor, bytes, cut == Cut::Air).await?;
        match cut {
            Cut::Air => {}
            Cut::Hub => restart(bench, true).await?,
            Cut::Sensor => drop(sensor.change_battery().await?),
        }
        let after_s = since.seconds();
        is_heard(bench, LEFT_ALONE_S).await?;
        // A hub that was killed has forgotten what the sensor has; the sensor has not.
        let step = if cut == Cut::Hub { "WAITING" } else { "RECEIVING" };
        let told = standing(bench, "RUNNING", step).await?;
        bench.figure(format!(
            "cut by {cut:?} after {after_s:.1} s, when {bytes} bytes were written; {told} % are there"
        ));
        ensure!(firmware(bench, &device).await? == old, "it is said to run a program that it has not");
    }
    goes_on(bench, &mut sensor, A_FEW, false).await?;
    // It runs the new program, and before anybody could see that its battery is taken out.
    sensor.says("a new program is on trial").await?;
    sensor.take_battery_out().await?;
    bench.hub_says("ended=Some(Installed)").await?;
    let unseen = firmware(bench, &device).await?;
    ensure!(unseen == old, "it is said to run {unseen}, and nobody has seen that");
    standing(bench, "RUNNING", "INSTALLED").await?;
    sensor.change_battery().await?;
    bench.hub_says("ended=Some(Proved)").await?;
    let took_s = watch.seconds();
    let new = firmware(bench, &device).await?;
    ensure!(new == update.version, "it runs {new}");
    standing(bench, "COMPLETE", "UPDATED").await?;
    is_heard(bench, 0.0).await?;

    let links = bench.air.written().await?;
    let parts: Vec<u64> = links.iter().copied().filter(|bytes| *bytes > TALK).collect();
    let (sent, least) = (parts.iter().sum::<u64>(), u64::from(update.length));
    let most = least * OVERHEAD / 1000 + PAGE + TALK * parts.len() as u64;
    bench.figure(format!(
        "{sent} bytes for an image of {least}, in {} links of {} and {parts:?} bytes; it ran {old}, and after {took_s:.1} s it is \
         seen running {new}",
        parts.len(),
        links.len(),
    ));
    ensure!(parts.len() >= 4, "three cuts leave four links at least");
    ensure!((least..=most).contains(&sent), "{sent} bytes, and {least} to {most} are enough");

    // A program that was proved is not on trial any more.
    let words = sensor.change_battery().await?;
    ensure!(!words.iter().any(|line| line.contains("program")), "it takes the program back: {words:?}");
    is_heard(bench, 0.0).await
}

/// Has the update go on until so many bytes were written over one link, which may be lost then.
async fn goes_on(bench: &mut Bench, sensor: &mut Sensor, bytes: u64, lose: bool) -> Result<()> {
    tokio::try_join!(bench.air.await_written(bytes, lose, WITHIN), sensor.happens("press")).map(drop)
}

/// Is the rollout so far, and so far with the sensor? Says which share of the image it has, in percent.
async fn standing(bench: &mut Bench, state: &str, step: &str) -> Result<f64> {
    let told = bench.api.ask(ROLLOUTS, json!({})).await?;
    let [is_state, is_step] = [("/rollouts/0/state", state), ("/rollouts/0/sensors/0/step", step)]
        .map(|(place, wanted)| told.pointer(place) == Some(&json!(wanted)));
    ensure!(is_state && is_step, "it was to be {state} and {step}: {told}");
    told.pointer("/rollouts/0/sensors/0/receivedPercent").and_then(Value::as_f64).context("a rollout without a sensor")
}

/// Ends the hub and starts it.
async fn restart(bench: &mut Bench, kill: bool) -> Result<()> {
    bench.guest.order(Ask::StopHub { kill }).await?;
    bench.events.ended().await?;
    bench.told.clear();
    start(bench).await
}

/// Hears readings of the sensor for so long, and at least one.
async fn is_heard(bench: &mut Bench, long_s: f64) -> Result<()> {
    let watch = Stopwatch::start();
    loop {
        let silence = Stopwatch::start();
        next_readings(bench).await?;
        let silent_s = silence.seconds();
        ensure!(silent_s <= MAX_SILENCE_S, "nothing was heard of it for {silent_s:.1} s");
        if watch.seconds() >= long_s {
            return Ok(());
        }
    }
}

/// Numbers that look like luck and are the same each time (Steele, Lea and Flood: SplitMix, OOPSLA 2014).
struct Luck(u64);

impl Luck {
    fn between(&mut self, (least, most): (u64, u64)) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        least + (mixed ^ (mixed >> 31)) % (most - least)
    }
}
