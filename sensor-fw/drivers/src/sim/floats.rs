//! Bosch's chips the other way round: the raw number for which the datasheet's formula, in floats, says what is true.

/// The raw number below `end` for which `formula`, which only rises or only falls, comes nearest to `wanted`.
pub(super) fn solved(wanted: f64, end: u32, formula: impl Fn(u32) -> f64) -> u32 {
    let rises = formula(end - 1) > formula(0);
    let (mut low, mut high) = (0, end - 1);
    while low < high {
        let middle = low + (high - low) / 2;
        if (formula(middle) < wanted) == rises {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    let before = low.saturating_sub(1);
    if (formula(before) - wanted).abs() < (formula(low) - wanted).abs() { before } else { low }
}

/// `value / 2^places`.
pub(super) fn scaled(value: impl Into<f64>, places: i32) -> f64 {
    value.into() * 2_f64.powi(-places)
}
