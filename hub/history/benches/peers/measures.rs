//! What is measured, a function each; every one adds its lines to the table.

use std::{collections::BTreeMap, ops::Range, path::Path, thread, time::Duration};

use anyhow::{Context, Result, bail, ensure};

use crate::{
    asking::{Extent, Question},
    child,
    house::{DAY, House, METRICS, Reading, SECOND, T0},
    ours::Ours,
    peer::{Kept, Peer},
    recorder::Recorder,
    room::Rooms,
    stopwatch::{median, timed},
    table::{Goal, Line, Table, Unit},
    tuned::Tuned,
    writing::{self, Life},
};

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(crate) days: i64,
    pub(crate) sensors: u32,
    pub(crate) passes: i64,
    /// Of the real readings, at most so many are taken.
    pub(crate) most: usize,
    /// Minutes that the busy and the small house live.
    pub(crate) minutes: [i64; 2],
    pub(crate) batches: usize,
    pub(crate) values: u64,
    pub(crate) times: u32,
}

impl Size {
    pub(crate) const FULL: Self = Self {
        days: 365,
        sensors: 50,
        passes: 8,
        most: usize::MAX,
        minutes: [60, 240],
        batches: 50,
        values: 62_500_000,
        times: 31,
    };
    pub(crate) const QUICK: Self = Self {
        days: 14,
        sensors: 10,
        passes: 1,
        most: 60_000,
        minutes: [10, 60],
        batches: 5,
        values: 2_000_000,
        times: 5,
    };
}

/// Bytes a point of real rooms.
pub(crate) fn rooms(table: &mut Table, folder: &Path, size: Size) -> Result<()> {
    let Some(rooms) = Rooms::read()? else {
        eprintln!("  the real measurements (../shared/data/room-climate) or xz are not here: left out");
        return Ok(());
    };
    let ours = stored(Ours::open(&folder.join("rooms"))?, rooms.repeated(size.passes).take(size.most))?;
    // One pass is large enough for these.
    let tuned = stored(Tuned::open(&folder.join("rooms-tuned.db"))?, rooms.repeated(1).take(size.most))?;
    let recorder = stored(Recorder::open(&folder.join("rooms-recorder.db"))?, rooms.repeated(1).take(size.most))?;
    add_stored(table, "real rooms", [ours, tuned, recorder], vec![Goal::AtMost(0.6)]);
    Ok(())
}

/// Bytes in pages that hold something, and in the whole file.
#[derive(Debug, Clone, Copy)]
struct PerPoint {
    pages: f64,
    file: f64,
}

impl PerPoint {
    fn of(kept: Kept, points: usize) -> Self {
        Self { pages: kept.pages as f64 / points as f64, file: kept.file as f64 / points as f64 }
    }
}

fn add_stored(table: &mut Table, whose: &str, stores: [PerPoint; 3], goals: Vec<Goal>) {
    let mut add = |what: String, figures: [f64; 3], goals| {
        let [ours, tuned, recorder] = figures;
        table.add(Line { what, unit: Unit::Bytes, ours, tuned: Some(tuned), recorder: Some(recorder), goals });
    };
    add(format!("stored per point, {whose}"), stores.map(|of| of.pages), goals);
    add(format!("the same with the free pages of the file, {whose}"), stores.map(|of| of.file), Vec::new());
}

/// Takes all readings, a commit for every ten minutes of them, and tells the bytes that a point takes.
fn stored(mut peer: impl Peer, readings: impl Iterator<Item = Reading>) -> Result<PerPoint> {
    let mut points = 0;
    let mut waiting: Vec<Reading> = Vec::new();
    for reading in readings {
        let slot = |at: i64| at / (600 * SECOND);
        if waiting.first().is_some_and(|first| slot(first.at) != slot(reading.at)) {
            peer.commit(reading.at, &waiting)?;
            waiting.clear();
        }
        points += reading.values().len();
        waiting.push(reading);
    }
    peer.commit(waiting.last().map_or(T0, |last| last.at), &waiting)?;
    Ok(PerPoint::of(peer.close()?, points))
}

/// Bytes a point of a year of generated temperatures, and the questions to it.
pub(crate) fn year(table: &mut Table, folder: &Path, size: Size) -> Result<()> {
    let extent = Extent { sensors: size.sensors, from: T0, to: T0 + size.days * DAY };
    let (ours_path, tuned_path, recorder_path) =
        (folder.join("year"), folder.join("year-tuned.db"), folder.join("year-recorder.db"));
    let kept = thread::scope(|scope| {
        let ours = scope.spawn(|| fill(Ours::open(&ours_path)?, extent, 0));
        let tuned = fill(Tuned::open(&tuned_path)?, extent, 0)?;
        // Ten days are what it keeps.
        let recorder = fill(Recorder::open(&recorder_path)?, extent, size.days - 10)?;
        Ok::<_, anyhow::Error>([ours.join().ok().context("a thread failed")??, tuned, recorder])
    })?;
    add_stored(table, &format!("{} sensors of one value a minute", size.sensors), kept, Vec::new());
    let (ours, tuned, recorder) = (Ours::open(&ours_path)?, Tuned::open(&tuned_path)?, Recorder::open(&recorder_path)?);
    recorder.take_hours(&tuned_path, T0 + (size.days - 10) * DAY)?;
    ask(table, (&ours, &tuned, &recorder), extent, size)
}

