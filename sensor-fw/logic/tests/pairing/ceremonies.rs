//! What goes well.

use fw_logic::pairing::{Claim, Fault, Input};
use wire::{
    keys::Epoch,
    message::{ClaimState, Hello, HubId, Pattern, Purpose, Refusal, ToHub, ToSensor},
    setup_code::SetupCode,
};

use crate::{
    hub::{GaveUp, Hub, nobody, written},
    sensor::{ADDRESS, Sensor},
};

/// A sensor whose window is open, and a hub whose owner has scanned its label.
pub(crate) fn met(seed: u64) -> (Sensor, Hub) {
    let mut sensor = Sensor::new(seed);
    let mut hub = Hub::new(seed, &sensor);
    hub.code = SetupCode::parse(&sensor.setup_code().label().to_string()).unwrap();
    sensor.give(Input::WindowRequested);
    (sensor, hub)
}

/// The same, and the sensor is the hub's.
pub(crate) fn paired(seed: u64) -> (Sensor, Hub) {
    let (mut sensor, mut hub) = met(seed);
    hub.pair(&mut sensor).unwrap();
    (sensor, hub)
}

pub(crate) fn state(sensor: &Sensor) -> ClaimState {
    assert_eq!(&sensor.kept().claim, sensor.claim());
    sensor.claim().state()
}

#[test]
fn a_sensor_is_paired_whatever_the_size_of_pieces() {
    for mtu in (23..=260).step_by(7).chain([247, 517]) {
        let (mut sensor, mut hub) = met(mtu.into());
        hub.mtu = mtu;
        assert!(sensor.advert.unwrap().is_of(&hub.code.secret));
        let mut talk = hub.claim(&mut sensor, nobody()).unwrap();
        // What the hub was told is in flash, and the first advert can be sent while it waits.
        assert_eq!(state(talk.sensor()), ClaimState::Pending);
        assert_eq!(talk.confirm(), Ok(()));
        assert_eq!((state(&sensor), sensor.advert, sensor.clock_s), (ClaimState::Active, None, Some(1_795_000_000)));
        assert!(hub.hears(&sensor));
        let owner = sensor.claim().owner().unwrap();
        assert_eq!((owner.name.as_str(), owner.settings.revision, owner.number), ("Kitchen", 3, 1));
    }
}

#[test]
fn flash_has_the_key_before_the_hub_is_told() {
    let (mut sensor, mut hub) = met(1);
    hub.mtu = 500;
    sensor.trace.clear();
    hub.pair(&mut sensor).unwrap();
    assert_eq!(sensor.trace, ["send", "persist", "clock", "change", "send", "persist", "change", "send", "close"]);
}

#[test]
fn a_sensor_tells_who_it_is_before_it_is_anybody_s() {
    let (mut sensor, mut hub) = met(2);
    let uid = hub.code.uid;
    let (mut talk, info) = hub.pairing(&mut sensor, nobody()).unwrap();
    assert_eq!((info.uid, info.address), (uid, ADDRESS));
    assert_eq!((info.product.0, info.hardware.revision()), (0x0102, 3));
    assert_eq!((info.firmware.to_string().as_str(), info.boot, info.battery_mv), ("1.2.3.4", 1, 2987));
    assert_eq!((info.claim, info.owner_epoch, info.certificate), (ClaimState::Unclaimed, 0, None));
    for bits in [5, 9] {
        assert_eq!(talk.ask(&ToSensor::Identify(Pattern::new(bits))), Ok(ToHub::Blinking));
    }
    drop(talk);
    assert_eq!((sensor.blinked.as_slice(), sensor.writes), ([5, 9].as_slice(), 0));
}

#[test]
fn a_later_session_makes_a_pending_claim_active() {
    let (mut sensor, mut hub) = met(3);
    drop(hub.claim(&mut sensor, nobody()).unwrap());
    sensor.restart();
    assert_eq!(state(&sensor), ClaimState::Pending);
    assert!(hub.hears(&sensor) && sensor.advert.is_some());
    // The handshake alone does not: its first message could be a recorded one.
    let key = hub.keys[0].clone();
    let (mut talk, info) = hub.link(&mut sensor, &key, nobody()).unwrap();
    assert_eq!((info.claim, state(talk.sensor())), (ClaimState::Pending, ClaimState::Pending));
    assert_eq!(talk.ask(&ToSensor::Identify(Pattern::new(1))), Ok(ToHub::Blinking));
    assert_eq!(state(talk.sensor()), ClaimState::Active);
}

#[test]
fn a_pending_sensor_can_be_claimed_again() {
    let (mut sensor, mut hub) = met(4);
    drop(hub.claim(&mut sensor, nobody()).unwrap());
    let lost = hub.keys.clone();
    hub.pair(&mut sensor).unwrap();
    assert!(hub.hears(&sensor) && lost != hub.keys);
    assert_eq!(sensor.claim().owner().unwrap().number, 1);
}

