//! Statistics and aligned series against the simplest code that could be right.

use std::collections::BTreeMap;

use hub_model::{
    AlignedQuery, Bucket, Depth, Gap, Increase, Interpolation, Kind, Percent, Picked, Retention, Statistics,
    StatisticsQuery, StatisticsReader, Zone,
};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{calendar, gaps::GapFinder};

const SECOND: i64 = 1000;
const QUANTITIES: [Quantity; 4] = [Quantity::Temperature, Quantity::Power, Quantity::Energy, Quantity::Door];
const BUCKETS: [Bucket; 6] = [Bucket::Whole, Bucket::Hour, Bucket::Day, Bucket::Week, Bucket::Month, Bucket::Year];
/// Two nights in which clocks were set, and the usual day.
const BEGINS: [&str; 4] =
    ["2026-03-27T20:00:00Z", "2026-10-23T20:00:00Z", "2026-10-30T20:00:00Z", "2026-07-01T00:00:00Z"];

/// A stretch of readings at an interval, after a silence.
#[derive(Debug, Clone)]
struct Run {
    silence_s: i64,
    interval_s: i64,
    values: Vec<i64>,
}

fn run() -> impl Strategy<Value = Run> {
    let value = prop_oneof![8 => 0_i64..60, 1 => -30_i64..0, 1 => 0_i64..3_000_000];
    let silence = prop_oneof![0_i64..200, 0_i64..20_000, 0_i64..200_000];
    (silence, prop_oneof![1_i64..70, 50_i64..4000], vec(value, 1..40)).prop_map(|(silence_s, interval_s, values)| Run {
        silence_s,
        interval_s,
        values,
    })
}

/// Time and value, in order.
type Points = Vec<(i64, i64)>;

fn points(begin: i64, runs: &[Run], quantity: Quantity) -> Points {
    let mut points = BTreeSet::new();
    let (mut t, mut total) = (begin, 0);
    for run in runs {
        t += run.silence_s * SECOND;
        for value in &run.values {
            t += run.interval_s * SECOND;
            // Totals grow, and sometimes begin anew.
            total = if *value < 0 { -value } else { total + value };
            points.insert((
                t,
                match quantity.kind() {
                    Kind::Measurement => *value,
                    Kind::Total => total,
                    Kind::Binary => value.rem_euclid(2),
                },
            ));
        }
    }
    points.into_iter().collect()
}

/// Stores the readings out of order and in pieces.
fn store(points: &[(i64, i64)], quantity: Quantity, shuffle: u64, seal_every: usize) -> Bench {
    use rand::{SeedableRng, seq::SliceRandom};
    let mut bench = Bench::new();
    let mut order: Points = points.to_vec();
    order.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(shuffle));
    let (late, mut in_time) = order.split_at(order.len() / 4);
    let mut sorted = in_time.to_vec();
    sorted.sort_unstable();
    in_time = &sorted;
    for (nth, (t, value)) in in_time.iter().chain(late).enumerate() {
        bench.take(1, *t, &[(quantity, *value)]);
        if nth % seal_every == seal_every - 1 {
            bench.history.seal(UnixMillis(*t)).unwrap();
        }
    }
    bench
}

/// Of several readings of one time the greatest.
fn greatest(points: &[(i64, i64)]) -> Points {
    points.iter().copied().collect::<BTreeMap<_, _>>().into_iter().collect()
}

/// The longest silence that is no gap.
fn longest(points: &[(i64, i64)], from: i64, to: i64, quantity: Quantity) -> i64 {
    let of = |from: i64, to: i64| {
        let mut finder = GapFinder::new(from);
        points.iter().filter(|(t, _)| (from..to).contains(t)).for_each(|(t, _)| finder.reading(*t));
        finder.longest()
    };
    let mut longest = of(from, to);
    if points.iter().filter(|(t, _)| (from..to).contains(t)).count() < 16 {
        longest = longest.max(of(from - 25 * HOUR, to + 25 * HOUR));
    }
    if quantity.kind() == Kind::Measurement { longest } else { longest.max(25 * HOUR) }
}

