//! Who keeps what for how long: by device, by quantity, and by the room that there is.

use std::path::Path;

use hub_model::{Expiring, Retention};

use super::*;
use crate::check::{CheckMode, check_on};

const DAYS: i64 = 40;
const KEEP_ALL: Retention = Retention { raw_days: None, rollup_days: None };

/// Forty days of a temperature and a battery every ten minutes, of two devices.
fn forty_days() -> Bench {
    let mut bench = Bench::to_the_second();
    for nth in 0..DAYS * 144 {
        for device in [1, 2] {
            let values = [(Quantity::Temperature, 20_000 + nth * 7919 % 500 * 10), (Quantity::Battery, 90)];
            bench.take(device, T0 + nth * 10 * MINUTE, &values);
        }
        if nth % 1440 == 1439 {
            bench.history.flush().unwrap();
            bench.history.seal(UnixMillis(T0 + nth * 10 * MINUTE)).unwrap();
        }
    }
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench
}

fn count(bench: &Bench, device: u64, quantity: Quantity, resolution: Resolution) -> u64 {
    let (from, to) = (UnixMillis(T0), UnixMillis(T0 + DAYS * DAY));
    let query = HistoryQuery { series: series(device, quantity), from, to, resolution, max_points: usize::MAX };
    bench.history.query(&query).unwrap().count.iter().sum()
}

#[test]
fn each_quantity_of_each_device_is_kept_as_long_as_its_owner_wants() {
    let bench = forty_days();
    let now = UnixMillis(T0 + DAYS * DAY);
    let policy = |device: DeviceId, quantity: Option<Quantity>| match (device.as_u64(), quantity) {
        (1, Some(Quantity::Battery)) => Retention { raw_days: Some(3), rollup_days: Some(10) },
        (1, _) => Retention { raw_days: Some(20), rollup_days: None },
        _ => KEEP_ALL,
    };
    let device = DeviceId::from_u64(1);
    let told = bench.history.expiring(now, device, &|quantity| policy(device, quantity)).unwrap();
    assert_eq!((told.readings, told.hours), (20 * 144 + 37 * 144, 30 * 24));
    assert!((3000..20_000).contains(&told.bytes), "{told:?}");
    let before = bench.history.stats().unwrap();
    bench.history.expire(now, &policy).unwrap();
    let raw = |quantity| count(&bench, 1, quantity, Resolution::Raw);
    assert_eq!((raw(Quantity::Temperature), raw(Quantity::Battery)), (20 * 144, 3 * 144));
    let hours = |quantity| count(&bench, 1, quantity, Resolution::H1);
    assert_eq!((hours(Quantity::Temperature), hours(Quantity::Battery)), (40 * 144, 10 * 144));
    for quantity in [Quantity::Temperature, Quantity::Battery] {
        assert_eq!(count(&bench, 2, quantity, Resolution::Raw), 40 * 144);
    }
    let after = bench.history.stats().unwrap();
    assert_eq!(before.readings - after.readings, told.readings);
    // Nothing more goes, and that is told too.
    let told = bench.history.expiring(now, device, &|quantity| policy(device, quantity)).unwrap();
    assert_eq!(told, Expiring::default());
    let disk = bench.disk.clone();
    drop(bench);
    let report = check_on(Path::new("memory"), Arc::new(disk), CheckMode::Tell).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

#[test]
fn a_budget_costs_the_oldest_readings_of_all_and_no_hour() {
    let bench = forty_days();
    assert_eq!(bench.history.keep_within(u64::MAX).unwrap(), None);
    let stats = bench.history.stats().unwrap();
    let journal = stats.bytes - bench.history.database_bytes().unwrap();
    assert!(stats.blocks >= 4, "{stats:?}");
    let gone = bench.history.keep_within(journal + 3 * 4096 * 9 / 8).unwrap().unwrap();
    assert!((T0..T0 + (DAYS - 1) * DAY + 1).contains(&gone.0), "{gone:?}");
    for device in [1, 2] {
        let left = bench.raw(device, Quantity::Temperature);
        assert_eq!(left.first().map(|(t, _)| *t), Some(gone.0));
        assert_eq!(count(&bench, device, Quantity::Temperature, Resolution::H1), 40 * 144);
        assert_eq!(count(&bench, device, Quantity::Temperature, Resolution::D1), 40 * 144);
    }
    // However small it is, the last day stays.
    bench.history.keep_within(0).unwrap();
    bench.history.keep_within(0).unwrap();
    let left = bench.raw(1, Quantity::Temperature).len();
    assert!((144..=151).contains(&left), "{left}: a day, to the whole hour");
    assert_eq!(bench.restart().raw(2, Quantity::Battery).len(), left);
}
