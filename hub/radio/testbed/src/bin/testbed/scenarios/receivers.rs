//! A box elsewhere that hears for the hub.

use anyhow::{Context as _, Result, ensure};
use hub_testbed::Ask;
use serde_json::{Value, json};

use super::{
    hub::{await_door, pair, start_with},
    links::{NEARLY_ALL, OTHERS},
};
use crate::bench::{Bench, FIRST};

/// The hub's own radio; the first one is the box's.
const OWN: u8 = 1;
const NAME: &str = "attic";
/// How often the hub is asked whether the last advert has come: the box tells what it has heard as it hears it.
const LOOKS: u32 = 200;

const RECEIVERS: &str = "{ health { receivers { name isListening adverts } } }";

pub(super) async fn what_a_box_elsewhere_hears_is_heard_by_the_hub(bench: &mut Bench) -> Result<()> {
    let own = bench.plug(OWN).await?;
    let mut sensor = bench.sensor().await?;
    start_with(bench, &own).await?;
    pair(bench, &mut sensor).await?;

    bench.guest.order(Ask::StartReceiver { name: NAME.to_owned() }).await?;
    bench.await_listening(FIRST).await?;
    bench.air.deafen(OWN, true).await?;
    // What the hub had heard before that may still be on its way.
    bench.told.clear();
    sensor.happens("door 0").await?;
    await_door(bench, 0.0).await?;
    drop(sensor);

    let before = heard(bench).await?;
    let said = bench.air.advertise(OTHERS).await?;
    let mut after = before;
    for _ in 0..LOOKS {
        after = heard(bench).await?;
        if after - before >= said {
            break;
        }
    }
    let share = (after - before) as f64 / said as f64;
    bench.figure(format!(
        "the hub's own radio is deaf: a door is told of all the same; {share:.4} of {said} other adverts came by the box's link"
    ));
    ensure!(share >= NEARLY_ALL, "only {share:.4} came");
    bench.guest.order(Ask::StopHub { kill: false }).await
}

/// How many adverts the hub has heard by the box.
async fn heard(bench: &mut Bench) -> Result<u64> {
    let told = bench.api.ask(RECEIVERS, json!({})).await?;
    let receivers = told.pointer("/health/receivers").and_then(Value::as_array).context("a hub without receivers")?;
    let attic = receivers.iter().find(|receiver| receiver.get("name") == Some(&json!(NAME)));
    let adverts = attic.and_then(|attic| attic.get("adverts")?.as_str()?.parse().ok());
    adverts.with_context(|| format!("{NAME} is not among {receivers:?}"))
}
