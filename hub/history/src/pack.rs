//! Packed columns of integers: differences, divided by what they have in common, in as few bits as most need.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | order | 1 | 1: differences, 2: differences of differences (times at a steady interval) |
//! | first | 1–10 | zigzag; absent in an empty column |
//! | divisor | 1–10 | the greatest common divisor of all differences, at least 1 |
//! | blocks | | the differences, zigzag, 32 a block (the last may have fewer) |
//!
//! A block: width (1 byte: bits 0–6: 0 to 64; bit 7: exceptions follow the bits), `ceil(n × width / 8)` bytes with the
//! low `width` bits of each number, lowest bit first; then, if there are any, the number of exceptions (1 byte) and
//! for each its index (1 byte) and the bits above `width` as a variable-length number.

use crate::varint::{Bytes, put_i64, put_u64, unzigzag, zigzag};

const BLOCK: usize = 32;
const EXCEPTIONS: u8 = 0x80;

/// Appends a column, as differences or as differences of differences, whichever is shorter.
pub(crate) fn put_times(out: &mut Vec<u8>, values: &[i64]) {
    let mut second = Vec::new();
    put_ordered(&mut second, values, 2);
    let start = out.len();
    put_ordered(out, values, 1);
    if second.len() < out.len() - start {
        out.truncate(start);
        out.extend(second);
    }
}

/// Appends a column as differences.
pub(crate) fn put_values(out: &mut Vec<u8>, values: &[i64]) {
    put_ordered(out, values, 1);
}

fn put_ordered(out: &mut Vec<u8>, values: &[i64], order: u8) {
    out.push(order);
    let Some(first) = values.first() else { return };
    put_i64(out, *first);
    let mut deltas: Vec<i64> = values.iter().zip(values.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a)).collect();
    if order == 2 {
        let mut previous = 0;
        for delta in &mut deltas {
            (*delta, previous) = (delta.wrapping_sub(previous), *delta);
        }
    }
    let divisor = deltas.iter().fold(0, |divisor, delta| gcd(divisor, delta.unsigned_abs()));
    let divisor = i64::try_from(divisor).unwrap_or(1).max(1);
    put_u64(out, divisor.cast_unsigned());
    for block in deltas.chunks(BLOCK) {
        let mut numbers = [0; BLOCK];
        for (number, delta) in numbers.iter_mut().zip(block) {
            *number = zigzag(if divisor == 1 { *delta } else { delta / divisor });
        }
        put_block(out, numbers.get(..block.len()).unwrap_or_default());
    }
}

/// The greatest common divisor; that of 0 and another is the other.
pub(crate) const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn put_block(out: &mut Vec<u8>, numbers: &[u64]) {
    let width = best_width(numbers);
    let exceptions = numbers.iter().filter(|number| bits(**number) > width).count();
    out.push(width as u8 | if exceptions > 0 { EXCEPTIONS } else { 0 });
    let mask = low_bits(width);
    let (mut held, mut buffer) = (0, 0_u128);
    for number in numbers {
        buffer |= u128::from(number & mask) << held;
        held += width;
        while held >= 8 {
            out.push(buffer as u8);
            buffer >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        out.push(buffer as u8);
    }
    if exceptions > 0 {
        out.push(exceptions as u8);
        for (index, number) in numbers.iter().enumerate().filter(|(_, number)| bits(**number) > width) {
            out.push(index as u8);
            put_u64(out, number >> width);
        }
    }
}

/// The width that makes the block smallest: wide enough for most, the others are exceptions.
fn best_width(numbers: &[u64]) -> u32 {
    let mut with_bits = [0_usize; 65];
    for number in numbers {
        if let Some(count) = with_bits.get_mut(bits(*number) as usize) {
            *count += 1;
        }
    }
    let cost = |width: u32| {
        let exceptions: usize = (width + 1..=64)
            .zip(with_bits.iter().skip(width as usize + 1))
            .map(|(bits, count)| count * (1 + (bits - width).div_ceil(7) as usize))
            .sum();
        (numbers.len() * width as usize).div_ceil(8) + exceptions + usize::from(exceptions > 0)
    };
    let candidates = (0..=64).zip(&with_bits).filter(|(width, count)| *width == 0 || **count > 0);
    candidates.map(|(width, _)| width).min_by_key(|width| cost(*width)).unwrap_or(64)
}

const fn bits(number: u64) -> u32 {
    64 - number.leading_zeros()
}

const fn low_bits(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// Reads a column of `count` numbers into `out`; `None` where the bytes make no sense.
pub(crate) fn take_column(bytes: &mut Bytes<'_>, count: usize, out: &mut Vec<i64>) -> Option<()> {
    let order = bytes.u8().filter(|order| matches!(order, 1 | 2))?;
    if count == 0 {
        return Some(());
    }
    let mut value = bytes.i64()?;
    let divisor = i64::try_from(bytes.u64()?).ok().filter(|divisor| *divisor > 0)?;
    // A block of 32 numbers takes one byte at least.
    if (count - 1).div_ceil(BLOCK) > bytes.0.len() {
        return None;
    }
    out.reserve(count);
    out.push(value);
    let mut left = count - 1;
    let mut delta = 0_i64;
    let mut numbers = [0; BLOCK];
    while left > 0 {
        let block = numbers.get_mut(..left.min(BLOCK))?;
        take_block(bytes, block)?;
        for number in block.iter() {
            let difference = unzigzag(*number).wrapping_mul(divisor);
            delta = if order == 2 { delta.wrapping_add(difference) } else { difference };
            value = value.wrapping_add(delta);
            out.push(value);
        }
        left -= block.len();
    }
    Some(())
}

fn take_block(bytes: &mut Bytes<'_>, numbers: &mut [u64]) -> Option<()> {
    let head = bytes.u8()?;
    let width = u32::from(head & !EXCEPTIONS);
    if width > 64 {
        return None;
    }
    let mut packed = bytes.take((numbers.len() * width as usize).div_ceil(8))?.iter();
    let mask = low_bits(width);
    let (mut held, mut buffer) = (0, 0_u128);
    for number in numbers.iter_mut() {
        while held < width {
            buffer |= u128::from(*packed.next()?) << held;
            held += 8;
        }
        *number = buffer as u64 & mask;
        buffer >>= width;
        held -= width;
    }
    if head & EXCEPTIONS != 0 {
        for _ in 0..bytes.u8()? {
            let number = numbers.get_mut(usize::from(bytes.u8()?))?;
            let above = bytes.u64()?;
            if width + bits(above) > 64 {
                return None;
            }
            *number |= above.checked_shl(width).unwrap_or(0);
        }
    }
    Some(())
}
