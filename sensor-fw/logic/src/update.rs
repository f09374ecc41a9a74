//! An update on its way: offered, received, checked, installed, on trial, confirmed or taken back.

use embedded_storage_async::nor_flash::NorFlash;
use wire::{
    firmware::Version,
    manifest::{self, Manifest, Target, TrustedKey},
    message::Refusal,
    service::{CHUNK_UNIT, Progress, Stage},
};

use crate::{
    boot::{Images, Standing},
    facts::{Fact, Facts},
    keep::KeepError,
};

/// Below this no flash is written for an update: a page that is erased while the voltage breaks down is nobody's
/// (nRF52 run down to 1.7 V, a tired coin cell drops by 0.5 V under load).
pub const SAFE_MV: u16 = 2400;
/// A new image has so long to show that it works, ms: six windows of the default settings.
const TRIAL_MS: u64 = 3_600_000;

/// An image that the bootloader did not install, for its supply was low, is tried again so much later, ms: in a day. A new
/// battery is a new start, and needs no trying.
const RETRY_MS: u64 = 86_400_000;

/// What a new image has to show before it stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    /// Its probe measured.
    Sampled,
    /// Its radio sent.
    Radio,
    /// Its hub spoke to it, with the key that only the two have.
    Hub,
}

impl Proof {
    const ALL: u8 = 0b111;

    const fn bit(self) -> u8 {
        match self {
            Self::Sampled => 0b001,
            Self::Radio => 0b010,
            Self::Hub => 0b100,
        }
    }
}

/// What is true of the program that runs.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    /// Keys that may sign updates.
    pub trusted: [TrustedKey; 2],
    /// The sensor: product and board.
    pub target: Target,
    /// The program's version.
    pub version: Version,
    /// The program's security counter.
    pub security_counter: u32,
}

/// The update of one sensor.
#[derive(Debug)]
pub struct Update<S> {
    images: Images<S>,
    own: Own,
    state: State,
    /// The last one was taken back: this version.
    reverted: Option<Version>,
}

#[derive(Debug)]
enum State {
    Idle,
    Receiving {
        manifest: Manifest,
        received: u32,
    },
    Installing {
        manifest: Manifest,
        /// The uptime at which the program is to restart for it, ms.
        due_ms: u64,
    },
    Trial {
        proofs: u8,
    },
}

impl<S: NorFlash + Clone> Update<S> {
    const PAGE: u32 = S::ERASE_SIZE as u32;

