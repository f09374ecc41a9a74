use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use units::Measure;
use wire::{
    bthome::{Address, Advert},
    log::{Column, MAX_COLUMNS, SampleId},
    seal::Key,
};

use crate::{
    beacon::{Beacon, Channel, MAX_CHANNELS},
    counter::Counter,
    facts::Facts,
    keep::KeepError,
    log::Log,
    rhythm::{Phase, Rhythm},
};

const _: () = assert!(MAX_CHANNELS == MAX_COLUMNS, "what is told is what is logged");

/// An advert stays on the air for so many intervals at least, so that who misses one hears the next.
const HOLD: u64 = 3;

/// What a claimed sensor is and does.
#[derive(Clone, Copy)]
pub struct Habits<'a> {
    /// Its Bluetooth address, which its adverts are sealed with.
    pub address: Address,
    /// The key of its adverts.
    pub key: Key,
    /// What it tells and logs, the most important first.
    pub channels: &'a [Channel],
    /// Seconds after which it tells anew what has not changed.
    pub heartbeat_s: u32,
    /// Milliseconds between two adverts.
    pub beacon_interval_ms: u32,
    /// Milliseconds between two windows in which a hub may connect; 0: none but at start and on the button.
    pub window_every_ms: u64,
}

/// A claimed sensor at work: takes samples, logs them, and has the next advert ready.
///
/// Times are milliseconds since the start, from a clock that never goes back.
#[derive(Clone)]
pub struct Brain<S: NorFlash> {
    facts: Facts<S>,
    log: Log<S>,
    beacon: Beacon,
    rhythm: Rhythm,
    counter: Counter,
    address: Address,
    key: Key,
    newest: SampleId,
    /// When the advert on the air was made.
    told_ms: Option<u64>,
    is_urgent: bool,
}

impl<S: NorFlash> Brain<S> {
    /// A brain that begins its life, with flash for the facts and for the log.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails.
    pub async fn start(
        (facts, facts_range): (S, Range<u32>),
        (log, log_range): (S, Range<u32>),
        habits: &Habits<'_>,
    ) -> Result<Self, KeepError<S::Error>> {
        let (facts, boot) = Facts::start(facts, facts_range).await?;
        let mut columns = [Column { code: 0, instance: 0 }; MAX_COLUMNS];
        for (column, channel) in columns.iter_mut().zip(habits.channels) {
            column.code = channel.quantity.code();
        }
        let count = habits.channels.len().min(MAX_COLUMNS);
        let log = Log::start(log, log_range, boot, columns.get(..count).unwrap_or_default()).await?;
        Ok(Self {
            counter: facts.counter(),
            facts,
            log,
            beacon: Beacon::new(habits.channels, habits.heartbeat_s),
            rhythm: Rhythm::new(habits.beacon_interval_ms, habits.window_every_ms),
            address: habits.address,
            key: habits.key,
            newest: SampleId { boot, number: 0 },
            told_ms: None,
            is_urgent: false,
        })
    }

    /// Takes what was measured at once, and logs it.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails; the measures are told nevertheless.
    pub async fn sampled(&mut self, now_ms: u64, measures: &[Measure]) -> Result<SampleId, KeepError<S::Error>> {
        let mut values = [None; MAX_COLUMNS];
        for measure in measures {
            let place = self.beacon.measured(*measure).and_then(|channel| values.get_mut(channel));
            // What is beyond 32 bits is told and not logged.
            place.into_iter().for_each(|value| *value = i32::try_from(measure.value).ok());
        }
        let taken = self.log.take(seconds(now_ms), values).await;
        self.newest = taken.as_ref().copied().unwrap_or(self.newest);
        taken
    }

    /// Takes what has just happened and somebody waits for: it is told at once, in a burst, and logged.
    ///
    /// # Errors
    /// [`KeepError`] when the flash fails; it is told nevertheless.
    pub async fn happened(&mut self, now_ms: u64, measure: Measure) -> Result<SampleId, KeepError<S::Error>> {
        self.is_urgent = true;
        self.rhythm.hurry(now_ms);
        self.sampled(now_ms, &[measure]).await
    }

    /// The button was pressed.
    pub const fn pressed(&mut self, now_ms: u64) {
        self.rhythm.pressed(now_ms);
    }

    /// The next advert, sealed with a counter of its own; `None` while the one on the air is to stay, and when all
    /// counters are used up and only a new key can help.
    ///
    /// # Errors
    /// [`KeepError`] when no counter could be reserved: then the one on the air stays.
    pub async fn advert(&mut self, now_ms: u64) -> Result<Option<Advert>, KeepError<S::Error>> {
        let hold_ms = HOLD * u64::from(self.rhythm.interval_ms(Phase::Beacon));
        let is_held = self.told_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) < hold_ms);
        if !self.beacon.is_due(seconds(now_ms)) || is_held && !self.is_urgent {
            return Ok(None);
        }
        let Some(counter) = self.facts.take(&mut self.counter).await? else { return Ok(None) };
        let payload = self.beacon.payload(seconds(now_ms), self.newest);
        (self.told_ms, self.is_urgent) = (Some(now_ms), false);
        Ok(Some(payload.sealed(false, &self.key, self.address, counter)))
    }

    /// How the radio is used now, and until when it need not ask again.
    pub fn phase(&mut self, now_ms: u64) -> (Phase, u64) {
        self.rhythm.phase(now_ms)
    }

    /// The time between two adverts of a phase.
    pub const fn interval_ms(&self, phase: Phase) -> u32 {
        self.rhythm.interval_ms(phase)
    }

    /// What it keeps for good.
    pub const fn facts(&mut self) -> &mut Facts<S> {
        &mut self.facts
    }

    /// What it measured.
    pub const fn log(&mut self) -> &mut Log<S> {
        &mut self.log
    }
}

/// Whole seconds; a boot of more than 136 years counts no further.
fn seconds(ms: u64) -> u32 {
    u32::try_from(ms / 1000).unwrap_or(u32::MAX)
}
