use std::ops::Bound;

use redb::{ReadableTable, Table};

use crate::{
    block,
    damage::{Damage, block_name},
    error::StoreError,
    rows::Rows,
    store::BlockKey,
};

/// A block is at most so large, so that it fills a page of the database (4096 bytes with key and head) by itself: pages
/// with several blocks are split into halves whenever one more comes. More only where one time has very many rows.
const MOST_BYTES: usize = 4040;
/// A block of this size is full.
const FULL_BYTES: usize = 3840;
/// So is one of so many rows: who asks for a day should not have to unpack a year.
const FULL_ROWS: usize = 4096;

/// Does what follows go to a block of its own?
pub(crate) const fn is_full(rows: usize, bytes: usize) -> bool {
    rows >= FULL_ROWS || bytes >= FULL_BYTES
}

/// What a change did to the totals.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) blocks: i64,
    pub(crate) points: i64,
}

/// The blocks of one device on one timeline.
pub(crate) struct Shelf<'a, 'txn> {
    pub(crate) blocks: &'a mut Table<'txn, BlockKey, &'static [u8]>,
    pub(crate) boot: u32,
    pub(crate) device: u64,
    pub(crate) tally: &'a mut Tally,
    pub(crate) damage: &'a Damage,
}

impl Shelf<'_, '_> {
    const fn key(&self, start: i64) -> BlockKey {
        (self.boot, self.device, start)
    }

    /// Puts rows, in order, where they belong; tells those that were not there before. Of rows that are `late`, those
    /// that a block holds already came twice and are left out; what is newer than everything here cannot have.
    pub(crate) fn merge(&mut self, rows: &Rows, are_late: bool) -> Result<Rows, StoreError> {
        let mut fresh = Rows::default();
        let mut at = 0;
        while let Some(first) = rows.t.get(at).copied() {
            let target = self.target(first)?;
            let next = match &target {
                Some((start, _)) => self.next_start(*start)?,
                None => None,
            };
            let end = next.map_or(rows.len(), |next| rows.t.partition_point(|t| *t < next)).max(at + 1);
            let part = rows.part(at..end);
            at = end;
            match target {
                Some((start, bytes)) => self.merge_into(start, &bytes, part, are_late, &mut fresh)?,
                None => {
                    self.put(&part, false)?;
                    fresh.append(&part);
                }
            }
        }
        self.tally.points += fresh.points().cast_signed();
        Ok(fresh)
    }

    /// The block that a row of this time belongs to: the last that begins before it, or the first of all.
    fn target(&self, t: i64) -> Result<Option<(i64, Vec<u8>)>, StoreError> {
        let before = self.blocks.range(self.key(i64::MIN)..=self.key(t))?.next_back();
        let after = || self.blocks.range(self.key(t)..=self.key(i64::MAX)).map(|mut range| range.next());
        let found = match before {
            Some(found) => Some(found?),
            None => after()?.transpose()?,
        };
        Ok(found.map(|(key, value)| (key.value().2, value.value().to_vec())))
    }

    fn next_start(&self, start: i64) -> Result<Option<i64>, StoreError> {
        let range = (Bound::Excluded(self.key(start)), Bound::Included(self.key(i64::MAX)));
        let next = self.blocks.range::<BlockKey>(range)?.next().transpose()?;
        Ok(next.map(|(key, _)| key.value().2))
    }

    fn merge_into(
        &mut self,
        start: i64,
        bytes: &[u8],
        part: Rows,
        are_late: bool,
        fresh: &mut Rows,
    ) -> Result<(), StoreError> {
        let Some(head) = block::head(bytes) else {
            self.damage.found(block_name(self.key(start)));
            fresh.append(&part);
            return self.put(&part, false);
        };
        let is_behind = part.t.first().is_some_and(|t| *t > head.end);
        if is_behind && is_full(head.rows, bytes.len()) {
            fresh.append(&part);
            return self.put(&part, false);
        }
        let Some(mut merged) = block::decode(bytes) else {
            return Err(StoreError::damaged(block_name(self.key(start))));
        };
        let part = if are_late && !is_behind {
            part.filtered(|row| part.t.get(row).is_some_and(|t| !merged.holds(*t, &part, row)))
        } else {
            part
        };
        if part.is_empty() {
            return Ok(());
        }
        fresh.append(&part);
        // What continues a block fills it up before the next one begins.
        let continues = part.t.first().is_some_and(|t| *t >= head.end);
        merged.append(&part);
        merged.sort_by_time();
        if merged.t.first() != Some(&start) {
            self.remove(start)?;
        }
        self.put(&merged, !continues)
    }

    pub(crate) fn remove(&mut self, start: i64) -> Result<(), StoreError> {
        let key = self.key(start);
        if self.blocks.remove(key)?.is_some() {
            self.tally.blocks -= 1;
        }
        Ok(())
    }

    /// Writes rows as blocks: full ones and a rest, or as many equal ones as are needed.
    pub(crate) fn put(&mut self, rows: &Rows, equally: bool) -> Result<(), StoreError> {
        let mut size = FULL_ROWS;
        if equally {
            let bytes = block::encode(rows).len();
            let blocks = bytes.div_ceil(MOST_BYTES).max(rows.len().div_ceil(FULL_ROWS)).max(1);
            size = rows.len().div_ceil(blocks);
        }
        let mut from = 0;
        while from < rows.len() {
            let (to, block) = fill(rows, from, &mut size);
            let key = self.key(rows.t.get(from).copied().unwrap_or(0));
            if self.blocks.insert(key, block.as_slice())?.is_none() {
                self.tally.blocks += 1;
            }
            from = to;
        }
        Ok(())
    }
}

/// A block of rows from `from` on, `size` of them unless that is too many or too few to fill it: then `size` is what
/// fits. Also tells where the next one begins.
fn fill(rows: &Rows, from: usize, size: &mut usize) -> (usize, Vec<u8>) {
    let mut may_grow = true;
    loop {
        let mut to = (from + *size).min(rows.len());
        // All rows of one time stay together, so that a block is known by its first.
        while to < rows.len() && rows.t.get(to) == rows.t.get(to - 1) {
            to += 1;
        }
        let block = block::encode(&rows.part(from..to));
        let fitting = ((to - from) * FULL_BYTES / block.len().max(1)).clamp(1, FULL_ROWS);
        let is_small = block.len() < FULL_BYTES / 4 * 3 && to < rows.len();
        if block.len() > MOST_BYTES && fitting < *size {
            may_grow = false;
        } else if !(is_small && may_grow && fitting > *size) {
            return (to, block);
        }
        *size = fitting;
    }
}
