use std::{fmt, str::FromStr, sync::Arc};

use thiserror::Error;

use crate::{Action, DeviceId, Origin, PairingId, PairingStep, ReceiverId, RoomId, Stamp, Value, WallTime};

/// The number of an event: it only grows, is never used again, and may have holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// The number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The life of a store: it changes when a backup is restored, so that old cursors are known as old.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch(pub u64);

/// A place in the stream of events: everything up to and including `seq` was seen.
///
/// Printed as `<epoch in hex>.<seq>`, opaque to clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// The life of the store.
    pub epoch: Epoch,
    /// The last event seen.
    pub seq: Seq,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}.{}", self.epoch.0, self.seq.0)
    }
}

/// A text that is no cursor.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is not a cursor; expected one that this hub gave out, such as \"5f3a.1024\"")]
pub struct ParseCursorError {
    /// What was given.
    pub text: String,
}

impl FromStr for Cursor {
    type Err = ParseCursorError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (epoch, seq) = text.split_once('.')?;
            let epoch = Epoch(u64::from_str_radix(epoch, 16).ok()?);
            Some(Self { epoch, seq: Seq(seq.parse().ok()?) })
        };
        parse().ok_or_else(|| ParseCursorError { text: text.chars().take(64).collect() })
    }
}

/// The way of one message through the hub, in microseconds since boot; one id from advert to push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trace {
    /// The correlation id.
    pub id: u64,
    /// When the advert was heard.
    pub received_us: u64,
    /// When it was decoded.
    pub decoded_us: u64,
    /// When it was found to be new and plausible.
    pub normalised_us: u64,
    /// When it was put on the bus.
    pub published_us: u64,
}

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertKind {
    /// Many frames of one device fail authentication: a wrong key, or somebody forging.
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

impl AlertKind {
    /// The stable code, such as `authentication_failures`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AuthenticationFailures => "authentication_failures",
            Self::StoreFailing => "store_failing",
            Self::ReceiverDown => "receiver_down",
            Self::ClockUnset => "clock_unset",
            Self::Overload => "overload",
            Self::DeviceSilent => "device_silent",
            Self::UpdateHalted => "update_halted",
        }
    }
}

/// What happened. Events about devices and rooms carry who, not what: the present state is in the snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventBody {
    /// An adopted device measured something.
    ReadingsTaken {
        /// Who.
        device: DeviceId,
        /// The values of one frame; they share the event's time.
        values: Arc<[Value]>,
        /// How it came.
        origin: Origin,
    },
    /// Somebody pressed a button of an adopted device.
    DeviceActed {
        /// Whose.
        device: DeviceId,
        /// What was done.
        action: Action,
        /// How it came.
        origin: Origin,
    },
    /// A device that nobody adopted was heard for the first time since start.
    DeviceDiscovered {
        /// Who.
        device: DeviceId,
    },
    /// The owner adopted a device.
    DeviceAdopted {
        /// Who.
        device: DeviceId,
    },
    /// Name, room, key, calibration or retention changed.
    DeviceChanged {
        /// Whose.
        device: DeviceId,
    },
    /// The owner removed a device.
    DeviceRemoved {
        /// Who.
        device: DeviceId,
    },
    /// A room was made, renamed or removed.
    RoomChanged {
        /// Which.
        room: RoomId,
    },
    /// Something needs the owner.
    AlertRaised {
        /// What kind.
        kind: AlertKind,
        /// The device concerned, if one is.
        device: Option<DeviceId>,
    },
    /// It no longer does.
    AlertCleared {
        /// What kind.
        kind: AlertKind,
        /// The device concerned, if one was.
        device: Option<DeviceId>,
    },
    /// The wall clock was set or jumped.
    ClockStepped {
        /// By how many milliseconds the wall time of this boot changed.
        by_ms: i64,
    },
    /// A receiver hears again after it had heard nothing, although it should have.
    ReceiverGap {
        /// Which.
        receiver: ReceiverId,
        /// How long it had heard nothing, ms.
        length_ms: u64,
    },
    /// A pairing of one of our sensors has come a step further.
    PairingProgressed {
        /// Which.
        pairing: PairingId,
        /// How far.
        step: PairingStep,
    },
}

impl EventBody {
    /// The device that the event is about.
    pub fn device(&self) -> Option<DeviceId> {
        match self {
            Self::ReadingsTaken { device, .. }
            | Self::DeviceActed { device, .. }
            | Self::DeviceDiscovered { device }
            | Self::DeviceAdopted { device }
            | Self::DeviceChanged { device }
            | Self::DeviceRemoved { device } => Some(*device),
            Self::AlertRaised { device, .. } | Self::AlertCleared { device, .. } => *device,
            Self::PairingProgressed { step: PairingStep::Paired { device }, .. } => Some(*device),
            Self::RoomChanged { .. }
            | Self::ClockStepped { .. }
            | Self::ReceiverGap { .. }
            | Self::PairingProgressed { .. } => None,
        }
    }
}

/// Something that happened, with its place in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its number.
    pub seq: Seq,
    /// When it happened, by the boot clock.
    pub at: Stamp,
    /// When it happened, by the wall clock as far as it is known now.
    pub wall: WallTime,
    /// Its way through the hub; `None` for what did not come by air and for what is read back from the log.
    pub trace: Option<Trace>,
    /// What happened.
    pub body: EventBody,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_given_out() {
        let cursor = Cursor { epoch: Epoch(0x5f3a), seq: Seq(1024) };
        assert_eq!(cursor.to_string(), "5f3a.1024");
        assert_eq!("5f3a.1024".parse(), Ok(cursor));
        for text in ["", "5f3a", "5f3a.", ".1", "5f3a.-1", "x.1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
