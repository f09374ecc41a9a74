/// A quotient, rounded half up, as vendors' floating-point formulas are done in integers.
pub(crate) const fn rounded(dividend: i64, divisor: i64) -> i64 {
    (dividend + divisor / 2).div_euclid(divisor)
}
