use std::{collections::BTreeMap, sync::Arc};

use hub_model::{Anchor, Claim, DeviceId, Estimates, LogPlace, Seq};
use redb::{ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata};

use super::Registry;
use crate::{
    RegistryError,
    record::{self, ClaimRecord, EstimatesRecord, LogRecord},
    tables::{CLAIMS, ESTIMATES, IDENTITY, LOG_SEQ, LOGS, NUMBERS, ROLLOUTS, number},
};

/// The most claims, those of sensors in the house and tombstones together.
pub const MAX_CLAIMS: usize = 2_000;

/// The one row of the table of identities.
const HUB: &str = "hub";

/// Where the hub stands in the log of each of its sensors, and the last event that is taken into account there.
pub type LogPlaces = (BTreeMap<DeviceId, (LogPlace, Vec<Anchor>)>, Seq);

/// # Our own sensors
///
/// A claim holds the key of a sensor of ours, beside the device that it is in the house. It is written before the key is sent,
/// and stays behind when the device is removed without the sensor's knowledge.
impl Registry {
    /// Who the hub is to its sensors, once it was somebody.
    ///
    /// # Errors
    /// When it cannot be read, or has another length.
    pub fn identity<const N: usize>(&self) -> Result<Option<[u8; N]>, RegistryError> {
        let Some(row) = self.database.begin_read()?.open_table(IDENTITY)?.get(HUB)? else { return Ok(None) };
        let kept = row.value();
        let identity = kept.try_into().map_err(|_| RegistryError::Damaged {
            table: "identity",
            key: HUB.to_owned(),
            reason: format!("it has {} bytes; expected {N}", kept.len()),
        })?;
        Ok(Some(identity))
    }

    /// Keeps who the hub is to its sensors, for life.
    ///
    /// # Errors
    /// When it could not be stored.
    pub fn put_identity(&mut self, identity: &[u8]) -> Result<(), RegistryError> {
        self.recover()?;
        self.commit(|transaction| {
            transaction.open_table(IDENTITY)?.insert(HUB, identity)?;
            Ok(())
        })
    }

    /// The claims by the device that they are of.
    pub const fn claims(&self) -> &BTreeMap<DeviceId, Arc<Claim>> {
        &self.claims
    }

    /// Keeps a claim, in place of the one before.
    ///
    /// # Errors
    /// When it could not be stored, or there are too many.
    pub fn put_claim(&mut self, id: DeviceId, claim: Claim) -> Result<(), RegistryError> {
        self.recover()?;
        let bytes = record::write("claim", &ClaimRecord::from(&claim))?;
        self.commit(|transaction| {
            let mut table = transaction.open_table(CLAIMS)?;
            let is_full = table.len()? >= MAX_CLAIMS as u64 && table.get(id.as_u64())?.is_none();
            if is_full {
                return Err(RegistryError::TooManyClaims { most: MAX_CLAIMS });
            }
            table.insert(id.as_u64(), bytes.as_slice())?;
            Ok(())
        })?;
        self.claims.insert(id, Arc::new(claim));
        Ok(())
    }

    /// Forgets a claim and where the hub stood in that sensor's log.
    ///
    /// # Errors
    /// When that could not be stored.
    pub fn remove_claim(&mut self, id: DeviceId) -> Result<(), RegistryError> {
        self.commit(|transaction| {
            transaction.open_table(CLAIMS)?.remove(id.as_u64())?;
            transaction.open_table(LOGS)?.remove(id.as_u64())?;
            Ok(())
        })?;
        self.claims.remove(&id);
        Ok(())
    }

    /// Where the hub stood in the logs of its sensors when that was kept last.
    ///
    /// # Errors
    /// When the store fails or a record is damaged.
    pub fn log_places(&self) -> Result<LogPlaces, RegistryError> {
        let transaction = self.database.begin_read()?;
        let mut places = BTreeMap::new();
        for row in transaction.open_table(LOGS)?.iter()? {
            let (id, row) = row?;
            let id = DeviceId::from_u64(id.value());
            places.insert(id, record::read("sensor log", id, row.value(), |row: LogRecord| Ok(row.parts()))?);
        }
        let seq = number(&transaction.open_table(NUMBERS)?, LOG_SEQ)?.map_or_else(Seq::default, Seq);
        Ok((places, seq))
    }

