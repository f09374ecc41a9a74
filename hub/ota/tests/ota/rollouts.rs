//! Rollouts over whole homes: rings, halts, quiet hours, batteries, restarts.

use std::collections::{BTreeMap, BTreeSet};

use hub_model::{DeviceId, RolloutState};
use hub_ota::{Policy, QuietHours, Task};
use proptest::prelude::*;

use crate::fleet::{Fleet, HOUR_MS, Kind, MINUTE_MS, Mishap};

fn policy() -> Policy {
    Policy::default().with_rings(5, &[10, 50]).unwrap()
}

/// The first link of each sensor, in order.
fn first_links(fleet: &Fleet) -> Vec<(u64, DeviceId)> {
    let mut seen = BTreeSet::new();
    let first = fleet.began.iter().filter(|began| seen.insert(began.order.sensor));
    first.map(|began| (began.at_ms, began.order.sensor)).collect()
}

#[test]
fn a_good_release_goes_through_all_rings_and_soaks_between() {
    let mut fleet = Fleet::new(Kind { lost: 0, ..Kind::good(1) }, policy());
    fleet.run(24 * 30, |_| Mishap::None);
    assert_eq!((fleet.state(), fleet.proved.len()), (RolloutState::Complete, 100));
    let counts = fleet.plan.status(&crate::fleet::now(fleet.now_ms)).counts;
    assert_eq!((counts.updated, counts.given_up, counts.failing, counts.waiting), (100, 0, 0, 0));

    let first = first_links(&fleet);
    for (before, after) in [(5, 5), (10, 10), (50, 50)] {
        let ring: Vec<u64> = first[..before].iter().map(|(_, id)| fleet.proved[id]).collect();
        let done_ms = ring.into_iter().max().unwrap();
        let (next_ms, _) = first[after];
        assert!(next_ms >= done_ms + 24 * HOUR_MS, "ring of {before}: done at {done_ms}, next at {next_ms}");
    }
    // Three days of soaking; three adapters have ten minutes a sensor.
    assert!(fleet.now_ms < 24 * HOUR_MS * 4, "{} h", fleet.now_ms / HOUR_MS);
}

#[test]
fn a_bad_release_is_halted_in_the_first_ring() {
    for seed in 0..40 {
        let mut fleet = Fleet::new(Kind { bad: 60, ..Kind::good(seed) }, policy());
        fleet.run(24 * 60, |_| Mishap::None);
        let RolloutState::Halted(halt) = fleet.state() else { panic!("seed {seed}: {:?}", fleet.state()) };
        assert_eq!(halt.ring, 0, "seed {seed}");
        assert!(halt.failed * 5 >= halt.judged && halt.judged >= 1);
        assert!(fleet.touched() <= 5, "seed {seed}: {} touched", fleet.touched());
        // And nothing goes on by itself.
        let began = fleet.began.len();
        fleet.run(24, |_| Mishap::None);
        assert_eq!(fleet.began.len(), began);
    }
}

#[test]
fn a_release_that_is_bad_for_some_never_reaches_most() {
    let mut worst = 0;
    let mut halted = 0;
    for seed in 0..60 {
        let mut fleet = Fleet::new(Kind { bad: 30, ..Kind::good(seed) }, policy());
        fleet.run(24 * 60, |_| Mishap::None);
        halted += u32::from(matches!(fleet.state(), RolloutState::Halted(_)));
        worst = worst.max(fleet.touched());
    }
    assert_eq!(halted, 60);
    assert!(worst <= 50, "{worst} sensors touched");
}

#[test]
fn a_halted_rollout_goes_on_when_the_owner_says_so_and_ends_when_he_says_that() {
    let mut fleet = Fleet::new(Kind { bad: 100, ..Kind::good(3) }, policy());
    fleet.run(24 * 9, |_| Mishap::None);
    assert!(matches!(fleet.state(), RolloutState::Halted(_)));
    let before = fleet.began.len();
    fleet.plan.resume();
    assert_eq!(fleet.state(), RolloutState::Running);
    fleet.run(24 * 9, |_| Mishap::None);
    assert!(matches!(fleet.state(), RolloutState::Halted(_)) && fleet.began.len() > before);
    fleet.plan.abort();
    fleet.plan.resume();
    fleet.plan.pause();
    assert_eq!(fleet.state(), RolloutState::Aborted);
    let before = fleet.began.len();
    fleet.run(24 * 9, |_| Mishap::None);
    assert_eq!(fleet.began.len(), before);
}

#[test]
fn a_pause_begins_nothing_and_still_proves_what_was_installed() {
    let mut fleet = Fleet::new(Kind { lost: 0, ..Kind::good(4) }, policy());
    while fleet.plan.status(&crate::fleet::now(fleet.now_ms)).counts.installing == 0 {
        fleet.run(1, |_| Mishap::None);
    }
    let before = fleet.began.len();
    fleet.plan.pause();
    fleet.run(48, |_| Mishap::None);
    assert_eq!(fleet.state(), RolloutState::Paused);
    assert!(fleet.began.len() > before && fleet.began[before..].iter().all(|began| began.order.task == Task::Prove));
    assert_eq!(fleet.plan.status(&crate::fleet::now(fleet.now_ms)).counts.installing, 0);
    fleet.plan.resume();
    fleet.run(24 * 30, |_| Mishap::None);
    assert_eq!(fleet.state(), RolloutState::Complete);
}

