//! Statistics by hand.

use hub_model::{
    Bucket, Course, Depth, Increase, Percent, Picked, Retention, SeriesStatistics, Statistics, StatisticsQuery,
    StatisticsReader, Zone,
};

use super::*;

/// A question about device 1, its window in milliseconds after `T0`.
fn question(quantity: Quantity, (from, to): (i64, i64), bucket: Bucket) -> StatisticsQuery {
    StatisticsQuery {
        series: series(1, quantity),
        from: UnixMillis(T0 + from),
        to: UnixMillis(T0 + to),
        bucket,
        zone: Zone::UTC,
        max_buckets: 2000,
        percentiles: Vec::new(),
        above: None,
        below: None,
        depth: Depth::Readings,
        now: UnixMillis(T0 + to),
    }
}

fn bench(quantity: Quantity, readings: &[(i64, i64)]) -> Bench {
    let mut bench = Bench::new();
    for (t, value) in readings {
        bench.take(1, T0 + t, &[(quantity, *value)]);
    }
    bench
}

fn ask(bench: &Bench, query: &StatisticsQuery) -> SeriesStatistics {
    bench.history.statistics(query).unwrap()
}

fn whole(bench: &Bench, query: &StatisticsQuery) -> Statistics {
    let mut answer = ask(bench, query);
    assert_eq!(answer.buckets.len(), 1);
    answer.buckets.remove(0)
}

fn picked(t: i64, value: i64) -> Option<Picked> {
    Some(Picked { at: Some(UnixMillis(T0 + t)), value: Some(value) })
}

fn course(bucket: &Statistics) -> Course {
    bucket.course.unwrap()
}

#[test]
fn readings_are_counted_and_lines_are_measured() {
    // 20 °C, a minute later 26 °C, two minutes later 26 °C, then 23 °C.
    let bench =
        bench(Quantity::Temperature, &[(0, 20_000), (MINUTE, 26_000), (3 * MINUTE, 26_000), (4 * MINUTE, 23_000)]);
    let percentiles = [0.0, 25.0, 50.0, 75.0, 100.0].map(|percent| Percent::try_from(percent).unwrap()).to_vec();
    let query = StatisticsQuery {
        percentiles,
        above: Some(24_500.0),
        below: Some(23_000.0),
        ..question(Quantity::Temperature, (0, 5 * MINUTE), Bucket::Whole)
    };
    for _ in 0..2 {
        let bucket = whole(&bench, &query);
        assert!(bucket.is_exact);
        assert_eq!((bucket.count, bucket.mean), (4, Some(23_750.0)));
        assert_eq!((bucket.first, bucket.last), (picked(0, 20_000), picked(4 * MINUTE, 23_000)));
        assert_eq!((bucket.min, bucket.max), (picked(0, 20_000), picked(MINUTE, 26_000)));
        assert_eq!(bucket.percentiles, Some(vec![20_000, 20_000, 23_000, 26_000, 26_000]));
        let course = course(&bucket);
        // Nothing is known after the last reading.
        assert_eq!(course.covered_ms, 4 * MINUTE);
        assert_eq!(course.integral, Some((23_000.0 + 2.0 * 26_000.0 + 24_500.0) * 60_000.0));
        assert_eq!(course.mean, Some(24_875.0));
        // From 20 to 26 a quarter of the minute is above 24.5, and half of the way down.
        assert_eq!(course.above_ms, Some(15_000 + 2 * MINUTE + 30_000));
        assert_eq!(course.below_ms, Some(30_000));
        assert_eq!((course.on_ms, bucket.increase, bucket.changes), (None, None, None));
        bench.history.seal(UnixMillis(T0)).unwrap();
    }
}

#[test]
fn a_segment_is_cut_at_the_edges_of_buckets_and_windows() {
    // A line from 10 to 16 °C over two hours around the full one, with a reading an hour before and after.
    let readings = [(-90, 10_000), (-30, 10_000), (30, 16_000), (90, 16_000)].map(|(t, v)| (t * MINUTE, v));
    let bench = bench(Quantity::Temperature, &readings);
    let answer = ask(&bench, &question(Quantity::Temperature, (-HOUR, HOUR), Bucket::Hour));
    assert_eq!(answer.gaps, []);
    let means: Vec<_> = answer.buckets.iter().map(|bucket| course(bucket).mean.unwrap()).collect();
    // Half an hour at 10, then half an hour from 10 to 13; and the mirror image.
    assert_eq!(means, [10_750.0, 15_250.0]);
    assert!(answer.buckets.iter().all(|bucket| course(bucket).covered_ms == HOUR && bucket.count == 1));
}

