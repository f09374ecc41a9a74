//! Fields one after another, little-endian: what the tables of setup code, message, manifest and record are read and written with.

use core::fmt;

/// The bytes that are left to read.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Reads from the first byte on.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// What nobody has read yet.
    pub const fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next `length` bytes.
    ///
    /// # Errors
    /// [`Short`], and nothing is read.
    pub fn slice(&mut self, length: usize) -> Result<&'a [u8], Short> {
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Short { needed: length, left: self.0.len() })?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`Short`], and nothing is read.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let (bytes, rest) = self.0.split_first_chunk().ok_or(Short { needed: N, left: self.0.len() })?;
        self.0 = rest;
        Ok(*bytes)
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`Short`].
    pub fn u8(&mut self) -> Result<u8, Short> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// A number of two bytes.
    ///
    /// # Errors
    /// [`Short`], and nothing is read.
    pub fn u16(&mut self) -> Result<u16, Short> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number of four bytes.
    ///
    /// # Errors
    /// [`Short`], and nothing is read.
    pub fn u32(&mut self) -> Result<u32, Short> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number of eight bytes.
    ///
    /// # Errors
    /// [`Short`], and nothing is read.
    pub fn u64(&mut self) -> Result<u64, Short> {
        self.array().map(u64::from_le_bytes)
    }
}

/// Fields end too early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Short {
    /// How many bytes the next field has.
    pub needed: usize,
    /// How many are left.
    pub left: usize,
}

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} bytes, cut short", self.left, self.needed)
    }
}

impl core::error::Error for Short {}

/// A borrowed buffer that is filled from its start.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    length: usize,
}

impl<'a> Writer<'a> {
    /// Writes from the first byte on.
    pub const fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, length: 0 }
    }

    /// How many bytes are written.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// How many bytes fit yet.
    pub const fn left(&self) -> usize {
        self.buffer.len().saturating_sub(self.length)
    }

    /// Is nothing written yet?
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds bytes.
    ///
    /// # Errors
    /// [`NoRoom`], and nothing is written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<(), NoRoom> {
        let left = self.buffer.get_mut(self.length..).unwrap_or_default();
        let refusal = NoRoom { needed: bytes.len(), left: left.len() };
        left.get_mut(..bytes.len()).ok_or(refusal)?.copy_from_slice(bytes);
        self.length += bytes.len();
        Ok(())
    }
}

/// The buffer is too small for what is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRoom {
    /// How many bytes the next field has.
    pub needed: usize,
    /// How many fit.
    pub left: usize,
}

impl fmt::Display for NoRoom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no room for {} bytes, {} are left", self.needed, self.left)
    }
}

impl core::error::Error for NoRoom {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let mut buffer = [0; 15];
        let mut writer = Writer::new(&mut buffer);
        assert!(writer.is_empty());
        writer.put(&[0x11]).unwrap();
        writer.put(&0x2233_u16.to_le_bytes()).unwrap();
        writer.put(&0x4455_6677_u32.to_le_bytes()).unwrap();
        writer.put(&[0x88; 8]).unwrap();
        assert_eq!(writer.len(), 15);
        assert_eq!(writer.put(&[0]), Err(NoRoom { needed: 1, left: 0 }));

        let mut reader = Reader::new(&buffer);
        assert_eq!((reader.u8(), reader.u16(), reader.u32()), (Ok(0x11), Ok(0x2233), Ok(0x4455_6677)));
        assert_eq!(reader.slice(9), Err(Short { needed: 9, left: 8 }));
        assert_eq!(reader.u64(), Ok(0x8888_8888_8888_8888));
        assert_eq!(reader.u8(), Err(Short { needed: 1, left: 0 }));
    }
}
