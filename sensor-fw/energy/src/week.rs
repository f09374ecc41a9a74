//! A week of a sensor's life: the firmware's own brain runs, and everything that costs is counted.

use std::{cell::Cell, collections::BTreeMap, rc::Rc};

use embassy_futures::block_on;
use fw_logic::{Brain, Habits, KeepError, Phase, nor::NorError};
use units::{Measure, Quantity};

use crate::{
    charge::Span,
    flash::{Metered, PAGE, Tally},
    luck::Luck,
    profile::Profile,
    radio::Air,
    surroundings::{Surroundings, doors},
};

/// Days of a week.
const DAYS: u64 = 7;
const DAY_MS: u64 = 24 * 3600 * 1000;
/// Pages of flash for the facts, and for the log: 128 KiB.
const FACTS_PAGES: u32 = 2;
const LOG_PAGES: u32 = 32;
/// When there was nothing to tell, the program asks again so much later (fw-app does).
const RETRY_MS: u64 = 10_000;
/// The link layer delays each advert by up to so much, at random (Core 5.4, volume 6, part B, 4.4.2.2).
const ADVERT_DELAY_MS: u64 = 10;
/// A sealed frame is no shorter: device info, counter, check.
const SEAL_BYTES: usize = 9;
const AES_BLOCK: usize = 16;

/// What happened in a time.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counts {
    /// How many seconds it was.
    pub seconds: u64,
    /// Adverts, by what they are to the radio.
    pub adverts: BTreeMap<Air, u64>,
    /// The program woke up.
    pub wakes: u64,
    /// Samples that were taken.
    pub samples: u64,
    /// The probe measured.
    pub readings: u64,
    /// The supply voltage was measured.
    pub supply_readings: u64,
    /// Frames that were sealed.
    pub frames: u64,
    /// Blocks of AES that this took.
    pub aes_blocks: u64,
    /// Milliseconds in which the contact was closed.
    pub closed_ms: u64,
    /// A hub connected.
    pub links: u64,
    /// What was done to flash.
    pub flash: Tally,
}

impl Counts {
    /// How long it was.
    pub fn span(&self) -> Span {
        Span::seconds(self.seconds as f64)
    }

    /// All adverts.
    pub fn all_adverts(&self) -> u64 {
        self.adverts.values().sum()
    }
}

/// A week could not be lived to its end.
#[derive(Debug, thiserror::Error)]
pub enum WeekError {
    /// The flash refused.
    #[error("flash failed in the simulated week")]
    Flash(#[source] KeepError<NorError>),
    /// The brain had nothing to say at its start, or too much for an advert of 31 bytes.
    #[error("no advert that fits into 31 bytes at {now_ms} ms")]
    NoAdvert {
        /// When.
        now_ms: u64,
    },
}

/// A week of this sensor with flash of words of `WORD` bytes.
///
/// # Errors
/// [`WeekError`] when the brain fails, which it must not.
pub fn live<const WORD: usize>(profile: &Profile, seed: u64) -> Result<Counts, WeekError> {
    block_on(Week::<WORD>::begin(profile, seed))
}

/// What comes next.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    /// Time for a sample.
    Sample,
    /// The door.
    Door,
    /// Time to ask whether there is something to tell.
    Ask,
    /// Time for an advert.
    Advert,
}

struct Week<'a, const WORD: usize> {
    profile: &'a Profile,
    brain: Brain<Metered<WORD>>,
    surroundings: Surroundings,
    luck: Luck,
    counts: Counts,
    data_bytes: u8,
    /// Until when the radio does what it does.
    phase_until_ms: u64,
    ask_ms: u64,
    advert_ms: u64,
}

