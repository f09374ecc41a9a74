//! Old blocks in less room: nothing else changes.

use std::{collections::BTreeMap, path::Path};

use hub_model::{Reading, Retention};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use redb::ReadableTable;

use super::*;
use crate::{
    block,
    check::{CheckMode, check_on},
    compact::compact_on,
    disk::memory::Faults,
    pack::Packing,
    store::{self, BLOCKS, FORMAT, META, meta},
};

const DAYS: i64 = 40;
const INTERVAL: i64 = 30_000;
const A_DAY: i64 = DAY / INTERVAL;
const NOW: UnixMillis = UnixMillis(T0 + DAYS * DAY);
const DEVICES: [u64; 2] = [1, 2];

/// Temperatures and humidities of a room, a reading in half a minute, that wander and tremble.
fn room(seed: u64, days: i64) -> Vec<(i64, [(Quantity, i64); 2])> {
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    let mut step = |value: &mut i64, by: i64| {
        *value += if luck.random_bool(0.6) { 0 } else { luck.random_range(-by..=by) };
        *value
    };
    let (mut temperature, mut humidity) = (2100, 5000);
    let row = |nth| {
        let values = [
            (Quantity::Temperature, step(&mut temperature, 3) * 10),
            (Quantity::Humidity, step(&mut humidity, 9) * 10),
        ];
        (T0 + nth * INTERVAL, values)
    };
    (0..days * A_DAY).map(row).collect()
}

/// Two rooms for forty days, sealed every two days.
fn forty_days() -> Bench {
    let mut bench = Bench::to_the_second();
    let rooms = DEVICES.map(|device| room(device, DAYS));
    for (nth, rows) in (1..).zip(rooms[0].iter().zip(&rooms[1])) {
        for (device, (t, values)) in DEVICES.into_iter().zip([rows.0, rows.1]) {
            bench.take(device, *t, values);
        }
        if nth % (2 * A_DAY) == 0 {
            bench.history.flush().unwrap();
            bench.history.seal(UnixMillis(T0)).unwrap();
        }
    }
    bench
}

/// What is told of a series: every reading, and some questions.
type Said = (Vec<(i64, i64)>, Vec<SeriesData>);

/// Everything that is told of the rooms.
fn said(bench: &Bench) -> Vec<Said> {
    let of = |device, quantity| {
        let ask = |resolution, from_ms: i64, span_ms| {
            let (from, to) = (UnixMillis(T0 + from_ms), UnixMillis(T0 + from_ms + span_ms));
            let query = HistoryQuery { series: series(device, quantity), from, to, resolution, max_points: 20_000 };
            bench.history.query(&query).unwrap()
        };
        let days = [(0, DAY), (9 * DAY + 7, DAY), (20 * DAY + 12 * HOUR, 3 * HOUR), (34 * DAY, 6 * DAY)];
        let answers = days.into_iter().flat_map(|(from, span)| {
            [Resolution::Raw, Resolution::M5, Resolution::H1].map(|resolution| ask(resolution, from, span))
        });
        (bench.raw(device, quantity), answers.collect())
    };
    DEVICES
        .into_iter()
        .flat_map(|device| [Quantity::Temperature, Quantity::Humidity].map(|of_| of(device, of_)))
        .collect()
}

/// The blocks of a device by their start.
fn blocks(bench: &Bench, device: u64) -> BTreeMap<i64, Vec<u8>> {
    let transaction = bench.history.store.read().unwrap();
    let table = store::readable(&transaction, BLOCKS).unwrap().unwrap();
    let of_device = table.range((0, device, i64::MIN)..=(0, device, i64::MAX)).unwrap();
    of_device.map(Result::unwrap).map(|(key, bytes)| (key.value().2, bytes.value().to_vec())).collect()
}

fn is_tight(block: &[u8]) -> bool {
    block::head(block).unwrap().packing == Packing::Tight
}

fn assert_clean(bench: Bench) {
    let disk = bench.disk.clone();
    drop(bench);
    let report = check_on(Path::new("memory"), Arc::new(disk), CheckMode::Tell).unwrap();
    assert!(report.is_clean(), "{report:?}");
}

fn format(bench: &Bench) -> u64 {
    let transaction = bench.history.store.read().unwrap();
    store::number(&store::readable(&transaction, META).unwrap().unwrap(), meta::FORMAT).unwrap()
}

