use hub_model::{BootId, ReleaseId, RolloutHold, TimeQuality, UnixMillis, WallTime};
use wire::{
    firmware::{Hardware, Version},
    setup_code::Product,
};

use super::*;

fn now(ms: u64, quality: TimeQuality) -> Now {
    let wall = WallTime { at: UnixMillis(1_795_262_400_000), quality };
    Now { stamp: Stamp { boot: BootId(1), ms }, us: ms * 1000, wall }
}

fn plan(policy: Policy) -> Plan {
    let release = Release {
        id: ReleaseId::from_u64(1),
        product: Product(1),
        hardware_mask: 1,
        version: Version([2, 0, 0, 0]),
        security_counter: 1,
        length: 1000,
    };
    Plan::new(release, policy, &now(0, TimeQuality::Synchronised))
}

fn sensor(product: u16, version: u8) -> Sensor {
    Sensor {
        id: DeviceId::from_u64(7),
        product: Product(product),
        hardware: Hardware::new(0).unwrap(),
        running: Version([version, 0, 0, 0]),
        battery_mv: None,
        battery_percent: None,
        adapter: Some(ReceiverId(1)),
    }
}

#[test]
fn only_older_sensors_of_its_kind_get_a_release() {
    let is_ordered = |policy, sensor| {
        let next = plan(policy).next(&[sensor], &Zone::UTC, &now(0, TimeQuality::Synchronised));
        matches!(next, Next::Link(_))
    };
    assert!(is_ordered(Policy::default(), sensor(1, 1)));
    assert!(!is_ordered(Policy::default(), sensor(1, 2)) && !is_ordered(Policy::default(), sensor(1, 3)));
    assert!(!is_ordered(Policy::default(), sensor(2, 1)));
    assert!(is_ordered(Policy::default().going_back(true), sensor(1, 3)));
}

#[test]
fn while_the_hour_is_not_known_quiet_hours_hold() {
    let quiet = "22:00-07:00".parse().unwrap();
    let mut plan = plan(Policy::default().with_quiet_hours(Some(quiet)));
    let estimated = now(0, TimeQuality::Estimated);
    assert!(matches!(plan.next(&[sensor(1, 1)], &Zone::UTC, &estimated), Next::Wait { .. }));
    assert_eq!(plan.status(&estimated).hold, Some(RolloutHold::ClockNotSet));
    // Noon.
    let set = now(1, TimeQuality::Synchronised);
    assert!(matches!(plan.next(&[sensor(1, 1)], &Zone::UTC, &set), Next::Link(_)));
}

#[test]
fn bytes_that_are_no_plan_are_refused() {
    let at = now(0, TimeQuality::Synchronised);
    let bytes = plan(Policy::default()).to_bytes();
    assert_eq!(Plan::from_bytes(&bytes, &at), Ok(plan(Policy::default())));
    assert_eq!(Plan::from_bytes(&[2], &at), Err(PlanRecordError::Newer { format: 2 }));
    for length in 0..bytes.len() {
        assert_eq!(Plan::from_bytes(&bytes[..length], &at), Err(PlanRecordError::Damaged), "{length} bytes");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(Plan::from_bytes(&longer, &at), Err(PlanRecordError::Damaged));
}
