//! Where something cannot be read.

use hub_model::{BootId, DeviceId, UnixMillis};
use redb::{Key, Value};

use crate::{
    check::{Fault, Finding, Part, Remedy},
    pages::Doubtful,
    rollup::Span,
    store::{BlockKey, RollupKey},
};

/// A key of ours: a number, or some.
pub(super) trait Place: Key + Ord + Copy + 'static + for<'a> Value<SelfType<'a> = Self> {}

impl<K: Key + Ord + Copy + 'static + for<'a> Value<SelfType<'a> = Self>> Place for K {}

/// Where something cannot be read: between the last key before it and the first behind it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hole<K> {
    pub(super) after: Option<K>,
    pub(super) before: Option<K>,
    /// How many of its entries were found elsewhere in the file.
    pub(super) found: u64,
}

impl<K: Place> Hole<K> {
    pub(super) fn has(&self, key: K) -> bool {
        self.after.is_none_or(|after| after < key) && self.before.is_none_or(|before| key < before)
    }

    fn finding(&self, part: Part) -> Finding {
        let remedy = if self.found > 0 { Remedy::Salvaged } else { Remedy::Lost };
        Finding::new(part, Fault::Unreachable, remedy)
    }
}

pub(super) fn key_of<K: Place>(bytes: &[u8]) -> Option<K> {
    (K::fixed_width() == Some(bytes.len())).then(|| K::from_bytes(bytes))
}

/// The most entries of a bad page whose keys are in order, above `newest` and within its bounds: a key in which a bit
/// has flipped usually is not.
pub(super) fn believable<'a, K: Place>(page: &Doubtful<'a>, newest: Option<K>) -> Vec<(K, &'a [u8])> {
    let upper: Option<K> = page.upper.and_then(key_of);
    let is_within = |key: &K| newest.is_none_or(|newest| newest < *key) && upper.is_none_or(|upper| *key <= upper);
    let entries: Vec<(K, &[u8])> =
        page.entries.iter().filter_map(|(key, value)| Some((key_of(key).filter(is_within)?, *value))).collect();
    // The longest rising row that ends with each entry: how long, and which is before it.
    let mut rows: Vec<(usize, Option<usize>)> = Vec::with_capacity(entries.len());
    for (key, _) in &entries {
        let before = rows.iter().zip(&entries).enumerate().filter(|(_, (_, (before, _)))| before < key);
        let best = before.max_by_key(|(_, ((len, _), _))| *len).map(|(at, ((len, _), _))| (*len, at));
        rows.push(best.map_or((1, None), |(len, at)| (len + 1, Some(at))));
    }
    let mut at = (0..rows.len()).max_by_key(|at| rows.get(*at).map(|(len, _)| *len));
    let mut believed = Vec::new();
    while let Some(here) = at {
        believed.extend(entries.get(here).copied());
        at = rows.get(here).and_then(|(_, before)| *before);
    }
    believed.reverse();
    believed
}

pub(super) fn of_device(hole: Hole<u64>) -> Finding {
    Finding { device: hole.after.map(DeviceId::from_u64), ..hole.finding(Part::State) }
}

pub(super) fn of_clock(hole: Hole<u32>) -> Finding {
    Finding { boot: BootId(hole.after.unwrap_or(0)), ..hole.finding(Part::Clock) }
}

/// From behind the record before the hole to the record behind it.
pub(super) fn of_rollups(part: Part, span: Span, hole: Hole<RollupKey>) -> Finding {
    let device = hole.after.or(hole.before).map(|(device, _)| device);
    let time = |key: Option<RollupKey>, more: i64| {
        key.filter(|(own, _)| Some(*own) == device).map(|(_, record)| UnixMillis(span.record_start(record + more)))
    };
    let (from, to) = (time(hole.after, 1), time(hole.before, 0));
    Finding { device: device.map(DeviceId::from_u64), from, to, ..hole.finding(part) }
}

pub(super) fn of_blocks(hole: Hole<BlockKey>) -> Finding {
    let of = hole.after.or(hole.before).map(|(boot, device, _)| (boot, device));
    let time = |key: Option<BlockKey>| {
        key.filter(|(boot, device, _)| Some((*boot, *device)) == of).map(|key| UnixMillis(key.2))
    };
    Finding {
        device: of.map(|(_, device)| DeviceId::from_u64(device)),
        boot: BootId(of.map_or(0, |(boot, _)| boot)),
        from: time(hole.after),
        to: time(hole.before),
        ..hole.finding(Part::Block)
    }
}

/// A block that can be reached and not be read.
pub(super) const fn bad_block((boot, device, start): BlockKey) -> Finding {
    Finding {
        device: Some(DeviceId::from_u64(device)),
        boot: BootId(boot),
        from: Some(UnixMillis(start)),
        ..Finding::new(Part::Block, Fault::Unreadable, Remedy::SetAside)
    }
}
