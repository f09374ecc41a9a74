use std::{cell::Cell, rc::Rc};

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};
use fw_logic::nor::{NorError, NorSim};

/// A page of flash, bytes.
pub(crate) const PAGE: usize = 4096;

/// What was done to flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Bytes that were read.
    pub read_bytes: u64,
    /// Words that were written.
    pub words: u64,
    /// Bytes that were written.
    pub written_bytes: u64,
    /// Pages that were erased.
    pub erasures: u64,
}

/// Flash in memory that counts, with words of so many bytes.
#[derive(Debug, Clone)]
pub(crate) struct Metered<const WORD: usize> {
    flash: NorSim<PAGE>,
    tally: Rc<Cell<Tally>>,
}

impl<const WORD: usize> Metered<WORD> {
    /// So many erased pages, which count there.
    pub(crate) fn new(pages: usize, tally: &Rc<Cell<Tally>>) -> Self {
        Self { flash: NorSim::new(pages), tally: Rc::clone(tally) }
    }

    fn count(&self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.get();
        change(&mut tally);
        self.tally.set(tally);
    }
}

impl<const WORD: usize> ErrorType for Metered<WORD> {
    type Error = NorError;
}

impl<const WORD: usize> ReadNorFlash for Metered<WORD> {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorError> {
        self.count(|tally| tally.read_bytes += bytes.len() as u64);
        self.flash.read(offset, bytes).await
    }

    fn capacity(&self) -> usize {
        self.flash.capacity()
    }
}

impl<const WORD: usize> NorFlash for Metered<WORD> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorError> {
        self.count(|tally| tally.erasures += u64::from(to.saturating_sub(from)) / PAGE as u64);
        self.flash.erase(from, to).await
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorError> {
        self.count(|tally| {
            tally.words += bytes.len().div_ceil(WORD) as u64;
            tally.written_bytes += bytes.len() as u64;
        });
        self.flash.write(offset, bytes).await
    }
}
