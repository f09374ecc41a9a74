//! Records in a page of flash, each proof against a cut.
//!
//! | bytes | what |
//! |---|---|
//! | 2 | length of the content, little-endian, at most 512 |
//! | 2 | tag: what kind of content, little-endian |
//! | 4 | CRC-32 (ISO-HDLC) of length, tag and content, little-endian |
//! | … | content, then 0xFF up to a whole word of flash |
//!
//! A record is written in one operation. One whose write was cut is none, or reads like one now and not the next time:
//! whoever finds it last in a page must not lean on it before it was written anew elsewhere. Nothing is ever written
//! behind what was found in a page: flash that reads as erased need not be. So each life begins a page of its own.

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use embedded_storage_async::nor_flash::NorFlash;

use crate::keep::KeepError;

const HEAD: usize = 8;
/// The longest content in bytes.
pub(crate) const MAX_CONTENT: usize = 512;
/// Flash is written in words of at most so many bytes (nRF52: 4, nRF54L: 16).
const MOST_WORD: usize = 16;
const BUFFER: usize = HEAD + MAX_CONTENT + MOST_WORD;
const CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// Flash that is used in pages of records.
#[derive(Clone)]
pub(crate) struct Pages<S> {
    flash: S,
    start: u32,
    pages: u32,
    buffer: [u8; BUFFER],
}

/// A record that was read.
#[derive(Debug)]
pub(crate) struct Record<'a> {
    pub(crate) tag: u16,
    pub(crate) content: &'a [u8],
    /// Where in the page the next one begins.
    pub(crate) next: u32,
}

impl<S: NorFlash> Pages<S> {
    const PAGE: u32 = S::ERASE_SIZE as u32;

    /// The pages in a range of the flash.
    pub(crate) fn new(flash: S, range: core::ops::Range<u32>) -> Result<Self, KeepError<S::Error>> {
        let is_whole = range.start.is_multiple_of(Self::PAGE) && range.end.is_multiple_of(Self::PAGE);
        let pages = range.end.saturating_sub(range.start) / Self::PAGE;
        if !is_whole || pages < 2 || range.end as usize > flash.capacity() || S::WRITE_SIZE > MOST_WORD {
            return Err(KeepError::NoSuchPlace);
        }
        Ok(Self { flash, start: range.start, pages, buffer: [0xFF; BUFFER] })
    }

    pub(crate) const fn count(&self) -> u32 {
        self.pages
    }

    /// The page that follows, the first after the last.
    pub(crate) const fn after(&self, page: u32) -> u32 {
        (page + 1) % self.pages
    }

    const fn address(&self, page: u32, offset: u32) -> u32 {
        self.start + page * Self::PAGE + offset
    }

    /// Writes a record into a page and tells where the next one begins; `None` when it does not fit.
    pub(crate) async fn write(
        &mut self,
        page: u32,
        offset: u32,
        tag: u16,
        parts: [&[u8]; 2],
    ) -> Result<Option<u32>, KeepError<S::Error>> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let short = u16::try_from(length).ok().filter(|_| length <= MAX_CONTENT).ok_or(KeepError::TooLong)?;
        let padded = (HEAD + length).next_multiple_of(S::WRITE_SIZE);
        let next = offset + padded as u32;
        if next > Self::PAGE {
            return Ok(None);
        }
        self.buffer.fill(0xFF);
        let (head, content) = self.buffer.split_at_mut(HEAD);
        let mut rest = content;
        for part in parts {
            let (place, behind) = rest.split_at_mut_checked(part.len()).ok_or(KeepError::TooLong)?;
            place.copy_from_slice(part);
            rest = behind;
        }
        let (kind, check) = head.split_at_mut(4);
        kind.copy_from_slice(&(u32::from(tag) << 16 | u32::from(short)).to_le_bytes());
        let mut digest = CRC.digest();
        digest.update(kind);
        parts.iter().for_each(|part| digest.update(part));
        check.copy_from_slice(&digest.finalize().to_le_bytes());
        let address = self.address(page, offset);
        let bytes = self.buffer.get(..padded).ok_or(KeepError::TooLong)?;
        self.flash.write(address, bytes).await.map_err(KeepError::Flash)?;
        Ok(Some(next))
    }

    /// Reads the record at an offset, if there is one.
    pub(crate) async fn read(&mut self, page: u32, offset: u32) -> Result<Option<Record<'_>>, KeepError<S::Error>> {
        let room = Self::PAGE.saturating_sub(offset) as usize;
        let address = self.address(page, offset);
        let (head, content) = self.buffer.split_at_mut(HEAD);
        if room < HEAD {
            return Ok(None);
        }
        // In units that every flash can read.
        self.flash.read(address, head).await.map_err(KeepError::Flash)?;
        let [l0, l1, t0, t1, c0, c1, c2, c3] = *head else { return Ok(None) };
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        let padded = (HEAD + length).next_multiple_of(S::WRITE_SIZE);
        if length > MAX_CONTENT || padded > room {
            return Ok(None);
        }
        let content = content.get_mut(..padded - HEAD).unwrap_or_default();
        self.flash.read(address + HEAD as u32, content).await.map_err(KeepError::Flash)?;
        let content = content.get(..length).unwrap_or_default();
        let mut digest = CRC.digest();
        digest.update(&[l0, l1, t0, t1]);
        digest.update(content);
        if digest.finalize() != u32::from_le_bytes([c0, c1, c2, c3]) {
            return Ok(None);
        }
        Ok(Some(Record { tag: u16::from_le_bytes([t0, t1]), content, next: offset + padded as u32 }))
    }

    /// Erases a page. Its first record is struck out before: an erasure that is cut may leave old records behind, and
    /// without a first one they are nobody's.
    pub(crate) async fn erase(&mut self, page: u32) -> Result<(), KeepError<S::Error>> {
        let (from, to) = (self.address(page, 0), self.address(page + 1, 0));
        let mut head = [0; MOST_WORD];
        let head = head.get_mut(..HEAD.next_multiple_of(S::WRITE_SIZE)).ok_or(KeepError::NoSuchPlace)?;
        self.flash.read(from, head).await.map_err(KeepError::Flash)?;
        // A word must not be written more than twice before it is erased.
        if head.iter().any(|byte| *byte != 0) {
            head.fill(0);
            self.flash.write(from, head).await.map_err(KeepError::Flash)?;
        }
        self.flash.erase(from, to).await.map_err(KeepError::Flash)
    }
}
