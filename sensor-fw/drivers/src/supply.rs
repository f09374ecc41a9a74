use core::{error::Error, fmt, future::Future};

use units::{Measure, Millivolt, Quantity};

use crate::{Probe, Sample};

/// The least that a sensor which runs can have measured: the nRF52 stops at 1.7 V.
const LEAST_MV: u16 = 1500;

/// Something that converts the supply's voltage to a number: the SAADC, its input at VDD.
pub trait Converter {
    /// Why it did not.
    type Error: Error;

    /// One raw count; noise may make it negative.
    ///
    /// # Errors
    /// The converter's own.
    fn convert(&mut self) -> impl Future<Output = Result<i16, Self::Error>>;
}

/// What a raw count of a converter means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Millivolts of the first count that is beyond the range: reference / gain.
    pub full_mv: u16,
    /// Bits of a count, at most 14.
    pub bits: u8,
}

impl Scale {
    /// The nRF52's SAADC: 0.6 V inside, gain 1/6, 12 bits (product specification, `V = raw · reference / gain / 2^bits`).
    pub const NRF52: Self = Self { full_mv: 3600, bits: 12 };

    /// The voltage of a raw count, rounded; below zero is zero.
    pub fn millivolt(self, raw: i16) -> Millivolt {
        let counts = u32::from(raw.max(0).cast_unsigned());
        let bits = u32::from(self.bits.min(14));
        // 15 bits by 16 bits; and what 16 bits do not hold is no supply of ours.
        let mv = (counts * u32::from(self.full_mv) + (1 << bits >> 1)) >> bits;
        Millivolt(u16::try_from(mv).unwrap_or(u16::MAX))
    }
}

/// What the sensor lives on.
///
/// A voltage says how full a battery is only under a known load, so it is measured right after the radio sent; and then
/// roughly, as age and cold move it as well: good for "soon" and "now", not for counting days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chemistry {
    /// One lithium coin cell, as the CR2032: 3.0 V for most of its life, and then a fast end. By the four lines that Nordic
    /// fits to it for radios like ours (nRF5 SDK, `app_util.h`).
    LithiumCoin,
    /// Two alkaline cells in a row, of AA or AAA: they fall steadily, so one line from 1.5 V to 0.9 V a cell, where
    /// IEC 60086-2 ends its tests.
    AlkalinePair,
}

impl Chemistry {
    /// How full the battery is at this voltage under load, in percent.
    pub fn percent(self, Millivolt(mv): Millivolt) -> u8 {
        let points: &[(u16, u8)] = match self {
            Self::LithiumCoin => &[(3000, 100), (2900, 42), (2740, 18), (2440, 6), (2100, 0)],
            Self::AlkalinePair => &[(3000, 100), (1800, 0)],
        };
        let mut above = (u16::MAX, 100);
        for (point_mv, percent) in points.iter().copied() {
            if mv >= point_mv {
                let (span, rise) = (u32::from(above.0 - point_mv), u32::from(above.1 - percent));
                // Rounded down: a battery is not fuller than it is.
                let part = u32::from(mv - point_mv) * rise / span.max(1);
                return percent + u8::try_from(part).unwrap_or_default();
            }
            above = (point_mv, percent);
        }
        0
    }
}

/// A probe of the battery: its voltage under load, and how full that says it is.
#[derive(Debug)]
pub struct Supply<C> {
    converter: C,
    scale: Scale,
    chemistry: Chemistry,
}

impl<C: Converter> Supply<C> {
    /// The battery behind this converter.
    pub const fn new(converter: C, scale: Scale, chemistry: Chemistry) -> Self {
        Self { converter, scale, chemistry }
    }

    /// The voltage now: what is asked before flash is erased, too.
    ///
    /// # Errors
    /// [`SupplyFault`] when the converter fails or says what cannot be.
    pub async fn millivolt(&mut self) -> Result<Millivolt, SupplyFault<C::Error>> {
        let raw = self.converter.convert().await.map_err(SupplyFault::Converter)?;
        let supply = self.scale.millivolt(raw);
        if supply.0 < LEAST_MV { Err(SupplyFault::TooLow { supply, raw }) } else { Ok(supply) }
    }
}

impl<C: Converter> Probe for Supply<C> {
    type Error = SupplyFault<C::Error>;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let supply = self.millivolt().await?;
        into.add(supply.into());
        into.add(Measure::new(Quantity::Battery, i64::from(self.chemistry.percent(supply))));
        Ok(())
    }
}

/// Why the supply was not measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupplyFault<E> {
    /// The converter failed.
    Converter(E),
    /// So little that nothing could have measured it.
    TooLow {
        /// What it would be.
        supply: Millivolt,
        /// The converter's count.
        raw: i16,
    },
}

impl<E: fmt::Display> fmt::Display for SupplyFault<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Converter(error) => write!(f, "supply: converter: {error}"),
            Self::TooLow { supply, raw } => write!(f, "supply: cannot be {}, a count of {raw}", Measure::from(*supply)),
        }
    }
}

impl<E: Error> Error for SupplyFault<E> {}

#[cfg(test)]
mod tests;