/// Adds how long a segment is above a threshold within `[from, to)`.
fn above(a: (i64, i64), b: (i64, i64), is_line: bool, threshold: f64, from: i64, to: i64) -> f64 {
    let (v, w) = (a.1 as f64, if is_line { b.1 as f64 } else { a.1 as f64 });
    let begins = |t: f64| t.clamp(from as f64, to as f64);
    // When the line crosses the threshold.
    let crossing = a.0 as f64 + (threshold - v) / (w - v) * (b.0 - a.0) as f64;
    match (v > threshold, w > threshold) {
        (true, true) => begins(b.0 as f64) - begins(a.0 as f64),
        (true, false) => begins(crossing) - begins(a.0 as f64),
        (false, true) => begins(b.0 as f64) - begins(crossing),
        (false, false) => 0.0,
    }
}

/// The bucket `[from, to)`, computed from all readings.
fn naive(points: &[(i64, i64)], query: &StatisticsQuery, from: i64, to: i64) -> Statistics {
    let quantity = query.series.quantity;
    let kind = quantity.kind();
    let inside: Points = points.iter().copied().filter(|(t, _)| (from..to).contains(t)).collect();
    let mut values: Vec<i64> = inside.iter().map(|(_, value)| *value).collect();
    values.sort_unstable();
    let sum: i64 = values.iter().sum();
    let picked = |(t, value): (i64, i64)| Picked { at: Some(UnixMillis(t)), value: Some(value) };
    let by_value =
        |points: &[(i64, i64)], sign: i64| points.iter().copied().min_by_key(|(t, v)| (sign * v, *t)).map(picked);
    let rank = |percent: &Percent| {
        let at_most = |value: &&i64| values.iter().filter(|v| v <= value).count() as f64;
        // The least value that at least so many percent do not exceed.
        *values.iter().find(|v| at_most(v) >= percent.get() / 100.0 * values.len() as f64 - 1e-9).unwrap()
    };
    let singles = greatest(points);
    let longest = longest(points, query.from.0, query.to.0, quantity);
    let is_line = Interpolation::of(quantity) == Interpolation::Linear;
    let mut segments: Vec<_> = singles.windows(2).map(|pair| (pair[0], pair[1])).collect();
    if let Some(last) = singles.last().filter(|last| !is_line && last.0 < query.now.0) {
        segments.push((*last, (query.now.0, last.1)));
    }
    // What lies outside of the window is the same, for the window itself is covered by its buckets.
    let (mut covered, mut integral, mut on, mut over, mut under) = (0, 0.0, 0.0, 0.0, 0.0);
    for (a, b) in segments {
        let (begin, end) = (a.0.max(from), b.0.min(to));
        if b.0 - a.0 > longest || begin >= end {
            continue;
        }
        let ms = (end - begin) as f64;
        covered += end - begin;
        let at = |t: i64| {
            let share = if is_line { (t - a.0) as f64 / (b.0 - a.0) as f64 } else { 0.0 };
            a.1 as f64 + (b.1 - a.1) as f64 * share
        };
        integral += (at(begin) + at(end)) / 2.0 * ms;
        on += if a.1 != 0 { ms } else { 0.0 };
        over += above(a, b, is_line, query.above.unwrap(), begin, end);
        let mirror = |(t, v): (i64, i64)| (t, -v);
        under += above(mirror(a), mirror(b), is_line, -query.below.unwrap(), begin, end);
    }
    if !is_line {
        // Half of a step's height is no height: the value of a step is the earlier one.
        integral = singles
            .windows(2)
            .map(|pair| (pair[0], pair[1].0))
            .chain(singles.last().filter(|last| last.0 < query.now.0).map(|last| (*last, query.now.0)))
            .filter(|(a, end)| end - a.0 <= longest)
            .map(|(a, end)| a.1 as f64 * (end.min(to) - a.0.max(from)).max(0) as f64)
            .sum();
    }
    let mut increase = Increase::default();
    let mut changes = 0;
    for (nth, (_, value)) in singles.iter().enumerate().filter(|(_, (t, _))| (from..to).contains(t)) {
        let Some((_, before)) = nth.checked_sub(1).map(|nth| singles[nth]) else { continue };
        changes += u64::from(before != *value);
        increase.by += if *value < before { *value } else { value - before };
        increase.resets += u64::from(*value < before);
    }
    let has_mean = kind != Kind::Total;
    Statistics {
        from: UnixMillis(from),
        to: UnixMillis(to),
        is_exact: true,
        count: inside.len() as u64,
        first: inside.iter().copied().min().map(picked),
        last: inside.iter().copied().max().map(picked),
        min: by_value(&inside, 1),
        max: by_value(&inside, -1),
        mean: (!inside.is_empty()).then(|| sum as f64 / inside.len() as f64),
        percentiles: (!inside.is_empty()).then(|| query.percentiles.iter().map(rank).collect()),
        course: Some(hub_model::Course {
            covered_ms: covered,
            mean: (has_mean && covered > 0).then(|| integral / covered as f64),
            integral: has_mean.then_some(integral),
            above_ms: Some(over.round() as i64),
            below_ms: Some(under.round() as i64),
            on_ms: (kind == Kind::Binary).then_some(on as i64),
        }),
        increase: (kind == Kind::Total && !inside.is_empty()).then_some(increase),
        changes: (kind == Kind::Binary).then_some(changes),
    }
}

