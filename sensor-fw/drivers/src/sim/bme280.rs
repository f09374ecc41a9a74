use super::{
    Air, Device, Nack,
    floats::{scaled, solved},
};

/// A chip's calibration as its memory holds it, and what the datasheet makes of it, in floats (BME280, appendix 8.1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory(pub(crate) [u8; 26], pub(crate) [u8; 7]);

/// A real chip's, read by others (tests of the crate `bme280-rs` 0.4).
const MEMORY: Memory = Memory(
    [
        0xb1, 0x6f, 0x2e, 0x6a, 0x32, 0x00, 0xe2, 0x8f, 0x0a, 0xd7, 0xd0, 0x0b, 0x75, 0x1f, 0xc5, 0xff, 0xf9, 0xff,
        0xac, 0x26, 0x0a, 0xd8, 0xbd, 0x10, 0x00, 0x4b,
    ],
    [0x77, 0x01, 0x00, 0x12, 0x20, 0x03, 0x1e],
);

impl Memory {
    fn byte(&self, register: u8) -> u8 {
        let byte = match register {
            0x88..=0xa1 => self.0.get(usize::from(register - 0x88)),
            0xe1..=0xe7 => self.1.get(usize::from(register - 0xe1)),
            _ => None,
        };
        byte.copied().unwrap_or_default()
    }

    fn unsigned(&self, register: u8) -> f64 {
        f64::from(u16::from_le_bytes([self.byte(register), self.byte(register + 1)]))
    }

    fn signed(&self, register: u8) -> f64 {
        f64::from(i16::from_le_bytes([self.byte(register), self.byte(register + 1)]))
    }

    /// The "fine" temperature: 5120 a degree.
    pub(crate) fn fine(&self, raw: u32) -> f64 {
        let raw = f64::from(raw);
        let first = (raw / 16_384.0 - self.unsigned(0x88) / 1024.0) * self.signed(0x8a);
        first + (raw / 131_072.0 - self.unsigned(0x88) / 8192.0).powi(2) * self.signed(0x8c)
    }

    /// The pressure in pascal.
    pub(crate) fn pascal(&self, raw: u32, fine: f64) -> f64 {
        let half = fine / 2.0 - 64_000.0;
        let lack = half * half * self.signed(0x98) / 32_768.0 + half * self.signed(0x96) * 2.0;
        let lack = lack / 4.0 + self.signed(0x94) * 65_536.0;
        let gain = (self.signed(0x92) * half * half / 524_288.0 + self.signed(0x90) * half) / 524_288.0;
        let gain = (1.0 + gain / 32_768.0) * self.unsigned(0x8e);
        let p = (1_048_576.0 - f64::from(raw) - lack / 4096.0) * 6250.0 / gain;
        p + (scaled(self.signed(0x9e) * p * p, 31) + p * self.signed(0x9c) / 32_768.0 + self.signed(0x9a)) / 16.0
    }

    /// The humidity in %, not yet cropped to what there is.
    pub(crate) fn percent(&self, raw: u32, fine: f64) -> f64 {
        let nibble = self.byte(0xe5);
        let twelve = |high: u8, low: u8| f64::from(i16::from(high.cast_signed()) * 16 + i16::from(low));
        let (h4, h5) = (twelve(self.byte(0xe4), nibble & 0x0f), twelve(self.byte(0xe6), nibble >> 4));
        let (h3, h6) = (f64::from(self.byte(0xe3)), f64::from(self.byte(0xe7).cast_signed()));
        let v = fine - 76_800.0;
        let bend = 1.0 + scaled(h6, 26) * v * (1.0 + scaled(h3, 26) * v);
        let h = (f64::from(raw) - (h4 * 64.0 + h5 / 16_384.0 * v)) * (self.signed(0xe1) / 65_536.0 * bend);
        h * (1.0 - f64::from(self.byte(0xa1)) * h / 524_288.0)
    }
}

/// What a measurement of each once takes at most, in microseconds (datasheet 9.1).
const TAKES_US: u64 = 9300;
/// Nothing measured yet.
const NONE: [u8; 8] = [0x80, 0, 0, 0x80, 0, 0, 0x80, 0];

