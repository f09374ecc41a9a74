//! Connections of the hub to sensors, and what becomes of listening meanwhile.

use anyhow::{Result, bail, ensure};
use hub_testbed::{Answer, Ask, Way};
use wire::{gatt, message::ClaimState, pairing_advert::PairingAdvert};

use crate::{
    air::{Adverts, Duplicates, Kind},
    bench::{Bench, FIRST},
    clock::Stopwatch,
    link::{Found, GuestLink, pair, stranger},
    sensor::Sensor,
};

const WITHIN_MS: u64 = 60_000;
/// 40 adverts a second.
pub(super) const OTHERS: Adverts =
    Adverts { devices: 20, times: 10, interval_ms: 500, gaps_ms: &[], kind: Kind::Plain, asked: 0 };
/// What has to be delivered when nothing is in the way.
pub(super) const NEARLY_ALL: f64 = 0.999;
/// The same by bluetoothd, which has not the time for more in an emulated machine.
const DISCOVERED: f64 = 0.8;
/// The longest that the hub may be deaf for the sake of a connection, ms.
const MAX_PAUSE_MS: u64 = 1000;
/// How long a sensor's window is, ms.
const WINDOW_MS: u64 = 2000;
/// How long a hub may try to reach a sensor, s.
const PATIENCE_S: f64 = 6.0;
/// How much longer that may take in an emulated machine.
const SLOWNESS_S: f64 = 2.0;

/// Waits until the listener hears the sensor's pairing advert.
pub(super) async fn find(bench: &mut Bench, sensor: &Sensor) -> Result<Found> {
    let uuid = gatt::SERVICE.as_u128().to_be_bytes();
    let (found, data) = match bench.guest.ask(Ask::Find { uuid, within_ms: WITHIN_MS }).await? {
        Answer::Found { address, is_random, data } => {
            (Found { adapter: bench.adapter.clone(), address, is_random }, data)
        }
        other => bail!("the guest answered {other:?}"),
    };
    ensure!(PairingAdvert::parse(&data)?.is_of(&sensor.code.secret), "somebody else's pairing advert: {data:02x?}");
    Ok(found)
}

pub(super) async fn others_are_heard_while_a_sensor_is_connected(bench: &mut Bench) -> Result<()> {
    let mut sensor = bench.sensor().await?;
    bench.listen(Way::Kernel).await?;
    let found = find(bench, &sensor).await?;
    let (guest, mut took_ms, uid) = (bench.guest.clone(), 0, sensor.code.uid);
    let shake_hands = async || {
        let (session, connected_ms) = pair(&guest, &found, &sensor.label, &stranger()?).await?;
        let info = session.info();
        ensure!(info.uid == uid && info.claim == ClaimState::Unclaimed, "{info:?}");
        took_ms = connected_ms;
        Ok(())
    };
    let connecting = bench.deliver_while("while a sensor is being connected", OTHERS, shake_hands).await?;
    // Longer than bluetoothd keeps a device that nobody told it of.
    let long = Adverts { times: 80, ..OTHERS };
    let connected = bench.deliver_while("beside a connection", long, async || Ok(())).await?;
    let hung_up_ms = bench.hang_up().await?;
    sensor.says("disconnected").await?;
    bench.figure(format!("connected in {took_ms} ms, hung up in {hung_up_ms} ms"));
    ensure!(connecting.pause_ms <= MAX_PAUSE_MS, "nothing was heard for {} ms while connecting", connecting.pause_ms);
    ensure!(connected.share >= NEARLY_ALL, "only {:.4} came beside the connection", connected.share);
    ensure!(connected.pause_ms <= MAX_PAUSE_MS, "nothing was heard for {} ms while connected", connected.pause_ms);
    ensure!(hung_up_ms <= MAX_PAUSE_MS, "hanging up took {hung_up_ms} ms");
    Ok(())
}

