use std::fmt;

use crate::Value;

/// The format that a frame was sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// BTHome version 1.
    BthomeV1,
    /// BTHome version 2.
    BthomeV2,
    /// Ruuvi data format 3 (RAWv1).
    Ruuvi3,
    /// Ruuvi data format 5 (RAWv2).
    Ruuvi5,
    /// Ruuvi data format 6 (air quality).
    Ruuvi6,
    /// The ATC1441 format of LYWSD03MMC custom firmware.
    Atc1441,
    /// The custom format of pvvx firmware.
    Pvvx,
    /// Xiaomi's own MiBeacon.
    MiBeacon,
    /// Govee's thermometers.
    Govee,
    /// SwitchBot's thermometers.
    SwitchBot,
    /// SensorPush's thermometers.
    SensorPush,
    /// Inkbird's thermometers.
    Inkbird,
    /// ThermoPro's thermometers.
    ThermoPro,
    /// Qingping's own format.
    Qingping,
    /// Aranet's air monitors.
    Aranet,
    /// Mopeka's tank gauges.
    Mopeka,
}

impl Format {
    /// All that there are.
    pub const ALL: [Self; 16] = [
        Self::BthomeV1,
        Self::BthomeV2,
        Self::Ruuvi3,
        Self::Ruuvi5,
        Self::Ruuvi6,
        Self::Atc1441,
        Self::Pvvx,
        Self::MiBeacon,
        Self::Govee,
        Self::SwitchBot,
        Self::SensorPush,
        Self::Inkbird,
        Self::ThermoPro,
        Self::Qingping,
        Self::Aranet,
        Self::Mopeka,
    ];

    /// The name in outputs and in the API, such as `bthome-v2`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::BthomeV1 => "bthome-v1",
            Self::BthomeV2 => "bthome-v2",
            Self::Ruuvi3 => "ruuvi-3",
            Self::Ruuvi5 => "ruuvi-5",
            Self::Ruuvi6 => "ruuvi-6",
            Self::Atc1441 => "atc1441",
            Self::Pvvx => "pvvx",
            Self::MiBeacon => "mibeacon",
            Self::Govee => "govee",
            Self::SwitchBot => "switchbot",
            Self::SensorPush => "sensorpush",
            Self::Inkbird => "inkbird",
            Self::ThermoPro => "thermopro",
            Self::Qingping => "qingping",
            Self::Aranet => "aranet",
            Self::Mopeka => "mopeka",
        }
    }

    /// The format of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How a button was pressed (BTHome object 0x3A).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Press {
    /// Once.
    Press,
    /// Twice.
    DoublePress,
    /// Three times.
    TriplePress,
    /// Long.
    LongPress,
    /// Twice, long.
    LongDoublePress,
    /// Three times, long.
    LongTriplePress,
    /// Still held.
    HoldPress,
    /// Let go after being held.
    HoldRelease,
}

/// Which way a dimmer was turned (BTHome object 0x3C).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// Counter-clockwise.
    Left,
    /// Clockwise.
    Right,
}

/// Something that a person did on a device: an event, not a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Action {
    /// A button was pressed.
    Button {
        /// Which button, counted from 0.
        instance: u8,
        /// How.
        press: Press,
    },
    /// A dimmer was turned.
    Dimmer {
        /// Which dimmer, counted from 0.
        instance: u8,
        /// Which way.
        turn: Turn,
        /// By how many steps.
        steps: u8,
    },
    /// A remote control asked for something (BTHome object 0x3B).
    Command {
        /// Which of several, counted from 0.
        instance: u8,
        /// The command byte, as sent.
        command: u8,
        /// The bytes that came with it.
        argument: Vec<u8>,
    },
}

/// Something that a device says of itself, or data without a unit.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fact {
    /// BTHome device type id (0xF0).
    DeviceType(u16),
    /// Firmware version, most significant part first (0xF1: four parts, 0xF2: three).
    Firmware(Vec<u8>),
    /// Seconds since the Unix epoch by the device's own clock (0x50).
    Timestamp(u32),
    /// Text (0x53).
    Text(String),
    /// Bytes without a meaning that we know (0x54).
    Raw(Vec<u8>),
    /// Which settings hold in the device, by the counting of whoever set them (0x65).
    SettingsRevision(u8),
    /// A sequence number of measurements, as Ruuvi sends.
    Sequence(u32),
}

/// What an advertisement said, before anybody asks whether it is new, plausible or wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The format.
    pub format: Format,
    /// Was it encrypted (and is therefore authentic)?
    pub encrypted: bool,
    /// The counter of an encrypted frame.
    pub counter: Option<u32>,
    /// The packet id or measurement sequence of a plain frame: equal means repeated.
    pub packet_id: Option<u32>,
    /// The measurements in the order sent.
    pub values: Vec<Value>,
    /// What a person did on the device.
    pub actions: Vec<Action>,
    /// What the device says of itself.
    pub facts: Vec<Fact>,
    /// The first object that nobody knows; in formats whose objects have no length, reading stopped there.
    pub unknown_object: Option<u16>,
    /// Were the objects out of the order that the format asks for?
    pub is_unordered: bool,
    /// Does the device send on events only, rather than at an interval (BTHome trigger flag)?
    pub is_triggered: bool,
}

impl Decoded {
    /// A frame of this format that says nothing yet.
    pub const fn empty(format: Format) -> Self {
        Self {
            format,
            encrypted: false,
            counter: None,
            packet_id: None,
            values: Vec::new(),
            actions: Vec::new(),
            facts: Vec::new(),
            unknown_object: None,
            is_unordered: false,
            is_triggered: false,
        }
    }
}
