use crate::{DeviceId, Quantity, ReceiverId};

/// One series of readings: a quantity of a device, and which of several equal sensors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeriesKey {
    /// Whose.
    pub device: DeviceId,
    /// What is measured.
    pub quantity: Quantity,
    /// Which of several sensors of one quantity in one device, counted from 0.
    pub instance: u8,
}

impl SeriesKey {
    /// The key of one series.
    pub const fn new(device: DeviceId, quantity: Quantity, instance: u8) -> Self {
        Self { device, quantity, instance }
    }
}

/// One measured value, an integer in the resolution of its quantity (binary quantities: 0 or 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Value {
    /// What is measured.
    pub quantity: Quantity,
    /// Which of several sensors of one quantity in one device, counted from 0.
    pub instance: u8,
    /// The value in steps of [`Quantity::exponent`].
    pub value: i64,
}

impl Value {
    /// A value of the only sensor of its quantity in a device, or of the first of them.
    pub const fn first(quantity: Quantity, value: i64) -> Self {
        Self { quantity, instance: 0, value }
    }
}

/// How a message reached the hub.
///
/// The counter stands here because it must be kept in the same durable record as the sample: what was
/// stored can then never be replayed, whatever crashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// Who heard it first.
    pub receiver: ReceiverId,
    /// Received signal strength in dBm.
    pub rssi: Option<i8>,
    /// The counter of an encrypted frame.
    pub counter: Option<u32>,
    /// Which sample of the sensor's own log it is, if it keeps one.
    pub sample: Option<SampleHint>,
    /// Was it fetched from that log, rather than heard?
    pub is_fetched: bool,
}

impl Origin {
    /// What was heard from a device that keeps no log.
    pub const fn heard(receiver: ReceiverId, rssi: Option<i8>, counter: Option<u32>) -> Self {
        Self { receiver, rssi, counter, sample: None, is_fetched: false }
    }
}

/// The end of a sample's number in its sensor's log, as the sensor's adverts say it: 4 bits of its boot, 12 of its number
/// in that boot. The same comes again after a while, so it needs the time beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SampleHint(pub u16);
