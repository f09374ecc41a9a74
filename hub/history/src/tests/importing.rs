//! Bulk history in and out: what goes out comes in again, and once is as good as twice.

use std::{collections::BTreeMap, path::Path};

use hub_model::{FigureSpan, Figures, Reading, Retention};
use proptest::prelude::*;

use super::*;
use crate::{CheckMode, Imported, check::check_on};

/// What a history says: its readings in order, what roll-ups stand for alone, and what it answers by hours and days.
#[derive(Debug, PartialEq)]
struct Said {
    readings: BTreeMap<SeriesKey, Vec<(i64, i64)>>,
    figures: Vec<Figures>,
    answers: Vec<SeriesData>,
}

fn said(history: &History) -> Said {
    let readings = readings_of(history);
    let mut answers = Vec::new();
    for series in history.series().unwrap() {
        for (resolution, days) in [(Resolution::H1, 40), (Resolution::D1, 400)] {
            let (from, to) = (UnixMillis(T0 - days * DAY), UnixMillis(T0 + days * DAY));
            let data = history.query(&HistoryQuery { series, from, to, resolution, max_points: 10_000 }).unwrap();
            // Where readings fail is told from readings as far as they are kept.
            answers.push(SeriesData { gaps: Vec::new(), ..data });
        }
    }
    Said { readings, figures: figures_of(history), answers }
}

fn readings_of(history: &History) -> BTreeMap<SeriesKey, Vec<(i64, i64)>> {
    let mut readings = BTreeMap::new();
    for series in history.series().unwrap() {
        let mut points = Vec::new();
        let mut visit = |point: hub_model::RawPoint| {
            points.push((point.at.0, point.value));
            ControlFlow::Continue(())
        };
        history.scan(series, UnixMillis(ALL.0)..UnixMillis(ALL.1), &mut visit).unwrap();
        readings.insert(series, points);
    }
    readings
}

fn figures_of(history: &History) -> Vec<Figures> {
    let mut figures = Vec::new();
    for device in history.devices() {
        let mut visit = |figure| {
            figures.push(figure);
            ControlFlow::Continue(())
        };
        history.each_figures(device, &mut visit).unwrap();
    }
    figures
}

fn exported(said: &Said) -> Vec<Reading> {
    let readings = said.readings.iter().flat_map(|(series, points)| {
        points.iter().map(|(at, value)| Reading { series: *series, at: UnixMillis(*at), value: *value })
    });
    readings.collect()
}

fn assert_clean(bench: Bench) {
    let disk = bench.disk.clone();
    drop(bench);
    let report = check_on(Path::new("memory"), Arc::new(disk), CheckMode::Tell).unwrap();
    assert_eq!(report.findings, []);
}

fn reading(device: u64, quantity: Quantity, t: i64, value: i64) -> Reading {
    Reading { series: series(device, quantity), at: UnixMillis(t), value }
}

fn hour(t: i64, count: u64, min: i64, max: i64) -> Figures {
    let at = UnixMillis(t - t.rem_euclid(HOUR));
    Figures {
        series: series(1, Quantity::Temperature),
        span: FigureSpan::Hour,
        at,
        count,
        min,
        max,
        sum: i128::from(min) * i128::from(count - 1) + i128::from(max),
        first: at,
        last: at + 1000,
        last_value: max,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Take { device: u64, after_s: i64, value: i64, has_humidity: bool },
    Late { device: u64, before_s: i64, value: i64 },
    Again,
    Seal,
    Repack,
    Expire,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..2_u64, 0..4000_i64, -20..20_i64, any::<bool>())
            .prop_map(|(device, after_s, value, has_humidity)| Step::Take { device, after_s, value, has_humidity }),
        2 => (0..2_u64, 0..90_000_i64, -20..20_i64)
            .prop_map(|(device, before_s, value)| Step::Late { device, before_s, value }),
        1 => Just(Step::Again),
        1 => Just(Step::Seal),
        1 => Just(Step::Repack),
        1 => Just(Step::Expire),
    ]
}

