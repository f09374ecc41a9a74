//! Stores that every version of the format wrote open, and say what they said.
//!
//! `data/format-N.pages` holds the files of a small store that the first release with format N wrote: for each page of
//! 4096 bytes that is not all zeros the number of the file, the number of the page (4 bytes each, little-endian) and the
//! page. A file is written when it is missing and never changed: a change of the format is a new number.

use std::{fs, path::PathBuf};

use super::*;
use crate::store::FORMAT;

const FILES: [&str; 3] = ["history.redb", "history.head", "journal/00"];
const PAGE: usize = 4096;

fn path(format: u64) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("src/tests/data/format-{format}.pages"))
}

/// A store with something of everything: days that are over, a boot whose clock is not known, what only the journal has.
fn write() -> Vec<u8> {
    let disk = MemoryDisk::default();
    let history = open_with(&disk, Config::new("memory"), 64 * 1024).unwrap();
    let mut bench = Bench { disk, history, seq: 0 };
    for minute in (0..3 * 1440).step_by(5) {
        bench.take(
            1,
            T0 + minute * MINUTE,
            &[(Quantity::Temperature, 20_000 + minute % 97 * 10), (Quantity::Battery, 90)],
        );
    }
    // Since format 2 blocks may be in tight form.
    for (nth, (t, value)) in walk().enumerate() {
        bench.take(3, t, &[(Quantity::Temperature, value)]);
        if nth % 5000 == 4999 {
            bench.history.seal(UnixMillis(T0)).unwrap();
        }
    }
    assert!(bench.history.repack(UnixMillis(T0 + 60 * DAY), usize::MAX).unwrap().blocks_after > 0);
    bench.append(Stamp { boot: BootId(4), ms: 5000 }, readings(2, &[(Quantity::Humidity, 55_000)], Some(7)));
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench.take(1, T0 + 3 * DAY, &[(Quantity::Temperature, 19_000)]);
    bench.history.flush().unwrap();
    let disk = bench.disk.clone();
    drop(bench);
    let mut out = Vec::new();
    for (file, name) in (0_u32..).zip(FILES) {
        for (nth, page) in (0_u32..).zip(disk.file(name).chunks(PAGE)) {
            if page.iter().any(|byte| *byte != 0) {
                out.extend(file.to_le_bytes());
                out.extend(nth.to_le_bytes());
                out.extend(page);
                out.resize(out.len() + PAGE - page.len(), 0);
            }
        }
    }
    out
}

/// Values that go up and down, for so long that a re-pack is worth it.
fn walk() -> impl Iterator<Item = (i64, i64)> {
    (0..40_000_i64).scan(20_000, |value, nth| {
        *value += nth * nth % 1_000_003 * 7919 % 1009 % 5 - 2;
        Some((T0 + nth * MINUTE, *value))
    })
}

fn read(pages: &[u8]) -> MemoryDisk {
    let disk = MemoryDisk::default();
    for page in pages.chunks(PAGE + 8) {
        let number = |at: usize| u32::from_le_bytes(page[at..at + 4].try_into().unwrap()) as usize;
        let at = number(4) * PAGE;
        disk.tamper(FILES[number(0)], |bytes| {
            bytes.resize(bytes.len().max(at + PAGE), 0);
            bytes[at..at + PAGE].copy_from_slice(&page[8..]);
        });
    }
    disk
}

#[test]
fn a_store_of_every_version_opens_and_says_what_it_said() {
    if !path(FORMAT).exists() {
        fs::create_dir_all(path(FORMAT).parent().unwrap()).unwrap();
        fs::write(path(FORMAT), write()).unwrap();
        panic!("{} was missing and is written now: look at it and commit it", path(FORMAT).display());
    }
    for format in 1..=FORMAT {
        let disk = read(&fs::read(path(format)).unwrap());
        let history = open_with(&disk, Config::new("memory"), 64 * 1024).unwrap();
        let seq = history.durable().0;
        let mut bench = Bench { disk, history, seq };
        let expected: Vec<_> =
            (0..3 * 1440).step_by(5).map(|minute| (T0 + minute * MINUTE, 20_000 + minute % 97 * 10)).collect();
        let expected = [&expected[..], &[(T0 + 3 * DAY, 19_000)]].concat();
        assert_eq!(bench.raw(1, Quantity::Temperature), expected, "format {format}");
        assert_eq!(bench.raw(2, Quantity::Humidity), [(5000, 55_000)]);
        if format >= 2 {
            assert!(bench.raw(3, Quantity::Temperature).into_iter().eq(walk()), "format {format}");
        }
        let days = bench.ask(1, (T0 - DAY, T0 + 4 * DAY), Resolution::D1, 10);
        assert_eq!(days.count.iter().sum::<u64>(), 3 * 288 + 1);
        assert_eq!(bench.history.last_counters()[&DeviceId::from_u64(2)], 7);
        assert_eq!(bench.history.epoch(), Epoch(5));
        // It goes on.
        bench.take(1, T0 + 3 * DAY + MINUTE, &[(Quantity::Temperature, 18_000)]);
        bench.history.settle(BootId(4), T0, None).unwrap();
        bench.history.seal(UnixMillis(T0)).unwrap();
        assert_eq!(bench.raw(1, Quantity::Temperature).len(), expected.len() + 1);
        assert_eq!(bench.raw(2, Quantity::Humidity), [(T0 + 5000, 55_000)]);
    }
}
