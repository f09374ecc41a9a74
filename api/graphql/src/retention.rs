use std::{collections::BTreeSet, sync::Arc};

use async_graphql::{ID, Result, SimpleObject};
use hub_model::{Expiring, Quantity as Q, Retention as Kept};

use crate::{
    device::{Device, Standing},
    error::{Code, bad_input, coded},
    history::on_disk,
    id::device_id,
    quantity::Quantity,
    scalar::Long,
    sensor::Sensor,
    view::View,
};

/// How long the readings of a device are kept.
#[derive(SimpleObject)]
pub(crate) struct Retention {
    /// Days that every single reading is kept, 1 to 36500; null is for ever.
    raw_days: Option<i32>,
    /// Days that hourly and daily figures are kept, 1 to 36500; null is for ever.
    rollup_days: Option<i32>,
    /// Is this the hub's default, rather than a choice for this device?
    is_default: bool,
}

fn days(days: Option<u32>) -> Option<i32> {
    days.map(|days| i32::try_from(days).unwrap_or(i32::MAX))
}

/// The device as the owner took it into the house, if so.
fn adopted(device: &Device) -> Option<&Arc<hub_model::Device>> {
    match device.standing() {
        Standing::Adopted(device) => Some(device),
        Standing::Heard(_) => None,
    }
}

impl Retention {
    /// The retention of a device, or the one that it would have.
    pub(crate) fn of(device: &Device) -> Self {
        let own = adopted(device).and_then(|device| device.retention);
        let kept = own.unwrap_or(device.view().ports().default_retention);
        Self { raw_days: days(kept.raw_days), rollup_days: days(kept.rollup_days), is_default: own.is_none() }
    }
}

/// How long the readings of one quantity of a device are kept.
#[derive(SimpleObject)]
pub(crate) struct QuantityRetention {
    /// Which quantity.
    quantity: Quantity,
    /// Is this a choice for this quantity, rather than what holds for its device?
    is_own: bool,
    /// Days that every single reading is kept, 1 to 36500; null is for ever.
    raw_days: Option<i32>,
    /// Days that hourly and daily figures are kept, 1 to 36500; null is for ever.
    rollup_days: Option<i32>,
}

impl QuantityRetention {
    /// Of every quantity that the device measures or has a retention for.
    pub(crate) fn all(device: &Device) -> Vec<Self> {
        let default = device.view().ports().default_retention;
        let found = adopted(device);
        let mut quantities: BTreeSet<Q> = Sensor::all(device).iter().map(|sensor| sensor.key().quantity).collect();
        quantities.extend(found.iter().flat_map(|found| found.retention_of.keys()));
        let retention = |quantity| {
            let kept = found.map_or(default, |found| found.retention(Some(quantity), default));
            Self {
                quantity: Quantity(quantity),
                is_own: found.is_some_and(|found| found.retention_of.contains_key(&quantity)),
                raw_days: days(kept.raw_days),
                rollup_days: days(kept.rollup_days),
            }
        };
        quantities.into_iter().map(retention).collect()
    }
}

/// A change of retention that a client thinks about: the fields of `SetRetentionInput`.
pub(crate) struct PreviewQuestion {
    pub(crate) device_id: ID,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) raw_days: Option<i32>,
    pub(crate) rollup_days: Option<i32>,
    pub(crate) use_default: bool,
}

impl PreviewQuestion {
    /// What would go if the change were made now.
    pub(crate) async fn answer(self, view: &Arc<View>) -> Result<RetentionPreview> {
        let id = device_id(&self.device_id).map_err(|error| bad_input("deviceId", error.to_string()))?;
        let found = view.state().household.devices.get(&id);
        let device = found.ok_or_else(|| coded(Code::NotFound, format!("device {id} is not known")))?;
        let quantity = self.quantity.map(|quantity| quantity.0);
        let default = view.ports().default_retention;
        let kept = match (self.use_default, quantity) {
            (false, _) => self.retention()?,
            (true, Some(_)) => device.retention(None, default),
            (true, None) => default,
        };
        let (device, now) = (Arc::clone(device), view.now().wall.at);
        let expiring = on_disk(view, move |ports| {
            // What the change does not concern counts as kept, although some of it may be due as well.
            let policy = |of: Option<Q>| match quantity {
                Some(_) if of == quantity => kept,
                None if of.is_none_or(|of| !device.retention_of.contains_key(&of)) => kept,
                _ => Kept::FOREVER,
            };
            ports.history.expiring(now, id, &policy)
        });
        Ok(expiring.await?.into())
    }

    fn retention(&self) -> Result<Kept> {
        let parse = |argument: &str, days: Option<i32>| {
            let positive = |days| {
                let expected = format!("1 to {} days, or none for ever", Kept::MAX_DAYS);
                u32::try_from(days)
                    .map_err(|_| bad_input(argument, format!("{argument} is {days}; expected {expected}")))
            };
            days.map(positive).transpose()
        };
        let raw_days = parse("rawDays", self.raw_days)?;
        let kept = Kept { raw_days, rollup_days: parse("rollupDays", self.rollup_days)? };
        kept.check().map_err(|wrong| bad_input(wrong.field, wrong.to_string()))?;
        Ok(kept)
    }
}

/// What a change of retention would delete, for good, if it were made now. What is due for deletion within a day anyway
/// counts too; readings of the last hour, which are not sealed yet, do not.
#[derive(SimpleObject)]
pub(crate) struct RetentionPreview {
    /// How many single readings would go.
    readings: Long,
    /// How many hourly figures would go, each with minimum, mean and maximum of one sensor in one hour.
    hours: Long,
    /// How many bytes of the hub's store that would free, for new readings: an estimate. Its file does not get smaller.
    bytes: Long,
}

impl From<Expiring> for RetentionPreview {
    fn from(Expiring { readings, hours, bytes }: Expiring) -> Self {
        Self { readings: readings.into(), hours: hours.into(), bytes: bytes.into() }
    }
}
