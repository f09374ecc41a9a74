use super::*;

#[test]
fn everything_in_the_store_is_counted_where_it_belongs() {
    let mut bench = Bench::new();
    for minute in 0..100 {
        let t = T0 + minute * MINUTE;
        bench.take(1, t, &[(Quantity::Temperature, 20_000 + minute), (Quantity::Humidity, 400_000)]);
        bench.take(2, t, &[(Quantity::Battery, 90)]);
    }
    bench.append(Stamp { boot: BootId(4), ms: 5 }, readings(2, &[(Quantity::Battery, 89)], None));
    bench.history.seal(UnixMillis(T0)).unwrap();
    bench.take(1, T0 + 100 * MINUTE, &[(Quantity::Temperature, 20_100)]);

    let contents = bench.history.contents().unwrap();
    let [one, two] = &contents.devices[..] else { panic!("two devices: {contents:?}") };
    assert_eq!((one.device, one.blocks, one.waiting, one.unsealed), (DeviceId::from_u64(1), 1, 0, 1));
    assert_eq!((two.blocks, two.waiting, two.unsealed), (2, 1, 0));
    let [temperature, humidity] = &one.series[..] else { panic!("two series: {one:?}") };
    assert_eq!((temperature.series, temperature.readings), (series(1, Quantity::Temperature), 101));
    assert_eq!(temperature.first, Some(UnixMillis(T0)));
    assert_eq!(temperature.last, Some(UnixMillis(T0 + 100 * MINUTE)));
    assert_eq!((humidity.readings, humidity.blocks, humidity.hours), (100, 1, 0), "the day is not over");
    assert!(humidity.bytes > 0);
    assert!(temperature.bytes + humidity.bytes < one.bytes, "the times are shared");
    assert_eq!(two.series[0].readings, 101);

    let of_blocks: u64 = contents.devices.iter().map(|device| device.bytes).sum();
    assert!(of_blocks < contents.database_bytes - contents.free_bytes, "{contents:?}");
    assert_eq!(contents.journal_bytes, 256 * 1024);
    assert_eq!(contents.set_aside, crate::SetAside::default());
    let readings: u64 = contents.devices.iter().flat_map(|device| &device.series).map(|series| series.readings).sum();
    assert_eq!(readings, bench.history.stats().unwrap().readings);

    bench.take(1, T0 + DAY, &[(Quantity::Temperature, 20_000)]);
    bench.history.seal(UnixMillis(T0)).unwrap();
    let contents = bench.history.contents().unwrap();
    let one = &contents.devices[0];
    let [temperature, humidity] = &one.series[..] else { panic!("two series: {one:?}") };
    assert_eq!((temperature.hours, humidity.hours), (2, 2));
    assert!(humidity.rollup_bytes > 0);
    assert!(temperature.rollup_bytes + humidity.rollup_bytes <= one.rollup_bytes);
}