#[test]
fn quiet_hours_are_kept_by_the_clock_of_the_home() {
    let quiet: QuietHours = "21:30-08:15".parse().unwrap();
    let mut fleet = Fleet::new(Kind::good(5), policy().with_quiet_hours(Some(quiet)));
    fleet.run(24 * 60, |_| Mishap::None);
    assert_eq!(fleet.state(), RolloutState::Complete);
    for began in fleet.began.iter().filter(|began| began.order.task == Task::Send) {
        // Berlin in November: an hour after UTC, at which the fleet begins at midnight.
        let minute = (began.at_ms / MINUTE_MS + 60) % (24 * 60);
        assert!((8 * 60 + 15..21 * 60 + 30).contains(&minute), "{}:{:02}", minute / 60, minute % 60);
    }
    let is_night = |began: &&crate::fleet::Began| (began.at_ms / MINUTE_MS + 60) % (24 * 60) > 21 * 60 + 30;
    assert!(fleet.began.iter().filter(is_night).all(|began| began.order.task == Task::Prove));
}

#[test]
fn a_weak_battery_and_a_sensor_out_of_reach_keep_nobody_waiting() {
    let mut fleet = Fleet::new(Kind { weak: 40, away: 30, ..Kind::good(6) }, policy());
    let weak: BTreeSet<DeviceId> =
        fleet.facts().iter().filter(|sensor| sensor.battery_mv < Some(2500)).map(|sensor| sensor.id).collect();
    assert!(weak.len() > 20);
    fleet.run(24 * 7 - 1, |_| Mishap::None);
    let status = fleet.plan.status(&crate::fleet::now(fleet.now_ms));
    assert!(status.counts.weak > 20 && status.counts.updated > 40, "{status:?}");
    assert!(fleet.began.iter().all(|began| !weak.contains(&began.order.sensor)));
    fleet.run(24 * 60, |_| Mishap::None);
    assert_eq!((fleet.state(), fleet.proved.len()), (RolloutState::Complete, 100), "when they have new batteries");
}

/// What went on in a run: links, and when who was updated.
type Trace = (Vec<(u64, DeviceId, Task)>, BTreeMap<DeviceId, u64>);

fn trace(kind: Kind, mishap: impl FnMut(usize) -> Mishap) -> Trace {
    let mut fleet = Fleet::new(kind, policy());
    fleet.run(24 * 30, mishap);
    (fleet.began.iter().map(|began| (began.at_ms, began.order.sensor, began.order.task)).collect(), fleet.proved)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_that_is_written_and_read_is_the_same(seed: u64, bad in 0_u32..30, away in 0_u32..30) {
        let kind = Kind { sensors: 30, bad, away, ..Kind::good(seed) };
        prop_assert_eq!(trace(kind, |_| Mishap::None), trace(kind, |_| Mishap::Reread));
    }

    #[test]
    fn a_restart_is_no_more_than_links_that_are_lost(seed: u64, every in 2_usize..40, bad in 0_u32..30) {
        let kind = Kind { sensors: 30, bad, ..Kind::good(seed) };
        let at = |mishap| move |step: usize| if step % every == every - 1 { mishap } else { Mishap::None };
        prop_assert_eq!(trace(kind, at(Mishap::LinksLost)), trace(kind, at(Mishap::Restarted)));
    }

    #[test]
    fn power_cuts_keep_no_good_release_from_anybody(seed: u64, every in 5_usize..60) {
        let mut fleet = Fleet::new(Kind { sensors: 40, ..Kind::good(seed) }, policy());
        fleet.run(24 * 90, |step| if step % every == every - 1 { Mishap::PowerLost } else { Mishap::None });
        prop_assert_eq!(fleet.state(), RolloutState::Complete);
        prop_assert_eq!(fleet.kept(), 40);
    }

    #[test]
    fn more_than_a_ring_is_never_touched(seed: u64, bad in 0_u32..100, away in 0_u32..60, lost in 0_u32..70, canaries in 1_u16..8) {
        let policy = Policy::default().with_rings(canaries, &[20]).unwrap();
        let mut fleet = Fleet::new(Kind { sensors: 50, bad, away, lost, ..Kind::good(seed) }, policy);
        for _ in 0..24 * 10 {
            fleet.run(1, |_| Mishap::None);
            let status = fleet.plan.status(&crate::fleet::now(fleet.now_ms));
            let installed = fleet.installed();
            prop_assert!(installed <= status.quota as usize, "{} of {:?}", installed, status);
        }
    }
}