#[test]
fn old_days_take_less_room_and_say_the_same() {
    let bench = forty_days();
    let (before, stats, loose) = (said(&bench), bench.history.stats().unwrap(), blocks(&bench, 1));
    let done = bench.history.repack(NOW, usize::MAX).unwrap();
    assert!(done.is_done && done.blocks_after * 4 <= done.blocks_before * 3, "{done:?}");
    assert_eq!(said(&bench), before);
    let after = bench.history.stats().unwrap();
    assert_eq!(after.readings, stats.readings);
    assert_eq!(after.blocks, stats.blocks - done.blocks_before + done.blocks_after);

    // The last week is as it was, and so is the newest block.
    let tight = blocks(&bench, 1);
    let settled = NOW.0 - NOW.0.rem_euclid(DAY) - 7 * DAY;
    assert!(tight.range(settled..).eq(loose.range(settled..)));
    assert!(tight.range(..settled).filter(|(_, block)| is_tight(block)).count() >= 8);
    // A page each, and full.
    let sizes = || tight.values().filter(|block| is_tight(block)).map(Vec::len);
    assert!(sizes().all(|bytes| (3840..=4040).contains(&bytes)), "{:?}", sizes().collect::<Vec<_>>());

    let written = bench.history.traffic();
    assert_eq!(bench.history.repack(NOW, usize::MAX).unwrap(), Repacked { is_done: true, ..Repacked::default() });
    assert_eq!(bench.history.traffic(), written, "what is done is not done again");
    let bench = bench.restart();
    assert_eq!(bench.history.repack(NOW, usize::MAX).unwrap(), Repacked { is_done: true, ..Repacked::default() });
    assert_eq!(said(&bench), before);
    assert_clean(bench);
}

#[test]
fn a_little_at_a_time_it_comes_to_the_same() {
    let (at_once, bench) = (forty_days(), forty_days());
    at_once.history.repack(NOW, usize::MAX).unwrap();
    let mut turns = 0;
    loop {
        let done = bench.history.repack(NOW, 8).unwrap();
        turns += 1;
        assert!(done.blocks_before <= 15, "{done:?}");
        if done.is_done {
            break;
        }
    }
    assert!(turns >= 4, "{turns}");
    for device in DEVICES {
        assert_eq!(blocks(&bench, device), blocks(&at_once, device));
    }
}

#[test]
fn day_by_day_nothing_is_packed_twice() {
    let bench = forty_days();
    let mut packed = 0;
    for day in 1..=DAYS {
        packed += bench.history.repack(UnixMillis(T0 + day * DAY), 256).unwrap().blocks_before;
    }
    // What did not fill a block is taken once more with what follows it.
    let (blocks, most) = (bench.history.stats().unwrap().blocks, forty_days().history.stats().unwrap().blocks);
    assert!(blocks < most && packed <= most * 5 / 4, "{packed} of {most}");
}

#[test]
fn what_comes_late_opens_the_block_that_it_belongs_to_and_no_other() {
    let mut bench = forty_days();
    bench.history.repack(NOW, usize::MAX).unwrap();
    let before = blocks(&bench, 1);
    let (start, next) = (*before.keys().nth(2).unwrap(), *before.keys().nth(3).unwrap());
    let t = start + INTERVAL / 2;
    bench.take(1, t, &[(Quantity::Temperature, 5)]);
    // Known already: the second row of the block.
    let (_, value) = bench.raw(1, Quantity::Temperature).into_iter().find(|(at, _)| *at == start + INTERVAL).unwrap();
    let (_, other) = bench.raw(1, Quantity::Humidity).into_iter().find(|(at, _)| *at == start + INTERVAL).unwrap();
    bench.take(1, start + INTERVAL, &[(Quantity::Temperature, value), (Quantity::Humidity, other)]);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let after = blocks(&bench, 1);
    let elsewhere = |blocks: &BTreeMap<i64, Vec<u8>>| {
        let mut blocks = blocks.clone();
        blocks.retain(|at, _| !(start..next).contains(at));
        blocks
    };
    assert!(elsewhere(&before) == elsewhere(&after) && before != after);
    assert!(after.range(start..next).all(|(_, block)| is_tight(block)));
    let raw = bench.raw(1, Quantity::Temperature);
    assert_eq!(raw.len() as i64, DAYS * A_DAY + 1);
    assert!(raw.contains(&(t, 5)));
    assert_clean(bench);
}

