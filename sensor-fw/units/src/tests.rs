use std::collections::BTreeSet;

use super::*;

#[test]
fn a_code_names_one_quantity_for_ever() {
    let codes: Vec<u16> = Quantity::ALL.iter().map(|q| q.code()).collect();
    assert!(codes.is_sorted_by(|a, b| a < b), "ascending and unique");
    for quantity in Quantity::ALL {
        assert_eq!(Quantity::from_code(quantity.code()), Some(*quantity));
        assert_eq!((quantity.code() >= 64), (quantity.kind() == Kind::Binary), "{quantity:?}");
    }
    assert_eq!(Quantity::from_code(0), None);
    assert_eq!(Quantity::from_code(u16::MAX), None);
}

/// Files of every released version hold these numbers: a change here loses people's history.
#[test]
fn the_codes_in_files_have_not_moved() {
    let stored: String = Quantity::ALL.iter().map(|q| format!("{} {}\n", q.code(), q.name())).collect();
    assert_eq!(stored, include_str!("../codes.txt"));
}

#[test]
fn a_name_is_snake_case_and_unique() {
    let names: BTreeSet<&str> = Quantity::ALL.iter().map(|q| q.name()).collect();
    assert_eq!(names.len(), Quantity::ALL.len());
    for quantity in Quantity::ALL {
        let name = quantity.name();
        assert_eq!(Quantity::from_name(name), Some(*quantity));
        assert!(name.starts_with(|c: char| c.is_ascii_lowercase()), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'), "{name}");
        assert!(!name.contains("__") && !name.ends_with('_'), "{name}");
        assert!(quantity.label().starts_with(char::is_uppercase), "{name}");
    }
    assert_eq!(Quantity::from_name("Temperature"), None);
}

#[test]
fn every_range_holds_something_and_fits_its_kind() {
    for quantity in Quantity::ALL {
        let range = quantity.plausible();
        assert!(range.start() < range.end(), "{quantity:?}");
        match quantity.kind() {
            Kind::Binary => assert_eq!((range, quantity.unit(), quantity.exponent()), (0..=1, "", 0)),
            Kind::Total => assert_eq!(*range.start(), 0, "{quantity:?}"),
            Kind::Measurement => assert!((-6..=0).contains(&quantity.exponent()), "{quantity:?}"),
        }
    }
    assert!(Measure::from(MilliCelsius(-20_000)).is_plausible());
    assert!(!Measure::from(Pascal(0)).is_plausible());
}

#[track_caller]
fn prints(digits: i64, places: u8, expected: &str) {
    assert_eq!(Decimal::new(digits, places).to_string(), expected);
}

#[test]
fn a_decimal_prints_exactly() {
    prints(25_060, 3, "25.06");
    prints(0, 3, "0");
    prints(-5, 3, "-0.005");
    prints(-20_000, 3, "-20");
    prints(1, 6, "0.000001");
    prints(1250, 0, "1250");
    prints(i64::MIN, 3, "-9223372036854775.808");
    prints(i64::MAX, 255, "9.223372036854775807");
}

#[test]
fn a_measure_prints_with_its_unit() {
    assert_eq!(Measure::from(CentiPercent(5055)).to_string(), "50.55 %");
    assert_eq!(Measure::from(Pascal(100_883)).to_string(), "1008.83 hPa");
    assert_eq!(Measure::from(Millivolt(3074)).to_string(), "3.074 V");
    assert_eq!(Measure::new(Quantity::Door, 1).to_string(), "1");
}

#[test]
fn a_float_is_the_one_that_the_decimal_would_parse_to() {
    for quantity in Quantity::ALL {
        let range = quantity.plausible();
        for value in [*range.start(), -7, 0, 1, 3, 12_345, 999_999, *range.end()] {
            let parsed: f64 = quantity.display(value).to_string().parse().unwrap_or(f64::NAN);
            assert_eq!(quantity.to_f64(value), parsed, "{quantity:?} {value}");
            assert_eq!(quantity.from_f64(parsed), Some(value), "{quantity:?} {value}");
        }
    }
}

#[test]
fn a_float_that_no_integer_holds_is_refused() {
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300, -1e18] {
        assert_eq!(Quantity::Temperature.from_f64(number), None, "{number}");
    }
    assert_eq!(Quantity::Co2.from_f64(0.5), Some(1), "half a step rounds away from zero");
    assert_eq!(Quantity::Co2.from_f64(-0.5), Some(-1));
}
