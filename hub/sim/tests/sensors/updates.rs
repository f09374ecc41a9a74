//! New programs go round in rings, over real sessions with the whole firmware.

use fw_host::Flaw;
use hub_link::{HubIdentity, Session};
use hub_model::{AlertKind, FirmwareVersion, HealthReader, Links as _, PairingStep, RawAdvert};
use hub_ota::Policy;
use hub_sim::at_once;
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{KeyId, Manifest},
    service::{Answer, Ask, Health, Progress, Stage},
    setup_code::Product,
};

use crate::hub::{Bought, HOUR, Home, MINUTE, signer};

/// A house of so many sensors, whose updates go round by this policy.
fn house(seed: u64, sensors: u64, policy: Policy) -> (Home, Vec<Bought>) {
    let mut home = Home::new(seed, 0.0);
    let key: String = signer().verifying_key().to_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let updates = hub_ota::Config::new(home.folder().join("firmware")).with_policy(policy);
    home.updates = Some(updates.with_trusted_keys(&[(1, &key)]).unwrap());
    home.kill();
    home.start();
    let bought: Vec<_> = (0..sensors).map(|number| home.buy(number)).collect();
    for some in bought.chunks(40) {
        let paired = home.pair(&some.iter().collect::<Vec<_>>());
        assert!(paired.iter().all(|each| matches!(each.step, PairingStep::Paired { .. })));
    }
    (home, bought)
}

/// The owner adds a release of so many bytes.
fn add(home: &Home, version: [u8; 4], bytes: usize) {
    let image: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
    let manifest = Manifest {
        product: Product(1),
        hardware_mask: 1,
        version: Version(version),
        security_counter: 1,
        length: bytes as u32,
        digest: Sha512::digest(&image).into(),
        key: KeyId(1),
    };
    let file = [&manifest.sign(&signer())[..], &image].concat();
    home.updates.as_ref().unwrap().catalogue().add(file).unwrap();
}

fn with_version(home: &Home, sensors: &[Bought], version: [u8; 4]) -> usize {
    let has = |sensor: &&Bought| home.standing(sensor).claim.firmware == FirmwareVersion(version);
    sensors.iter().filter(has).count()
}

fn is_halted(home: &Home) -> bool {
    home.hub().doctor().health().alerts.iter().any(|alert| alert.kind == AlertKind::UpdateHalted)
}

#[test]
fn a_release_goes_round_in_rings_through_links_that_are_lost_and_restarts() {
    let policy = Policy::default().with_rings(1, &[50]).unwrap().with_soak_h(1).unwrap();
    let (mut home, sensors) = house(201, 4, policy);
    add(&home, [9, 1, 2, 3], 60_000);
    home.range.cut_links((0..12).map(|nth| 90 + nth * 31).collect());
    let mut seen = vec![0];
    for quarter in 0..48 {
        home.live(HOUR / 4);
        if quarter == 3 {
            home.kill();
            home.start();
        }
        let now = with_version(&home, &sensors, [9, 1, 2, 3]);
        if now != *seen.last().unwrap() {
            seen.push(now);
        }
        if now == sensors.len() {
            break;
        }
    }
    assert_eq!(*seen.last().unwrap(), 4, "{seen:?}");
    assert!(seen.contains(&1) && seen.contains(&2), "the canary first, then half: {seen:?}");
    assert!(!is_halted(&home));
    // They stay with it, and go on measuring.
    home.live(2 * HOUR);
    assert_eq!(with_version(&home, &sensors, [9, 1, 2, 3]), 4);
    for sensor in &sensors {
        let last = home.stored(sensor.device).last().unwrap().at;
        assert!(home.clock.at() - last < 10 * MINUTE);
    }
}

#[test]
fn a_bad_release_for_a_hundred_sensors_is_halted_in_the_first_ring() {
    let policy = Policy::default().with_rings(5, &[10, 50]).unwrap().with_soak_h(0).unwrap();
    let (mut home, sensors) = house(203, 100, policy);
    add(&home, [9, 9, 9, 9], 1_000_000);
    assert!(home.live_until(HOUR, is_halted));
    home.live(HOUR / 4);
    let advice = home.hub().doctor().health().alerts;
    assert!(advice.iter().any(|alert| alert.advice.contains("of 5 sensors in ring 1 failed")), "{advice:?}");
    assert_eq!(with_version(&home, &sensors, [9, 9, 9, 9]), 0);
}

