//! What owners do with sensors, and what comes between.

use std::collections::{BTreeMap, BTreeSet};

use fw_app::Happening;
use fw_host::{LinkError, World};
use fw_logic::nor::Fault;
use hub_link::{SampleId, Sampled, TalkError, first_settings};
use hub_model::{Claim, DeadBand, SensorKey, SensorSettings};
use hub_sim::{Owner, Talk, at_once};
use units::Quantity;
use wire::{message::Refusal, service::ResetReason, settings::Setting};

use crate::home::{DAY_US, HOUR_US, Home, MINUTE_US, SECOND_US, home, named, open, simulated};

#[test]
fn a_sensor_is_paired_over_the_air_and_heard_by_its_owner_alone() {
    let Home { mut world, claim, notes, .. } = home(1, first_settings());
    let said: Vec<String> = notes.borrow().iter().map(|(_, note)| note.clone()).collect();
    let order = ["started, boot 1, unclaimed", "window opened", "connected", "pending, key 1", "active, key 1"];
    let places: Vec<_> = order.iter().map(|note| said.iter().position(|said| said == note)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said:?}");
    let paired_us = world.now_us();
    assert!(paired_us < 5 * SECOND_US, "paired after {paired_us} µs");
    let sent = world.run_until(paired_us + HOUR_US);
    assert!(sent.iter().all(|pdu| pdu.at_us < paired_us || open(&claim, pdu).is_some()));
    let stranger = Claim { key: SensorKey::new([1; 32]), ..claim };
    assert!(sent.iter().all(|pdu| open(&stranger, pdu).is_none()));
}

#[test]
fn a_hub_may_connect_in_the_windows_that_the_settings_say() {
    let every_s = 1800;
    let Home { mut world, claim, notes, .. } = home(5, SensorSettings { window_every_s: every_s, ..first_settings() });
    world.run_until(MINUTE_US);
    let claimed = notes.borrow().iter().find(|(_, note)| note == "pending, key 1").unwrap().0;
    let open: Vec<u64> =
        world.run_until(DAY_US).iter().filter(|pdu| pdu.is_connectable).map(|pdu| pdu.at_us - claimed).collect();
    let every_us = u64::from(every_s) * SECOND_US;
    // The sensor counts in milliseconds.
    let open: Vec<u64> = open.iter().map(|at_us| at_us + 1000).collect();
    assert!(open.iter().all(|at_us| at_us % every_us < 2 * SECOND_US + 11_000), "{open:?}");
    let mut windows: Vec<u64> = open.iter().map(|at_us| at_us / every_us).collect();
    windows.dedup();
    assert_eq!(windows, (1..48).collect::<Vec<_>>());
    // Outside of them nobody can.
    world.run_until(DAY_US + MINUTE_US);
    assert_eq!(world.connect(claim.address.bytes(), MINUTE_US).unwrap_err(), LinkError::Unheard);
    assert_eq!(world.connect([0xC0; 6], HOUR_US).unwrap_err(), LinkError::Unheard);
    assert!(world.connect(claim.address.bytes(), HOUR_US).is_ok());
}

/// Asks for the log from this sample on, until there is no more.
fn fetch(session: &mut Talk<'_>, mut from: SampleId) -> BTreeMap<SampleId, Sampled> {
    let mut samples = BTreeMap::new();
    loop {
        let some = at_once(session.log(from)).unwrap();
        let Some(last) = some.last() else { return samples };
        from = SampleId { number: last.id.number + 1, ..last.id };
        samples.extend(some.into_iter().map(|sample| (sample.id, sample)));
    }
}

#[test]
fn an_owner_fetches_what_was_measured_across_battery_changes() {
    let Home { mut world, mut owner, claim, id, .. } = home(6, SensorSettings { sampling_s: 60, ..first_settings() });
    world.run_until(DAY_US);
    world.change_battery(id);
    world.run_until(DAY_US + 6 * HOUR_US);
    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    assert_eq!(session.info().boot, 2);
    let samples = fetch(&mut session, SampleId::default());
    at_once(session.end());
    let minutes = |boot| samples.keys().filter(|id| id.boot == boot).count();
    // What was in memory only is gone with the battery: a block has at most a few hours.
    assert!((1200..=1441).contains(&minutes(1)), "{}", minutes(1));
    assert!((360..=372).contains(&minutes(2)), "{}", minutes(2));
    let temperature = |sample: &Sampled| {
        let value = sample.values.iter().find(|value| value.quantity == Quantity::Temperature)?;
        Some(value.value)
    };
    let temperatures = samples.values().filter_map(temperature);
    assert!(
        temperatures.clone().count() == samples.len() && temperatures.clone().all(|it| (18_000..23_000).contains(&it))
    );
}

