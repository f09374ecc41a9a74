/// Bits on their way into bytes, lowest first.
pub(crate) struct Bits<'a> {
    out: &'a mut Vec<u8>,
    held: u32,
    buffer: u128,
}

impl<'a> Bits<'a> {
    pub(crate) const fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, held: 0, buffer: 0 }
    }

    /// Appends a number that has at most so many bits.
    pub(crate) fn put(&mut self, number: u64, width: u32) {
        self.buffer |= u128::from(number) << self.held;
        self.held += width;
        if self.held >= 64 {
            self.out.extend((self.buffer as u64).to_le_bytes());
            self.buffer >>= 64;
            self.held -= 64;
        }
    }

    /// Fills the last byte up with zeros.
    pub(crate) fn finish(self) {
        self.out.extend(self.buffer.to_le_bytes().iter().take(self.held.div_ceil(8) as usize));
    }
}

/// How many bits a number has.
pub(crate) const fn width(number: u64) -> u32 {
    64 - number.leading_zeros()
}

/// So many ones.
pub(crate) const fn low_bits(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

/// The first bytes, with zeros where there are fewer.
pub(crate) fn first<const N: usize>(bytes: &[u8]) -> [u8; N] {
    if let Some(bytes) = bytes.first_chunk() {
        return *bytes;
    }
    let mut padded = [0; N];
    padded.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
    padded
}
