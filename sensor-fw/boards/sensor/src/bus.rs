//! An I²C bus that exists while it is used: a TWIM that is only enabled draws 0.4 mA and more.

use embassy_nrf::{
    Peri,
    gpio::AnyPin,
    twim::{Config, Error, Frequency, Twim},
};
use embassy_time::{Duration, with_timeout};
use embedded_hal_async::i2c::{ErrorType, I2c, Operation};

use crate::radio::Irqs;

#[cfg(not(feature = "nrf54l15"))]
pub(crate) type Twi = embassy_nrf::peripherals::TWISPI0;
#[cfg(feature = "nrf54l15")]
pub(crate) type Twi = embassy_nrf::peripherals::SERIAL20;

/// A chip that holds the clock line is given up after this; the longest transfer of ours takes 3 ms.
const TIMEOUT: Duration = Duration::from_millis(50);
/// DMA does not reach flash: what is written from there is copied first, and no command of ours is longer.
const COPY: usize = 16;

pub(crate) struct Bus {
    pub(crate) twi: Peri<'static, Twi>,
    pub(crate) sda: Peri<'static, AnyPin>,
    pub(crate) scl: Peri<'static, AnyPin>,
}

impl ErrorType for Bus {
    type Error = Error;
}

impl I2c for Bus {
    async fn transaction(&mut self, address: u8, operations: &mut [Operation<'_>]) -> Result<(), Error> {
        let mut config = Config::default();
        config.frequency = Frequency::K400;
        let mut copy = [0; COPY];
        let mut twim =
            Twim::new(self.twi.reborrow(), Irqs, self.sda.reborrow(), self.scl.reborrow(), config, &mut copy);
        with_timeout(TIMEOUT, twim.transaction(address, operations)).await.unwrap_or(Err(Error::Timeout))
    }
}
