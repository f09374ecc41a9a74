use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;

use crate::{
    counter::Counter,
    keep::KeepError,
    page::{MAX_CONTENT, Pages},
};

/// What a sensor knows for good, a few bytes each. The numbers are those in flash, and never get another meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Fact {
    /// How often it has started.
    Boot = 1,
    /// The numbers of sealed frames up to this one are taken.
    Counter = 2,
    /// Whose it is: see `pairing`.
    Claim = 3,
    /// The manifest of an image that is on its way.
    Update = 4,
    /// How far it has come.
    Arrived = 5,
    /// The security counter below which no image may run.
    SecurityCounter = 6,
    /// Which image runs, and which is to: see `boot`.
    BootState = 7,
    /// How often it did not stop because it should.
    Resets = 8,
}

/// The longest fact in bytes.
pub const MAX_FACT: usize = 240;
/// The first record of a page: its number (4, little-endian), then all facts: each its key (1), length (1), bytes.
const ALL: u16 = 0x100;
/// All facts together.
const MOST: usize = MAX_CONTENT - 4;

/// The small durable facts, in two pages of flash.
///
/// A page begins with all facts; what changes is appended to it. The other page is begun when it is full and at every
/// start. A page is believed when something was appended to it, which is done before anybody may rely on it: then its
/// beginning was written to the end. Only then the other one is struck out and erased, and so one of the two is whole
/// at any time, and a fact is as it was or as it should be, wherever the power is cut.
///
/// The crate sequential-storage has a map for this. It came to no harm where a cut left whole words; where it left
/// words between old and new, it lost facts or stopped in 3 of 1000 cuts, and with bits that read differently each time
/// in 50 of 1000 (two cuts one after another, 28 000 each, version 8.0.2).
///
/// Futures of this type must be run to their end: one that is dropped leaves flash as a power cut would.
#[derive(Clone)]
pub struct Facts<S: NorFlash> {
    pages: Pages<S>,
    image: Image,
    page: u32,
    number: u32,
    /// Where the next record goes.
    offset: u32,
}

/// All facts in memory.
#[derive(Clone)]
struct Image {
    bytes: [u8; MOST],
    length: usize,
}

/// What was found in a page.
struct Found {
    image: Image,
    number: u32,
    is_proven: bool,
}

impl<S: NorFlash> Facts<S> {
    /// The facts in these bytes of the flash, of which the first two pages are used; counts the start.
    ///
    /// # Errors
    /// [`KeepError`] when the range is not at least two whole pages, or the flash fails.
    pub async fn start(flash: S, range: Range<u32>) -> Result<(Self, u32), KeepError<S::Error>> {
        let mut facts = Self::look(flash, range).await?;
        let boot = facts.integer(Fact::Boot).wrapping_add(1);
        facts.turn(Fact::Boot, &boot.to_le_bytes()).await?;
        Ok((facts, boot))
    }

