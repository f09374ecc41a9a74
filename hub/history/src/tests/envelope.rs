//! What a chart shows is what was: whatever the number of points, no reading is outside of them, and no silence is filled.

use hub_model::Retention;
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::gaps::GapFinder;

/// A stretch of readings, milliseconds apart, after a silence.
fn run() -> impl Strategy<Value = (i64, i64, Vec<i64>)> {
    let silence = prop_oneof![0..5 * MINUTE, 0..8 * HOUR, 0..20 * DAY];
    (silence, prop_oneof![1_000_i64..90_000, MINUTE..HOUR], vec(-40_000_i64..80_000, 1..150))
}

fn points(runs: &[(i64, i64, Vec<i64>)]) -> Vec<(i64, i64)> {
    let mut points = BTreeSet::new();
    let mut t = T0;
    for (silence, interval, values) in runs {
        t += silence;
        for value in values {
            t += interval;
            // Times are stored to the second.
            points.insert((t - t % 1000, *value));
        }
    }
    points.into_iter().collect()
}

/// Every third reading comes a day late.
fn store(points: &[(i64, i64)], seal_every: usize) -> Bench {
    let mut bench = Bench::new();
    let late = |(nth, _): &(usize, &(i64, i64))| nth % 3 == 1;
    let in_time = points.iter().enumerate().filter(|point| !late(point));
    for (nth, (t, value)) in in_time.chain(points.iter().enumerate().filter(late)) {
        bench.take(1, *t, &[(Quantity::Temperature, *value)]);
        if nth % seal_every == 0 {
            bench.history.flush().unwrap();
            bench.history.seal(UnixMillis(*t)).unwrap();
        }
    }
    bench
}

/// Every reading is in the envelope, and the envelope is no wider than its readings.
fn check_envelope(data: &SeriesData, points: &[(i64, i64)], from: i64, to: i64) {
    let width = data.width_ms.max(1);
    let bucket = |t: i64| if data.width_ms == 0 { t } else { t.div_euclid(width) * width };
    let mut inside = points.iter().copied().filter(|(t, _)| (from..to).contains(t)).collect::<Vec<_>>();
    assert_eq!(data.count.iter().sum::<u64>(), inside.len() as u64);
    for (nth, t) in data.t.iter().enumerate() {
        let split = inside.partition_point(|(at, _)| bucket(*at) <= t.0);
        let rest = inside.split_off(split);
        // Single readings of one time are a point each.
        let mine = if data.width_ms == 0 { inside.drain(..1).collect() } else { std::mem::take(&mut inside) };
        inside.extend(rest);
        assert!(mine.iter().all(|(at, value)| bucket(*at) == t.0 && (data.min[nth]..=data.max[nth]).contains(value)));
        let values: Vec<i64> = mine.iter().map(|(_, value)| *value).collect();
        assert_eq!((values.iter().min(), values.iter().max()), (Some(&data.min[nth]), Some(&data.max[nth])));
        assert!(data.min[nth] as f64 <= data.mean[nth] + 1e-6 && data.mean[nth] <= data.max[nth] as f64 + 1e-6);
        // Nothing is drawn over a gap: a point begins where a reading is, not where none is.
        let is_silent = |gap: &hub_model::Gap| gap.from.0 < t.0 && t.0 + data.width_ms <= gap.to.0 && data.width_ms > 0;
        assert!(!data.gaps.iter().any(is_silent), "{:?} at {}", data.gaps, t.0);
    }
    assert!(inside.is_empty(), "readings that are in no point");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]
    #[test]
    fn a_chart_contains_every_reading(
        runs in vec(run(), 1..10),
        seal_every in 1_usize..300,
        max_points in prop_oneof![1_usize..10, 10_usize..500, 500_usize..2000],
        window in (0_i64..30 * DAY, HOUR..40 * DAY),
        raw_days in 1_u32..30,
    ) {
        let points = points(&runs);
        let bench = store(&points, seal_every);
        let (from, to) = (T0 + window.0 - DAY, T0 + window.0 - DAY + window.1);
        let data = bench.ask(1, (from, to), Resolution::Auto, max_points);
        // Readings of one time cannot be told apart, so that as many points as there are of them may come.
        prop_assert!(data.t.len() <= max_points || data.t.iter().all(|t| *t == data.t[0]));
        check_envelope(&data, &points, from, to);
        if data.width_ms < HOUR {
            let mut finder = GapFinder::new(from);
            points.iter().filter(|(t, _)| (from..to).contains(t)).for_each(|(t, _)| finder.reading(*t));
            prop_assert_eq!(&data.gaps, &finder.finish(Some(to)));
        }
        // When readings are expired, the hours that stay hold what they were.
        let last = points.last().unwrap().0;
        bench.history.seal(UnixMillis(last)).unwrap();
        let retention = Retention { raw_days: Some(raw_days), rollup_days: None };
        bench.history.expire(UnixMillis(last), &|_, _| retention).unwrap();
        let (from, to) = (from.div_euclid(HOUR) * HOUR, (to.div_euclid(HOUR) + 1) * HOUR);
        let data = bench.ask(1, (from, to), Resolution::Auto, max_points);
        check_envelope(&data, &points, from, to);
    }
}
