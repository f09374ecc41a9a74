//! What a sensor measured while its hub was away, or did not hear it, is fetched: each sample once, with its time.

use std::collections::BTreeMap;

use hub_model::{Command, EstimatedSpan, Estimates, PairingStep, SensorPort as _, UnixMillis};

use crate::hub::{Bought, HOUR, Home, MINUTE, Stored};

const DAY: i64 = 24 * HOUR;
/// So much later than it was taken a sample is heard at most.
const TOLD_MS: i64 = 30_000;

/// A house with one paired sensor that has lived two hours with its hub, on air that loses so much.
fn lived_in(seed: u64, loss: f64) -> (Home, Bought) {
    let mut home = Home::new(seed, loss);
    let sensor = home.buy(1);
    assert!(matches!(home.pair_one(&sensor), PairingStep::Paired { .. }));
    home.live(2 * HOUR);
    (home, sensor)
}

/// The hub is switched off for so long, and on again.
fn absent(home: &mut Home, ms: i64) {
    home.kill();
    home.range.live_until(home.clock.at() + ms);
    home.switch_on();
}

/// Lives until the log is here up to a moment after now.
fn until_complete(home: &mut Home, sensor: &Bought) {
    let now = home.clock.at();
    let is_complete =
        |home: &Home| home.standing(sensor).log.complete_until.is_some_and(|until| until > now + -3 * MINUTE);
    assert!(home.live_until(DAY, is_complete), "{:?}", home.standing(sensor));
}

/// Every sample between pairing and the last fetch is stored once. Hands out how far the times of those fetched are off, ms, sorted.
fn assert_once(home: &Home, sensor: &Bought) -> Vec<i64> {
    let standing = home.standing(sensor);
    let (since, until) = (standing.claim.since, standing.log.complete_until.unwrap());
    let stored = home.stored(sensor.device);
    let mut by_value: BTreeMap<i64, Vec<Stored>> = BTreeMap::new();
    stored.iter().for_each(|stored| by_value.entry(stored.value).or_default().push(*stored));
    let truth = sensor.truth.borrow();
    let wanted: Vec<_> = truth.iter().filter(|(at, _)| *at > since && *at <= until).collect();
    assert!(wanted.len() > 100, "{} samples", wanted.len());
    let mut off = Vec::new();
    for (at, value) in &wanted {
        // The same temperature comes again after 8000 samples; and what has not changed is told anew with the heartbeat, as of then.
        let is_of_it = |stored: &&Stored| (stored.at - *at).abs() <= TOLD_MS;
        let found: Vec<_> = by_value.get(value).into_iter().flatten().filter(is_of_it).collect();
        assert_eq!(found.len(), 1, "the sample of {} is stored so: {:?}", at.0, by_value.get(value));
        // What is heard has the time at which it was heard, an advert's interval later or two.
        if found[0].is_fetched {
            off.push((found[0].at - *at).abs());
        }
    }
    let told_anew = stored.iter().filter(|stored| !stored.is_fetched).filter(|stored| {
        let is_its = |(at, value): &&(UnixMillis, i64)| *value == stored.value && (stored.at - *at).abs() <= TOLD_MS;
        !truth.iter().any(|sample| is_its(&sample))
    });
    let told_anew = told_anew.filter(|stored| stored.at > since && stored.at <= until).count();
    let kept = home.history(sensor.device).into_iter().filter(|(at, _)| *at > since && *at <= until).count();
    // The history keeps whole seconds: a reading at either end may fall on the other side.
    assert!(
        kept.abs_diff(wanted.len() + told_anew) <= 4,
        "{kept} readings of {} samples, {told_anew} anew",
        wanted.len()
    );
    assert_eq!(standing.log.lost, 0);
    off.sort_unstable();
    off
}

fn p99(off: &[i64]) -> i64 {
    off[off.len() * 99 / 100]
}

#[test]
fn a_day_without_the_hub_is_there_afterwards_each_sample_once() {
    let (mut home, sensor) = lived_in(11, 0.3);
    absent(&mut home, DAY);
    until_complete(&mut home, &sensor);
    let off = assert_once(&home, &sensor);
    println!(
        "24 h away, 30 % of adverts lost: {} samples fetched, p99 of their times off by {} ms",
        off.len(),
        p99(&off)
    );
    assert!(off.len() > 1400 && p99(&off) <= 2_000, "{off:?}");
    assert!(home.stored(sensor.device).iter().all(|stored| stored.is_certain));
}

#[test]
fn ten_days_without_the_hub_are_there_afterwards_each_sample_once() {
    let (mut home, sensor) = lived_in(12, 0.3);
    absent(&mut home, 10 * DAY);
    until_complete(&mut home, &sensor);
    let off = assert_once(&home, &sensor);
    println!(
        "10 d away, 30 % of adverts lost: {} samples fetched, p99 of their times off by {} ms",
        off.len(),
        p99(&off)
    );
    assert!(off.len() > 14_000 && p99(&off) <= 2_000, "{}", p99(&off));
}

