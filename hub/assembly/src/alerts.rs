//! What needs the owner now: raised once, cleared once, each change an event.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hub_bus::{Bus, BusError, Draft};
use hub_model::{Alert, AlertKind, DeviceId, EventBody, Now, Severity};

type Key = (AlertKind, Option<DeviceId>);

/// The alerts that are raised.
#[derive(Default)]
pub(crate) struct Alerts {
    raised: Mutex<BTreeMap<Key, Alert>>,
}

impl Alerts {
    /// Raises an alert; an alert that is raised already only gets the new advice.
    ///
    /// # Errors
    /// When the event cannot be published; the alert is raised all the same.
    pub(crate) fn raise(
        &self,
        bus: &Bus,
        now: Now,
        severity: Severity,
        key: Key,
        advice: impl Into<String>,
    ) -> Result<(), BusError> {
        let (kind, device) = key;
        let advice = advice.into();
        {
            let mut raised = self.lock();
            if let Some(alert) = raised.get_mut(&key) {
                alert.advice = advice;
                return Ok(());
            }
            tracing::warn!(kind = kind.code(), device = device.map(|d| d.to_string()), "{advice}");
            raised.insert(key, Alert { kind, severity, device, advice, since: now.wall.at });
        }
        publish(bus, now, EventBody::AlertRaised { kind, device })
    }

    /// Clears an alert, if it is raised.
    ///
    /// # Errors
    /// When the event cannot be published; the alert is cleared all the same.
    pub(crate) fn clear(&self, bus: &Bus, now: Now, key: Key) -> Result<(), BusError> {
        let (kind, device) = key;
        if self.lock().remove(&key).is_none() {
            return Ok(());
        }
        tracing::info!(kind = kind.code(), device = device.map(|d| d.to_string()), "alert cleared");
        publish(bus, now, EventBody::AlertCleared { kind, device })
    }

    /// The raised alerts, worst first, then oldest first.
    pub(crate) fn raised(&self) -> Vec<Alert> {
        let mut alerts: Vec<_> = self.lock().values().cloned().collect();
        alerts.sort_by_key(|alert| (std::cmp::Reverse(alert.severity), alert.since));
        alerts
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, Alert>> {
        self.raised.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn publish(bus: &Bus, now: Now, body: EventBody) -> Result<(), BusError> {
    bus.publish(Draft { at: now.stamp, wall: now.wall, trace: None, body }, |_| ()).map(|_| ())
}
