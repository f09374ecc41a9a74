//! What a plan is told, and what it answers.

use std::fmt;

use hub_model::{DeviceId, ReceiverId};
use wire::{
    firmware::{Hardware, Version},
    manifest::ManifestFault,
    setup_code::Product,
};

/// What is known of a sensor, as far as it matters for an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sensor {
    /// Which one.
    pub id: DeviceId,
    /// What kind it is.
    pub product: Product,
    /// Its board.
    pub hardware: Hardware,
    /// The version that it was last seen running.
    pub running: Version,
    /// Its battery under load, mV, where it was asked.
    pub battery_mv: Option<u16>,
    /// Its battery in percent, as its adverts have it.
    pub battery_percent: Option<u8>,
    /// The adapter that hears it best; `None` when it is out of reach, or that adapter has something else to do.
    pub adapter: Option<ReceiverId>,
}

/// What is to be done in a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Send the image, from where the sensor has it on, and have it installed.
    Send,
    /// Speak to a sensor that was asked to install it: without that it takes the new program back.
    Prove,
}

/// A link that is to be opened now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// To which sensor.
    pub sensor: DeviceId,
    /// With which adapter, which does nothing else for the plan until this link's end is reported.
    pub adapter: ReceiverId,
    /// What for.
    pub task: Task,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Open a link; there may be more to do on other adapters.
    Link(Order),
    /// Nothing. Ask again when something was reported, when what is known of the sensors has changed, or so much later.
    Wait {
        /// Milliseconds, up to an hour.
        ms: u64,
    },
}

/// What came of an order, or was seen of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The link is there.
    Started,
    /// The sensor has so many bytes of the image.
    Progressed {
        /// Bytes from the image's first on.
        received: u32,
    },
    /// It has all of it and installs it. Ends the order.
    Installed,
    /// It runs the new version, on trial. Ends the order.
    OnTrial,
    /// It runs the new version and keeps it. Ends the order.
    Proved,
    /// It runs the version from before again. Ends the order.
    Reverted,
    /// It is to be left alone for some hours; nothing is wrong. Ends the order.
    Postponed {
        /// Why.
        why: Postponement,
    },
    /// It did not go. Ends the order.
    Failed {
        /// Why.
        why: Failure,
    },
    /// There is no link, or no longer. Ends the order; what the sensor has, it keeps.
    LinkLost {
        /// Was it asked to install the image, and the answer lost?
        was_asked: bool,
    },
    /// An advert or another link says which version it runs. Ends nothing.
    SeenRunning {
        /// Which.
        version: Version,
    },
}

/// Why a sensor is left alone for some hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Postponement {
    /// Its battery is too weak to write flash.
    BatteryLow {
        /// What it has under load, mV.
        mv: u16,
    },
    /// It is not yet done with another update.
    Busy,
    /// It answers, and nothing comes of it.
    Stuck,
}

impl fmt::Display for Postponement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BatteryLow { mv } => write!(f, "the battery has {mv} mV under load, too little to write flash"),
            Self::Busy => f.write_str("it is not done with another update"),
            Self::Stuck => f.write_str("it answers, and nothing comes of it"),
        }
    }
}

/// Why a sensor does not have the new version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It took the new program back.
    Reverted,
    /// It was asked to install it and was not seen running it since.
    NotSeen,
    /// What it received is not what was signed.
    Digest,
    /// It does not take an image with this manifest.
    Manifest(ManifestFault),
    /// It cannot write its flash.
    Storage,
    /// It does not know what an update is.
    NotUpdatable,
    /// It refused, or answered what it was not asked.
    Unexpected,
}

impl Failure {
    /// Is there no use in trying again?
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Manifest(_) | Self::NotUpdatable)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reverted => f.write_str("it took the new program back"),
            Self::NotSeen => f.write_str("it was not seen running the new version"),
            Self::Digest => f.write_str("what it received is not what was signed"),
            Self::Manifest(fault) => write!(f, "it takes no image {fault}"),
            Self::Storage => f.write_str("it cannot write its flash"),
            Self::NotUpdatable => f.write_str("it does not know what an update is"),
            Self::Unexpected => f.write_str("it refused, or answered what it was not asked"),
        }
    }
}
