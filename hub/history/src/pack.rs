//! Packed columns of integers: what is left of them when one knows the number before, in as few bits as most need.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | order | 1 | 0: the numbers above the least (noise), 1: differences, 2: differences of differences (steady times); 4 more: in tight form |
//! | base | 1–10 | zigzag: the first number (order 0: the least); absent in an empty column |
//! | divisor | 1–10 | the greatest common divisor of all that follows, at least 1 |
//! | blocks | | all numbers above the least, or the differences as zigzag; 32 a block (the last may have fewer); in tight form see `tight.rs` |
//!
//! A block: width (1 byte: bits 0–6: 0 to 64; bit 7: exceptions follow the bits), `ceil(n × width / 8)` bytes with the
//! low `width` bits of each number, lowest bit first; then, if there are any, the number of exceptions (1 byte) and
//! for each its index (1 byte) and the bits above `width` as a variable-length number.

use crate::{
    bits::{Bits, first, low_bits, width as bits},
    tight::{self, Counts},
    varint::{Bytes, put_i64, put_u64, unzigzag, zigzag},
};

const BLOCK: usize = 32;
const EXCEPTIONS: u8 = 0x80;
/// In the order: the numbers are in tight form.
const TIGHT: u8 = 4;
/// More numbers than this are never in tight form, of which a byte may be any number of them: memory is bounded.
const MOST_TIGHT: usize = 65_536;

/// How a column is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    /// Quickly written and read.
    Quick,
    /// In as little room as it goes, if that is the tight form: some times as long to write, and twice to read.
    Tight,
}

/// Appends a column of times: differences, or differences of differences, whichever is shorter.
pub(crate) fn put_times(out: &mut Vec<u8>, values: &[i64], packing: Packing) {
    put_shortest(out, [Column::differences(values, 1), Column::differences(values, 2)], values.len(), packing);
}

/// Appends a column of values: differences, or the numbers above the least, whichever is shorter.
pub(crate) fn put_values(out: &mut Vec<u8>, values: &[i64], packing: Packing) {
    put_shortest(out, [Column::differences(values, 1), Column::levels(values)], values.len(), packing);
}

fn put_shortest(out: &mut Vec<u8>, [one, other]: [Column; 2], count: usize, packing: Packing) {
    // Only what is shorter is written.
    let (of_one, of_other) = (one.widths(), other.widths());
    let (column, (len, widths)) = if of_other.0 < of_one.0 { (&other, of_other) } else { (&one, of_one) };
    if packing == Packing::Tight && count <= MOST_TIGHT {
        let [one, other] = [&one, &other].map(|column| (column, Counts::of(&column.numbers)));
        let (tight, counts) = if other.1.cost() < one.1.cost() { other } else { one };
        if !tight.numbers.is_empty() && counts.cost() < len as u64 * 8 {
            tight.put_head(out, TIGHT);
            return tight::put(out, &tight.numbers, &counts);
        }
    }
    column.put_head(out, 0);
    column.numbers.chunks(BLOCK).zip(widths).for_each(|(numbers, width)| put_block(out, numbers, u32::from(width)));
}

/// A column on its way into bytes.
struct Column {
    order: u8,
    base: Option<i64>,
    divisor: u64,
    numbers: Vec<u64>,
}

