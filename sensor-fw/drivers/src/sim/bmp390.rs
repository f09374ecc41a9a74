use super::{
    Air, Device, Nack,
    floats::{scaled, solved},
};

/// A chip's calibration as its memory holds it, and what the datasheet makes of it, in floats (BMP390, appendix 8).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory(pub(crate) [u8; 21]);

/// A real chip's, read by others (tests of the crate `bmp390` 0.5).
const MEMORY: Memory = Memory([
    0x98, 0x6c, 0xa9, 0x4a, 0xf9, 0xe3, 0x1c, 0x61, 0x16, 0x06, 0x01, 0x51, 0x4a, 0xde, 0x5d, 0x03, 0xfa, 0xf9, 0x0e,
    0x06, 0xf5,
]);

impl Memory {
    fn byte(&self, at: usize) -> u8 {
        self.0.get(at).copied().unwrap_or_default()
    }

    fn unsigned(&self, at: usize) -> f64 {
        f64::from(u16::from_le_bytes([self.byte(at), self.byte(at + 1)]))
    }

    fn signed(&self, at: usize) -> f64 {
        f64::from(i16::from_le_bytes([self.byte(at), self.byte(at + 1)]))
    }

    fn small(&self, at: usize) -> f64 {
        f64::from(self.byte(at).cast_signed())
    }

    /// The temperature in °C.
    pub(crate) fn celsius(&self, raw: u32) -> f64 {
        let d = f64::from(raw) - scaled(self.unsigned(0), -8);
        d * scaled(self.unsigned(2), 30) + d * d * scaled(self.small(4), 48)
    }

    /// The pressure in pascal at `t` °C.
    pub(crate) fn pascal(&self, raw: u32, t: f64) -> f64 {
        let p = f64::from(raw);
        let polynomial = |zeroth: f64, first: f64, second: f64, third: f64| {
            zeroth + first * t + second * t.powi(2) + third * t.powi(3)
        };
        let offset = polynomial(
            scaled(self.unsigned(11), -3),
            scaled(self.unsigned(13), 6),
            scaled(self.small(15), 8),
            scaled(self.small(16), 15),
        );
        let sensitivity = polynomial(
            scaled(self.signed(5) - 16_384.0, 20),
            scaled(self.signed(7) - 16_384.0, 29),
            scaled(self.small(9), 32),
            scaled(self.small(10), 37),
        );
        let bend = polynomial(scaled(self.signed(17), 48), scaled(self.small(19), 48), 0.0, 0.0);
        offset + p * sensitivity + p.powi(2) * bend + p.powi(3) * scaled(self.small(20), 65)
    }
}

/// What a forced measurement takes up to its pressure and then up to its temperature, in microseconds (datasheet 3.9).
const fn takes_us(osr: u8) -> (u64, u64) {
    (234 + 392 + 2020 * (1 << (osr & 0b111)), 163 + 2020 * (1 << ((osr >> 3) & 0b111)))
}

/// A simulated BMP390 at 0x77 (SDO high), in forced mode.
///
/// Where its conversion is not over it still gives the values of the last, and says so only in its status.
pub struct Bmp390<F> {
    truth: F,
    identity: u8,
    memory: Memory,
    pointer: u8,
    osr: u8,
    error: u8,
    is_normal: bool,
    starts_until_us: u64,
    done_us: Option<u64>,
    pending: [u8; 6],
    data: [u8; 6],
    status: u8,
    measured_us: u64,
}

impl<F: FnMut(u64) -> Air + Send> Bmp390<F> {
    /// A chip in the air that `truth` says for a time in microseconds.
    pub fn new(truth: F) -> Self {
        Self {
            truth,
            identity: 0x60,
            memory: MEMORY,
            pointer: 0,
            osr: 0x02,
            error: 0,
            is_normal: false,
            starts_until_us: 0,
            done_us: None,
            pending: [0; 6],
            // After a reset both read as the middle of their range.
            data: [0, 0, 0x80, 0, 0, 0x80],
            status: 0,
            measured_us: 0,
        }
    }

    /// The same with another identity, as its forerunner BMP388 has (0x50).
    #[must_use]
    pub fn of_identity(mut self, identity: u8) -> Self {
        self.identity = identity;
        self
    }

