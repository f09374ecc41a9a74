//! What goes wrong with bluetoothd and with radios, and how the hub gets over it.

use anyhow::{Result, ensure};
use hub_testbed::{Ask, Way};

use crate::{
    air::Adverts,
    bench::{Bench, FIRST},
};

/// Some devices that somebody hears.
const AIR: Adverts = Adverts { devices: 20, times: 6, interval_ms: 500, gaps_ms: &[], connectable: false };
const WITHIN_MS: u64 = 90_000;

/// What is heard again has been lost in between at most.
async fn hears_again(bench: &mut Bench, what: &str) -> Result<()> {
    let share = bench.deliver(what, AIR).await?;
    ensure!(share >= 0.999, "{what}: only {share:.4} came");
    Ok(())
}

pub(super) async fn a_killed_bluetoothd_does_not_deafen_the_hub(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears_again(bench, "with bluetoothd").await?;
    bench.guest.order(Ask::StopBluetoothd { kill: true }).await?;
    hears_again(bench, "without bluetoothd").await?;
    let before = bench.guest.heard(0, 0).await?.reports.len();
    // A bluetoothd that starts removes all monitors, and the hub's with them.
    bench.guest.order(Ask::StartBluetoothd).await?;
    bench.await_adapter().await?;
    bench.air.await_listening(FIRST, std::time::Duration::from_millis(WITHIN_MS)).await?;
    hears_again(bench, "with a new bluetoothd").await?;
    let reports = bench.guest.heard(0, 0).await?.reports;
    bench.figure(format!("told meanwhile: {:?}", reports.get(before..).unwrap_or_default()));
    Ok(())
}

pub(super) async fn a_radio_that_is_pulled_out_is_told_of_and_listened_to_again(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears_again(bench, "before").await?;
    bench.guest.order(Ask::Unplug { radio: FIRST }).await?;
    let reports = bench.guest.report(0, "trouble", WITHIN_MS).await?;
    bench.adapter = bench.plug(FIRST).await?;
    let reports = bench.guest.report(reports.len(), "listening", WITHIN_MS).await?;
    bench.air.await_listening(FIRST, std::time::Duration::from_millis(WITHIN_MS)).await?;
    hears_again(bench, "plugged in again").await?;
    bench.figure(format!("told: {reports:?}"));
    Ok(())
}

pub(super) async fn a_deaf_radio_is_noticed(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    // Long enough to learn what is usual.
    bench.deliver("before", Adverts { times: 30, ..AIR }).await?;
    bench.air.deafen(FIRST, true).await?;
    let told = bench.guest.heard(0, 0).await?.reports.len();
    bench.air.advertise(Adverts { times: 16, ..AIR }).await?;
    bench.air.deafen(FIRST, false).await?;
    bench.air.advertise(AIR).await?;
    let reports = bench.guest.report(told, "gap", WITHIN_MS).await?;
    bench.figure(format!("told: {:?}", reports.get(told..).unwrap_or_default()));
    Ok(())
}