#[test]
fn what_was_imported_is_packed_in_its_turn() {
    let mut bench = Bench::to_the_second();
    bench.take(1, NOW.0, &[(Quantity::Temperature, 1)]);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert!(bench.history.repack(NOW, 256).unwrap().is_done);
    let all = room(1, DAYS);
    let reading = |(t, values): &(i64, [(Quantity, i64); 2])| {
        values.map(|(quantity, value)| Reading { series: series(1, quantity), at: UnixMillis(*t), value })
    };
    let readings: Vec<Reading> = all.iter().flat_map(reading).collect();
    let (later, earlier) = (&readings[110_000..], &readings[..110_000]);
    bench.history.import(later, &[]).unwrap();
    let done = bench.history.repack(UnixMillis(NOW.0 + DAY), usize::MAX).unwrap();
    assert!(done.is_done && done.blocks_after < done.blocks_before, "{done:?}");
    // What comes to a block in tight form is so from the first.
    bench.history.import(earlier, &[]).unwrap();
    let packed = blocks(&bench, 1);
    assert!(packed.range(..earlier[109_999].at.0).all(|(_, block)| is_tight(block)));
    assert_eq!(bench.raw(1, Quantity::Humidity).len() as i64, DAYS * A_DAY);
    assert_clean(bench);
}

#[test]
fn what_comes_late_to_a_gap_is_packed_in_its_turn() {
    let mut bench = Bench::to_the_second();
    let all = room(1, DAYS);
    let gap = T0 + 12 * DAY..T0 + 26 * DAY;
    let is_late = |(t, _): &&(i64, [(Quantity, i64); 2])| gap.contains(t);
    for (t, values) in all.iter().filter(|row| !is_late(row)) {
        bench.take(1, *t, values);
    }
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert!(bench.history.repack(NOW, usize::MAX).unwrap().blocks_before > 0);
    for (t, values) in all.iter().filter(is_late) {
        bench.take(1, *t, values);
    }
    bench.history.seal(UnixMillis(T0)).unwrap();
    let bench = bench.restart();
    let done = bench.history.repack(UnixMillis(NOW.0 + DAY), usize::MAX).unwrap();
    assert!(done.blocks_before >= 8 && done.blocks_after < done.blocks_before, "{done:?}");
    assert!(blocks(&bench, 1).range(gap).filter(|(_, block)| is_tight(block)).count() >= 4);
    assert_eq!(bench.raw(1, Quantity::Humidity).len() as i64, DAYS * A_DAY);
    assert_clean(bench);
}

#[test]
fn a_block_that_expires_in_part_stays_tight_and_is_the_only_one_written() {
    let bench = forty_days();
    bench.history.repack(NOW, usize::MAX).unwrap();
    let retention = Retention { raw_days: Some(25), rollup_days: None };
    bench.history.expire(NOW, &|_, _| retention).unwrap();
    let before = blocks(&bench, 1);
    bench.history.expire(UnixMillis(NOW.0 + DAY), &|_, _| retention).unwrap();
    let after = blocks(&bench, 1);
    assert_eq!(after.keys().next(), Some(&(T0 + 16 * DAY)));
    assert!(is_tight(after.values().next().unwrap()));
    assert!(after.iter().skip(1).all(|(start, block)| before.get(start) == Some(block)));
    assert_eq!(bench.raw(1, Quantity::Temperature).len() as i64, 24 * A_DAY);
    assert_clean(bench);
}

#[test]
fn a_budget_holds_for_what_was_packed_again() {
    let bench = forty_days();
    bench.history.repack(NOW, usize::MAX).unwrap();
    let used = || {
        let contents = bench.history.contents().unwrap();
        contents.database_bytes - contents.free_bytes
    };
    let stats = bench.history.stats().unwrap();
    let journal = stats.bytes - bench.history.database_bytes().unwrap();
    // What a small store has beside: its numbers, and the database's own tables.
    let few = 24 * 4096;
    assert_eq!(bench.history.keep_within(journal + used()).unwrap(), None);
    let budget = used() - few - stats.blocks / 2 * 4096;
    let gone = bench.history.keep_within(journal + budget).unwrap().unwrap();
    assert!((budget / 2..budget + few).contains(&used()), "{} of {budget}", used());
    assert_eq!(bench.raw(2, Quantity::Temperature).first().map(|(t, _)| *t), Some(gone.0));
    assert_clean(bench);
}

