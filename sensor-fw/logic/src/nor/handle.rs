use std::{
    cell::{RefCell, RefMut},
    rc::Rc,
};

use embedded_storage_async::nor_flash::{ErrorType, MultiwriteNorFlash, NorFlash, ReadNorFlash};

use super::{NorError, NorSim};

/// A handle on simulated flash, which outlives the program that it is given to; clones are the same flash.
///
/// It is never waited for, so that nothing is held while anybody waits.
#[derive(Debug, Clone)]
pub struct NorHandle<const PAGE: usize>(Rc<RefCell<NorSim<PAGE>>>);

impl<const PAGE: usize> NorHandle<PAGE> {
    /// So many erased pages.
    pub fn new(pages: usize) -> Self {
        Self(Rc::new(RefCell::new(NorSim::new(pages))))
    }

    /// The flash itself: for who cuts its power, or wants to know how worn it is.
    pub fn nor(&self) -> RefMut<'_, NorSim<PAGE>> {
        self.0.borrow_mut()
    }
}

impl<const PAGE: usize> ErrorType for NorHandle<PAGE> {
    type Error = NorError;
}

impl<const PAGE: usize> ReadNorFlash for NorHandle<PAGE> {
    const READ_SIZE: usize = NorSim::<PAGE>::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorError> {
        self.nor().look(offset, bytes)
    }

    fn capacity(&self) -> usize {
        self.0.borrow().capacity()
    }
}

impl<const PAGE: usize> NorFlash for NorHandle<PAGE> {
    const WRITE_SIZE: usize = NorSim::<PAGE>::WRITE_SIZE;
    const ERASE_SIZE: usize = NorSim::<PAGE>::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), NorError> {
        self.nor().wipe(from, to)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorError> {
        self.nor().burn(offset, bytes)
    }
}

impl<const PAGE: usize> MultiwriteNorFlash for NorHandle<PAGE> {}
