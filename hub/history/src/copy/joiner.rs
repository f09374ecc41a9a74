use redb::Table;

use crate::{
    block,
    damage::Damage,
    error::StoreError,
    pack::Packing,
    rows::Rows,
    shelf::{Shelf, Tally, is_full},
    store::BlockKey,
};

/// So many rows are written, however small they are: memory is bounded.
const MANY_ROWS: usize = 65_536;

/// Collects the rows of small blocks of one device on one timeline until they fill a block.
pub(super) struct Joiner<'txn> {
    to: Table<'txn, BlockKey, &'static [u8]>,
    of: (u32, u64),
    rows: Rows,
    tally: Tally,
}

impl<'txn> Joiner<'txn> {
    pub(super) fn new(to: Table<'txn, BlockKey, &'static [u8]>) -> Self {
        Self { to, of: (0, 0), rows: Rows::default(), tally: Tally::default() }
    }

    pub(super) fn take(&mut self, key: BlockKey, bytes: &[u8]) -> Result<(), StoreError> {
        if self.of != (key.0, key.1) {
            self.put_rest()?;
            self.of = (key.0, key.1);
        }
        // Nothing is thrown away because it cannot be read; the check sets it aside.
        let open = block::head(bytes).filter(|head| !is_full(*head, bytes.len()));
        let rows = open.and_then(|_| block::decode(bytes)).filter(|rows| rows.t.first() == Some(&key.2));
        let follows =
            |rows: &Rows| self.rows.t.last().is_none_or(|last| rows.t.first().is_some_and(|first| last < first));
        let Some(rows) = rows.filter(follows) else {
            self.put_rest()?;
            self.to.insert(key, bytes)?;
            self.tally.blocks += 1;
            return Ok(());
        };
        self.rows.append(&rows);
        // What is written as full blocks and a rest is joined no further once there is much of it.
        if self.rows.len() >= MANY_ROWS {
            self.put_rest()?;
        }
        Ok(())
    }

    /// Writes what is left; tells how many blocks there are.
    pub(super) fn finish(mut self) -> Result<u64, StoreError> {
        self.put_rest()?;
        Ok(self.tally.blocks.unsigned_abs())
    }

    fn put_rest(&mut self) -> Result<(), StoreError> {
        let rest = std::mem::take(&mut self.rows);
        if rest.is_empty() { Ok(()) } else { self.put(&rest) }
    }

    fn put(&mut self, rows: &Rows) -> Result<(), StoreError> {
        let ((boot, device), damage) = (self.of, &Damage::default());
        Shelf { blocks: &mut self.to, boot, device, tally: &mut self.tally, damage }.put(rows, false, Packing::Quick)
    }
}
