//! Pairings of our own sensors as clients see them.

use async_graphql::{Enum, ID, SimpleObject};

use crate::{id::GlobalId, scalar::Long};

/// How far a pairing has come; the last two are its end.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PairingStep {
    /// No sensor with this label was heard yet: press its button, or put in its battery.
    Looking,
    /// It was heard, and the hub connects.
    Found,
    /// Hub and sensor prove to each other who they are.
    Proving,
    /// The sensor gets its key and its settings.
    SettingUp,
    /// The sensor has its key; the hub waits for its first reading.
    FirstReading,
    /// It is in the house, and its first reading was heard.
    Paired,
    /// It came to nothing: `failure` says why, `advice` what to do.
    Failed,
}

/// Why a pairing came to nothing; new reasons may be added.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "hub_model::PairingFailure")]
pub(crate) enum PairingFailure {
    /// No sensor with this label was heard.
    NotFound,
    /// The sensor that answered is not the one of this label.
    WrongCode,
    /// It belongs to another hub.
    ClaimedElsewhere,
    /// Its signal is too weak for a connection that holds.
    WeakSignal,
    /// Its battery is too weak to keep what it is told.
    BatteryLow,
    /// The connection was lost, again and again.
    LinkLost,
    /// It took its key, and nothing readable was heard from it afterwards. It still joins by itself when it is heard.
    NoReading,
    /// It speaks another version of the protocol, or refused.
    Refused,
    /// No Bluetooth adapter of this hub can connect.
    NoRadio,
    /// The hub could not keep it: the house is full, or the disk failed.
    NotKept,
    /// The owner called it off.
    Cancelled,
}

/// One pairing of one of our sensors.
#[derive(SimpleObject)]
pub(crate) struct Pairing {
    /// Its number, for `cancelPairing` and `PairingEvent`.
    pairing_id: i32,
    /// The number in the sensor's label, 16 hex digits.
    uid: String,
    /// How far it has come.
    step: PairingStep,
    /// Why it came to nothing; null while it did not.
    failure: Option<PairingFailure>,
    /// What a person can do about that, in English; null where nothing is to be done.
    advice: Option<String>,
    /// The device that it became, by global id; null until then.
    device_id: Option<ID>,
    /// How many milliseconds it took from the request on, so far or in all.
    took_ms: Long,
}

impl From<hub_model::Pairing> for Pairing {
    fn from(pairing: hub_model::Pairing) -> Self {
        let (step, told) = Told::of(pairing.step);
        Self {
            pairing_id: number(pairing.id),
            uid: format!("{:016x}", pairing.uid),
            step,
            failure: told.failure,
            advice: told.advice,
            device_id: told.device.map(|device| GlobalId::Device(device).encode()),
            took_ms: pairing.took_ms.into(),
        }
    }
}

/// What a step tells beside its name.
pub(crate) struct Told {
    pub(crate) failure: Option<PairingFailure>,
    pub(crate) advice: Option<String>,
    pub(crate) device: Option<hub_model::DeviceId>,
}

impl Told {
    pub(crate) fn of(step: hub_model::PairingStep) -> (PairingStep, Self) {
        use hub_model::PairingStep as Step;
        let nothing = Self { failure: None, advice: None, device: None };
        match step {
            Step::Looking => (PairingStep::Looking, nothing),
            Step::Found => (PairingStep::Found, nothing),
            Step::Proving => (PairingStep::Proving, nothing),
            Step::SettingUp => (PairingStep::SettingUp, nothing),
            Step::FirstReading => (PairingStep::FirstReading, nothing),
            Step::Paired { device } => (PairingStep::Paired, Self { device: Some(device), ..nothing }),
            Step::Failed { why } => {
                let told = Self { failure: Some(why.into()), advice: Some(why.to_string()), ..nothing };
                (PairingStep::Failed, told)
            }
        }
    }
}

/// The number of a pairing; there are never so many.
pub(crate) fn number(id: hub_model::PairingId) -> i32 {
    i32::try_from(id.0).unwrap_or(i32::MAX)
}
