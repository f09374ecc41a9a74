use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// A handle on the one flash, for each that keeps something in it: they take turns, operation by operation.
pub struct Shared<'a, S> {
    flash: &'a Mutex<NoopRawMutex, S>,
    capacity: usize,
}

impl<'a, S: ReadNorFlash> Shared<'a, S> {
    /// A handle on a flash of so many bytes.
    pub const fn new(flash: &'a Mutex<NoopRawMutex, S>, capacity: usize) -> Self {
        Self { flash, capacity }
    }
}

impl<S> Clone for Shared<'_, S> {
    fn clone(&self) -> Self {
        Self { flash: self.flash, capacity: self.capacity }
    }
}

impl<S: ErrorType> ErrorType for Shared<'_, S> {
    type Error = S::Error;
}

impl<S: ReadNorFlash> ReadNorFlash for Shared<'_, S> {
    const READ_SIZE: usize = S::READ_SIZE;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), S::Error> {
        self.flash.lock().await.read(offset, bytes).await
    }

    fn capacity(&self) -> usize {
        self.capacity
    }
}

impl<S: NorFlash> NorFlash for Shared<'_, S> {
    const WRITE_SIZE: usize = S::WRITE_SIZE;
    const ERASE_SIZE: usize = S::ERASE_SIZE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), S::Error> {
        self.flash.lock().await.erase(from, to).await
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), S::Error> {
        self.flash.lock().await.write(offset, bytes).await
    }
}
