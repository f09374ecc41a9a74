use hub_model::{Address, AdvertisingData};

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
