use std::path::Path;

use hub_model::Retention;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::{
    CheckMode, CompactReport, OpenError,
    check::check_on,
    compact::compact_on,
    disk::memory::{DATABASE, Faults},
};

fn compact(disk: &MemoryDisk) -> Result<CompactReport, OpenError> {
    let disk: Arc<dyn crate::disk::Disk> = Arc::new(disk.clone());
    compact_on(Path::new("memory"), &disk)
}

/// Many devices that are sealed often, so that their blocks are small, and of which half the days are gone.
fn worn() -> MemoryDisk {
    let mut bench = Bench::new();
    for hour in 0..96 {
        for device in 0..12 {
            for minute in 0..6 {
                let t = T0 + hour * HOUR + minute * 10 * MINUTE;
                bench.take(device, t, &[(Quantity::Temperature, 20_000 + hour * 7919 % 997 + minute)]);
            }
        }
        if hour % 2 == 0 {
            bench.history.seal(UnixMillis(T0)).unwrap();
        }
    }
    let retention = Retention { raw_days: Some(2), rollup_days: None };
    bench.history.expire(UnixMillis(T0 + 4 * DAY), &|_, _| retention).unwrap();
    bench.disk
}

/// The readings of all devices.
fn content(disk: &MemoryDisk) -> Vec<Vec<(i64, i64)>> {
    let bench = Bench::on(disk.clone()).unwrap();
    (0..12).map(|device| bench.raw(device, Quantity::Temperature)).collect()
}

fn is_clean(disk: &MemoryDisk) -> bool {
    check_on(Path::new("memory"), Arc::new(disk.clone()), CheckMode::Tell).unwrap().is_clean()
}

#[test]
fn a_worn_store_becomes_smaller_and_says_the_same() {
    let disk = worn();
    let (before, hours) =
        (content(&disk), Bench::on(disk.clone()).unwrap().ask(1, (T0, T0 + 4 * DAY), Resolution::H1, 200));
    let report = compact(&disk).unwrap();
    assert!(report.bytes_after < report.bytes_before, "{report:?}");
    assert!(report.blocks_after <= report.blocks_before, "{report:?}");
    assert_eq!(content(&disk), before);
    let bench = Bench::on(disk.clone()).unwrap();
    assert_eq!(bench.ask(1, (T0, T0 + 4 * DAY), Resolution::H1, 200), hours);
    assert_eq!(bench.history.stats().unwrap().blocks, report.blocks_after);
    drop(bench);
    assert!(is_clean(&disk));
    let again = compact(&disk).unwrap();
    assert_eq!((again.blocks_before, again.blocks_after), (report.blocks_after, report.blocks_after));
    assert!(again.bytes_after <= report.bytes_after);
}

#[test]
fn a_compaction_can_be_interrupted_anywhere() {
    let worn = worn();
    let before = content(&worn);
    let operations = {
        let disk = worn.after_power_cut(&mut || true);
        compact(&disk).unwrap();
        disk.operations()
    };
    let mut luck = ChaCha8Rng::seed_from_u64(1);
    for cut in 0..operations {
        let disk = worn.after_power_cut(&mut || true);
        disk.set_faults(Faults { power_cut_at: Some(cut), ..Faults::default() });
        assert!(compact(&disk).is_err(), "cut at {cut}");
        let disk = disk.after_power_cut(&mut || luck.random());
        assert_eq!(content(&disk), before, "cut at {cut} of {operations}");
    }
}

#[test]
fn on_a_full_disk_the_store_stays_as_it_is() {
    let disk = worn();
    let before = content(&disk);
    disk.set_faults(Faults { is_full: true, ..Faults::default() });
    assert!(matches!(compact(&disk), Err(OpenError::DiskFull { .. })));
    disk.set_faults(Faults::default());
    assert_eq!(content(&disk), before);
}

#[test]
fn a_store_with_bad_pages_is_to_be_checked_first() {
    let disk = worn();
    let pages = disk.file(DATABASE).len() / 4096;
    let refused = (2..pages).find_map(|page| {
        let disk = disk.after_power_cut(&mut || true);
        disk.tamper(DATABASE, |bytes| bytes[page * 4096 + 500] ^= 1);
        compact(&disk).err()
    });
    assert!(matches!(&refused, Some(OpenError::Corrupt { what, .. }) if what.contains("check")), "{refused:?}");
}