pub(super) async fn sensors_are_connected_one_after_the_other(bench: &mut Bench) -> Result<()> {
    const TIMES: usize = 10;
    let mut sensor = bench.sensor().await?;
    bench.listen(Way::Kernel).await?;
    let found = find(bench, &sensor).await?;
    let (mut connected_ms, mut hung_up_ms) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        connected_ms.push(GuestLink::connect(&bench.guest, &found).await?.took_ms);
        hung_up_ms.push(bench.hang_up().await?);
        sensor.says("disconnected").await?;
    }
    // Whoever only forgets it has hung up as well, sooner than the kernel does by itself.
    GuestLink::connect(&bench.guest, &found).await?;
    let watch = Stopwatch::start();
    bench.guest.order(Ask::LetGo).await?;
    sensor.says("disconnected").await?;
    let let_go_s = watch.seconds();
    bench.figure(format!("connected in {connected_ms:?} ms, hung up in {hung_up_ms:?} ms, let go in {let_go_s:.2} s"));
    ensure!(let_go_s <= 1.0, "let go it was connected for {let_go_s:.2} s");
    ensure!(hung_up_ms.iter().all(|ms| *ms <= MAX_PAUSE_MS), "hanging up took {hung_up_ms:?} ms");
    Ok(())
}

pub(super) async fn sensors_are_connected_while_others_are_asked(bench: &mut Bench) -> Result<()> {
    /// One and a half rounds of asking.
    const LONG_S: f64 = 14.0;
    let mut sensor = bench.sensor().await?;
    bench.listen_and_ask(10).await?;
    let found = find(bench, &sensor).await?;
    let mut connected_ms = Vec::new();
    let others = Adverts { times: 30, ..OTHERS };
    let guest = bench.guest.clone();
    let again_and_again = async || {
        let watch = Stopwatch::start();
        while watch.seconds() < LONG_S {
            connected_ms.push(GuestLink::connect(&guest, &found).await?.took_ms);
            guest.ask(Ask::Disconnect).await?;
            sensor.says("disconnected").await?;
        }
        Ok(())
    };
    let delivered = bench.deliver_while("while a sensor is connected over and over", others, again_and_again).await?;
    let longest_ms = connected_ms.iter().max().copied().unwrap_or_default();
    bench.figure(format!("connected {} times, in {longest_ms} ms at most", connected_ms.len()));
    ensure!(longest_ms <= WINDOW_MS, "connecting took {longest_ms} ms");
    ensure!(delivered.pause_ms <= MAX_PAUSE_MS, "nothing was heard for {} ms", delivered.pause_ms);
    Ok(())
}

pub(super) async fn one_adapter_connects_and_the_other_hears_everything(bench: &mut Bench) -> Result<()> {
    const SECOND: u8 = 1;
    const TIMES: usize = 10;
    let mut sensor = bench.sensor().await?;
    let second = bench.plug(SECOND).await?;
    bench.listen(Way::Kernel).await?;
    let found = Found { adapter: second, ..find(bench, &sensor).await? };
    let (guest, mut connected_ms) = (bench.guest.clone(), Vec::new());
    let again_and_again = async || {
        for _ in 0..TIMES {
            let (session, took_ms) = pair(&guest, &found, &sensor.label, &stranger()?).await?;
            connected_ms.push(took_ms);
            session.end().await;
            sensor.says("disconnected").await?;
        }
        Ok(())
    };
    let delivered = bench.deliver_while("while another adapter connects", OTHERS, again_and_again).await?;
    ensure!(delivered.share >= NEARLY_ALL, "only {:.4} came while another adapter connected", delivered.share);
    // It was that one: with it the connection goes, and nothing else.
    GuestLink::connect(&bench.guest, &found).await?;
    bench.guest.order(Ask::Unplug { radio: SECOND }).await?;
    bench.guest.ask(Ask::AwaitLost { within_ms: WITHIN_MS }).await?;
    sensor.says("disconnected").await?;
    let share = bench.deliver("when that one is pulled out", Adverts { times: 4, ..OTHERS }).await?;
    bench.figure(format!("connected in {connected_ms:?} ms"));
    ensure!(share >= NEARLY_ALL, "only {share:.4} came when the other adapter was gone");
    Ok(())
}

