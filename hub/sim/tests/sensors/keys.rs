//! Settings, keys, release, and who owns a sensor.

use fw_app::Happening;
use hub_model::{Command, Fact, PairingStep, SensorError, SensorPort, SensorSettings};

use crate::hub::{Bought, HOUR, Home, MINUTE};

fn paired(seed: u64) -> (Home, Bought) {
    let mut home = Home::new(seed, 0.0);
    let sensor = home.buy(1);
    assert!(matches!(home.pair_one(&sensor), PairingStep::Paired { .. }));
    (home, sensor)
}

fn told_revision(home: &Home, sensor: &Bought) -> Option<u8> {
    home.hub().bus().snapshot().contacts.get(&sensor.device)?.facts.iter().find_map(|fact| match fact {
        Fact::SettingsRevision(revision) => Some(*revision),
        _ => None,
    })
}

#[test]
fn settings_are_told_in_the_next_window_and_the_sensor_shows_that_it_does_them() {
    let (mut home, sensor) = paired(101);
    let desired = home.standing(&sensor).claim.desired;
    let wanted = SensorSettings { sampling_s: 10, heartbeat_s: 20, ..desired.clone() };
    home.sensors().set(sensor.device, wanted).unwrap();
    let standing = home.standing(&sensor);
    assert_eq!(standing.claim.desired.revision, desired.revision + 1);
    assert_ne!(standing.report.and_then(|report| report.settings), Some(standing.claim.desired), "drift");
    home.live(11 * MINUTE);
    let standing = home.standing(&sensor);
    assert_eq!(standing.report.unwrap().settings, Some(standing.claim.desired));
    assert_eq!(told_revision(&home, &sensor), Some(desired.revision + 1));
    let before = home.stored(sensor.device).len();
    home.live(MINUTE * 5);
    assert!(home.stored(sensor.device).len() - before >= 14, "every 20 s");
}

#[test]
fn settings_that_no_sensor_can_take_are_refused_with_what_would_be_right() {
    let (home, sensor) = paired(102);
    let desired = home.standing(&sensor).claim.desired;
    let error = home.sensors().set(sensor.device, SensorSettings { sampling_s: 0, ..desired.clone() }).unwrap_err();
    assert_eq!(error.to_string(), "time between samples of 0 s, 1 to 3600 are possible");
    assert_eq!(home.standing(&sensor).claim.desired, desired);
    let nobody = hub_model::DeviceId::from_u64(7);
    assert_eq!(home.sensors().rotate(nobody), Err(SensorError::NotOurs { device: nobody }));
}

#[test]
fn a_rotated_key_is_used_from_the_next_window_on_and_no_reading_is_missed() {
    let (mut home, sensor) = paired(103);
    let old = home.hub().bus().household().devices[&sensor.device].key;
    home.sensors().rotate(sensor.device).unwrap();
    home.live(HOUR);
    let standing = home.standing(&sensor);
    assert_eq!((standing.claim.key_epoch, standing.claim.next_key), (2, None));
    assert_ne!(home.hub().bus().household().devices[&sensor.device].key, old);
    let stored = home.stored(sensor.device);
    let longest = stored.windows(2).map(|two| two[1].at - two[0].at).max().unwrap();
    assert!(longest <= 6 * MINUTE, "{longest} ms without a reading");
}

#[test]
fn a_rotation_that_is_cut_anywhere_locks_nobody_out() {
    for after in 8..40 {
        let (mut home, sensor) = paired(2_000 + u64::from(after));
        home.live(12 * MINUTE);
        home.sensors().rotate(sensor.device).unwrap();
        home.range.cut_links(vec![after]);
        home.live(10 * MINUTE);
        // And the hub is killed on top of it.
        home.kill();
        home.start();
        home.live(25 * MINUTE);
        let standing = home.standing(&sensor);
        assert_eq!((standing.claim.key_epoch, &standing.claim.next_key), (2, &None), "after {after} packets");
        let before = home.stored(sensor.device).len();
        home.live(12 * MINUTE);
        assert!(home.stored(sensor.device).len() > before, "after {after} packets");
    }
}

#[test]
fn a_released_sensor_leaves_the_house_with_proof_and_goes_to_its_next_owner() {
    let (mut home, sensor) = paired(104);
    home.live(HOUR);
    let readings = home.history(sensor.device).len();
    home.sensors().release(sensor.device).unwrap();
    assert!(home.has(&sensor) && home.standing(&sensor).claim.is_leaving);
    home.live(11 * MINUTE);
    assert!(!home.has(&sensor) && home.sensors().standing(sensor.device).is_none());
    assert!(home.history(sensor.device).len() >= readings, "its history stays");

    let mut next = home.beside(105);
    next.press(&sensor);
    assert_eq!(next.pair_one(&sensor), PairingStep::Paired { device: sensor.device });
    assert_eq!(next.standing(&sensor).claim.owner_epoch, 2);
    next.live(20 * MINUTE);
    let first = next.stored(sensor.device)[0].at;
    assert!(first >= next.standing(&sensor).claim.since, "the log of the owner before is gone");
}

#[test]
fn a_sensor_that_was_removed_while_it_was_away_is_released_when_it_comes_back() {
    let (mut home, sensor) = paired(106);
    home.ask(Command::RemoveDevice { device: sensor.device, keeps_history: true });
    assert!(!home.has(&sensor));
    home.live(11 * MINUTE);
    home.press(&sensor);
    assert_eq!(home.pair_one(&sensor), PairingStep::Paired { device: sensor.device });
    assert_eq!(home.standing(&sensor).claim.owner_epoch, 2);
}

#[test]
fn a_sensor_that_was_removed_and_reset_is_left_to_its_next_owner() {
    let (mut home, sensor) = paired(107);
    home.ask(Command::RemoveDevice { device: sensor.device, keeps_history: true });
    home.range.with(|world| world.happen(sensor.id, Happening::Held)).unwrap();
    let mut next = home.beside(108);
    next.press(&sensor);
    assert_eq!(next.pair_one(&sensor), PairingStep::Paired { device: sensor.device });

    // The hub of before still has its key, and tries it in each window, but not for ever.
    home.listen();
    home.live(4 * HOUR);
    let tried = home.range.links();
    home.live(4 * HOUR);
    assert_eq!(home.range.links(), tried);
    next.listen();
    let before = next.stored(sensor.device).len();
    next.live(HOUR);
    assert!(next.stored(sensor.device).len() > before, "it is the next owner's all the same");
}

#[test]
fn a_release_that_is_cut_anywhere_ends_well() {
    for after in 8..30 {
        let (mut home, sensor) = paired(3_000 + u64::from(after));
        home.sensors().release(sensor.device).unwrap();
        home.range.cut_links(vec![after]);
        home.live(11 * MINUTE);
        // Whether the sensor heard it or not: it can be had again, by the hub or by its button.
        home.live(11 * MINUTE);
        home.press(&sensor);
        home.live(2 * MINUTE);
        if home.has(&sensor) {
            home.ask(Command::RemoveDevice { device: sensor.device, keeps_history: true });
        }
        home.press(&sensor);
        assert!(matches!(home.pair_one(&sensor), PairingStep::Paired { .. }), "after {after} packets");
    }
}
