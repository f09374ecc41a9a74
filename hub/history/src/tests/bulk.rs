use std::thread;

use tempfile::tempdir;

use super::*;

/// Five sensors of five values every five minutes, as fast as they can be taken: how a demonstration gets its past.
#[test]
fn a_year_of_five_sensors_is_taken_at_full_speed() {
    const STEPS: i64 = 365 * 288;
    let folder = tempdir().unwrap();
    let history = History::open(Config::new(folder.path()), Epoch(1)).unwrap();
    let mut bench = Bench { disk: MemoryDisk::default(), history, seq: 0 };
    let quantities =
        [Quantity::Temperature, Quantity::Humidity, Quantity::Battery, Quantity::Co2, Quantity::Illuminance];
    for step in 0..STEPS {
        let t = T0 + step * 5 * MINUTE;
        for device in 0..5 {
            let noise = (step * 2_654_435_761 + device as i64 * 97) % 101;
            let values = [20_000 + step % 288 * 10 + noise / 10 * 10, 5000 + noise, 90, 400 + noise * 3, noise * noise];
            let values: Vec<_> = quantities.into_iter().zip(values).collect();
            bench.take(device, t, &values);
        }
        if step % 1000 == 0 {
            bench.history.flush().unwrap();
        }
        // Every step, as a replay does.
        if bench.history.seal_due(UnixMillis(t)) {
            bench.history.seal(UnixMillis(t)).unwrap();
        }
    }
    bench.history.seal(UnixMillis(T0)).unwrap();
    let stats = bench.history.stats().unwrap();
    assert_eq!(stats.readings, 5 * 5 * STEPS as u64);
    println!("{stats:?}, {:.2} bytes a reading with journal", stats.bytes as f64 / stats.readings as f64);
    let year = bench.ask(3, (T0, T0 + 365 * DAY), Resolution::Auto, 2000);
    assert_eq!((year.width_ms, year.count.iter().sum::<u64>() as i64), (6 * HOUR, STEPS));
    assert_eq!(year.gaps, []);
}

/// Whoever asks sees every reading exactly once, whatever is flushed, sealed or settled meanwhile.
#[test]
fn readers_see_a_whole_history_while_it_moves() {
    const COUNT: u64 = 20_000;
    let history = History::memory().unwrap();
    let boot = BootId(1);
    let is_done = std::sync::atomic::AtomicBool::new(false);
    let count = |from: &History| {
        let mut values = Vec::new();
        let mut visit = |point: hub_model::RawPoint| {
            values.push(point.value);
            ControlFlow::Continue(())
        };
        from.scan(series(1, Quantity::Temperature), UnixMillis(ALL.0)..UnixMillis(ALL.1), &mut visit).unwrap();
        values.sort_unstable();
        assert!(values.iter().enumerate().all(|(i, value)| *value == i as i64), "none twice, none missing");
        values.len()
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            for i in 0..COUNT {
                let at = Stamp { boot, ms: i * 1000 };
                let body = readings(1, &[(Quantity::Temperature, i as i64)], None);
                history.append(&Event { seq: Seq(i + 1), at, wall: history.wall(at), trace: None, body });
            }
            is_done.store(true, std::sync::atomic::Ordering::Release);
        });
        scope.spawn(|| {
            let mut round = 0;
            while !is_done.load(std::sync::atomic::Ordering::Acquire) {
                history.flush().unwrap();
                history.seal(UnixMillis(T0)).unwrap();
                round += 1;
                history.settle(boot, T0 + round % 3 * HOUR, Some(round as u64 * 1000)).unwrap();
            }
        });
        let mut before = 0;
        while !is_done.load(std::sync::atomic::Ordering::Acquire) {
            let now = count(&history);
            assert!(now >= before);
            before = now;
            let events = history.read_after(Seq(0), 500).unwrap().events;
            assert!(events.iter().enumerate().all(|(i, event)| event.seq.0 == i as u64 + 1));
        }
    });
    history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(count(&history), COUNT as usize);
}
