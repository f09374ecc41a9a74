//! Whoever is not the owner, and what he gets: a typed fault, and a sensor that is as it was.

use fw_logic::{
    noise::NoiseError,
    pairing::{Fault, Input, Record},
};
use wire::{
    message::{ClaimState, Purpose, ToHub, ToSensor},
    pipe::PipeError,
    secret::SetupSecret,
};

use crate::{
    ceremonies::{met, paired, state},
    hub::{GaveUp, Hub, Way, nobody, written},
    sensor::Sensor,
};

const FORGED: Fault = Fault::Noise(NoiseError::Forged);

/// One more failed handshake is all that has changed, and the owner pairs as if nothing had been.
fn is_as_it_was_but_for_a_failure(mut sensor: Sensor, mut hub: Hub) {
    assert_eq!(sensor.kept(), Record { failures: 1, ..Record::new() });
    assert_eq!(hub.pair(&mut sensor), Ok(()));
}

#[test]
fn who_does_not_know_the_secret_cannot_claim() {
    let (mut sensor, mut hub) = met(40);
    let secret = std::mem::replace(&mut hub.code.secret, SetupSecret::new([0; 16]));
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(FORGED)));
    hub.code.secret = secret;
    is_as_it_was_but_for_a_failure(sensor, hub);
}

#[test]
fn who_has_the_label_of_another_sensor_cannot_claim() {
    let (mut sensor, mut hub) = met(41);
    let ours = hub.code.public_key;
    hub.code.public_key = Sensor::new(999).setup_code().public_key;
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(FORGED)));
    hub.code.public_key = ours;
    is_as_it_was_but_for_a_failure(sensor, hub);
}

/// He has read the label, secret included, and plays the sensor to the hub with a static key of his own.
#[test]
fn who_knows_the_label_but_not_the_static_key_cannot_play_the_sensor() {
    let (sensor, _) = met(42);
    let mut impostor = Sensor::new(4242);
    impostor.give(Input::WindowRequested);
    // The hub's code is the true one; the impostor even has the secret.
    let mut hub = Hub::new(42, &sensor);
    assert!(matches!(hub.pair(&mut impostor), Err(GaveUp::HungUp(Fault::Noise(NoiseError::Forged)))));
    let keys_known = wire::keys::pairing_psk(&impostor.setup_code().secret);
    assert!(matches!(
        hub.begin(&mut impostor, Purpose::Pairing, &keys_known, nobody()).err(),
        Some(GaveUp::HungUp(FORGED))
    ));
    assert_eq!(impostor.kept().failures, 2);
}

/// Everything that the hub ever said is played again, to the same sensor in a later session.
#[test]
fn a_recorded_pairing_gives_nothing() {
    let (mut sensor, mut hub) = met(43);
    let mut recorded = Vec::new();
    let mut record = |way, piece: &[u8]| {
        if way == Way::ToSensor {
            recorded.push(piece.to_vec());
        }
        vec![piece.to_vec()]
    };
    let talk = hub.claim(&mut sensor, Box::new(&mut record)).unwrap();
    drop(talk);
    sensor.give(Input::FactoryReset);
    let before = sensor.kept();
    sensor.connect(185);
    for piece in recorded {
        sensor.give(Input::Piece(&piece));
    }
    // The handshake's first message is answered, for who could tell; the provision is not.
    assert!(!sensor.pieces.is_empty());
    assert_eq!(sensor.hung_up, Some(FORGED));
    assert_eq!(sensor.kept(), Record { failures: 1, ..before });
}

#[test]
fn a_question_played_twice_is_found_out() {
    let (mut sensor, mut hub) = met(44);
    let provision = hub.provision(1);
    let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
    let sealed = talk.seal(&written(&ToSensor::Provision(provision)));
    assert!(matches!(talk.ask_sealed(&sealed), Ok(ToHub::Done(_))));
    let kept = talk.sensor().kept();
    assert_eq!(talk.ask_sealed(&sealed).err(), Some(GaveUp::HungUp(FORGED)));
    drop(talk);
    assert_eq!((state(&sensor), sensor.kept()), (ClaimState::Pending, kept));
}

#[test]
fn questions_in_another_order_are_found_out() {
    let (mut sensor, mut hub) = met(45);
    let provision = hub.provision(1);
    let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
    let _first = talk.seal(&written(&ToSensor::Provision(provision)));
    let second = talk.seal(&written(&ToSensor::Confirm));
    assert_eq!(talk.ask_sealed(&second).err(), Some(GaveUp::HungUp(FORGED)));
    drop(talk);
    is_as_it_was_but_for_a_failure(sensor, hub);
}

#[test]
fn a_question_before_the_handshake_is_no_handshake() {
    let (mut sensor, hub) = met(46);
    sensor.connect(185);
    sensor.give(Input::Piece(&[[0xC0, Purpose::Pairing.code()].as_slice(), &[7; 120]].concat()));
    assert_eq!(sensor.hung_up, Some(FORGED));
    is_as_it_was_but_for_a_failure(sensor, hub);
}

