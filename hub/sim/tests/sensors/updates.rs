//! New programs go round in rings, over real sessions with the whole firmware.

use hub_model::{AlertKind, FirmwareVersion, HealthReader, PairingStep};
use hub_ota::Policy;
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{KeyId, Manifest},
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
