use std::sync::Arc;

use redb::{Builder, Database, WriteTransaction, backends::InMemoryBackend};

use super::{Contents, Registry};
use crate::{RegistryError, tables::begin};

/// Opens the database of a registry once more.
pub(super) type Reopen = Box<dyn Fn() -> Result<Database, RegistryError> + Send>;

impl Registry {
    /// Makes a change durable, whole, or nothing of it.
    pub(super) fn commit<T>(
        &mut self,
        change: impl FnOnce(&WriteTransaction) -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        self.recover()?;
        let written = begin(&self.database).and_then(|transaction| {
            let written = change(&transaction)?;
            transaction.commit()?;
            Ok(written)
        });
        self.has_failed = matches!(written, Err(RegistryError::Store(_)));
        written
    }

    /// Opens the file again after a write that failed: redb takes nothing more after one, and a disk that was full
    /// may have room now. What is found there is what counts.
    pub(super) fn recover(&mut self) -> Result<(), RegistryError> {
        let Some(reopen) = self.reopen.as_ref().filter(|_| self.has_failed) else { return Ok(()) };
        // The file is locked until the old database lets go of it.
        self.database = Builder::new().create_with_backend(InMemoryBackend::new())?;
        let Contents { database, household, counters, claims } = Contents::read(reopen()?)?;
        (self.database, self.household, self.counters) = (database, Arc::new(household), counters);
        self.claims = claims;
        self.has_failed = false;
        tracing::info!("the registry was opened again after a failed write");
        Ok(())
    }
}
