use super::{
    Air, Device, Nack,
    words::{scaled, sent},
};

/// How long measurements take at most, in microseconds (SHT4x datasheet, table 4): high, medium, low precision.
const MEASURES: [(u8, u64); 3] = [(0xfd, 8300), (0xf6, 4500), (0xe0, 1600)];

/// A simulated SHT4x at address 0x44.
pub struct Sht4x<F> {
    truth: F,
    /// What it is doing or holds to be read: since when it may be read, and the bytes.
    reply: Option<(u64, std::vec::Vec<u8>)>,
    measured_us: u64,
}

impl<F: FnMut(u64) -> Air + Send> Sht4x<F> {
    /// A chip in the air that `truth` says for a time in microseconds.
    pub fn new(truth: F) -> Self {
        Self { truth, reply: None, measured_us: 0 }
    }
}

impl<F: FnMut(u64) -> Air + Send> Device for Sht4x<F> {
    fn address(&self) -> u8 {
        0x44
    }

    fn write(&mut self, now_us: u64, bytes: &[u8]) -> Result<(), Nack> {
        if self.reply.as_ref().is_some_and(|(ready_us, _)| now_us < *ready_us) {
            return Err(Nack);
        }
        let [command] = bytes else { return Err(Nack) };
        let (_, takes_us) = MEASURES.iter().find(|(known, _)| known == command).ok_or(Nack)?;
        let air = (self.truth)(now_us);
        let temperature = scaled(i64::from(air.milli_celsius), -45_000, 130_000);
        let humidity = scaled(i64::from(air.humidity), -60_000, 1_190_000);
        self.reply = Some((now_us + takes_us, sent(&[temperature, humidity])));
        self.measured_us += takes_us;
        Ok(())
    }

    fn read(&mut self, now_us: u64, into: &mut [u8]) -> Result<(), Nack> {
        match self.reply.take() {
            Some((ready_us, bytes)) if now_us >= ready_us => {
                into.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
                Ok(())
            }
            busy => {
                self.reply = busy;
                Err(Nack)
            }
        }
    }

    fn measured_us(&self) -> u64 {
        self.measured_us
    }
}
