use std::error::Error;

use hub_model::HistoryError;

use super::*;
use crate::{
    StoreError,
    disk::memory::{DATABASE, Faults},
};

/// A life with two flushes and two seals; tells what was refused.
fn live(bench: &mut Bench) -> usize {
    let mut refused = 0;
    for hour in 0..2 {
        for minute in 0..60 {
            bench.take(1, T0 + hour * HOUR + minute * MINUTE, &[(Quantity::Temperature, minute)]);
        }
        refused += usize::from(bench.history.flush().is_err());
        refused += usize::from(bench.history.seal(UnixMillis(T0 + hour * HOUR)).is_err());
    }
    refused
}

fn expected() -> Vec<(i64, i64)> {
    (0..120).map(|minute| (T0 + minute * MINUTE, minute % 60)).collect()
}

#[test]
fn whichever_write_fails_the_next_try_makes_it_good() {
    let mut bench = Bench::new();
    let begun = bench.disk.operations();
    assert_eq!(live(&mut bench), 0);
    let ended = bench.disk.operations();
    assert!(ended - begun > 20);
    for fails_at in begun..ended {
        let mut bench = Bench::new();
        bench.disk.set_faults(Faults { fails_at: Some(fails_at), ..Faults::default() });
        let refused = live(&mut bench);
        assert!(refused <= 1, "write {fails_at}: {refused} refused");
        assert_eq!(bench.raw(1, Quantity::Temperature), expected(), "write {fails_at}");
        bench.history.seal(UnixMillis(T0)).unwrap();
        let bench = bench.restart();
        assert_eq!(bench.raw(1, Quantity::Temperature), expected(), "write {fails_at}, after a restart");
        assert_eq!(bench.ask(1, (T0, T0 + DAY), Resolution::H1, 10).count, [60, 60]);
    }
}

#[test]
fn a_full_disk_is_told_and_nothing_is_lost() {
    let mut bench = Bench::new();
    bench.take(1, T0, &[(Quantity::Temperature, 0)]);
    bench.history.flush().unwrap();
    bench.disk.set_faults(Faults { is_full: true, ..Faults::default() });
    for minute in 1..60 {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, minute)]);
    }
    let Err(HistoryError::Store(error)) = bench.history.flush() else { panic!("a full disk takes nothing") };
    assert!(matches!(error.downcast_ref(), Some(StoreError::DiskFull)), "{error:?}");
    let error = bench.history.seal(UnixMillis(T0)).unwrap_err();
    assert!(matches!(error, StoreError::DiskFull), "{error:?} {:?}", error.source());
    assert_eq!(bench.history.durable(), Seq(1));
    assert_eq!(bench.raw(1, Quantity::Temperature).len(), 60);
    bench.disk.set_faults(Faults::default());
    assert_eq!(bench.history.flush().unwrap(), Seq(60));
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(bench.restart().raw(1, Quantity::Temperature), expected()[..60]);
}

#[test]
fn a_disk_that_stays_full_costs_the_oldest_and_no_more_memory() {
    let mut bench = Bench::new();
    bench.disk.set_faults(Faults { is_full: true, ..Faults::default() });
    const COUNT: i64 = 500_000;
    for i in 0..COUNT {
        bench.take(1, T0 + i * 1000, &[(Quantity::Temperature, i), (Quantity::Humidity, 5)]);
    }
    let _ = bench.history.flush();
    assert_eq!(bench.history.lost_readings(), 100_000);
    let points = bench.raw(1, Quantity::Temperature);
    assert_eq!((points.len(), points[0].1), (400_000, 100_000));
    bench.disk.set_faults(Faults::default());
    while bench.history.durable().0 < COUNT as u64 {
        bench.history.seal(UnixMillis(T0)).unwrap();
    }
    assert_eq!(bench.restart().raw(1, Quantity::Temperature), points);
}

#[test]
fn a_damaged_block_costs_its_own_readings_only() {
    let mut bench = Bench::new();
    for minute in 0..5000 {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, minute * 37 % 1000)]);
    }
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(bench.history.stats().unwrap().blocks, 2);
    let disk = bench.disk.clone();
    let block = {
        let view = bench.history.store.read().unwrap();
        let blocks = crate::store::readable(&view, crate::store::BLOCKS).unwrap().unwrap();
        let block = blocks.get((0, 1, T0)).unwrap().unwrap();
        block.value().to_vec()
    };
    let rows = crate::block::head(&block).unwrap().rows as i64;
    assert!((2001..4920).contains(&rows), "of days that are over");
    drop(bench);
    disk.tamper(DATABASE, |bytes| {
        let starts: Vec<_> =
            (0..bytes.len() - block.len()).filter(|at| bytes[*at..*at + block.len()] == block).collect();
        assert!(!starts.is_empty());
        starts.into_iter().for_each(|at| bytes[at + block.len() / 2] ^= 0x10);
    });
    let mut bench = Bench::on(disk).unwrap();
    let expected: Vec<_> = (rows..5000).map(|minute| (T0 + minute * MINUTE, minute * 37 % 1000)).collect();
    assert_eq!(bench.raw(1, Quantity::Temperature), expected);
    assert_eq!(bench.history.damaged_records(), 1);
    // The hours still know, and what comes late finds a place.
    let days = bench.ask(1, (T0 - DAY, T0 + 10 * DAY), Resolution::D1, 100);
    assert_eq!(days.count.iter().sum::<u64>(), 5000);
    bench.take(1, T0 + 2000 * MINUTE + 1, &[(Quantity::Temperature, 5)]);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(bench.raw(1, Quantity::Temperature).len(), expected.len() + 1);
}