    /// The update as flash has it, at the start of a program.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn start<F: NorFlash<Error = S::Error>>(
        images: Images<S>,
        facts: &mut Facts<F>,
        own: Own,
    ) -> Result<Self, KeepError<S::Error>> {
        let standing = images.standing().await?;
        let mut update = Self { images, own, state: State::Idle, reverted: None };
        update.state = match standing {
            Standing::Trial(_) => State::Trial { proofs: 0 },
            Standing::Reverted => {
                update.reverted = update.arrived(facts).map(|(manifest, _)| manifest.version);
                State::Idle
            }
            _ => update.arrived(facts).map_or(State::Idle, |(manifest, received)| match standing {
                Standing::Asked => State::Installing { manifest, due_ms: RETRY_MS },
                _ => State::Receiving { manifest, received },
            }),
        };
        if !matches!(update.state, State::Trial { .. }) {
            // A program that was confirmed, and cut before that was all.
            update.raise_counter(facts).await?;
        }
        Ok(update)
    }

    /// What was on its way when the program stopped, if it may still be installed.
    fn arrived<F: NorFlash>(&self, facts: &Facts<F>) -> Option<(Manifest, u32)> {
        let manifest = self.accept(facts.get(Fact::Update)?, facts).ok()?;
        let received = facts.integer(Fact::Arrived).min(manifest.length);
        Some((manifest, received))
    }

    fn accept<F: NorFlash>(&self, manifest: &[u8], facts: &Facts<F>) -> Result<Manifest, Refusal> {
        let security_counter = self.own.security_counter.max(facts.integer(Fact::SecurityCounter));
        let target = Target { security_counter, room: self.images.incoming().room(Self::PAGE), ..self.own.target };
        Manifest::accept(manifest, &self.own.trusted, &target)
            .map_err(|error| Refusal::Manifest { fault: error.into() })
    }

    /// How it stands.
    pub const fn progress(&self) -> Progress {
        let (stage, version, received, length) = match &self.state {
            State::Idle => match self.reverted {
                Some(version) => (Stage::Reverted, version, 0, 0),
                None => (Stage::None, Version([0; 4]), 0, 0),
            },
            State::Receiving { manifest, received } => (Stage::Receiving, manifest.version, *received, manifest.length),
            State::Installing { manifest, .. } => {
                (Stage::Installing, manifest.version, manifest.length, manifest.length)
            }
            State::Trial { .. } => (Stage::Trial, self.own.version, 0, 0),
        };
        Progress { stage, version, received, length }
    }

    /// The version of the program that runs.
    pub const fn version(&self) -> Version {
        self.own.version
    }

    /// The security counter below which no image is taken.
    pub fn security_counter<F: NorFlash>(&self, facts: &Facts<F>) -> u32 {
        let confirmed = facts.integer(Fact::SecurityCounter);
        if let State::Trial { .. } = self.state { confirmed } else { confirmed.max(self.own.security_counter) }
    }

    /// The hub offers an image. The same again goes on where it stopped; another takes its place.
    ///
    /// # Errors
    /// [`Refusal`], and what was on its way still is.
    pub async fn offer<F: NorFlash>(
        &mut self,
        facts: &mut Facts<F>,
        bytes: &[u8; manifest::LENGTH],
        battery_mv: u16,
    ) -> Result<(), Refusal> {
        let manifest = self.accept(bytes, facts)?;
        match &self.state {
            State::Trial { .. } | State::Installing { .. } => return Err(Refusal::NoUpdate),
            State::Receiving { manifest: present, .. } if *present == manifest => return Ok(()),
            State::Idle | State::Receiving { .. } => {}
        }
        is_safe(battery_mv)?;
        // From here on nobody may ever want what the other slot holds.
        kept(self.images.settle().await)?;
        kept(facts.put(Fact::Arrived, &0_u32.to_le_bytes()).await)?;
        kept(facts.put(Fact::Update, bytes).await)?;
        (self.state, self.reverted) = (State::Receiving { manifest, received: 0 }, None);
        Ok(())
    }

    /// Takes a part of the image. What it has already is passed over.
    ///
    /// # Errors
    /// [`Refusal`]; after [`Refusal::Storage`] the image goes on with the page that failed.
    pub async fn chunk<F: NorFlash>(
        &mut self,
        facts: &mut Facts<F>,
        offset: u32,
        bytes: &[u8],
        battery_mv: u16,
    ) -> Result<(), Refusal> {
        let State::Receiving { manifest, received } = &mut self.state else { return Err(Refusal::NoUpdate) };
        let expected = *received;
        let known = expected.checked_sub(offset).ok_or(Refusal::Offset { expected })?;
        let new = bytes.get(known as usize..).unwrap_or_default();
        if new.is_empty() {
            return Ok(());
        }
        let end = expected.checked_add(new.len() as u32).filter(|end| *end <= manifest.length);
        let end = end.ok_or(Refusal::Offset { expected })?;
        if !new.len().is_multiple_of(CHUNK_UNIT) && end != manifest.length {
            return Err(Refusal::Malformed { kind: 0x31 });
        }
        is_safe(battery_mv)?;
        let written = write(&mut self.images, facts, expected, new).await;
        // What failed in the middle of a page begins that page anew.
        *received = if written.is_ok() { end } else { expected / Self::PAGE * Self::PAGE };
        written
    }

    /// All of it is there: it is checked, and starts next. The program is to restart when that was answered.
    ///
    /// # Errors
    /// [`Refusal`]; one that is not what was signed is forgotten.
    pub async fn install<F: NorFlash>(&mut self, facts: &mut Facts<F>, battery_mv: u16) -> Result<(), Refusal> {
        let manifest = match &mut self.state {
            State::Installing { due_ms, .. } => {
                is_safe(battery_mv)?;
                *due_ms = 0;
                return Ok(());
            }
            State::Receiving { manifest, received } if *received == manifest.length => *manifest,
            State::Receiving { received, .. } => return Err(Refusal::Offset { expected: *received }),
            State::Idle | State::Trial { .. } => return Err(Refusal::NoUpdate),
        };
        is_safe(battery_mv)?;
        let slot = self.images.incoming();
        let digest = slot.digest(self.images.flash(), manifest.length).await.map_err(|_| Refusal::Storage)?;
        if digest != manifest.digest {
            self.abandon(facts).await?;
            return Err(Refusal::Digest);
        }
        let bytes = facts.get(Fact::Update).and_then(|bytes| bytes.try_into().ok()).ok_or(Refusal::Storage)?;
        kept(slot.sign(self.images.flash(), &bytes).await)?;
        kept(self.images.ask().await)?;
        self.state = State::Installing { manifest, due_ms: 0 };
        Ok(())
    }

    /// Forgets what is on its way; what is on trial stays so.
    ///
    /// # Errors
    /// [`Refusal::Storage`].
    pub async fn abandon<F: NorFlash>(&mut self, facts: &mut Facts<F>) -> Result<(), Refusal> {
        if let State::Installing { .. } = self.state {
            kept(self.images.settle().await)?;
        }
        if !matches!(self.state, State::Trial { .. }) {
            kept(facts.put(Fact::Update, &[]).await)?;
            self.state = State::Idle;
        }
        Ok(())
    }

    /// The new program has shown that a part of it works; with the last it stays, and its security counter is kept.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails: it is still on trial.
    pub async fn shows<F: NorFlash<Error = S::Error>>(
        &mut self,
        facts: &mut Facts<F>,
        proof: Proof,
    ) -> Result<(), KeepError<S::Error>> {
        let State::Trial { proofs } = &mut self.state else { return Ok(()) };
        *proofs |= proof.bit();
        if *proofs != Proof::ALL {
            return Ok(());
        }
        self.images.settle().await?;
        self.state = State::Idle;
        facts.put(Fact::Update, &[]).await?;
        self.raise_counter(facts).await
    }

    async fn raise_counter<F: NorFlash>(&self, facts: &mut Facts<F>) -> Result<(), KeepError<F::Error>> {
        if self.own.security_counter > facts.integer(Fact::SecurityCounter) {
            facts.put(Fact::SecurityCounter, &self.own.security_counter.to_le_bytes()).await?;
        }
        Ok(())
    }

    /// Is the program to restart now: to start a new one, or because it could not show in time that it works?
    pub const fn is_restart_due(&self, uptime_ms: u64) -> bool {
        match self.state {
            State::Installing { due_ms, .. } => uptime_ms >= due_ms,
            State::Trial { .. } => uptime_ms >= TRIAL_MS,
            State::Idle | State::Receiving { .. } => false,
        }
    }
}

