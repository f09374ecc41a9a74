use std::sync::Arc;

use async_graphql::{ID, Object, Result, SimpleObject};
use hub_bus::{Contact, Discovered};
use hub_model::{DeviceId, Quantity, WallTime};

use crate::{
    id::GlobalId,
    paired::PairedSensor,
    retention::{QuantityRetention, Retention},
    room::Room,
    scalar::{DateTime, Long},
    sensor::Sensor,
    view::View,
    words::{Availability, Protection},
};

/// How the house knows a device.
#[derive(Clone)]
pub(crate) enum Standing {
    /// The owner took it into the house.
    Adopted(Arc<hub_model::Device>),
    /// It was only heard.
    Heard(Arc<Discovered>),
}

/// A device that is in the house or was heard near it.
#[derive(Clone)]
pub(crate) struct Device {
    view: Arc<View>,
    id: DeviceId,
    standing: Standing,
}

impl Device {
    /// The device of this id, if it is adopted or was heard.
    pub(crate) fn find(view: &Arc<View>, id: DeviceId) -> Option<Self> {
        let state = view.state();
        let standing = match state.household.devices.get(&id) {
            Some(device) => Standing::Adopted(Arc::clone(device)),
            None => Standing::Heard(Arc::new(state.discovered.get(&id)?.clone())),
        };
        Some(Self { view: Arc::clone(view), id, standing })
    }

    /// The adopted devices that `wanted` picks, by name.
    pub(crate) fn adopted(view: &Arc<View>, wanted: impl Fn(&hub_model::Device) -> bool) -> Vec<Self> {
        let devices = view.state().household.devices.values().filter(|device| wanted(device));
        let mut found: Vec<_> = devices
            .map(|device| Self {
                view: Arc::clone(view),
                id: device.id,
                standing: Standing::Adopted(Arc::clone(device)),
            })
            .collect();
        found.sort_by_cached_key(|device| (device.name_text().to_lowercase(), device.id));
        found
    }

    pub(crate) const fn view(&self) -> &Arc<View> {
        &self.view
    }

    pub(crate) const fn key(&self) -> DeviceId {
        self.id
    }

    pub(crate) const fn standing(&self) -> &Standing {
        &self.standing
    }

    pub(crate) fn room_id(&self) -> Option<hub_model::RoomId> {
        match &self.standing {
            Standing::Adopted(device) => device.room,
            Standing::Heard(_) => None,
        }
    }

    pub(crate) fn name_text(&self) -> String {
        match &self.standing {
            Standing::Adopted(device) => device.name.to_string(),
            Standing::Heard(found) => {
                found.name.clone().unwrap_or_else(|| format!("{} {}", found.format, found.address))
            }
        }
    }

    pub(crate) fn address_text(&self) -> String {
        match &self.standing {
            Standing::Adopted(device) => device.address.to_string(),
            Standing::Heard(found) => found.address.to_string(),
        }
    }

    fn contact(&self) -> Option<&Contact> {
        self.view.state().contacts.get(&self.id)
    }

    fn last_heard(&self) -> Option<WallTime> {
        match &self.standing {
            Standing::Adopted(_) => self.contact().map(|contact| contact.wall),
            Standing::Heard(found) => Some(found.wall),
        }
    }
}

