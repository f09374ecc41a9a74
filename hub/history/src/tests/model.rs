//! The store against the simplest thing that could be right: ordered sets in memory.

use std::collections::BTreeMap;

use hub_model::{Gap, Retention};
use proptest::{collection::vec, prelude::*};

use super::*;

const DEVICES: u64 = 2;
const QUANTITIES: [Quantity; 3] = [Quantity::Temperature, Quantity::Humidity, Quantity::Battery];

#[derive(Debug, Clone)]
enum Step {
    /// A frame this long after the last one of the device.
    Take {
        device: u64,
        after_ms: i64,
        values: Vec<(usize, i64)>,
    },
    /// A frame somewhere in the past.
    Late {
        device: u64,
        before_ms: i64,
        values: Vec<(usize, i64)>,
    },
    /// The same frame once more.
    Again {
        nth: prop::sample::Index,
    },
    /// Frames at an interval.
    Burst {
        device: u64,
        interval_ms: i64,
        count: i64,
    },
    Flush,
    Seal,
    /// Some of what is older than this is packed again, with so many blocks together.
    Repack {
        older_ms: i64,
        run: usize,
        most_blocks: usize,
    },
    Restart,
    Expire {
        raw_days: u32,
        rollup_days: Option<u32>,
    },
    Ask {
        device: u64,
        from_ms: i64,
        span_ms: i64,
        max_points: usize,
    },
}

fn values() -> impl Strategy<Value = Vec<(usize, i64)>> {
    vec((0..QUANTITIES.len(), -50_i64..50), 1..4)
}

fn step() -> impl Strategy<Value = Step> {
    let device = 0..DEVICES;
    let span = prop_oneof![1..HOUR, HOUR..DAY, DAY..6 * DAY];
    prop_oneof![
        12 => (device.clone(), 0..20 * MINUTE, values())
            .prop_map(|(device, after_ms, values)| Step::Take { device, after_ms, values }),
        4 => (device.clone(), 0..3 * DAY, values())
            .prop_map(|(device, before_ms, values)| Step::Late { device, before_ms, values }),
        3 => any::<prop::sample::Index>().prop_map(|nth| Step::Again { nth }),
        2 => (device.clone(), 1_000..HOUR / 4, 1_i64..800)
            .prop_map(|(device, interval_ms, count)| Step::Burst { device, interval_ms, count }),
        3 => Just(Step::Flush),
        4 => Just(Step::Seal),
        2 => (prop_oneof![Just(0), 0..3 * DAY], 1_usize..4, 1_usize..6)
            .prop_map(|(older_ms, run, most_blocks)| Step::Repack { older_ms, run, most_blocks }),
        1 => Just(Step::Restart),
        1 => (1_u32..4, prop::option::of(0_u32..3))
            .prop_map(|(raw_days, more)| Step::Expire { raw_days, rollup_days: more.map(|more| raw_days + more) }),
        6 => (device, 0..4 * DAY, span, prop_oneof![1_usize..10, 10_usize..2000])
            .prop_map(|(device, from_ms, span_ms, max_points)| Step::Ask { device, from_ms, span_ms, max_points }),
    ]
}

/// Device, time, values.
type Row = (u64, i64, Vec<(Quantity, i64)>);
type Cells = BTreeMap<Quantity, i64>;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Sum {
    min: i64,
    max: i64,
    sum: i64,
    count: u64,
}

#[derive(Default)]
struct Model {
    rows: BTreeSet<Row>,
    hours: BTreeMap<(u64, Quantity, i64), Sum>,
    days: BTreeMap<(u64, Quantity, i64), Sum>,
    newest: BTreeMap<u64, i64>,
    sent: Vec<Row>,
}

impl Model {
    fn add(&mut self, device: u64, t: i64, values: &[(Quantity, i64)]) {
        self.sent.push((device, t, values.to_vec()));
        let cells: Cells = values.iter().copied().collect();
        if !self.rows.insert((device, t, cells.iter().map(|(quantity, value)| (*quantity, *value)).collect())) {
            return;
        }
        for (quantity, value) in cells {
            for (sums, width) in [(&mut self.hours, HOUR), (&mut self.days, DAY)] {
                let slot = (device, quantity, t.div_euclid(width) * width);
                add(sums.entry(slot).or_insert(Sum { min: value, max: value, sum: 0, count: 0 }), value);
            }
        }
    }

    fn points(&self, device: u64, quantity: Quantity) -> Vec<(i64, i64)> {
        let of = |(_, t, cells): &Row| {
            cells.iter().filter(|(own, _)| *own == quantity).map(|(_, value)| (*t, *value)).collect::<Vec<_>>()
        };
        let mut points: Vec<_> = self.rows.iter().filter(|(own, ..)| *own == device).flat_map(of).collect();
        points.sort_unstable();
        points
    }

