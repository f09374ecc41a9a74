//! What a card is sent, counted: the figures that must not grow, and how far below Home Assistant's recorder they are.
//!
//! The same stores, loads and counting as in the bench `peers`, shorter and without a clock. A limit stands a few per cent
//! above what was counted when it was set; who brings a figure down brings its limit down too. `--nocapture` shows them.
#![expect(clippy::print_stdout, reason = "the figures are for whoever moves a limit")]

#[path = "../benches/peers/house.rs"]
#[expect(dead_code, reason = "the bench does more with it")]
mod house;
#[path = "../benches/peers/ours.rs"]
mod ours;
#[path = "../benches/peers/peer.rs"]
mod peer;
#[path = "../benches/peers/recorder.rs"]
#[expect(dead_code, reason = "the bench does more with it")]
mod recorder;
#[path = "../benches/peers/wal.rs"]
mod wal;
#[path = "../benches/peers/writing.rs"]
mod writing;

use std::path::PathBuf;

use anyhow::Result;
use hub_history::History;
use tempfile::tempdir;

use crate::{
    house::{DAY, HOUR, House, METRICS, Reading, SECOND, T0},
    ours::Ours,
    peer::{Kept, Peer, Written},
    recorder::Recorder,
    writing::Life,
};

/// The house of 200 sensors of four values every 10 s.
fn busy() -> House {
    House::new(200, METRICS.len(), 10 * SECOND)
}

/// The house of 20 sensors of four values a minute.
fn small() -> House {
    House::new(20, METRICS.len(), 60 * SECOND)
}

/// Our store, and how many of its commits were one flush and at most two writes.
struct Watched {
    ours: Ours,
    commits: u64,
    plain: u64,
}

impl Peer for Watched {
    fn commit(&mut self, now: i64, readings: &[Reading]) -> Result<()> {
        let before = self.written();
        self.ours.commit(now, readings)?;
        let commit = self.written().since(before);
        self.commits += 1;
        self.plain += u64::from(commit.flushes == 1 && commit.writes <= 2);
        Ok(())
    }

    fn written(&self) -> Written {
        self.ours.written()
    }

    fn close(self) -> Result<Kept> {
        self.ours.close()
    }
}

/// Lives on our store; a commit is one flush and at most two writes, but for those that seal or begin a segment.
fn live(house: House, length: i64) -> Result<Life> {
    // In memory nobody waits for a disk; what it would be sent is counted all the same.
    let ours = Ours::of(History::memory()?, PathBuf::new());
    let mut watched = Watched { ours, commits: 0, plain: 0 };
    let life = writing::live(&mut watched, house, length)?;
    println!(
        "{:.1} bytes a reading, {:.3} writes and {:.3} flushes a commit, {} of {} commits plain",
        life.bytes_per_reading(),
        life.writes_per_commit(),
        life.flushes_per_commit(),
        watched.plain,
        watched.commits
    );
    assert!(watched.plain * 100 >= watched.commits * 98, "{} of {} are plain", watched.plain, watched.commits);
    assert!(life.flushes_per_commit() <= 1.02, "{} flushes a commit", life.flushes_per_commit());
    assert!(life.writes_per_commit() <= 2.0, "{} writes a commit", life.writes_per_commit());
    Ok(life)
}

/// What the recorder writes a reading; the device is not waited for, which changes nothing in what is written.
fn recorded(house: House, length: i64) -> Result<f64> {
    let folder = tempdir()?;
    let mut recorder = Recorder::open(&folder.path().join("recorder.db"))?;
    recorder.connection.pragma_update(None, "synchronous", "OFF")?;
    let life = writing::live(&mut recorder, house, length)?;
    println!("the recorder: {:.0} bytes a reading", life.bytes_per_reading());
    Ok(life.bytes_per_reading())
}

#[test]
fn a_busy_house_writes_little() -> Result<()> {
    let life = live(busy(), 12 * HOUR)?;
    assert!(life.bytes_per_reading() <= 60.0, "{} bytes a reading", life.bytes_per_reading());
    let ratio = recorded(busy(), HOUR / 6)? / life.bytes_per_reading();
    assert!(ratio >= 500.0, "{ratio:.0} times less than the recorder");
    Ok(())
}

#[test]
fn a_small_house_writes_little_more_than_one_page_a_commit() -> Result<()> {
    let life = live(small(), 2 * DAY)?;
    // 4096 bytes a commit are 2458 a reading.
    assert!(life.bytes_per_reading() <= 2550.0, "{} bytes a reading", life.bytes_per_reading());
    let ratio = recorded(small(), 2 * HOUR)? / life.bytes_per_reading();
    assert!(ratio >= 12.0, "{ratio:.1} times less than the recorder");
    Ok(())
}

#[test]
fn a_point_takes_little_room() -> Result<()> {
    let folder = tempdir()?;
    let mut ours = Ours::open(folder.path())?;
    let (mut house, mut readings, mut points) = (small(), Vec::new(), 0);
    for day in 1..=30 {
        house.until(T0 + day * DAY, &mut readings);
        ours.commit(T0 + day * DAY, &readings)?;
        points += readings.iter().map(|reading| reading.values().len()).sum::<usize>();
    }
    let share = |bytes: u64| bytes as f64 / points as f64;
    let contents = ours.history.contents()?;
    let (blocks, rollups) = contents.devices.iter().fold((0, 0), |sum, of| (sum.0 + of.bytes, sum.1 + of.rollup_bytes));
    let kept = ours.close()?;
    let [blocks, rollups, pages, file] = [blocks, rollups, kept.pages, kept.file].map(share);
    println!(
        "a point: {blocks:.3} bytes of blocks, {rollups:.3} of roll-ups, {pages:.3} of pages in use, {file:.3} of file"
    );
    assert!(blocks <= 0.42, "{blocks} bytes of blocks a point");
    assert!(rollups <= 0.09, "{rollups} bytes of roll-ups a point");
    assert!(pages <= 0.62, "{pages} bytes of pages in use a point");
    // The file has free pages too, for what comes; how many depends on when it grew last.
    assert!(file <= 1.3, "{file} bytes of file a point");
    Ok(())
}

#[test]
fn packing_again_writes_little_and_saves_much() -> Result<()> {
    let folder = tempdir()?;
    let mut ours = Ours::open(folder.path())?;
    let (mut house, mut readings, mut taken, mut points) = (small(), Vec::new(), 0, 0);
    for hour in 1..=60 * 24 {
        house.until(T0 + hour * HOUR, &mut readings);
        ours.commit(T0 + hour * HOUR, &readings)?;
        taken += readings.len();
        points += readings.iter().map(|reading| reading.values().len()).sum::<usize>();
    }
    // Of the days that were old enough; those of the last week were not touched.
    let written = ours.repacked_bytes as f64 / (taken as f64 * 53.0 / 60.0);
    let pages = ours.close()?.pages as f64 / points as f64;
    println!("packing again wrote {written:.2} bytes a reading; a point takes {pages:.3} bytes of pages in use");
    assert!(written <= 3.0, "{written} bytes a reading");
    assert!(pages <= 0.60, "{pages} bytes of pages in use a point");
    Ok(())
}
