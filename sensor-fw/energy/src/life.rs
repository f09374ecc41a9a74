use crate::{charge::Current, table::batteries::Battery};

const HOURS_A_YEAR: f64 = 365.25 * 24.0;

/// How many years a sensor lives on a battery.
///
/// What the cell loses by itself is lost of what it was when new, each year alike. `None` where a part of the sensor asks
/// for more at once than the cell can give. More years than its maker promises to anybody are those years.
pub fn years(battery: &Battery, average: Current, peak_milliamps: f64) -> Option<f64> {
    let figures = &battery.figures;
    let new = figures.milliamp_hours.value;
    let used = average.as_microamps() / 1e3 * HOURS_A_YEAR + new * figures.loss_per_year.value;
    (peak_milliamps <= battery.peak_milliamps)
        .then(|| (new * figures.usable.value / used).min(figures.shelf_years.value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::batteries::{CR2032, TWO_AA};

    #[test]
    fn a_coin_cell_gives_five_microamperes_for_not_quite_four_years() {
        // 180 mAh / (43.83 + 3.375) mAh a year.
        let lived = years(&CR2032, Current::microamps(5.0), 7.0).unwrap();
        assert!((lived - 3.813).abs() < 0.001, "{lived}");
        assert_eq!(years(&CR2032, Current::microamps(0.5), 7.0), Some(10.0));
        assert_eq!(years(&CR2032, Current::microamps(400.0), 205.0), None);
        assert!(years(&TWO_AA, Current::microamps(400.0), 205.0).is_some_and(|lived| lived < 1.0));
    }
}
