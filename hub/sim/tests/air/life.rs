//! What sensors send, day by day.

use std::collections::BTreeSet;

use fw_app::Happening;
use fw_host::{AdvertisingPdu, Listening, SensorId, World};
use fw_logic::nor::Fault;
use hub_link::{Label, first_settings};
use hub_model::{Claim, SensorSettings};
use hub_sim::Owner;
use units::{Measure, Quantity};

use crate::home::{DAY_US, HOUR_US, Home, MINUTE_US, SECOND_US, home, named, open, simulated};

#[test]
fn the_same_seed_sends_the_same_whatever_else_runs() {
    fn day(seed: u64) -> Vec<AdvertisingPdu> {
        let mut home = home(seed, first_settings());
        home.world.run_until(DAY_US)
    }
    let alone = day(7);
    let beside: Vec<_> =
        [7, 8, 7].map(|seed| std::thread::spawn(move || day(seed))).into_iter().map(|it| it.join().unwrap()).collect();
    assert!(alone == beside[0] && alone == beside[2], "the same seed, the same adverts");
    assert!(alone != beside[1]);
    // Three of four of them every five seconds, those of windows more often.
    assert!((17_000..21_000).contains(&alone.len()), "{}", alone.len());
}

#[test]
fn who_listens_for_the_first_hears_each_frame_once_and_when_it_was_sent_first() {
    let day = |listening| {
        let mut home = home(3, first_settings());
        home.world.listen(listening);
        let now_us = home.world.now_us();
        home.world.run_until(now_us);
        home.world.run_until(DAY_US)
    };
    let all = day(Listening::Every);
    let mut firsts = all.clone();
    firsts.dedup_by(|later, earlier| later.data() == earlier.data());
    let heard = day(Listening::First(1));
    // What was on the air already is not told again.
    assert_eq!(heard, firsts[1..]);
    assert!(heard.len() * 10 < all.len(), "{} of {}", heard.len(), all.len());
}

#[test]
fn a_door_is_told_at_once_in_a_burst() {
    let Home { mut world, claim, id, .. } = home(4, SensorSettings { window_every_s: 0, ..first_settings() });
    world.run_until(HOUR_US);
    world.happen(id, Happening::Measured(Measure::new(Quantity::Door, 1))).unwrap();
    let sent = world.run_until(HOUR_US + SECOND_US);
    let told: Vec<u64> = sent
        .iter()
        .filter(|pdu| open(&claim, pdu).is_some_and(|(_, values)| values.get(&Quantity::Door) == Some(&1)))
        .map(|pdu| pdu.at_us - HOUR_US)
        .collect();
    assert!(told[0] <= 10_000, "first after {} µs", told[0]);
    assert!((5..=6).contains(&told.iter().filter(|after_us| **after_us < 600_000).count()), "{told:?}");
}

#[test]
fn no_counter_is_ever_used_twice_whatever_happens_to_the_battery() {
    let settings = SensorSettings { sampling_s: 300, window_every_s: 3600, ..first_settings() };
    let Home { mut world, claim, id, .. } = home(12, settings);
    world.listen(Listening::First(1));
    let (mut last, mut frames, mut cuts) = (None, 0, 0);
    for day in 1..=60 {
        // A battery change now and then, or a cut in the middle of writing.
        match day % 6 {
            0 => world.change_battery(id),
            3 => world.cut_power(id, day / 6, Fault::ALL[day as usize % 5], day),
            _ => {}
        }
        for pdu in world.run_until(day * DAY_US) {
            let Some((counter, values)) = open(&claim, &pdu) else { continue };
            match &last {
                // The same frame, by an advert that can be connected to.
                Some((known, told)) if *known == counter => assert_eq!(*told, values),
                Some((known, _)) => assert!(counter > *known, "{counter} after {known} on day {day}"),
                None => {}
            }
            last = Some((counter, values));
            frames += 1;
        }
        if day % 6 == 4 {
            cuts += usize::from(world.run_until(day * DAY_US + 1).is_empty());
            world.change_battery(id);
        }
    }
    assert!(frames > 10_000 && cuts == 10 && world.stopped(id).is_none(), "{frames} frames, {cuts} cuts");
}

#[test]
fn a_hundred_sensors_share_the_air_and_each_is_heard_by_its_key() {
    let (mut world, mut owner) = (World::new(13), Owner::new(13));
    let sensors: Vec<(SensorId, Label)> = (0..100)
        .map(|seed| {
            let (simulated, label, _) = simulated(1000 + seed);
            (world.add(simulated), label)
        })
        .collect();
    let wishes = |nth: usize| (named(&format!("Sensor {nth}")), first_settings());
    let claims: Vec<Claim> = sensors
        .iter()
        .enumerate()
        .map(|(nth, (_, label))| owner.pair(&mut world, label, wishes(nth), 10 * MINUTE_US).unwrap())
        .collect();
    let paired_us = world.now_us();
    assert!(paired_us < 10 * MINUTE_US, "{paired_us}");
    world.run_until(paired_us + 31 * SECOND_US);
    let sent = world.run_until(paired_us + 31 * SECOND_US + HOUR_US);
    assert!(sent.is_sorted_by_key(|pdu| pdu.at_us));
    let addresses: BTreeSet<_> = sent.iter().map(|pdu| pdu.from).collect();
    assert_eq!(addresses.len(), 100);
    for claim in &claims {
        let own = sent.iter().filter(|pdu| pdu.from == claim.address.bytes());
        assert!(own.clone().count() > 700 && own.clone().all(|pdu| open(claim, pdu).is_some()));
    }
}

/// A quarter of a year of a sensor that measures every minute and sends every five seconds; `examples/year.rs` measures a
/// whole one.
#[test]
fn a_quarter_of_a_year_passes_while_one_waits() {
    let Home { mut world, claim, id, .. } = home(14, first_settings());
    world.listen(Listening::First(1));
    let mut counters = 0;
    for day in 1..=91 {
        let sent = world.run_until(day * DAY_US);
        let mut own: Vec<u32> = sent.iter().filter_map(|pdu| Some(open(&claim, pdu)?.0)).collect();
        own.dedup();
        assert!(own.is_sorted());
        counters += own.len();
    }
    // One in five minutes is the heartbeat; more only where the room moves.
    assert!((91 * 288..91 * 720).contains(&counters), "{}", counters / 91);
    assert!(world.stopped(id).is_none() && world.wear(id) <= 20, "{}", world.wear(id));
}