#[test]
fn settings_are_set_over_the_air_and_a_wrong_one_is_named() {
    let Home { mut world, mut owner, claim, .. } = home(9, first_settings());
    let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
    let busy =
        SensorSettings { revision: 9, advert_interval_ms: 1000, sampling_s: 5, heartbeat_s: 10, ..first_settings() };
    assert_eq!(at_once(session.set(&busy)).unwrap(), busy);
    let foreign = DeadBand { quantity: Quantity::Co2, steps: 1 };
    let wrong = SensorSettings { bands: vec![foreign], ..busy };
    match at_once(session.set(&wrong)) {
        Err(TalkError::Refused(Refusal::Setting { setting })) => assert_eq!(setting, Setting::BandQuantity),
        other => panic!("{other:?}"),
    }
    at_once(session.end());
    // The window that opens with the battery is over.
    let now_us = MINUTE_US;
    world.run_until(now_us);
    let frames = world.run_until(now_us + MINUTE_US);
    let counters: BTreeSet<u32> = frames.iter().filter_map(|pdu| Some(open(&claim, pdu)?.0)).collect();
    assert!(
        (55..=75).contains(&frames.len()) && (5..=20).contains(&counters.len()),
        "{} {}",
        frames.len(),
        counters.len()
    );
}

#[test]
fn a_link_that_is_lost_at_any_packet_costs_no_more_than_another_attempt() {
    let mut answered = 0;
    for packets in 0..12 {
        let Home { mut world, mut owner, claim, notes, .. } =
            home(10, SensorSettings { window_every_s: 60, ..first_settings() });
        let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
        session.link().lose_after(packets);
        let health = health(&mut session);
        answered += usize::from(health.is_ok());
        if let Err(error) = health {
            assert!(matches!(error, TalkError::Link(hub_model::LinkError::Lost)), "{error:?}");
        }
        drop(session);
        let mut session = owner.reach(&mut world, &claim, HOUR_US).unwrap();
        assert!(self::health(&mut session).is_ok());
        at_once(session.end());
        let said = notes.borrow();
        assert_eq!(said.iter().filter(|(_, note)| note == "connected").count(), 3);
        assert_eq!(said.iter().filter(|(_, note)| note == "disconnected").count(), 3);
    }
    // Question and answer are four packets: the piece, that it was taken, the answer.
    assert!((8..=9).contains(&answered), "{answered}");
}

fn health(session: &mut Talk<'_>) -> Result<u32, TalkError> {
    let health = at_once(session.health())?;
    assert_eq!(health.reset, ResetReason::PowerOn);
    Ok(health.uptime_s)
}

#[test]
fn a_pairing_that_is_cut_off_is_done_again() {
    let (mut world, mut owner) = (World::new(11), Owner::new(11));
    let (simulated, label, notes) = simulated(11);
    let id = world.add(simulated);
    let wishes = || (named("Hall"), first_settings());
    // The power fails where the key is written: flash has it or not, and the label is good again.
    world.cut_power(id, 0, Fault::TornWord, 5);
    assert!(owner.pair(&mut world, &label, wishes(), MINUTE_US).is_err());
    world.change_battery(id);
    let claim = owner.pair(&mut world, &label, wishes(), MINUTE_US).unwrap();
    assert_eq!(notes.borrow().last().unwrap().1, "disconnected");
    assert!(world.run_until(world.now_us() + HOUR_US).iter().filter(|pdu| open(&claim, pdu).is_some()).count() > 600);
    // Who holds the button is nobody's, and can be paired by anybody with the label.
    world.happen(id, Happening::Held).unwrap();
    let sold = Owner::new(12).pair(&mut world, &label, wishes(), MINUTE_US).unwrap();
    assert!(sold.key != claim.key && world.stopped(id).is_none());
}
