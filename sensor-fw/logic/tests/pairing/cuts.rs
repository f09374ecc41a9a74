//! The battery fails at every moment at which flash is asked for something, once and twice.

use fw_logic::pairing::Claim;
use wire::{message::ToSensor, settings::Settings};

use crate::{
    ceremonies::{met, state},
    hub::{GaveUp, Hub, nobody},
    sensor::{Cut, Sensor},
};

const SETTINGS: Settings = Settings { revision: 77, heartbeat_s: 10, ..Settings::DEFAULT };

/// A sensor's life, as far as the battery allows: paired, told what to do, two rotations, released, paired again.
fn live(sensor: &mut Sensor, hub: &mut Hub) -> Result<(), GaveUp> {
    hub.pair(sensor)?;
    let key = hub.keys[0].clone();
    hub.link(sensor, &key, nobody())?.0.ask(&ToSensor::Set(SETTINGS))?;
    for _ in 0..2 {
        hub.rotate(sensor, nobody())?.confirm()?;
        hub.keys.remove(0);
    }
    release(sensor, hub)?;
    hub.keys.clear();
    sensor.give(fw_logic::pairing::Input::WindowRequested);
    hub.pair(sensor)
}

fn release(sensor: &mut Sensor, hub: &mut Hub) -> Result<(), GaveUp> {
    let key = hub.keys[0].clone();
    hub.link(sensor, &key, nobody())?.0.release()
}

/// What people do after a battery failed: put in a new one; if the hub does not hear the sensor, pair it again.
fn recover(sensor: &mut Sensor, hub: &mut Hub) -> Result<(), GaveUp> {
    sensor.restart();
    if let Claim::Unclaimed = sensor.claim() {
        hub.pair(sensor)?;
    }
    assert!(hub.hears(sensor), "whoever the sensor belongs to, his hub has the key");
    hub.reach(sensor).map(drop)
}

/// Nothing is left of who was released, and nobody is locked out.
fn check(sensor: &mut Sensor, hub: &mut Hub) {
    assert_eq!(state(sensor), wire::message::ClaimState::Active);
    assert!(!sensor.kept().is_wipe_due);
    assert!(hub.hears(sensor));
    let talk = hub.rotate(sensor, nobody()).unwrap();
    talk.confirm().unwrap();
    hub.keys.remove(0);
    release(sensor, hub).unwrap();
    assert!(!sensor.has_log());
}

fn cuts(writes: usize) -> impl Iterator<Item = Cut> {
    (0..writes).flat_map(|at| [false, true].map(|is_done| Cut { at, is_done }))
}

#[test]
fn a_life_without_cuts_asks_flash_twelve_times() {
    let (mut sensor, mut hub) = met(60);
    live(&mut sensor, &mut hub).unwrap();
    // Each pairing: pending, active. The settings: one. Each rotation: both, next. Release: unclaimed, wipe, wiped.
    assert_eq!(sensor.writes, 2 + 1 + 2 * 2 + 3 + 2);
    check(&mut sensor, &mut hub);
}

#[test]
fn from_every_cut_the_sensor_can_be_reached_or_paired() {
    let mut schedules = 0;
    for first in cuts(11) {
        // A second one, while people mend what the first one did, or none.
        for second in cuts(3).map(Some).chain([None]) {
            let (mut sensor, mut hub) = met(61);
            sensor.cut = Some(first);
            assert!(live(&mut sensor, &mut hub).is_err(), "{first:?}");
            assert!(sensor.is_dead);
            if let Some(second) = second {
                sensor.restart();
                sensor.cut = Some(second);
                if let Claim::Unclaimed = sensor.claim() {
                    let _ = hub.pair(&mut sensor);
                } else {
                    let _ = hub.reach(&mut sensor);
                }
            }
            assert_eq!(recover(&mut sensor, &mut hub), Ok(()), "{first:?} {second:?}");
            check(&mut sensor, &mut hub);
            schedules += 1;
        }
    }
    println!("{schedules} schedules of power cuts, 0 sensors lost");
    assert_eq!(schedules, 22 * 7);
}

/// The log of who released the sensor is gone before anybody else can claim it, wherever the power was cut.
#[test]
fn a_new_owner_never_finds_the_log_of_the_last_one() {
    for cut in cuts(3) {
        let (mut sensor, mut hub) = met(62);
        hub.pair(&mut sensor).unwrap();
        sensor.writes = 0;
        sensor.cut = Some(cut);
        assert!(release(&mut sensor, &mut hub).is_err());
        sensor.restart();
        match sensor.claim() {
            // Nothing of it has happened.
            Claim::Active { .. } => assert!(sensor.has_log() && cut.at == 0 && !cut.is_done),
            _ => assert!(!sensor.has_log(), "{cut:?}"),
        }
    }
}