#[test]
fn pieces_and_messages_cut_short_or_doubled_are_named() {
    let check = |pieces: &[&[u8]], fault: Fault, failures: u8| {
        let (mut sensor, mut hub) = met(47);
        sensor.connect(185);
        for piece in pieces {
            sensor.give(Input::Piece(piece));
        }
        assert_eq!((sensor.hung_up, sensor.kept().failures), (Some(fault), failures));
        assert!(sensor.pieces.is_empty());
        assert_eq!(hub.pair(&mut sensor), Ok(()));
    };
    check(&[&[]], Fault::Pipe(PipeError::Empty), 0);
    check(&[&[0x80, 1], &[0x80, 1]], Fault::Pipe(PipeError::Repeated), 0);
    check(&[&[0x80, 1], &[0x42, 1]], Fault::Pipe(PipeError::Lost { pieces: 1 }), 0);
    check(&[&[0xC0, 0]], Fault::UnknownPurpose { code: 0 }, 0);
    check(&[&[0xC0, 9, 9, 9]], Fault::UnknownPurpose { code: 9 }, 0);
    check(&[&[0xC0, 2, 9, 9]], Fault::Unclaimed, 0);
    check(&[&[0xC0, 1]], Fault::Noise(NoiseError::Short { length: 0 }), 1);
    check(&[&[0xC0, 1, 9, 9]], Fault::Noise(NoiseError::Short { length: 2 }), 1);
    check(&[&[&[0xC0, 1], [0; 48].as_slice()].concat()], Fault::Noise(NoiseError::WeakKey), 1);
    check(&[&[&[0xC0, 1], [9; 39].as_slice()].concat()], Fault::Noise(NoiseError::Short { length: 7 }), 1);
}

#[test]
fn who_does_not_wait_for_an_answer_is_hung_up_on() {
    let (mut sensor, mut hub) = met(48);
    hub.mtu = 247;
    // The radio sends nothing for a while, and the handshake comes twice, with the right sequence.
    let mut between = |way, piece: &[u8]| {
        let mut pieces = vec![piece.to_vec()];
        if way == Way::ToSensor {
            pieces.push([&[piece[0] + 1], &piece[1..]].concat());
        }
        pieces
    };
    sensor.is_radio_stuck = true;
    assert_eq!(hub.pairing(&mut sensor, Box::new(&mut between)).err(), Some(GaveUp::HungUp(Fault::OutOfTurn)));
    assert_eq!(sensor.kept(), Record::new());
    // Played after the answer, it is no question of the session that it began.
    assert!(hub.pairing(&mut sensor, Box::new(&mut between)).is_ok());
    assert_eq!(sensor.hung_up, Some(FORGED));
    is_as_it_was_but_for_a_failure(sensor, hub);
}

/// Who stole one sensor's key or label has nothing of another's.
#[test]
fn one_sensor_s_keys_open_nothing_of_another() {
    let (_, thief) = paired(49);
    let (mut sensor, mut hub) = paired(50);
    let stolen = thief.keys[0].clone();
    assert_eq!(hub.link(&mut sensor, &stolen, nobody()).err(), Some(GaveUp::HungUp(FORGED)));
    assert!(hub.reach(&mut sensor).is_ok());
}

/// An earlier owner who kept the label and his old keys stands next to the sensor of the new owner.
#[test]
fn an_earlier_owner_gets_nothing() {
    let (mut sensor, mut earlier) = paired(51);
    let key = earlier.keys[0].clone();
    earlier.link(&mut sensor, &key, nobody()).unwrap().0.release().unwrap();
    sensor.give(Input::WindowRequested);
    let mut owner = Hub::new(5151, &sensor);
    owner.pair(&mut sensor).unwrap();
    let before = sensor.kept();
    assert_eq!(earlier.pair(&mut sensor), Err(GaveUp::HungUp(Fault::Claimed)));
    assert_eq!(earlier.reach(&mut sensor).err(), Some(GaveUp::HungUp(FORGED)));
    assert!(!earlier.hears(&sensor) && owner.hears(&sensor));
    assert_eq!(sensor.kept(), before);
}

/// The label's owner epoch stops a claim that was made for an earlier life of the sensor.
#[test]
fn a_claim_cannot_skip_owners() {
    let (mut sensor, mut hub) = met(52);
    for owner_epoch in [0, 2, u32::MAX] {
        let provision = hub.provision(owner_epoch);
        let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
        let refused = ToHub::Refused(wire::message::Refusal::OwnerEpoch { next: 1 });
        assert_eq!(talk.ask(&ToSensor::Provision(provision)), Ok(refused));
    }
    assert_eq!(sensor.kept(), Record::new());
}