/// Asks all questions by turns.
fn ask(table: &mut Table, stores: (&Ours, &Tuned, &Recorder), extent: Extent, size: Size) -> Result<()> {
    let (ours, tuned, recorder) = stores;
    for (question, what, times, goal) in [
        (Question::Day, "24 h of readings, one series", size.times, Goal::OverTuned(4.0)),
        (Question::OldDay, "the same, a day of half a year ago or more", size.times, Goal::OverTuned(2.0)),
        (Question::Year, "1 year at 1 h, from roll-ups", size.times, Goal::OverTuned(3.0)),
        (Question::YearFromReadings, "1 year at 1 h, from readings", size.times.div_ceil(3), Goal::OverTuned(20.0)),
        (Question::Week, "7 days at 10 min, 50 series", size.times.div_ceil(3), Goal::OverTuned(20.0)),
    ] {
        let (mut took, mut has): ([Vec<Duration>; 4], _) = (Default::default(), [false; 4]);
        // A short question is asked some times in a row, of another series or day each time.
        let row = if matches!(question, Question::Day | Question::OldDay) { 20 } else { 1 };
        // The first two turns warm the caches.
        for n in (0..times + 2).map(|turn| turn * row) {
            let (by_ours, a) = timed(|| last(n..n + row, |n| question.ask_ours(ours, extent, n)))?;
            let (by_tuned, b) = timed(|| last(n..n + row, |n| question.ask_tuned(tuned, extent, n)))?;
            let (by_recorder, c) = timed(|| last(n..n + row, |n| question.ask_recorder(recorder, extent, n)))?;
            let (by_rows, d) = timed(|| last(n..n + row, |n| question.ask_tuned_for_rows(tuned, extent, n)))?;
            ensure!(by_ours == by_tuned, "{what}: {by_ours:?} and {by_tuned:?} are two answers");
            ensure!(
                by_rows.flatten().is_none_or(|rows| Some(rows) == by_tuned),
                "{what}: {by_rows:?} and {by_tuned:?}"
            );
            if n >= 2 * row {
                took.iter_mut().zip([a, b, c, d]).for_each(|(took, time)| took.push(time / row));
                has = [true, true, by_recorder.flatten().is_some(), by_rows.flatten().is_some()];
            }
        }
        let figures = took.map(|took| median(took).as_secs_f64()).into_iter().zip(has);
        let figures: Vec<Option<f64>> = figures.map(|(figure, has)| has.then_some(figure)).collect();
        let [Some(ours), tuned, recorder, rows] = figures.as_slice() else { bail!("nothing was asked") };
        let mut add = |what, ours, tuned, recorder, goals| {
            table.add(Line { what, unit: Unit::Seconds, ours, tuned, recorder, goals });
        };
        add(what.to_owned(), *ours, *tuned, *recorder, vec![goal]);
        if rows.is_some() {
            add(
                format!("{what}, where SQLite gives rows and the program adds them up"),
                *ours,
                *rows,
                None,
                Vec::new(),
            );
        }
    }
    Ok(())
}

/// Asks as often as there are numbers; the last answer.
fn last<T>(numbers: Range<u32>, mut ask: impl FnMut(u32) -> Result<T>) -> Result<Option<T>> {
    let mut last = None;
    for n in numbers {
        last = Some(ask(n)?);
    }
    Ok(last)
}

/// Takes the year from a day on, a commit a day; the bytes that a point takes.
fn fill(mut peer: impl Peer, extent: Extent, from_day: i64) -> Result<PerPoint> {
    let mut house = House::new(extent.sensors, 1, 60 * SECOND);
    let (mut readings, mut points) = (Vec::new(), 0);
    let mut now = T0;
    while now < extent.to {
        now += DAY;
        house.until(now, &mut readings);
        if now > T0 + from_day * DAY {
            peer.commit(now, &readings)?;
            points += readings.len();
        }
    }
    Ok(PerPoint::of(peer.close()?, points))
}

