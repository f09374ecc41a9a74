//! A whole house in one process: days pass in seconds, from a seed, with everything that happens to a hub.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod world;

use std::collections::BTreeMap;

use hub_model::{EventBody, HistoryReader, SeriesKey, UnixMillis};
use world::{START, World};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

/// Every reading of the history, by series.
fn stored(world: &World) -> BTreeMap<SeriesKey, Vec<(UnixMillis, i64)>> {
    let history = world.hub().history();
    let mut stored = BTreeMap::new();
    for key in history.series().unwrap() {
        let mut points = Vec::new();
        let window = UnixMillis(0)..UnixMillis(i64::MAX / 2);
        let mut visit = |point: hub_model::RawPoint| {
            points.push((point.at, point.value));
            std::ops::ControlFlow::Continue(())
        };
        history.scan(key, window, &mut visit).unwrap();
        stored.insert(key, points);
    }
    stored
}

/// Fails with the first difference, not with a day of readings.
fn assert_stored(world: &World, expected: &BTreeMap<SeriesKey, Vec<(UnixMillis, i64)>>, context: &str) {
    let stored = stored(world);
    assert!(stored.keys().eq(expected.keys()), "{context}: other series");
    for (key, expected) in expected {
        let stored = &stored[key];
        let first = stored.iter().zip(expected).position(|(stored, expected)| stored != expected);
        let first = first.map(|at| (stored[at], expected[at]));
        assert!(first.is_none(), "{context}: {key:?} has {first:?} (stored, expected)");
        assert_eq!(stored.len(), expected.len(), "{context}: {key:?}");
    }
}

#[test]
fn a_day_of_lossy_repeated_air_is_stored_once_and_exactly() {
    for seed in [1, 2, 3] {
        let mut world = World::new(seed);
        for minute in 0..24 * 60 {
            world.air_a_minute(START + minute * MINUTE_MS, 0.2);
        }
        world.tick();
        assert_stored(&world, &world.truth(), &format!("seed {seed}"));
        assert!(world.count("duplicate") > 1000, "two receivers and repeats make duplicates");
    }
}

#[test]
fn the_same_seed_gives_the_same_events() {
    let events = |seed| {
        let mut world = World::new(seed);
        for minute in 0..120 {
            world.air_a_minute(START + minute * MINUTE_MS, 0.3);
        }
        world.events()
    };
    assert_eq!(events(5), events(5));
    assert_ne!(events(5), events(6));
}

#[test]
fn a_hub_that_is_killed_again_and_again_keeps_what_it_flushed_and_takes_no_frame_twice() {
    let mut world = World::new(11);
    let mut recorded = Vec::new();
    for minute in 0..6 * 60 {
        recorded.extend(world.air_a_minute(START + minute * MINUTE_MS, 0.1));
        if minute % 37 == 36 {
            world.flush();
            world.cut_power();
            // Somebody plays back everything that was ever on the air.
            let before = stored(&world);
            for advert in &recorded {
                world.hear(advert);
            }
            assert_stored(&world, &before, &format!("minute {minute}"));
        }
    }
    assert_stored(&world, &world.truth(), "at the end");
}

#[test]
fn what_was_not_flushed_is_lost_and_its_event_numbers_are_never_used_again() {
    let mut world = World::new(12);
    for minute in 0..30 {
        world.air_a_minute(START + minute * MINUTE_MS, 0.0);
    }
    world.flush();
    let kept = world.truth();
    let durable = world.hub().bus().durable();
    for minute in 30..33 {
        world.air_a_minute(START + minute * MINUTE_MS, 0.0);
    }
    let pushed = world.hub().bus().snapshot().cursor;
    assert!(pushed.seq > durable.seq);
    world.cut_power();
    assert_stored(&world, &kept, "at the end");
    world.air_a_minute(START + 40 * MINUTE_MS, 0.0);
    let reborn = world.hub().bus().snapshot().cursor;
    assert_eq!(reborn.epoch, pushed.epoch);
    assert!(reborn.seq > pushed.seq, "{reborn} is after {pushed}");
}

#[test]
fn forged_frames_raise_one_alert_and_change_nothing() {
    let mut world = World::new(13);
    for minute in 0..60 {
        world.air_a_minute(START + minute * MINUTE_MS, 0.0);
        for forged in 0..30_u32 {
            world.forge(minute as u32 * 100 + forged);
        }
    }
    assert_stored(&world, &world.truth(), "at the end");
    assert_eq!(world.count("bad_mic"), 1800);
    let alerts = world.events().into_iter().filter(|body| matches!(body, EventBody::AlertRaised { .. })).count();
    assert_eq!(alerts, 1, "a flood is one event");
}

#[test]
fn a_clock_that_is_set_late_puts_every_reading_at_its_time() {
    let mut world = World::without_time(14);
    for minute in 0..3 * 60 {
        world.air_a_minute(START + minute * MINUTE_MS, 0.0);
        world.tick();
    }
    world.flush();
    world.kill();
    for minute in 3 * 60..4 * 60 {
        world.air_a_minute(START + minute * MINUTE_MS, 0.0);
        world.tick();
    }
    assert!(stored(&world) != world.truth(), "nobody knows the time yet");
    world.set_clock();
    world.tick();
    assert_stored(&world, &world.truth(), "at the end");
    let current = world.hub().bus().snapshot();
    assert!(current.current.values().all(|current| current.wall.at >= START + 3 * HOUR_MS));
}

#[test]
fn a_removed_device_is_forgotten_and_can_be_adopted_again_without_a_replay() {
    let mut world = World::new(15);
    let mut recorded = Vec::new();
    for minute in 0..30 {
        recorded.extend(world.air_a_minute(START + minute * MINUTE_MS, 0.0));
    }
    let device = world.remove_first();
    assert!(stored(&world).keys().all(|key| key.device != device));
    world.cut_power();
    world.adopt_first();
    for advert in &recorded {
        world.hear(advert);
    }
    assert!(stored(&world).keys().all(|key| key.device != device), "old frames are not believed after re-adoption");
    world.forget_truth(device);
    world.air_a_minute(START + 40 * MINUTE_MS, 0.0);
    assert_stored(&world, &world.truth(), "at the end");
}