#[test]
fn compacted_and_counted_it_is_the_same() {
    let bench = forty_days();
    let before = (said(&bench), bench.history.contents().unwrap());
    bench.history.repack(NOW, usize::MAX).unwrap();
    let counted = bench.history.contents().unwrap();
    for (one, other) in before.1.devices.iter().zip(&counted.devices) {
        assert!(other.bytes < one.bytes && other.blocks < one.blocks);
        for (one, other) in one.series.iter().zip(&other.series) {
            assert_eq!((one.readings, one.first, one.last), (other.readings, other.first, other.last));
            assert!(other.bytes < one.bytes);
        }
    }
    let tight = DEVICES.map(|device| blocks(&bench, device));
    let disk = bench.disk.clone();
    drop(bench);
    let shared: Arc<dyn crate::disk::Disk> = Arc::new(disk.clone());
    let report = compact_on(Path::new("memory"), &shared).unwrap();
    assert!(report.bytes_after < report.bytes_before, "{report:?}");
    let history = open_with(&disk, Config::new("memory"), 256 * 1024).unwrap();
    let bench = Bench { seq: history.durable().0, disk, history };
    for (device, tight) in DEVICES.into_iter().zip(tight) {
        let kept = blocks(&bench, device);
        assert!(tight.iter().filter(|(_, block)| is_tight(block)).all(|(start, block)| kept.get(start) == Some(block)));
    }
    assert_eq!(said(&bench), before.0);
    assert_clean(bench);
}

#[test]
fn a_damaged_block_stays_where_it_is_and_the_others_are_packed() {
    let bench = forty_days();
    let damaged = *blocks(&bench, 1).keys().nth(4).unwrap();
    let flip = |transaction: &redb::WriteTransaction| {
        let mut table = transaction.open_table(BLOCKS)?;
        let mut bytes = table.get((0, 1, damaged))?.unwrap().value().to_vec();
        bytes[100] ^= 1;
        table.insert((0, 1, damaged), bytes.as_slice())?;
        Ok(())
    };
    bench.history.store.write(flip).unwrap();
    let before = bench.raw(1, Quantity::Temperature);
    let done = bench.history.repack(NOW, usize::MAX).unwrap();
    assert!(done.blocks_after < done.blocks_before);
    assert_eq!(bench.history.damaged_records(), 1);
    assert_eq!(bench.raw(1, Quantity::Temperature), before);
    let after = blocks(&bench, 1);
    assert!(after.contains_key(&damaged));
    assert!(is_tight(after.values().next().unwrap()), "four blocks before it wait for nothing more");
}

/// Before or after, never between.
#[test]
fn the_power_goes_at_any_write_of_a_re_pack() {
    let bench = forty_days();
    let (before, stats) = (said(&bench), bench.history.stats().unwrap());
    let loose = DEVICES.map(|device| blocks(&bench, device));
    let disk = bench.disk.clone();
    drop(bench);
    let reopened = |disk: &MemoryDisk| {
        let history = open_with(disk, Config::new("memory"), 256 * 1024).unwrap();
        Bench { seq: history.durable().0, disk: disk.clone(), history }
    };
    let (mut luck, mut seen) = (ChaCha8Rng::seed_from_u64(3), BTreeSet::new());
    for at in (0..).step_by(7) {
        let cut = disk.after_power_cut(&mut || true);
        let bench = reopened(&cut);
        cut.set_faults(Faults { power_cut_at: Some(at), ..Faults::default() });
        let is_done = bench.history.repack(NOW, usize::MAX).is_ok();
        drop(bench);
        let bench = reopened(&cut.after_power_cut(&mut || luck.random_bool(0.5)));
        let found = DEVICES.map(|device| blocks(&bench, device));
        seen.insert(found == loose);
        assert!(!is_done || found != loose, "{at}");
        assert_eq!(bench.history.stats().unwrap().readings, stats.readings, "{at}");
        if at % 5 == 0 {
            assert_eq!(said(&bench), before, "{at}");
            bench.history.repack(NOW, usize::MAX).unwrap();
            assert_eq!(said(&bench), before, "{at}");
            assert_clean(bench);
        }
        if is_done {
            break;
        }
    }
    assert_eq!(seen.len(), 2, "some cuts came before, some after");
}

#[test]
fn a_store_of_an_older_format_is_raised_when_something_is_packed() {
    let bench = forty_days();
    let lower = |transaction: &redb::WriteTransaction| {
        transaction.open_table(META)?.insert(meta::FORMAT, 1)?;
        Ok(())
    };
    bench.history.store.write(lower).unwrap();
    bench.history.repack(UnixMillis(T0 + 2 * DAY), usize::MAX).unwrap();
    assert_eq!(format(&bench), 1, "nothing is old enough");
    bench.history.repack(NOW, usize::MAX).unwrap();
    assert_eq!(format(&bench), FORMAT);
}
