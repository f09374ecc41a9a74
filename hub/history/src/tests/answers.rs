use hub_model::{Gap, HistoryError};

use super::*;

fn times(data: &SeriesData) -> Vec<i64> {
    data.t.iter().map(|t| t.0 - T0).collect()
}

#[test]
fn single_readings_come_in_pages() {
    let bench = minutes(1);
    let page = bench.ask(1, (T0, T0 + HOUR), Resolution::Raw, 40);
    assert_eq!((page.t.len(), page.next_from), (40, Some(UnixMillis(T0 + 40 * MINUTE))));
    assert_eq!((page.width_ms, page.resolution), (0, Resolution::Raw));
    assert_eq!((page.min[1], page.max[1], page.mean[1], page.count[1]), (20_001, 20_001, 20_001.0, 1));
    assert_eq!(page.gaps, []);
    let rest = bench.ask(1, (T0 + 40 * MINUTE, T0 + HOUR), Resolution::Raw, 40);
    assert_eq!((rest.t.len(), rest.next_from), (20, None));
}

#[test]
fn a_page_ends_between_two_milliseconds() {
    let mut bench = Bench::new();
    for (t, value) in [(1, 1), (2, 2), (2, 3), (3, 4)] {
        bench.take(1, T0 + t, &[(Quantity::Temperature, value)]);
    }
    let page = bench.ask(1, ALL, Resolution::Raw, 2);
    assert_eq!((times(&page), page.next_from), (vec![1], Some(UnixMillis(T0 + 2))));
    // Two readings of one millisecond cannot be told apart by asking on: they come together.
    let page = bench.ask(1, (T0 + 2, T0 + 9), Resolution::Raw, 1);
    assert_eq!((times(&page), page.next_from), (vec![2, 2], Some(UnixMillis(T0 + 3))));
}

#[test]
fn automatic_is_as_fine_as_fits() {
    for seals in [false, true] {
        let bench = minutes(72);
        if seals {
            bench.history.seal(UnixMillis(T0)).unwrap();
        }
        // The window, the most points, the width, the number of points.
        let cases = [
            (HOUR, 60, 0, 60),
            (HOUR, 59, 2 * MINUTE, 30),
            (24 * HOUR, 1440, 0, 1440),
            (24 * HOUR, 300, 5 * MINUTE, 288),
            (24 * HOUR, 288, 5 * MINUTE, 288),
            (24 * HOUR, 287, 10 * MINUTE, 144),
            (72 * HOUR, 100, HOUR, 72),
            (72 * HOUR, 71, 2 * HOUR, 36),
            (72 * HOUR, 13, 6 * HOUR, 13),
            (72 * HOUR, 4, DAY, 4),
            (72 * HOUR, 1, 21 * DAY, 1),
            (1_000_000 * HOUR, 72, HOUR, 72),
        ];
        for (span, most, width, points) in cases {
            let data = bench.ask(1, (T0, T0 + span), Resolution::Auto, most);
            assert_eq!((data.width_ms, data.t.len()), (width, points), "{span} {most}");
            assert_eq!(data.count.iter().sum::<u64>() as i64, span.min(72 * HOUR) / MINUTE);
            assert_eq!((data.min[0], data.max.last()), (20_000, Some(&(20_000 + span.min(72 * HOUR) / MINUTE - 1))));
            assert_eq!(data.next_from, None);
        }
    }
}

#[test]
fn points_cut_off_by_the_window_hold_what_is_inside() {
    let bench = minutes(72);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let window = (T0 + 30 * MINUTE, T0 + 50 * HOUR + 15 * MINUTE);
    for (resolution, width) in [(Resolution::H1, HOUR), (Resolution::D1, DAY)] {
        let data = bench.ask(1, window, resolution, 1000);
        assert_eq!((data.width_ms, data.resolution), (width, resolution));
        assert_eq!(data.count.iter().sum::<u64>() as i64, (window.1 - window.0) / MINUTE);
        assert_eq!((data.min[0], data.max.last()), (20_030, Some(&(20_000 + 50 * 60 + 14))));
        assert_eq!(data.t[0].0, window.0 - window.0.rem_euclid(width), "a point is named by its start");
    }
    let five = bench.ask(1, (T0 + MINUTE, T0 + 11 * MINUTE), Resolution::M5, 1000);
    assert_eq!((times(&five), five.count), (vec![0, 5 * MINUTE, 10 * MINUTE], vec![4, 5, 1]));
    assert_eq!(five.mean, [20_002.5, 20_007.0, 20_010.0]);
}

#[test]
fn wide_points_come_in_pages_too() {
    let bench = minutes(72);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let page = bench.ask(1, (T0, T0 + 72 * HOUR), Resolution::H1, 10);
    assert_eq!((page.t.len(), page.next_from), (10, Some(UnixMillis(T0 + 10 * HOUR))));
}

