//! Blocks of a sensor's log: what it measured while nobody listened.
//!
//! A sensor keeps every sample in flash, 32 to a block, and a hub that has missed some fetches the blocks that hold them.
//! A sample is known by the boot that measured it and its number in that boot, so that nothing is counted twice however
//! often it is sent.
//!
//! | bytes | what |
//! |---|---|
//! | 1 | version: 1 |
//! | 4 | boot: how often the sensor has started, little-endian |
//! | 4 | number of the first sample in that boot, little-endian; the others follow one by one |
//! | 4 | uptime at the first sample, seconds, little-endian |
//! | 1 | samples: 1 to 32 |
//! | 1 | columns: 1 to 8 |
//! | 3 each | column: code of the quantity (2, little-endian), which of several (4 bits, the low ones), exponent (4 bits) |
//! | … | samples: numbers in nibbles, the low nibble of a byte first; an odd end is filled with 0 |
//!
//! A number is written in nibbles of 3 bits, the lowest first; bit 3 says that another follows. For each sample: zigzag
//! of (seconds since the sample before − that of the sample before); for each column 0 where the sample lacks it, else
//! 1 + zigzag of (value − the value before in its column, at first 0), where a value is the measured one divided by ten to
//! the exponent of its column and rounded, half away from zero: nobody keeps a sensor's noise. A steady room takes three
//! bytes a sample.

use core::fmt;

mod column;

pub use column::Column;

use column::{COLUMN, divided, ten_to};

const VERSION: u8 = 1;
/// Most samples of a block: what is in memory, not yet in flash, is lost in a reset.
pub const MAX_SAMPLES: usize = 32;
/// Most columns of a block.
pub const MAX_COLUMNS: usize = 8;
/// Longest block in bytes: it fits into one message to the hub.
pub const MAX_BLOCK: usize = 512;
const HEAD: usize = 15;
/// A number of 64 bits takes so many nibbles at most.
const MOST_NIBBLES: u32 = 22;

/// Which sample: those of a later boot come later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SampleId {
    /// How often the sensor has started.
    pub boot: u32,
    /// The number of the sample in that boot.
    pub number: u32,
}

impl SampleId {
    /// As adverts say it, in BTHome's raw object, so that a hub sees what it missed: 2 bytes, little-endian, bits 0–11
    /// the number and bits 12–15 the boot, of each what fits. At a sample a minute a number comes again after 68 hours;
    /// who was away for so long asks anyway.
    pub const fn hint(self) -> [u8; 2] {
        let (boot, number) = (self.boot as u16 & 0xF, self.number as u16 & 0xFFF);
        (boot << 12 | number).to_le_bytes()
    }
}

/// What was measured at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Which one.
    pub id: SampleId,
    /// Seconds since the boot began.
    pub uptime_s: u32,
    /// A value for each column, in steps of its quantity; behind the last column `None`.
    pub values: [Option<i32>; MAX_COLUMNS],
}

/// The block has no room for the sample; it goes into the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl fmt::Display for Full {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the block is full")
    }
}

impl core::error::Error for Full {}

/// Bytes that are no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockError {
    /// A version that this program does not know.
    Version(u8),
    /// The block ends before what it says that it holds.
    Truncated,
    /// A number outside of what its place allows.
    OutOfRange,
}

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "a log block of version {version}, {VERSION} is known"),
            Self::Truncated => f.write_str("a log block that ends too early"),
            Self::OutOfRange => f.write_str("a log block with a number out of range"),
        }
    }
}

impl core::error::Error for BlockError {}

/// A block in the making.
#[derive(Debug, Clone)]
pub struct Writer {
    bytes: [u8; MAX_BLOCK],
    nibbles: usize,
    columns: usize,
    tens: [i32; MAX_COLUMNS],
    samples: u8,
    next: SampleId,
    last: Last,
}

/// What the next sample is told against.
#[derive(Debug, Clone, Copy, Default)]
struct Last {
    uptime_s: u32,
    /// The interval before that.
    interval_s: i64,
    values: [i32; MAX_COLUMNS],
}

