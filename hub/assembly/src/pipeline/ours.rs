//! What is heard of our own sensors beside what they measure: that one waits to be paired, can be connected to, or uses a
//! key that it was just given.

use std::{collections::HashMap, sync::Arc};

use hub_decode::decode;
use hub_link::{Label, next_key, present_key};
use hub_model::{BindKey, Device, DeviceId, Fact, Household, Peer, RawAdvert, SampleHint, Stamp};
use tokio::sync::mpsc;

use crate::sensors::Sensors;

/// What the steward is told of the air.
#[derive(Debug, Clone)]
pub(crate) enum Notice {
    /// A sensor of ours, whosever, waits to be paired.
    Waiting(RawAdvert),
    /// A sensor that this hub has a claim on can be connected to now, as it was heard then.
    Window(DeviceId, Peer, Stamp),
    /// A sensor was heard under a key that it is to have: under the first, or under the next.
    Proven(DeviceId, BindKey),
    /// Somebody can be connected to who encrypts and whom nobody adopted: perhaps a sensor of another hub.
    Stranger,
}

/// The sensors that this hub has a claim on, as far as the pipeline needs them.
pub(super) struct Ours {
    sensors: Arc<Sensors>,
    notices: mpsc::Sender<Notice>,
    generation: u64,
    /// Keys that a sensor may use beside the one of its device.
    keys: HashMap<DeviceId, Vec<BindKey>>,
    /// The last advert under such a key.
    held: HashMap<DeviceId, RawAdvert>,
}

/// Is it BTHome, encrypted, as our sensors send it?
fn is_sealed(advert: &RawAdvert) -> bool {
    const BTHOME: u16 = 0xFCD2;
    let is_sealed = |data: &Vec<u8>| data.first().is_some_and(|info| info & 1 == 1);
    advert.service_data.iter().any(|(uuid, data)| *uuid == BTHOME && is_sealed(data))
}

impl Ours {
    pub(super) fn new(sensors: Arc<Sensors>, notices: mpsc::Sender<Notice>) -> Self {
        Self { sensors, notices, generation: 0, keys: HashMap::new(), held: HashMap::new() }
    }

    /// Looks at an advert before anybody else does. Is it held, because its key is not the device's yet?
    pub(super) fn hears(&mut self, advert: &RawAdvert, device: Option<&Device>) -> bool {
        if Label::is_pairing_advert(advert) {
            self.tell(Notice::Waiting(advert.clone()));
        }
        self.learn();
        let id = DeviceId::from(advert.address);
        let Some(keys) = self.keys.get(&id) else {
            if advert.is_connectable && device.is_none() && is_sealed(advert) && self.sensors.is_looking() {
                self.tell(Notice::Stranger);
            }
            return false;
        };
        if advert.is_connectable {
            self.tell(Notice::Window(id, advert.sender(), advert.at));
        }
        let present = device.and_then(|device| device.key);
        let opens = |key: &&BindKey| decode(advert, Some(key)).is_ok_and(|decoded| decoded.encrypted);
        let others = keys.iter().filter(|key| Some(**key) != present);
        let Some(key) = others.copied().find(|key| opens(&key)) else { return false };
        self.held.insert(id, advert.clone());
        self.tell(Notice::Proven(id, key));
        true
    }

    /// Which sample of its log the newest of an advert is, if its sender keeps one.
    pub(super) fn sample(&self, device: DeviceId, facts: &[Fact]) -> Option<SampleHint> {
        self.keys.get(&device)?;
        facts.iter().find_map(|fact| match fact {
            Fact::Raw(bytes) => Some(SampleHint(u16::from_le_bytes(bytes.as_slice().try_into().ok()?))),
            _ => None,
        })
    }

    /// The adverts that waited for a device to have their key.
    pub(super) fn let_go(&mut self, household: &Household) -> Vec<RawAdvert> {
        let has_key = |id: &DeviceId, advert: &RawAdvert| {
            let key = household.devices.get(id).and_then(|device| device.key);
            key.is_some_and(|key| decode(advert, Some(&key)).is_ok_and(|decoded| decoded.encrypted))
        };
        let ready: Vec<DeviceId> =
            self.held.iter().filter(|(id, advert)| has_key(id, advert)).map(|(id, _)| *id).collect();
        ready.iter().filter_map(|id| self.held.remove(id)).collect()
    }

    fn learn(&mut self) {
        let generation = self.sensors.generation();
        if self.generation == generation {
            return;
        }
        self.generation = generation;
        let claims = self.sensors.claims();
        let keys = claims
            .iter()
            .map(|(id, claim)| (*id, [Some(present_key(claim)), next_key(claim)].into_iter().flatten().collect()));
        self.keys = keys.collect();
        self.held.retain(|id, _| self.keys.contains_key(id));
    }

    /// A full queue drops: sensors repeat themselves.
    fn tell(&self, notice: Notice) {
        let _ = self.notices.try_send(notice);
    }
}
