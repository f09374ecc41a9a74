//! NOR flash in memory, as strict and as treacherous as the real one.
//!
//! It refuses what the chip's manual forbids, and it can lose power in the middle of an operation. What a word or a page
//! holds afterwards is told by no manual; the [`Fault`]s are five answers, from the kindest to the worst that people have
//! seen. After a cut nothing works until [`NorSim::power_up`].

mod handle;

use std::{boxed::Box, collections::BTreeMap, vec, vec::Vec};

use embedded_storage_async::nor_flash::{
    ErrorType, MultiwriteNorFlash, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};

pub use handle::NorHandle;

/// What an operation leaves behind that was cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// All of it or nothing.
    Atomic,
    /// A write ends within a word, some of whose bits are cleared; an erase is done or not.
    TornWord,
    /// The first half is done, or the last.
    Half,
    /// Each word is as before, as it should be, or between: any of its bits may have changed already.
    Scattered,
    /// As before, as it should be, or scattered; and some bits that should have changed read as they like from then on,
    /// each time anew: one of the first two, all of the last.
    Weak,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Atomic, Self::TornWord, Self::Half, Self::Scattered, Self::Weak];
}

/// Why the flash did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NorError {
    /// The power is gone.
    Off,
    /// Not on a boundary of words or pages.
    NotAligned,
    /// Beyond the end.
    OutOfBounds,
    /// A bit would have to become 1, which only erasing can do.
    NotErased,
    /// The word was written twice since it was erased; the chip allows no more.
    WornWord,
}

impl NorFlashError for NorError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            _ => NorFlashErrorKind::Other,
        }
    }
}

impl core::fmt::Display for NorError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Off => "the power is gone",
            Self::NotAligned => "not on a boundary of words or pages",
            Self::OutOfBounds => "beyond the end of the flash",
            Self::NotErased => "a bit would have to become 1 without erasing",
            Self::WornWord => "a word would be written for the third time since it was erased",
        })
    }
}

impl core::error::Error for NorError {}

/// A word may be written so often between two erasures (nWRITE: nRF52832 PS v1.8 §11.3, nRF52840 PS v1.7 §4.3.1).
const WRITES_A_WORD: u8 = 2;
const WORD: usize = 4;

/// The flash, in pages of `PAGE` bytes.
#[derive(Debug, Clone)]
pub struct NorSim<const PAGE: usize> {
    bytes: Box<[u8]>,
    writes: Box<[u8]>,
    /// The bits of words that read as they like.
    weak: BTreeMap<usize, [u8; WORD]>,
    erasures: Box<[u32]>,
    luck: u64,
    operations: u64,
    cut: Option<(u64, Fault)>,
    is_off: bool,
}

impl<const PAGE: usize> NorSim<PAGE> {
    /// So many erased pages.
    pub fn new(pages: usize) -> Self {
        Self {
            bytes: vec![0xFF; PAGE * pages].into(),
            writes: vec![0; PAGE * pages / WORD].into(),
            weak: BTreeMap::new(),
            erasures: vec![0; pages].into(),
            luck: 1,
            operations: 0,
            cut: None,
            is_off: false,
        }
    }

    /// Cuts the power in the `after`-th write or erasure from now, counted from 0; what that leaves depends on the luck.
    pub fn cut_power(&mut self, after: u64, fault: Fault, luck: u64) {
        self.cut = Some((self.operations + after, fault));
        self.luck = luck;
    }

    /// Gives it power again, with no other cut planned.
    pub fn power_up(&mut self) {
        (self.is_off, self.cut) = (false, None);
    }

    /// Was the power cut?
    pub const fn is_off(&self) -> bool {
        self.is_off
    }

    /// Writes and erasures so far.
    pub const fn operations(&self) -> u64 {
        self.operations
    }

    /// How often the page that wears most was erased.
    pub fn wear(&self) -> u32 {
        self.erasures.iter().copied().max().unwrap_or(0)
    }

    /// Counts an operation; the fault with which it is cut, if it is.
    fn begin(&mut self) -> Result<Option<Fault>, NorError> {
        if self.is_off {
            return Err(NorError::Off);
        }
        let fault = self.cut.filter(|(at, _)| *at == self.operations).map(|(_, fault)| fault);
        self.operations += 1;
        self.is_off = fault.is_some();
        Ok(fault)
    }

    fn range(&self, from: u32, length: usize, aligned: usize) -> Result<core::ops::Range<usize>, NorError> {
        let from = from as usize;
        if !from.is_multiple_of(aligned) || !length.is_multiple_of(aligned) {
            return Err(NorError::NotAligned);
        }
        let end = from.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(NorError::OutOfBounds)?;
        Ok(from..end)
    }