    /// Where in a device's past times are estimated. That stays when its claim is forgotten, as the past does.
    ///
    /// # Errors
    /// When the store fails or the record is damaged.
    pub fn estimates(&self, id: DeviceId) -> Result<Estimates, RegistryError> {
        kept_estimates(&self.database.begin_read()?.open_table(ESTIMATES)?, id)
    }

    /// Forgets that, as a device's past is.
    ///
    /// # Errors
    /// When that could not be stored.
    pub fn forget_estimates(&mut self, id: DeviceId) -> Result<(), RegistryError> {
        if self.estimates(id)?.spans().is_empty() {
            return Ok(());
        }
        self.commit(|transaction| {
            transaction.open_table(ESTIMATES)?.remove(id.as_u64())?;
            Ok(())
        })
    }

    /// Keeps where the hub stands in the logs of these sensors, where it has estimated times since, and the last event that is
    /// taken into account in all.
    ///
    /// # Errors
    /// When it could not be stored.
    pub fn put_log_places<'a>(
        &mut self,
        places: impl IntoIterator<Item = (DeviceId, LogPlace, &'a [Anchor])>,
        estimates: &BTreeMap<DeviceId, Estimates>,
        seq: Seq,
    ) -> Result<(), RegistryError> {
        let places = places
            .into_iter()
            .map(|(id, place, anchors)| Ok((id, record::write("sensor log", &LogRecord::new(&place, anchors))?)));
        let places: Vec<_> = places.collect::<Result<_, RegistryError>>()?;
        self.commit(|transaction| {
            let mut table = transaction.open_table(LOGS)?;
            for (id, bytes) in &places {
                table.insert(id.as_u64(), bytes.as_slice())?;
            }
            let mut table = transaction.open_table(ESTIMATES)?;
            for (id, new) in estimates {
                let mut all = kept_estimates(&table, *id)?;
                new.spans().iter().for_each(|span| all.take(*span));
                let bytes = record::write("estimated times", &EstimatesRecord::new(&all))?;
                table.insert(id.as_u64(), bytes.as_slice())?;
            }
            transaction.open_table(NUMBERS)?.insert(LOG_SEQ, seq.0)?;
            Ok(())
        })
    }
}

/// # Rollouts of sensors' updates
///
/// Each a record of whoever plans them, which is kept as it is.
impl Registry {
    /// The rollouts as they were kept last.
    ///
    /// # Errors
    /// When the store fails.
    pub fn rollouts(&self) -> Result<Vec<Vec<u8>>, RegistryError> {
        let table = self.database.begin_read()?.open_table(ROLLOUTS)?;
        table.iter()?.map(|row| Ok(row?.1.value().to_vec())).collect()
    }

    /// Keeps the rollouts, in place of those before.
    ///
    /// # Errors
    /// When they could not be stored.
    pub fn put_rollouts(&mut self, rollouts: &[Vec<u8>]) -> Result<(), RegistryError> {
        self.commit(|transaction| {
            let mut table = transaction.open_table(ROLLOUTS)?;
            while table.pop_last()?.is_some() {}
            for (number, rollout) in (0_u64..).zip(rollouts) {
                table.insert(number, rollout.as_slice())?;
            }
            Ok(())
        })
    }
}

pub(super) fn read(transaction: &ReadTransaction) -> Result<BTreeMap<DeviceId, Arc<Claim>>, RegistryError> {
    let mut claims = BTreeMap::new();
    for row in transaction.open_table(CLAIMS)?.iter()? {
        let (id, row) = row?;
        let id = DeviceId::from_u64(id.value());
        let claim = record::read("claim", id, row.value(), ClaimRecord::claim)?;
        claims.insert(id, Arc::new(claim));
    }
    Ok(claims)
}

fn kept_estimates(table: &impl ReadableTable<u64, &'static [u8]>, id: DeviceId) -> Result<Estimates, RegistryError> {
    let Some(row) = table.get(id.as_u64())? else { return Ok(Estimates::default()) };
    record::read("estimated times", id, row.value(), |record: EstimatesRecord| Ok(record.estimates()))
}

#[cfg(test)]
mod tests;
