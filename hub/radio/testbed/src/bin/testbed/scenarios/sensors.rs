//! Our own firmware, met by the hub's Bluetooth.

use anyhow::{Context as _, Result, bail, ensure};
use hub_link::first_settings;
use hub_model::{Address, Claim, SensorKey, SensorSettings, UnixMillis, Wishes};
use hub_testbed::{Answer, Ask, Way};
use wire::{
    bthome::v2::{self, Frame},
    keys::{Epoch, advert_key},
    message::ClaimState,
    secret::DeviceKey,
};

use crate::{
    bench::Bench,
    clock::Stopwatch,
    guest::Guest,
    link::{pair, stranger},
    scenarios::links::find,
};

/// How long a pairing may take until a reading is heard; in an emulated machine, and on a busy one.
const PAIRED_S: f64 = 10.0;
const WITHIN_MS: u64 = 60_000;
const KEY: [u8; 32] = [0x5A; 32];
/// The first key of a new owner.
const EPOCH: u32 = 1;

pub(super) async fn a_sensor_is_found_paired_and_heard(bench: &mut Bench) -> Result<()> {
    let mut sensor = bench.sensor().await?;
    bench.listen(Way::Kernel).await?;
    let watch = Stopwatch::start();
    let found = find(bench, &sensor).await?;
    let found_s = watch.seconds();
    let hub = stranger()?;
    let (mut session, connected_ms) = pair(&bench.guest, &found, &sensor.label, &hub).await?;
    ensure!(session.info().uid == sensor.code.uid && session.info().claim == ClaimState::Unclaimed, "{session:?}");
    let new = session.new_claim(SensorKey::new(KEY), Wishes::default(), UnixMillis(0));
    // Soon heard, and soon with something to say.
    let desired = SensorSettings { advert_interval_ms: 200, sampling_s: 1, ..first_settings() };
    let claim = Claim { desired, ..new };
    let given = session.claim(&claim, &hub, None).await?;
    // Still connected, the hub listens for an advert under the new key.
    let heard = await_reading(&bench.guest, claim.address, given.first_counter).await?;
    let heard_s = watch.seconds();
    session.confirm().await?;
    let watch = Stopwatch::start();
    session.end().await;
    let hung_up_s = watch.seconds();
    sensor.says("active, key 1").await?;
    bench.figure(format!(
        "found after {found_s:.2} s, connected in {connected_ms} ms, heard under the new key (counter {heard}) after {heard_s:.2} s, \
         hung up in {hung_up_s:.2} s"
    ));
    ensure!(heard_s < PAIRED_S, "it took {heard_s:.2} s until it was heard");
    Ok(())
}

/// Waits for an advert that opens with the new key, and says its counter.
async fn await_reading(guest: &Guest, address: Address, first_counter: u32) -> Result<u32> {
    let (key, address) = (advert_key(&DeviceKey::new(KEY), Epoch(EPOCH)), address.bytes());
    loop {
        let ask = Ask::ServiceData { address, within_ms: WITHIN_MS };
        let Answer::ServiceData(data) = guest.ask(ask).await? else { bail!("no service data came") };
        let Some((_, bytes)) = data.iter().find(|(uuid, _)| *uuid == v2::UUID) else { continue };
        let frame = Frame::parse(bytes).context("no BTHome came")?;
        let mut buffer = [0; wire::bthome::MAX_SERVICE_DATA];
        let items = frame.open(&key, address, &mut buffer).ok().context("sealed with another key")?;
        let counter = frame.counter().context("an advert without a counter")?;
        ensure!(counter >= first_counter, "counter {counter}, and {first_counter} was to be the first");
        if items.count() >= 2 {
            return Ok(counter);
        }
    }
}