    /// The same, but writes nothing before the first fact is put: what was found in flash may then be something else
    /// the next time.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn look(flash: S, range: Range<u32>) -> Result<Self, KeepError<S::Error>> {
        let pages = Pages::new(flash, range)?;
        // The next fact begins a page.
        let mut facts = Self { pages, image: Image::EMPTY, page: 1, number: 0, offset: S::ERASE_SIZE as u32 };
        let [first, second] = [facts.find(0).await?, facts.find(1).await?];
        let found = match (first, second) {
            (Some(first), Some(second)) => {
                let (newer, older) =
                    if first.number > second.number { ((first, 0), (second, 1)) } else { ((second, 1), (first, 0)) };
                Some(if newer.0.is_proven { newer } else { older })
            }
            (Some(first), None) => Some((first, 0)),
            (None, Some(second)) => Some((second, 1)),
            (None, None) => None,
        };
        if let Some((found, page)) = found {
            (facts.image, facts.number, facts.page) = (found.image, found.number, page);
        }
        Ok(facts)
    }

    /// What a page holds; `None` where it has no beginning.
    async fn find(&mut self, page: u32) -> Result<Option<Found>, KeepError<S::Error>> {
        let Some(record) = self.pages.read(page, 0).await?.filter(|record| record.tag == ALL) else { return Ok(None) };
        let mut next = record.next;
        let Some((number, all)) = record.content.split_first_chunk() else { return Ok(None) };
        let Some(image) = Image::read(all) else { return Ok(None) };
        let mut found = Found { image, number: u32::from_le_bytes(*number), is_proven: false };
        while let Some(record) = self.pages.read(page, next).await? {
            next = record.next;
            let Ok(key) = u8::try_from(record.tag) else { break };
            found.image.put(key, record.content).ok_or(KeepError::Full)?;
            found.is_proven = true;
        }
        Ok(Some(found))
    }

    /// Goes over to the other page, with a fact that has changed.
    async fn turn(&mut self, fact: Fact, bytes: &[u8]) -> Result<(), KeepError<S::Error>> {
        let mut image = self.image.clone();
        image.put(fact as u8, bytes).ok_or(KeepError::Full)?;
        let (page, number) = (1 - self.page, self.number.wrapping_add(1));
        self.pages.erase(page).await?;
        let all = self.image.bytes();
        let offset = self.pages.write(page, 0, ALL, [&number.to_le_bytes(), all]).await?.ok_or(KeepError::Full)?;
        let offset = self.pages.write(page, offset, fact as u16, [bytes, &[]]).await?.ok_or(KeepError::Full)?;
        (self.image, self.page, self.number, self.offset) = (image, page, number, offset);
        Ok(())
    }

    /// What is known.
    pub fn get(&self, fact: Fact) -> Option<&[u8]> {
        self.image.get(fact as u8)
    }

    /// Keeps it; when this returns, it is durable.
    ///
    /// # Errors
    /// [`KeepError`] when it is too long, all facts together are, or the flash fails.
    pub async fn put(&mut self, fact: Fact, bytes: &[u8]) -> Result<(), KeepError<S::Error>> {
        let mut image = self.image.clone();
        image.put(fact as u8, bytes).ok_or(KeepError::TooLong)?;
        match self.pages.write(self.page, self.offset, fact as u16, [bytes, &[]]).await? {
            Some(offset) => (self.offset, self.image) = (offset, image),
            None => self.turn(fact, bytes).await?,
        }
        Ok(())
    }

    /// The next number for a sealed frame, of a block that is reserved first where it must be; `None` when all are used
    /// up.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails: then no number was given.
    pub async fn take(&mut self, counter: &mut Counter) -> Result<Option<u32>, KeepError<S::Error>> {
        if let Some(number) = counter.take() {
            return Ok(Some(number));
        }
        let Some(ceiling) = counter.next_ceiling() else { return Ok(None) };
        self.put(Fact::Counter, &ceiling.to_le_bytes()).await?;
        counter.reserve(ceiling);
        Ok(counter.take())
    }

    /// The counter, behind all numbers that were reserved before.
    pub fn counter(&self) -> Counter {
        Counter::behind(self.integer(Fact::Counter))
    }

    /// A number, 0 where nothing is known.
    pub fn integer(&self, fact: Fact) -> u32 {
        self.get(fact).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
    }
}

impl Image {
    const EMPTY: Self = Self { bytes: [0; MOST], length: 0 };

    fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// All facts as they stand in flash; `None` where they make no sense.
    fn read(mut bytes: &[u8]) -> Option<Self> {
        let mut image = Self::EMPTY;
        while let Some(([key, length], rest)) = bytes.split_first_chunk() {
            let (content, behind) = rest.split_at_checked(usize::from(*length))?;
            image.put(*key, content)?;
            bytes = behind;
        }
        Some(image)
    }

    /// Where a fact stands, its key and length with it.
    fn place(&self, key: u8) -> Option<Range<usize>> {
        let mut at = 0;
        while let Some(([own, length], _)) = self.bytes().get(at..)?.split_first_chunk() {
            let end = at + 2 + usize::from(*length);
            if *own == key {
                return Some(at..end);
            }
            at = end;
        }
        None
    }

    fn get(&self, key: u8) -> Option<&[u8]> {
        self.bytes().get(self.place(key)?)?.get(2..)
    }

    /// Puts a fact in the place of what was known; `None`, and nothing else, when there is no room.
    fn put(&mut self, key: u8, content: &[u8]) -> Option<()> {
        let length = u8::try_from(content.len()).ok().filter(|length| usize::from(*length) <= MAX_FACT)?;
        let old = self.place(key).unwrap_or(self.length..self.length);
        let rest = self.length - old.len();
        let place = rest..rest + 2 + content.len();
        self.bytes.get(place.clone())?;
        self.bytes.copy_within(old.end..self.length, old.start);
        let (head, bytes) = self.bytes.get_mut(place.clone())?.split_at_mut(2);
        head.copy_from_slice(&[key, length]);
        bytes.copy_from_slice(content);
        self.length = place.end;
        Some(())
    }
}

#[cfg(test)]
mod tests;