#[test]
fn a_silence_of_three_intervals_is_a_gap() {
    let mut bench = Bench::new();
    // Every five minutes, but for the minutes 30 to 44 (one value missing is no gap, two are not, three are).
    for minute in (0..60).step_by(5).filter(|minute| !(30..45).contains(minute)) {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, 1)]);
    }
    let gap = |from, to| Gap { from: UnixMillis(T0 + from * MINUTE), to: UnixMillis(T0 + to * MINUTE) };
    let window = (T0 - HOUR, T0 + 70 * MINUTE);
    let expected = [gap(-60, 0), gap(25, 45)];
    for _ in 0..2 {
        for resolution in [Resolution::Raw, Resolution::M5, Resolution::Auto] {
            assert_eq!(bench.ask(1, window, resolution, 1000).gaps, expected, "{resolution}");
        }
        let late = bench.ask(1, (T0, T0 + 71 * MINUTE), Resolution::Raw, 1000);
        assert_eq!(late.gaps, [gap(25, 45), gap(55, 71)]);
        // Hours know when their first and last readings were.
        assert_eq!(bench.ask(1, window, Resolution::H1, 1000).gaps, [gap(-60, 0)]);
        bench.history.seal(UnixMillis(T0)).unwrap();
    }
    let nothing = bench.ask(1, (T0 - 2 * HOUR, T0 - HOUR), Resolution::Auto, 1000);
    assert_eq!((nothing.t.len(), nothing.gaps), (0, vec![gap(-120, -60)]));
}

#[test]
fn nonsense_is_refused_and_the_unknown_is_empty() {
    let bench = minutes(1);
    let series = series(1, Quantity::Temperature);
    let ask = |from, to, max_points| {
        let (from, to) = (UnixMillis(from), UnixMillis(to));
        bench.history.query(&HistoryQuery { series, from, to, resolution: Resolution::Auto, max_points })
    };
    for (from, to, max_points) in [(5, 5, 10), (6, 5, 10), (5, 6, 0)] {
        assert!(matches!(ask(from, to, max_points), Err(HistoryError::EmptyWindow { .. })));
    }
    assert!(ask(5, 6, 1).unwrap().t.is_empty());
    assert!(bench.ask(77, ALL, Resolution::H1, 10).t.is_empty());
    for resolution in [Resolution::Raw, Resolution::M5, Resolution::H1, Resolution::D1, Resolution::Auto] {
        assert_eq!(bench.ask(1, ALL, resolution, 1000).count.iter().sum::<u64>(), 60, "{resolution}");
    }
}

#[test]
fn times_at_the_end_of_the_world_break_nothing() {
    let mut bench = Bench::new();
    for ms in [0, 5, u64::MAX, 1 << 60] {
        bench.append(Stamp { boot: BootId::WALL, ms }, readings(1, &[(Quantity::Temperature, i64::MIN)], None));
        bench.append(Stamp { boot: BootId(3), ms }, readings(1, &[(Quantity::Temperature, i64::MAX)], None));
    }
    bench.history.settle(BootId(3), i64::MIN, Some(4)).unwrap();
    bench.history.seal(UnixMillis(i64::MAX)).unwrap();
    assert!(!bench.history.seal_due(UnixMillis(i64::MIN)));
    for resolution in [Resolution::Raw, Resolution::M5, Resolution::H1, Resolution::D1, Resolution::Auto] {
        for most in [1, 3, 1000] {
            let data = bench.ask(1, ALL, resolution, most);
            assert!(!data.t.is_empty());
        }
    }
    let retention = hub_model::Retention { raw_days: Some(36_500), rollup_days: Some(1) };
    bench.history.expire(UnixMillis(i64::MAX), &|_, _| retention).unwrap();
    bench.history.expire(UnixMillis(i64::MIN), &|_, _| retention).unwrap();
}

#[test]
fn a_page_of_readings_ends_when_the_visitor_has_enough() {
    let bench = minutes(48);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let mut seen = 0;
    let mut visit = |_| {
        seen += 1;
        if seen < 2000 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    };
    bench.history.scan(series(1, Quantity::Temperature), UnixMillis(0)..UnixMillis(i64::MAX), &mut visit).unwrap();
    assert_eq!(seen, 2000);
}

#[test]
fn a_seal_is_due_when_it_is_worth_it() {
    let mut bench = Bench::new();
    let due = |bench: &Bench, hours: i64| bench.history.seal_due(UnixMillis(T0 + hours * HOUR));
    assert!(!due(&bench, 0));
    assert!(!due(&bench, 1000), "nothing to seal");
    for minute in 0..1439 {
        bench.take(minute as u64 % 3, T0 + minute, &[(Quantity::Temperature, 1)]);
    }
    assert!(!due(&bench, 5), "not worth it yet");
    assert!(due(&bench, 6), "but at the latest after six hours");
    bench.take(1, T0 + HOUR, &[(Quantity::Temperature, 1)]);
    assert!(!due(&bench, 0) && due(&bench, 1), "and with 480 readings a device after an hour");
    bench.history.seal(UnixMillis(T0 + HOUR)).unwrap();
    assert!(!due(&bench, 30));
    for second in 0..7200 {
        assert!(!due(&bench, 1));
        bench.take(1, T0 + DAY + second * 1000, &[(Quantity::Temperature, 1)]);
    }
    assert!(due(&bench, 1), "a full head is sealed at once");
}
