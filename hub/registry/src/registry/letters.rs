use redb::{ReadableDatabase, ReadableTable, ReadableTableMetadata};

use super::Registry;
use crate::{
    DeadLetters, LETTERS, LetterChanges, RegistryError,
    record::{self, LetterRecord},
    tables::{DEAD_LETTERS, NEXT_LETTER, NUMBERS, number},
};

impl Registry {
    /// The refused frames that were stored, ready to take more.
    ///
    /// # Errors
    /// When the store fails or a record is damaged.
    pub fn dead_letters(&self) -> Result<DeadLetters, RegistryError> {
        let transaction = self.database.begin_read()?;
        let next_id = number(&transaction.open_table(NUMBERS)?, NEXT_LETTER)?.unwrap_or(1);
        let mut stored = Vec::new();
        for row in transaction.open_table(DEAD_LETTERS)?.iter()? {
            let (id, row) = row?;
            let letter = |record: LetterRecord| Ok(record.letter(id.value()));
            stored.push(record::read("dead letter", id.value(), row.value(), letter)?);
        }
        Ok(DeadLetters::new(stored, next_id))
    }

    /// Stores what changed among the refused frames, in one transaction; every ten minutes is often enough.
    ///
    /// # Errors
    /// When it could not be stored; give the changes back then ([`DeadLetters::give_back`]).
    pub fn store_dead_letters(&mut self, changes: &LetterChanges) -> Result<(), RegistryError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.commit(|transaction| {
            let mut letters = transaction.open_table(DEAD_LETTERS)?;
            for id in &changes.removed {
                letters.remove(id)?;
            }
            for letter in &changes.changed {
                let bytes = record::write("dead letter", &LetterRecord::from(letter))?;
                letters.insert(letter.letter.id, bytes.as_slice())?;
            }
            while letters.len()? > LETTERS as u64 {
                letters.pop_first()?;
            }
            transaction.open_table(NUMBERS)?.insert(NEXT_LETTER, changes.next_id)?;
            Ok(())
        })
    }
}
