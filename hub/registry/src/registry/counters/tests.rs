use hub_model::{Command, Request, UnixMillis};

use super::*;

const BATH: DeviceId = DeviceId::from_u64(0xA4C1_3800_1122);

fn execute(registry: &mut Registry, command: Command) {
    registry.execute(&Request { principal: "local".into(), id: None, command }, UnixMillis(0)).unwrap();
}

/// A registry with one device that has this key.
fn adopted(key: [u8; 16], replay: ReplayRule) -> Registry {
    let mut registry = Registry::in_memory().unwrap();
    adopt(&mut registry, key, replay);
    registry
}

fn adopt(registry: &mut Registry, key: [u8; 16], replay: ReplayRule) {
    let key = Some(BindKey::new(key));
    execute(registry, Command::AdoptDevice { device: BATH, name: None, room: None, key, replay });
}

/// Gives the device another key, as the hub does it.
fn rekey(registry: &mut Registry, last: u32, key: [u8; 16]) {
    registry.retire_counter(BATH, Some(last)).unwrap();
    let key = Some(BindKey::new(key));
    execute(registry, Command::SecureDevice { device: BATH, key, replay: ReplayRule::Strict });
}

fn reopened(registry: Registry) -> Registry {
    Registry::new(super::super::Contents::read(registry.database).unwrap(), None)
}

fn remove(registry: &mut Registry, last: u32) {
    registry.retire_counter(BATH, Some(last)).unwrap();
    execute(registry, Command::RemoveDevice { device: BATH, keeps_history: false });
}

#[test]
fn without_anything_retired_the_log_says_the_counter() {
    let registry = adopted([1; 16], ReplayRule::Strict);
    assert_eq!(registry.counter_to_restore(BATH, Some(5)), Some(5));
    assert_eq!(registry.counter_to_restore(BATH, None), None);
}

#[test]
fn adopted_again_after_its_history_was_removed_a_device_is_still_guarded() {
    let mut registry = adopted([1; 16], ReplayRule::Strict);
    remove(&mut registry, 900);
    assert_eq!(registry.counter_to_restore(BATH, None), None);
    adopt(&mut registry, [1; 16], ReplayRule::Strict);
    assert_eq!(registry.counter_to_restore(BATH, None), Some(900));
    assert_eq!(registry.counter_to_restore(BATH, Some(950)), Some(950));
    let mut registry = reopened(registry);
    assert_eq!(registry.counter_to_restore(BATH, None), Some(900));
    remove(&mut registry, 960);
    adopt(&mut registry, [2; 16], ReplayRule::Strict);
    assert_eq!(registry.counter_to_restore(BATH, None), None);
}

#[test]
fn a_new_key_starts_from_nothing_and_an_old_one_goes_on() {
    let mut registry = adopted([1; 16], ReplayRule::Strict);
    rekey(&mut registry, 900, [2; 16]);
    assert_eq!(registry.counter_to_restore(BATH, Some(900)), None);
    assert_eq!(registry.counter_to_restore(BATH, Some(5)), Some(5));
    rekey(&mut registry, 5, [1; 16]);
    assert_eq!(registry.counter_to_restore(BATH, Some(5)), Some(900));
    assert_eq!(registry.counter_to_restore(BATH, Some(901)), Some(901));
}

#[test]
fn a_key_that_was_mistyped_leaves_no_trace() {
    let mut registry = adopted([1; 16], ReplayRule::Strict);
    rekey(&mut registry, 900, [2; 16]);
    // One frame still came under the first key before the hub had the second.
    rekey(&mut registry, 901, [3; 16]);
    assert_eq!(registry.counter_to_restore(BATH, Some(901)), None);
    rekey(&mut registry, 901, [2; 16]);
    assert_eq!(registry.counter_to_restore(BATH, Some(901)), None);
    rekey(&mut registry, 901, [1; 16]);
    assert_eq!(registry.counter_to_restore(BATH, Some(901)), Some(901));
}

#[test]
fn with_compat_a_restarted_counter_counts() {
    let mut registry = adopted([1; 16], ReplayRule::Compat);
    remove(&mut registry, 900);
    adopt(&mut registry, [1; 16], ReplayRule::Compat);
    assert_eq!(registry.counter_to_restore(BATH, None), Some(900));
    assert_eq!(registry.counter_to_restore(BATH, Some(3)), Some(3));
}

#[test]
fn only_the_last_eight_keys_are_kept() {
    let mut registry = adopted([100; 16], ReplayRule::Strict);
    for i in 1..=20_u8 {
        rekey(&mut registry, u32::from(i) * 10, [i; 16]);
    }
    assert_eq!(
        registry.counters[&BATH].retired.iter().map(|(_, last)| *last).collect::<Vec<_>>(),
        (13..=20).map(|i| i * 10).collect::<Vec<_>>()
    );
}

#[test]
fn nothing_is_kept_for_a_device_without_a_key_or_a_counter() {
    let mut registry = adopted([1; 16], ReplayRule::Strict);
    registry.retire_counter(BATH, None).unwrap();
    registry.retire_counter(DeviceId::from_u64(7), Some(7)).unwrap();
    assert!(registry.counters.is_empty());
}
