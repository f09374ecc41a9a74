//! Who is there: tells of adopted devices that fall silent, and of their return.

use std::time::Duration;

use hub_bus::{BusError, Contact};
use hub_model::{AlertKind, BootId, DeviceId, Household, Severity, Stamp, chain};
use hub_normalise::{Change, Presence};

use crate::pipeline::Shared;

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

    /// Tells of the devices that have fallen silent.
    ///
    /// # Errors
    /// When the bus cannot take an event.
    pub(crate) fn tick(&mut self, household: &Household, shared: &Shared) -> Result<(), BusError> {
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

    /// Forgets a device that the owner removed.
    pub(crate) fn forget(&mut self, device: DeviceId, shared: &Shared) {
        self.presence.forget(device);
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
