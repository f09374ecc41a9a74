use std::fmt;

use crate::{Address, BootId, Peer, Stamp};

/// Which receiver heard an advertisement: an adapter, a remote receiver, a capture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReceiverId(pub u16);

impl ReceiverId {
    /// A capture that is replayed, or a simulation: no receiver of this hub.
    pub const NONE: Self = Self(0);
}

impl fmt::Display for ReceiverId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "receiver {}", self.0)
    }
}

/// One advertisement as it was heard, before anybody knows what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawAdvert {
    /// Who sent it.
    pub address: Address,
    /// Who heard it.
    pub receiver: ReceiverId,
    /// Received signal strength in dBm (−127 to +20), where the receiver told it.
    pub rssi: Option<i8>,
    /// When it was heard.
    pub at: Stamp,
    /// The same moment in microseconds since boot, for the trace of the reading.
    pub received_us: u64,
    /// The complete or shortened local name, where it was sent.
    pub name: Option<String>,
    /// Service data by 16-bit UUID (AD type 0x16), without the UUID itself.
    pub service_data: Vec<(u16, Vec<u8>)>,
    /// Service data by 128-bit UUID (AD type 0x21), without the UUID itself.
    pub long_service_data: Vec<(u128, Vec<u8>)>,
    /// Manufacturer data by company identifier (AD type 0xFF), without the identifier itself.
    pub manufacturer_data: Vec<(u16, Vec<u8>)>,
    /// Is the address random (static or private) rather than public? Who connects has to say it.
    pub is_random: bool,
    /// Can somebody connect to the sender now?
    pub is_connectable: bool,
}

impl RawAdvert {
    /// An advert of this sender that says nothing, from no receiver of this hub.
    pub const fn new(address: Address, at: Stamp) -> Self {
        Self {
            address,
            receiver: ReceiverId::NONE,
            rssi: None,
            at,
            received_us: 0,
            name: None,
            service_data: Vec::new(),
            long_service_data: Vec::new(),
            manufacturer_data: Vec::new(),
            is_random: false,
            is_connectable: false,
        }
    }

    /// An advert of this sender that says nothing, heard at no time that matters: for whoever only wants it decoded.
    pub const fn timeless(address: Address) -> Self {
        Self::new(address, Stamp { boot: BootId::WALL, ms: 0 })
    }

    /// Its sender, to be connected to from where it was heard.
    pub const fn sender(&self) -> Peer {
        Peer { address: self.address, is_random: self.is_random, receiver: self.receiver }
    }
}
