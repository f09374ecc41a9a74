//! The check: what is damaged is found, named and set aside, and nothing else is touched.

use std::path::Path;

use proptest::prelude::*;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::ReadableTable;

use super::*;
use crate::{
    CheckMode, CheckReport, Fault, Part, Remedy, block,
    check::{DAMAGED, check_on},
    disk::{Meter, memory::DATABASE},
    pack::Packing,
    rollup::{self, Chunk},
    store::{BLOCKS, BOOTS, BlockKey, DAYS, DEVICES, HOURS, META, Store, meta},
};

const TEMPERATURE: (u16, u8) = (1, 0);

fn check(disk: &MemoryDisk, mode: CheckMode) -> CheckReport {
    check_on(Path::new("memory"), Arc::new(disk.clone()), mode).unwrap()
}

/// Two devices, three days at a reading a minute and two quantities, sealed; one of them waits for a clock too.
fn sealed() -> MemoryDisk {
    let mut bench = Bench::new();
    for minute in 0..3 * 1440 {
        for device in [1, 2] {
            let t = T0 + minute * MINUTE;
            let values = [(Quantity::Temperature, temperature(minute)), (Quantity::Humidity, minute * 7919 % 4_001)];
            bench.take(device, t, &values);
        }
        if minute % 1440 == 1439 {
            bench.history.seal(UnixMillis(T0)).unwrap();
        }
    }
    for second in 0..10 {
        bench.append(Stamp { boot: BootId(4), ms: second * 1000 }, readings(2, &[(Quantity::Battery, 90)], Some(7)));
    }
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench.disk
}

/// Noise, which needs room: several blocks a device.
fn temperature(minute: i64) -> i64 {
    20_000 + minute * 6007 % 5003
}

/// Changes records of a closed store behind its back.
fn change(disk: &MemoryDisk, change: impl FnOnce(&redb::WriteTransaction)) {
    let store = Store::open(Arc::new(disk.clone()), Arc::new(Meter::default()), 0).unwrap();
    store
        .write(|transaction| {
            change(transaction);
            Ok(())
        })
        .unwrap();
}

fn block_keys(disk: &MemoryDisk) -> Vec<BlockKey> {
    let store = Store::open(Arc::new(disk.clone()), Arc::new(Meter::default()), 0).unwrap();
    let table = store.read().unwrap().open_table(BLOCKS).unwrap();
    table.iter().unwrap().map(|entry| entry.unwrap().0.value()).collect()
}

type Points = Vec<(i64, i64)>;

/// All readings of wall time.
fn content(disk: &MemoryDisk) -> Vec<(u64, Quantity, Points)> {
    let bench = Bench::on(disk.clone()).unwrap();
    let mut content = Vec::new();
    for device in [1, 2] {
        for quantity in [Quantity::Temperature, Quantity::Humidity] {
            content.push((device, quantity, bench.raw(device, quantity)));
        }
    }
    content
}

#[test]
fn a_sound_store_is_found_clean_and_left_as_it_is() {
    let disk = sealed();
    for mode in [CheckMode::Tell, CheckMode::Repair] {
        let before = content(&disk);
        let report = check(&disk, mode);
        assert_eq!(report.findings, [], "{mode:?}");
        assert_eq!((report.devices, report.readings), (2, 2 * 2 * 3 * 1440 + 10));
        assert!(report.blocks >= 7 && report.rollups > 0, "{report:?}");
        assert_eq!((report.standing_alone, report.set_aside.records), (0, 0));
        assert_eq!(content(&disk), before);
    }
}

#[test]
fn a_store_that_lost_its_power_is_sound() {
    let mut luck = ChaCha8Rng::seed_from_u64(5);
    let mut bench = Bench::new();
    for minute in 0..600 {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, minute)]);
        if minute % 60 == 59 {
            bench.history.seal(UnixMillis(T0)).unwrap();
            let disk = bench.disk.after_power_cut(&mut || luck.random());
            assert_eq!(check(&disk, CheckMode::Tell).findings, []);
            assert_eq!(check(&disk, CheckMode::Repair).readings, minute.unsigned_abs() + 1);
        }
    }
}