    /// Brings words to what they should be, or as far as the fault lets them come.
    fn change(&mut self, from: usize, to: &[u8], fault: Option<Fault>, is_erasure: bool) {
        let words = to.len() / WORD;
        let torn = self.number() as usize % (words + 1);
        let is_done = self.number() % 4 < 2;
        let is_clear = !self.number().is_multiple_of(3);
        for (nth, wanted) in to.chunks_exact(WORD).enumerate() {
            let at = from + nth * WORD;
            let bits = match fault {
                None => [0xFF; WORD],
                Some(Fault::Atomic) => all(is_done),
                Some(Fault::TornWord) if is_erasure => all(is_done),
                Some(Fault::TornWord) if nth == torn => self.some_bits(),
                Some(Fault::TornWord) => all(nth < torn),
                Some(Fault::Half) => all((nth < words.div_ceil(2)) == is_done),
                Some(Fault::Weak) if is_clear => all(is_done),
                Some(Fault::Scattered | Fault::Weak) => match self.number() % 3 {
                    0 => all(false),
                    1 => all(true),
                    _ => self.some_bits(),
                },
            };
            let Some(word) = self.bytes.get_mut(at..at + WORD) else { continue };
            let mut differs = [0; WORD];
            for (((byte, wanted), bits), differs) in word.iter_mut().zip(wanted).zip(bits).zip(&mut differs) {
                *differs = *byte ^ *wanted;
                *byte ^= *differs & bits;
            }
            match fault {
                Some(Fault::Weak) if is_clear => {
                    if nth == torn {
                        let one = 1_u32 << (self.number() % 32);
                        let bits: Vec<u8> = differs.iter().zip(one.to_le_bytes()).map(|(a, b)| a & b).collect();
                        self.weak.extend(bits.try_into().ok().map(|bits| (at, bits)));
                    }
                }
                Some(Fault::Weak) => _ = self.weak.insert(at, differs),
                Some(_) => {}
                // Only whole operations make a word sure again.
                None => _ = self.weak.remove(&at),
            }
            if let Some(writes) = self.writes.get_mut(at / WORD) {
                *writes = match (is_erasure, fault) {
                    (true, _) => 0,
                    (false, None) => *writes + 1,
                    // One that was cut is counted when it is repeated: nobody can know how far it came.
                    (false, Some(_)) => *writes,
                };
            }
        }
    }

    fn look(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorError> {
        if self.is_off {
            return Err(NorError::Off);
        }
        let range = self.range(offset, bytes.len(), Self::READ_SIZE)?;
        bytes.copy_from_slice(self.bytes.get(range.clone()).unwrap_or_default());
        let first = range.start / WORD * WORD;
        let weak: Vec<(usize, [u8; WORD])> = self.weak.range(first..range.end).map(|(at, bits)| (*at, *bits)).collect();
        for (at, bits) in weak {
            let luck = self.some_bits();
            for (nth, (bits, luck)) in bits.into_iter().zip(luck).enumerate() {
                let byte = (at + nth).checked_sub(range.start).and_then(|at| bytes.get_mut(at));
                byte.into_iter().for_each(|byte| *byte ^= bits & luck);
            }
        }
        Ok(())
    }

    fn wipe(&mut self, from: u32, to: u32) -> Result<(), NorError> {
        let range = self.range(from, to.checked_sub(from).ok_or(NorError::OutOfBounds)? as usize, PAGE)?;
        for page in range.step_by(PAGE) {
            let fault = self.begin()?;
            self.change(page, &[0xFF; PAGE], fault, true);
            if let Some(erasures) = self.erasures.get_mut(page / PAGE) {
                *erasures += 1;
            }
            if fault.is_some() {
                return Err(NorError::Off);
            }
        }
        Ok(())
    }

    fn burn(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorError> {
        let range = self.range(offset, bytes.len(), WORD)?;
        let fault = self.begin()?;
        let now = self.bytes.get(range.clone()).unwrap_or_default();
        if now.iter().zip(bytes).any(|(now, wanted)| now & wanted != *wanted) {
            return Err(NorError::NotErased);
        }
        let words = range.start / WORD..range.end / WORD;
        if self.writes.get(words).unwrap_or_default().iter().any(|writes| *writes >= WRITES_A_WORD) {
            return Err(NorError::WornWord);
        }
        self.change(range.start, bytes, fault, false);
        if fault.is_some() { Err(NorError::Off) } else { Ok(()) }
    }

    fn some_bits(&mut self) -> [u8; WORD] {
        (self.number() as u32).to_le_bytes()
    }

    /// Numbers that look random (SplitMix64).
    const fn number(&mut self) -> u64 {
        self.luck = self.luck.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.luck ^ (self.luck >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

const fn all(is_done: bool) -> [u8; WORD] {
    [if is_done { 0xFF } else { 0 }; WORD]
}

impl<const PAGE: usize> ErrorType for NorSim<PAGE> {
    type Error = NorError;
}

impl<const PAGE: usize> ReadNorFlash for NorSim<PAGE> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorError> {
        self.look(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl<const PAGE: usize> NorFlash for NorSim<PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorError> {
        self.wipe(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorError> {
        self.burn(offset, bytes)
    }
}

impl<const PAGE: usize> MultiwriteNorFlash for NorSim<PAGE> {}

#[cfg(test)]
mod tests;
