//! What happens inside, for whoever wants to know.

use core::fmt;

use fw_logic::pairing::Fault;
use wire::{
    bthome::{Advert, v2::Frame},
    keys::Epoch,
    message::{ClaimState, Pattern},
};

/// Something that happened. There is no secret in any of them.
#[derive(Debug, Clone, Copy)]
pub enum Note<'a> {
    /// The program runs.
    Started {
        /// How often it has.
        boot: u32,
        /// Whose the sensor is.
        claim: ClaimState,
    },
    /// What flash says about the owner cannot be read, so that there is none.
    RecordUnreadable(fw_logic::pairing::RecordError),
    /// Whoever has the label may claim the sensor.
    WindowOpened,
    /// Nobody may any more.
    WindowClosed,
    /// Somebody connected.
    Connected,
    /// He is gone.
    Disconnected,
    /// We hung up.
    HungUp(Fault),
    /// Whose the sensor is, its key or its settings are others now.
    Changed {
        /// Whose.
        claim: ClaimState,
        /// Under which key, if it has an owner.
        epoch: Option<Epoch>,
    },
    /// Log and settings of the last owner are gone.
    Wiped,
    /// A hub says what time it is.
    ClockSet {
        /// Seconds since 1970.
        unix_time_s: u64,
    },
    /// The light blinks.
    Blinking(Pattern),
    /// The adverts tell something new.
    Told(&'a Advert),
    /// The probe could not measure all.
    ProbeFailed(&'a dyn fmt::Debug),
    /// Flash could not keep something.
    FlashFailed(&'a dyn fmt::Debug),
    /// The battery is nearly empty, and the log was brought to safety.
    BatteryLow {
        /// Its voltage under load, mV.
        battery_mv: u16,
    },
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started { boot, claim } => write!(f, "started, boot {boot}, {}", name(*claim)),
            Self::RecordUnreadable(error) => write!(f, "owner forgotten: {error}"),
            Self::WindowOpened => f.write_str("window opened"),
            Self::WindowClosed => f.write_str("window closed"),
            Self::Connected => f.write_str("connected"),
            Self::Disconnected => f.write_str("disconnected"),
            Self::HungUp(fault) => write!(f, "hung up: {fault}"),
            Self::Changed { claim, epoch: Some(Epoch(epoch)) } => write!(f, "{}, key {epoch}", name(*claim)),
            Self::Changed { claim, epoch: None } => f.write_str(name(*claim)),
            Self::Wiped => f.write_str("wiped"),
            Self::ClockSet { unix_time_s } => write!(f, "clock set to {unix_time_s}"),
            Self::Blinking(pattern) => write!(f, "blinking {:04b}", pattern.bits()),
            Self::Told(advert) => match Frame::parse(advert.service_data()).ok().and_then(|frame| frame.counter()) {
                Some(counter) => write!(f, "advert {counter}"),
                None => f.write_str("advert"),
            },
            Self::ProbeFailed(error) => write!(f, "probe failed: {error:?}"),
            Self::FlashFailed(error) => write!(f, "flash failed: {error:?}"),
            Self::BatteryLow { battery_mv } => write!(f, "battery low, {battery_mv} mV"),
        }
    }
}

const fn name(claim: ClaimState) -> &'static str {
    match claim {
        ClaimState::Unclaimed => "unclaimed",
        ClaimState::Pending => "pending",
        ClaimState::Active => "active",
    }
}