#[test]
fn a_head_that_lost_its_power_is_no_damage() {
    let disk = sealed();
    let before = content(&disk);
    disk.tamper(DATABASE, |bytes| bytes[100..300].fill(0x5A));
    let torn = disk.file(DATABASE);
    assert_eq!(check(&disk, CheckMode::Tell).findings, []);
    assert_eq!(disk.file(DATABASE), torn, "only told");
    assert_eq!(check(&disk, CheckMode::Repair).findings, []);
    assert_eq!(content(&disk), before);
}

#[test]
fn any_flipped_bit_of_a_block_sets_that_block_aside_and_no_other() {
    any_flipped_bit_sets_aside(&sealed());
}

#[test]
fn so_it_is_when_the_block_was_packed_again() {
    let disk = sealed();
    let bench = Bench::on(disk.clone()).unwrap();
    assert!(bench.repack_all().blocks_before >= 6);
    drop(bench);
    any_flipped_bit_sets_aside(&disk);
}

fn any_flipped_bit_sets_aside(sound: &MemoryDisk) {
    let before = content(sound);
    let keys = block_keys(sound);
    let (key, next) = (keys[1], keys[2]);
    assert_eq!([key, next].map(|key| (key.0, key.1)), [(0, 1); 2]);
    let bytes = {
        let store = Store::open(Arc::new(sound.clone()), Arc::new(Meter::default()), 0).unwrap();
        let table = store.read().unwrap().open_table(BLOCKS).unwrap();
        table.get(key).unwrap().unwrap().value().to_vec()
    };
    let rows = block::decode(&bytes).unwrap();
    let (from, to) = (rows.t[0], next.2);
    for byte in (0..bytes.len()).step_by(97).chain([0, 1, 4, 5, bytes.len() - 1]) {
        let disk = sound.after_power_cut(&mut || true);
        let mut flipped = bytes.clone();
        flipped[byte] ^= 1 << (byte % 8);
        change(&disk, |transaction| {
            transaction.open_table(BLOCKS).unwrap().insert(key, flipped.as_slice()).unwrap();
        });

        let image = disk.file(DATABASE);
        let told = check(&disk, CheckMode::Tell);
        assert_eq!(disk.file(DATABASE), image, "only told");
        let report = check(&disk, CheckMode::Repair);
        assert_eq!(told, report);
        let finding = report.findings[0];
        assert_eq!((finding.part, finding.fault, finding.remedy), (Part::Block, Fault::Unreadable, Remedy::SetAside));
        assert_eq!(finding.device, Some(DeviceId::from_u64(1)));
        assert_eq!((finding.from, finding.to), (Some(UnixMillis(from)), Some(UnixMillis(to))));
        assert!(report.findings[1..].iter().all(|finding| finding.part == Part::Totals), "{:?}", report.findings);
        assert_eq!((report.set_aside.records, report.set_aside.bytes), (1, bytes.len() as u64));
        // The hours still tell what the block held, but for those of the last day, which is not over.
        let last_day = (T0 + 3 * DAY) / DAY * DAY;
        let hours: BTreeSet<i64> = rows.t.iter().filter(|t| **t < last_day).map(|t| t / HOUR).collect();
        assert_eq!(report.standing_alone, 2 * hours.len() as u64);

        for ((device, quantity, points), (_, _, all)) in content(&disk).into_iter().zip(&before) {
            let is_lost = |t: i64| device == 1 && (from..to).contains(&t);
            let expected: Vec<_> = all.iter().filter(|(t, _)| !is_lost(*t)).copied().collect();
            assert_eq!(points, expected, "device {device}, {quantity:?}");
        }
        assert!(check(&disk, CheckMode::Repair).is_clean());
        change(&disk, |transaction| {
            let table = transaction.open_table(DAMAGED).unwrap();
            let kept = table.iter().unwrap().next().unwrap().unwrap();
            assert_eq!(kept.0.value(), (1, key.0, key.1, key.2, 0));
            assert_eq!(kept.1.value(), flipped, "kept as it was found");
        });
    }
}

