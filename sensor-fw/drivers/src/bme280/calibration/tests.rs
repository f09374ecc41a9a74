use proptest::prelude::*;

use super::*;
use crate::sim::Bme280Memory;

/// The worked example of the BMP280's datasheet (3.12), whose temperature and pressure are reckoned alike: 25.08 °C and
/// 100 653.27 Pa.
#[test]
fn the_datasheets_example_comes_out() {
    let words: [i32; 12] = [27_504, 26_435, -1000, 36_477, -10_685, 3024, 2855, 140, -7, 15_500, -14_600, 6000];
    let mut first = [0; 26];
    first.iter_mut().zip(words.iter().flat_map(|word| (*word as u16).to_le_bytes())).for_each(|(to, from)| *to = from);
    let calibration = Calibration::parse(first, [0; 7]).unwrap();
    let warmth = calibration.warmth(519_888);
    assert_eq!(warmth, Warmth(128_422));
    assert_eq!(warmth.milli_celsius(), 25_082);
    assert_eq!(calibration.pascal(415_148, warmth), Some(100_653));
}

/// A chip as others read it, with what Bosch's own integers made of it (tests of the crate `bme280-rs` 0.4): 27.3785 °C,
/// 0x018B_663F / 256 Pa and 0x8399 / 1024 %.
#[test]
fn a_chip_that_others_read_is_read_alike() {
    let first = [
        0xb1, 0x6f, 0x2e, 0x6a, 0x32, 0x00, 0xe2, 0x8f, 0x0a, 0xd7, 0xd0, 0x0b, 0x75, 0x1f, 0xc5, 0xff, 0xf9, 0xff,
        0xac, 0x26, 0x0a, 0xd8, 0xbd, 0x10, 0x00, 0x4b,
    ];
    let calibration = Calibration::parse(first, [0x77, 0x01, 0x00, 0x12, 0x20, 0x03, 0x1e]).unwrap();
    let warmth = calibration.warmth(0x8_4510);
    assert!((warmth.0 - 0x2_2391).abs() <= 1, "{warmth:?}");
    assert_eq!(warmth.milli_celsius(), 27_379);
    assert_eq!(calibration.pascal(0x4_f570, warmth), Some(101_222));
    let told = calibration.humidity(0x5eb4, warmth);
    assert!((told - 0x8399 * 10_000 / 1024).abs() <= 80, "within the resolution, 0.008 %: {told}");
}

#[test]
fn blank_memory_is_no_calibration() {
    assert_eq!(Calibration::parse([0x00; 26], [0; 7]), None);
    assert_eq!(Calibration::parse([0xff; 26], [0xff; 7]), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn the_temperature_is_exact_for_any_chip(first: [u8; 26], raw in 0..1_u32 << 20) {
        let Some(calibration) = Calibration::parse(first, [0; 7]) else { return Ok(()) };
        let fine = Bme280Memory(first, [0; 7]).fine(raw);
        let told = calibration.warmth(raw);
        prop_assert!((told.0 as f64 - fine).abs() <= 0.501, "{told:?} {fine}");
        let millis = (fine / 5.12).clamp(f64::from(i32::MIN), f64::from(i32::MAX));
        prop_assert!((f64::from(told.milli_celsius()) - millis).abs() <= 0.6);
    }

    /// Against the datasheet's floats. Any coefficients at all, at any temperature of the range: nothing overflows (the
    /// tests' arithmetic would panic), and where air is told it is that of the floats.
    #[test]
    fn the_pressure_is_exact_for_any_chip(first: [u8; 26], raw in 0..1_u32 << 20, t in -40 * 5120..=85 * 5120_i64) {
        let Some(calibration) = Calibration::parse(first, [0; 7]) else { return Ok(()) };
        let exact = Bme280Memory(first, [0; 7]).pascal(raw, t as f64);
        let told = calibration.pascal(raw, Warmth(t));
        // A chip whose gain is next to nothing is none of ours.
        if (30_000.0..110_000.0).contains(&exact) && calibration.p1 > 1000 {
            prop_assert!(told.is_none_or(|told| (told as f64 - exact).abs() <= 0.52), "{told:?} {exact}");
        }
    }

    #[test]
    fn the_humidity_is_exact_for_any_chip(mut first: [u8; 26], second: [u8; 7], raw: u16, t in -40 * 5120..=85 * 5120_i64) {
        first[0] = 1;
        let Some(calibration) = Calibration::parse(first, second) else { return Ok(()) };
        let exact = Bme280Memory(first, second).percent(u32::from(raw), t as f64);
        // Without the last step: beyond 128 % the integers say 100 %, where the floats of a mad chip may come down again.
        first[25] = 0;
        let is_of_air = Bme280Memory(first, second).percent(u32::from(raw), t as f64) < 128.0;
        let told = calibration.humidity(raw, Warmth(t));
        prop_assert!((0..=1_000_000).contains(&told));
        if is_of_air && (0.0..100.0).contains(&exact) {
            prop_assert!((told as f64 - exact * 10_000.0).abs() <= 5.0, "{told} {exact}");
        }
    }
}
