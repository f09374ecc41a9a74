//! What goes wrong with bluetoothd and with radios, and how the hub gets over it.

use anyhow::{Result, bail, ensure};
use hub_testbed::{Ask, Way};

use crate::{
    air::{Adverts, Kind},
    bench::{Bench, FIRST},
};

/// Some devices that somebody hears.
pub(super) const AIR: Adverts =
    Adverts { devices: 20, times: 6, interval_ms: 500, gaps_ms: &[], kind: Kind::Plain, asked: 0 };
pub(super) const WITHIN_MS: u64 = 90_000;
/// How often that is repeated, at most, while something else is waited for.
const MAX_ROUNDS: usize = 30;
/// Enough to learn what is usual.
pub(super) const USUAL: Adverts = Adverts { times: 30, ..AIR };

pub(super) async fn hears(bench: &mut Bench, what: &str) -> Result<()> {
    let share = bench.deliver(what, AIR).await?;
    ensure!(share >= 0.999, "{what}: only {share:.4} came");
    Ok(())
}

/// As many as the guest has time for by discovery, long enough to learn what is usual.
pub(super) const fn few() -> Adverts {
    Adverts { devices: 5, times: 15, interval_ms: 1000, ..AIR }
}

/// Keeps the air busy until a report after the first `told` has these words; says what was reported meanwhile.
pub(super) async fn advertise_until(bench: &mut Bench, told: usize, words: &str) -> Result<Vec<String>> {
    for _ in 0..MAX_ROUNDS {
        bench.air.advertise(AIR).await?;
        let reports = bench.reports(told).await?;
        if reports.iter().any(|report| report.contains(words)) {
            return Ok(reports);
        }
    }
    bail!("no {words:?} after {MAX_ROUNDS} rounds of adverts; told: {:?}", bench.reports(told).await?)
}

pub(super) async fn a_killed_bluetoothd_does_not_deafen_the_hub(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears(bench, "with bluetoothd").await?;
    bench.guest.order(Ask::StopBluetoothd { kill: true }).await?;
    hears(bench, "without bluetoothd").await?;
    let told = bench.reports(0).await?.len();
    // A bluetoothd that starts removes all monitors, and the hub's with them.
    bench.guest.order(Ask::StartBluetoothd).await?;
    let adapter = bench.adapter.clone();
    bench.await_adapter(&adapter).await?;
    bench.await_listening(FIRST).await?;
    hears(bench, "with a new bluetoothd").await?;
    let reports = bench.reports(told).await?;
    bench.figure(format!("told meanwhile: {reports:?}"));
    Ok(())
}

pub(super) async fn a_radio_that_is_pulled_out_is_told_of_and_listened_to_again(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears(bench, "before").await?;
    bench.guest.order(Ask::Unplug { radio: FIRST }).await?;
    let reports = bench.guest.report(0, "trouble", WITHIN_MS).await?;
    bench.adapter = bench.plug(FIRST).await?;
    let reports = bench.guest.report(reports.len(), "listening", WITHIN_MS).await?;
    bench.await_listening(FIRST).await?;
    let share = bench.deliver("plugged in again", AIR).await?;
    ensure!(share >= 0.9, "only {share:.4} came");
    let reports = bench.guest.report(reports.len(), "gap", WITHIN_MS).await?;
    bench.figure(format!("told: {reports:?}"));
    Ok(())
}

pub(super) async fn a_deaf_radio_is_noticed(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    bench.deliver("before", USUAL).await?;
    let told = bench.reports(0).await?.len();
    bench.air.deafen(FIRST, true).await?;
    bench.air.advertise(Adverts { times: 16, ..AIR }).await?;
    bench.air.deafen(FIRST, false).await?;
    let reports = advertise_until(bench, told, "gap").await?;
    bench.figure(format!("told: {reports:?}"));
    Ok(())
}

pub(super) async fn a_radio_that_hangs_for_a_while_is_heard_again(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    bench.deliver("before", USUAL).await?;
    let told = bench.reports(0).await?.len();
    bench.air.hang(FIRST, true).await?;
    // Long enough to be noticed, and for the first things that are done about it to fail.
    bench.air.advertise(Adverts { times: 24, ..AIR }).await?;
    bench.air.hang(FIRST, false).await?;
    let reports = advertise_until(bench, told, "gap").await?;
    bench.figure(format!("told: {reports:?}"));
    Ok(())
}

/// bluer does not tell that bluetoothd is gone; silence does.
pub(super) async fn discovery_goes_on_after_bluetoothd_was_killed(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Discovery).await?;
    bench.deliver("before", few()).await?;
    let told = bench.reports(0).await?.len();
    bench.guest.order(Ask::StopBluetoothd { kill: true }).await?;
    bench.guest.order(Ask::StartBluetoothd).await?;
    let reports = advertise_until(bench, told, "gap").await?;
    bench.figure(format!("told: {reports:?}"));
    Ok(())
}

pub(super) async fn the_radio_that_is_left_goes_on(bench: &mut Bench) -> Result<()> {
    const SECOND: u8 = 1;
    /// As `guest_air.py` gives them.
    const SECOND_ADDRESS: &str = "00:00:5E:00:53:81";
    bench.plug(SECOND).await?;
    bench.listen_on(SECOND, SECOND_ADDRESS, Way::Kernel).await?;
    hears(bench, "the second of two").await?;
    bench.guest.order(Ask::Unplug { radio: FIRST }).await?;
    hears(bench, "the first pulled out").await
}
