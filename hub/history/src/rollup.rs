//! Roll-ups: what happened to a series within an hour or a UTC day, in one record a device and day (24 hours), or a
//! device and 32 days.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | version | 1 | 1 |
//! | checksum | 4 | CRC-32C of all bytes after it, little-endian |
//! | series | | for each by ascending key: quantity code, instance (1 byte), length, bytes |
//!
//! The bytes of a series: the divisor that all its values have in common, then for each slot (hour or day) in order:
//! slot − the slot before (the first: slot), number of readings, ±(least value − the least of the slot before),
//! greatest − least, sum − number × least, first − least, last − least, milliseconds from the slot's start to the
//! first reading, from there to the last. All values are divided; all numbers have variable length, ± is zigzag.

use std::collections::BTreeMap;

use crate::{
    pack::gcd,
    rows::ColumnKey,
    varint::{Bytes, put_i64, put_u64, put_u128},
};

const VERSION: u8 = 1;

/// The readings of a stretch of time in a few numbers. Two of them merge into that of both, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rollup {
    pub(crate) count: u64,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) sum: i128,
    /// Time and value of the first reading; of several in one millisecond the least.
    pub(crate) first: (i64, i64),
    /// Time and value of the last reading; of several in one millisecond the greatest.
    pub(crate) last: (i64, i64),
}

impl Rollup {
    pub(crate) fn of(t: i64, value: i64) -> Self {
        Self { count: 1, min: value, max: value, sum: i128::from(value), first: (t, value), last: (t, value) }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.sum += other.sum;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean is a float")]
    pub(crate) fn mean(&self) -> f64 {
        self.sum as f64 / self.count as f64
    }
}

/// The roll-ups of one series by the start of their slot, in order.
pub(crate) type Slots = BTreeMap<i64, Rollup>;

/// The roll-ups of one device within one record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) series: BTreeMap<ColumnKey, Slots>,
}

/// What a record spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The width of a slot in milliseconds.
    pub(crate) slot_ms: i64,
    /// How many slots a record has.
    pub(crate) slots: i64,
}

/// Hours, a day a record.
pub(crate) const HOURS: Span = Span { slot_ms: 3_600_000, slots: 24 };
/// Days, 32 a record.
pub(crate) const DAYS: Span = Span { slot_ms: 86_400_000, slots: 32 };

impl Span {
    /// The start of the slot that `t` lies in.
    pub(crate) const fn slot(self, t: i64) -> i64 {
        t.saturating_sub(t.rem_euclid(self.slot_ms))
    }

    /// The number of the record that `t` lies in.
    pub(crate) const fn record(self, t: i64) -> i64 {
        t.div_euclid(self.slot_ms * self.slots)
    }

    /// Where a record starts.
    pub(crate) const fn record_start(self, record: i64) -> i64 {
        record.saturating_mul(self.slot_ms * self.slots)
    }
}

impl Chunk {
    pub(crate) fn add(&mut self, key: ColumnKey, slot: i64, rollup: &Rollup) {
        let slots = self.series.entry(key).or_default();
        slots.entry(slot).and_modify(|own| own.merge(rollup)).or_insert(*rollup);
    }

    /// The bytes of the record with this number.
    pub(crate) fn encode(&self, span: Span, record: i64) -> Vec<u8> {
        let mut out = vec![VERSION, 0, 0, 0, 0];
        let mut body = Vec::new();
        for (key, slots) in &self.series {
            body.clear();
            put_slots(&mut body, slots, span, record);
            put_u64(&mut out, u64::from(key.0));
            out.push(key.1);
            put_u64(&mut out, body.len() as u64);
            out.extend(&body);
        }
        let checksum = crc32c::crc32c(out.get(5..).unwrap_or_default());
        if let Some(field) = out.get_mut(1..5) {
            field.copy_from_slice(&checksum.to_le_bytes());
        }
        out
    }

    /// The record of these bytes; `None` when they are damaged.
    pub(crate) fn decode(bytes: &[u8], span: Span, record: i64) -> Option<Self> {
        let mut chunk = Self::default();
        let mut bytes = checked(bytes)?;
        while !bytes.is_empty() {
            let (key, body) = take_series(&mut bytes)?;
            let slots = chunk.series.entry(key).or_default();
            take_slots(body, span, record, |slot, rollup| {
                slots.insert(slot, rollup);
            })?;
        }
        Some(chunk)
    }
}

