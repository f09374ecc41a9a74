use core::ops::Range;

use embedded_storage_async::nor_flash::NorFlash;
use units::Measure;
use wire::{
    bthome::{Address, Advert},
    log::{Column, MAX_COLUMNS, SampleId},
    seal::Key,
    settings::Settings,
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
    /// The key of its adverts; `None` while it has no owner, and tells nobody anything.
    pub key: Option<Key>,
    /// What it tells and logs, the most important first, with the dead-bands of the product.
    pub channels: &'a [Channel],
    /// What its owner told it to do.
    pub settings: Settings,
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
    key: Option<Key>,
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
        let mut columns = [Column { code: 0, instance: 0, exponent: 0 }; MAX_COLUMNS];
        for (column, channel) in columns.iter_mut().zip(habits.channels) {
            *column = Column::of(channel.quantity);
        }
        let count = habits.channels.len().min(MAX_COLUMNS);
        let log = Log::start(log, log_range, boot, columns.get(..count).unwrap_or_default()).await?;
        Ok(Self {
            counter: facts.counter(),
            facts,
            log,
            beacon: Beacon::new(habits.channels, &habits.settings),
            rhythm: Rhythm::new(&habits.settings),
            address: habits.address,
            key: habits.key,
            newest: SampleId { boot, number: 0 },
            told_ms: None,
            is_urgent: false,
        })
    }

    /// Lives on with other habits: with an owner, a new key, other settings. It tells everything anew and at once. What
    /// it tells and logs stays the same.
    pub fn adopt(&mut self, habits: &Habits<'_>, now_ms: u64) {
        (self.address, self.key) = (habits.address, habits.key);
        self.beacon.adopt(&habits.settings);
        self.rhythm.adopt(&habits.settings, now_ms);
        self.rhythm.hurry(now_ms);
        self.is_urgent = true;
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

    /// The next advert, sealed with a counter of its own; `None` while the one on the air is to stay, while it has no
    /// owner, and when all counters are used up and only a new key can help.
    ///
    /// # Errors
    /// [`KeepError`] when no counter could be reserved: then the one on the air stays.
    pub async fn advert(&mut self, now_ms: u64) -> Result<Option<Advert>, KeepError<S::Error>> {
        let Some(key) = &self.key else { return Ok(None) };
        let hold_ms = HOLD * u64::from(self.rhythm.interval_ms(Phase::Beacon));
        let is_held = self.told_ms.is_some_and(|told_ms| now_ms.saturating_sub(told_ms) < hold_ms);
        if !self.beacon.is_due(seconds(now_ms)) || is_held && !self.is_urgent {
            return Ok(None);
        }
        let Some(counter) = self.facts.take(&mut self.counter).await? else { return Ok(None) };
        let payload = self.beacon.payload(seconds(now_ms), self.newest);
        (self.told_ms, self.is_urgent) = (Some(now_ms), false);
        Ok(Some(payload.sealed(false, key, self.address, counter)))
    }

    /// How the radio is used now, and until when it need not ask again.
    pub fn phase(&mut self, now_ms: u64) -> (Phase, u64) {
        self.rhythm.phase(now_ms)
    }

    /// The time between two adverts of a phase.
    pub const fn interval_ms(&self, phase: Phase) -> u32 {
        self.rhythm.interval_ms(phase)
    }

    /// How often it has started.
    pub const fn boot(&self) -> u32 {
        self.newest.boot
    }

    /// No advert from now on has a lower counter.
    pub const fn next_counter(&self) -> u32 {
        self.counter.next()
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

#[cfg(test)]
mod tests {
    use embassy_futures::block_on;
    use units::Quantity;
    use wire::{
        bthome::v2,
        settings::{Band, Bands},
    };

    use super::*;
    use crate::nor::NorSim;

    const ROOM: [Channel; 1] = [Channel { quantity: Quantity::Temperature, band: 100 }];
    const NOBODY_S: Habits<'_> = Habits {
        address: [0xC0, 1, 2, 3, 4, 5],
        key: None,
        channels: &ROOM,
        settings: Settings { window_every_s: 0, ..Settings::DEFAULT },
    };

    #[test]
    fn a_brain_tells_nothing_before_it_has_an_owner_and_all_of_it_to_each() {
        let (mut facts, mut log) = (NorSim::<4096>::new(2), NorSim::<4096>::new(2));
        let mut brain = block_on(Brain::start((&mut facts, 0..8192), (&mut log, 0..8192), &NOBODY_S)).unwrap();
        let sample = [Measure::new(Quantity::Temperature, 21_000)];
        block_on(brain.sampled(0, &sample)).unwrap();
        assert!(block_on(brain.advert(0)).unwrap().is_none());
        assert_eq!((brain.boot(), brain.next_counter()), (1, 0));
        for (owner, now_ms) in [(1_u8, 1000), (2, 1500)] {
            brain.adopt(&Habits { key: Some([owner; 16]), ..NOBODY_S }, now_ms);
            assert_eq!(brain.phase(now_ms).0, Phase::Burst);
            let promised = brain.next_counter();
            let advert = block_on(brain.advert(now_ms)).unwrap().unwrap();
            let frame = v2::Frame::parse(advert.service_data()).unwrap();
            assert_eq!(frame.counter(), Some(promised));
            let mut buffer = [0; wire::bthome::MAX_SERVICE_DATA];
            // The hint, the temperature, the revision of the settings.
            assert_eq!(frame.open(&[owner; 16], NOBODY_S.address, &mut buffer).unwrap().count(), 3);
            assert!(block_on(brain.advert(now_ms + 400)).unwrap().is_none());
        }
    }

    #[test]
    fn another_dead_band_counts_from_the_next_advert_on() {
        let (mut facts, mut log) = (NorSim::<4096>::new(2), NorSim::<4096>::new(2));
        let mut brain = block_on(Brain::start((&mut facts, 0..8192), (&mut log, 0..8192), &NOBODY_S)).unwrap();
        let own = [Band { code: Quantity::Temperature.code(), steps: 10 }];
        let settings = Settings { bands: Bands::new(&own).unwrap(), ..NOBODY_S.settings };
        brain.adopt(&Habits { key: Some([1; 16]), settings, ..NOBODY_S }, 0);
        let mut told = Vec::new();
        for (nth, value) in [21_000, 21_009, 21_019, 21_020].into_iter().enumerate() {
            let now_ms = nth as u64 * 60_000;
            block_on(brain.sampled(now_ms, &[Measure::new(Quantity::Temperature, value)])).unwrap();
            if block_on(brain.advert(now_ms)).unwrap().is_some() {
                told.push(value);
            }
        }
        assert_eq!(told, [21_000, 21_019]);
    }
}
