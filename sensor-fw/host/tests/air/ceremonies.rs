//! What owners do with sensors, and what comes between.

use std::collections::{BTreeMap, BTreeSet};

use fw_app::Happening;
use fw_host::{CeremonyError, LinkError, Owned, Owner, Session, World};
use fw_logic::nor::Fault;
use units::Quantity;
use wire::{
    log::{Block, SampleId},
    message::{Name, Refusal, ToHub, ToSensor},
    service::{Answer, Ask, ResetReason},
    settings::{Setting, Settings},
};

use crate::home::{DAY_US, HOUR_US, Home, MINUTE_US, SECOND_US, home, open, simulated};

#[test]
fn a_sensor_is_paired_over_the_air_and_heard_by_its_owner_alone() {
    let Home { mut world, owned, notes, .. } = home(1, Settings::DEFAULT);
    let said: Vec<String> = notes.borrow().iter().map(|(_, note)| note.clone()).collect();
    let order = ["started, boot 1, unclaimed", "window opened", "connected", "pending, key 1", "active, key 1"];
    let places: Vec<_> = order.iter().map(|note| said.iter().position(|said| said == note)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{said:?}");
    let paired_us = world.now_us();
    assert!(paired_us < 5 * SECOND_US, "paired after {paired_us} µs");
    let sent = world.run_until(paired_us + HOUR_US);
    assert!(sent.iter().all(|pdu| pdu.at_us < paired_us || open(&owned, pdu).is_some()));
    let stranger = Owned { key: wire::secret::DeviceKey::new([1; 32]), ..owned };
    assert!(sent.iter().all(|pdu| open(&stranger, pdu).is_none()));
}

#[test]
fn a_hub_may_connect_in_the_windows_that_the_settings_say() {
    let every_s = 1800;
    let Home { mut world, owned, notes, .. } = home(5, Settings { window_every_s: every_s, ..Settings::DEFAULT });
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
    assert_eq!(world.connect(owned.address, MINUTE_US).unwrap_err(), LinkError::Unheard);
    assert_eq!(world.connect([0xC0; 6], HOUR_US).unwrap_err(), LinkError::Unheard);
    assert!(world.connect(owned.address, HOUR_US).is_ok());
}

/// Asks for the log from this sample on, until there is no more.
fn fetch(session: &mut Session<'_>, mut from: SampleId) -> BTreeMap<SampleId, Vec<Option<i32>>> {
    let mut samples = BTreeMap::new();
    loop {
        let mut buffer = [0; 16];
        let length = Ask::Log { from }.write(&mut buffer).unwrap();
        let answer = session.ask_bytes(&buffer[..length]).unwrap();
        let Answer::Blocks(blocks) = Answer::parse(&answer).unwrap() else { panic!("{answer:?}") };
        let blocks: Vec<_> = blocks.map(Result::unwrap).collect();
        if blocks.is_empty() {
            return samples;
        }
        for block in blocks {
            let block = Block::parse(block).unwrap();
            let columns = block.columns().count();
            samples.extend(block.samples().map(Result::unwrap).map(|it| (it.id, it.values[..columns].to_vec())));
            from = SampleId { number: block.last().number + 1, ..block.last() };
        }
    }
}

#[test]
fn an_owner_fetches_what_was_measured_across_battery_changes() {
    let Home { mut world, mut owner, owned, id, .. } = home(6, Settings { sampling_s: 60, ..Settings::DEFAULT });
    world.run_until(DAY_US);
    world.change_battery(id);
    world.run_until(DAY_US + 6 * HOUR_US);
    let (mut session, info) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    assert_eq!(info.boot, 2);
    let samples = fetch(&mut session, SampleId::default());
    session.end();
    let minutes = |boot| samples.keys().filter(|id| id.boot == boot).count();
    // What was in memory only is gone with the battery: a block has at most a few hours.
    assert!((1200..=1441).contains(&minutes(1)), "{}", minutes(1));
    assert!((360..=372).contains(&minutes(2)), "{}", minutes(2));
    let temperatures = samples.values().filter_map(|values| values[0]);
    assert!(
        temperatures.clone().count() == samples.len() && temperatures.clone().all(|it| (18_000..23_000).contains(&it))
    );
}

#[test]
fn settings_are_set_over_the_air_and_a_wrong_one_is_named() {
    let Home { mut world, mut owner, owned, .. } = home(9, Settings::DEFAULT);
    let (mut session, _) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
    let busy = Settings { revision: 9, advert_interval_ms: 1000, sampling_s: 5, heartbeat_s: 10, ..Settings::DEFAULT };
    assert_eq!(session.ask(&ToSensor::Set(busy)).unwrap(), ToHub::Settings(busy));
    let foreign = wire::settings::Band { code: Quantity::Co2.code(), steps: 1 };
    let wrong = Settings { bands: wire::settings::Bands::new(&[foreign]).unwrap(), ..busy };
    match session.ask(&ToSensor::Set(wrong)) {
        Err(CeremonyError::Refused(Refusal::Setting { setting })) => assert_eq!(setting, Setting::BandQuantity),
        other => panic!("{other:?}"),
    }
    session.end();
    // The window that opens with the battery is over.
    let now_us = MINUTE_US;
    world.run_until(now_us);
    let frames = world.run_until(now_us + MINUTE_US);
    let counters: BTreeSet<u32> = frames.iter().filter_map(|pdu| Some(open(&owned, pdu)?.0)).collect();
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
        let Home { mut world, mut owner, owned, notes, .. } =
            home(10, Settings { window_every_s: 60, ..Settings::DEFAULT });
        let (mut session, _) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
        session.lose_after(packets);
        let health = health(&mut session);
        answered += usize::from(health.is_ok());
        if let Err(error) = health {
            assert!(matches!(error, CeremonyError::Link(LinkError::Gone)), "{error:?}");
        }
        drop(session);
        let (mut session, _) = owner.reach(&mut world, &owned, HOUR_US).unwrap();
        assert!(self::health(&mut session).is_ok());
        session.end();
        let said = notes.borrow();
        assert_eq!(said.iter().filter(|(_, note)| note == "connected").count(), 3);
        assert_eq!(said.iter().filter(|(_, note)| note == "disconnected").count(), 3);
    }
    // Question and answer are four packets: the piece, that it was taken, the answer.
    assert!((8..=9).contains(&answered), "{answered}");
}

