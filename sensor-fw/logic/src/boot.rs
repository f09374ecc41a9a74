//! Which of two images runs: what the bootloader does, and what a program tells it.
//!
//! ```text
//!              ask                    swapped, verified              confirm
//! Settled ───────────▶ Asked ──▶ Swapping ──────────▶ Trial ──────────────────▶ Settled
//!    ▲                   │                              │ not confirmed in three starts,
//!    └───────────────────┘                              ▼ or not what was signed
//!      not what was signed                          Reverting ──▶ Reverted ──▶ (settled)
//! ```
//!
//! The images are swapped page by page, with one page to spare, and swapped back when the new one does not confirm. How
//! far that has come is a [fact](crate::Fact), two pages of them being the bootloader's own, so it goes on where it was
//! cut: the source of a copy is untouched until the copy is known to be done. While nothing is to be done, nothing is
//! written; nor while the supply is low.
//!
//! The crate embassy-boot does this with a page of words. It writes words more often than the chip allows, and can be
//! left without an image that runs by an erasure that is cut; with an adapter that heals both it came to no harm by four
//! faults in 110 000 cuts, two one after another; with bits that read differently each time it still was left without
//! one in 113 of 27 000 (version 0.7.0). This was not in 100 000 by all five.

use core::{fmt, ops::Range};

use embedded_storage_async::nor_flash::NorFlash;
use wire::manifest::{Target, TrustedKey};

use crate::{
    facts::{Fact, Facts},
    image::{ImageError, Slot},
    keep::KeepError,
};

/// Copies are made by so many bytes.
const CHUNK: usize = 256;
/// So often may a new image start without confirming: a battery that is taken out is no proof against it.
const TRIALS: u16 = 3;

/// Where everything is in the one flash.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The image that runs.
    pub active: Slot,
    /// The other one: as long, and a page behind it.
    pub other: Slot,
    /// Two pages of the bootloader's own.
    pub state: Range<u32>,
}

/// How the images stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The active image is the one to run.
    Settled,
    /// The other one is to be put in its place.
    Asked,
    /// They are being swapped: so many copies are made.
    Swapping(u16),
    /// The new one has started so often and not yet confirmed.
    Trial(u16),
    /// They are being swapped back: so many copies are made.
    Reverting(u16),
    /// The new one did not confirm, and the one before it runs again.
    Reverted,
}

impl Standing {
    fn to_bytes(self) -> [u8; 3] {
        let (code, count) = match self {
            Self::Settled => (0, 0),
            Self::Asked => (1, 0),
            Self::Swapping(copies) => (2, copies),
            Self::Trial(starts) => (3, starts),
            Self::Reverting(copies) => (4, copies),
            Self::Reverted => (5, 0),
        };
        let [low, high] = u16::to_le_bytes(count);
        [code, low, high]
    }

    /// What can be started without writing. One on trial starts uncounted, rather than not at all.
    const fn while_low(self) -> Prepared {
        match self {
            Self::Settled | Self::Reverted => Prepared::Done(Booted::Same),
            Self::Asked | Self::Trial(_) => Prepared::Postponed,
            Self::Swapping(_) | Self::Reverting(_) => Prepared::Halfway,
        }
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        let Ok([code, low, high]) = <[u8; 3]>::try_from(bytes) else { return Self::Settled };
        let count = u16::from_le_bytes([low, high]);
        match code {
            1 => Self::Asked,
            2 => Self::Swapping(count),
            3 => Self::Trial(count),
            4 => Self::Reverting(count),
            5 => Self::Reverted,
            _ => Self::Settled,
        }
    }
}

/// What the bootloader did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booted {
    /// Nothing: the image is the one that ran before.
    Same,
    /// A new image is there, on trial.
    Trial,
    /// The image from before the update is there again.
    Reverted,
    /// The other image is not what was signed, and was not touched.
    Refused,
}

/// What the bootloader is to do next, by a supply that may be too low for flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// Start the active image: this was done.
    Done(Booted),
    /// Start the active image, which is whole. What was to be done was not begun, and is when the supply is better.
    Postponed,
    /// Start nothing: the images are half swapped. Prepare again when the supply is better.
    Halfway,
}

