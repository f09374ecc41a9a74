use thiserror::Error;

use crate::DeviceId;

/// The number of a pairing, from 1; new ones after a start of the hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairingId(pub u32);

/// How far a pairing has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PairingStep {
    /// Nobody with this label was heard yet.
    Looking,
    /// It was heard, and the hub connects.
    Found,
    /// Hub and sensor prove to each other who they are.
    Proving,
    /// The sensor gets its key and its settings.
    SettingUp,
    /// The sensor has its key; the hub waits for a reading under it.
    FirstReading,
    /// It is in the house.
    Paired {
        /// As which device.
        device: DeviceId,
    },
    /// It came to nothing.
    Failed {
        /// Why.
        why: PairingFailure,
    },
}

impl PairingStep {
    /// Has it ended, one way or the other?
    pub const fn is_last(self) -> bool {
        matches!(self, Self::Paired { .. } | Self::Failed { .. })
    }
}

/// Why a pairing came to nothing: each tells a person what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PairingFailure {
    /// No sensor with this label was heard.
    #[error(
        "the sensor was not found; press its button for a second, or take its battery out and put it in again, and hold it near the hub"
    )]
    NotFound,
    /// The sensor that answered is not the one of this label.
    #[error("the code does not belong to this sensor; scan the label of the sensor itself again")]
    WrongCode,
    /// It belongs to another hub.
    #[error(
        "the sensor belongs to another hub; remove it there, or hold its button for ten seconds to reset it, then pair again"
    )]
    ClaimedElsewhere,
    /// Its signal is too weak for a connection that holds.
    #[error("the sensor's signal is too weak; bring it nearer to the hub, pair it there, and put it back afterwards")]
    WeakSignal,
    /// Its battery is too weak to keep what it is told.
    #[error("the sensor's battery is too low; put a new one in and pair again")]
    BatteryLow,
    /// The connection was lost, again and again.
    #[error("the connection to the sensor was lost; hold it near the hub and pair again")]
    LinkLost,
    /// The sensor took its key, and nothing readable was heard from it afterwards.
    #[error(
        "the sensor took its key but was not heard afterwards; leave it near the hub: it joins by itself when it is heard"
    )]
    NoReading,
    /// The sensor speaks another version of the protocol, or refused.
    #[error("the sensor refused; update the hub, then pair again")]
    Refused,
    /// No adapter of this hub can connect.
    #[error("the hub cannot connect to sensors now; see the health of its Bluetooth adapter")]
    NoRadio,
    /// The house has all the devices that it may have, or the hub could not keep the key.
    #[error("the hub could not keep the sensor; its log has the reason")]
    NotKept,
    /// The owner called it off.
    #[error("the pairing was called off")]
    Cancelled,
}

impl PairingFailure {
    /// All that there are, in the order of their numbers in stored events.
    pub const ALL: [Self; 11] = [
        Self::NotFound,
        Self::WrongCode,
        Self::ClaimedElsewhere,
        Self::WeakSignal,
        Self::BatteryLow,
        Self::LinkLost,
        Self::NoReading,
        Self::Refused,
        Self::NoRadio,
        Self::NotKept,
        Self::Cancelled,
    ];
}

/// A pairing as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairing {
    /// Its number.
    pub id: PairingId,
    /// The number in the label of the sensor.
    pub uid: u64,
    /// How far it has come.
    pub step: PairingStep,
    /// How many milliseconds it took from the request on, so far or in all.
    pub took_ms: u64,
}
