mod calibration;

use embedded_hal_async::{delay::DelayNs, i2c::I2c};
use units::{Measure, MilliCelsius, Pascal};

use self::calibration::{Calibration, LENGTH};
use crate::{
    Chip, Fault, Probe, Sample,
    registers::{OPERATES, RESET, Registers, STARTS_MS},
};

const CHIP_ID: u8 = 0x00;
const ERROR: u8 = 0x02;
const PWR_CTRL: u8 = 0x1b;
const OSR: u8 = 0x1c;
const NVM: u8 = 0x31;
const COMMAND: u8 = 0x7e;

const IDENTITY: u8 = 0x60;
/// Pressure four times, temperature once: "standard resolution", 0.66 Pa (datasheet 3.4).
const STANDARD: u8 = 0b000_010;
/// Both sensors on, one measurement, then sleep.
const FORCED: u8 = 0b01_0011;
/// Both values are there.
const READY: u8 = 0b0110_0000;
/// By datasheet 3.9: 234 + 392 + 4 · 2020 + 163 + 2020 µs, typically.
const TAKES_MS: u32 = 11;
/// A clock of the chip that is a fifth slow, and then some.
const PATIENCE: u32 = 5;
/// What the chip measures, in pascal.
const MEASURES: core::ops::RangeInclusive<u32> = 30_000..=125_000;

/// Where a Bosch chip listens: its pin SDO decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sdo {
    /// SDO at ground: 0x76.
    Low,
    /// SDO at the supply: 0x77.
    High,
}

impl Sdo {
    pub(crate) const fn address(self) -> u8 {
        match self {
            Self::Low => 0x76,
            Self::High => 0x77,
        }
    }
}

/// A probe of pressure and temperature: BMP390, by single measurements of 11 ms, asleep (2 µA) between them.
///
/// Pressure comes before temperature, which the chip's own heat and place spoil: sample a better thermometer before it.
#[derive(Debug)]
pub struct Bmp390<I, D> {
    registers: Registers<I>,
    delay: D,
    calibration: Option<Calibration>,
}

impl<I: I2c, D: DelayNs> Bmp390<I, D> {
    /// The probe on this bus.
    pub const fn new(i2c: I, delay: D, sdo: Sdo) -> Self {
        Self { registers: Registers { i2c, address: sdo.address(), chip: Chip::Bmp390 }, delay, calibration: None }
    }

    /// What the chip left the factory with; after a fault, or at first, it is started anew and read again.
    async fn calibrated(&mut self) -> Result<Calibration, Fault<I::Error>> {
        if let Some(calibration) = self.calibration.take() {
            return Ok(calibration);
        }
        let chip = Chip::Bmp390;
        let [identity] = self.registers.read(CHIP_ID).await?;
        if identity != IDENTITY {
            return Err(Fault::WrongChip { chip, identity });
        }
        self.registers.write(&[COMMAND, RESET]).await?;
        self.delay.delay_ms(STARTS_MS).await;
        let bytes: [u8; LENGTH] = self.registers.read_surely(NVM).await?;
        Calibration::parse(bytes).ok_or(Fault::Uncalibrated { chip })
    }

    /// Measures once; what is read are the error and status registers, and the raw pressure and temperature behind them.
    async fn measure(&mut self) -> Result<(u32, u32), Fault<I::Error>> {
        let chip = Chip::Bmp390;
        self.registers.write(&[OSR, STANDARD, PWR_CTRL, FORCED]).await?;
        self.delay.delay_ms(TAKES_MS).await;
        for _ in 0..PATIENCE {
            let [error, status, p0, p1, p2, t0, t1, t2] = self.registers.read(ERROR).await?;
            if error & 0b111 != 0 {
                return Err(Fault::Refused { chip, bits: error });
            }
            if status & READY == READY {
                return Ok((u32::from_le_bytes([p0, p1, p2, 0]), u32::from_le_bytes([t0, t1, t2, 0])));
            }
            self.delay.delay_ms(1).await;
        }
        Err(Fault::Late { chip, waited_us: (TAKES_MS + PATIENCE) * 1000 })
    }
}

impl<I: I2c, D: DelayNs> Probe for Bmp390<I, D> {
    type Error = Fault<I::Error>;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let chip = Chip::Bmp390;
        let calibration = self.calibrated().await?;
        let (raw_pressure, raw_temperature) = self.measure().await?;

        let warmth = calibration.warmth(raw_temperature);
        let temperature = MilliCelsius(warmth.milli_celsius());
        if !OPERATES.contains(&temperature.0) {
            return Err(Fault::OutOfRange { chip, measure: temperature.into() });
        }
        let pressure = calibration.pascal(raw_pressure, warmth);
        let measure = Measure::new(units::Quantity::Pressure, pressure);
        let pascal = u32::try_from(pressure).ok().filter(|pascal| MEASURES.contains(pascal));
        let Some(pascal) = pascal else { return Err(Fault::OutOfRange { chip, measure }) };

        self.calibration = Some(calibration);
        into.add(Pascal(pascal).into());
        into.add(temperature.into());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
