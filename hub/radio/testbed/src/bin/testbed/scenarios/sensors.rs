//! Our own firmware, met by the hub's Bluetooth.

use anyhow::{Context as _, Result, bail, ensure};
use hub_testbed::{Answer, Ask, Way};
use wire::{
    bthome::v2::{self, Frame},
    gatt,
    keys::advert_key,
    message::ClaimState,
    pairing_advert::PairingAdvert,
    secret::DeviceKey,
    settings::Settings,
};

use crate::{
    air::Adverts,
    bench::Bench,
    sensor::Sensor,
    session::{EPOCH, Session},
};

const WITHIN_MS: u64 = 60_000;
const KEY: [u8; 32] = [0x5A; 32];

/// Looks for the sensor by its label.
async fn find(bench: &mut Bench, sensor: &Sensor) -> Result<[u8; 6]> {
    let uuid = gatt::SERVICE.as_u128().to_be_bytes();
    let (address, data) = match bench.guest.ask(Ask::Find { uuid, within_ms: WITHIN_MS }).await? {
        Answer::Found { address, data } => (address, data),
        other => bail!("the guest answered {other:?}"),
    };
    ensure!(PairingAdvert::parse(&data)?.is_of(&sensor.code.secret), "somebody else's pairing advert: {data:02x?}");
    Ok(address)
}

pub(super) async fn others_are_heard_while_a_sensor_is_connected(bench: &mut Bench) -> Result<()> {
    let mut sensor = bench.sensor().await?;
    let address = find(bench, &sensor).await?;
    let info = Session::pair(&mut bench.guest, address, &sensor.code).await?.info;
    ensure!(info.uid == sensor.code.uid && info.claim == ClaimState::Unclaimed, "{info:?}");
    bench.listen(Way::Kernel).await?;
    let others = Adverts { devices: 20, times: 10, interval_ms: 500, gaps_ms: &[], connectable: false };
    let share = bench.deliver("20 advertisers beside a connection", others).await?;
    ensure!(share >= 0.999, "only {share:.4} came");
    bench.guest.order(Ask::Disconnect).await?;
    sensor.says("disconnected").await
}

pub(super) async fn a_sensor_is_found_paired_and_heard(bench: &mut Bench) -> Result<()> {
    let mut sensor = bench.sensor().await?;
    let address = find(bench, &sensor).await?;
    let adapter = bench.adapter.clone();
    let mut session = Session::pair(&mut bench.guest, address, &sensor.code).await?;
    ensure!(session.info.uid == sensor.code.uid && session.info.claim == ClaimState::Unclaimed, "{:?}", session.info);
    let own = session.info.address;
    let settings = Settings { advert_interval_ms: 200, sampling_s: 1, ..Settings::DEFAULT };
    let done = session.claim(DeviceKey::new(KEY), settings).await?;
    // Still connected, the hub listens for an advert under the new key.
    session.guest().order(Ask::Listen { adapter, way: Way::Kernel }).await?;
    let heard = await_reading(&mut session, own, done.first_counter).await?;
    session.confirm().await?;
    session.guest().order(Ask::Disconnect).await?;
    sensor.says("active, key 1").await?;
    bench.figure(format!("heard sealed under the new key, counter {heard}, and confirmed"));
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