#[test]
fn a_gap_is_not_drawn_over() {
    let minutes = (0..10).chain(40..50);
    let bench = bench(Quantity::Temperature, &minutes.map(|m| (m * MINUTE, 10_000 + m)).collect::<Vec<_>>());
    let answer = ask(&bench, &question(Quantity::Temperature, (0, HOUR), Bucket::Whole));
    let gaps: Vec<_> = answer.gaps.iter().map(|gap| ((gap.from.0 - T0) / MINUTE, (gap.to.0 - T0) / MINUTE)).collect();
    assert_eq!(gaps, [(9, 40), (49, 60)]);
    assert_eq!(course(&answer.buckets[0]).covered_ms, 18 * MINUTE);
}

#[test]
fn a_door_is_open_until_somebody_says_otherwise() {
    let readings = [(-60, 1), (10, 0), (20, 1), (20, 1), (50, 0)].map(|(t, v)| (t * MINUTE, v));
    let bench = bench(Quantity::Door, &readings);
    let mut query = question(Quantity::Door, (0, HOUR), Bucket::Whole);
    let bucket = whole(&bench, &query);
    let on = course(&bucket);
    assert_eq!((on.on_ms, on.covered_ms, bucket.changes), (Some(40 * MINUTE), HOUR, Some(3)));
    // The state is that of the last message, up to the present and no further.
    (query.from, query.to) = (UnixMillis(T0 + 55 * MINUTE), UnixMillis(T0 + 5 * HOUR));
    query.now = UnixMillis(T0 + 2 * HOUR);
    let bucket = whole(&bench, &query);
    let on = course(&bucket);
    assert_eq!((on.on_ms, on.covered_ms, bucket.count, bucket.changes), (Some(0), 65 * MINUTE, 0, Some(0)));
    // After a day of silence nobody knows.
    query.now = UnixMillis(T0 + 30 * HOUR);
    let answer = ask(&bench, &query);
    assert_eq!(course(&answer.buckets[0]).covered_ms, 0);
    query.to = UnixMillis(T0 + 40 * HOUR);
    let gaps = ask(&bench, &query).gaps;
    assert_eq!((gaps.len(), gaps[0].to), (1, query.now), "a gap ends in the present");
}

#[test]
fn a_meter_that_falls_was_reset() {
    // 5 before the window, then 7, 9, reset to 1, 4, reset to 0, 2.
    let values = [5, 7, 9, 1, 4, 0, 2];
    let readings: Vec<_> = (-1..).zip(values).map(|(t, v)| (t * 10 * MINUTE, v)).collect();
    let bench = bench(Quantity::Energy, &readings);
    let bucket = whole(&bench, &question(Quantity::Energy, (0, HOUR), Bucket::Whole));
    assert_eq!(bucket.increase, Some(Increase { by: 2 + 2 + 1 + 3 + 2, resets: 2 }));
    assert_eq!((course(&bucket).mean, course(&bucket).integral), (None, None));
    // Parts add up; what grew while nobody listened belongs to the first reading after it.
    let hours = ask(&bench, &question(Quantity::Energy, (-HOUR, 3 * HOUR), Bucket::Hour));
    let by: Vec<_> = hours.buckets.iter().map(|bucket| bucket.increase.map(|increase| increase.by)).collect();
    assert_eq!(by, [Some(0), Some(10), None, None]);
    let quarter = ask(&bench, &question(Quantity::Energy, (5 * MINUTE, 15 * MINUTE), Bucket::Whole));
    assert_eq!(quarter.buckets[0].increase, Some(Increase { by: 2, resets: 0 }));
}

#[test]
fn the_reading_before_a_window_is_found_however_long_ago() {
    for days in [0, 1, 3, 40, 400] {
        let mut bench = bench(Quantity::Energy, &[(-days * DAY - 30 * MINUTE, 100), (MINUTE, 130)]);
        for seals in 0..3 {
            let bucket = whole(&bench, &question(Quantity::Energy, (0, HOUR), Bucket::Whole));
            assert_eq!(bucket.increase, Some(Increase { by: 30, resets: 0 }), "{days} days, {seals} seals");
            bench.history.seal(UnixMillis(T0)).unwrap();
            bench.take(1, T0 + 2 * HOUR + seals, &[(Quantity::Energy, 200)]);
        }
    }
}

#[test]
fn an_angle_has_no_mean() {
    let bench = bench(Quantity::Direction, &[(0, 35_900), (MINUTE, 100), (2 * MINUTE, 200)]);
    let bucket = whole(&bench, &question(Quantity::Direction, (0, 3 * MINUTE), Bucket::Whole));
    assert_eq!((bucket.mean, course(&bucket).mean, course(&bucket).integral), (None, None, None));
    assert_eq!(course(&bucket).covered_ms, 3 * MINUTE, "a state holds to the end of the window");
}