#[test]
fn damaged_and_missing_roll_ups_are_worked_out_anew() {
    let sound = sealed();
    let ask = |disk: &MemoryDisk| {
        let bench = Bench::on(disk.clone()).unwrap();
        (bench.ask(1, (T0, T0 + 3 * DAY), Resolution::H1, 100), bench.ask(1, (T0, T0 + 4 * DAY), Resolution::D1, 100))
    };
    let expected = ask(&sound);
    for (table, span, part) in [(HOURS, rollup::HOURS, Part::Hours), (DAYS, rollup::DAYS, Part::Days)] {
        for damage in ["flipped", "removed", "wrong"] {
            let disk = sound.after_power_cut(&mut || true);
            change(&disk, |transaction| {
                let mut table = transaction.open_table(table).unwrap();
                let (key, bytes) = {
                    let (key, bytes) = table.iter().unwrap().next().unwrap().unwrap();
                    (key.value(), bytes.value().to_vec())
                };
                match damage {
                    "removed" => drop(table.remove(key).unwrap()),
                    "flipped" => {
                        let mut bytes = bytes;
                        bytes[20] ^= 0x10;
                        table.insert(key, bytes.as_slice()).unwrap();
                    }
                    _ => {
                        let mut chunk = Chunk::decode(&bytes, span, key.1).unwrap();
                        let slots = chunk.series.get_mut(&TEMPERATURE).unwrap();
                        slots.first_entry().unwrap().get_mut().max += 1;
                        table.insert(key, chunk.encode(span, key.1).as_slice()).unwrap();
                    }
                }
            });
            let report = check(&disk, CheckMode::Repair);
            assert!(report.findings.iter().all(|finding| finding.part == part), "{damage}: {:?}", report.findings);
            let rebuilt = report.findings.iter().filter(|finding| finding.remedy == Remedy::Rebuilt);
            assert_eq!(rebuilt.count(), 1, "{damage}");
            assert_eq!(report.set_aside.records, u64::from(damage == "flipped"));
            assert_eq!(ask(&disk), expected, "{damage} {part:?}");
            assert!(check(&disk, CheckMode::Repair).is_clean());
        }
    }
}

#[test]
fn blocks_that_reach_into_each_other_are_put_in_order() {
    let disk = sealed();
    let before = content(&disk);
    let (first, second) = (block_keys(&disk)[0], block_keys(&disk)[1]);
    change(&disk, |transaction| {
        let mut table = transaction.open_table(BLOCKS).unwrap();
        let read = |key| block::decode(table.get(key).unwrap().unwrap().value()).unwrap();
        let (one, two) = (read(first), read(second));
        // The second half of the first goes to the second, but for one row of the second that goes to the first.
        let half = one.len() / 2;
        let mut front = one.part(0..half);
        front.append(&two.part(1..2));
        let mut back = one.part(half..one.len());
        back.append(&two.part(0..1));
        back.append(&two.part(2..two.len()));
        table.remove(second).unwrap();
        table.insert(first, block::encode(&front, Packing::Quick).as_slice()).unwrap();
        table.insert((0, 1, back.t[0]), block::encode(&back, Packing::Quick).as_slice()).unwrap();
    });
    let report = check(&disk, CheckMode::Repair);
    assert_eq!(report.findings[0].remedy, Remedy::PutInOrder, "{:?}", report.findings);
    assert_eq!(report.findings[0].fault, Fault::OutOfOrder);
    assert_eq!(content(&disk), before);
    assert!(check(&disk, CheckMode::Repair).is_clean());
}

#[test]
fn a_damaged_state_of_a_device_is_worked_out_anew_but_for_its_counter() {
    let disk = sealed();
    change(&disk, |transaction| {
        let mut table = transaction.open_table(DEVICES).unwrap();
        table.insert(1, [1, 2, 3].as_slice()).unwrap();
        table.remove(2).unwrap();
        transaction.open_table(BOOTS).unwrap().insert(9, [1].as_slice()).unwrap();
    });
    let report = check(&disk, CheckMode::Repair);
    let found: Vec<_> = report.findings.iter().map(|finding| (finding.part, finding.fault, finding.remedy)).collect();
    let expected = [
        (Part::Clock, Fault::Unreadable, Remedy::SetAside),
        (Part::State, Fault::Unreadable, Remedy::SetAside),
        (Part::State, Fault::Missing, Remedy::Rebuilt),
    ];
    assert_eq!(found, expected);
    let bench = Bench::on(disk).unwrap();
    let last = T0 + (3 * 1440 - 1) * MINUTE;
    let newest = bench.history.last_values();
    let found = newest.iter().find(|(key, ..)| *key == series(1, Quantity::Temperature)).unwrap();
    assert_eq!((found.1, found.2.at), (temperature(3 * 1440 - 1), UnixMillis(last)));
    assert_eq!(bench.raw(2, Quantity::Humidity).len(), 3 * 1440);
}

