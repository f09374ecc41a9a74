use std::ops::Bound;

use redb::{ReadableTable, Table};

use crate::{
    block::{self, Head},
    damage::{Damage, block_name},
    error::StoreError,
    pack::Packing,
    rows::Rows,
    store::BlockKey,
};

/// A block is at most so large, so that it fills a page of the database (4096 bytes with key and head) by itself: pages
/// with several blocks are split into halves whenever one more comes. More only where one time has very many rows.
const MOST_BYTES: usize = 4040;
/// A block of this size is full.
const FULL_BYTES: usize = 3840;
/// So large a block in tight form is meant to be: it is not added to.
const TIGHT_BYTES: usize = 3960;

/// A block of so many rows is full: who asks for a day should not have to unpack a year.
const fn full_rows(packing: Packing) -> usize {
    match packing {
        Packing::Quick => 4096,
        Packing::Tight => 16_384,
    }
}

/// Does what follows go to a block of its own?
pub(crate) fn is_full(head: Head, bytes: usize) -> bool {
    head.packing == Packing::Tight || head.rows >= full_rows(head.packing) || bytes >= FULL_BYTES
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
                    self.put(&part, false, Packing::Quick)?;
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
            return self.put(&part, false, Packing::Quick);
        };
        let is_behind = part.t.first().is_some_and(|t| *t > head.end);
        if is_behind && is_full(head, bytes.len()) {
            fresh.append(&part);
            return self.put(&part, false, Packing::Quick);
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
        // What comes late to a block in tight form leaves it so.
        self.put(&merged, !continues, head.packing)
    }

    pub(crate) fn remove(&mut self, start: i64) -> Result<(), StoreError> {
        let key = self.key(start);
        if self.blocks.remove(key)?.is_some() {
            self.tally.blocks -= 1;
        }
        Ok(())
    }

    /// Writes rows as blocks: full ones and a rest, or as many equal ones as are needed.
    pub(crate) fn put(&mut self, rows: &Rows, equally: bool, packing: Packing) -> Result<(), StoreError> {
        let size = if equally { equal_size(rows, packing) } else { full_rows(Packing::Quick) };
        cut(rows, size, packing).iter().try_for_each(|(from, block)| self.insert(rows, *from, block))
    }

    /// Writes a block of the rows from `from` on.
    pub(crate) fn insert(&mut self, rows: &Rows, from: usize, block: &[u8]) -> Result<(), StoreError> {
        let key = self.key(rows.t.get(from).copied().unwrap_or(0));
        if self.blocks.insert(key, block)?.is_none() {
            self.tally.blocks += 1;
        }
        Ok(())
    }
}

/// How many rows a block has if as many equal ones are made as are needed.
fn equal_size(rows: &Rows, packing: Packing) -> usize {
    let bytes = block::encode(rows, packing).len();
    let blocks = bytes.div_ceil(MOST_BYTES).max(rows.len().div_ceil(full_rows(packing))).max(1);
    rows.len().div_ceil(blocks)
}

/// Rows as blocks, with the row that each begins with.
fn cut(rows: &Rows, mut size: usize, packing: Packing) -> Vec<(usize, Vec<u8>)> {
    let (mut blocks, mut from) = (Vec::new(), 0);
    while from < rows.len() {
        let (to, block) = fill(rows, from, &mut size, packing);
        blocks.push((from, block));
        from = to;
    }
    blocks
}

/// Rows as blocks in tight form as far as they fill them, what is left in this form; with the row that each begins with.
pub(crate) fn tight_blocks(rows: &Rows, left: Packing) -> Vec<(usize, Vec<u8>)> {
    let mut blocks = cut(rows, full_rows(Packing::Quick), Packing::Tight);
    let is_full = |from: usize, bytes: usize| bytes >= FULL_BYTES || rows.len() - from >= full_rows(Packing::Tight);
    if let Some((from, _)) = blocks.pop_if(|(from, block)| !is_full(*from, block.len())) {
        let rest = cut(&rows.part(from..rows.len()), full_rows(Packing::Quick), left);
        blocks.extend(rest.into_iter().map(|(at, block)| (from + at, block)));
    }
    blocks
}

/// A block of rows from `from` on, `size` of them unless that is too many or too few to fill it: then `size` is what
/// fits. Also tells where the next one begins.
fn fill(rows: &Rows, from: usize, size: &mut usize, packing: Packing) -> (usize, Vec<u8>) {
    // What is still being written may be looser; what is packed again is to stay.
    let (least, wanted) = match packing {
        Packing::Quick => (FULL_BYTES / 4 * 3, FULL_BYTES),
        Packing::Tight => (FULL_BYTES, TIGHT_BYTES),
    };
    let mut may_grow = true;
    loop {
        let mut to = (from + *size).min(rows.len());
        // All rows of one time stay together, so that a block is known by its first.
        while to < rows.len() && rows.t.get(to) == rows.t.get(to - 1) {
            to += 1;
        }
        let block = block::encode(&rows.part(from..to), packing);
        let fitting = ((to - from) * wanted / block.len().max(1)).clamp(1, full_rows(packing));
        let is_small = block.len() < least && to < rows.len();
        if block.len() > MOST_BYTES && fitting < *size {
            may_grow = false;
        } else if !(is_small && may_grow && fitting > *size) {
            return (to, block);
        }
        *size = fitting;
    }
}
