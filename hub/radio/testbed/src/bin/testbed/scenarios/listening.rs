//! How much of what is said is heard, and what that costs.

use anyhow::{Result, ensure};
use hub_testbed::{ASKED, Ask, Way};

use crate::{
    air::{Adverts, Duplicates, Kind},
    bench::{Bench, FIRST},
};

/// What the kernel's way has to deliver.
const NEARLY_ALL: f64 = 0.999;

/// What has to be delivered although the hub asks half of the time; every beginning and end of that is a short pause.
const ASKING: f64 = 0.99;
/// More than one round of asking brings, in seconds.
const ANSWERS: usize = 8;

const fn once_a_second(devices: u64) -> Adverts {
    Adverts { devices, times: 10, interval_ms: 1000, gaps_ms: &[], kind: Kind::Plain, asked: 0 }
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
    let connectable = Adverts { kind: Kind::Connectable, ..once_a_second(50) };
    let share = bench.deliver("50 connectable advertisers", connectable).await?;
    ensure!(share >= NEARLY_ALL, "only {share:.4} came");
    Ok(())
}

pub(super) async fn the_kernel_hears_what_follows_at_once(bench: &mut Bench) -> Result<()> {
    begin(bench).await?;
    for (gaps_ms, what) in [(&[0][..], "pairs without a gap"), (&[5], "pairs 5 ms apart"), (&[20], "pairs 20 ms apart")]
    {
        let adverts = Adverts { devices: 20, times: 10, interval_ms: 500, gaps_ms, kind: Kind::Plain, asked: 0 };
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

pub(super) async fn what_is_said_only_to_who_asks_is_asked_for_now_and_then(bench: &mut Bench) -> Result<()> {
    let [a, b, c] = ASKED;
    let address = [a, b, c, 0, 0, 1];
    bench.listen_and_ask(10).await?;
    let adverts = Adverts { times: 30, asked: 2, ..once_a_second(50) };
    let guest = bench.guest.clone();
    let ask = async || {
        // Two rounds of asking: the second tells more than the first.
        for _ in 0..ANSWERS {
            guest.ask(Ask::ServiceData { address, within_ms: 30_000 }).await?;
        }
        Ok(())
    };
    let heard = bench.deliver_while("others, while some are asked for five seconds in ten", adverts, ask).await?;
    ensure!(heard.share >= ASKING, "only {:.4} of the others came", heard.share);
    ensure!(heard.pause_ms <= 1000, "nothing was heard for {} ms", heard.pause_ms);
    Ok(())
}

pub(super) async fn long_adverts_from_far_away_are_heard(bench: &mut Bench) -> Result<()> {
    const SECOND: u8 = 1;
    bench.air.extend(SECOND).await?;
    let name = bench.plug(SECOND).await?;
    bench.listen_on(SECOND, &name, Way::Kernel).await?;
    let coded = Adverts { kind: Kind::Coded, ..once_a_second(20) };
    for (what, adverts) in [("long adverts on the coded PHY", coded), ("usual ones beside them", once_a_second(50))] {
        let share = bench.deliver(what, adverts).await?;
        ensure!(share >= NEARLY_ALL, "{what}: only {share:.4} came");
    }
    Ok(())
}
