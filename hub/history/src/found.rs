use std::{collections::HashMap, path::Path};

use hub_model::BootId;
use redb::ReadableTable;

use crate::{
    OpenError, StoreError,
    damage::Damage,
    device::Known,
    error::is_full,
    store::{self, BOOTS, DEVICES, FORGOTTEN, FORMAT, META, Store, meta},
    timeline::Timeline,
};

/// What the database knows at start.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) epoch: u64,
    pub(crate) sealed: u64,
    pub(crate) reserved: u64,
    pub(crate) timeline: Timeline,
    pub(crate) devices: HashMap<u64, Known>,
    pub(crate) forgotten: HashMap<u64, u64>,
}

impl Found {
    /// Reads what the store knows.
    pub(crate) fn read(store: &Store, damage: &Damage) -> Result<Self, StoreError> {
        let transaction = store.read()?;
        let Some(table) = store::readable(&transaction, META)? else { return Ok(Self::default()) };
        let mut found = Self {
            epoch: store::number(&table, meta::EPOCH)?,
            sealed: store::number(&table, meta::SEALED)?,
            reserved: store::number(&table, meta::RESERVED)?,
            ..Self::default()
        };
        if let Some(table) = store::readable(&transaction, BOOTS)? {
            for entry in table.iter()? {
                let (boot, bytes) = entry?;
                let boot = boot.value();
                if found.timeline.decode(BootId(boot), bytes.value()).is_none() {
                    damage.found(format!("clock of boot {boot}"));
                }
            }
        }
        if let Some(table) = store::readable(&transaction, DEVICES)? {
            for entry in table.iter()? {
                let (device, bytes) = entry?;
                match Known::decode(bytes.value()) {
                    Some(known) => {
                        found.devices.insert(device.value(), known);
                    }
                    None => damage.found(format!("present state of device {:x}", device.value())),
                }
            }
        }
        if let Some(table) = store::readable(&transaction, FORGOTTEN)? {
            for entry in table.iter()? {
                let (device, last) = entry?;
                found.forgotten.insert(device.value(), last.value());
            }
        }
        Ok(found)
    }
}

/// Refuses a store that is none of ours, or newer than this.
pub(crate) fn check_format(store: &Store, path: &Path) -> Result<Result<(), OpenError>, StoreError> {
    let Some(table) = store::readable(&store.read()?, META)? else {
        let what = "history.redb holds something else".to_owned();
        return Ok(Err(OpenError::Corrupt { path: path.to_owned(), what }));
    };
    let format = store::number(&table, meta::FORMAT)?;
    if format > FORMAT {
        let path = path.to_owned();
        return Ok(Err(OpenError::NewerVersion { path, found: format, known: FORMAT }));
    }
    Ok(Ok(()))
}

pub(crate) fn refusal(path: &Path, error: redb::Error) -> OpenError {
    let path = path.to_owned();
    match error {
        redb::Error::DatabaseAlreadyOpen => OpenError::Locked { path },
        redb::Error::UpgradeRequired(version) => {
            OpenError::Corrupt { path, what: format!("the database has the unknown file format {version}") }
        }
        redb::Error::Corrupted(what) => OpenError::Corrupt { path, what },
        redb::Error::Io(error) if is_full(&error) => OpenError::DiskFull { path },
        redb::Error::Io(error) if error.kind() == std::io::ErrorKind::InvalidData => {
            OpenError::Corrupt { path, what: "history.redb is not a database of this hub".to_owned() }
        }
        redb::Error::Io(source) => OpenError::Io { path, source },
        error => OpenError::Store { path, source: error.into() },
    }
}
