use core::convert::Infallible;

use crate::{Converter, Scale};

/// A simulated converter at a battery whose voltage under load, in millivolts, is what a closure says.
pub struct Battery<F> {
    supply_mv: F,
    scale: Scale,
    conversions: u64,
}

impl<F: FnMut() -> u16> Battery<F> {
    /// A converter of this scale at this battery.
    pub const fn new(scale: Scale, supply_mv: F) -> Self {
        Self { supply_mv, scale, conversions: 0 }
    }

    /// How often it converted.
    pub const fn conversions(&self) -> u64 {
        self.conversions
    }
}

impl<F: FnMut() -> u16> Converter for Battery<F> {
    type Error = Infallible;

    async fn convert(&mut self) -> Result<i16, Infallible> {
        self.conversions += 1;
        let counts = (u64::from((self.supply_mv)()) << self.scale.bits) / u64::from(self.scale.full_mv.max(1));
        // It ends where its counts do.
        let last = (1_i16 << self.scale.bits.min(14)) - 1;
        Ok(i16::try_from(counts).unwrap_or(last).min(last))
    }
}
