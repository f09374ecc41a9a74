use embedded_hal_async::{delay::DelayNs, i2c::I2c};
use scd4x::{Scd4xAsync, types::RawSensorData};
use units::{Measure, Quantity};

use crate::{Chip, Fault, Probe, Sample, sht4x};

/// How long the chip takes to wake (datasheet 1.4, 3.11.4: 30 ms; earlier issues say 20 ms).
const WAKES_MS: u32 = 30;
/// What the chip can tell (datasheet, table 1): up to 40 000 ppm. Zero is what it tells when it measured no CO₂.
const TELLS: core::ops::RangeInclusive<u16> = 1..=40_000;
/// What the chip is specified for, in 0.001 °C (datasheet, table 3).
const OPERATES: core::ops::RangeInclusive<i32> = -10_000..=60_000;

/// How the chip rests between two samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Awake, at 150 µA: the chip goes on to calibrate itself by the freshest air of each week.
    Idle,
    /// Powered down, at 0.5 µA. Each sample then takes two measurements, as the first after a wake-up is to be thrown
    /// away (datasheet 3.10), and the chip no longer calibrates itself. At 3.3 V this pays from 8 minutes between two
    /// samples on: a measurement takes 243 mJ, a second of idling 0.5 mJ.
    PowerDown,
}

/// A probe of carbon dioxide, by single shots of 5 seconds: SCD41 or SCD43; the SCD40 has none.
///
/// It adds temperature and humidity too, which a better chip that was sampled before outdoes.
#[derive(Debug)]
pub struct Scd4x<I, D> {
    i2c: I,
    delay: D,
    rest: Rest,
    altitude_m: Option<u16>,
    state: State,
}

/// What the driver knows of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing: it may be off, measuring without end, or asleep.
    Unknown,
    /// Awake, and its first measurement is thrown away already.
    Warm,
    /// Powered down in good order.
    Asleep,
}

impl<I: I2c, D: DelayNs> Scd4x<I, D> {
    /// The probe on this bus, at the only address that there is.
    pub const fn new(i2c: I, delay: D, rest: Rest) -> Self {
        Self { i2c, delay, rest, altitude_m: None, state: State::Unknown }
    }

    /// The same at so many metres above the sea, at most 3000: what is beyond counts as that.
    ///
    /// The chip counts molecules and needs the pressure to say a share: 1000 m away from the truth are 11 % of its reading.
    #[must_use]
    pub const fn at_altitude_m(mut self, metres: u16) -> Self {
        self.altitude_m = Some(if metres > 3000 { 3000 } else { metres });
        self
    }

    async fn start(&mut self) -> Result<(), scd4x::Error<I::Error>> {
        self.wake().await;
        let mut chip = Scd4xAsync::new(&mut self.i2c, &mut self.delay);
        // A reset of ours may have left it measuring without end, in which it takes no other command.
        chip.stop_periodic_measurement().await?;
        self.set_up().await
    }

    /// The chip does not acknowledge the command that wakes it, and the crate waits only after one that is: so we wait,
    /// and ask for the serial number, as the datasheet says, to see that it is awake.
    async fn wake(&mut self) {
        Scd4xAsync::new(&mut self.i2c, &mut self.delay).wake_up().await;
        self.delay.delay_ms(WAKES_MS).await;
    }

    /// Tells it where it is, which it keeps in RAM alone, and throws the first measurement away.
    async fn set_up(&mut self) -> Result<(), scd4x::Error<I::Error>> {
        let mut chip = Scd4xAsync::new(&mut self.i2c, &mut self.delay);
        chip.serial_number().await?;
        if let Some(metres) = self.altitude_m {
            chip.set_altitude(metres).await?;
        }
        chip.measure_single_shot().await
    }

    async fn measure(&mut self) -> Result<RawSensorData, scd4x::Error<I::Error>> {
        match self.state {
            State::Unknown => self.start().await?,
            State::Asleep => {
                self.wake().await;
                self.set_up().await?;
            }
            State::Warm => {}
        }
        // What happens until the end of the sample, or keeps it from ending, is unknown.
        self.state = State::Unknown;
        let mut chip = Scd4xAsync::new(&mut self.i2c, &mut self.delay);
        chip.measure_single_shot().await?;
        let raw = chip.sensor_output().await?;
        self.state = match self.rest {
            Rest::Idle => State::Warm,
            Rest::PowerDown => {
                chip.power_down().await?;
                State::Asleep
            }
        };
        Ok(raw)
    }
}

impl<I: I2c, D: DelayNs> Probe for Scd4x<I, D> {
    type Error = Fault<I::Error>;

    async fn sample(&mut self, into: &mut Sample) -> Result<(), Self::Error> {
        let chip = Chip::Scd4x;
        let raw = self.measure().await.map_err(|error| match error {
            scd4x::Error::I2c(error) => Fault::Bus { chip, error },
            // The crate's other errors are of commands that are not given here.
            _ => Fault::Corrupt { chip },
        })?;
        let co2 = Measure::new(Quantity::Co2, i64::from(raw.co2));
        let temperature = sht4x::temperature(raw.temperature);
        if !TELLS.contains(&raw.co2) {
            return Err(Fault::OutOfRange { chip, measure: co2 });
        }
        if !OPERATES.contains(&temperature.0) {
            return Err(Fault::OutOfRange { chip, measure: temperature.into() });
        }
        into.add(co2);
        into.add(temperature.into());
        into.add(humidity(raw.humidity));
        Ok(())
    }
}

/// `RH = 100 · raw / 65535` in % (datasheet 3.6.2), rounded to 0.0001 %.
fn humidity(raw: u16) -> Measure {
    Measure::new(Quantity::Humidity, (i64::from(raw) * 1_000_000 + 32_767) / 65_535)
}

#[cfg(test)]
mod tests;