    /// The same with this calibration in its memory.
    #[must_use]
    pub fn calibrated(mut self, memory: [u8; 21]) -> Self {
        self.memory = Memory(memory);
        self
    }

    /// The same, which reports these errors of its own.
    #[must_use]
    pub fn reporting(mut self, error: u8) -> Self {
        self.error = error;
        self
    }

    /// The same in normal mode, measuring without end, as another program may have left it.
    #[must_use]
    pub fn periodic(mut self) -> Self {
        self.is_normal = true;
        self
    }

    fn settle(&mut self, now_us: u64) {
        if self.done_us.is_some_and(|done_us| now_us >= done_us) {
            (self.done_us, self.data, self.status) = (None, self.pending, 0b0110_0000);
        }
        let (_, temperature_us) = takes_us(self.osr);
        if self.done_us.is_some_and(|done_us| now_us + temperature_us >= done_us) {
            self.status = 0b0010_0000;
        }
    }

    fn set(&mut self, now_us: u64, register: u8, value: u8) -> Result<(), Nack> {
        match (register, value) {
            // It leaves that mode only to sleep.
            (0x1b, 0b01_0011) if self.is_normal => {}
            (0x1b, 0b01_0011) => {
                let air = (self.truth)(now_us);
                let celsius = f64::from(air.milli_celsius) / 1000.0;
                let memory = self.memory;
                let temperature = solved(celsius, 1 << 24, |raw| memory.celsius(raw));
                // The chip's pressure is that of the temperature which its own thermometer has.
                let t = memory.celsius(temperature);
                let pressure = solved(f64::from(air.pascal), 1 << 24, |raw| memory.pascal(raw, t));
                let ([p0, p1, p2, _], [t0, t1, t2, _]) = (pressure.to_le_bytes(), temperature.to_le_bytes());
                self.pending = [p0, p1, p2, t0, t1, t2];
                let (pressure_us, temperature_us) = takes_us(self.osr);
                self.done_us = Some(now_us + pressure_us + temperature_us);
                self.measured_us += pressure_us + temperature_us;
            }
            (0x1c, osr) => self.osr = osr,
            (0x7e, 0xb6) => {
                (self.osr, self.done_us, self.status, self.data) = (0x02, None, 0, [0, 0, 0x80, 0, 0, 0x80]);
                (self.is_normal, self.starts_until_us) = (false, now_us + 2000);
            }
            _ => return Err(Nack),
        }
        Ok(())
    }

    fn register(&self, register: u8) -> u8 {
        match register {
            0x00 => self.identity,
            0x02 => self.error,
            0x03 => self.status | 0b1_0000,
            0x04..=0x09 => self.data.get(usize::from(register) - 0x04).copied().unwrap_or_default(),
            0x1c => self.osr,
            0x31..=0x45 => self.memory.byte(usize::from(register) - 0x31),
            _ => 0,
        }
    }
}

impl<F: FnMut(u64) -> Air + Send> Device for Bmp390<F> {
    fn address(&self) -> u8 {
        0x77
    }

    fn write(&mut self, now_us: u64, bytes: &[u8]) -> Result<(), Nack> {
        if now_us < self.starts_until_us {
            return Err(Nack);
        }
        self.settle(now_us);
        match bytes {
            [register] => self.pointer = *register,
            pairs => {
                let (pairs, odd) = pairs.as_chunks::<2>();
                if !odd.is_empty() {
                    return Err(Nack);
                }
                for [register, value] in pairs {
                    self.set(now_us, *register, *value)?;
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, now_us: u64, into: &mut [u8]) -> Result<(), Nack> {
        if now_us < self.starts_until_us {
            return Err(Nack);
        }
        self.settle(now_us);
        for (register, place) in (self.pointer..=u8::MAX).zip(into) {
            *place = self.register(register);
            // Reading a value says that it was read.
            self.status &= match register {
                0x04..=0x06 => !0b0010_0000,
                0x07..=0x09 => !0b0100_0000,
                _ => 0xff,
            };
        }
        Ok(())
    }

    fn measured_us(&self) -> u64 {
        self.measured_us
    }
}
