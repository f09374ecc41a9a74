//! The supply's voltage by the SAADC, which exists for one conversion.

use core::convert::Infallible;

use embassy_nrf::{
    Peri,
    peripherals::SAADC,
    saadc::{ChannelConfig, Config, Saadc, VddInput},
};
use fw_drivers::{Converter, Scale};

use crate::radio::Irqs;

/// nRF52: 0.6 V inside and gain 1/6; nRF54L: 0.9 V and gain 2/8. Both reach to 3.6 V in 12 bits.
pub(crate) const SCALE: Scale = Scale::NRF52;

pub(crate) struct Vdd(pub(crate) Peri<'static, SAADC>);

impl Converter for Vdd {
    type Error = Infallible;

    async fn convert(&mut self) -> Result<i16, Infallible> {
        let channel = ChannelConfig::single_ended(VddInput);
        let mut saadc = Saadc::new(self.0.reborrow(), Irqs, Config::default(), [channel]);
        let mut counts = [0];
        saadc.sample(&mut counts).await;
        let [count] = counts;
        Ok(count)
    }
}
