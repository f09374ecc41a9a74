use hub_model::{BootId, TimeQuality, UnixMillis, WallTime};

use super::*;

const DOOR: Address = Address::new([0xA4, 0xC1, 0x38, 0, 0, 1]);

fn now(ms: u64) -> Now {
    let wall = WallTime { at: UnixMillis(0), quality: TimeQuality::Estimated };
    Now { stamp: Stamp { boot: BootId(1), ms }, us: ms * 1_000, wall }
}

/// The times at which a flood was raised (+) or cleared (−), for failures every `interval_ms`.
fn floods(interval_ms: u64, failures: u64) -> Vec<(u64, char)> {
    let mut floods = Floods::default();
    (0..failures)
        .filter_map(|i| {
            let ms = i * interval_ms;
            let sign = match floods.failed(DOOR, now(ms))? {
                Flood::Raised { .. } => '+',
                Flood::Cleared { .. } => '-',
            };
            Some((ms, sign))
        })
        .collect()
}

#[test]
fn the_twenty_first_failure_within_a_minute_is_told_once() {
    assert_eq!(floods(2_900, 1_000), [(20 * 2_900, '+')]);
    assert_eq!(floods(0, 1_000), [(0, '+')]);
}

#[test]
fn twenty_a_minute_are_no_flood() {
    assert_eq!(floods(3_000, 1_000), []);
}

#[test]
fn a_flood_ends_after_ten_quiet_minutes_and_may_come_again() {
    let mut floods = Floods::default();
    for ms in 0..21 {
        floods.failed(DOOR, now(ms));
    }
    assert_eq!(floods.ended(now(20 + QUIET_MS - 1)), None);
    assert_eq!(floods.ended(now(20 + QUIET_MS)), Some(Flood::Cleared { address: DOOR }));
    assert_eq!(floods.ended(now(20 + QUIET_MS)), None);
    let again = (0..21).filter_map(|i| floods.failed(DOOR, now(2 * QUIET_MS + i))).collect::<Vec<_>>();
    assert_eq!(again, [Flood::Raised { address: DOOR }]);
}

#[test]
fn a_failure_after_the_quiet_ends_the_old_flood_first() {
    let mut floods = Floods::default();
    for ms in 0..21 {
        floods.failed(DOOR, now(ms));
    }
    assert_eq!(floods.failed(DOOR, now(20 + QUIET_MS)), Some(Flood::Cleared { address: DOOR }));
    assert_eq!(floods.failed(DOOR, now(21 + QUIET_MS)), None);
}

#[test]
fn random_addresses_neither_grow_the_memory_nor_hide_a_flood() {
    let mut floods = Floods::default();
    for ms in 0..21 {
        floods.failed(DOOR, now(ms));
    }
    for i in 0..20_000_u32 {
        let [a, b, c, d] = i.to_be_bytes();
        floods.failed(Address::new([9, 9, a, b, c, d]), now(21));
    }
    assert_eq!(floods.len(), ADDRESSES + 1);
    assert_eq!(floods.ended(now(20 + QUIET_MS)), Some(Flood::Cleared { address: DOOR }));
}