#[test]
fn a_key_is_rotated_when_the_hub_confirms() {
    let (mut sensor, mut hub) = paired(5);
    for epoch in 2..6 {
        let talk = hub.rotate(&mut sensor, nobody()).unwrap();
        talk.confirm().unwrap();
        hub.keys.remove(0);
        assert_eq!(sensor.claim().owner().unwrap().keys.epoch, Epoch(epoch));
        assert!(hub.hears(&sensor));
        assert_eq!(hub.reach(&mut sensor).unwrap().0, Epoch(epoch));
    }
}

#[test]
fn both_keys_are_good_until_the_next_one_is_acknowledged() {
    let (mut sensor, mut hub) = paired(6);
    drop(hub.rotate(&mut sensor, nobody()).unwrap());
    sensor.restart();
    let [present, next] = [hub.keys[0].clone(), hub.keys[1].clone()];
    let ask = |hub: &mut Hub, sensor: &mut Sensor, key: &_| {
        let (mut talk, _) = hub.link(sensor, key, nobody()).map_err(|_| ())?;
        talk.ask(&ToSensor::Identify(Pattern::new(1))).map(drop).map_err(|_| ())
    };
    ask(&mut hub, &mut sensor, &present).unwrap();
    assert_eq!(sensor.claim().owner().unwrap().keys.epoch, present.0);
    ask(&mut hub, &mut sensor, &next).unwrap();
    assert_eq!(sensor.claim().owner().unwrap().keys.epoch, next.0);
    assert!(ask(&mut hub, &mut sensor, &present).is_err());
    assert!(matches!(sensor.claim(), Claim::Active { next: None, .. }));
}

#[test]
fn a_rotation_that_was_not_acknowledged_is_asked_for_again() {
    let (mut sensor, mut hub) = paired(7);
    drop(hub.rotate(&mut sensor, nobody()).unwrap());
    let present = hub.keys[0].clone();
    // The hub has forgotten all of it, and a Confirm means nothing without a key in the same session.
    let (mut talk, _) = hub.link(&mut sensor, &present, nobody()).unwrap();
    assert_eq!(talk.ask(&ToSensor::Confirm), Ok(ToHub::Confirmed));
    drop(talk);
    assert_eq!(sensor.claim().owner().unwrap().keys.epoch, Epoch(1));
    hub.rotate(&mut sensor, nobody()).unwrap().confirm().unwrap();
    hub.keys.remove(0);
    assert!(hub.hears(&sensor) && hub.reach(&mut sensor).is_ok());
}

#[test]
fn a_released_sensor_is_wiped_and_can_be_paired_again() {
    let (mut sensor, mut hub) = paired(8);
    let key = hub.keys[0].clone();
    sensor.trace.clear();
    let (talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    talk.release().unwrap();
    assert_eq!(sensor.trace, ["send", "persist", "wipe", "persist", "change", "send"]);
    assert_eq!((state(&sensor), sensor.has_log(), sensor.kept().owners), (ClaimState::Unclaimed, false, 1));
    assert_eq!(hub.link(&mut sensor, &key, nobody()).err(), Some(GaveUp::HungUp(Fault::Unclaimed)));
    // Only who touches it may have it.
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(Fault::WindowClosed)));
    sensor.give(Input::WindowRequested);
    assert_eq!(hub.pair(&mut sensor), Ok(()));
    assert_eq!(sensor.claim().owner().unwrap().number, 2);
}

#[test]
fn a_button_held_for_long_makes_a_sensor_nobody_s_whoever_has_it() {
    let (mut sensor, _) = paired(9);
    sensor.give(Input::FactoryReset);
    assert_eq!((state(&sensor), sensor.has_log(), sensor.kept().owners), (ClaimState::Unclaimed, false, 1));
    // The same label works again, and at once, for a person is standing there.
    let mut other = Hub::new(99, &sensor);
    assert_eq!(other.pair(&mut sensor), Ok(()));

    // In the middle of a session, with a claim on its way.
    let (mut sensor, mut hub) = met(10);
    let mut talk = hub.claim(&mut sensor, nobody()).unwrap();
    talk.sensor().give(Input::FactoryReset);
    assert_eq!(talk.confirm(), Err(GaveUp::HungUp(Fault::Reset)));
    assert_eq!((state(&sensor), sensor.kept().owners), (ClaimState::Unclaimed, 1));
}

