//! Currents, times and what they make: charge.
//!
//! Charge is what a battery has and what an instrument integrates, so everything is counted in it; that the voltage
//! sinks over the years is left to the battery's usable share.

use std::{
    fmt,
    iter::Sum,
    ops::{Add, Mul},
};

/// A current.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Current {
    microamps: f64,
}

impl Current {
    /// So many nanoamperes.
    pub const fn nanoamps(count: f64) -> Self {
        Self { microamps: count / 1e3 }
    }

    /// So many microamperes.
    pub const fn microamps(count: f64) -> Self {
        Self { microamps: count }
    }

    /// So many milliamperes.
    pub const fn milliamps(count: f64) -> Self {
        Self { microamps: count * 1e3 }
    }

    /// The number of microamperes.
    pub const fn as_microamps(self) -> f64 {
        self.microamps
    }
}

impl fmt::Display for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.microamps {
            small if small < 0.1 => write!(f, "{} nA", rounded(small * 1e3)),
            middle if middle < 1e3 => write!(f, "{} µA", rounded(middle)),
            large => write!(f, "{} mA", rounded(large / 1e3)),
        }
    }
}

/// A time.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Span {
    micros: f64,
}

impl Span {
    /// Nothing.
    pub const ZERO: Self = Self { micros: 0.0 };

    /// So many microseconds.
    pub const fn micros(count: f64) -> Self {
        Self { micros: count }
    }

    /// So many milliseconds.
    pub const fn millis(count: f64) -> Self {
        Self { micros: count * 1e3 }
    }

    /// So many seconds.
    pub const fn seconds(count: f64) -> Self {
        Self { micros: count * 1e6 }
    }

    /// The number of microseconds.
    pub const fn as_micros(self) -> f64 {
        self.micros
    }

    /// The number of seconds.
    pub const fn as_seconds(self) -> f64 {
        self.micros / 1e6
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.micros {
            small if small < 1e3 => write!(f, "{} µs", rounded(small)),
            middle if middle < 1e6 => write!(f, "{} ms", rounded(middle / 1e3)),
            large => write!(f, "{} s", rounded(large / 1e6)),
        }
    }
}

impl Add for Span {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { micros: self.micros + other.micros }
    }
}

impl Mul<f64> for Span {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self { micros: self.micros * times }
    }
}

/// A charge.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Charge {
    microcoulombs: f64,
}

impl Charge {
    /// Nothing.
    pub const ZERO: Self = Self { microcoulombs: 0.0 };

    /// So many microcoulombs.
    pub const fn microcoulombs(count: f64) -> Self {
        Self { microcoulombs: count }
    }

    /// The number of microcoulombs.
    pub const fn as_microcoulombs(self) -> f64 {
        self.microcoulombs
    }

    /// The current that brings it in this time.
    pub fn per(self, span: Span) -> Current {
        Current::microamps(self.microcoulombs / span.as_seconds())
    }
}

impl fmt::Display for Charge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.microcoulombs {
            small if small < 1e3 => write!(f, "{} µC", rounded(small)),
            large => write!(f, "{} mC", rounded(large / 1e3)),
        }
    }
}

impl Mul<Span> for Current {
    type Output = Charge;

    fn mul(self, span: Span) -> Charge {
        Charge { microcoulombs: self.microamps * span.as_seconds() }
    }
}

impl Mul<f64> for Charge {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self { microcoulombs: self.microcoulombs * times }
    }
}

impl Add for Current {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { microamps: self.microamps + other.microamps }
    }
}

impl Add for Charge {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { microcoulombs: self.microcoulombs + other.microcoulombs }
    }
}

impl Sum for Charge {
    fn sum<I: Iterator<Item = Self>>(charges: I) -> Self {
        charges.fold(Self::ZERO, Add::add)
    }
}

/// Three digits behind the point, without the zeros at the end.
fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_milliampere_for_a_millisecond_is_a_microcoulomb() {
        let charge = Current::milliamps(1.0) * Span::millis(1.0);
        assert!((charge.as_microcoulombs() - 1.0).abs() < 1e-12);
        assert!((charge.per(Span::seconds(2.0)).as_microamps() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn figures_are_printed_in_the_unit_that_people_expect() {
        let printed = [
            Current::nanoamps(80.0).to_string(),
            Current::microamps(3.16).to_string(),
            Current::milliamps(16.4).to_string(),
            Span::micros(41.0).to_string(),
            Span::millis(8.3).to_string(),
            Charge::microcoulombs(26.9).to_string(),
            Charge::microcoulombs(73_600.0).to_string(),
        ];
        assert_eq!(printed, ["80 nA", "3.16 µA", "16.4 mA", "41 µs", "8.3 ms", "26.9 µC", "73.6 mC"]);
    }
}