impl<'a, const WORD: usize> Week<'a, WORD> {
    async fn begin(profile: &'a Profile, seed: u64) -> Result<Counts, WeekError> {
        let tally = Rc::new(Cell::new(Tally::default()));
        let [facts, log] =
            [FACTS_PAGES, LOG_PAGES].map(|pages| (Metered::new(pages as usize, &tally), 0..pages * PAGE as u32));
        let habits = Habits {
            address: [0xC0, 1, 2, 3, 4, 5],
            key: Some([0x42; 16]),
            channels: profile.channels,
            settings: profile.settings,
        };
        let brain = Brain::start(facts, log, &habits).await.map_err(WeekError::Flash)?;
        let mut week = Self {
            profile,
            brain,
            surroundings: Surroundings::new(seed),
            luck: Luck::new(seed),
            counts: Counts { seconds: DAYS * DAY_MS / 1000, links: DAYS, ..Counts::default() },
            data_bytes: 0,
            phase_until_ms: 0,
            ask_ms: 0,
            advert_ms: 0,
        };
        week.run(doors(profile.openings_a_day, DAYS, seed)).await?;
        week.counts.flash = tally.get();
        Ok(week.counts)
    }

    async fn run(&mut self, doors: Vec<(u64, bool)>) -> Result<(), WeekError> {
        let sampling_ms = u64::from(self.profile.settings.sampling_s) * 1000;
        let mut doors = doors.into_iter().peekable();
        let (mut sample_ms, mut closed_since_ms) = (0, Some(0));
        loop {
            let door_ms = doors.peek().map_or(u64::MAX, |(at_ms, _)| *at_ms);
            let all = [
                (sample_ms, Next::Sample),
                (door_ms, Next::Door),
                (self.ask_ms, Next::Ask),
                (self.advert_ms, Next::Advert),
            ];
            let (now_ms, next) = all.into_iter().min().unwrap_or((u64::MAX, Next::Advert));
            if now_ms >= DAYS * DAY_MS {
                break;
            }
            match next {
                Next::Sample => {
                    sample_ms += sampling_ms;
                    self.sample(now_ms).await?;
                    self.ask(now_ms).await?;
                }
                Next::Door => {
                    let is_open = doors.next().is_some_and(|(_, is_open)| is_open);
                    self.counts.closed_ms += closed_since_ms.take().map_or(0, |since_ms| now_ms - since_ms);
                    closed_since_ms = (!is_open).then_some(now_ms);
                    self.door(now_ms, is_open).await?;
                }
                Next::Ask => self.ask(now_ms).await?,
                Next::Advert => self.advert(now_ms)?,
            }
        }
        if self.profile.openings_a_day.is_some() {
            self.counts.closed_ms += closed_since_ms.map_or(0, |since_ms| DAYS * DAY_MS - since_ms);
        }
        Ok(())
    }

    /// Measures, and logs it.
    async fn sample(&mut self, now_ms: u64) -> Result<(), WeekError> {
        let mut measures = Vec::new();
        if self.profile.probe.is_some() {
            // The probe is started, and read when it is ready: two wakes.
            self.counts.wakes += 1;
            self.counts.readings += 1;
        }
        for channel in self.profile.channels.iter().filter(|channel| channel.quantity != Quantity::Door) {
            self.counts.supply_readings += u64::from(channel.quantity == Quantity::Voltage);
            measures.extend(self.surroundings.measure(channel.quantity, now_ms));
        }
        self.counts.wakes += 1;
        self.counts.samples += 1;
        self.brain.sampled(now_ms, &measures).await.map_err(WeekError::Flash).map(drop)
    }

    async fn door(&mut self, now_ms: u64, is_open: bool) -> Result<(), WeekError> {
        self.counts.wakes += 1;
        self.counts.samples += 1;
        let measure = Measure::new(Quantity::Door, i64::from(is_open));
        self.brain.happened(now_ms, measure).await.map_err(WeekError::Flash)?;
        self.ask(now_ms).await?;
        // The burst begins at once.
        self.advert_ms = now_ms;
        Ok(())
    }

