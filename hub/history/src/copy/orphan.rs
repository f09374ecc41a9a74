//! Entries whose way from the root is lost, found by looking through the whole file.
//!
//! A record of ours carries its own checksum, so a leaf that nothing leads to any more still proves what it holds. Older
//! states of a record are in the file too, in pages that are free by now; the record that knows most is taken.

use hub_model::Stamp;

use crate::{
    block,
    device::Known,
    rollup::{Chunk, Span},
    store::{BlockKey, RollupKey},
};

/// How entries of a table are told from others.
#[derive(Debug, Clone, Copy)]
pub(super) struct Search<K> {
    pub(super) rank: Rank<K>,
    /// Whose is a key?
    pub(super) device: fn(K) -> u64,
}

/// How much a record knows; `None` when it is damaged, or none of this kind.
pub(super) type Rank<K> = fn(K, &[u8]) -> Option<Knowledge>;

/// More is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Knowledge {
    /// So many readings.
    Readings(u64),
    /// Something newer.
    Newest(Option<Stamp>),
}

pub(super) fn of_block((_, _, start): BlockKey, bytes: &[u8]) -> Option<Knowledge> {
    let rows = block::decode(bytes).filter(|rows| rows.t.first() == Some(&start) && rows.t.is_sorted())?;
    Some(Knowledge::Readings(rows.points()))
}

pub(super) fn of_rollups(span: Span) -> Rank<RollupKey> {
    if span == crate::rollup::HOURS {
        |(_, record), bytes| readings(bytes, crate::rollup::HOURS, record)
    } else {
        |(_, record), bytes| readings(bytes, crate::rollup::DAYS, record)
    }
}

fn readings(bytes: &[u8], span: Span, record: i64) -> Option<Knowledge> {
    let chunk = Chunk::decode(bytes, span, record).filter(|chunk| !chunk.series.is_empty())?;
    // Hours and days look alike: only one of them has its readings where they belong.
    let mut all = chunk.series.values().flatten();
    let is_one = all.all(|(slot, rollup)| span.slot(rollup.first) == *slot && span.slot(rollup.last.0) == *slot);
    let count = || chunk.series.values().flat_map(|slots| slots.values()).map(|rollup| rollup.count).sum();
    is_one.then(|| Knowledge::Readings(count()))
}

pub(super) fn of_device(_device: u64, bytes: &[u8]) -> Option<Knowledge> {
    let known = Known::decode(bytes)?;
    Some(Knowledge::Newest(known.series.values().map(|newest| newest.at).max()))
}
