use super::*;

const BOOT: BootId = BootId(4);
const MINUTES: u64 = 180;
/// The hub booted at this time, which it does not know.
const BOOTED: i64 = T0 + 7 * MINUTE + 123;

fn take(bench: &mut Bench, ms: u64, value: i64) {
    bench.append(Stamp { boot: BOOT, ms }, readings(1, &[(Quantity::Temperature, value)], None));
}

fn expected() -> Vec<(i64, i64)> {
    (0..MINUTES as i64).map(|minute| (BOOTED + minute * MINUTE, 100 + minute)).collect()
}

fn check_settled(bench: &Bench) {
    assert_eq!(bench.raw(1, Quantity::Temperature), expected());
    let mut estimated = 0;
    let mut visit = |point: hub_model::RawPoint| {
        estimated += usize::from(point.quality == TimeQuality::Estimated);
        ControlFlow::Continue(())
    };
    bench.history.scan(series(1, Quantity::Temperature), UnixMillis(0)..UnixMillis(i64::MAX), &mut visit).unwrap();
    assert_eq!(estimated, 0);
    let hours = bench.ask(1, (T0 - DAY, T0 + DAY), Resolution::H1, 100);
    let mut by_hour = std::collections::BTreeMap::<i64, Vec<i64>>::new();
    for (t, value) in expected() {
        by_hour.entry(t - t.rem_euclid(HOUR)).or_default().push(value);
    }
    assert_eq!(hours.t.iter().map(|t| t.0).collect::<Vec<_>>(), by_hour.keys().copied().collect::<Vec<_>>());
    for (i, values) in by_hour.values().enumerate() {
        let (min, max) = (values[0], values[values.len() - 1]);
        assert_eq!((hours.min[i], hours.max[i], hours.count[i]), (min, max, values.len() as u64));
    }
    assert_eq!(bench.ask(1, (T0 - DAY, T0 + DAY), Resolution::D1, 100).count.iter().sum::<u64>(), MINUTES);
    assert_eq!(bench.history.stats().unwrap().readings, MINUTES);
}

/// The clock says 1970; three hours of readings, sealed after two of them; then the time comes.
fn three_hours_in_1970(seal_after: u64) -> Bench {
    let mut bench = Bench::new();
    bench.history.estimate(BOOT, 0).unwrap();
    for minute in 0..MINUTES {
        take(&mut bench, minute * 60_000, 100 + minute as i64);
        if minute == seal_after {
            bench.history.seal(UnixMillis(minute as i64 * MINUTE)).unwrap();
        }
    }
    bench
}

#[test]
fn when_the_clock_is_set_every_reading_and_hour_moves_to_its_time() {
    let bench = three_hours_in_1970(120);
    let early: Vec<_> = (0..MINUTES as i64).map(|minute| (minute * MINUTE, 100 + minute)).collect();
    assert_eq!(bench.raw(1, Quantity::Temperature), early, "until then they are shown by the estimate");
    let hours = bench.ask(1, (0, DAY), Resolution::H1, 10);
    assert_eq!(hours.count, [60, 60, 60], "and so are the hours");
    assert_eq!(bench.history.wall(Stamp { boot: BOOT, ms: 5 }).quality, TimeQuality::Estimated);
    bench.history.settle(BOOT, BOOTED, None).unwrap();
    check_settled(&bench);
    bench.history.seal(UnixMillis(T0 + DAY)).unwrap();
    check_settled(&bench);
    check_settled(&bench.restart());
}

#[test]
fn a_boot_that_is_over_is_settled_too() {
    let bench = three_hours_in_1970(179);
    bench.history.flush().unwrap();
    let bench = bench.restart();
    let second = BootId(5);
    bench.history.estimate(second, 10 * HOUR).unwrap();
    assert_eq!(bench.raw(1, Quantity::Temperature).len(), MINUTES as usize);
    // The second boot learned the time, and how long before it the first one began.
    bench.history.settle(second, T0 + DAY, None).unwrap();
    assert_eq!(bench.raw(1, Quantity::Temperature)[0], (0, 100), "the first boot is still a guess");
    bench.history.settle(BOOT, BOOTED, None).unwrap();
    check_settled(&bench);
    check_settled(&bench.restart());
}

#[test]
fn readings_that_only_the_journal_has_are_settled_after_a_restart() {
    let bench = three_hours_in_1970(u64::MAX);
    bench.history.flush().unwrap();
    let bench = bench.restart();
    bench.history.settle(BOOT, BOOTED, None).unwrap();
    check_settled(&bench);
    let page = bench.history.read_after(Seq(0), 1).unwrap();
    assert_eq!(page.events[0].wall, WallTime { at: UnixMillis(BOOTED), quality: TimeQuality::Synchronised });
}

#[test]
fn a_step_of_the_clock_counts_from_then_on() {
    let mut bench = Bench::new();
    bench.history.settle(BOOT, T0, None).unwrap();
    take(&mut bench, 1_000, 1);
    take(&mut bench, 61_000, 2);
    bench.history.settle(BOOT, T0 + HOUR, Some(60_000)).unwrap();
    assert_eq!(bench.raw(1, Quantity::Temperature), [(T0 + 1_000, 1), (T0 + HOUR + 61_000, 2)]);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let bench = bench.restart();
    assert_eq!(bench.raw(1, Quantity::Temperature), [(T0 + 1_000, 1), (T0 + HOUR + 61_000, 2)]);
    assert_eq!(bench.history.wall(Stamp { boot: BOOT, ms: 0 }).at, UnixMillis(T0));
}

#[test]
fn the_guess_for_a_boot_survives_a_restart() {
    let bench = Bench::new();
    bench.history.estimate(BOOT, T0).unwrap();
    let bench = bench.restart();
    let wall = bench.history.wall(Stamp { boot: BOOT, ms: 7 });
    assert_eq!(wall, WallTime { at: UnixMillis(T0 + 7), quality: TimeQuality::Estimated });
}

#[test]
fn a_reading_whose_wall_time_was_estimated_says_so_when_it_is_read_back() {
    let mut bench = Bench::new();
    let body = readings(1, &[(Quantity::Temperature, 1)], None);
    let wall = WallTime { at: UnixMillis(T0), quality: TimeQuality::Estimated };
    let event = Event { seq: Seq(1), at: Stamp::wall(wall.at), wall, trace: None, body };
    bench.history.append(&event);
    bench.seq = 1;
    bench.history.flush().unwrap();
    let bench = bench.restart();
    assert_eq!(bench.history.read_after(Seq(0), 9).unwrap().events, [event]);
}
