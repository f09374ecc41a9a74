use std::vec::Vec;

use super::{
    Air, Device, Nack,
    words::{scaled, sent, sum},
};

const SERIAL: [u16; 3] = [0xf896, 0x9f07, 0x3bbe];
const SINGLE_SHOT_US: u64 = 5_000_000;

/// A simulated SCD41: what of it single shots use.
///
/// Its first measurement after a wake-up tells a tenth too much, so that who does not throw it away is found out. An
/// altitude that it was told makes it tell 11 % more for each 1000 m.
pub struct Scd4x<F> {
    truth: F,
    power: Power,
    busy_until_us: u64,
    reply: Vec<u8>,
    measurement: Option<[u16; 3]>,
    altitude_m: u16,
    is_first: bool,
    measured_us: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    Idle,
    Asleep,
    Periodic,
}

impl<F: FnMut(u64) -> Air + Send> Scd4x<F> {
    /// A chip that was just powered, in the air that `truth` says for a time in microseconds.
    pub fn new(truth: F) -> Self {
        Self {
            truth,
            power: Power::Idle,
            busy_until_us: 0,
            reply: Vec::new(),
            measurement: None,
            altitude_m: 0,
            is_first: true,
            measured_us: 0,
        }
    }

    /// The same, asleep, as a reset of the controller may find it.
    #[must_use]
    pub fn asleep(mut self) -> Self {
        self.power = Power::Asleep;
        self
    }

    /// The same, measuring every 5 s without end, as a reset of the controller may find it.
    #[must_use]
    pub fn periodic(mut self) -> Self {
        self.power = Power::Periodic;
        self
    }

    fn measure(&mut self, now_us: u64) {
        let air = (self.truth)(now_us);
        let told = u64::from(air.co2_ppm) * (1000 + u64::from(self.altitude_m) * 11 / 100) / 1000;
        let told = if self.is_first { told * 11 / 10 } else { told };
        self.is_first = false;
        self.measured_us += SINGLE_SHOT_US;
        self.measurement = Some([
            u16::try_from(told.min(40_000)).unwrap_or(40_000),
            scaled(i64::from(air.milli_celsius), -45_000, 130_000),
            scaled(i64::from(air.humidity), 0, 1_000_000),
        ]);
    }

    /// Does what a command says; the answer is how long it takes in milliseconds.
    fn obey(&mut self, now_us: u64, command: u16, argument: Option<u16>) -> Result<u64, Nack> {
        match (self.power, command, argument) {
            // The command that wakes it is never acknowledged.
            (Power::Asleep, 0x36f6, None) => {
                (self.power, self.is_first, self.busy_until_us) = (Power::Idle, true, now_us + 30_000);
                Err(Nack)
            }
            (Power::Asleep, ..) | (Power::Periodic, 0x219d | 0x3682 | 0x2427 | 0x36e0, _) | (_, 0x36f6, _) => Err(Nack),
            (_, 0x3f86, None) => {
                self.power = Power::Idle;
                Ok(500)
            }
            (Power::Idle, 0x219d, None) => {
                self.measure(now_us);
                Ok(SINGLE_SHOT_US / 1000)
            }
            (_, 0xec05, None) => {
                self.reply = sent(&self.measurement.take().ok_or(Nack)?);
                Ok(1)
            }
            (Power::Idle, 0x3682, None) => {
                self.reply = sent(&SERIAL);
                Ok(1)
            }
            (Power::Idle, 0x2427, Some(metres)) => {
                self.altitude_m = metres;
                Ok(1)
            }
            (Power::Idle, 0x36e0, None) => {
                (self.power, self.measurement) = (Power::Asleep, None);
                Ok(1)
            }
            _ => Err(Nack),
        }
    }
}

impl<F: FnMut(u64) -> Air + Send> Device for Scd4x<F> {
    fn address(&self) -> u8 {
        0x62
    }

    fn write(&mut self, now_us: u64, bytes: &[u8]) -> Result<(), Nack> {
        if now_us < self.busy_until_us {
            return Err(Nack);
        }
        self.reply.clear();
        let takes_ms = match *bytes {
            [high, low] => self.obey(now_us, u16::from_be_bytes([high, low]), None)?,
            [high, low, first, second, check] if check == sum([first, second]) => {
                self.obey(now_us, u16::from_be_bytes([high, low]), Some(u16::from_be_bytes([first, second])))?
            }
            _ => return Err(Nack),
        };
        self.busy_until_us = now_us + takes_ms * 1000;
        Ok(())
    }

    fn read(&mut self, now_us: u64, into: &mut [u8]) -> Result<(), Nack> {
        if now_us < self.busy_until_us || self.reply.is_empty() {
            return Err(Nack);
        }
        into.iter_mut().zip(self.reply.drain(..)).for_each(|(place, byte)| *place = byte);
        Ok(())
    }

    fn measured_us(&self) -> u64 {
        self.measured_us
    }
}
