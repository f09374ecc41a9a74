use core::ops::{ControlFlow, Range};

use embedded_storage_async::nor_flash::NorFlash;
use wire::log::{Block, Column, MAX_COLUMNS, Sample, SampleId, Writer};

use crate::{keep::KeepError, page::Pages};

/// The first record of a page: its number, little-endian. Pages are used in turn, and each gets the next number.
const HEAD: u16 = 0x200;
const BLOCK: u16 = 0x201;

/// What the sensor measured, for weeks: a ring of pages of blocks in flash, the newest block in memory.
///
/// The first block that is kept after a start begins a new page, and drops the oldest; so what a cut left behind the
/// last block is never written over, and a sensor that starts again and again without measuring much drops nothing.
/// Every page is erased equally often.
///
/// The crate sequential-storage has a queue for this. It came to no harm where a cut left whole words; with words
/// between old and new it lost what it had kept or stopped in 25 of 1000 cuts, with bits that read differently each time
/// in 80 of 1000 (two cuts one after another, 18 000 each, version 8.0.2).
///
/// Futures of this type must be run to their end: one that is dropped leaves flash as a power cut would.
#[derive(Clone)]
pub struct Log<S: NorFlash> {
    pages: Pages<S>,
    /// The page with the highest number, and that number.
    newest: Option<(u32, u32)>,
    /// Where in the newest page the next block goes, if that page was begun in this life.
    offset: Option<u32>,
    columns: ([Column; MAX_COLUMNS], usize),
    open: Writer,
    next: SampleId,
}

impl<S: NorFlash> Log<S> {
    /// The log in these pages of the flash, which goes on with the first sample of this boot. Of more than eight columns
    /// the others are left out.
    ///
    /// # Errors
    /// [`KeepError`] when the range is not at least two whole pages, or the flash fails.
    pub async fn start(
        flash: S,
        range: Range<u32>,
        boot: u32,
        columns: &[Column],
    ) -> Result<Self, KeepError<S::Error>> {
        let mut own = [Column { code: 0, instance: 0, exponent: 0 }; MAX_COLUMNS];
        own.iter_mut().zip(columns).for_each(|(own, column)| *own = *column);
        let mut log = Self {
            pages: Pages::new(flash, range)?,
            newest: None,
            offset: None,
            columns: (own, columns.len()),
            open: Writer::new(columns),
            next: SampleId { boot, number: 0 },
        };
        for page in 0..log.pages.count() {
            if let Some((number, _)) = log.head(page).await?
                && log.newest.is_none_or(|(_, newest)| number > newest)
            {
                log.newest = Some((page, number));
            }
        }
        Ok(log)
    }

    /// The number of a page and where its blocks begin; `None` where it is none of the log.
    async fn head(&mut self, page: u32) -> Result<Option<(u32, u32)>, KeepError<S::Error>> {
        let Some(record) = self.pages.read(page, 0).await?.filter(|record| record.tag == HEAD) else { return Ok(None) };
        Ok(record.content.try_into().ok().map(|number| (u32::from_le_bytes(number), record.next)))
    }

    /// Takes a sample, a value for each column; its block is kept when 32 are together.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails: the block that could not be kept is given up then, and the sample taken.
    pub async fn take(
        &mut self,
        uptime_s: u32,
        values: [Option<i32>; MAX_COLUMNS],
    ) -> Result<SampleId, KeepError<S::Error>> {
        let sample = Sample { id: self.next, uptime_s, values };
        self.next.number = self.next.number.wrapping_add(1);
        if self.open.push(&sample).is_err() {
            let kept = self.keep().await;
            self.renew();
            // An empty block has room for the longest sample.
            let _ = self.open.push(&sample);
            kept?;
        }
        Ok(sample.id)
    }

    /// Keeps what is in memory: before an update, or when the battery is about to fail. When this returns, everything
    /// taken before is durable.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn keep(&mut self) -> Result<(), KeepError<S::Error>> {
        if self.open.is_empty() {
            return Ok(());
        }
        let mut place = self.newest.zip(self.offset);
        loop {
            let ((page, number), offset) = match place {
                Some(place) => place,
                None => self.turn().await?,
            };
            // Until it is written nobody knows what is behind: a write that fails spoils the rest of the page.
            (self.newest, self.offset) = (Some((page, number)), None);
            if let Some(next) = self.pages.write(page, offset, BLOCK, [self.open.bytes(), &[]]).await? {
                self.offset = Some(next);
                self.renew();
                return Ok(());
            }
            if place.take().is_none() {
                return Err(KeepError::TooLong);
            }
        }
    }

    /// Drops all samples, those in memory too; the next sample has the next number all the same.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails: then pages may be left.
    pub async fn wipe(&mut self) -> Result<(), KeepError<S::Error>> {
        self.renew();
        (self.newest, self.offset) = (None, None);
        for page in 0..self.pages.count() {
            self.pages.erase(page).await?;
        }
        Ok(())
    }

    /// Begins the next page; what was in it is dropped.
    async fn turn(&mut self) -> Result<((u32, u32), u32), KeepError<S::Error>> {
        let (page, number) = match self.newest {
            Some((page, number)) => (self.pages.after(page), number.wrapping_add(1)),
            None => (0, 0),
        };
        self.pages.erase(page).await?;
        let offset = self.pages.write(page, 0, HEAD, [&number.to_le_bytes(), &[]]).await?;
        Ok(((page, number), offset.ok_or(KeepError::TooLong)?))
    }

    fn renew(&mut self) {
        let (columns, count) = &self.columns;
        self.open = Writer::new(columns.get(..*count).unwrap_or(columns));
    }

    /// Shows the blocks that hold a sample or later ones, in order, the one in memory last, until `show` breaks. Who was
    /// interrupted goes on with the sample behind the [last](Block::last) of the last block.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn each(
        &mut self,
        from: SampleId,
        mut show: impl AsyncFnMut(&[u8]) -> ControlFlow<()>,
    ) -> Result<(), KeepError<S::Error>> {
        let is_wanted = |bytes: &[u8]| Block::parse(bytes).is_ok_and(|block| block.last() >= from);
        let mut page = self.newest.map_or(0, |(page, _)| self.pages.after(page));
        for _ in 0..self.pages.count() {
            let mut offset = self.head(page).await?.map(|(_, offset)| offset);
            while let Some(at) = offset {
                let record = self.pages.read(page, at).await?.filter(|record| record.tag == BLOCK);
                offset = record.as_ref().map(|record| record.next);
                if let Some(record) = record
                    && is_wanted(record.content)
                    && show(record.content).await.is_break()
                {
                    return Ok(());
                }
            }
            page = self.pages.after(page);
        }
        if is_wanted(self.open.bytes()) {
            let _ = show(self.open.bytes()).await;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