#[test]
fn wrong_totals_are_counted_anew() {
    let disk = sealed();
    change(&disk, |transaction| {
        transaction.open_table(META).unwrap().insert(meta::POINTS, 5).unwrap();
    });
    let report = check(&disk, CheckMode::Repair);
    assert_eq!(report.findings[0].part, Part::Totals);
    assert_eq!(Bench::on(disk).unwrap().history.stats().unwrap().readings, report.readings);
}

#[test]
fn what_there_is_no_room_to_set_aside_stays_where_it_is() {
    let disk = sealed();
    let key = block_keys(&disk)[0];
    change(&disk, |transaction| {
        transaction.open_table(BLOCKS).unwrap().insert(key, [0; 100].as_slice()).unwrap();
        transaction.open_table(META).unwrap().insert("damaged_bytes", 16 * 1024 * 1024 - 50).unwrap();
    });
    for _ in 0..2 {
        let report = check(&disk, CheckMode::Repair);
        assert_eq!(report.findings[0].remedy, Remedy::LeftInPlace);
        assert_eq!(report.set_aside.records, 0);
    }
    assert!(block_keys(&disk).contains(&key));
}

/// Rots the database's file anywhere: whatever can be read is kept, and it is said what cannot.
#[test]
fn rotten_pages_cost_at_most_what_lies_in_them() {
    let sound = sealed();
    let all: usize = content(&sound).iter().map(|(_, _, points)| points.len()).sum();
    let image = sound.file(DATABASE);
    let mut luck = ChaCha8Rng::seed_from_u64(3);
    let (mut clean, mut copied, mut refused, mut worst) = (0, 0, 0, 0);
    for round in 0..600 {
        let disk = sound.after_power_cut(&mut || true);
        let at = luck.random_range(0..image.len());
        disk.tamper(DATABASE, |bytes| match round % 3 {
            0 => bytes[at] ^= 1 << luck.random_range(0..8),
            1 => bytes[at / 512 * 512..][..512].fill(0),
            _ => luck.fill(&mut bytes[at / 4096 * 4096..][..4096]),
        });
        let before = disk.file(DATABASE);
        match check_on(Path::new("memory"), Arc::new(disk.clone()), CheckMode::Tell) {
            Ok(report) if report.is_clean() => clean += 1,
            Ok(_) => {}
            Err(OpenError::Corrupt { .. } | OpenError::NewerVersion { .. }) => {
                refused += 1;
                continue;
            }
            Err(error) => panic!("round {round}, rot at {at}: {error:?}"),
        }
        assert_eq!(disk.file(DATABASE), before);
        let report = check(&disk, CheckMode::Repair);
        copied += usize::from(report.findings.iter().any(|finding| finding.remedy == Remedy::Copied));
        let left: usize = content(&disk).iter().map(|(_, _, points)| points.len()).sum();
        if left < all {
            let named = report.findings.iter().any(|finding| finding.part == Part::Block);
            assert!(named, "round {round}, rot at {at}: {} lost and not named: {:?}", all - left, report.findings);
        }
        worst = worst.max(all - left);
        let again = check(&disk, CheckMode::Repair);
        assert!(again.is_clean(), "round {round}, rot at {at}: {:?}", again.findings);
    }
    eprintln!(
        "{clean} clean, {copied} copied, {refused} refused, {worst} readings lost at worst, {} bytes",
        image.len()
    );
    assert!(clean > 0 && copied > 0, "{clean} {copied}");
    // Where the header, the root or the few numbers of the store are gone, so is the store.
    assert!(refused < 60, "{refused} stores could not be opened");
    // A page of 4 KiB holds a few blocks of 1440 rows.
    assert!(worst <= 4 * 1440 * 2, "{worst}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever a store lives through, its check finds nothing: roll-ups always say what the readings say.
    #[test]
    fn every_life_leaves_a_clean_store(
        steps in prop::collection::vec((0..8_u8, 0..2_u64, 0..200_000_i64, -50..50_i64), 1..400),
    ) {
        let mut bench = Bench::new();
        let mut now = T0;
        for (what, device, ms, value) in steps {
            match what {
                0..=3 => {
                    now += ms;
                    bench.take(device, now, &[(Quantity::Temperature, value), (Quantity::Humidity, -value)]);
                }
                4 => drop(bench.take(device, now - ms * 40, &[(Quantity::Temperature, value)])),
                5 => drop(bench.append(
                    Stamp { boot: BootId(3), ms: ms.unsigned_abs() },
                    readings(device, &[(Quantity::Temperature, value)], None),
                )),
                6 => bench.history.seal(UnixMillis(now)).unwrap(),
                _ => {
                    let retention = hub_model::Retention { raw_days: Some(1), rollup_days: Some(3) };
                    now += DAY / 3;
                    bench.history.expire(UnixMillis(now), &|_, _| retention).unwrap();
                }
            }
        }
        bench.history.settle(BootId(3), T0, None).unwrap();
        bench.history.seal(UnixMillis(now)).unwrap();
        let disk = bench.disk.clone();
        drop(bench);
        let report = check(&disk, CheckMode::Tell);
        prop_assert_eq!(report.findings, []);
    }
}

#[test]
fn a_check_can_be_interrupted_anywhere() {
    let sound = sealed();
    // Something that only a copy heals.
    let damaged = sound.after_power_cut(&mut || true);
    let pages = damaged.file(DATABASE).len() / 4096;
    let page = (1..pages).find(|page| {
        let rotten = sound.after_power_cut(&mut || true);
        rotten.tamper(DATABASE, |bytes| bytes[page * 4096 + 1000..][..100].fill(0x5A));
        check(&rotten, CheckMode::Tell).findings.iter().any(|finding| finding.part == Part::Block)
    });
    damaged.tamper(DATABASE, |bytes| bytes[page.unwrap() * 4096 + 1000..][..100].fill(0x5A));
    let expected = {
        let disk = damaged.after_power_cut(&mut || true);
        check(&disk, CheckMode::Repair);
        content(&disk)
    };
    let operations = {
        let disk = damaged.after_power_cut(&mut || true);
        check(&disk, CheckMode::Repair);
        disk.operations()
    };
    let mut luck = ChaCha8Rng::seed_from_u64(9);
    for cut in 0..operations {
        let disk = damaged.after_power_cut(&mut || true);
        disk.set_faults(crate::disk::memory::Faults { power_cut_at: Some(cut), ..Default::default() });
        // It may fail; what it leaves is what counts.
        let _ = check_on(Path::new("memory"), Arc::new(disk.clone()), CheckMode::Repair);
        let disk = disk.after_power_cut(&mut || luck.random());
        check(&disk, CheckMode::Repair);
        assert_eq!(content(&disk), expected, "cut at {cut}");
    }
}

#[test]
fn a_store_of_a_newer_version_is_not_touched() {
    let disk = sealed();
    change(&disk, |transaction| {
        transaction.open_table(META).unwrap().insert(meta::FORMAT, 99).unwrap();
    });
    let before = disk.file(DATABASE);
    let refused = check_on(Path::new("memory"), Arc::new(disk.clone()), CheckMode::Tell).unwrap_err();
    assert!(matches!(refused, OpenError::NewerVersion { found: 99, .. }), "{refused:?}");
    assert_eq!(disk.file(DATABASE), before);
}

#[test]
fn an_empty_store_is_clean() {
    let disk = MemoryDisk::default();
    drop(open(&disk).unwrap());
    assert_eq!(check(&disk, CheckMode::Repair), CheckReport::default());
}
