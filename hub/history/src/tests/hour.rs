//! A busy hour, and the power goes after every single write of it.
//!
//! What a device had not flushed is then there in part: sectors of 512 bytes survive each by itself, in any order, and
//! some of them with a flipped bit.

use std::sync::atomic::{AtomicU64, Ordering};

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::disk::memory::Fate;

const DEVICES: u64 = 20;
const FLUSH_SECONDS: i64 = 5;
/// Of every write so many power cuts are tried.
const CUTS: u32 = 6;

/// What the hub had done when the power went.
#[derive(Debug, Default)]
struct Progress {
    appended: AtomicU64,
    /// What the last flush that came back made durable.
    acknowledged: AtomicU64,
    cuts: AtomicU64,
}

/// The value that a device measures: its own, so that a reading in the wrong place would be seen.
fn value(device: u64, second: i64) -> i64 {
    device as i64 * 1_000_000 + second
}

fn look(disk: &MemoryDisk, progress: &Progress, luck: &mut ChaCha8Rng) {
    let acknowledged = progress.acknowledged.load(Ordering::Acquire);
    let appended = progress.appended.load(Ordering::Acquire);
    for _ in 0..CUTS {
        let (lost, flipped) = ([0.0, 0.1, 0.5, 1.0][luck.random_range(0..4)], [0.0, 0.2][luck.random_range(0..2)]);
        let found = disk.after_power_cut_with(&mut || match () {
            () if luck.random_bool(lost) => Fate::Lost,
            () if luck.random_bool(flipped) => Fate::Flipped(luck.random_range(0..4096)),
            () => Fate::Written,
        });
        let cut = progress.cuts.fetch_add(1, Ordering::AcqRel);
        let history = open(&found).unwrap_or_else(|error| panic!("cut {cut}: {error:?}"));
        let durable = history.durable().0;
        assert!((acknowledged..=appended).contains(&durable), "cut {cut}: {acknowledged} {durable} {appended}");
        assert_eq!(history.stats().unwrap().readings, 2 * durable, "cut {cut}");
        assert!(history.reserve(1).unwrap().start > appended, "cut {cut}: a number comes again");
        if cut.is_multiple_of(97) {
            check_all(&history, durable);
        }
    }
}

/// Every reading is there once, at its place; the hours say the same.
fn check_all(history: &History, durable: u64) {
    for device in 0..DEVICES {
        let count = (durable + DEVICES - 1 - device) / DEVICES;
        let expected: Vec<_> = (0..count as i64).map(|second| (T0 + second * 1000, value(device, second))).collect();
        let mut points = Vec::new();
        let mut visit = |point: hub_model::RawPoint| {
            points.push((point.at.0, point.value));
            ControlFlow::Continue(())
        };
        let window = UnixMillis(ALL.0)..UnixMillis(ALL.1);
        history.scan(series(device, Quantity::Temperature), window, &mut visit).unwrap();
        assert_eq!(points, expected);
        let (from, to) = (UnixMillis(T0), UnixMillis(T0 + 2 * HOUR));
        let series = series(device, Quantity::Temperature);
        let query = HistoryQuery { series, from, to, resolution: Resolution::H1, max_points: 10 };
        assert_eq!(history.query(&query).unwrap().count.iter().sum::<u64>(), count);
    }
}

fn live(seed: u64, seconds: std::ops::Range<i64>) {
    let mut luck = ChaCha8Rng::seed_from_u64(seed);
    let disk = MemoryDisk::default();
    let progress = Arc::new(Progress::default());
    let history = open(&disk).unwrap();
    let seen = Arc::clone(&progress);
    let numbers = history.reserve(DEVICES * 3600).unwrap();
    assert_eq!(numbers.start, 1);
    let begin = seconds.start;
    let mut observer = Some(move |disk: &MemoryDisk| look(disk, &seen, &mut luck));
    for second in 0..seconds.end {
        if second == begin {
            let observer = observer.take().unwrap();
            disk.observe(Box::new(observer));
        }
        for device in 0..DEVICES {
            let seq = Seq(second as u64 * DEVICES + device + 1);
            let at = Stamp::wall(UnixMillis(T0 + second * 1000));
            let values = [(Quantity::Temperature, value(device, second)), (Quantity::Humidity, second % 7)];
            let wall = history.wall(at);
            history.append(&Event { seq, at, wall, trace: None, body: readings(device, &values, Some(second as u32)) });
            progress.appended.store(seq.0, Ordering::Release);
        }
        let now = UnixMillis(T0 + second * 1000);
        if second % FLUSH_SECONDS == FLUSH_SECONDS - 1 {
            let durable = history.flush().unwrap();
            progress.acknowledged.store(durable.0, Ordering::Release);
        }
        if second % 300 == 299 {
            history.seal(now).unwrap();
        }
        if second % 600 == 450 {
            // What one re-pack left is what the next begins with.
            let rule = Rule { before: now.0 - 100_000, run: 2, is_thrifty: false };
            assert!(history.repack_by(rule, 30).unwrap().blocks_before > 0);
        }
    }
    check_all(&history, progress.appended.load(Ordering::Acquire));
    println!("{} power cuts", progress.cuts.load(Ordering::Acquire));
    assert!(progress.cuts.load(Ordering::Acquire) >= 5000);
}

#[test]
fn the_power_goes_after_every_write_of_the_first_half_hour() {
    live(1, 0..1800);
}

#[test]
fn the_power_goes_after_every_write_of_the_second_half_hour() {
    live(2, 1800..3600);
}