    fn expire(&mut self, now: i64, raw_days: u32, rollup_days: Option<u32>) {
        let cutoff = (now - i64::from(raw_days) * DAY).div_euclid(HOUR) * HOUR;
        self.rows.retain(|(_, t, _)| *t >= cutoff);
        if let Some(days) = rollup_days {
            let cutoff = now - i64::from(days) * DAY;
            self.hours.retain(|(_, _, slot), _| slot + HOUR > cutoff);
            self.days.retain(|(_, _, slot), _| slot + DAY > cutoff);
        }
    }
}

fn add(sum: &mut Sum, value: i64) {
    sum.min = sum.min.min(value);
    sum.max = sum.max.max(value);
    sum.sum += value;
    sum.count += 1;
}

fn buckets(points: &[(i64, i64)], width: i64) -> BTreeMap<i64, Sum> {
    let mut buckets = BTreeMap::new();
    for (t, value) in points {
        let slot = buckets.entry(t.div_euclid(width) * width);
        add(slot.or_insert(Sum { min: *value, max: *value, sum: 0, count: 0 }), *value);
    }
    buckets
}

fn shown(data: &SeriesData) -> BTreeMap<i64, Sum> {
    (0..data.t.len())
        .map(|i| {
            let sum = (data.mean[i] * data.count[i] as f64).round() as i64;
            (data.t[i].0, Sum { min: data.min[i], max: data.max[i], sum, count: data.count[i] })
        })
        .collect()
}

/// The gaps that must be told, and those that may be: the store knows the usual interval to 3 %.
fn gaps(times: &[i64], from: i64, to: i64) -> (Vec<Gap>, Vec<Gap>) {
    let mut intervals: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    intervals.sort_unstable();
    let usual = if intervals.is_empty() { 0 } else { intervals[(intervals.len() - 1) / 2] };
    let edges: Vec<_> = [from].into_iter().chain(times.iter().copied()).chain([to]).collect();
    let longer_than = |longest: i64| {
        let is_gap = |pair: &&[i64]| pair[1] - pair[0] > longest;
        edges.windows(2).filter(is_gap).map(|pair| Gap { from: UnixMillis(pair[0]), to: UnixMillis(pair[1]) }).collect()
    };
    (longer_than((3 * (usual + usual / 32 + 1)).max(2 * MINUTE)), longer_than((3 * usual).max(2 * MINUTE)))
}

fn query(bench: &Bench, key: SeriesKey, window: (i64, i64), resolution: Resolution, max_points: usize) -> SeriesData {
    let (from, to) = (UnixMillis(window.0), UnixMillis(window.1));
    let query = HistoryQuery { series: key, from, to, resolution, max_points };
    let data = bench.history.query(&query).unwrap();
    let columns = [data.min.len(), data.max.len(), data.mean.len(), data.count.len()];
    assert_eq!(columns, [data.t.len(); 4]);
    assert!(data.t.is_sorted());
    data
}

/// All pages of an answer, as one.
fn paged(
    bench: &Bench,
    key: SeriesKey,
    (mut from, to): (i64, i64),
    resolution: Resolution,
    max: usize,
) -> Vec<SeriesData> {
    let mut pages = Vec::new();
    loop {
        let page = query(bench, key, (from, to), resolution, max);
        let next = page.next_from;
        pages.push(page);
        match next {
            Some(next) => {
                assert!(next.0 > from || pages.len() == 1, "a page must go on");
                from = next.0;
            }
            None => return pages,
        }
    }
}

fn check(bench: &Bench, model: &Model, device: u64, window: (i64, i64), max_points: usize, is_whole: bool) {
    for quantity in QUANTITIES {
        let key = series(device, quantity);
        let mut points = model.points(device, quantity);
        points.retain(|(t, _)| (window.0..window.1).contains(t));
        // Single readings, page by page.
        let pages = paged(bench, key, window, Resolution::Raw, max_points);
        let mut read: Vec<_> =
            pages.iter().flat_map(|page| page.t.iter().map(|t| t.0).zip(page.min.iter().copied())).collect();
        read.sort_unstable();
        assert_eq!(read, points, "single readings of {key:?} in {window:?}");
        if let [page] = pages.as_slice() {
            let times: Vec<_> = points.iter().map(|(t, _)| *t).collect();
            let (must, may) = gaps(&times, window.0, window.1);
            assert!(must.iter().all(|gap| page.gaps.contains(gap)), "{must:?} {:?}", page.gaps);
            assert!(page.gaps.iter().all(|gap| may.contains(gap)), "{may:?} {:?}", page.gaps);
        }
        // Five minutes.
        let five: BTreeMap<_, _> =
            paged(bench, key, window, Resolution::M5, max_points).iter().flat_map(shown).collect();
        assert_eq!(five, buckets(&points, 5 * MINUTE), "five minutes of {key:?} in {window:?}");
        // Hours and days, by whole ones: they outlive the readings.
        for (resolution, width, sums) in [(Resolution::H1, HOUR, &model.hours), (Resolution::D1, DAY, &model.days)] {
            let (from, to) = (window.0.div_euclid(width) * width, (window.1.div_euclid(width) + 1) * width);
            let of_series = sums
                .iter()
                .filter(|((own, of, slot), _)| (*own, *of) == (device, quantity) && (from..to).contains(slot));
            let expected: BTreeMap<_, _> = of_series.map(|((_, _, slot), sum)| (*slot, *sum)).collect();
            let pages = paged(bench, key, (from, to), resolution, max_points);
            let read: BTreeMap<_, _> = pages.iter().flat_map(shown).collect();
            assert_eq!(read, expected, "{resolution} of {key:?} from {from} to {to}");
        }
        let auto = query(bench, key, window, Resolution::Auto, max_points);
        if is_whole {
            check_auto(&auto, &points, max_points);
            // Hours cut off at both ends are as exact.
            let cut: BTreeMap<_, _> =
                paged(bench, key, window, Resolution::H1, usize::MAX).iter().flat_map(shown).collect();
            assert_eq!(cut, buckets(&points, HOUR));
        }
    }
}

