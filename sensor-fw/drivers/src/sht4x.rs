use embedded_hal_async::{delay::DelayNs, i2c::I2c};
pub use sht4x::Address;
use sht4x::{Precision, Sht4xAsync};
use units::{Measure, MilliCelsius, Quantity};

use crate::{Chip, Fault, Probe, Sample};

/// What the chip is specified for, in 0.001 °C (SHT4x datasheet, chapter 2).
const OPERATES: core::ops::RangeInclusive<i32> = -40_000..=125_000;

/// A probe of temperature and humidity: SHT40, SHT41 or SHT45, at high precision.
///
/// The chip sleeps by itself (0.08 µA) but for the 8.3 ms of a measurement, so there is nothing to set up.
#[derive(Debug)]
pub struct Sht4x<I, D> {
    i2c: I,
    delay: D,
    address: Address,
}

impl<I: I2c, D: DelayNs> Sht4x<I, D> {
    /// The probe on this bus.
    pub const fn new(i2c: I, delay: D, address: Address) -> Self {
        Self { i2c, delay, address }
    }
}

impl<I: I2c, D: DelayNs> Probe for Sht4x<I, D> {
    type Error = Fault<I::Error>;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let chip = Chip::Sht4x;
        let raw = Sht4xAsync::new_with_address(&mut self.i2c, self.address)
            .measure_raw(Precision::High, &mut self.delay)
            .await
            .map_err(|error| match error {
                sht4x::Error::I2c(error) => Fault::Bus { chip, error },
                // The enum may grow: what is neither is a reading that cannot be trusted.
                _ => Fault::Corrupt { chip },
            })?;
        let temperature = temperature(raw.temperature);
        if !OPERATES.contains(&temperature.0) {
            return Err(Fault::OutOfRange { chip, measure: temperature.into() });
        }
        into.add(temperature.into());
        into.add(humidity(raw.humidity));
        Ok(())
    }
}

/// `T = −45 + 175 · raw / 65535` in °C (datasheet 4.6), rounded to 0.001 °C. The SCD4x has the same formula.
pub(crate) fn temperature(raw: u16) -> MilliCelsius {
    // At most 175 000 × 65 535 = 11.5 · 10^9: beyond 32 bits.
    let millis = (i64::from(raw) * 175_000 + 32_767) / 65_535 - 45_000;
    MilliCelsius(millis as i32)
}

/// `RH = −6 + 125 · raw / 65535` in %, cropped to 0–100 (datasheet 4.6), rounded to 0.0001 %.
fn humidity(raw: u16) -> Measure {
    let steps = (i64::from(raw) * 1_250_000 + 32_767) / 65_535 - 60_000;
    Measure::new(Quantity::Humidity, steps.clamp(0, 1_000_000))
}

#[cfg(test)]
mod tests;
