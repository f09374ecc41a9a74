//! Roll-ups: what happened to a series within an hour or a UTC day, in one record a device and day (24 hours), or a
//! device and 32 days.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | version | 1 | 1 |
//! | checksum | 4 | CRC-32C of all bytes after it, little-endian |
//! | series | | for each by ascending key: quantity code, instance (1 byte), length, bytes |
//!
//! The bytes of a series, its slots (hours or days) in order:
//!
//! | part | bytes | what |
//! |---|---|---|
//! | slots | 1 | how many |
//! | divisor | 1–10 | what all least, greatest and last values have in common; all values are divided by it |
//! | columns | | each packed, see `pack.rs`: number of the slot; readings; least value; greatest − least; last − least; milliseconds from the slot's start to the first reading, from there to the last |
//! | sums | | sum − readings × least: 0 and packed, or 1 and for each a number of variable length |

use std::{collections::BTreeMap, ops::ControlFlow};

use crate::{
    pack::{self, Packing, gcd},
    rows::{ColumnKey, coarse},
    varint::{Bytes, put_u64, put_u128},
};

const VERSION: u8 = 1;

/// The readings of a stretch of time in a few numbers. Two of them merge into that of both, in any order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rollup {
    pub(crate) count: u64,
    pub(crate) min: i64,
    pub(crate) max: i64,
    pub(crate) sum: i128,
    /// The time of the first reading.
    pub(crate) first: i64,
    /// Time and value of the last reading; of several at one time the greatest.
    pub(crate) last: (i64, i64),
}

impl Rollup {
    pub(crate) fn of(t: i64, value: i64) -> Self {
        Self { count: 1, min: value, max: value, sum: i128::from(value), first: t, last: (t, value) }
    }

    /// That of readings in order; `None` of none.
    pub(crate) fn of_all(t: &[i64], values: &[i64]) -> Option<Self> {
        let (first, values) = (*t.first()?, values.get(..t.len())?);
        let mut all = Self::of(first, *values.first()?);
        all.count = t.len() as u64;
        all.sum = 0;
        for value in values {
            all.min = all.min.min(*value);
            all.max = all.max.max(*value);
            all.sum += i128::from(*value);
        }
        let last = *t.last()?;
        // Of several readings at the last time the greatest counts.
        let at_last = t.iter().rev().take_while(|t| **t == last).zip(values.iter().rev());
        all.last = (last, at_last.map(|(_, value)| *value).max()?);
        Some(all)
    }

    /// Shows those of readings in order, by the slots of `width` milliseconds that they lie in, with the times of each,
    /// until `show` breaks.
    pub(crate) fn each(
        t: &[i64],
        values: &[i64],
        width: i64,
        mut show: impl FnMut(i64, &[i64], Self) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let (mut t, mut values) = (t, values);
        while let Some(first) = t.first() {
            let slot = coarse(*first, width);
            let inside = t.iter().position(|t| *t >= slot + width).unwrap_or(t.len());
            let (times, later) = t.split_at_checked(inside).unwrap_or_default();
            if let Some(rollup) = Self::of_all(times, values) {
                show(slot, times, rollup)?;
            }
            (t, values) = (later, values.get(inside..).unwrap_or_default());
        }
        ControlFlow::Continue(())
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
        // Sums that fit are many times quicker to turn.
        let sum = i64::try_from(self.sum).map_or_else(|_| self.sum as f64, |sum| sum as f64);
        sum / self.count as f64
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
        coarse(t, self.slot_ms)
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

    /// Adds all of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (key, slots) in &other.series {
            for (slot, rollup) in slots {
                self.add(*key, *slot, rollup);
            }
        }
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
        let (mut bytes, mut columns) = (checked(bytes)?, Vec::new());
        while !bytes.is_empty() {
            let (key, body) = take_series(&mut bytes)?;
            let slots = chunk.series.entry(key).or_default();
            take_slots(body, span, record, &mut columns, |slot, rollup| {
                slots.insert(slot, rollup);
            })?;
        }
        Some(chunk)
    }
}

/// How many bytes each series of a record takes; `None` when it is damaged.
pub(crate) fn series_bytes(record: &[u8]) -> Option<Vec<(ColumnKey, usize)>> {
    let mut bytes = checked(record)?;
    let mut series = Vec::new();
    while !bytes.is_empty() {
        let (key, body) = take_series(&mut bytes)?;
        series.push((key, body.0.len()));
    }
    Some(series)
}