fn is_near(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
        (a, b) => a == b,
    }
}

fn check(found: &Statistics, expected: &Statistics) {
    let (course, wanted) = (found.course.unwrap(), expected.course.unwrap());
    let context = format!("{found:#?}\n{expected:#?}");
    assert!(is_near(found.mean, expected.mean), "{context}");
    assert!(is_near(course.mean, wanted.mean) && is_near(course.integral, wanted.integral), "{context}");
    for (a, b) in [(course.above_ms, wanted.above_ms), (course.below_ms, wanted.below_ms)] {
        assert!((a.unwrap() - b.unwrap()).abs() <= 1, "{context}");
    }
    let rough = |statistics: &Statistics| Statistics {
        mean: None,
        course: statistics.course.map(|course| hub_model::Course {
            mean: None,
            integral: None,
            above_ms: None,
            below_ms: None,
            ..course
        }),
        ..statistics.clone()
    };
    assert_eq!(rough(found), rough(expected));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn statistics_are_what_all_readings_say(
        runs in vec(run(), 1..12),
        quantity in prop::sample::select(&QUANTITIES[..]),
        bucket in prop::sample::select(&BUCKETS[..]),
        begin in prop::sample::select(&BEGINS[..]),
        zone in prop::sample::select(&["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns"][..]),
        window_s in (-4000_i64..400_000, 1_i64..600_000),
        now_s in 0_i64..900_000,
        percents in vec(0_u32..=1000, 0..4),
        thresholds in (-5_i32..70, -5_i32..70),
        shuffle in any::<u64>(),
        seal_every in 1_usize..200,
        raw_days in 1_u32..6,
    ) {
        let begin = begin.parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let points = points(begin, &runs, quantity);
        let bench = store(&points, quantity, shuffle, seal_every);
        let from = begin + window_s.0 * SECOND;
        let query = StatisticsQuery {
            series: series(1, quantity),
            from: UnixMillis(from),
            to: UnixMillis(from + window_s.1 * SECOND),
            bucket,
            zone: zone.parse::<Zone>().unwrap(),
            max_buckets: 2000,
            percentiles: percents.iter().map(|tenths| Percent::try_from(f64::from(*tenths) / 10.0).unwrap()).collect(),
            above: Some(f64::from(thresholds.0) / 2.0),
            below: Some(f64::from(thresholds.1) / 2.0),
            depth: Depth::Readings,
            // The present is never before what was measured.
            now: UnixMillis((begin + now_s * SECOND).max(points.last().unwrap().0)),
        };
        let answer = bench.history.statistics(&query).unwrap();
        prop_assert_eq!(answer.exact_from, query.from);
        let edges = calendar::edges(&query.zone, bucket, query.from, query.to, 2000).unwrap();
        prop_assert_eq!(answer.buckets.len(), edges.len() - 1);
        for (found, edges) in answer.buckets.iter().zip(edges.windows(2)) {
            let mut expected = naive(&points, &query, edges[0], edges[1]);
            if query.percentiles.is_empty() {
                expected.percentiles = None;
            }
            check(found, &expected);
        }
        check_gaps(&answer.gaps, &points, &query);
        // What roll-ups know is the same.
        let quick = bench.history.statistics(&StatisticsQuery { depth: Depth::Rollups, ..query.clone() }).unwrap();
        for (quick, exact) in quick.buckets.iter().zip(&answer.buckets) {
            prop_assert_eq!((quick.count, quick.last), (exact.count, exact.last));
            prop_assert!(is_near(quick.mean, exact.mean));
            let value = |picked: Option<Picked>| picked.map(|picked| picked.value);
            prop_assert_eq!((value(quick.min), value(quick.max)), (value(exact.min), value(exact.max)));
            prop_assert_eq!(quick.first.map(|first| first.at), exact.first.map(|first| first.at));
        }
        // And so it is when readings are expired.
        let newest = points.last().unwrap().0;
        bench.history.seal(UnixMillis(newest)).unwrap();
        let retention = Retention { raw_days: Some(raw_days), rollup_days: None };
        bench.history.expire(UnixMillis(newest), &|_, _| retention).unwrap();
        let after = bench.history.statistics(&query).unwrap();
        for (after, before) in after.buckets.iter().zip(&answer.buckets) {
            prop_assert_eq!(after.is_exact, after.from >= after_exact(&points, newest, raw_days, after.from, after.to));
            let is_cut = [after.from, after.to].iter().any(|edge| edge.0 % HOUR != 0);
            if after.is_exact {
                let rest = |statistics: &Statistics| Statistics { course: None, ..statistics.clone() };
                prop_assert_eq!(rest(after), rest(before));
            } else if !is_cut {
                prop_assert_eq!((after.count, after.last, after.course, &after.percentiles), (before.count, before.last, None, &None));
                prop_assert!(is_near(after.mean, before.mean));
                let has_resets = before.increase.is_some_and(|increase| increase.resets > 0);
                prop_assert!(has_resets || after.increase == before.increase, "{:?} {:?}", after, before);
            }
        }
    }

    #[test]
    fn percentiles_are_those_of_the_sorted_readings(
        values in vec(prop_oneof![any::<i64>(), -100_i64..100, 0_i64..1 << 33, Just(i64::MAX)], 1..200),
        percents in vec(0_u32..=1000, 1..6),
        width in 1_i64..250,
    ) {
        use crate::aggregate::percentiles;
        let percents: Vec<_> = percents.iter().map(|p| Percent::try_from(f64::from(*p) / 10.0).unwrap()).collect();
        let edges: Vec<i64> = (0..=200 / width + 1).map(|nth| nth * width).collect();
        let range = (*values.iter().min().unwrap(), *values.iter().max().unwrap());
        let each = |show: &mut dyn FnMut(i64, i64)| {
            (0..).zip(&values).for_each(|(t, value)| show(t, *value));
            Ok(())
        };
        let found = percentiles(&percents, &edges, range, each).unwrap();
        for (found, edges) in found.iter().zip(edges.windows(2)) {
            let mut inside: Vec<i64> = (0..).zip(&values).filter(|(t, _)| (edges[0]..edges[1]).contains(t)).map(|(_, v)| *v).collect();
            inside.sort_unstable();
            let expected = (!inside.is_empty())
                .then(|| percents.iter().map(|p| inside[p.rank(inside.len() as u64) as usize - 1]).collect::<Vec<_>>());
            prop_assert_eq!(found, &expected);
        }
    }

    #[test]
    fn aligned_series_share_an_axis(
        runs in vec(vec(run(), 1..8), 1..5),
        window_s in (-4000_i64..400_000, 1_i64..600_000),
        max_points in prop_oneof![1_usize..20, 20_usize..2000],
        seals in any::<bool>(),
    ) {
        let mut bench = Bench::new();
        let all: Vec<Points> = runs.iter().map(|runs| points(T0, runs, Quantity::Temperature)).collect();
        for (device, points) in (1..).zip(&all) {
            for (t, value) in points {
                bench.take(device, *t, &[(Quantity::Temperature, *value)]);
            }
        }
        if seals {
            bench.history.seal(UnixMillis(T0)).unwrap();
        }
        let from = T0 + window_s.0 * SECOND;
        let to = from + window_s.1 * SECOND;
        let query = AlignedQuery {
            // One more that nobody ever measured.
            series: (1..=all.len() as u64 + 1).map(|device| series(device, Quantity::Temperature)).collect(),
            from: UnixMillis(from),
            to: UnixMillis(to),
            max_points,
        };
        let answer = bench.history.aligned(&query).unwrap();
        prop_assert!(answer.t.len() <= max_points);
        prop_assert!(answer.t.iter().all(|t| t.0 % answer.width_ms == 0));
        prop_assert!(answer.t.windows(2).all(|pair| pair[1] - pair[0] == answer.width_ms));
        let inside = |points: &Points| points.iter().copied().filter(|(t, _)| (from..to).contains(t)).collect::<Points>();
        let readings: usize = all.iter().map(|points| inside(points).len()).sum();
        prop_assert_eq!(readings == 0, answer.columns.iter().all(|column| column.count.iter().all(|count| *count == 0)));
        for (column, points) in answer.columns.iter().zip(all.iter().chain([&Points::new()])) {
            let points = inside(points);
            prop_assert_eq!(column.count.iter().sum::<u64>(), points.len() as u64);
            for (nth, t) in answer.t.iter().enumerate() {
                let mine: Vec<i64> =
                    points.iter().filter(|(at, _)| (t.0..t.0 + answer.width_ms).contains(at)).map(|(_, v)| *v).collect();
                prop_assert_eq!(column.count[nth], mine.len() as u64);
                prop_assert_eq!((column.min[nth], column.max[nth]), (mine.iter().min().copied(), mine.iter().max().copied()));
                let mean = (!mine.is_empty()).then(|| mine.iter().sum::<i64>() as f64 / mine.len() as f64);
                prop_assert!(is_near(column.mean[nth], mean));
            }
            if answer.width_ms < HOUR {
                let mut finder = GapFinder::new(from);
                points.iter().for_each(|(t, _)| finder.reading(*t));
                prop_assert_eq!(&column.gaps, &finder.finish(Some(to)));
            }
        }
        // Where readings are expired the axis is one of hours, and says what they were.
        let newest = all.iter().flatten().map(|(t, _)| *t).max().unwrap();
        bench.history.seal(UnixMillis(newest)).unwrap();
        let retention = Retention { raw_days: Some(1), rollup_days: None };
        bench.history.expire(UnixMillis(newest), &|_, _| retention).unwrap();
        let whole = |t: i64| UnixMillis(t.div_euclid(HOUR) * HOUR);
        let (from, to) = (whole(from), whole(to + HOUR - 1));
        let answer = bench.history.aligned(&AlignedQuery { from, to, ..query }).unwrap();
        for (column, points) in answer.columns.iter().zip(&all) {
            let mine: Vec<i64> = points.iter().filter(|(t, _)| (from.0..to.0).contains(t)).map(|(_, v)| *v).collect();
            prop_assert_eq!(column.count.iter().sum::<u64>(), mine.len() as u64);
            prop_assert_eq!(column.min.iter().flatten().min(), mine.iter().min());
            prop_assert_eq!(column.max.iter().flatten().max(), mine.iter().max());
        }
    }
}