/// Bytes and writes of a busy and of a small house.
pub(crate) fn writes(table: &mut Table, folder: &Path, size: Size) -> Result<()> {
    let houses =
        [("200 sensors × 4 every 10 s", 200, 10 * SECOND, 500.0), ("20 sensors × 4 a minute", 20, 60 * SECOND, 12.0)];
    for ((what, sensors, every, goal), minutes) in houses.into_iter().zip(size.minutes) {
        let house = House::new(sensors, METRICS.len(), every);
        let at = |name: &str| folder.join(format!("writes-{sensors}-{name}"));
        let lives: [Life; 3] = [
            writing::live(&mut Ours::open(&at("ours"))?, house.clone(), minutes * 60 * SECOND)?,
            writing::live(&mut Tuned::open(&at("tuned"))?, house.clone(), minutes * 60 * SECOND)?,
            writing::live(&mut Recorder::open(&at("recorder"))?, house, minutes * 60 * SECOND)?,
        ];
        let mut add = |what: String, unit, figure: fn(&Life) -> f64, goals| {
            let [ours, tuned, recorder] = lives.each_ref().map(figure);
            table.add(Line { what, unit, ours, tuned: Some(tuned), recorder: Some(recorder), goals });
        };
        add(
            format!("written per reading, {what}"),
            Unit::Bytes,
            Life::bytes_per_reading,
            vec![Goal::OverRecorder(goal)],
        );
        add(format!("device writes per commit, {what}"), Unit::Times, Life::writes_per_commit, vec![Goal::AtMost(2.0)]);
        // One, and what the seals of the hours add to it.
        add(format!("flushes per commit, {what}"), Unit::Times, Life::flushes_per_commit, vec![Goal::AtMost(1.02)]);
    }
    Ok(())
}

/// Readings a second in durable batches of 20 000.
pub(crate) fn ingest(table: &mut Table, folder: &Path, size: Size) -> Result<()> {
    let mut house = House::new(200, METRICS.len(), 10 * SECOND);
    let mut batches: BTreeMap<i64, Vec<Reading>> = BTreeMap::new();
    for batch in (1..).take(size.batches) {
        let now = T0 + batch * 1000 * SECOND;
        house.until(now, batches.entry(now).or_default());
    }
    // By turns, in a new store each. A batch is durable when it is committed, hence FULL for SQLite; the recorder stays
    // as it is, and takes fewer batches, as its rate does not grow with them.
    let mut rates: [Vec<f64>; 3] = Default::default();
    for turn in 0..3 {
        let at = |name: &str| folder.join(format!("{turn}-{name}"));
        let [ours, tuned, recorder] = &mut rates;
        ours.push(rate(Ours::open(&at("ours"))?, &batches, size.batches)?);
        let durable = Tuned::open(&at("tuned"))?;
        durable.connection.pragma_update(None, "synchronous", "FULL")?;
        tuned.push(rate(durable, &batches, size.batches)?);
        recorder.push(rate(Recorder::open(&at("recorder"))?, &batches, size.batches.div_ceil(10))?);
    }
    let [ours, tuned, recorder] = rates.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates.get(1).copied()
    });
    table.add(Line {
        what: "readings of 4 values taken, durable batches of 20 000".to_owned(),
        unit: Unit::PerSecond,
        ours: ours.context("nothing was taken")?,
        tuned,
        recorder,
        goals: vec![Goal::AtLeast(500_000.0), Goal::OverTuned(5.0)],
    });
    Ok(())
}

/// Readings a second over the first batches.
fn rate(mut peer: impl Peer, batches: &BTreeMap<i64, Vec<Reading>>, most: usize) -> Result<f64> {
    let batches: Vec<_> = batches.iter().take(most).collect();
    let readings: usize = batches.iter().map(|(_, readings)| readings.len()).sum();
    let ((), took) = timed(|| batches.into_iter().try_for_each(|(now, readings)| peer.commit(*now, readings)))?;
    Ok(readings as f64 / took.as_secs_f64())
}

/// Opening after a kill, and the memory of a hub with a large store.
pub(crate) fn large(table: &mut Table, folder: &Path, size: Size) -> Result<()> {
    let folder = folder.join("large");
    let opened = child::kill_and_open(&folder, size.values)?;
    let alone = |what, unit, ours, goals| Line { what, unit, ours, tuned: None, recorder: None, goals };
    table.add(alone(
        format!("opened after kill -9, a database of {:.0} MB", opened.megabytes),
        Unit::Seconds,
        opened.took.as_secs_f64(),
        vec![Goal::AtMost(0.2)],
    ));
    let memory = child::memory(&folder)? / 1e6;
    table.add(alone(
        "largest resident memory in an hour of life, a year of 200 sensors × 4 behind it".to_owned(),
        Unit::Megabytes,
        memory,
        vec![Goal::AtMost(40.0)],
    ));
    Ok(())
}
