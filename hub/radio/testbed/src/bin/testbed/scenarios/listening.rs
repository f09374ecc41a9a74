//! How much of what is said is heard, and what that costs.

use anyhow::{Result, ensure};
use hub_testbed::Way;

use crate::{
    air::{Adverts, Duplicates},
    bench::{Bench, FIRST},
};

/// What the kernel's way has to deliver.
const NEARLY_ALL: f64 = 0.999;

const fn once_a_second(devices: u64) -> Adverts {
    Adverts { devices, times: 10, interval_ms: 1000, gaps_ms: &[], connectable: false }
}

async fn begin(bench: &mut Bench) -> Result<()> {
    let active = bench.listen(Way::Kernel).await?;
    ensure!(!active, "it asks for scan responses, which costs sensors their batteries");
    Ok(())
}

pub(super) async fn the_kernel_hears_fifty_advertisers(bench: &mut Bench) -> Result<()> {
    begin(bench).await?;
    let share = bench.deliver("50 advertisers", once_a_second(50)).await?;
    ensure!(share >= NEARLY_ALL, "only {share:.4} came");
    Ok(())
}

pub(super) async fn the_kernel_hears_two_hundred_advertisers(bench: &mut Bench) -> Result<()> {
    begin(bench).await?;
    let share = bench.deliver("200 advertisers", once_a_second(200)).await?;
    ensure!(share >= NEARLY_ALL, "only {share:.4} came");
    let connectable = Adverts { connectable: true, ..once_a_second(50) };
    let share = bench.deliver("50 connectable advertisers", connectable).await?;
    ensure!(share >= NEARLY_ALL, "only {share:.4} came");
    Ok(())
}

pub(super) async fn the_kernel_hears_what_follows_at_once(bench: &mut Bench) -> Result<()> {
    begin(bench).await?;
    for (gaps_ms, what) in [(&[0][..], "pairs without a gap"), (&[5], "pairs 5 ms apart"), (&[20], "pairs 20 ms apart")]
    {
        let adverts = Adverts { devices: 20, times: 10, interval_ms: 500, gaps_ms, connectable: false };
        let share = bench.deliver(what, adverts).await?;
        ensure!(share >= NEARLY_ALL, "{what}: only {share:.4} came");
    }
    Ok(())
}

pub(super) async fn a_controller_that_filters_by_address_is_heard(bench: &mut Bench) -> Result<()> {
    bench.air.filter(FIRST, Duplicates::Address).await?;
    begin(bench).await?;
    let share = bench.deliver("50 advertisers", once_a_second(50)).await?;
    ensure!(share >= NEARLY_ALL, "only {share:.4} came");
    Ok(())
}

/// The fallback. The guest is slow, and D-Bus costs so much that it has no time for more; its figures stand beside the
/// kernel's.
pub(super) async fn bluetoothd_is_the_way_that_is_left(bench: &mut Bench) -> Result<()> {
    bench.air.filter(FIRST, Duplicates::None).await?;
    bench.listen(Way::Discovery).await?;
    let few = bench.deliver("10 advertisers", once_a_second(10)).await?;
    ensure!(few >= 0.8, "only {few:.4} came");
    bench.deliver("50 advertisers", once_a_second(50)).await?;
    Ok(())
}