#[test]
fn what_cannot_be_kept_is_refused_and_nothing_has_changed() {
    let (mut sensor, mut hub) = met(11);
    sensor.is_flash_broken = true;
    assert_eq!(hub.claim(&mut sensor, nobody()).err(), Some(GaveUp::Refused(Refusal::Storage)));
    assert_eq!((state(&sensor), sensor.clock_s), (ClaimState::Unclaimed, None));
    sensor.is_flash_broken = false;
    hub.pair(&mut sensor).unwrap();
    let key = hub.keys[0].clone();
    sensor.is_flash_broken = true;
    assert_eq!(hub.rotate(&mut sensor, nobody()).err(), Some(GaveUp::Refused(Refusal::Storage)));
    let (talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    assert_eq!(talk.release(), Err(GaveUp::Refused(Refusal::Storage)));
    assert!(sensor.has_log() && hub.reach(&mut sensor).is_ok());
}

#[test]
fn questions_of_later_versions_and_in_the_wrong_place_are_answered() {
    let (mut sensor, mut hub) = met(12);
    let provision = hub.provision(7);
    let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
    let mut refused = |question: &[u8], refusal| {
        assert_eq!(talk.ask_bytes(question), Ok(ToHub::Refused(refusal)));
    };
    refused(&[0x42, 1, 2, 3], Refusal::UnknownKind { kind: 0x42 });
    refused(&[0x02, 1], Refusal::Malformed { kind: 0x02 });
    refused(&[], Refusal::Malformed { kind: 0 });
    refused(&written(&ToSensor::Confirm), Refusal::NotClaimed);
    refused(&written(&ToSensor::Release), Refusal::NotClaimed);
    refused(&written(&ToSensor::Provision(provision.clone())), Refusal::OwnerEpoch { next: 1 });
    let hello = ToSensor::Hello(Hello { lowest: 1, highest: 1, hub: HubId([0; 16]), nonce: [0; 8] });
    refused(&written(&hello), Refusal::OutOfPlace);
    // A provision with fields of a later version is understood as far as it goes.
    let mut longer = written(&ToSensor::Provision(wire::message::Provision { owner_epoch: 1, ..provision }));
    longer.extend([9; 20]);
    assert!(matches!(talk.ask_bytes(&longer), Ok(ToHub::Done(_))));
    let mut refused = |question: &[u8], refusal| {
        assert_eq!(talk.ask_bytes(question), Ok(ToHub::Refused(refusal)));
    };
    refused(&written(&ToSensor::Release), Refusal::OutOfPlace);

    let (mut sensor, mut hub) = paired(13);
    let (key, provision) = (hub.keys[0].clone(), hub.provision(2));
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    assert_eq!(talk.ask(&ToSensor::Provision(provision)), Ok(ToHub::Refused(Refusal::OutOfPlace)));
    for epoch in [0, 1, 3].map(Epoch) {
        let rotate = wire::message::Rotate { epoch, device_key: key.1.clone() };
        assert_eq!(talk.ask(&ToSensor::Rotate(rotate)), Ok(ToHub::Refused(Refusal::Epoch { next: 2 })));
    }
}

#[test]
fn a_hub_that_speaks_another_version_is_told_which_one_is_spoken() {
    let (mut sensor, mut hub) = met(14);
    let psk = wire::keys::pairing_psk(&hub.code.secret);
    let hello = ToSensor::Hello(Hello { lowest: 2, highest: 4, hub: HubId([0; 16]), nonce: [0; 8] });
    let (mut talk, answer) = hub.begin_with(&mut sensor, Purpose::Pairing, &psk, &hello, nobody()).unwrap();
    assert_eq!(answer, ToHub::Refused(Refusal::Protocol { spoken: 1 }));
    assert_eq!(talk.ask(&ToSensor::Confirm), Err(GaveUp::HungUp(Fault::OutOfTurn)));
    drop(talk);
    let (_, answer) = hub.begin_with(&mut sensor, Purpose::Pairing, &psk, &ToSensor::Confirm, nobody()).unwrap();
    assert_eq!(answer, ToHub::Refused(Refusal::OutOfPlace));
    assert_eq!((state(&sensor), sensor.writes), (ClaimState::Unclaimed, 0));
}

#[test]
fn nothing_secret_is_printed() {
    let (mut sensor, mut hub) = met(15);
    let provision = hub.provision(1);
    let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
    // The session is open, and the question with the key in it has just been read.
    assert!(matches!(talk.ask(&ToSensor::Provision(provision.clone())), Ok(ToHub::Done(_))));
    let printed = talk.sensor().printed();
    assert!(printed.contains("DeviceKey(secret)") && printed.contains("SetupSecret(secret)"), "{printed}");
    for secret in [&provision.device_key.expose()[..4], &hub.code.secret.expose()[..4]] {
        let [list, digits] = [format!("{secret:?}").replace(['[', ']'], ""), hex::encode(secret)];
        assert!(!printed.contains(&list) && !printed.contains(&digits), "{printed}");
    }
}
