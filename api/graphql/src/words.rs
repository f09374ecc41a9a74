//! The closed vocabularies of the schema, each with its word in the hub's model.

use async_graphql::Enum;
use hub_model::{Kind, ReplayRule};

/// How far a time can be trusted.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::TimeQuality")]
pub(crate) enum TimeQuality {
    /// From a clock that was set (network, real-time clock, or given with the data).
    Synchronised,
    /// Guessed from the last time that was known; it is corrected when the clock is set.
    Estimated,
}

/// How the values of a quantity behave over time.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum QuantityKind {
    /// A level that rises and falls: minimum, mean and maximum say what happened.
    Measurement,
    /// A meter that only grows until it is reset or wraps: differences say what happened.
    Total,
    /// 0 or 1; a mean is the share of readings that were 1.
    Binary,
}

impl From<Kind> for QuantityKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Measurement => Self::Measurement,
            Kind::Total => Self::Total,
            Kind::Binary => Self::Binary,
        }
    }
}

/// How well the messages of a device are protected against forging.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// Encrypted with the device's own key, and the counter must always grow: nobody can forge or replay.
    Full,
    /// Encrypted, but the counter may restart: nobody can forge, old messages can be replayed.
    Reduced,
    /// Plain text, or not adopted with its key yet: anybody nearby can forge.
    None,
}

impl Protection {
    /// The protection of an adopted device.
    pub(crate) const fn of(device: &hub_model::Device) -> Self {
        match (device.key, device.replay) {
            (None, _) => Self::None,
            (Some(_), ReplayRule::Strict) => Self::Full,
            (Some(_), ReplayRule::Compat) => Self::Reduced,
        }
    }
}

/// How finely history is asked for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::Resolution")]
pub(crate) enum Resolution {
    /// As fine as fits into `maxPoints`; the answer tells which it was.
    Auto,
    /// Every reading.
    Raw,
    /// Five minutes a point.
    M5,
    /// One hour a point.
    H1,
    /// One UTC day a point.
    D1,
}

/// How a window of time is divided, by the clock on the wall of the house.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::Bucket")]
pub(crate) enum Bucket {
    /// Not at all.
    Whole,
    /// Hours. When the clock is set back, the hour that comes twice is two.
    Hour,
    /// Days, from midnight on; 23 or 25 hours long when the clock is set.
    Day,
    /// Weeks from Monday on (ISO 8601).
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
}

/// What a value is taken to be between two readings.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::Interpolation")]
pub(crate) enum Interpolation {
    /// On the straight line between them: levels such as temperature or power.
    Linear,
    /// The one of the earlier reading: binary quantities, totals, counts and angles.
    Step,
}

/// What an event is about; new kinds may be added.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// An adopted device measured something (`ReadingsEvent`).
    ReadingsTaken,
    /// Somebody used a button, dimmer or remote control (`ActionEvent`).
    DeviceActed,
    /// A device that nobody adopted was heard for the first time since the hub started (`DeviceEvent`).
    DeviceDiscovered,
    /// A device was adopted (`DeviceEvent`).
    DeviceAdopted,
    /// Name, room, key, calibration or retention of a device changed (`DeviceEvent`).
    DeviceChanged,
    /// A device was removed (`DeviceEvent`).
    DeviceRemoved,
    /// A room was made, renamed or removed (`RoomEvent`).
    RoomChanged,
    /// Something needs the owner (`AlertEvent`).
    AlertRaised,
    /// It no longer does (`AlertEvent`).
    AlertCleared,
    /// The wall clock was set or jumped (`ClockEvent`).
    ClockStepped,
    /// A receiver hears again after it had heard nothing (`ReceiverGapEvent`).
    ReceiverGap,
    /// A pairing of one of our sensors has come a step further (`PairingEvent`).
    PairingProgressed,
}

impl EventKind {
    /// The kind of an event.
    pub(crate) const fn of(body: &hub_model::EventBody) -> Self {
        use hub_model::EventBody as Body;
        match body {
            Body::ReadingsTaken { .. } => Self::ReadingsTaken,
            Body::DeviceActed { .. } => Self::DeviceActed,
            Body::DeviceDiscovered { .. } => Self::DeviceDiscovered,
            Body::DeviceAdopted { .. } => Self::DeviceAdopted,
            Body::DeviceChanged { .. } => Self::DeviceChanged,
            Body::DeviceRemoved { .. } => Self::DeviceRemoved,
            Body::RoomChanged { .. } => Self::RoomChanged,
            Body::AlertRaised { .. } => Self::AlertRaised,
            Body::AlertCleared { .. } => Self::AlertCleared,
            Body::ClockStepped { .. } => Self::ClockStepped,
            Body::ReceiverGap { .. } => Self::ReceiverGap,
            Body::PairingProgressed { .. } => Self::PairingProgressed,
        }
    }
}

/// Why a reader of events must start anew from a query.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_bus::ResyncReason")]
pub(crate) enum ResyncReason {
    /// The store was restored or replaced since the cursor was given out.
    EpochChanged,
    /// The events after the cursor are no longer kept.
    CursorTooOld,
    /// The cursor names an event that was lost with the last seconds before a power cut, or never was.
    CursorInFuture,
}

/// What an alert is about; new kinds may be added.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::AlertKind")]
pub(crate) enum AlertKind {
    /// Many messages of one device fail authentication: a wrong key, or somebody forging.
    AuthenticationFailures,
    /// The history cannot be written (disk full, card broken).
    StoreFailing,
    /// A receiver is silent or gone.
    ReceiverDown,
    /// The wall clock is not set; times are estimated.
    ClockUnset,
    /// A queue overflowed and messages were dropped.
    Overload,
    /// An adopted device has fallen silent.
    DeviceSilent,
    /// An update of our sensors was halted, because too many of them failed.
    UpdateHalted,
}

/// Is a device there? Decided by how often it usually sends and how much of that is lost, not by a fixed time.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Availability {
    /// It is heard as often as usual.
    Available,
    /// It has been silent for longer than bad luck explains.
    Unavailable,
    /// It was not heard often enough since the hub started to know its rhythm.
    Unknown,
}

/// How bad an alert is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::Severity")]
pub(crate) enum Severity {
    /// Worth knowing.
    Notice,
    /// Something is weaker than it should be.
    Warning,
    /// Something does not work.
    Critical,
}
