use core::fmt;

use crate::Quantity;

/// A quantity with its value in the quantity's steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Measure {
    /// What is measured.
    pub quantity: Quantity,
    /// How many steps of `10^`[`exponent`](Quantity::exponent) units.
    pub value: i64,
}

impl Measure {
    /// The measure of `value` steps of `quantity`.
    pub const fn new(quantity: Quantity, value: i64) -> Self {
        Self { quantity, value }
    }

    /// Does the value lie in the quantity's [plausible](Quantity::plausible) range?
    pub fn is_plausible(self) -> bool {
        self.quantity.plausible().contains(&self.value)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.quantity.display(self.value).fmt(f)?;
        match self.quantity.unit() {
            "" => Ok(()),
            unit => write!(f, " {unit}"),
        }
    }
}

/// A temperature in thousandths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MilliCelsius(pub i32);

/// A relative humidity in hundredths of a percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CentiPercent(pub u16);

/// An air pressure in pascal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pascal(pub u32);

/// A voltage in thousandths of a volt: the battery under load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Millivolt(pub u16);

impl From<MilliCelsius> for Measure {
    fn from(MilliCelsius(value): MilliCelsius) -> Self {
        Self::new(Quantity::Temperature, i64::from(value))
    }
}

impl From<CentiPercent> for Measure {
    fn from(CentiPercent(value): CentiPercent) -> Self {
        // The table counts humidity in 0.0001 %.
        Self::new(Quantity::Humidity, i64::from(value) * 100)
    }
}

impl From<Pascal> for Measure {
    fn from(Pascal(value): Pascal) -> Self {
        Self::new(Quantity::Pressure, i64::from(value))
    }
}

impl From<Millivolt> for Measure {
    fn from(Millivolt(value): Millivolt) -> Self {
        Self::new(Quantity::Voltage, i64::from(value))
    }
}
