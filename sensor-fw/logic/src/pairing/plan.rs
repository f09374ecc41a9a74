//! What a question leads to: pure, so that nothing is done before flash has it.

use wire::{
    keys::{self, Epoch},
    message::{Done, MessageError, Pattern, Provision, Purpose, Refusal, Rotate, SERVICES, ToHub, ToSensor},
    settings::Settings,
};

use super::record::{Claim, Keys, Owner, Record};
use crate::beacon::Channel;

/// A question and the session that it was asked in.
pub(super) struct Asked<'a> {
    /// The question's bytes.
    pub(super) question: &'a [u8],
    /// The session.
    pub(super) handshake_hash: &'a [u8; 32],
    /// What the session is for.
    pub(super) purpose: Purpose,
    /// In a link, the epoch of the key that the hub has shown to have.
    pub(super) epoch: Option<Epoch>,
    /// A key was taken in this session, and the hub was told so.
    pub(super) is_key_new: bool,
    /// No later advert has a lower counter.
    pub(super) first_counter: u32,
    /// What the sensor measures.
    pub(super) channels: &'a [Channel],
}

/// What to do: keep the record, then do the rest, then answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What flash has to have before anything else is done.
    pub(super) record: Option<Record>,
    /// The answer, once it is true; `None` when the question is for another to answer.
    pub(super) answer: Option<ToHub>,
    /// How to blink.
    pub(super) blink: Option<Pattern>,
    /// The time, as the hub says.
    pub(super) unix_time_s: Option<u64>,
}

impl From<ToHub> for Plan {
    fn from(answer: ToHub) -> Self {
        Self { record: None, answer: Some(answer), blink: None, unix_time_s: None }
    }
}

impl From<Refusal> for Plan {
    fn from(refusal: Refusal) -> Self {
        ToHub::Refused(refusal).into()
    }
}

impl Plan {
    const fn keep(record: Record, answer: ToHub) -> Self {
        Self { record: Some(record), answer: Some(answer), blink: None, unix_time_s: None }
    }
}

/// Decides. In a link, whatever is asked acknowledges the key that the link was made with.
pub(super) fn plan(asked: &Asked<'_>, record: &Record) -> Plan {
    let acknowledged = asked.epoch.and_then(|epoch| record.acknowledged(epoch));
    let record = acknowledged.as_ref().unwrap_or(record);
    let is_service = asked.question.first().is_some_and(|kind| SERVICES.contains(kind));
    if is_service && asked.purpose == Purpose::Link && record.claim.owner().is_some() {
        return Plan { record: acknowledged, answer: None, blink: None, unix_time_s: None };
    }
    let plan = match (ToSensor::parse(asked.question), asked.purpose) {
        (Err(error), _) => refusal(error).into(),
        (Ok(ToSensor::Hello(_)), _) => Refusal::OutOfPlace.into(),
        (Ok(ToSensor::Identify(pattern)), _) => Plan { blink: Some(pattern), ..ToHub::Blinking.into() },
        (Ok(ToSensor::Confirm), _) => confirm(asked, record),
        (Ok(ToSensor::Provision(it)), Purpose::Pairing) => provision(asked, record, it),
        (Ok(ToSensor::Provision(_)), Purpose::Link) => Refusal::OutOfPlace.into(),
        (Ok(ToSensor::Rotate(it)), Purpose::Link) => rotate(asked, record, it),
        (Ok(ToSensor::Release), Purpose::Link) => match record.claim {
            Claim::Unclaimed => Refusal::NotClaimed.into(),
            Claim::Pending(_) | Claim::Active { .. } => Plan::keep(record.released(), ToHub::Released),
        },
        (Ok(ToSensor::Set(settings)), Purpose::Link) => set(asked, record, settings),
        (Ok(ToSensor::AskSettings), Purpose::Link) => match record.claim.owner() {
            Some(owner) => ToHub::Settings(owner.settings).into(),
            None => Refusal::NotClaimed.into(),
        },
        (Ok(ToSensor::Rotate(_) | ToSensor::Release | ToSensor::Set(_) | ToSensor::AskSettings), Purpose::Pairing) => {
            match record.claim {
                Claim::Unclaimed => Refusal::NotClaimed.into(),
                Claim::Pending(_) | Claim::Active { .. } => Refusal::OutOfPlace.into(),
            }
        }
    };
    Plan { record: plan.record.or(acknowledged), ..plan }
}