fn health(session: &mut Session<'_>) -> Result<u32, CeremonyError> {
    let mut buffer = [0; 16];
    let length = Ask::Health.write(&mut buffer).unwrap();
    let answer = session.ask_bytes(&buffer[..length])?;
    let Answer::Health(health) = Answer::parse(&answer).unwrap() else { panic!("{answer:?}") };
    assert_eq!(health.reset, ResetReason::PowerOn);
    Ok(health.uptime_s)
}

#[test]
fn a_pairing_that_is_cut_off_is_done_again() {
    let (mut world, mut owner) = (World::new(11), Owner::new(11));
    let (simulated, code, notes) = simulated(11);
    let id = world.add(simulated);
    let wishes = (Name::new("Hall").unwrap(), Settings::DEFAULT);
    // The power fails where the key is written: flash has it or not, and the label is good again.
    world.cut_power(id, 0, Fault::TornWord, 5);
    assert!(owner.pair(&mut world, &code, wishes, MINUTE_US).is_err());
    world.change_battery(id);
    let owned = owner.pair(&mut world, &code, wishes, MINUTE_US).unwrap();
    assert_eq!(notes.borrow().last().unwrap().1, "disconnected");
    assert!(world.run_until(world.now_us() + HOUR_US).iter().filter(|pdu| open(&owned, pdu).is_some()).count() > 600);
    // Who holds the button is nobody's, and can be paired by anybody with the label.
    world.happen(id, Happening::Held).unwrap();
    let sold = Owner::new(12).pair(&mut world, &code, wishes, MINUTE_US).unwrap();
    assert!(sold.key != owned.key && world.stopped(id).is_none());
}