fn life(steps: Vec<Step>) -> Bench {
    let mut bench = Bench::new();
    let mut now = T0;
    for step in steps {
        match step {
            Step::Take { device, after_s, value, has_humidity } => {
                now += after_s * 1000;
                let values = [(Quantity::Temperature, value), (Quantity::Humidity, value * 7)];
                bench.take(device, now, &values[..1 + usize::from(has_humidity)]);
            }
            Step::Late { device, before_s, value } => {
                bench.take(device, now - before_s * 1000, &[(Quantity::Temperature, value)]);
            }
            // Another within the same second.
            Step::Again => drop(bench.take(0, now + 10, &[(Quantity::Temperature, 5)])),
            Step::Seal => bench.history.seal(UnixMillis(now)).unwrap(),
            Step::Repack => drop(bench.repack_all()),
            Step::Expire => {
                let retention = Retention { raw_days: Some(1), rollup_days: Some(5) };
                bench.history.expire(UnixMillis(now), &|_, _| retention).unwrap();
            }
        }
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_goes_out_comes_in_as_it_was(
        steps in prop::collection::vec(step(), 1..300),
        batch in 1..500_usize,
        figures_first in any::<bool>(),
    ) {
        let original = life(steps);
        // What came late and is in the journal alone is in no roll-up yet.
        original.history.seal(UnixMillis(T0)).unwrap();
        let expected = said(&original.history);
        let readings = exported(&expected);
        let copy = Bench::new();
        let import = |copy: &Bench| {
            let mut imported = Imported::default();
            let mut add = |more: Imported| {
                imported.readings += more.readings;
                imported.figures += more.figures;
            };
            if figures_first {
                add(copy.history.import(&[], &expected.figures).unwrap());
            }
            // Readings of one time and series that are equal count by how many come together.
            let mut rest = &readings[..];
            while !rest.is_empty() {
                let mut cut = batch.min(rest.len());
                while cut < rest.len() && (rest[cut].series, rest[cut].at) == (rest[cut - 1].series, rest[cut - 1].at) {
                    cut += 1;
                }
                add(copy.history.import(&rest[..cut], &[]).unwrap());
                rest = &rest[cut..];
            }
            if !figures_first {
                add(copy.history.import(&[], &expected.figures).unwrap());
            }
            imported
        };
        prop_assert_eq!(import(&copy).readings, readings.len() as u64);
        prop_assert_eq!(&said(&copy.history), &expected);
        prop_assert_eq!(import(&copy), Imported::default(), "a second time adds nothing");
        let copy = copy.restart();
        prop_assert_eq!(&said(&copy.history), &expected);
        assert_clean(copy);
    }

    #[test]
    fn files_in_any_order_and_with_parts_that_are_there_already_end_in_the_same(
        mut points in prop::collection::vec((0..2_u64, 0..2_usize, 0..400_000_i64, -9..9_i64), 1..400),
        batch in 1..100_usize,
        live in 0..100_usize,
        repacked_after in 1..5_usize,
    ) {
        let quantity = |nth: usize| [Quantity::Temperature, Quantity::Humidity][nth];
        let mut expected: BTreeMap<SeriesKey, Vec<(i64, i64)>> = BTreeMap::new();
        points.sort_unstable();
        points.dedup();
        for (device, nth, s, value) in &points {
            expected.entry(series(*device, quantity(*nth))).or_default().push((T0 + s * 1000, *value));
        }
        let mut bench = Bench::new();
        for (device, nth, s, value) in points.iter().take(live) {
            bench.take(*device, T0 + s * 1000, &[(quantity(*nth), *value)]);
        }
        let turn = points.len() / 3;
        points.rotate_left(turn);
        let readings: Vec<Reading> =
            points.iter().map(|(device, nth, s, value)| reading(*device, quantity(*nth), T0 + s * 1000, *value)).collect();
        for (nth, part) in readings.chunks(batch).enumerate() {
            if nth % repacked_after == 0 {
                bench.repack_all();
            }
            let would = bench.history.would_import(part, &[]).unwrap();
            prop_assert_eq!(bench.history.import(part, &[]).unwrap(), would);
        }
        let mut found = readings_of(&bench.history);
        found.values_mut().for_each(|points| points.sort_unstable());
        prop_assert_eq!(found, expected);
        // The hub goes on.
        for minute in 0..200 {
            bench.take(1, T0 + 400_000_000 + minute * MINUTE, &[(Quantity::Temperature, minute)]);
        }
        bench.history.seal(UnixMillis(T0)).unwrap();
        assert_clean(bench);
    }
}

#[test]
fn series_that_come_one_after_the_other_share_their_rows() {
    let bench = Bench::new();
    for quantity in [Quantity::Temperature, Quantity::Humidity, Quantity::Battery] {
        let readings: Vec<_> =
            (0..1000).map(|minute| reading(1, quantity, T0 + minute * MINUTE, minute % 50)).collect();
        bench.history.import(&readings, &[]).unwrap();
    }
    let contents = bench.history.contents().unwrap();
    let device = &contents.devices[0];
    let of_series: u64 = device.series.iter().map(|series| series.bytes).sum();
    assert!(device.bytes - of_series < 300 * device.blocks, "the times are stored once: {device:?}");
    assert_eq!(bench.history.last_values().len(), 3);
}

#[test]
fn figures_stand_where_no_readings_are_and_yield_to_them() {
    let bench = Bench::new();
    let figures: Vec<_> = (0..48).map(|nth| hour(T0 + nth * HOUR, 1, 20_000 + nth, 20_000 + nth)).collect();
    assert_eq!(bench.history.import(&[], &figures).unwrap(), Imported { readings: 0, figures: 48 });
    let answer = bench.ask(1, (T0, T0 + 2 * DAY), Resolution::H1, 100);
    assert_eq!((answer.t.len(), answer.min[5], answer.count[5]), (48, 20_005, 1));
    let days = bench.ask(1, (T0 - DAY, T0 + 4 * DAY), Resolution::D1, 100);
    assert_eq!((days.count.iter().sum::<u64>(), days.max.last()), (48, Some(&20_047)));

    // Two readings know more than one figure, whenever they come.
    let readings =
        [30, 40].map(|minute| reading(1, Quantity::Temperature, T0 + 5 * HOUR + minute * MINUTE, 19_000 + minute));
    assert_eq!(bench.history.import(&readings, &figures).unwrap(), Imported { readings: 2, figures: 0 });
    let answer = bench.ask(1, (T0, T0 + 2 * DAY), Resolution::H1, 100);
    assert_eq!((answer.min[5], answer.max[5], answer.count[5]), (19_030, 19_040, 2));
    assert_eq!(figures_of(&bench.history).len(), 47);
    assert_clean(bench);
}

#[test]
fn what_only_would_be_imported_is_not() {
    let bench = minutes(3);
    let readings = [reading(1, Quantity::Temperature, T0 + MINUTE, 20_001), reading(2, Quantity::Co2, T0, 400)];
    let would = bench.history.would_import(&readings, &[hour(T0 - DAY, 3, 1, 2)]).unwrap();
    assert_eq!(would, Imported { readings: 1, figures: 1 });
    assert_eq!(bench.raw(2, Quantity::Co2), []);
    assert_eq!(bench.history.devices(), [DeviceId::from_u64(1)]);
    assert_clean(bench);
}

#[test]
fn figures_that_contradict_themselves_are_left_out() {
    let bench = Bench::new();
    let bad = Figures { sum: 1_000_000, ..hour(T0, 2, 1, 3) };
    assert_eq!(bench.history.import(&[], &[bad]).unwrap(), Imported::default());
}