#[test]
fn where_readings_are_expired_rollups_tell_what_they_know() {
    let mut bench = Bench::new();
    for minute in 0..3 * 24 * 60 {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, 20_000 + minute), (Quantity::Energy, minute)]);
    }
    bench.history.seal(UnixMillis(T0 + 3 * DAY)).unwrap();
    let query = StatisticsQuery {
        percentiles: vec![Percent::try_from(50.0).unwrap()],
        ..question(Quantity::Temperature, (0, 3 * DAY), Bucket::Day)
    };
    let before = ask(&bench, &query);
    assert_eq!(before.exact_from, query.from);
    // Two hours and ten minutes of readings are wanted; three hours are left, as whole ones go.
    let retention = Retention { raw_days: Some(1), rollup_days: None };
    bench.history.expire(UnixMillis(T0 + 4 * DAY - 130 * MINUTE), &|_, _| retention).unwrap();
    let after = ask(&bench, &query);
    assert_eq!(after.exact_from, UnixMillis(T0 + 3 * DAY - 3 * HOUR));
    assert_eq!(after.gaps, before.gaps, "a roll-up knows when its first and last reading were");
    for (after, before) in after.buckets.iter().zip(&before.buckets) {
        assert!(before.is_exact && !after.is_exact);
        assert_eq!((after.count, after.mean, after.last), (before.count, before.mean, before.last));
        let values = |bucket: &Statistics| [bucket.min, bucket.max].map(|picked| picked.unwrap().value);
        assert_eq!(values(after), values(before));
        assert_eq!((after.first.unwrap().at, after.first.unwrap().value), (before.first.unwrap().at, None));
        assert_eq!((&after.percentiles, after.course), (&None, None));
        assert!(before.percentiles.is_some() && before.course.is_some());
    }
    let last = ask(&bench, &StatisticsQuery { from: after.exact_from, ..query });
    assert!(last.buckets.last().unwrap().is_exact);
    assert_eq!(last.exact_from, after.exact_from);
    // A meter's growth is told by hours.
    let increase = whole(&bench, &question(Quantity::Energy, (0, 3 * DAY), Bucket::Whole)).increase;
    assert_eq!(increase, Some(Increase { by: 3 * 24 * 60 - 1, resets: 0 }));
}

#[test]
fn a_window_without_readings_is_all_none() {
    let bench = minutes(1);
    for quantity in [Quantity::Temperature, Quantity::Pressure, Quantity::Door, Quantity::Energy] {
        let query = StatisticsQuery {
            percentiles: vec![Percent::try_from(50.0).unwrap()],
            above: Some(0.0),
            ..question(quantity, (10 * DAY, 12 * DAY), Bucket::Day)
        };
        let answer = ask(&bench, &query);
        assert_eq!((answer.gaps.len(), answer.buckets.len()), (1, 3), "{quantity:?}");
        for bucket in &answer.buckets {
            assert_eq!((bucket.count, bucket.first, bucket.min, bucket.mean), (0, None, None, None));
            assert_eq!((bucket.increase, &bucket.percentiles), (None, &None));
            let course = course(bucket);
            assert_eq!((course.covered_ms, course.mean, course.above_ms), (0, None, Some(0)));
        }
    }
}

#[test]
fn times_and_values_at_the_end_of_the_world_break_nothing() {
    let mut bench = Bench::new();
    for quantity in [Quantity::Temperature, Quantity::Energy, Quantity::Door] {
        for (ms, value) in [(0, i64::MIN), (5, i64::MAX), (u64::MAX, i64::MIN), (1 << 60, 1)] {
            bench.append(Stamp { boot: BootId::WALL, ms }, readings(1, &[(quantity, value)], None));
        }
    }
    for _ in 0..2 {
        for quantity in [Quantity::Temperature, Quantity::Energy, Quantity::Door] {
            let query = StatisticsQuery {
                from: UnixMillis(i64::MIN),
                to: UnixMillis(i64::MAX),
                now: UnixMillis(i64::MAX),
                percentiles: [0.0, 50.0, 100.0].map(|percent| Percent::try_from(percent).unwrap()).to_vec(),
                above: Some(f64::INFINITY),
                below: Some(f64::NAN),
                ..question(quantity, (0, 1), Bucket::Whole)
            };
            let bucket = whole(&bench, &query);
            assert_eq!(bucket.percentiles.unwrap()[0], i64::MIN);
            assert_eq!(bucket.max.unwrap().value, Some(i64::MAX));
        }
        bench.history.seal(UnixMillis(i64::MAX)).unwrap();
    }
}
