use std::{path::Path, sync::Arc};

use crate::{
    Config, OpenError,
    check::{existing, open, page_file, told},
    copy::copy,
    disk::Disk,
    error::StoreError,
};

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompactReport {
    /// Bytes of the database before.
    pub bytes_before: u64,
    /// Bytes of the database after.
    pub bytes_after: u64,
    /// Blocks before small ones were joined with their neighbours.
    pub blocks_before: u64,
    /// Blocks after.
    pub blocks_after: u64,
}

/// Writes the store in the folder that `config` names anew, as small as it goes; nobody may have it open.
///
/// Small blocks are joined into full ones, and free pages are left out. The new file takes the place of the old one in
/// one step when it is whole and on the disk: whatever happens before, the old one is there. It needs as much free room
/// as the new file takes.
///
/// # Errors
/// When there is no store, it is in use, is damaged ([`check`](crate::check) helps), or the disk refuses.
pub fn compact(config: &Config) -> Result<CompactReport, OpenError> {
    compact_on(config.path(), &existing(config)?)
}

pub(crate) fn compact_on(path: &Path, disk: &Arc<dyn Disk>) -> Result<CompactReport, OpenError> {
    let bytes = || disk.database_bytes().map_err(|error| told(path, StoreError::from(redb::Error::Io(error))));
    let fail = |error| told(path, error);
    // A newer version's store is refused; so is one with bad pages, of which a copy would be less than what is there.
    let file = page_file(disk).map_err(fail)?;
    if file.survey().map_err(fail)?.bad > 0 {
        return Err(OpenError::Corrupt { path: path.to_owned(), what: "it has bad pages; check it first".to_owned() });
    }
    drop(file);
    drop(open(path, disk)?.map_err(fail)?);
    let bytes_before = bytes()?;
    let copied = copy(disk, page_file(disk).map_err(fail)?).map_err(fail)?;
    Ok(CompactReport {
        bytes_before,
        bytes_after: bytes()?,
        blocks_before: copied.blocks_before,
        blocks_after: copied.blocks_after,
    })
}