/// Writes bytes of the image, and notes every page that is complete.
async fn write<S: NorFlash + Clone, F: NorFlash>(
    images: &mut Images<S>,
    facts: &mut Facts<F>,
    mut at: u32,
    mut bytes: &[u8],
) -> Result<(), Refusal> {
    let page = S::ERASE_SIZE as u32;
    let start = images.incoming().start;
    while !bytes.is_empty() {
        if at.is_multiple_of(page) {
            images.flash().erase(start + at, start + at + page).await.map_err(|_| Refusal::Storage)?;
        }
        let left = (page - at % page) as usize;
        let (now, rest) = bytes.split_at_checked(left).unwrap_or((bytes, &[]));
        let (whole, end) = now.split_at_checked(now.len() / CHUNK_UNIT * CHUNK_UNIT).unwrap_or((now, &[]));
        if !whole.is_empty() {
            images.flash().write(start + at, whole).await.map_err(|_| Refusal::Storage)?;
        }
        if !end.is_empty() {
            let mut unit = [0xFF; CHUNK_UNIT];
            unit.iter_mut().zip(end).for_each(|(place, byte)| *place = *byte);
            let place = start + at + whole.len() as u32;
            images.flash().write(place, &unit).await.map_err(|_| Refusal::Storage)?;
        }
        at += now.len() as u32;
        bytes = rest;
        if at.is_multiple_of(page) {
            kept(facts.put(Fact::Arrived, &at.to_le_bytes()).await)?;
        }
    }
    Ok(())
}

const fn is_safe(mv: u16) -> Result<(), Refusal> {
    if mv < SAFE_MV { Err(Refusal::BatteryLow { mv }) } else { Ok(()) }
}

fn kept<E>(result: Result<(), KeepError<E>>) -> Result<(), Refusal> {
    result.map_err(|_| Refusal::Storage)
}

#[cfg(test)]
mod tests;