impl Writer {
    /// An empty block for samples of these columns, of which those behind the eighth are left out.
    pub fn new(columns: &[Column]) -> Self {
        let columns = columns.get(..MAX_COLUMNS).unwrap_or(columns);
        let mut bytes = [0; MAX_BLOCK];
        bytes[0] = VERSION;
        bytes[14] = columns.len() as u8;
        let (_, places) = bytes.split_at_mut(HEAD);
        for (place, column) in places.chunks_exact_mut(COLUMN).zip(columns) {
            place.copy_from_slice(&column.to_bytes());
        }
        let mut tens = [1; MAX_COLUMNS];
        tens.iter_mut().zip(columns).for_each(|(tens, column)| *tens = ten_to(column.exponent));
        let (next, last) = (SampleId::default(), Last::default());
        Self { bytes, nibbles: 0, columns: columns.len(), tens, samples: 0, next, last }
    }

    /// Adds a sample; values behind the columns of the block are left out.
    ///
    /// # Errors
    /// [`Full`] when it has 32 samples, this one is not the next of the same boot, or its bytes do not fit: the block is
    /// then as it was.
    pub fn push(&mut self, sample: &Sample) -> Result<(), Full> {
        let is_first = self.samples == 0;
        if usize::from(self.samples) >= MAX_SAMPLES || !is_first && sample.id != self.next {
            return Err(Full);
        }
        let (before, mut last) = (self.nibbles, self.last);
        if is_first {
            self.bytes[1..5].copy_from_slice(&sample.id.boot.to_le_bytes());
            self.bytes[5..9].copy_from_slice(&sample.id.number.to_le_bytes());
            self.bytes[9..13].copy_from_slice(&sample.uptime_s.to_le_bytes());
            last.uptime_s = sample.uptime_s;
        }
        let interval_s = i64::from(sample.uptime_s) - i64::from(last.uptime_s);
        let mut fits = self.put(zigzag(interval_s - last.interval_s));
        (last.uptime_s, last.interval_s) = (sample.uptime_s, interval_s);
        let values = sample.values.iter().zip(self.tens).map(|(value, ten)| value.map(|value| divided(value, ten)));
        for (last, value) in last.values.iter_mut().zip(values).take(self.columns) {
            let number = value.map_or(0, |value| 1 + zigzag(i64::from(value) - i64::from(*last)));
            fits = fits && self.put(number);
            *last = value.unwrap_or(*last);
        }
        if !fits {
            self.cut(before);
            return Err(Full);
        }
        (self.last, self.samples) = (last, self.samples + 1);
        self.next = SampleId { number: sample.id.number.wrapping_add(1), ..sample.id };
        self.bytes[13] = self.samples;
        Ok(())
    }

    /// Has it no sample yet?
    pub const fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// The block, which is one as soon as it has a sample.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.body() + self.nibbles.div_ceil(2)).unwrap_or(&[])
    }

    const fn body(&self) -> usize {
        HEAD + self.columns * COLUMN
    }

    fn put(&mut self, mut number: u64) -> bool {
        loop {
            let more = if number > 7 { 8 } else { 0 };
            let at = self.body() + self.nibbles / 2;
            let Some(byte) = self.bytes.get_mut(at) else { return false };
            *byte |= ((number & 7) as u8 | more) << (self.nibbles % 2 * 4);
            self.nibbles += 1;
            number >>= 3;
            if more == 0 {
                return true;
            }
        }
    }

    /// Takes back the nibbles behind so many.
    fn cut(&mut self, nibbles: usize) {
        let body = self.body();
        self.nibbles = nibbles;
        if let Some(byte) = self.bytes.get_mut(body + nibbles / 2).filter(|_| nibbles % 2 == 1) {
            *byte &= 0x0F;
        }
        if let Some(rest) = self.bytes.get_mut(body + nibbles.div_ceil(2)..) {
            rest.fill(0);
        }
    }
}

/// A block that was read.
#[derive(Debug, Clone, Copy)]
pub struct Block<'a> {
    /// The first sample.
    pub first: SampleId,
    /// Seconds since the boot began at the first sample.
    pub uptime_s: u32,
    /// How many samples follow one by one.
    pub samples: u8,
    columns: &'a [u8],
    body: &'a [u8],
}

