mod calibration;

use embedded_hal_async::{delay::DelayNs, i2c::I2c};
use units::{Measure, MilliCelsius, Pascal, Quantity};

use self::calibration::Calibration;
use crate::{
    Chip, Fault, Probe, Sample, Sdo,
    registers::{OPERATES, RESET, Registers, STARTS_MS},
};

const FIRST_NVM: u8 = 0x88;
const CHIP_ID: u8 = 0xd0;
const RESETS: u8 = 0xe0;
const SECOND_NVM: u8 = 0xe1;
const CTRL_HUM: u8 = 0xf2;
const STATUS: u8 = 0xf3;
const CTRL_MEAS: u8 = 0xf4;

const IDENTITY: u8 = 0x60;
/// Humidity once.
const ONCE: u8 = 0b001;
/// Temperature and pressure once (three bits each), one measurement, then sleep: as for weather stations (datasheet 3.5.1).
const FORCED: u8 = 0b0010_0101;
/// In the status: a measurement runs; the memory is being copied.
const MEASURING: u8 = 0b1000;
const COPYING: u8 = 0b1;
/// At most 1.25 + 2.3 + 2.3 + 0.575 + 2.3 + 0.575 ms (datasheet 9.1).
const TAKES_MS: u32 = 10;
const PATIENCE: u32 = 5;
/// What temperature, pressure and humidity read as before anything was measured (datasheet 5.4.7 to 5.4.9). Each alone is a
/// number like any other.
const NOTHING: (u32, u32, u16) = (0x8_0000, 0x8_0000, 0x8000);
/// What the chip measures, in pascal.
const MEASURES: core::ops::RangeInclusive<i64> = 30_000..=110_000;

/// A probe of temperature, humidity and pressure: BME280, by single measurements of 10 ms, asleep (0.1 µA) between them.
#[derive(Debug)]
pub struct Bme280<I, D> {
    registers: Registers<I>,
    delay: D,
    calibration: Option<Calibration>,
}

impl<I: I2c, D: DelayNs> Bme280<I, D> {
    /// The probe on this bus.
    pub const fn new(i2c: I, delay: D, sdo: Sdo) -> Self {
        Self { registers: Registers { i2c, address: sdo.address(), chip: Chip::Bme280 }, delay, calibration: None }
    }

    /// What the chip left the factory with; after a fault, or at first, it is started anew and read again.
    async fn calibrated(&mut self) -> Result<Calibration, Fault<I::Error>> {
        if let Some(calibration) = self.calibration.take() {
            return Ok(calibration);
        }
        let chip = Chip::Bme280;
        let [identity] = self.registers.read(CHIP_ID).await?;
        if identity != IDENTITY {
            return Err(Fault::WrongChip { chip, identity });
        }
        self.registers.write(&[RESETS, RESET]).await?;
        self.delay.delay_ms(STARTS_MS).await;
        let [status] = self.registers.read(STATUS).await?;
        if status & COPYING != 0 {
            return Err(Fault::Late { chip, waited_us: STARTS_MS * 1000 });
        }
        let (first, second) =
            (self.registers.read_surely(FIRST_NVM).await?, self.registers.read_surely(SECOND_NVM).await?);
        Calibration::parse(first, second).ok_or(Fault::Uncalibrated { chip })
    }

    /// Measures once: the raw temperature, pressure and humidity.
    async fn measure(&mut self) -> Result<(u32, u32, u16), Fault<I::Error>> {
        // What is set for humidity counts from the next write of CTRL_MEAS on (datasheet 5.4.3).
        self.registers.write(&[CTRL_HUM, ONCE, CTRL_MEAS, FORCED]).await?;
        self.delay.delay_ms(TAKES_MS).await;
        for _ in 0..PATIENCE {
            // In one go, so that all are of one measurement: status, settings, and what was measured.
            let [status, _, _, _, p2, p1, p0, t2, t1, t0, h1, h0] = self.registers.read(STATUS).await?;
            let wide = |high, middle, low| u32::from_be_bytes([0, high, middle, low]) >> 4;
            let raw = (wide(t2, t1, t0), wide(p2, p1, p0), u16::from_be_bytes([h1, h0]));
            if status & MEASURING == 0 && raw != NOTHING {
                return Ok(raw);
            }
            self.delay.delay_ms(1).await;
        }
        Err(Fault::Late { chip: Chip::Bme280, waited_us: (TAKES_MS + PATIENCE) * 1000 })
    }
}

impl<I: I2c, D: DelayNs> Probe for Bme280<I, D> {
    type Error = Fault<I::Error>;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let chip = Chip::Bme280;
        let calibration = self.calibrated().await?;
        let (raw_temperature, raw_pressure, raw_humidity) = self.measure().await?;

        let warmth = calibration.warmth(raw_temperature);
        let temperature = MilliCelsius(warmth.milli_celsius());
        if !OPERATES.contains(&temperature.0) {
            return Err(Fault::OutOfRange { chip, measure: temperature.into() });
        }
        let pressure = calibration.pascal(raw_pressure, warmth).ok_or(Fault::Uncalibrated { chip })?;
        let pascal = u32::try_from(pressure).ok().filter(|_| MEASURES.contains(&pressure));
        let measure = Measure::new(Quantity::Pressure, pressure);
        let Some(pascal) = pascal else { return Err(Fault::OutOfRange { chip, measure }) };

        let humidity = Measure::new(Quantity::Humidity, calibration.humidity(raw_humidity, warmth));
        self.calibration = Some(calibration);
        into.add(temperature.into());
        into.add(humidity);
        into.add(Pascal(pascal).into());
        Ok(())
    }
}

#[cfg(test)]
mod tests;