impl Column {
    fn differences(values: &[i64], order: u8) -> Self {
        let mut deltas: Vec<i64> = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a)).collect();
        if order == 2 {
            let mut previous = 0;
            for delta in &mut deltas {
                (*delta, previous) = (delta.wrapping_sub(previous), *delta);
            }
        }
        let divisor = deltas.iter().fold(0, |divisor, delta| common(divisor, delta.unsigned_abs()));
        let divisor = i64::try_from(divisor).unwrap_or(1).max(1);
        let number = |delta: i64| zigzag(if divisor == 1 { delta } else { delta / divisor });
        let numbers = deltas.into_iter().map(number).collect();
        Self { order, base: values.first().copied(), divisor: divisor.cast_unsigned(), numbers }
    }

    fn levels(values: &[i64]) -> Self {
        let base = values.iter().copied().min();
        let above = |value: &i64| value.wrapping_sub(base.unwrap_or(0)).cast_unsigned();
        let divisor = values.iter().fold(0, |divisor, value| common(divisor, above(value))).max(1);
        let number = |value| if divisor == 1 { above(value) } else { above(value) / divisor };
        Self { order: 0, base, divisor, numbers: values.iter().map(number).collect() }
    }

    fn put_head(&self, out: &mut Vec<u8>, form: u8) {
        out.push(self.order | form);
        if let Some(base) = self.base {
            put_i64(out, base);
            put_u64(out, self.divisor);
        }
    }

    /// How many bytes the column takes in blocks of bits, and the width of each.
    fn widths(&self) -> (usize, Vec<u8>) {
        let mut head = Vec::with_capacity(21);
        self.put_head(&mut head, 0);
        let (mut bytes, mut widths) = (head.len(), Vec::with_capacity(self.numbers.len().div_ceil(BLOCK)));
        for numbers in self.numbers.chunks(BLOCK) {
            let (cost, width) = best_width(numbers);
            bytes += 1 + cost as usize;
            widths.push(width as u8);
        }
        (bytes, widths)
    }
}

/// [`gcd`], quick where nothing in common is left to lose.
const fn common(divisor: u64, number: u64) -> u64 {
    if divisor == 1 { 1 } else { gcd(divisor, number) }
}

/// The greatest common divisor; that of 0 and another is the other.
pub(crate) const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn put_block(out: &mut Vec<u8>, numbers: &[u64], width: u32) {
    let exceptions = numbers.iter().filter(|number| bits(**number) > width).count();
    out.push(width as u8 | if exceptions > 0 { EXCEPTIONS } else { 0 });
    let (mask, mut packed) = (low_bits(width), Bits::new(out));
    numbers.iter().for_each(|number| packed.put(number & mask, width));
    packed.finish();
    if exceptions > 0 {
        out.push(exceptions as u8);
        for (index, number) in numbers.iter().enumerate().filter(|(_, number)| bits(**number) > width) {
            out.push(index as u8);
            put_u64(out, number >> width);
        }
    }
}

/// How many bytes the block takes behind its first, and the width that makes it so small: wide enough for most, the
/// others are exceptions.
fn best_width(numbers: &[u64]) -> (u32, u32) {
    let mut with_bits = [0_u32; 65];
    let mut widest = 0;
    for number in numbers {
        let bits = bits(*number);
        widest = widest.max(bits);
        if let Some(count) = with_bits.get_mut(bits as usize) {
            *count += 1;
        }
    }
    let with_bits = with_bits.get(..=widest as usize).unwrap_or_default();
    let mut best = (u32::MAX, widest);
    for (width, count) in (0_u32..).zip(with_bits) {
        // Only where some number has exactly so many bits can it pay to be so wide.
        if *count > 0 || width == 0 {
            let wider = (width + 1..).zip(with_bits.iter().skip(width as usize + 1));
            let exceptions: u32 = wider.map(|(bits, count)| count * (1 + (bits - width).div_ceil(7))).sum();
            let cost = (numbers.len() as u32 * width).div_ceil(8) + exceptions + u32::from(exceptions > 0);
            best = best.min((cost, width));
        }
    }
    best
}

/// Reads a column of `count` numbers into `out`; `None` where the bytes make no sense.
pub(crate) fn take_column(bytes: &mut Bytes<'_>, count: usize, out: &mut Vec<i64>) -> Option<()> {
    take(bytes, count, out, |_, _| false)
}

/// Reads the first `wanted` numbers of a column of `count`.
pub(crate) fn take_first(bytes: &mut Bytes<'_>, count: usize, wanted: usize, out: &mut Vec<i64>) -> Option<()> {
    let start = out.len();
    take(bytes, count, out, |read, _| read >= wanted)?;
    out.truncate(start + wanted);
    Some(())
}

/// Reads the numbers of a column of `count` in ascending order up to one that reaches `end`, and tells how many.
pub(crate) fn take_until(bytes: &mut Bytes<'_>, count: usize, end: i64, out: &mut Vec<i64>) -> Option<usize> {
    let start = out.len();
    take(bytes, count, out, |_, last| last >= end)?;
    Some(out.len() - start)
}

