//! How Bosch's chips are spoken to: registers of one byte, counted on by themselves.

use embedded_hal_async::i2c::I2c;

use crate::{Chip, Fault};

/// A chip of registers on a bus.
#[derive(Debug)]
pub(crate) struct Registers<I> {
    pub(crate) i2c: I,
    pub(crate) address: u8,
    pub(crate) chip: Chip,
}

impl<I: I2c> Registers<I> {
    /// Writes pairs of register and value.
    pub(crate) async fn write(&mut self, pairs: &[u8]) -> Result<(), Fault<I::Error>> {
        let chip = self.chip;
        self.i2c.write(self.address, pairs).await.map_err(|error| Fault::Bus { chip, error })
    }

    /// Reads registers from `first` on.
    pub(crate) async fn read<const N: usize>(&mut self, first: u8) -> Result<[u8; N], Fault<I::Error>> {
        let (chip, mut bytes) = (self.chip, [0; N]);
        let read = self.i2c.write_read(self.address, &[first], &mut bytes).await;
        read.map(|()| bytes).map_err(|error| Fault::Bus { chip, error })
    }

    /// Reads registers that never change, twice: nothing else tells a calibration that was misread, and the sensor would
    /// reckon with it until its next start.
    pub(crate) async fn read_surely<const N: usize>(&mut self, first: u8) -> Result<[u8; N], Fault<I::Error>> {
        let (once, again) = (self.read(first).await?, self.read(first).await?);
        if once == again { Ok(once) } else { Err(Fault::Corrupt { chip: self.chip }) }
    }
}

/// What register 0xE0 or 0x7E takes as the order to start anew.
pub(crate) const RESET: u8 = 0xb6;
/// How long the chips take to start, in milliseconds: at most 2 by both datasheets.
pub(crate) const STARTS_MS: u32 = 3;
/// Both chips in 0.001 °C: their datasheets give −40 to 85 °C.
pub(crate) const OPERATES: core::ops::RangeInclusive<i32> = -40_000..=85_000;
