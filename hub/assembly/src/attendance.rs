//! Who is there, and how well heard: tells of adopted devices that fall silent, of their return, and how well each receiver
//! hears them.

use std::{collections::BTreeMap, time::Duration};

use hub_bus::{BusError, Contact, Draft};
use hub_model::{
    AlertKind, BootId, DeviceId, EventBody, Household, Origin, RawAdvert, ReceiverId, Reception, SeriesKey, Severity,
    Stamp, Value, WallTime, chain,
};
use hub_normalise::{Change, Presence, Signals};

use crate::pipeline::Shared;

/// The rhythm of the adopted devices, as far as it is heard live: captures and simulated pasts have their own time.
#[derive(Default)]
pub(crate) struct Attendance {
    presence: Presence,
    signals: Signals,
}

impl Attendance {
    /// Somebody was heard, whoever it was.
    pub(crate) fn air(&mut self, at: Stamp) {
        if at.boot != BootId::WALL {
            self.presence.air(at);
        }
    }

    /// An adopted device was heard. Was it lost, and is back?
    pub(crate) fn heard(&mut self, device: DeviceId, at: Stamp) -> bool {
        at.boot != BootId::WALL && self.presence.heard(device, at).is_some()
    }

    /// Clears what was told of a device that was lost.
    ///
    /// # Errors
    /// When the bus cannot take an event.
    pub(crate) fn clear(&self, device: DeviceId, shared: &Shared) -> Result<(), BusError> {
        shared.alerts.clear(&shared.bus, shared.clock.now(), (AlertKind::DeviceSilent, Some(device)))
    }

    /// Writes into a contact what is known of its device's rhythm.
    pub(crate) fn mark(&self, device: DeviceId, contact: &mut Contact) {
        contact.is_lost = self.presence.is_lost(device);
        contact.interval_ms = self.presence.interval_ms(device);
    }

    /// How well the receiver of an adopted device's advert hears it by now.
    pub(crate) fn receive(&mut self, device: DeviceId, advert: &RawAdvert, wall: WallTime) -> Option<Reception> {
        if advert.at.boot == BootId::WALL {
            return None;
        }
        let interval_ms = self.presence.interval_ms(device);
        self.signals.heard((device, advert.receiver), advert.rssi, (advert.at, wall), interval_ms)
    }

    /// Tells of the devices that have fallen silent, and how well each was heard when a window of time is over.
    ///
    /// # Errors
    /// When the bus cannot take an event.
    pub(crate) fn tick(&mut self, household: &Household, shared: &Shared) -> Result<(), BusError> {
        self.tell_signals(household, shared)?;
        while let Some(change) = self.presence.lost() {
            let (Change::Lost { device: id, silent_ms } | Change::Back { device: id, silent_ms }) = change;
            shared.bus.note(|state| {
                if let Some(contact) = state.contacts.get_mut(&id) {
                    self.mark(id, contact);
                }
            });
            let Some(device) = household.devices.get(&id) else { continue };
            let usual = self.presence.interval_ms(id).map_or_else(String::new, |ms| {
                format!(" It usually sends every {}.", in_words(Duration::from_millis(ms.into())))
            });
            let advice = format!(
                "{} has not been heard for {}.{usual} Look at its battery, or bring it nearer to the hub.",
                device.name,
                in_words(Duration::from_millis(silent_ms)),
            );
            let key = (AlertKind::DeviceSilent, Some(id));
            shared.alerts.raise(&shared.bus, shared.clock.now(), Severity::Warning, key, advice)?;
        }
        Ok(())
    }

    /// Writes the window that ended into the history: one event a device, with one value for each receiver that heard it.
    fn tell_signals(&mut self, household: &Household, shared: &Shared) -> Result<(), BusError> {
        let now = shared.clock.now();
        let presence = &self.presence;
        let closed = self.signals.close(now.stamp, |device| presence.interval_ms(device));
        if closed.is_empty() {
            return Ok(());
        }
        shared.bus.note(|state| {
            for pair in &closed {
                let key = (pair.device, pair.receiver);
                match pair.reception.filter(|_| state.household.devices.contains_key(&pair.device)) {
                    Some(reception) => state.receptions.insert(key, reception),
                    None => state.receptions.remove(&key),
                };
            }
        });
        let mut values: BTreeMap<DeviceId, Vec<Value>> = BTreeMap::new();
        for pair in closed.iter().filter(|pair| household.devices.contains_key(&pair.device)) {
            let (Some(mean), Some(key)) = (pair.mean, SeriesKey::signal(pair.device, pair.receiver)) else { continue };
            let value = Value { quantity: key.quantity, instance: key.instance, value: mean.into() };
            values.entry(pair.device).or_default().push(value);
        }
        for (device, values) in values {
            let origin = Origin::heard(ReceiverId::NONE, None, None);
            let body = EventBody::ReadingsTaken { device, values: values.into(), origin };
            shared.bus.publish(Draft { at: now.stamp, wall: now.wall, trace: None, body }, |_| ())?;
        }
        Ok(())
    }

    /// Forgets a device that the owner removed.
    pub(crate) fn forget(&mut self, device: DeviceId, shared: &Shared) {
        self.presence.forget(device);
        self.signals.forget(device);
        if let Err(error) = self.clear(device, shared) {
            tracing::error!(error = chain(&error), "an alert could not be told");
        }
    }
}

/// A time as people say it.
fn in_words(time: Duration) -> String {
    let seconds = time.as_millis().div_ceil(1000);
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} minutes", seconds / 60),
        _ => format!("{} hours", seconds / 3600),
    }
}

#[cfg(test)]
mod tests;
