use proptest::prelude::*;

use super::*;
use crate::sim::Bmp390Memory;

/// Two chips as others read them, with what others' code made of it: the first of a BMP390 (tests of the crate
/// `bmp390` 0.5), the second of a BMP388 (tests of Elixir's `bmp3xx`), which reckons the same.
const CHIPS: [([u8; LENGTH], u32, u32, f64, f64); 2] = [
    (
        [
            0x98, 0x6c, 0xa9, 0x4a, 0xf9, 0xe3, 0x1c, 0x61, 0x16, 0x06, 0x01, 0x51, 0x4a, 0xde, 0x5d, 0x03, 0xfa, 0xf9,
            0x0e, 0x06, 0xf5,
        ],
        0x6b_b3cb,
        0x82_bad1,
        98_370.566,
        25.770_745,
    ),
    (
        [
            0x23, 0x6b, 0x58, 0x49, 0xf6, 0x5c, 0xff, 0xce, 0xf4, 0x23, 0x00, 0xea, 0x63, 0x6e, 0x79, 0xf3, 0xf6, 0xaa,
            0x43, 0x12, 0xc4,
        ],
        0x6d_9f97,
        0x85_d873,
        100_876.006,
        30.499_314,
    ),
];

#[test]
fn two_chips_that_others_read_are_read_alike() {
    for (bytes, raw_pressure, raw_temperature, pascal, celsius) in CHIPS {
        let calibration = Calibration::parse(bytes).unwrap();
        let warmth = calibration.warmth(raw_temperature);
        assert_eq!(warmth.milli_celsius(), (celsius * 1000.0).round() as i32);
        assert_eq!(calibration.pascal(raw_pressure, warmth), pascal.round() as i64);
    }
}

#[test]
fn blank_memory_is_no_calibration() {
    assert_eq!(Calibration::parse([0x00; LENGTH]), None);
    assert_eq!(Calibration::parse([0xff; LENGTH]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_temperature_is_exact_for_any_chip(bytes: [u8; LENGTH], raw in 0..1_u32 << 24) {
        let Some(calibration) = Calibration::parse(bytes) else { return Ok(()) };
        let millis = Bmp390Memory(bytes).celsius(raw) * 1000.0;
        let told = f64::from(calibration.warmth(raw).milli_celsius());
        // Half a step, and the last of 16 binary places.
        prop_assert!((told - millis.clamp(f64::from(i32::MIN), f64::from(i32::MAX))).abs() <= 0.52, "{told} {millis}");
    }

    /// Against the datasheet's floats. Any coefficients at all, at any temperature of the range: nothing overflows (the tests' arithmetic would panic).
    #[test]
    fn the_pressure_is_exact_for_any_chip(bytes: [u8; LENGTH], raw in 0..1_u32 << 24, t in -40 << 16..=85_i64 << 16) {
        let Some(calibration) = Calibration::parse(bytes) else { return Ok(()) };
        let exact = Bmp390Memory(bytes).pascal(raw, t as f64 / 65_536.0);
        let told = calibration.pascal(raw, Warmth(t)) as f64;
        prop_assert!((told - exact).abs() <= 0.501, "{told} {exact}");
    }
}
