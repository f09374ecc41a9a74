use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableHandle, WriteTransaction};

use crate::RegistryError;

/// The format of the file that this version writes, and the latest that it reads.
pub const FORMAT: u64 = 1;

/// Bytes of the file that are kept in memory. Everything that is asked for often is in the household already.
pub(crate) const CACHE_BYTES: usize = 512 * 1024;

pub(crate) const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
pub(crate) const DEVICES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("devices");
pub(crate) const ROOMS: TableDefinition<'_, u32, &[u8]> = TableDefinition::new("rooms");
pub(crate) const BOOTS: TableDefinition<'_, u32, [u8; 16]> = TableDefinition::new("boots");
pub(crate) const REQUESTS: TableDefinition<'_, (&str, &str), &[u8]> = TableDefinition::new("requests");
pub(crate) const REQUEST_ORDER: TableDefinition<'_, u64, (&str, &str)> = TableDefinition::new("request_order");
pub(crate) const PENDING: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("pending");
pub(crate) const COUNTERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("counters");
pub(crate) const DEAD_LETTERS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("dead_letters");
/// Tables that came after the first version; a file without them gets them.
pub(crate) const CLAIMS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("claims");
pub(crate) const LOGS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("sensor_logs");
pub(crate) const IDENTITY: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("identity");
pub(crate) const ROLLOUTS: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("rollouts");
pub(crate) const ESTIMATES: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("estimated_times");

/// Rows of `numbers`.
pub(crate) const FORMAT_NUMBER: &str = "format";
pub(crate) const REVISION: &str = "revision";
pub(crate) const NEXT_ROOM: &str = "next_room";
pub(crate) const NEXT_LETTER: &str = "next_dead_letter";
pub(crate) const WALL: &str = "wall";
pub(crate) const LOG_SEQ: &str = "sensor_log_seq";

/// A write transaction that is on the disk, whole, when its commit returns.
pub(crate) fn begin(database: &Database) -> Result<WriteTransaction, RegistryError> {
    let mut transaction = database.begin_write()?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Refuses a file of a later format before any record is read or written, and makes a new file ready.
pub(crate) fn prepare(database: &Database) -> Result<(), RegistryError> {
    let transaction = database.begin_read()?;
    let is_new = !transaction.list_tables()?.any(|table| table.name() == NUMBERS.name());
    if !is_new {
        let found = transaction.open_table(NUMBERS)?.get(FORMAT_NUMBER)?.map(|number| number.value());
        return match found {
            Some(found) if found <= FORMAT => {
                drop(transaction);
                complete(database)
            }
            Some(found) => Err(RegistryError::NewerFormat { found, known: FORMAT }),
            None => Err(RegistryError::Damaged {
                table: "numbers",
                key: FORMAT_NUMBER.to_owned(),
                reason: "it is missing".to_owned(),
            }),
        };
    }
    drop(transaction);
    let transaction = begin(database)?;
    transaction.open_table(NUMBERS)?.insert(FORMAT_NUMBER, FORMAT)?;
    transaction.open_table(DEVICES)?;
    transaction.open_table(ROOMS)?;
    transaction.open_table(BOOTS)?;
    transaction.open_table(REQUESTS)?;
    transaction.open_table(REQUEST_ORDER)?;
    transaction.open_table(PENDING)?;
    transaction.open_table(COUNTERS)?;
    transaction.open_table(DEAD_LETTERS)?;
    make_later_tables(&transaction)?;
    transaction.commit()?;
    Ok(())
}

/// Makes the tables of later versions.
fn complete(database: &Database) -> Result<(), RegistryError> {
    if database.begin_read()?.list_tables()?.any(|table| table.name() == ESTIMATES.name()) {
        return Ok(());
    }
    let transaction = begin(database)?;
    make_later_tables(&transaction)?;
    transaction.commit()?;
    Ok(())
}

fn make_later_tables(transaction: &WriteTransaction) -> Result<(), RegistryError> {
    transaction.open_table(CLAIMS)?;
    transaction.open_table(LOGS)?;
    transaction.open_table(IDENTITY)?;
    transaction.open_table(ROLLOUTS)?;
    transaction.open_table(ESTIMATES)?;
    Ok(())
}

/// A row of `numbers`.
pub(crate) fn number(
    numbers: &impl ReadableTable<&'static str, u64>,
    name: &str,
) -> Result<Option<u64>, RegistryError> {
    Ok(numbers.get(name)?.map(|number| number.value()))
}
