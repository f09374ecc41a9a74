use redb::{ReadableTable, ReadableTableMetadata, TableDefinition, WriteTransaction};

use super::Part;
use crate::{
    error::StoreError,
    store::{self, META, Store},
};

/// At most so many bytes of damaged records are kept: some 5000 blocks.
pub(crate) const MOST_ASIDE_BYTES: u64 = 16 * 1024 * 1024;

/// Part, boot, device, start or record number, which of several under that key.
type AsideKey = (u8, u32, u64, i64, u16);

/// Records that were found damaged, as they were.
pub(crate) const DAMAGED: TableDefinition<'_, AsideKey, &[u8]> = TableDefinition::new("damaged");
/// The bytes in [`DAMAGED`], in the table of numbers.
const ASIDE_BYTES: &str = "damaged_bytes";

/// What was set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SetAside {
    /// How many records.
    pub records: u64,
    /// How many bytes they have.
    pub bytes: u64,
}

impl SetAside {
    pub(crate) fn of(store: &Store) -> Result<Self, StoreError> {
        let transaction = store.read()?;
        let records = store::readable(&transaction, DAMAGED)?.map_or(Ok(0), |table| table.len())?;
        let bytes = store::readable(&transaction, META)?.map_or(Ok(0), |table| store::number(&table, ASIDE_BYTES))?;
        Ok(Self { records, bytes })
    }
}

/// What a record stood under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) part: Part,
    pub(crate) boot: u32,
    pub(crate) device: u64,
    pub(crate) at: i64,
}

/// Keeps a damaged record where nobody stumbles over it, unless there is no room for more; is it kept?
pub(crate) fn set_aside(transaction: &WriteTransaction, key: Key, bytes: &[u8]) -> Result<bool, StoreError> {
    let mut numbers = transaction.open_table(META)?;
    let before = store::number(&numbers, ASIDE_BYTES)?;
    let after = before.saturating_add(bytes.len() as u64);
    if after > MOST_ASIDE_BYTES {
        return Ok(false);
    }
    let part = match key.part {
        Part::Block => 1,
        Part::Hours => 2,
        Part::Days => 3,
        Part::State => 4,
        Part::Clock => 5,
        Part::Pages | Part::Totals => 0,
    };
    let mut table = transaction.open_table(DAMAGED)?;
    let under = |nth| (part, key.boot, key.device, key.at, nth);
    let last = table.range(under(0)..=under(u16::MAX))?.next_back().transpose()?.map(|(key, _)| key.value().4);
    let Some(nth) = last.map_or(Some(0), |last| last.checked_add(1)) else { return Ok(false) };
    table.insert(under(nth), bytes)?;
    numbers.insert(ASIDE_BYTES, after)?;
    Ok(true)
}