/// Reads numbers, 32 at a time, until all are read or `is_enough` says so of how many there are, and of the last.
fn take(bytes: &mut Bytes<'_>, count: usize, out: &mut Vec<i64>, is_enough: impl Fn(usize, i64) -> bool) -> Option<()> {
    let form = bytes.u8().filter(|form| form & !TIGHT <= 2)?;
    let (order, is_tight) = (form & !TIGHT, form & TIGHT != 0);
    if count == 0 {
        return Some(());
    }
    let base = bytes.i64()?;
    let divisor = bytes.u64().filter(|divisor| *divisor > 0)?.cast_signed();
    let first = usize::from(order > 0);
    // A block of 32 numbers takes one byte at least; in tight form they may take none.
    if if is_tight { count > MOST_TIGHT } else { (count - first).div_ceil(BLOCK) > bytes.0.len() } {
        return None;
    }
    let mut tight = if is_tight { Some(tight::Numbers::new(bytes)?) } else { None };
    let start = out.len();
    out.resize(start + count, base);
    let mut numbers = [0; BLOCK];
    let (mut read, mut sum, mut delta) = (first, base, 0_i64);
    for values in out.get_mut(start + first..)?.chunks_mut(BLOCK) {
        match &mut tight {
            Some(tight) => tight.take(numbers.get_mut(..values.len())?)?,
            None => take_block(bytes, &mut numbers, values.len())?,
        }
        let pairs = values.iter_mut().zip(&numbers);
        match order {
            0 => pairs.for_each(|(value, number)| {
                *value = base.wrapping_add(number.cast_signed().wrapping_mul(divisor));
            }),
            1 => pairs.for_each(|(value, number)| {
                sum = sum.wrapping_add(unzigzag(*number).wrapping_mul(divisor));
                *value = sum;
            }),
            _ => pairs.for_each(|(value, number)| {
                delta = delta.wrapping_add(unzigzag(*number).wrapping_mul(divisor));
                sum = sum.wrapping_add(delta);
                *value = sum;
            }),
        }
        read += values.len();
        if values.last().is_some_and(|last| is_enough(read, *last)) {
            break;
        }
    }
    if let Some(tight) = tight {
        *bytes = tight.rest()?;
    }
    out.truncate(start + read);
    Some(())
}

fn take_block(bytes: &mut Bytes<'_>, numbers: &mut [u64; BLOCK], count: usize) -> Option<()> {
    let head = bytes.u8()?;
    let width = u32::from(head & !EXCEPTIONS);
    if width > 64 {
        return None;
    }
    let packed = bytes.0;
    bytes.take((count * width as usize).div_ceil(8))?;
    unpack(packed, width, numbers);
    if head & EXCEPTIONS != 0 {
        for _ in 0..bytes.u8()? {
            let number = numbers.get_mut(..count)?.get_mut(usize::from(bytes.u8()?))?;
            let above = bytes.u64()?;
            if width + bits(above) > 64 {
                return None;
            }
            *number |= above.checked_shl(width).unwrap_or(0);
        }
    }
    Some(())
}

/// Takes `width` bits for each number; behind the last that was packed numbers mean nothing.
fn unpack(packed: &[u8], width: u32, numbers: &mut [u64; BLOCK]) {
    let mask = low_bits(width);
    if width == 0 {
        numbers.fill(0);
        return;
    }
    // Eight numbers of `width` bits are `width` bytes: up to 16 bits each, one load serves all eight.
    for (group, numbers) in numbers.chunks_exact_mut(8).enumerate() {
        let packed = packed.get(group * width as usize..).unwrap_or_default();
        if width <= 8 {
            let bits = u64::from_le_bytes(first(packed));
            numbers.iter_mut().zip(0..).for_each(|(number, nth)| *number = bits >> (nth * width) & mask);
        } else if width <= 16 {
            let bits = u128::from_le_bytes(first(packed));
            numbers.iter_mut().zip(0..).for_each(|(number, nth)| *number = (bits >> (nth * width)) as u64 & mask);
        } else {
            for (number, bit) in numbers.iter_mut().zip((0..).step_by(width as usize)) {
                let bits = u128::from_le_bytes(first(packed.get(bit / 8..).unwrap_or_default()));
                *number = (bits >> (bit % 8)) as u64 & mask;
            }
        }
    }
}
