//! Times are stored to the second; what happens within one is not lost by it.

use super::*;

fn times(bench: &Bench) -> Vec<(i64, i64)> {
    bench.raw(1, Quantity::Temperature)
}

fn temperature(bench: &mut Bench, t: i64, value: i64) {
    bench.take(1, t, &[(Quantity::Temperature, value)]);
}

#[test]
fn a_reading_has_the_same_time_before_and_after_it_is_sealed() {
    let mut bench = Bench::to_the_second();
    temperature(&mut bench, T0 + 1999, 20_000);
    let before = times(&bench);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!((before, times(&bench)), (vec![(T0 + 1000, 20_000)], vec![(T0 + 1000, 20_000)]));
}

#[test]
fn equal_readings_of_one_second_are_all_kept_in_their_order() {
    let mut bench = Bench::to_the_second();
    for (ms, value) in [(0, 5), (100, 7), (200, 5), (300, 5)] {
        temperature(&mut bench, T0 + ms, value);
    }
    let all = [(T0, 5), (T0, 7), (T0, 5), (T0, 5)];
    assert_eq!(times(&bench), all);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(times(&bench), all);
    // The second goes on after the seal.
    temperature(&mut bench, T0 + 400, 5);
    let all = [&all[..], &[(T0, 5)]].concat();
    assert_eq!(times(&bench), all);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let mut bench = bench.restart();
    assert_eq!(times(&bench), all);
    assert_eq!(bench.ask(1, (T0, T0 + HOUR), Resolution::H1, 10).count, [5]);
    // Any of them coming again changes nothing.
    for ms in [0, 100, 200, 300, 400] {
        temperature(&mut bench, T0 + ms, if ms == 100 { 7 } else { 5 });
    }
    assert_eq!(times(&bench), all);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(times(&bench), all);
    assert_eq!(bench.ask(1, (T0, T0 + HOUR), Resolution::H1, 10).count, [5]);
}

#[test]
fn a_second_that_a_full_block_ends_in_stays_in_it() {
    let mut bench = Bench::to_the_second();
    let fill = |bench: &mut Bench| {
        for second in 0..4096 {
            temperature(bench, T0 + second * 1000, second);
        }
    };
    fill(&mut bench);
    bench.history.seal(UnixMillis(T0)).unwrap();
    temperature(&mut bench, T0 + 4_095_500, 1);
    temperature(&mut bench, T0 + 4_096_000, 2);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(times(&bench)[4095..], [(T0 + 4_095_000, 4095), (T0 + 4_095_000, 1), (T0 + 4_096_000, 2)]);
    assert_eq!(bench.history.stats().unwrap().blocks, 2);
    fill(&mut bench);
    bench.history.seal(UnixMillis(T0)).unwrap();
    assert_eq!(times(&bench).len(), 4098);
}

#[test]
fn a_settled_boot_is_cut_down_to_seconds_once() {
    let mut bench = Bench::to_the_second();
    let boot = BootId(1);
    bench.append(Stamp { boot, ms: 900 }, readings(1, &[(Quantity::Temperature, 1)], None));
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench.history.settle(boot, T0 + 100, None).unwrap();
    assert_eq!(times(&bench), [(T0 + 1000, 1)]);
}