/// Why there is no saying which image runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootError<E> {
    /// The slots do not fit one another.
    Layout,
    /// The flash failed.
    Keep(KeepError<E>),
}

impl<E: fmt::Debug> fmt::Display for BootError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Layout => f.write_str("the other slot is not a page longer than the active one"),
            Self::Keep(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for BootError<E> {}

impl<E> From<KeepError<E>> for BootError<E> {
    fn from(error: KeepError<E>) -> Self {
        Self::Keep(error)
    }
}

/// The images of one flash. The flash is a handle that can be cloned, for bootloader's facts and images are apart.
#[derive(Debug, Clone)]
pub struct Images<S> {
    flash: S,
    layout: Layout,
}

impl<S: NorFlash + Clone> Images<S> {
    const PAGE: u32 = S::ERASE_SIZE as u32;

    /// The images of a flash.
    ///
    /// # Errors
    /// [`BootError::Layout`] when the slots do not fit one another, the pages of the flash or the state's two pages.
    pub fn new(flash: S, layout: Layout) -> Result<Self, BootError<S::Error>> {
        let Layout { active, other, state } = &layout;
        let is_whole = [active.start, active.length, other.start].iter().all(|at| at.is_multiple_of(Self::PAGE));
        let is_fit = active.length >= 2 * Self::PAGE && other.length == active.length + Self::PAGE;
        let is_counted = u16::try_from(active.length / Self::PAGE * 2).is_ok();
        let is_inside = [active.start + active.length, other.start + other.length, state.end]
            .iter()
            .all(|end| *end as usize <= flash.capacity());
        if is_whole && is_fit && is_counted && is_inside && Self::PAGE as usize >= CHUNK.min(S::ERASE_SIZE) {
            Ok(Self { flash, layout })
        } else {
            Err(BootError::Layout)
        }
    }

    /// Where a new image is to be written, and how long it may be with its manifest.
    pub const fn incoming(&self) -> Slot {
        Slot { start: self.layout.other.start, length: self.layout.active.length }
    }

    /// The flash.
    pub const fn flash(&mut self) -> &mut S {
        &mut self.flash
    }

    async fn facts(&self) -> Result<Facts<S>, KeepError<S::Error>> {
        Facts::look(self.flash.clone(), self.layout.state.clone()).await
    }

    /// How the images stand.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn standing(&self) -> Result<Standing, KeepError<S::Error>> {
        Ok(standing(&self.facts().await?))
    }

    /// The program says: swap at the next start. It has verified the other image.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn ask(&self) -> Result<(), KeepError<S::Error>> {
        self.put(Standing::Asked).await
    }

    /// The program says: whatever runs now is the one to run. After this the other slot may be written.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn settle(&self) -> Result<(), KeepError<S::Error>> {
        self.put(Standing::Settled).await
    }

    async fn put(&self, standing: Standing) -> Result<(), KeepError<S::Error>> {
        put(&mut self.facts().await?, standing).await
    }

    /// What the bootloader does before it starts the active image: goes on with what was begun.
    ///
    /// # Errors
    /// [`BootError`] when the flash fails; power may come back, and this is tried again.
    pub async fn prepare(&mut self, trusted: &[TrustedKey; 2], target: &Target) -> Result<Booted, BootError<S::Error>> {
        match self.prepare_unless(|| false, trusted, target).await? {
            Prepared::Done(booted) => Ok(booted),
            // Not by a supply that is never low.
            Prepared::Postponed | Prepared::Halfway => Ok(Booted::Same),
        }
    }

    /// The same, where the supply may be too low to write flash: it is asked before each page, and nothing is written
    /// while it is low.
    ///
    /// # Errors
    /// As for [`prepare`](Self::prepare).
    pub async fn prepare_unless(
        &mut self,
        mut is_low: impl FnMut() -> bool,
        trusted: &[TrustedKey; 2],
        target: &Target,
    ) -> Result<Prepared, BootError<S::Error>> {
        let mut facts = self.facts().await?;
        let mut now = standing(&facts);
        if let Standing::Settled | Standing::Reverted = now {
            return Ok(Prepared::Done(Booted::Same));
        }
        if is_low() {
            return Ok(now.while_low());
        }
        // The last fact may have been cut, and be another the next time: it is made sure before anything leans on it.
        put(&mut facts, now).await?;
        let booted = loop {
            if is_low() {
                return Ok(now.while_low());
            }
            let (next, booted) = match now {
                Standing::Settled | Standing::Reverted => break Booted::Same,
                Standing::Asked => match self.is_good(self.incoming(), trusted, target).await? {
                    true => (Standing::Swapping(0), None),
                    false => (Standing::Settled, Some(Booted::Refused)),
                },
                Standing::Swapping(done) if done < self.copies() => {
                    self.swap(done).await?;
                    (Standing::Swapping(done + 1), None)
                }
                Standing::Swapping(_) => match self.is_good(self.layout.active, trusted, target).await? {
                    true => (Standing::Trial(1), Some(Booted::Trial)),
                    false => (Standing::Reverting(0), None),
                },
                Standing::Trial(starts) if starts < TRIALS => (Standing::Trial(starts + 1), Some(Booted::Trial)),
                Standing::Trial(_) => (Standing::Reverting(0), None),
                Standing::Reverting(done) if done < self.copies() => {
                    self.revert(done).await?;
                    (Standing::Reverting(done + 1), None)
                }
                Standing::Reverting(_) => (Standing::Reverted, Some(Booted::Reverted)),
            };
            put(&mut facts, next).await?;
            now = next;
            if let Some(booted) = booted {
                break booted;
            }
        };
        Ok(Prepared::Done(booted))
    }

    async fn is_good(
        &mut self,
        slot: Slot,
        trusted: &[TrustedKey; 2],
        target: &Target,
    ) -> Result<bool, KeepError<S::Error>> {
        match slot.verify(&mut self.flash, trusted, target).await {
            Ok(_) => Ok(true),
            Err(ImageError::Flash(error)) => Err(KeepError::Flash(error)),
            Err(ImageError::Manifest(_) | ImageError::Digest) => Ok(false),
        }
    }

    /// Two for each page.
    const fn copies(&self) -> u16 {
        (self.layout.active.length / Self::PAGE * 2) as u16
    }

    /// From the last page to the first: the active one into the other slot, one page on; then the other into its place.
    async fn swap(&mut self, nth: u16) -> Result<(), KeepError<S::Error>> {
        let page = self.layout.active.length / Self::PAGE - 1 - u32::from(nth / 2);
        let (active, other) = (self.active(page), self.other(page));
        match nth % 2 {
            0 => self.copy(active, self.other(page + 1)).await,
            _ => self.copy(other, active).await,
        }
    }

    /// From the first page to the last: the active one back into the other slot; then the one from before into its place.
    async fn revert(&mut self, nth: u16) -> Result<(), KeepError<S::Error>> {
        let page = u32::from(nth / 2);
        let (active, other) = (self.active(page), self.other(page));
        match nth % 2 {
            0 => self.copy(active, other).await,
            _ => self.copy(self.other(page + 1), active).await,
        }
    }

    const fn active(&self, page: u32) -> u32 {
        self.layout.active.start + page * Self::PAGE
    }

    const fn other(&self, page: u32) -> u32 {
        self.layout.other.start + page * Self::PAGE
    }

    async fn copy(&mut self, from: u32, to: u32) -> Result<(), KeepError<S::Error>> {
        self.flash.erase(to, to + Self::PAGE).await.map_err(KeepError::Flash)?;
        let mut chunk = [0; CHUNK];
        let chunk = chunk.get_mut(..CHUNK.min(S::ERASE_SIZE)).unwrap_or_default();
        for at in (0..Self::PAGE).step_by(chunk.len().max(1)) {
            self.flash.read(from + at, chunk).await.map_err(KeepError::Flash)?;
            self.flash.write(to + at, chunk).await.map_err(KeepError::Flash)?;
        }
        Ok(())
    }
}

fn standing<S: NorFlash>(facts: &Facts<S>) -> Standing {
    facts.get(Fact::BootState).map_or(Standing::Settled, Standing::of_bytes)
}

async fn put<S: NorFlash>(facts: &mut Facts<S>, standing: Standing) -> Result<(), KeepError<S::Error>> {
    facts.put(Fact::BootState, &standing.to_bytes()).await
}

#[cfg(test)]
mod tests;
