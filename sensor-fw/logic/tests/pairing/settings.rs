//! What a sensor is told to do, and what it is asked that is none of the ceremony's business.

use fw_logic::pairing::Claim;
use wire::{
    message::{ClaimState, Purpose, Refusal, ToHub, ToSensor},
    settings::{Band, Bands, Setting, Settings},
};

use crate::{
    ceremonies::{met, paired, state},
    hub::{GaveUp, nobody},
    sensor::{CHANNELS, Sensor},
};

fn told(sensor: &Sensor) -> Settings {
    sensor.claim().owner().unwrap().settings
}

fn wishes(revision: u8) -> Settings {
    let bands = Bands::new(&[Band { code: CHANNELS[1].quantity.code(), steps: 500 }]).unwrap();
    Settings { revision, advert_interval_ms: 1000, heartbeat_s: 60, bands, ..Settings::DEFAULT }
}

#[test]
fn settings_are_kept_before_they_are_answered_and_outlive_battery_and_key() {
    let (mut sensor, mut hub) = paired(60);
    let key = hub.keys[0].clone();
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    assert_eq!(talk.ask(&ToSensor::AskSettings), Ok(ToHub::Settings(Settings { revision: 3, ..Settings::DEFAULT })));
    talk.sensor().trace.clear();
    assert_eq!(talk.ask(&ToSensor::Set(wishes(4))), Ok(ToHub::Settings(wishes(4))));
    assert_eq!(talk.sensor().trace[..2], ["persist", "change"]);
    assert_eq!(talk.ask(&ToSensor::AskSettings), Ok(ToHub::Settings(wishes(4))));
    drop(talk);
    sensor.restart();
    hub.rotate(&mut sensor, nobody()).unwrap().confirm().unwrap();
    assert_eq!((state(&sensor), told(&sensor)), (ClaimState::Active, wishes(4)));
}

#[test]
fn the_same_settings_again_wear_out_no_flash() {
    let (mut sensor, mut hub) = paired(61);
    let key = hub.keys[0].clone();
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    talk.ask(&ToSensor::Set(wishes(9))).unwrap();
    let writes = talk.sensor().writes;
    assert_eq!(talk.ask(&ToSensor::Set(wishes(9))), Ok(ToHub::Settings(wishes(9))));
    assert_eq!(talk.sensor().writes, writes);
}

#[test]
fn a_setting_that_the_sensor_cannot_have_is_named_and_nothing_changes() {
    let (mut sensor, mut hub) = paired(62);
    let before = told(&sensor);
    let key = hub.keys[0].clone();
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    let foreign = Bands::new(&[Band { code: 9999, steps: 1 }]).unwrap();
    for (settings, setting) in [
        (Settings { advert_interval_ms: 50, ..wishes(5) }, Setting::AdvertInterval),
        (Settings { tx_power_dbm: 20, ..wishes(5) }, Setting::TxPower),
        (Settings { window_every_s: 1, ..wishes(5) }, Setting::Window),
        (Settings { bands: foreign, ..wishes(5) }, Setting::BandQuantity),
    ] {
        let answer = talk.ask(&ToSensor::Set(settings));
        assert_eq!(answer, Ok(ToHub::Refused(Refusal::Setting { setting })));
    }
    assert_eq!(told(talk.sensor()), before);
}

#[test]
fn who_has_only_the_label_cannot_set_anything_but_by_claiming() {
    let (mut sensor, mut hub) = met(63);
    let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
    assert_eq!(talk.ask(&ToSensor::Set(wishes(1))), Ok(ToHub::Refused(Refusal::NotClaimed)));
    assert_eq!(talk.ask(&ToSensor::AskSettings), Ok(ToHub::Refused(Refusal::NotClaimed)));
    let mut provision = hub.provision(1);
    provision.settings.bands = Bands::new(&[Band { code: 9999, steps: 1 }]).unwrap();
    let refused = Refusal::Setting { setting: Setting::BandQuantity };
    assert_eq!(talk.ask(&ToSensor::Provision(provision)), Ok(ToHub::Refused(refused)));
    assert_eq!(talk.sensor().claim(), &Claim::Unclaimed);
}

#[test]
fn flash_that_fails_leaves_the_settings_as_they_were() {
    let (mut sensor, mut hub) = paired(64);
    let before = told(&sensor);
    let key = hub.keys[0].clone();
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    talk.sensor().is_flash_broken = true;
    assert_eq!(talk.ask(&ToSensor::Set(wishes(5))), Ok(ToHub::Refused(Refusal::Storage)));
    assert_eq!(talk.ask(&ToSensor::AskSettings), Ok(ToHub::Settings(before)));
}

#[test]
fn questions_of_a_link_that_are_about_no_owner_go_to_whoever_has_the_answer() {
    let (mut sensor, mut hub) = paired(65);
    let key = hub.keys[0].clone();
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    for kind in [0x20, 0x7F] {
        let question = [&[kind][..], &[kind; 700]].concat();
        let sealed = talk.seal(&question);
        let answer = talk.answer_to(&sealed).unwrap();
        assert_eq!(answer, [&[kind | 0x80][..], &[kind; 700], b", indeed"].concat());
    }
    assert_eq!(talk.ask_bytes(&[0x1F]), Ok(ToHub::Refused(Refusal::UnknownKind { kind: 0x1F })));
    assert_eq!(talk.ask_bytes(&[0x80]), Ok(ToHub::Refused(Refusal::UnknownKind { kind: 0x80 })));
}

#[test]
fn such_a_question_makes_a_pending_claim_active_first() {
    let (mut sensor, mut hub) = met(66);
    drop(hub.claim(&mut sensor, nobody()).unwrap());
    let key = hub.keys[0].clone();
    let (mut talk, _) = hub.link(&mut sensor, &key, nobody()).unwrap();
    talk.sensor().trace.clear();
    let sealed = talk.seal(&[0x20]);
    talk.answer_to(&sealed).unwrap();
    assert_eq!(talk.sensor().trace[..3], ["persist", "change", "question"]);
    assert_eq!(state(talk.sensor()), ClaimState::Active);
}

#[test]
fn such_a_question_is_refused_where_flash_fails_and_from_who_has_only_the_label() {
    let (mut sensor, mut hub) = met(67);
    let (mut talk, _) = hub.pairing(&mut sensor, nobody()).unwrap();
    assert_eq!(talk.ask_bytes(&[0x20]), Ok(ToHub::Refused(Refusal::UnknownKind { kind: 0x20 })));
    drop(talk);
    drop(hub.claim(&mut sensor, nobody()).unwrap());
    let key = hub.keys[0].clone();
    let psk = wire::keys::link_psk(&key.1, key.0);
    let (mut talk, _) = hub.begin(&mut sensor, Purpose::Link, &psk, nobody()).unwrap();
    talk.sensor().is_flash_broken = true;
    assert_eq!(talk.ask_bytes(&[0x20]), Ok(ToHub::Refused(Refusal::Storage)));
    talk.sensor().is_flash_broken = false;
    let sealed = talk.seal(&[0x20]);
    assert_ne!(talk.answer_to(&sealed), Err(GaveUp::Silence));
}
