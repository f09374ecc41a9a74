//! What is shown and not stored: devices that nobody adopted, contacts, frames that were refused.

use std::collections::hash_map::Entry;

use hub_bus::{BusError, Contact, Discovered, Draft, MAX_DISCOVERED};
use hub_model::{DeviceId, EventBody, Fact, RawAdvert, Refusal, Value, WallTime};
use hub_registry::Refused;

use super::Pipeline;

impl Pipeline {
    /// Shows a device that nobody adopted; the first time since start is an event.
    pub(super) fn discover(
        &self,
        advert: &RawAdvert,
        wall: WallTime,
        learn: impl FnOnce(&mut Discovered),
        format: hub_model::Format,
    ) -> Result<(), BusError> {
        let device = DeviceId::from(advert.address);
        let is_new = self.shared.bus.note(|state| {
            let mut found = state.discovered.remove(&device).unwrap_or_else(|| Discovered {
                address: advert.address,
                name: None,
                format,
                is_encrypted: false,
                sightings: 0,
                wall,
                rssi: None,
                values: Vec::new(),
                facts: Vec::new(),
            });
            found.sightings += 1;
            found.wall = wall;
            found.rssi = advert.rssi.or(found.rssi);
            found.name = advert.name.clone().or(found.name);
            learn(&mut found);
            // Somebody who sends from ever new addresses fills this list, and not the event log.
            let is_new = found.sightings == 1 && state.discovered.len() < MAX_DISCOVERED;
            state.discover(device, found);
            is_new
        });
        if is_new {
            let at = advert.at;
            self.shared
                .bus
                .publish(Draft { at, wall, trace: None, body: EventBody::DeviceDiscovered { device } }, |_| ())?;
        }
        Ok(())
    }

    pub(super) fn bury(&self, advert: &RawAdvert, refusal: &Refusal, wall: WallTime) {
        let service = advert.service_data.iter().map(|(id, bytes)| (format!("service_data:{id:04x}"), bytes));
        let manufacturer =
            advert.manufacturer_data.iter().map(|(id, bytes)| (format!("manufacturer_data:{id:04x}"), bytes));
        let Some((part, bytes)) = service.chain(manufacturer).next() else { return };
        let refused = Refused {
            address: advert.address,
            is_adopted: self.household.devices.contains_key(&DeviceId::from(advert.address)),
            code: refusal.code,
            detail: &refusal.detail,
            part: &part,
            bytes,
        };
        self.shared.dead_letters.record(refused, wall.at);
    }
}

pub(super) fn keep_contact(entry: Entry<'_, DeviceId, Contact>, mut contact: Contact) {
    match entry {
        Entry::Vacant(entry) => {
            entry.insert(contact);
        }
        Entry::Occupied(mut entry) => {
            let known = entry.get_mut();
            let mut facts = std::mem::take(&mut known.facts);
            merge_facts(&mut facts, std::mem::take(&mut contact.facts));
            *known = Contact { facts, ..contact };
        }
    }
}

/// The newest value of each quantity and instance.
pub(super) fn merge_values(known: &mut Vec<Value>, new: Vec<Value>) {
    for value in new {
        match known.iter_mut().find(|k| (k.quantity, k.instance) == (value.quantity, value.instance)) {
            Some(old) => *old = value,
            None => known.push(value),
        }
    }
}

/// The newest fact of each kind.
pub(super) fn merge_facts(known: &mut Vec<Fact>, new: Vec<Fact>) {
    for fact in new {
        match known.iter_mut().find(|k| std::mem::discriminant(*k) == std::mem::discriminant(&fact)) {
            Some(old) => *old = fact,
            None => known.push(fact),
        }
    }
}
