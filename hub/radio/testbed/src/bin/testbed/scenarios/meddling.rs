//! What others do with the adapter and with D-Bus, and how the hub gets over it.

use anyhow::{Result, ensure};
use hub_testbed::{Ask, Way};

use crate::{
    air::Adverts,
    bench::{Bench, FIRST},
    scenarios::faults::{AIR, USUAL, WITHIN_MS, advertise_until, few, hears},
};

/// What has to be delivered although somebody else discovers: his scans begin and end, and each time one or two are lost.
const NEARLY_ALL: f64 = 0.98;

pub(super) async fn an_adapter_that_somebody_switches_off_is_switched_on_again(bench: &mut Bench) -> Result<()> {
    for way in [Way::Kernel, Way::Discovery] {
        bench.listen(way).await?;
        bench.deliver(&format!("{way:?}: before"), few()).await?;
        let told = bench.reports(0).await?.len();
        bench.guest.order(Ask::Power { adapter: bench.adapter.clone(), on: false }).await?;
        let reports = advertise_until(bench, told, "gap").await?;
        bench.figure(format!("{way:?}: told: {reports:?}"));
    }
    Ok(())
}

pub(super) async fn an_adapter_that_is_blocked_is_told_of_and_listened_to_again(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    bench.deliver("before", USUAL).await?;
    let told = bench.reports(0).await?.len();
    let adapter = bench.adapter.clone();
    bench.guest.order(Ask::Block { adapter: adapter.clone(), on: true }).await?;
    let blocked = bench.guest.report(told, "rfkill", WITHIN_MS).await?;
    bench.guest.order(Ask::Block { adapter, on: false }).await?;
    let reports = advertise_until(bench, blocked.len(), "gap").await?;
    bench.figure(format!("told: {:?}, then {reports:?}", blocked.get(told..).unwrap_or_default()));
    hears(bench, "unblocked").await
}

pub(super) async fn the_hub_outlives_dbus(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears(bench, "by the kernel, before").await?;
    restart_dbus(bench).await?;
    bench.await_listening(FIRST).await?;
    hears(bench, "by the kernel, with another D-Bus").await?;
    bench.listen(Way::Discovery).await?;
    bench.deliver("by discovery, before", few()).await?;
    let told = bench.reports(0).await?.len();
    restart_dbus(bench).await?;
    let reports = advertise_until(bench, told, "gap").await?;
    bench.figure(format!("told: {reports:?}"));
    Ok(())
}

async fn restart_dbus(bench: &mut Bench) -> Result<()> {
    bench.guest.order(Ask::RestartDbus).await?;
    let adapter = bench.adapter.clone();
    bench.await_adapter(&adapter).await.map(drop)
}

pub(super) async fn a_discovery_by_somebody_else_takes_nothing_away(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears(bench, "before").await?;
    let adapter = bench.adapter.clone();
    bench.guest.order(Ask::Discover { adapter: adapter.clone(), on: true }).await?;
    // Twice as long as the kernel discovers at a time.
    let share = bench.deliver("somebody discovers", Adverts { times: 40, ..AIR }).await?;
    bench.guest.order(Ask::Discover { adapter, on: false }).await?;
    let after = bench.deliver("somebody has discovered", USUAL).await?;
    ensure!(share >= NEARLY_ALL && after >= NEARLY_ALL, "only {share:.4} and {after:.4} came");
    Ok(())
}

/// One that hung may have lost its way for good; somebody has to restart it, and is told so.
pub(super) async fn a_bluetoothd_that_hangs_is_told_of(bench: &mut Bench) -> Result<()> {
    bench.listen(Way::Kernel).await?;
    hears(bench, "by the kernel, before").await?;
    bench.guest.order(Ask::FreezeBluetoothd { on: true }).await?;
    hears(bench, "by the kernel, without it").await?;
    bench.guest.order(Ask::FreezeBluetoothd { on: false }).await?;
    bench.listen(Way::Discovery).await?;
    bench.deliver("by discovery, before", few()).await?;
    let told = bench.reports(0).await?.len();
    bench.guest.order(Ask::FreezeBluetoothd { on: true }).await?;
    let hanging = bench.guest.report(told, "did not answer", WITHIN_MS).await?;
    bench.guest.order(Ask::StopBluetoothd { kill: true }).await?;
    bench.guest.order(Ask::StartBluetoothd).await?;
    let reports = advertise_until(bench, hanging.len(), "gap").await?;
    bench.figure(format!("told: {:?}, then {reports:?}", hanging.get(told..).unwrap_or_default()));
    Ok(())
}
