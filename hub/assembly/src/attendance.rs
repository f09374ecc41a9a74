//! Who is there: tells of adopted devices that fall silent, and of their return.

use std::time::Duration;

use hub_bus::BusError;
use hub_model::{AlertKind, BootId, Device, DeviceId, Household, Severity, Stamp};
use hub_normalise::{Change, Presence};

use crate::{pipeline::Shared, supervise::chain};

/// The rhythm of the adopted devices, as far as it is heard live: captures and simulated pasts have their own time.
#[derive(Default)]
pub(crate) struct Attendance {
    presence: Presence,
}

impl Attendance {
    /// Somebody was heard, whoever it was.
    pub(crate) fn air(&mut self, at: Stamp) {
        if at.boot != BootId::WALL {
            self.presence.air(at);
        }
    }

    /// An adopted device was heard.
    ///
    /// # Errors
    /// When the bus cannot take an event.
    pub(crate) fn heard(&mut self, device: &Device, at: Stamp, shared: &Shared) -> Result<(), BusError> {
        if at.boot == BootId::WALL {
            return Ok(());
        }
        let change = self.presence.heard(device.id, at);
        self.note(device.id, shared);
        match change {
            Some(_) => shared.alerts.clear(&shared.bus, shared.clock.now(), (AlertKind::DeviceSilent, Some(device.id))),
            None => Ok(()),
        }
    }

    /// Tells of the devices that have fallen silent.
    ///
    /// # Errors
    /// When the bus cannot take an event.
    pub(crate) fn tick(&mut self, household: &Household, shared: &Shared) -> Result<(), BusError> {
        while let Some(change) = self.presence.lost() {
            let (Change::Lost { device: id, silent_ms } | Change::Back { device: id, silent_ms }) = change;
            self.note(id, shared);
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

    /// Forgets a device that the owner removed.
    pub(crate) fn forget(&mut self, device: DeviceId, shared: &Shared) {
        self.presence.forget(device);
        let key = (AlertKind::DeviceSilent, Some(device));
        if let Err(error) = shared.alerts.clear(&shared.bus, shared.clock.now(), key) {
            tracing::error!(error = chain(&error), "an alert could not be told");
        }
    }

    fn note(&self, device: DeviceId, shared: &Shared) {
        let (is_lost, interval_ms) = (self.presence.is_lost(device), self.presence.interval_ms(device));
        shared.bus.note(|state| {
            if let Some(contact) = state.contacts.get_mut(&device) {
                (contact.is_lost, contact.interval_ms) = (is_lost, interval_ms);
            }
        });
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