/// Shows the roll-ups of one series in a record, in order; `None` when it is damaged.
pub(crate) fn read_series(
    bytes: &[u8],
    key: ColumnKey,
    span: Span,
    record: i64,
    show: impl FnMut(i64, Rollup),
) -> Option<()> {
    let mut bytes = checked(bytes)?;
    while !bytes.is_empty() {
        let (own, body) = take_series(&mut bytes)?;
        if own == key {
            return take_slots(body, span, record, show);
        }
    }
    Some(())
}

fn checked(record: &[u8]) -> Option<Bytes<'_>> {
    let mut bytes = Bytes(record);
    let (version, checksum) = (bytes.u8()?, u32::from_le_bytes(bytes.array()?));
    (version == VERSION && checksum == crc32c::crc32c(bytes.0)).then_some(bytes)
}

fn take_series<'a>(bytes: &mut Bytes<'a>) -> Option<(ColumnKey, Bytes<'a>)> {
    let key = (bytes.u16()?, bytes.u8()?);
    let len = bytes.usize()?;
    Some((key, Bytes(bytes.take(len)?)))
}

fn put_slots(out: &mut Vec<u8>, slots: &Slots, span: Span, record: i64) {
    let start = span.record_start(record);
    let values = slots.values().flat_map(|r| [r.min, r.max, r.first.1, r.last.1]);
    let mut divisor = values.fold(0, |divisor, value| gcd(divisor, value.unsigned_abs()));
    // The sum of the readings between has the divisor only if all of them have.
    if !slots.values().all(|r| divisor != 0 && r.sum % i128::from(divisor) == 0) {
        divisor = 1;
    }
    let divisor = i64::try_from(divisor).unwrap_or(1).max(1);
    put_u64(out, divisor.cast_unsigned());
    let (mut slot_before, mut min_before) = (0, 0_i64);
    for (at, r) in slots {
        let slot = (at - start) / span.slot_ms;
        let min = r.min / divisor;
        let above = |value: i64| (value / divisor).wrapping_sub(min).cast_unsigned();
        put_u64(out, (slot - slot_before).cast_unsigned());
        put_u64(out, r.count);
        put_i64(out, min.wrapping_sub(min_before));
        put_u64(out, above(r.max));
        let rest = r.sum / i128::from(divisor) - i128::from(r.count) * i128::from(min);
        put_u128(out, rest.unsigned_abs());
        put_u64(out, above(r.first.1));
        put_u64(out, above(r.last.1));
        put_u64(out, (r.first.0 - at).cast_unsigned());
        put_u64(out, (r.last.0 - r.first.0).cast_unsigned());
        (slot_before, min_before) = (slot, min);
    }
}

fn take_slots(mut bytes: Bytes<'_>, span: Span, record: i64, mut show: impl FnMut(i64, Rollup)) -> Option<()> {
    let start = span.record_start(record);
    let divisor = i64::try_from(bytes.u64()?).ok().filter(|divisor| *divisor > 0)?;
    let (mut slot, mut min) = (0_i64, 0_i64);
    while !bytes.is_empty() {
        slot = slot.checked_add_unsigned(bytes.u64()?).filter(|slot| *slot < span.slots)?;
        let count = bytes.u64()?;
        min = min.wrapping_add(bytes.i64()?);
        let value = |above: u64| min.wrapping_add_unsigned(above).wrapping_mul(divisor);
        let max = value(bytes.u64()?);
        let rest = i128::try_from(bytes.u128()?).ok()?;
        let sum =
            rest.checked_add(i128::from(count).checked_mul(i128::from(min))?)?.checked_mul(i128::from(divisor))?;
        let (first, last) = (value(bytes.u64()?), value(bytes.u64()?));
        let at = start.checked_add(slot * span.slot_ms)?;
        let first_at = at.checked_add_unsigned(bytes.u64()?)?;
        let last_at = first_at.checked_add_unsigned(bytes.u64()?)?;
        show(
            at,
            Rollup { count, min: min.wrapping_mul(divisor), max, sum, first: (first_at, first), last: (last_at, last) },
        );
    }
    Some(())
}
