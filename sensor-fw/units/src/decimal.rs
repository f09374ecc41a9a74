use core::fmt;

/// A decimal number that prints exactly, without trailing zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decimal {
    digits: i64,
    places: u8,
}

impl Decimal {
    /// The number `digits × 10^-places`; 19 places and more cannot be printed and count as 18.
    ///
    /// ```
    /// assert_eq!(units::Decimal::new(-50, 3).to_string(), "-0.05");
    /// ```
    pub const fn new(digits: i64, places: u8) -> Self {
        Self { digits, places: if places > 18 { 18 } else { places } }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut scale = 10_u64.pow(u32::from(self.places));
        let magnitude = self.digits.unsigned_abs();
        if self.digits < 0 {
            f.write_str("-")?;
        }
        write!(f, "{}", magnitude / scale)?;
        let mut rest = magnitude % scale;
        if rest > 0 {
            f.write_str(".")?;
        }
        while rest > 0 {
            scale /= 10;
            write!(f, "{}", rest / scale)?;
            rest %= scale;
        }
        Ok(())
    }
}