impl<'a> Block<'a> {
    /// Reads the head of a block.
    ///
    /// # Errors
    /// [`BlockError`] when it is of another version, has no samples or no columns, or ends in its head.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, BlockError> {
        let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(BlockError::Truncated)?;
        let [version, b0, b1, b2, b3, n0, n1, n2, n3, t0, t1, t2, t3, samples, columns] = *head;
        if version != VERSION {
            return Err(BlockError::Version(version));
        }
        let is_right = (1..=MAX_SAMPLES).contains(&usize::from(samples)) && (1..=MAX_COLUMNS).contains(&columns.into());
        if !is_right {
            return Err(BlockError::OutOfRange);
        }
        let (columns, body) = rest.split_at_checked(usize::from(columns) * COLUMN).ok_or(BlockError::Truncated)?;
        let first =
            SampleId { boot: u32::from_le_bytes([b0, b1, b2, b3]), number: u32::from_le_bytes([n0, n1, n2, n3]) };
        Ok(Self { first, uptime_s: u32::from_le_bytes([t0, t1, t2, t3]), samples, columns, body })
    }

    /// The last sample.
    pub fn last(&self) -> SampleId {
        SampleId { number: self.first.number.wrapping_add(u32::from(self.samples) - 1), ..self.first }
    }

    /// What each column holds.
    pub fn columns(&self) -> impl Iterator<Item = Column> + 'a {
        self.columns.as_chunks().0.iter().copied().map(Column::of_bytes)
    }

    /// The samples in order; an error is the last item.
    pub fn samples(&self) -> Samples<'a> {
        let mut tens = [1; MAX_COLUMNS];
        tens.iter_mut().zip(self.columns()).for_each(|(tens, column)| *tens = ten_to(column.exponent));
        Samples {
            tens,
            nibbles: Nibbles { bytes: self.body, at: 0 },
            left: self.samples,
            columns: self.columns.len() / COLUMN,
            id: self.first,
            last: Last { uptime_s: self.uptime_s, ..Last::default() },
        }
    }
}

/// The samples of a block.
#[derive(Debug, Clone)]
pub struct Samples<'a> {
    nibbles: Nibbles<'a>,
    left: u8,
    columns: usize,
    tens: [i32; MAX_COLUMNS],
    id: SampleId,
    last: Last,
}

impl Samples<'_> {
    fn read(&mut self) -> Result<Sample, BlockError> {
        let (id, last) = (self.id, &mut self.last);
        let change = unzigzag(self.nibbles.number()?);
        last.interval_s = last.interval_s.checked_add(change).ok_or(BlockError::OutOfRange)?;
        let uptime_s = i64::from(last.uptime_s).checked_add(last.interval_s).and_then(|at| u32::try_from(at).ok());
        last.uptime_s = uptime_s.ok_or(BlockError::OutOfRange)?;
        let mut values = [None; MAX_COLUMNS];
        for ((value, last), ten) in values.iter_mut().zip(&mut last.values).zip(self.tens).take(self.columns) {
            let Some(number) = self.nibbles.number()?.checked_sub(1) else { continue };
            let sum = i64::from(*last).checked_add(unzigzag(number)).and_then(|sum| i32::try_from(sum).ok());
            *last = sum.ok_or(BlockError::OutOfRange)?;
            *value = Some(last.checked_mul(ten).ok_or(BlockError::OutOfRange)?);
        }
        self.id.number = self.id.number.wrapping_add(1);
        Ok(Sample { id, uptime_s: self.last.uptime_s, values })
    }
}

impl Iterator for Samples<'_> {
    type Item = Result<Sample, BlockError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let sample = self.read();
        if sample.is_err() {
            self.left = 0;
        }
        Some(sample)
    }
}

#[derive(Debug, Clone)]
struct Nibbles<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Nibbles<'_> {
    fn number(&mut self) -> Result<u64, BlockError> {
        let mut number = 0;
        for nth in 0..MOST_NIBBLES {
            let byte = self.bytes.get(self.at / 2).ok_or(BlockError::Truncated)?;
            let nibble = u64::from(byte >> (self.at % 2 * 4) & 0x0F);
            self.at += 1;
            // The last of the most nibbles has room for one bit.
            if nth + 1 == MOST_NIBBLES && nibble > 1 {
                return Err(BlockError::OutOfRange);
            }
            number |= (nibble & 7) << (nth * 3);
            if nibble < 8 {
                return Ok(number);
            }
        }
        Err(BlockError::OutOfRange)
    }
}

const fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

const fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}

#[cfg(test)]
mod tests;