/// A device that is in the house (`isAdopted`) or was heard near it.
#[Object]
impl Device {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        GlobalId::Device(self.id).encode()
    }

    /// The Bluetooth address that it sends from: `A4:C1:38:00:11:22`.
    async fn address(&self) -> String {
        self.address_text()
    }

    /// What the owner calls it; for a device that nobody adopted, the name that it sends, or its format and address.
    async fn name(&self) -> String {
        self.name_text()
    }

    /// Did the owner take it into the house? Only then are its readings kept.
    async fn is_adopted(&self) -> bool {
        matches!(self.standing, Standing::Adopted(_))
    }

    /// Where it is; null when it is in no room.
    async fn room(&self) -> Option<Room> {
        Room::find(&self.view, self.room_id()?)
    }

    /// What it speaks, such as `bthome-v2` or `ruuvi-5`; null until its first message was understood.
    async fn format(&self) -> Option<&'static str> {
        match &self.standing {
            Standing::Adopted(device) => self.contact().map(|contact| contact.format).or(device.format),
            Standing::Heard(found) => Some(found.format),
        }
        .map(hub_model::Format::name)
    }

    /// Does it encrypt what it sends?
    async fn is_encrypted(&self) -> bool {
        match &self.standing {
            Standing::Adopted(device) => self.contact().map_or(device.key.is_some(), |contact| contact.is_encrypted),
            Standing::Heard(found) => found.is_encrypted,
        }
    }

    /// How well its messages are protected against forging.
    async fn protection(&self) -> Protection {
        match &self.standing {
            Standing::Adopted(device) => Protection::of(device),
            Standing::Heard(_) => Protection::None,
        }
    }

    /// What it measures, in a fixed order; empty until it measured something.
    #[graphql(complexity = "1 + 8 * child_complexity")]
    async fn sensors(&self) -> Result<Vec<Sensor>> {
        self.view.listed(Sensor::all(self))
    }

    /// What it says of itself.
    #[graphql(complexity = "1 + 4 * child_complexity")]
    async fn facts(&self) -> Vec<Fact> {
        let facts = match &self.standing {
            Standing::Adopted(_) => self.contact().map(|contact| contact.facts.as_slice()),
            Standing::Heard(found) => Some(found.facts.as_slice()),
        };
        facts.unwrap_or_default().iter().map(Fact::from).collect()
    }

    /// When it was last heard; null when it was not since the hub started.
    async fn last_seen(&self) -> Option<DateTime> {
        self.last_heard().map(|wall| DateTime(wall.at))
    }

    /// Is it there?
    async fn availability(&self) -> Availability {
        match self.contact().and_then(|contact| contact.is_lost) {
            Some(false) => Availability::Available,
            Some(true) => Availability::Unavailable,
            None => Availability::Unknown,
        }
    }

    /// How often it sends, in milliseconds, as learnt since the hub started; null until that is known.
    async fn interval_ms(&self) -> Option<Long> {
        self.contact()?.interval_ms.map(|ms| u64::from(ms).into())
    }

    /// How well it was last heard, in dBm: -30 is beside the hub, -95 is hardly there.
    async fn rssi(&self) -> Option<i32> {
        match &self.standing {
            Standing::Adopted(_) => self.contact().and_then(|contact| contact.rssi),
            Standing::Heard(found) => found.rssi,
        }
        .map(i32::from)
    }

    /// The sensor of its battery's charge in percent, if it tells that.
    async fn battery(&self) -> Option<Sensor> {
        Sensor::all(self).into_iter().find(|sensor| sensor.key().quantity == Quantity::Battery)
    }

    /// How long its readings are kept, but for those of quantities that have a retention of their own.
    async fn retention(&self) -> Retention {
        Retention::of(self)
    }

    /// How long the readings of each of its quantities are kept, in a fixed order: of those that it measures, and of those
    /// that have a retention of their own.
    #[graphql(complexity = "1 + 8 * child_complexity")]
    async fn retentions(&self) -> Result<Vec<QuantityRetention>> {
        self.view.listed(QuantityRetention::all(self))
    }

    /// What is known of it beside this, if it is one of our own sensors and paired with this hub; null for all others.
    #[graphql(complexity = "1 + child_complexity")]
    async fn paired_sensor(&self) -> Option<PairedSensor> {
        self.view.ports().sensors.standing(self.id).map(PairedSensor::from)
    }

    /// When it was adopted; null when it is not.
    async fn adopted_at(&self) -> Option<DateTime> {
        match &self.standing {
            Standing::Adopted(device) => Some(DateTime(device.adopted_at)),
            Standing::Heard(_) => None,
        }
    }
}

/// Something that a device says of itself.
#[derive(SimpleObject)]
pub(crate) struct Fact {
    /// What it is, in snake_case: `device_type`, `firmware`, `device_time`, `text`, `raw`, `settings_revision`, `sequence`.
    name: &'static str,
    /// The fact as text; bytes are in hex.
    value: String,
}

impl From<&hub_model::Fact> for Fact {
    fn from(fact: &hub_model::Fact) -> Self {
        use hub_model::Fact as F;
        let (name, value) = match fact {
            F::DeviceType(number) => ("device_type", format!("0x{number:04x}")),
            F::Firmware(parts) => ("firmware", parts.iter().map(u8::to_string).collect::<Vec<_>>().join(".")),
            F::Timestamp(seconds) => ("device_time", DateTime::from_seconds(*seconds)),
            F::Text(text) => ("text", text.clone()),
            F::Raw(bytes) => ("raw", hex::encode(bytes)),
            F::SettingsRevision(number) => ("settings_revision", number.to_string()),
            F::Sequence(number) => ("sequence", number.to_string()),
        };
        Self { name, value }
    }
}
