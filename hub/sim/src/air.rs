use fw_host::AdvertisingPdu;
use hub_model::{Address, AdvertisingData, RawAdvert, ReceiverId, Stamp};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What lies between sensors and receivers: frames are lost, and heard by more than one.
#[derive(Debug, Clone)]
pub struct Air {
    luck: ChaCha8Rng,
    receivers: u16,
    /// Share of frames that one receiver does not hear, 0 to 1.
    loss: f64,
}

impl Air {
    /// Air with so many receivers, each of which misses the share `loss` of all frames.
    pub fn new(seed: u64, receivers: u16, loss: f64) -> Self {
        Self { luck: ChaCha8Rng::seed_from_u64(seed), receivers, loss: loss.clamp(0.0, 1.0) }
    }

    /// Changes the share of frames that one receiver misses.
    pub fn set_loss(&mut self, loss: f64) {
        self.loss = loss.clamp(0.0, 1.0);
    }

    /// What the receivers hear of one frame that is sent once.
    pub fn carry(&mut self, advert: &RawAdvert) -> Vec<RawAdvert> {
        let mut heard = Vec::new();
        for receiver in 1..=self.receivers {
            if self.luck.random_bool(self.loss) {
                continue;
            }
            let rssi = i8::try_from(self.luck.random_range(-92..=-48)).ok();
            heard.push(RawAdvert { receiver: ReceiverId(receiver), rssi, ..advert.clone() });
        }
        heard
    }
}

/// What a receiver next to the sensor makes of an advert that it hears then.
pub(crate) fn heard(pdu: &AdvertisingPdu, at: Stamp) -> RawAdvert {
    let AdvertisingData { name, service_data, long_service_data, manufacturer_data } =
        AdvertisingData::parse(pdu.data());
    RawAdvert {
        receiver: ReceiverId::NONE,
        received_us: at.ms.saturating_mul(1000),
        name,
        service_data,
        long_service_data,
        manufacturer_data,
        is_random: true,
        is_connectable: pdu.is_connectable,
        ..RawAdvert::new(Address::new(pdu.from), at)
    }
}
