//! Our own firmware, met by the hub's Bluetooth.

use anyhow::{Context as _, Result, bail, ensure};
use hub_testbed::{Answer, Ask, Way};
use wire::{
    bthome::v2::{self, Frame},
    keys::advert_key,
    message::ClaimState,
    secret::DeviceKey,
    settings::Settings,
};

use crate::{
    bench::Bench,
    clock::Stopwatch,
    scenarios::links::find,
    session::{EPOCH, Session},
};

/// How long a pairing may take until a reading is heard; in an emulated machine, and on a busy one.
const PAIRED_S: f64 = 10.0;
const WITHIN_MS: u64 = 60_000;
const KEY: [u8; 32] = [0x5A; 32];

pub(super) async fn a_sensor_is_found_paired_and_heard(bench: &mut Bench) -> Result<()> {
    let mut sensor = bench.sensor().await?;
    bench.listen(Way::Kernel).await?;
    let watch = Stopwatch::start();
    let found = find(bench, &sensor).await?;
    let found_s = watch.seconds();
    let mut session = Session::pair(&mut bench.guest, found, &sensor.code).await?;
    ensure!(session.info.uid == sensor.code.uid && session.info.claim == ClaimState::Unclaimed, "{:?}", session.info);
    let (own, connected_ms) = (session.info.address, session.connected_ms);
    let settings = Settings { advert_interval_ms: 200, sampling_s: 1, ..Settings::DEFAULT };
    let done = session.claim(DeviceKey::new(KEY), settings).await?;
    // Still connected, the hub listens for an advert under the new key.
    let heard = await_reading(&mut session, own, done.first_counter).await?;
    let heard_s = watch.seconds();
    session.confirm().await?;
    let hung_up_ms = bench.hang_up().await?;
    sensor.says("active, key 1").await?;
    bench.figure(format!(
        "found after {found_s:.2} s, connected in {connected_ms} ms, heard under the new key (counter {heard}) after {heard_s:.2} s, \
         hung up in {hung_up_ms} ms"
    ));
    ensure!(heard_s < PAIRED_S, "it took {heard_s:.2} s until it was heard");
    Ok(())
}

/// Waits for an advert that opens with the new key, and says its counter.
async fn await_reading(session: &mut Session<'_>, address: [u8; 6], first_counter: u32) -> Result<u32> {
    let key = advert_key(&DeviceKey::new(KEY), EPOCH);
    loop {
        let ask = Ask::ServiceData { address, within_ms: WITHIN_MS };
        let Answer::ServiceData(data) = session.guest().ask(ask).await? else { bail!("no service data came") };
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
