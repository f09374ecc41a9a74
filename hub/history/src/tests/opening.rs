use hub_model::Retention;
use tempfile::tempdir;

use super::*;
use crate::{disk::memory::DATABASE, store};

#[test]
fn a_store_in_a_folder_is_there_after_a_restart() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("new/store");
    {
        let history = History::open(exact(&path), Epoch(7)).unwrap();
        let mut bench = Bench { disk: MemoryDisk::default(), history, seq: 0 };
        bench.take(1, T0, &[(Quantity::Temperature, 21_000)]);
        bench.history.flush().unwrap();
        bench.history.seal(UnixMillis(T0)).unwrap();
        bench.take(1, T0 + 1, &[(Quantity::Temperature, 21_010)]);
        bench.history.flush().unwrap();
        let stats = bench.history.stats().unwrap();
        assert!(stats.bytes > 8 * 1024 * 1024 && stats.written_bytes > 4096 && stats.flushes >= 4, "{stats:?}");
    }
    let history = History::open(exact(&path), Epoch(8)).unwrap();
    assert_eq!(history.epoch(), Epoch(7));
    let bench = Bench { disk: MemoryDisk::default(), history, seq: 0 };
    assert_eq!(bench.raw(1, Quantity::Temperature), [(T0, 21_000), (T0 + 1, 21_010)]);
}

#[test]
fn a_store_in_use_is_refused() {
    let folder = tempdir().unwrap();
    let _open = History::open(Config::new(folder.path()), Epoch(1)).unwrap();
    let refused = History::open(Config::new(folder.path()), Epoch(1)).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused:?}");
}

#[test]
fn a_file_is_no_store() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "hello").unwrap();
    let refused = History::open(Config::new(&file), Epoch(1)).unwrap_err();
    assert!(matches!(refused, OpenError::NotAFolder { .. }), "{refused:?}");
    assert!(refused.to_string().contains("is not a folder"));
    let strange = folder.path().join("strange");
    std::fs::create_dir(&strange).unwrap();
    std::fs::write(strange.join("history.redb"), vec![b'x'; 5000]).unwrap();
    let refused = History::open(Config::new(&strange), Epoch(1)).unwrap_err();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused:?}");
    assert_eq!(std::fs::read(strange.join("history.redb")).unwrap(), vec![b'x'; 5000]);
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_not_touched() {
    let bench = minutes(1);
    bench.history.flush().unwrap();
    bench
        .history
        .store
        .write(|transaction| {
            transaction.open_table(store::META)?.insert(store::meta::FORMAT, store::FORMAT + 1)?;
            Ok(())
        })
        .unwrap();
    let disk = bench.disk.clone();
    drop(bench);
    let before = disk.file("journal/00");
    let refused = open(&disk).unwrap_err();
    let is_newer = |found, known| found == store::FORMAT + 1 && known == store::FORMAT;
    assert!(matches!(refused, OpenError::NewerVersion { found, known, .. } if is_newer(found, known)), "{refused:?}");
    assert!(refused.to_string().contains("install the newer hub"));
    assert_eq!(disk.file("journal/00"), before);
}

#[test]
fn another_database_is_not_taken_for_a_history() {
    let disk = MemoryDisk::default();
    let meter = Arc::default();
    let other = store::Store::open(Arc::new(disk.clone()), meter, 1).unwrap();
    other
        .write(|transaction| {
            transaction.open_table(store::DAYS)?;
            transaction.delete_table(store::META)?;
            Ok(())
        })
        .unwrap();
    drop(other);
    let refused = open(&disk).unwrap_err();
    assert!(matches!(refused, OpenError::Corrupt { .. }), "{refused:?}");
}

#[test]
fn a_head_that_is_not_whole_is_put_right() {
    let bench = minutes(2);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let expected = bench.raw(1, Quantity::Temperature);
    let disk = bench.disk.clone();
    drop(bench);
    for damage in [0..16, 40..41, 64..192, 0..512] {
        disk.tamper(DATABASE, |bytes| bytes[damage].iter_mut().for_each(|byte| *byte ^= 0x5A));
        assert_eq!(Bench::on(disk.clone()).unwrap().raw(1, Quantity::Temperature), expected);
    }
    // Without its copies nothing can be done.
    disk.tamper(DATABASE, |bytes| bytes[..16].fill(0xAA));
    disk.tamper("history.head", Vec::clear);
    let refused = open(&disk).unwrap_err();
    assert!(refused.to_string().contains("restore a backup"), "{refused:?}");
}

#[test]
fn a_backup_in_the_place_of_the_database_is_believed() {
    let bench = minutes(1);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let mut bench = bench.restart();
    let backup = bench.disk.file(DATABASE);
    for minute in 60..120 {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, 1)]);
        bench.history.seal(UnixMillis(T0)).unwrap();
    }
    let disk = bench.disk.clone();
    drop(bench);
    disk.tamper(DATABASE, |bytes| *bytes = backup.clone());
    // What the journal still has is sealed again.
    assert_eq!(Bench::on(disk).unwrap().raw(1, Quantity::Temperature).len(), 120);
}

#[test]
fn the_journal_of_another_life_is_not_read() {
    let bench = minutes(1);
    bench.history.flush().unwrap();
    let disk = bench.disk.clone();
    drop(bench);
    // A restored backup has a new epoch; the journal beside it is of the time after the backup.
    let meter = Arc::default();
    let database = store::Store::open(Arc::new(disk.clone()), meter, 1).unwrap();
    database
        .write(|transaction| {
            transaction.open_table(store::META)?.insert(store::meta::EPOCH, 99)?;
            Ok(())
        })
        .unwrap();
    drop(database);
    let mut bench = Bench::on(disk).unwrap();
    assert_eq!((bench.history.epoch(), bench.raw(1, Quantity::Temperature)), (Epoch(99), vec![]));
    bench.take(1, T0, &[(Quantity::Temperature, 1)]);
    bench.history.flush().unwrap();
    let bench = bench.restart();
    assert_eq!(bench.raw(1, Quantity::Temperature), [(T0, 1)]);
    assert_eq!(bench.disk.segment_count(), 1);
}

#[test]
fn settings_outside_their_range_are_refused_with_the_range() {
    let config = || Config::new("x");
    let refused = [
        config().with_commit_interval(Duration::from_secs(61)),
        config().with_seal_interval(Duration::from_secs(59)),
        config().with_journal_segments(1),
        config().with_retention(Retention { raw_days: Some(0), rollup_days: None }),
    ];
    for refused in refused {
        let refused = refused.unwrap_err();
        assert!(refused.to_string().contains(&refused.expected), "{refused}");
    }
    let config = config()
        .with_commit_interval(Duration::from_secs(1))
        .and_then(|config| config.with_seal_interval(Duration::from_secs(86_400)))
        .and_then(|config| config.with_journal_segments(2))
        .and_then(|config| config.with_retention(Retention { raw_days: None, rollup_days: Some(36_500) }))
        .unwrap();
    assert_eq!((config.journal_segments(), config.commit_interval()), (2, Duration::from_secs(1)));
    assert_eq!(config.seal_interval(), Duration::from_secs(86_400));
    assert_eq!(config.retention().rollup_days, Some(36_500));
}
