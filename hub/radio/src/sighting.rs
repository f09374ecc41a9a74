use hub_model::{Address, AdvertisingData, Now, RawAdvert, ReceiverId};

/// A device as one adapter heard it once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Who sent it.
    pub address: Address,
    /// Is that address random (static or private) rather than public? Who connects has to say it.
    pub is_random: bool,
    /// Can somebody connect to it now?
    pub is_connectable: bool,
    /// Received signal strength in dBm (−127 to +20), where the adapter told it.
    pub rssi: Option<i8>,
    /// What it says.
    pub data: AdvertisingData,
}

impl Sighting {
    /// The advert that the hub stores, if there is anything in it that somebody could decode.
    pub(crate) fn into_advert(self, receiver: ReceiverId, now: Now) -> Option<RawAdvert> {
        let AdvertisingData { name, service_data, manufacturer_data, .. } = self.data;
        (!service_data.is_empty() || !manufacturer_data.is_empty()).then_some(RawAdvert {
            address: self.address,
            receiver,
            rssi: self.rssi,
            at: now.stamp,
            received_us: now.us,
            name,
            service_data,
            manufacturer_data,
        })
    }
}
