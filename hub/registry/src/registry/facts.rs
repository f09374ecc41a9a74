use std::sync::Arc;

use hub_model::{BootId, Device, DeviceId, Format, Household, UnixMillis};
use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata};

use super::Registry;
use crate::{
    RegistryError, record,
    tables::{BOOTS, DEVICES, NUMBERS, WALL, number},
};

/// Boots whose uuid is remembered. An old one never comes back; these are for who debugs.
const REMEMBERED_BOOTS: u64 = 64;

impl Registry {
    /// The number of the kernel boot with this uuid (`/proc/sys/kernel/random/boot_id`): from 1 on, a new uuid
    /// gets the next.
    ///
    /// # Errors
    /// When it could not be stored.
    pub fn boot(&mut self, uuid: [u8; 16]) -> Result<BootId, RegistryError> {
        self.recover()?;
        if let Some(boot) = self.known_boot(uuid)? {
            return Ok(boot);
        }
        self.commit(|transaction| {
            let mut boots = transaction.open_table(BOOTS)?;
            let last = boots.last()?.map_or(0, |(boot, _)| boot.value());
            let boot = last.checked_add(1).ok_or_else(|| RegistryError::Damaged {
                table: "boots",
                key: last.to_string(),
                reason: "there is no greater number".to_owned(),
            })?;
            boots.insert(boot, uuid)?;
            while boots.len()? > REMEMBERED_BOOTS {
                boots.pop_first()?;
            }
            Ok(BootId(boot))
        })
    }

    fn known_boot(&self, uuid: [u8; 16]) -> Result<Option<BootId>, RegistryError> {
        for row in self.database.begin_read()?.open_table(BOOTS)?.iter()? {
            let (boot, known) = row?;
            if known.value() == uuid {
                return Ok(Some(BootId(boot.value())));
            }
        }
        Ok(None)
    }

    /// Notes what a clock that was set shows, for the next start without one; once an hour is enough.
    ///
    /// The last time noted counts, not the greatest: a clock that was wrong once is not wrong for ever.
    ///
    /// # Errors
    /// When it could not be stored.
    pub fn note_wall(&mut self, at: UnixMillis) -> Result<(), RegistryError> {
        self.commit(|transaction| {
            transaction.open_table(NUMBERS)?.insert(WALL, at.0.cast_unsigned())?;
            Ok(())
        })
    }

    /// The last wall time that was noted: now is later.
    ///
    /// # Errors
    /// When the store fails.
    pub fn last_wall(&self) -> Result<Option<UnixMillis>, RegistryError> {
        let numbers = self.database.begin_read()?.open_table(NUMBERS)?;
        Ok(number(&numbers, WALL)?.map(|ms| UnixMillis(ms.cast_signed())))
    }

    /// Writes down the format of a device's first frame that was understood; later ones change nothing.
    ///
    /// Answers with the household where that changed it. No event tells of it: the owner did nothing.
    ///
    /// # Errors
    /// When it could not be stored.
    pub fn note_format(&mut self, id: DeviceId, format: Format) -> Result<Option<Arc<Household>>, RegistryError> {
        self.recover()?;
        let Some(device) = self.household.devices.get(&id).filter(|device| device.format.is_none()) else {
            return Ok(None);
        };
        let device = Device { format: Some(format), ..Device::clone(device) };
        let bytes = record::write_device(&device)?;
        self.commit(|transaction| {
            transaction.open_table(DEVICES)?.insert(id.as_u64(), bytes.as_slice())?;
            Ok(())
        })?;
        let mut household = Household::clone(&self.household);
        household.devices.insert(id, Arc::new(device));
        self.household = Arc::new(household);
        Ok(Some(self.household()))
    }
}
