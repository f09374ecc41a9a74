use embassy_futures::block_on;
use proptest::prelude::*;

use super::*;
use crate::sim::{Clock, Line, Timer};

/// What a contact tells, and when in milliseconds, of a pin whose level changes after each of these pauses.
fn told(wiring: Wiring, is_high: bool, pauses_ms: &[u32]) -> Vec<(u64, bool)> {
    let clock = Clock::new();
    let line = Line::new(is_high);
    let mut contact: Contact<Line, Timer> = Contact::new(line.clone(), clock.timer(), wiring);
    let mut told = Vec::new();
    let world = async {
        let mut is_high = is_high;
        for pause_ms in pauses_ms {
            clock.timer().delay_ms(*pause_ms).await;
            is_high = !is_high;
            line.set(is_high);
        }
        // Until nothing more is to come.
        clock.timer().delay_ms(3_600_000).await;
    };
    let listening = async {
        loop {
            let Ok(measure) = contact.changed().await;
            assert_eq!(measure.quantity, wiring.quantity);
            told.push((clock.now_us() / 1000, measure.value == 1));
        }
    };
    let ended: Option<Either<(), ()>> = clock.run(select(world, listening));
    assert!(ended.is_some(), "the hour is over");
    told
}

#[test]
fn the_state_at_the_start_is_told_first() {
    assert_eq!(told(Wiring::DOOR, false, &[]), [(20, false)]);
    assert_eq!(told(Wiring::DOOR, true, &[]), [(20, true)]);
    assert_eq!(told(Wiring::LEAK, true, &[]), [(5000, false)], "high is dry");
}

#[test]
fn a_door_that_bounces_opens_once() {
    // After a second it opens, bounces for 5 ms, and closes three seconds later with a bounce too.
    assert_eq!(told(Wiring::DOOR, false, &[1000, 1, 1, 2, 1, 3000, 2, 1]), [(20, false), (1025, true), (4028, false)]);
}

#[test]
fn a_glitch_is_not_told() {
    assert_eq!(told(Wiring::DOOR, false, &[1000, 19, 1000, 19]), [(20, false)]);
}

#[test]
fn a_walk_through_a_room_is_one_motion() {
    // Seen at 60 s; seen again and again with pauses of less than half a minute; nobody from 60 + 2 + 25 + 3 s on.
    assert_eq!(
        told(Wiring::MOTION, false, &[60_000, 2000, 25_000, 3000]),
        [(30_000, false), (60_002, true), (120_000, false)]
    );
}

/// Water that laps at the wires: 100 touches, none of them long enough to be believed alone.
#[test]
fn what_flutters_without_end_is_told_as_active() {
    let laps: Vec<u32> = [50, 50].repeat(150);
    assert_eq!(told(Wiring::LEAK, true, &[&[10_000], &laps[..]].concat())[..2], [(5000, false), (19_950, true)]);
}

#[test]
fn rare_glitches_do_not_add_up_to_an_alarm() {
    let drops: Vec<u32> = [50, 5500].repeat(150);
    assert_eq!(told(Wiring::LEAK, true, &[&[10_000], &drops[..299]].concat()), [(5000, false)]);
}

#[test]
fn a_sample_repeats_what_was_told() {
    let clock = Clock::new();
    let line = Line::new(true);
    let mut contact = Contact::new(line.clone(), clock.timer(), Wiring::DOOR);
    let value = |contact: &mut Contact<Line, Timer>| {
        let mut sample = Sample::new();
        let Ok(()) = block_on(contact.sample(&mut sample));
        sample.measures()[0]
    };
    assert_eq!(value(&mut contact), Measure::new(Quantity::Door, 1), "never told: as it is");
    assert_eq!(clock.run(contact.changed()), Some(Ok(Measure::new(Quantity::Door, 1))));
    line.set(false);
    assert_eq!(value(&mut contact), Measure::new(Quantity::Door, 1), "not settled yet");
    assert_eq!(clock.run(contact.changed()), Some(Ok(Measure::new(Quantity::Door, 0))));
    assert_eq!(value(&mut contact), Measure::new(Quantity::Door, 0));
    assert_eq!(clock.run(contact.changed()), None, "nothing happens any more");
}

/// The program waits for the radio too: every 1.3 s the future is dropped and made anew.
#[test]
fn the_end_of_a_motion_is_told_though_its_future_is_dropped_again_and_again() {
    let clock = Clock::new();
    let line = Line::new(true);
    let mut contact = Contact::new(line.clone(), clock.timer(), Wiring::MOTION);
    assert_eq!(clock.run(contact.changed()), Some(Ok(Measure::new(Quantity::Motion, 1))));
    line.set(false);
    let ended = (0..60).find_map(|_| match clock.run(select(contact.changed(), clock.timer().delay_ms(1300))) {
        Some(Either::First(Ok(measure))) => Some(measure),
        _ => None,
    });
    assert_eq!(ended, Some(Measure::new(Quantity::Motion, 0)));
    assert!((30_000..=39_100).contains(&(clock.now_us() / 1000)), "{}", clock.now_us());
}

#[test]
fn a_future_that_is_dropped_loses_nothing() {
    let clock = Clock::new();
    let line = Line::new(false);
    let mut contact = Contact::new(line.clone(), clock.timer(), Wiring::DOOR);
    assert_eq!(clock.run(contact.changed()), Some(Ok(Measure::new(Quantity::Door, 0))));
    line.set(true);
    let early = clock.run(select(contact.changed(), clock.timer().delay_ms(10)));
    assert!(matches!(early, Some(Either::Second(()))));
    assert_eq!(clock.run(contact.changed()), Some(Ok(Measure::new(Quantity::Door, 1))));
}

proptest! {
    /// However it bounces: what is told alternates, and the last is where it came to rest.
    #[test]
    fn what_is_told_alternates_and_ends_in_the_truth(is_high: bool, pauses_ms in prop::collection::vec(1..100_u32, 0..60)) {
        let told = told(Wiring::DOOR, is_high, &pauses_ms);
        let is_open = is_high != (pauses_ms.len() % 2 == 1);
        prop_assert_eq!(told.last().map(|(_, is_open)| *is_open), Some(is_open));
        prop_assert!(told.windows(2).all(|pair| pair[0].1 != pair[1].1 && pair[0].0 + 20 <= pair[1].0));
    }
}