fn check_auto(auto: &SeriesData, points: &[(i64, i64)], max_points: usize) {
    assert_eq!(auto.next_from, None);
    if points.len() <= max_points {
        assert_eq!((auto.resolution, auto.width_ms, auto.t.len()), (Resolution::Raw, 0, points.len()));
        return;
    }
    let one_millisecond = points.iter().all(|(t, _)| *t == points[0].0);
    if auto.width_ms == 0 {
        assert!(one_millisecond, "more single readings than asked for");
        return;
    }
    assert!(auto.t.len() <= max_points, "{} points of at most {max_points}", auto.t.len());
    assert_eq!(shown(auto), buckets(points, auto.width_ms));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]
    #[test]
    fn the_store_answers_as_ordered_sets_would(steps in vec(step(), 1..120)) {
        live(Bench::new(), steps, |t| t);
    }

    /// What happens within a second is a matter of its own.
    #[test]
    fn so_it_does_with_times_to_the_second(steps in vec(step(), 1..120)) {
        live(Bench::to_the_second(), steps, |t| t - t.rem_euclid(1000));
    }
}

fn live(mut bench: Bench, steps: Vec<Step>, time: impl Fn(i64) -> i64) {
    let mut model = Model::default();
    let mut is_whole = true;
    let start = T0 + 3 * DAY;
    let mut now = start;
    let named = |values: &[(usize, i64)]| values.iter().map(|(q, value)| (QUANTITIES[*q], *value)).collect::<Vec<_>>();
    for step in steps {
        let newest = |model: &Model, device: u64| model.newest.get(&device).copied().unwrap_or(start);
        match step {
            Step::Take { device, after_ms, values } => {
                let (t, values) = (time(newest(&model, device) + after_ms), named(&values));
                model.newest.insert(device, t);
                now = now.max(t);
                bench.take(device, t, &values);
                model.add(device, t, &values);
            }
            Step::Late { device, before_ms, values } => {
                let (t, values) = (time(newest(&model, device) - before_ms), named(&values));
                bench.take(device, t, &values);
                model.add(device, t, &values);
            }
            Step::Again { nth } => {
                if !model.sent.is_empty() {
                    let (device, t, values) = model.sent[nth.index(model.sent.len())].clone();
                    bench.take(device, t, &values);
                    model.add(device, t, &values);
                }
            }
            Step::Burst { device, interval_ms, count } => {
                let from = newest(&model, device);
                for nth in 1..=count {
                    let (t, values) = (time(from + nth * interval_ms), [(Quantity::Temperature, nth % 7)]);
                    bench.take(device, t, &values);
                    model.add(device, t, &values);
                    now = now.max(t);
                    model.newest.insert(device, t);
                }
            }
            Step::Flush => {
                bench.history.flush().unwrap();
            }
            Step::Seal => bench.history.seal(UnixMillis(now)).unwrap(),
            Step::Repack { older_ms, run, most_blocks } => {
                let rule = Rule { before: now - older_ms, run, is_thrifty: false };
                bench.history.repack_by(rule, most_blocks).unwrap();
            }
            Step::Restart => {
                bench.history.flush().unwrap();
                bench = bench.restart();
            }
            Step::Expire { raw_days, rollup_days } => {
                let retention = Retention { raw_days: Some(raw_days), rollup_days };
                bench.history.expire(UnixMillis(now), &|_, _| retention).unwrap();
                model.expire(now, raw_days, rollup_days);
                is_whole = false;
            }
            Step::Ask { device, from_ms, span_ms, max_points } => {
                let from = now - from_ms - span_ms / 2;
                check(&bench, &model, device, (from, from + span_ms), max_points, is_whole);
            }
        }
    }
    for device in 0..DEVICES {
        check(&bench, &model, device, (T0 - DAY, now + DAY), 1500, is_whole);
    }
    bench.history.seal(UnixMillis(now)).unwrap();
    for device in 0..DEVICES {
        check(&bench, &model, device, (T0 - DAY, now + DAY), 1500, is_whole);
    }
    let points: usize = model.rows.iter().map(|(.., cells)| cells.len()).sum();
    assert_eq!(bench.history.stats().unwrap().readings, points as u64);
    assert_eq!(bench.history.damaged_records(), 0);
}