/// How a sensor and its update are, as it says itself: somebody presses its button, and asks with its key.
fn ask(home: &Home, sensor: &Bought) -> (Progress, u32, Health) {
    home.press(sensor);
    let (claim, hub) = (home.standing(sensor).claim, HubIdentity::from_bytes(&[7; HubIdentity::LENGTH]));
    let link = at_once(home.range.connect(RawAdvert::timeless(claim.address).sender())).unwrap();
    let mut session = at_once(Session::reach(link, (&claim.key, claim.key_epoch), &hub, [0; 8])).unwrap();
    let answer = at_once(session.serve(&Ask::Progress)).unwrap();
    let Answer::Progress(progress) = Answer::parse(&answer).unwrap() else { panic!("{answer:?}") };
    let (boot, health) = (session.info().boot, at_once(session.health()).unwrap());
    at_once(session.end());
    (progress, boot, health)
}

/// So many sensors, and a release that they take and start, and that never comes to show that it works: of five they are back
/// where they were, and the others never hear of it.
#[track_caller]
fn assert_taken_back((seed, count): (u64, u64), flaw: Flaw, most_ms: i64, failed: (u16, u16)) {
    const BAD: [u8; 4] = [9, 2, 0, 0];
    let policy = Policy::default().with_rings(5, &[10, 50]).unwrap().with_soak_h(0).unwrap();
    let (mut home, sensors) = house(seed, count, policy);
    home.range.with(|world| world.spoil(Version(BAD), flaw));
    let before = home.standing(&sensors[0]).claim.firmware;
    add(&home, BAD, 20_000);
    let links = home.range.links();
    assert!(home.live_until(most_ms, is_halted));

    // Longer than until a sensor that failed would be tried again, and with a hub that has to remember.
    home.live(2 * HOUR);
    home.kill();
    home.start();
    home.live(2 * HOUR);
    let links = home.range.links() - links;
    assert!(links <= 4 * sensors.len(), "{links} links: whom the ring has no place for is not connected to");
    let advice = home.hub().doctor().health().alerts;
    let words = "5 of 5 sensors in ring 1 failed, the last because it took the new program back";
    assert!(advice.iter().any(|alert| alert.advice.contains(words)), "{advice:?}");

    let mut touched = 0;
    for sensor in &sensors {
        assert_eq!(home.standing(sensor).claim.firmware, before);
        assert!(home.clock.at() - home.stored(sensor.device).last().unwrap().at < 10 * MINUTE, "it measures");
        let (Progress { stage, version, .. }, boot, health) = ask(&home, sensor);
        match stage {
            // Three starts of the new program, each of which failed, between the two of the old one.
            Stage::Reverted => {
                assert_eq!((version, boot, (health.panics, health.watchdogs)), (Version(BAD), 5, failed));
                touched += 1;
            }
            // Whoever was offered it, or was offered it again, would have a part of it.
            _ => assert_eq!((stage, boot, (health.panics, health.watchdogs)), (Stage::None, 1, (0, 0))),
        }
    }
    assert_eq!(touched, 5);
}

#[test]
fn a_release_that_panics_for_a_hundred_sensors_is_taken_back_by_the_first_ring_and_offered_to_nobody_again() {
    let flaw = Flaw::Panics { after_us: 1_000_000 };
    assert_taken_back((204, 100), flaw, 2 * HOUR, (3, 0));
}

#[test]
fn a_release_that_hangs_until_the_watchdog_bites_is_taken_back_by_the_first_ring_and_offered_to_nobody_again() {
    let flaw = Flaw::Hangs { after_us: 1_000_000 };
    assert_taken_back((205, 20), flaw, 8 * HOUR, (0, 3));
}

#[test]
fn a_release_that_sensors_refuse_is_halted_at_the_canaries_and_the_owner_told() {
    let policy = Policy::default().with_rings(2, &[50]).unwrap().with_soak_h(0).unwrap();
    let (mut home, sensors) = house(202, 6, policy.with_halt(20, 2).unwrap());
    // Longer than what any of them has room for.
    add(&home, [9, 9, 9, 9], 1_000_000);
    let halted = home.live_until(2 * HOUR, is_halted);
    assert!(halted);
    home.live(HOUR);
    assert_eq!(with_version(&home, &sensors, [9, 9, 9, 9]), 0);
    let advice = home.hub().doctor().health().alerts;
    assert!(advice[0].advice.contains("2 of 2 sensors in ring 1 failed"), "{advice:?}");
    // A better one is taken all the same.
    add(&home, [9, 9, 10, 0], 20_000);
    home.live(5 * HOUR);
    assert_eq!(with_version(&home, &sensors, [9, 9, 10, 0]), 6);
    assert!(!is_halted(&home));
}