/// Shows the roll-ups of one series in a record, in order; `None` when it is damaged. `columns` is room to be used again.
pub(crate) fn read_series(
    bytes: &[u8],
    key: ColumnKey,
    span: Span,
    record: i64,
    columns: &mut Vec<i64>,
    show: impl FnMut(i64, Rollup),
) -> Option<()> {
    let mut bytes = checked(bytes)?;
    while !bytes.is_empty() {
        let (own, body) = take_series(&mut bytes)?;
        if own == key {
            return take_slots(body, span, record, columns, show);
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
    let values = slots.values().flat_map(|r| [r.min, r.max, r.last.1]);
    let mut divisor = values.fold(0, |divisor, value| gcd(divisor, value.unsigned_abs()));
    // The readings between have the divisor only if their sum has.
    if !slots.values().all(|r| divisor != 0 && r.sum % i128::from(divisor) == 0) {
        divisor = 1;
    }
    let divisor = i64::try_from(divisor).unwrap_or(1).max(1);
    out.push(u8::try_from(slots.len()).unwrap_or(u8::MAX));
    put_u64(out, divisor.cast_unsigned());
    let mut column = Vec::with_capacity(slots.len());
    let mut put = |number: &dyn Fn(i64, &Rollup) -> i64| {
        column.clear();
        column.extend(slots.iter().map(|(at, rollup)| number(*at, rollup)));
        pack::put_values(out, &column, Packing::Quick);
    };
    put(&|at, _| (at - start) / span.slot_ms);
    put(&|_, r| r.count.cast_signed());
    put(&|_, r| r.min / divisor);
    put(&|_, r| (r.max / divisor).wrapping_sub(r.min / divisor));
    put(&|_, r| (r.last.1 / divisor).wrapping_sub(r.min / divisor));
    put(&|at, r| r.first.wrapping_sub(at));
    put(&|_, r| r.last.0.wrapping_sub(r.first));
    let rest =
        |r: &Rollup| (r.sum / i128::from(divisor) - i128::from(r.count) * i128::from(r.min / divisor)).unsigned_abs();
    column.clear();
    column.extend(slots.values().filter_map(|r| i64::try_from(rest(r)).ok()));
    if column.len() == slots.len() {
        out.push(0);
        pack::put_values(out, &column, Packing::Quick);
    } else {
        out.push(1);
        slots.values().for_each(|r| put_u128(out, rest(r)));
    }
}

fn take_slots(
    mut bytes: Bytes<'_>,
    span: Span,
    record: i64,
    columns: &mut Vec<i64>,
    mut show: impl FnMut(i64, Rollup),
) -> Option<()> {
    let start = span.record_start(record);
    let slots = usize::from(bytes.u8()?);
    let divisor = i64::try_from(bytes.u64()?).ok().filter(|divisor| *divisor > 0)?;
    columns.clear();
    for _ in 0..7 {
        pack::take_column(&mut bytes, slots, columns)?;
    }
    let are_wide = bytes.u8().filter(|flag| *flag <= 1)? == 1;
    if !are_wide {
        pack::take_column(&mut bytes, slots, columns)?;
    }
    for row in 0..slots {
        let column = |column: usize| columns.get(column * slots + row).copied();
        let slot = column(0).filter(|slot| (0..span.slots).contains(slot))?;
        let (count, min) = (column(1)?, column(2)?);
        let above = |value: i64| min.wrapping_add(value).wrapping_mul(divisor);
        let rest = if are_wide { i128::try_from(bytes.u128()?).ok()? } else { i128::from(column(7)?) };
        let least = i128::from(count).checked_mul(i128::from(min))?;
        let at = start.checked_add(slot * span.slot_ms)?;
        let first = at.checked_add(column(5)?)?;
        let last = (first.checked_add(column(6)?)?, above(column(4)?));
        let rollup = Rollup {
            count: u64::try_from(count).ok()?,
            min: above(0),
            max: above(column(3)?),
            sum: rest.checked_add(least)?.checked_mul(i128::from(divisor))?,
            first,
            last,
        };
        show(at, rollup);
    }
    Some(())
}