/// What a sensor says to a message that it cannot read.
pub(super) const fn refusal(error: MessageError) -> Refusal {
    match error {
        MessageError::Empty => Refusal::Malformed { kind: 0 },
        MessageError::UnknownKind { kind } => Refusal::UnknownKind { kind },
        MessageError::Settings { kind, source } => match source.setting() {
            Some(setting) => Refusal::Setting { setting },
            None => Refusal::Malformed { kind },
        },
        MessageError::Short { kind, .. } | MessageError::Value { kind, .. } => Refusal::Malformed { kind },
    }
}

fn provision(asked: &Asked<'_>, record: &Record, provision: Provision) -> Plan {
    let Some(next) = record.owners.checked_add(1).filter(|next| provision.owner_epoch == *next) else {
        return Refusal::OwnerEpoch { next: record.owners.saturating_add(1) }.into();
    };
    if matches!(record.claim, Claim::Active { .. }) {
        return Refusal::OutOfPlace.into();
    }
    if let Some(refusal) = foreign(&provision.settings, asked.channels) {
        return refusal.into();
    }
    let unix_time_s = provision.unix_time_s;
    let owner = Owner { number: next, ..provision.into() };
    let answer = done(asked, &owner.keys);
    Plan { unix_time_s, ..Plan::keep(record.provisioned(owner), answer) }
}

fn set(asked: &Asked<'_>, record: &Record, settings: Settings) -> Plan {
    let answer = ToHub::Settings(settings);
    match (foreign(&settings, asked.channels), record.set(settings)) {
        (Some(refusal), _) => refusal.into(),
        (None, None) => Refusal::NotClaimed.into(),
        // Who repeats himself wears out no flash.
        (None, Some(told)) if told == *record => answer.into(),
        (None, Some(told)) => Plan::keep(told, answer),
    }
}

/// Why settings that some sensor could take are not for this one.
fn foreign(settings: &Settings, channels: &[Channel]) -> Option<Refusal> {
    let is_measured = |code| channels.iter().any(|channel| channel.quantity.code() == code);
    settings.check(is_measured).err()?.setting().map(|setting| Refusal::Setting { setting })
}

fn rotate(asked: &Asked<'_>, record: &Record, rotate: Rotate) -> Plan {
    let Claim::Active { owner, .. } = &record.claim else {
        return Refusal::NotClaimed.into();
    };
    let present = owner.keys.epoch;
    if present.next() != Some(rotate.epoch) {
        return Refusal::Epoch { next: present.0.saturating_add(1) }.into();
    }
    let next = Keys::from(rotate);
    let answer = done(asked, &next);
    let claim = Claim::Active { owner: owner.clone(), next: Some(next) };
    Plan::keep(Record { claim, ..record.clone() }, answer)
}

/// The hub knows that the sensor has the key, so whatever waited for that is done.
fn confirm(asked: &Asked<'_>, record: &Record) -> Plan {
    let waiting = match &record.claim {
        Claim::Unclaimed => return Refusal::NotClaimed.into(),
        Claim::Pending(owner) => Some(owner.keys.epoch),
        Claim::Active { next, .. } => next.as_ref().map(|next| next.epoch),
    };
    match (waiting.filter(|_| asked.is_key_new), &record.claim) {
        (Some(epoch), _) => Plan { record: record.acknowledged(epoch), ..ToHub::Confirmed.into() },
        (None, Claim::Active { .. }) => ToHub::Confirmed.into(),
        (None, _) => Refusal::OutOfPlace.into(),
    }
}

fn done(asked: &Asked<'_>, keys: &Keys) -> ToHub {
    let first_counter = asked.first_counter;
    let parts = [&asked.handshake_hash[..], asked.question, &first_counter.to_le_bytes()];
    ToHub::Done(Done { first_counter, confirmation: keys::confirmation(&keys.device_key, keys.epoch, &parts) })
}
