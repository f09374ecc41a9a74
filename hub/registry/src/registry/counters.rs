use hub_model::{BindKey, DeviceId, ReplayRule};
use redb::ReadableTableMetadata;
use xxhash_rust::xxh3::xxh3_64;

use super::{Registry, next_revision};
use crate::{RegistryError, record, tables::COUNTERS};

/// Keys of one device whose last counters are kept.
const KEYS: usize = 8;

/// Devices with such counters that are kept, in the house or not.
const DEVICES: u64 = 4_096;

/// Frames that may still have come under the old key while the command that changed it was on its way.
const STILL_CAME: u32 = 2;

/// # Counters under keys no longer in use
///
/// History keeps the last counter of a device in the record of its readings. That does not say under which
/// key, and goes with the history when the owner removes both. So the last counter is written down here
/// before a key changes and before a device is removed; and when counters are restored, both are asked:
/// a recording stays refused when the device is adopted again, or gets an earlier key back, and a device with a
/// new key may start at 0 although the log still ends with its old count.
impl Registry {
    /// Keeps the last counter accepted from a device under its present key. Call it before every command that
    /// removes the device or changes its key. Nothing is written for a device without a key.
    ///
    /// # Errors
    /// When it could not be stored.
    pub fn retire_counter(&mut self, id: DeviceId, last: Option<u32>) -> Result<(), RegistryError> {
        self.recover()?;
        let key = self.household.devices.get(&id).and_then(|device| device.key);
        let (Some(key), Some(last)) = (key, last) else { return Ok(()) };
        let key = fingerprint(&key);
        let mut record = self.counters.get(&id).cloned().unwrap_or_default();
        if record.retired.last().is_some_and(|latest| is_of_earlier_key(latest, key, last)) {
            // Nothing came under the present key yet.
            return Ok(());
        }
        record.retired.retain(|(retired, _)| *retired != key);
        if record.retired.len() >= KEYS {
            record.retired.remove(0);
        }
        record.retired.push((key, last));
        let longest_gone = self.longest_gone();
        let forgotten = self.commit(|transaction| {
            record.revision = next_revision(transaction)?.0;
            let mut table = transaction.open_table(COUNTERS)?;
            table.insert(id.as_u64(), record::write("counters", &record)?.as_slice())?;
            let forgotten = longest_gone.filter(|_| table.len().is_ok_and(|rows| rows > DEVICES));
            if let Some(forgotten) = forgotten {
                table.remove(forgotten.as_u64())?;
            }
            Ok(forgotten)
        })?;
        if let Some(forgotten) = forgotten {
            self.counters.remove(&forgotten);
        }
        self.counters.insert(id, record);
        Ok(())
    }

    /// The counter to restore for a device, when the log of its readings ends with `logged`: at start for every
    /// device, and after one was adopted or got another key.
    ///
    /// Relies on `logged` being the counter of the last reading of this device, whatever key it came under. Where
    /// that equals the one retired last, or is up to two greater, it is taken to be the old key's. (A
    /// device that is switched off at just these counters of its new key is unguarded until it is heard again.)
    pub fn counter_to_restore(&self, id: DeviceId, logged: Option<u32>) -> Option<u32> {
        let device = self.household.devices.get(&id)?;
        let key = fingerprint(device.key.as_ref()?);
        let retired = self.counters.get(&id).map_or(&[][..], |record| &record.retired);
        let own = retired.iter().find(|(retired, _)| *retired == key).map(|(_, last)| *last);
        let logged = match retired.last() {
            Some(latest) => logged.filter(|logged| !is_of_earlier_key(latest, key, *logged)),
            None => logged,
        };
        match device.replay {
            ReplayRule::Strict => logged.max(own),
            // A counter that restarted since is the one that counts.
            ReplayRule::Compat => logged.or(own),
        }
    }

    /// The device not in the house whose counters were written longest ago.
    fn longest_gone(&self) -> Option<DeviceId> {
        let gone = self.counters.iter().filter(|(id, _)| !self.household.devices.contains_key(id));
        gone.min_by_key(|(_, record)| record.revision).map(|(id, _)| *id)
    }
}

/// Is this counter, the last that was accepted, the one that was retired with another key?
fn is_of_earlier_key((latest, retired): &(u64, u32), key: u64, last: u32) -> bool {
    *latest != key && last.checked_sub(*retired).is_some_and(|more| more <= STILL_CAME)
}

fn fingerprint(key: &BindKey) -> u64 {
    xxh3_64(key.bytes())
}

#[cfg(test)]
mod tests;