/// From where on the readings of `[from, to)` are all there when those of so many days are kept: the end of the last hour
/// that lost one.
fn after_exact(points: &[(i64, i64)], newest: i64, raw_days: u32, from: UnixMillis, to: UnixMillis) -> UnixMillis {
    let cutoff = (newest - i64::from(raw_days) * DAY).div_euclid(HOUR) * HOUR;
    let hour = |t: i64| t.div_euclid(HOUR) * HOUR;
    let lost = points.iter().map(|(t, _)| *t).filter(|t| *t < cutoff && hour(*t) < to.0 && from.0 < hour(*t) + HOUR);
    lost.max().map_or(from, |t| UnixMillis(hour(t) + HOUR))
}

/// Gaps are the silences in the window that are longer than usual, up to the present.
fn check_gaps(gaps: &[Gap], points: &[(i64, i64)], query: &StatisticsQuery) {
    let (from, to) = (query.from.0, query.to.0);
    let longest = longest(points, from, to, query.series.quantity);
    let times = points.iter().map(|(t, _)| *t).filter(|t| (from..to).contains(t));
    let edges: Vec<i64> = [from].into_iter().chain(times).chain([to.min(query.now.0)]).collect();
    let silences = edges.windows(2).filter(|pair| pair[1] - pair[0] > longest);
    let expected: Vec<_> = silences.map(|pair| Gap { from: UnixMillis(pair[0]), to: UnixMillis(pair[1]) }).collect();
    assert_eq!(gaps, expected);
}
