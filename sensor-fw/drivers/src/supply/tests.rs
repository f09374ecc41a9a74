use embassy_futures::block_on;
use proptest::prelude::*;

use super::*;
use crate::sim::Battery;

fn sample(supply_mv: u16, chemistry: Chemistry) -> Result<Vec<i64>, SupplyFault<core::convert::Infallible>> {
    let mut sample = Sample::new();
    let mut supply = Supply::new(Battery::new(Scale::NRF52, || supply_mv), Scale::NRF52, chemistry);
    block_on(supply.sample(&mut sample))?;
    Ok(sample.measures().iter().map(|measure| measure.value).collect())
}

#[test]
fn counts_become_millivolts_as_the_product_specification_says() {
    // V = raw · 0.6 V · 6 / 2^12.
    for (raw, mv) in
        [(0, 0), (-7, 0), (i16::MIN, 0), (1, 1), (2048, 1800), (3413, 3000), (4095, 3599), (i16::MAX, 28_799)]
    {
        assert_eq!(Scale::NRF52.millivolt(raw), Millivolt(mv), "{raw}");
    }
    assert_eq!(Scale { full_mv: u16::MAX, bits: 255 }.millivolt(i16::MAX), Millivolt(u16::MAX));
    assert_eq!(Scale { full_mv: 3600, bits: 0 }.millivolt(1), Millivolt(3600));
}

#[test]
fn a_coin_cell_is_full_for_long_and_empty_soon() {
    for (mv, percent) in [(3300, 100), (3000, 100), (2999, 99), (2900, 42), (2740, 18), (2440, 6), (2100, 0), (0, 0)] {
        assert_eq!(Chemistry::LithiumCoin.percent(Millivolt(mv)), percent, "{mv} mV");
    }
}

#[test]
fn two_alkaline_cells_fall_steadily() {
    for (mv, percent) in [(3200, 100), (3000, 100), (2400, 50), (1800, 0), (1799, 0)] {
        assert_eq!(Chemistry::AlkalinePair.percent(Millivolt(mv)), percent, "{mv} mV");
    }
}

#[test]
fn a_battery_is_told_as_voltage_and_percent() {
    assert_eq!(sample(2900, Chemistry::LithiumCoin), Ok(vec![2900, 42]));
    assert_eq!(sample(5000, Chemistry::AlkalinePair), Ok(vec![3599, 100]), "where the range ends");
}

#[test]
fn a_supply_that_runs_nothing_is_refused() {
    let fault = sample(900, Chemistry::LithiumCoin).unwrap_err();
    assert_eq!(fault, SupplyFault::TooLow { supply: Millivolt(900), raw: 1024 });
    assert_eq!(fault.to_string(), "supply: cannot be 0.9 V, a count of 1024");
}

proptest! {
    #[test]
    fn more_voltage_is_never_less_charge(mv in 0..u16::MAX) {
        for chemistry in [Chemistry::LithiumCoin, Chemistry::AlkalinePair] {
            let (percent, next) = (chemistry.percent(Millivolt(mv)), chemistry.percent(Millivolt(mv + 1)));
            prop_assert!(percent <= next && next <= 100);
        }
    }

    #[test]
    fn a_supply_is_measured_within_a_count(supply_mv in 1501..3599_u16) {
        let told = sample(supply_mv, Chemistry::LithiumCoin).unwrap();
        prop_assert!((told[0] - i64::from(supply_mv)).abs() <= 1);
    }
}
