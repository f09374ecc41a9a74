//! Windows, pauses and patience.

use fw_logic::pairing::{Fault, Input};
use wire::{
    message::{ClaimState, Purpose},
    secret::Psk,
};

use crate::{
    ceremonies::{met, paired, state},
    hub::{GaveUp, Hub, nobody},
    sensor::Sensor,
};

const MINUTE_MS: u64 = 60_000;

/// A pairing by somebody who does not know the secret.
fn fail(hub: &mut Hub, sensor: &mut Sensor) -> Option<GaveUp> {
    hub.begin(sensor, Purpose::Pairing, &Psk::new([0; 32]), nobody()).err()
}

#[test]
fn a_window_is_open_for_ten_minutes_and_each_has_its_own_advert() {
    let (mut sensor, mut hub) = met(20);
    let first = sensor.advert.unwrap();
    sensor.wait_ms(10 * MINUTE_MS - 1);
    assert_eq!(sensor.advert, Some(first));
    assert_eq!(sensor.wait_for_deadline(), 10 * MINUTE_MS);
    assert_eq!(sensor.advert, None);
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(Fault::WindowClosed)));
    sensor.give(Input::WindowRequested);
    let second = sensor.advert.unwrap();
    assert!(first != second && second.is_of(&hub.code.secret));
    // Touched again: ten minutes from then on.
    sensor.wait_ms(5 * MINUTE_MS);
    sensor.give(Input::WindowRequested);
    let third = sensor.advert.unwrap();
    assert!(third != second);
    sensor.wait_ms(9 * MINUTE_MS);
    assert_eq!(hub.pair(&mut sensor), Ok(()));
}

#[test]
fn a_session_that_began_in_the_window_may_end_after_it() {
    let (mut sensor, mut hub) = met(21);
    sensor.wait_ms(10 * MINUTE_MS - 1);
    let mut talk = hub.claim(&mut sensor, nobody()).unwrap();
    talk.sensor().wait_ms(30_000);
    assert_eq!(talk.sensor().advert, None);
    assert_eq!(talk.confirm(), Ok(()));
}

#[test]
fn a_claimed_sensor_opens_no_window_and_answers_no_pairing() {
    let (mut sensor, mut hub) = paired(22);
    sensor.give(Input::WindowRequested);
    assert_eq!(sensor.advert, None);
    let before = sensor.kept();
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(Fault::Claimed)));
    assert_eq!(fail(&mut hub, &mut sensor), Some(GaveUp::HungUp(Fault::Claimed)));
    sensor.restart();
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(Fault::Claimed)));
    assert_eq!(sensor.kept(), before);
}

#[test]
fn from_the_fifth_failure_on_a_sensor_pauses_longer_and_longer() {
    let (mut sensor, mut hub) = met(23);
    for failures in 1..=4 {
        assert!(matches!(fail(&mut hub, &mut sensor), Some(GaveUp::HungUp(Fault::Noise(_)))));
        assert_eq!((sensor.kept().failures, sensor.advert.is_some()), (failures, true));
    }
    for (failures, pause_s) in [(5, 60), (6, 120), (7, 240), (8, 480), (9, 960), (10, 960)] {
        sensor.give(Input::WindowRequested);
        assert!(matches!(fail(&mut hub, &mut sensor), Some(GaveUp::HungUp(Fault::Noise(_)))));
        assert_eq!((sensor.kept().failures, sensor.advert), (failures, None));
        sensor.give(Input::WindowRequested);
        let began_ms = sensor.now_ms;
        // In the pause, who knows the secret is not answered either, and nobody is counted.
        sensor.wait_ms(1);
        assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(Fault::Paused)));
        assert_eq!(fail(&mut hub, &mut sensor), Some(GaveUp::HungUp(Fault::Paused)));
        assert_eq!(sensor.kept().failures, failures);
        assert_eq!(sensor.wait_for_deadline() - began_ms, pause_s * 1000);
        assert!(sensor.advert.is_some(), "a window that was asked for in the pause opens after it");
    }
    assert_eq!(hub.pair(&mut sensor), Ok(()));
    assert_eq!(sensor.kept().failures, 0);
}

#[test]
fn pulling_the_battery_does_not_end_a_pause() {
    let (mut sensor, mut hub) = met(24);
    for _ in 0..6 {
        sensor.give(Input::WindowRequested);
        fail(&mut hub, &mut sensor);
        sensor.wait_ms(MINUTE_MS);
    }
    assert_eq!(sensor.kept().failures, 6);
    sensor.restart();
    assert_eq!(sensor.advert, None);
    assert_eq!(hub.pair(&mut sensor), Err(GaveUp::HungUp(Fault::Paused)));
    assert_eq!(sensor.wait_for_deadline(), 2 * MINUTE_MS);
    sensor.wait_ms(10 * MINUTE_MS - 1);
    assert_eq!(hub.pair(&mut sensor), Ok(()), "the window is open for ten minutes after the pause");
    // A factory reset does not make the count forget either.
    let (mut sensor, mut hub) = met(25);
    fail(&mut hub, &mut sensor);
    sensor.give(Input::FactoryReset);
    assert_eq!((sensor.kept().failures, state(&sensor)), (1, ClaimState::Unclaimed));
}

#[test]
fn links_of_strangers_cost_no_flash() {
    let (mut sensor, mut hub) = paired(26);
    let writes = sensor.writes;
    for _ in 0..20 {
        let error = hub.begin(&mut sensor, Purpose::Link, &Psk::new([0; 32]), nobody()).err();
        assert!(matches!(error, Some(GaveUp::HungUp(Fault::Noise(_)))));
    }
    assert_eq!(sensor.writes, writes);
    assert!(hub.reach(&mut sensor).is_ok());
}

#[test]
fn who_says_nothing_is_hung_up_on() {
    let (mut sensor, mut hub) = met(27);
    sensor.connect(185);
    assert_eq!(sensor.wait_for_deadline(), 10_000);
    assert_eq!(sensor.hung_up, Some(Fault::TooSlow));
    sensor.give(Input::Disconnected);

    let mut talk = hub.claim(&mut sensor, nobody()).unwrap();
    talk.sensor().wait_ms(59_999);
    assert_eq!(talk.sensor().hung_up, None);
    talk.sensor().wait_ms(1);
    assert_eq!(talk.confirm(), Err(GaveUp::HungUp(Fault::TooSlow)));
    assert_eq!((state(&sensor), sensor.kept().failures), (ClaimState::Pending, 0));
}
