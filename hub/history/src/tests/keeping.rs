use hub_model::Retention;

use super::*;

const DAYS: i64 = 10;

fn ten_days() -> Bench {
    let mut bench = Bench::new();
    for device in [1, 2] {
        for t in (0..DAYS * DAY).step_by(10 * MINUTE as usize) {
            bench.take(device, T0 + t, &[(Quantity::Temperature, t / MINUTE), (Quantity::Humidity, 1)]);
        }
    }
    bench.history.seal(UnixMillis(T0 + DAYS * DAY)).unwrap();
    bench
}

#[test]
fn readings_go_and_hours_stay_as_each_device_wants() {
    let bench = ten_days();
    let now = T0 + DAYS * DAY;
    let whole = bench.ask(1, (T0 - DAY, now + DAY), Resolution::H1, 1000);
    let policy = |device: DeviceId, _: Option<Quantity>| match device.as_u64() {
        1 => Retention { raw_days: Some(3), rollup_days: None },
        _ => Retention { raw_days: None, rollup_days: Some(2) },
    };
    bench.history.expire(UnixMillis(now), &policy).unwrap();
    let bench = bench.restart();
    let kept = bench.raw(1, Quantity::Temperature);
    assert_eq!((kept[0].0, kept.len()), (now - 3 * DAY, 3 * 144));
    assert_eq!(bench.ask(1, (T0 - DAY, now + DAY), Resolution::H1, 1000), whole);
    assert_eq!(bench.raw(2, Quantity::Temperature).len(), 10 * 144);
    let hours = bench.ask(2, (T0 - DAY, now + DAY), Resolution::H1, 1000);
    assert_eq!((hours.t[0].0, hours.t.len()), (now - 2 * DAY, 48));
    assert_eq!(bench.history.stats().unwrap().readings, 2 * (3 + 10) * 144);
    // A chart of all ten days is still drawn, from hours, although the readings of seven are gone.
    let chart = bench.ask(1, (T0, now), Resolution::Auto, 2000);
    assert_eq!((chart.width_ms, chart.t.len(), chart.min[0]), (HOUR, 240, 0));
}

#[test]
fn a_series_without_readings_or_hours_is_no_series() {
    let bench = ten_days();
    let long_after = UnixMillis(T0 + 100 * DAY);
    let all = Retention { raw_days: Some(5), rollup_days: Some(20) };
    bench
        .history
        .expire(long_after, &|device, _| match device.as_u64() {
            1 => all,
            _ => Retention { rollup_days: None, ..all },
        })
        .unwrap();
    let bench = bench.restart();
    let left = [series(2, Quantity::Temperature), series(2, Quantity::Humidity)];
    assert_eq!(bench.history.series().unwrap(), left);
    let stats = bench.history.stats().unwrap();
    assert_eq!((stats.readings, stats.blocks), (0, 0));
}

#[test]
fn a_forgotten_device_leaves_nothing_that_can_be_read() {
    let mut bench = ten_days();
    bench.append(Stamp { boot: BootId(9), ms: 5 }, readings(1, &[(Quantity::Temperature, 1)], Some(70)));
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench.append(Stamp { boot: BootId(9), ms: 6 }, readings(1, &[(Quantity::Temperature, 1)], Some(71)));
    assert_eq!(bench.history.last_counters().len(), 1);
    bench.history.forget(DeviceId::from_u64(1)).unwrap();
    let check = |bench: &Bench| {
        assert_eq!(bench.raw(1, Quantity::Temperature), []);
        assert!(bench.ask(1, ALL, Resolution::D1, 1000).t.is_empty());
        assert!(bench.history.series().unwrap().iter().all(|key| key.device == DeviceId::from_u64(2)));
        assert!(bench.history.last_counters().is_empty());
        let events = bench.history.read_after(Seq(0), usize::MAX).unwrap().events;
        assert!(events.iter().all(|event| event.body.device() == Some(DeviceId::from_u64(2))));
        assert_eq!(bench.history.stats().unwrap().readings, 2 * 1440);
    };
    check(&bench);
    let mut bench = bench.restart();
    check(&bench);
    // It may come back and begins anew.
    bench.take(1, T0, &[(Quantity::Temperature, 7)]);
    assert_eq!(bench.raw(1, Quantity::Temperature), [(T0, 7)]);
}

#[test]
fn the_present_state_survives_a_restart() {
    let mut bench = Bench::new();
    bench.append(Stamp { boot: BootId(1), ms: 5 }, readings(1, &[(Quantity::Temperature, 1)], Some(70)));
    bench.append(Stamp { boot: BootId(1), ms: 6 }, readings(2, &[(Quantity::Humidity, 2)], Some(5)));
    bench.history.settle(BootId(1), T0, None).unwrap();
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench.append(Stamp { boot: BootId(1), ms: 9 }, readings(1, &[(Quantity::Temperature, 3)], Some(71)));
    // Older than the newest: history, but not the present.
    bench.append(Stamp { boot: BootId(1), ms: 7 }, readings(1, &[(Quantity::Temperature, 4)], None));
    let action = hub_model::Action::Button { instance: 0, press: hub_model::Press::Press };
    let origin = Origin::heard(ReceiverId(0), None, Some(6));
    bench.append(
        Stamp { boot: BootId(1), ms: 10 },
        EventBody::DeviceActed { device: DeviceId::from_u64(2), action, origin },
    );
    bench.history.flush().unwrap();
    let check = |bench: &Bench| {
        let at = |ms| WallTime { at: UnixMillis(T0 + ms), quality: TimeQuality::Synchronised };
        let expected = vec![(series(1, Quantity::Temperature), 3, at(9)), (series(2, Quantity::Humidity), 2, at(6))];
        assert_eq!(bench.history.last_values(), expected);
        let counters = bench.history.last_counters();
        assert_eq!((counters.len(), counters[&DeviceId::from_u64(1)], counters[&DeviceId::from_u64(2)]), (2, 71, 6));
    };
    check(&bench);
    let bench = bench.restart();
    check(&bench);
    bench.history.seal(UnixMillis(T0)).unwrap();
    check(&bench.restart());
}