    /// Has the brain something to tell?
    async fn ask(&mut self, now_ms: u64) -> Result<(), WeekError> {
        // With a sample or an event the program is awake anyway.
        self.counts.wakes += u64::from(self.ask_ms == now_ms);
        self.ask_ms = now_ms + RETRY_MS;
        if let Some(advert) = self.brain.advert(now_ms).await.map_err(WeekError::Flash)? {
            let (_, length) = advert.legacy().ok_or(WeekError::NoAdvert { now_ms })?;
            self.data_bytes = u8::try_from(length).map_err(|_| WeekError::NoAdvert { now_ms })?;
            let told = advert.service_data().len().saturating_sub(SEAL_BYTES);
            self.counts.frames += 1;
            // CCM: a block that begins the check, one that seals it, and each block of the payload twice.
            self.counts.aes_blocks += 2 + 2 * told.div_ceil(AES_BLOCK) as u64;
            self.ask_ms = now_ms + u64::from(self.profile.settings.heartbeat_s) * 1000;
        }
        Ok(())
    }

    fn advert(&mut self, now_ms: u64) -> Result<(), WeekError> {
        let (phase, until_ms) = self.brain.phase(now_ms);
        if self.data_bytes == 0 {
            return Err(WeekError::NoAdvert { now_ms });
        }
        // What the link layer leaves to a task of ours (MPSL's low priority) is done after each; and who changes how
        // adverts are sent must be awake.
        self.counts.wakes += 1;
        self.counts.wakes += u64::from(self.phase_until_ms != until_ms);
        self.phase_until_ms = until_ms;
        let air = Air { data_bytes: self.data_bytes, is_connectable: phase == Phase::Window };
        *self.counts.adverts.entry(air).or_default() += 1;
        let next_ms = now_ms + u64::from(self.brain.interval_ms(phase)) + self.luck.below(ADVERT_DELAY_MS + 1);
        self.advert_ms = next_ms.min(until_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile;

    #[test]
    fn a_week_is_the_same_each_time_and_counts_what_must_happen() {
        let counts = live::<4>(&profile::ROOM, 1).unwrap();
        assert_eq!(counts, live::<4>(&profile::ROOM, 1).unwrap());
        println!("{counts:#?}");
        let minutes = 7 * 1440;
        assert_eq!((counts.samples, counts.readings, counts.supply_readings), (minutes, minutes, minutes));
        // A block holds 32 samples, and one of them is still in memory.
        assert!(counts.flash.erasures >= 2 && counts.flash.written_bytes > 2 * minutes);
        // 5 s and 5 ms apart, but in a window of 2 s each ten minutes 8 or 9 of them, and 30 s at the start.
        let open: u64 = counts.adverts.iter().filter(|(air, _)| air.is_connectable).map(|(_, count)| count).sum();
        assert!((8 * 1007 + 116..=9 * 1007 + 122).contains(&open), "{open}");
        let beacons = counts.all_adverts() - open;
        let expected = (7 * 86_400 - 1007 * 2 - 30) * 1000 / 5005;
        assert!(beacons.abs_diff(expected) < expected / 100, "{beacons}, {expected} expected");
        // At least each heartbeat a frame.
        assert!((7 * 288..7 * 1440).contains(&counts.frames), "{} frames", counts.frames);
    }

    #[test]
    fn every_opening_is_told_in_a_burst() {
        let counts = live::<16>(&profile::DOOR, 1).unwrap();
        let quiet = live::<16>(&Profile { openings_a_day: Some(0), ..profile::DOOR }, 1).unwrap();
        let events = 2 * 7 * 20;
        assert_eq!(counts.samples - quiet.samples, events);
        let more = counts.all_adverts() - quiet.all_adverts();
        assert!((4 * events..=6 * events).contains(&more), "{more} adverts more for {events} events");
        assert_eq!(quiet.closed_ms, 7 * DAY_MS);
        assert!(counts.closed_ms < quiet.closed_ms && counts.closed_ms > quiet.closed_ms * 9 / 10);
    }

    #[test]
    fn words_of_16_bytes_are_fewer_and_hold_the_same() {
        let (small, large) = (live::<4>(&profile::ROOM, 1).unwrap(), live::<16>(&profile::ROOM, 1).unwrap());
        assert!(large.flash.words * 3 < small.flash.words && large.flash.words * 5 > small.flash.words);
        assert_eq!(large.frames, small.frames);
    }
}