/// A simulated BME280 at 0x76 (SDO low), in forced mode.
///
/// While it measures it still gives the values of the last time, and says so only in its status.
pub struct Bme280<F> {
    truth: F,
    identity: u8,
    memory: Memory,
    pointer: u8,
    has_humidity: bool,
    starts_until_us: u64,
    done_us: Option<u64>,
    pending: [u8; 8],
    data: [u8; 8],
    measured_us: u64,
}

impl<F: FnMut(u64) -> Air + Send> Bme280<F> {
    /// A chip in the air that `truth` says for a time in microseconds.
    pub fn new(truth: F) -> Self {
        Self {
            truth,
            identity: 0x60,
            memory: MEMORY,
            pointer: 0,
            has_humidity: false,
            starts_until_us: 0,
            done_us: None,
            pending: NONE,
            data: NONE,
            measured_us: 0,
        }
    }

    /// The same with another identity, as the BMP280 without humidity has, which is often sold for it (0x58).
    #[must_use]
    pub fn of_identity(mut self, identity: u8) -> Self {
        self.identity = identity;
        self
    }

    /// The same with this calibration in its memory, from 0x88 and from 0xE1 on.
    #[must_use]
    pub fn calibrated(mut self, first: [u8; 26], second: [u8; 7]) -> Self {
        self.memory = Memory(first, second);
        self
    }

    fn settle(&mut self, now_us: u64) {
        if self.done_us.is_some_and(|done_us| now_us >= done_us) {
            (self.done_us, self.data) = (None, self.pending);
        }
    }

    fn measure(&mut self, now_us: u64) {
        let (air, memory) = ((self.truth)(now_us), self.memory);
        let temperature = solved(f64::from(air.milli_celsius) * 5.12, 1 << 20, |raw| memory.fine(raw));
        // The chip's pressure and humidity are those of the temperature which its own thermometer has.
        let fine = memory.fine(temperature);
        let pressure = solved(f64::from(air.pascal), 1 << 20, |raw| memory.pascal(raw, fine));
        let humidity = solved(f64::from(air.humidity) / 10_000.0, 1 << 16, |raw| memory.percent(raw, fine));
        let [_, p2, p1, p0] = (pressure << 4).to_be_bytes();
        let [_, t2, t1, t0] = (temperature << 4).to_be_bytes();
        let [_, _, h1, h0] = if self.has_humidity { humidity } else { 0x8000 }.to_be_bytes();
        self.pending = [p2, p1, p0, t2, t1, t0, h1, h0];
        self.done_us = Some(now_us + TAKES_US);
        self.measured_us += TAKES_US;
    }

    fn register(&self, now_us: u64, register: u8) -> u8 {
        match register {
            0xd0 => self.identity,
            0xf3 => u8::from(self.done_us.is_some()) << 3 | u8::from(now_us < self.starts_until_us),
            0xf7..=0xfe => self.data.get(usize::from(register) - 0xf7).copied().unwrap_or_default(),
            _ => self.memory.byte(register),
        }
    }
}

impl<F: FnMut(u64) -> Air + Send> Device for Bme280<F> {
    fn address(&self) -> u8 {
        0x76
    }

    fn write(&mut self, now_us: u64, bytes: &[u8]) -> Result<(), Nack> {
        self.settle(now_us);
        if let [register] = bytes {
            self.pointer = *register;
            return Ok(());
        }
        let (pairs, odd) = bytes.as_chunks::<2>();
        if !odd.is_empty() || now_us < self.starts_until_us {
            return Err(Nack);
        }
        for pair in pairs {
            match pair {
                [0xf2, 0b001] => self.has_humidity = true,
                [0xf4, 0b0010_0101] => self.measure(now_us),
                [0xe0, 0xb6] => {
                    (self.has_humidity, self.done_us, self.data) = (false, None, NONE);
                    self.starts_until_us = now_us + 2000;
                }
                _ => return Err(Nack),
            }
        }
        Ok(())
    }

    fn read(&mut self, now_us: u64, into: &mut [u8]) -> Result<(), Nack> {
        self.settle(now_us);
        for (register, place) in (self.pointer..=u8::MAX).zip(into) {
            *place = self.register(now_us, register);
        }
        Ok(())
    }

    fn measured_us(&self) -> u64 {
        self.measured_us
    }
}
