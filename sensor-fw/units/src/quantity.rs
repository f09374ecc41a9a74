use crate::{Decimal, Quantity};

/// How the values of a quantity behave over time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A level that rises and falls: minimum, mean and maximum say what happened.
    Measurement,
    /// A meter that only grows until it is reset or wraps: differences say what happened.
    Total,
    /// 0 or 1.
    Binary,
}

impl Quantity {
    /// The number under which the quantity is stored: never reused, never changed.
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The quantity of this code.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|quantity| quantity.code() == code)
    }

    /// The quantity of this [`name`](Self::name).
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|quantity| quantity.name() == name)
    }

    /// The value in the quantity's unit: the float nearest to the exact decimal.
    ///
    /// ```
    /// # use units::Quantity;
    /// assert_eq!(Quantity::Pressure.to_f64(100_883), 1008.83);
    /// ```
    pub fn to_f64(self, value: i64) -> f64 {
        // One division of two exact numbers rounds once, so 25_060 becomes the same float as the literal 25.06.
        value as f64 / self.steps_per_unit() as f64
    }

    /// The value in steps nearest to `number`, or `None` where no `i64` can hold it.
    ///
    /// ```
    /// # use units::Quantity;
    /// assert_eq!(Quantity::Temperature.from_f64(-0.005), Some(-5));
    /// assert_eq!(Quantity::Temperature.from_f64(f64::NAN), None);
    /// ```
    pub fn from_f64(self, number: f64) -> Option<i64> {
        // 2^63: the first float that an i64 cannot hold.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        let steps = number * self.steps_per_unit() as f64;
        (steps.abs() < LIMIT).then_some((steps + 0.5_f64.copysign(steps)) as i64)
    }

    /// The exact decimal of a value, without the unit: `25.06`.
    ///
    /// ```
    /// # use units::Quantity;
    /// assert_eq!(Quantity::Temperature.display(25_060).to_string(), "25.06");
    /// assert_eq!(Quantity::Co2.display(1250).to_string(), "1250");
    /// ```
    pub const fn display(self, value: i64) -> Decimal {
        Decimal::new(value, self.exponent().unsigned_abs())
    }

    /// How many steps make one unit: `10^-exponent`.
    const fn steps_per_unit(self) -> i64 {
        10_i64.pow(self.exponent().unsigned_abs() as u32)
    }
}