/// bluetoothd asks without a pause, so it costs more than where the kernel's way is open.
pub(super) async fn a_sensor_is_connected_while_bluetoothd_discovers(bench: &mut Bench) -> Result<()> {
    const FEW: Adverts = Adverts { devices: 5, times: 10, interval_ms: 1000, ..OTHERS };
    let mut sensor = bench.sensor().await?;
    bench.air.filter(FIRST, Duplicates::None).await?;
    bench.listen(Way::Discovery).await?;
    let found = find(bench, &sensor).await?;
    let (guest, mut connected_ms) = (bench.guest.clone(), 0);
    let shake_hands = async || {
        let (session, took_ms) = pair(&guest, &found, &sensor.label, &stranger()?).await?;
        connected_ms = took_ms;
        session.end().await;
        sensor.says("disconnected").await
    };
    bench.deliver_while("while a sensor is connected", FEW, shake_hands).await?;
    let after = bench.deliver("afterwards", FEW).await?;
    bench.figure(format!("connected in {connected_ms} ms"));
    ensure!(connected_ms <= WINDOW_MS, "connecting took {connected_ms} ms");
    ensure!(after >= DISCOVERED, "only {after:.4} came afterwards");
    Ok(())
}

pub(super) async fn a_link_needs_no_bluetoothd(bench: &mut Bench) -> Result<()> {
    let mut sensor = bench.sensor().await?;
    bench.guest.order(Ask::StopBluetoothd { kill: true }).await?;
    bench.listen(Way::Kernel).await?;
    let found = find(bench, &sensor).await?;
    let (_session, connected_ms) = pair(&bench.guest, &found, &sensor.label, &stranger()?).await?;
    let hung_up_ms = bench.hang_up().await?;
    bench.figure(format!("connected in {connected_ms} ms, hung up in {hung_up_ms} ms"));
    sensor.says("disconnected").await
}

pub(super) async fn a_link_that_is_cut_is_told_of_at_once(bench: &mut Bench) -> Result<()> {
    let sensor = bench.sensor().await?;
    bench.listen(Way::Kernel).await?;
    let found = find(bench, &sensor).await?;
    GuestLink::connect(&bench.guest, &found).await?;
    let watch = Stopwatch::start();
    // Its radio is gone with it.
    drop(sensor);
    bench.guest.ask(Ask::AwaitLost { within_ms: WITHIN_MS }).await?;
    let lost_s = watch.seconds();
    bench.figure(format!("told of after {lost_s:.2} s"));
    ensure!(lost_s <= 1.0, "told of after {lost_s:.2} s");
    Ok(())
}

pub(super) async fn a_link_to_nobody_ends_in_time(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    let others = Adverts { times: 20, ..OTHERS };
    let (guest, adapter) = (bench.guest.clone(), bench.adapter.clone());
    let (decoy, decoys) = (bench.air.next_advertiser(), Adverts { kind: Kind::Connectable, ..others });
    for (what, adverts, address) in [
        ("while a sensor that takes no connection is asked", decoys, decoy),
        ("while nobody answers", others, [0xC0, 0, 0, 0, 0, 1]),
    ] {
        let mut took_s = 0.0;
        let fail = async || {
            let watch = Stopwatch::start();
            let nobody = Found { adapter: adapter.clone(), address, is_random: true };
            let made = GuestLink::connect(&guest, &nobody).await;
            let Err(error) = made else { bail!("it is connected") };
            took_s = watch.seconds();
            ensure!(error.to_string().contains("does not answer"), "{error:#}");
            Ok(())
        };
        let delivered = bench.deliver_while(what, adverts, fail).await?;
        bench.figure(format!("given up after {took_s:.2} s"));
        ensure!(took_s <= PATIENCE_S + SLOWNESS_S, "{what}: given up after {took_s:.2} s");
        ensure!(delivered.pause_ms <= MAX_PAUSE_MS, "{what}: nothing was heard for {} ms", delivered.pause_ms);
    }
    Ok(())
}