#[test]
fn a_link_that_is_lost_again_and_again_fetches_each_sample_once() {
    for seed in 20..24 {
        let (mut home, sensor) = lived_in(seed, 0.1);
        absent(&mut home, 6 * HOUR);
        let cuts = (0..40).map(|nth| 12 + (nth * 7 + seed as u32 * 13) % 40).collect();
        home.range.cut_links(cuts);
        until_complete(&mut home, &sensor);
        home.range.cut_links(Vec::new());
        assert_once(&home, &sensor);
    }
}

#[test]
fn a_hub_that_is_killed_while_it_fetches_fetches_each_sample_once() {
    let (mut home, sensor) = lived_in(30, 0.2);
    absent(&mut home, 8 * HOUR);
    for round in 0..4 {
        // The link breaks when some of the log is here, and the hub is killed before it tries again.
        home.range.cut_links(vec![30 + round * 9]);
        home.live(11 * MINUTE);
        home.kill();
        if round % 2 == 0 { home.switch_on() } else { home.start() }
    }
    home.range.cut_links(Vec::new());
    until_complete(&mut home, &sensor);
    assert_once(&home, &sensor);
}

#[test]
fn what_was_not_told_because_it_hardly_differed_is_fetched_now_and_then() {
    let (mut home, sensor) = lived_in(40, 0.0);
    home.live(7 * HOUR);
    let off = assert_once(&home, &sensor);
    assert!(!off.is_empty() && home.standing(&sensor).log.fetched > 0);
}

#[test]
fn a_battery_change_while_the_hub_is_away_loses_no_sample_that_the_log_kept() {
    let (mut home, sensor) = lived_in(50, 0.0);
    home.kill();
    home.range.live_until(home.clock.at() + 5 * HOUR);
    home.range.with(|world| world.change_battery(sensor.id));
    home.range.live_until(home.clock.at() + 5 * HOUR);
    home.switch_on();
    until_complete(&mut home, &sensor);
    let stored = home.stored(sensor.device);
    let is_twice = stored.windows(2).any(|two| two[0].value == two[1].value);
    assert!(!is_twice, "a sample is stored twice");
    // At most the block in memory, 32 samples, is gone with the battery.
    let truth = sensor.truth.borrow();
    let missing = truth.iter().filter(|(at, value)| {
        *at > home.standing(&sensor).claim.since
            && *at < home.clock.at() + -HOUR
            && !stored.iter().any(|stored| stored.value == *value)
    });
    assert!(missing.count() <= 32);
}

/// Of the two in the middle nobody was ever told when they began.
#[test]
fn battery_changes_in_a_row_leave_their_samples_in_order() {
    let (mut home, sensor) = lived_in(51, 0.0);
    home.kill();
    for _ in 0..3 {
        home.range.live_until(home.clock.at() + 150 * MINUTE);
        home.range.with(|world| world.change_battery(sensor.id));
    }
    home.range.live_until(home.clock.at() + 150 * MINUTE);
    home.switch_on();
    until_complete(&mut home, &sensor);
    let mut stored = home.stored(sensor.device);
    stored.retain(|stored| stored.is_fetched);
    let taken = |value: i64| sensor.truth.borrow().iter().find(|(_, of)| *of == value).map(|(at, _)| *at);
    let taken: Vec<_> = stored.iter().filter_map(|stored| taken(stored.value)).collect();
    assert_eq!(taken.len(), stored.len());
    assert!(taken.is_sorted(), "later samples stand before earlier ones");
    // What was in memory is gone with each battery: that long, and no longer, nobody knows.
    let off = stored.iter().zip(&taken).map(|(stored, taken)| (stored.at - *taken).abs()).max().unwrap_or_default();
    assert!(off <= 2 * 32 * MINUTE, "{off} ms");
    // Who looks at the past is told so, also when the hub was killed meanwhile.
    home.kill();
    home.switch_on();
    let estimates = home.sensors().estimated(sensor.device).unwrap();
    let is_marked = |stored: &&Stored| {
        let is_within = |span: &EstimatedSpan| match stored.is_certain {
            // Where the next boot begins with a sample, the last of the one before is reckoned to be of the same time.
            true => span.from < stored.at && stored.at < span.to,
            false => (span.from..=span.to).contains(&stored.at),
        };
        estimates.spans().iter().any(is_within)
    };
    assert!(stored.iter().any(|stored| !stored.is_certain));
    let wrong: Vec<_> = stored.iter().filter(|stored| is_marked(stored) == stored.is_certain).collect();
    assert!(wrong.is_empty(), "{wrong:?}, and {estimates:?}");
    home.ask(Command::RemoveDevice { device: sensor.device, keeps_history: false });
    assert_eq!(home.sensors().estimated(sensor.device).unwrap(), Estimates::default());
}

#[test]
fn a_hub_that_does_not_know_the_time_waits_with_the_log_until_it_does() {
    let (mut home, sensor) = lived_in(60, 0.0);
    home.kill();
    home.clock.know(false);
    home.range.live_until(home.clock.at() + 2 * HOUR);
    home.switch_on();
    home.live(HOUR / 2);
    assert_eq!(home.standing(&sensor).log.fetched, 0);
    home.clock.know(true);
    home.live(HOUR / 2);
    assert!(home.standing(&sensor).log.fetched > 100);
    until_complete(&mut home, &sensor);
    assert_once(&home, &sensor);
}
