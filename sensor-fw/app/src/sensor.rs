//! The whole sensor but for its radio: brain and ceremony with their flash, light and luck.

use embedded_storage_async::nor_flash::ErrorType;
use fw_drivers::Sample;
use fw_logic::{
    Brain, Channel, Habits, KeepError, Own, Proof, Resets, Update,
    boot::{BootError, Images},
    pairing::{Identity, Input, Owner, Pairing, Record},
};
use units::Quantity;
use wire::{
    bthome::{Address, Advert},
    manifest::Target,
    pairing_advert::PairingAdvert,
    pipe::Piece,
    service::ResetReason,
    settings::Settings,
};

use crate::{
    air::Reasons,
    blink::Blink,
    board::{Board, Chip, Happening, Led, Notes, Parts},
    note::Note,
};

mod work;

/// From here on the log is brought to safety with each sample: a coin cell gives up below 2.0 V, and the chip at 1.7 V.
const LOW_MV: u16 = 2200;
/// When no advert could be made that was due, the next attempt comes so much later.
const RETRY_MS: u64 = 10_000;

/// Why the flash of a board fails.
pub(crate) type FlashError<B> = <<B as Board>::Flash as ErrorType>::Error;
/// What cannot be lived with.
type Broken<B> = KeepError<FlashError<B>>;

/// Who is connected.
pub(crate) trait Peer {
    /// Notifies a piece.
    async fn send(&mut self, piece: &Piece);
    /// Ends the connection.
    fn hang_up(&mut self);
}

/// What whoever has the label sees.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) advert: PairingAdvert,
    /// Random, and of this window alone.
    pub(crate) address: Address,
}

/// A sensor at work. Times are milliseconds since the start.
pub(crate) struct Sensor<B: Board> {
    brain: Brain<B::Flash>,
    pairing: Pairing,
    update: Update<B::Flash>,
    identity: Constant,
    led: B::Led,
    chip: B::Chip,
    luck: B::Luck,
    notes: B::Notes,
    blink: Blink,
    is_lit: bool,
    window: Option<Window>,
    advert: Option<Advert>,
    /// When an advert is due even if nothing changes.
    heartbeat_ms: u64,
    next_sample_ms: u64,
    has_sampled: bool,
    battery_mv: u16,
    /// Somebody is connected who has not written yet: how long his pieces may be is still open.
    is_new: bool,
}

/// What does not change while a program runs.
#[derive(Debug, Clone, Copy)]
struct Constant {
    address: Address,
    channels: &'static [Channel],
    reset: ResetReason,
    resets: Resets,
}

/// What is left of the parts of a board: for whoever runs beside the sensor.
pub(crate) struct Senses<B: Board> {
    pub(crate) probe: B::Probe,
    pub(crate) inputs: B::Inputs,
}

impl<B: Board> Sensor<B> {
    /// A sensor that begins to work: with its first [`tick`](Self::tick). It is built in its place, for a chip has not the
    /// stack to hand it from one function to the next.
    pub(crate) async fn start(
        place: &mut Option<Self>,
        parts: Parts<B>,
        now_ms: u64,
    ) -> Result<(&mut Self, Senses<B>), Broken<B>> {
        let Parts { identity, address, reset, trusted, security_counter, flash, map, .. } = parts;
        let Parts { probe, inputs, led, chip, luck, notes, .. } = parts;
        let constant = Constant { address, channels: identity.channels, reset, resets: Resets::default() };
        let (facts, log) = ((flash.clone(), map.facts), (flash.clone(), map.log));
        let mut brain = Brain::start(facts, log, &constant.habits(None)).await?;
        let (boot, resets) = (brain.boot(), Resets::count(brain.facts(), reset).await?);
        let images = Images::new(flash, map.images).map_err(|error| match error {
            BootError::Layout => KeepError::NoSuchPlace,
            BootError::Keep(error) => error,
        })?;
        let Identity { product, hardware, firmware, .. } = identity;
        let target = Target { product, hardware, security_counter, room: images.incoming().length };
        let own = Own { trusted, target, version: firmware, security_counter };
        let update = Update::start(images, brain.facts(), own).await?;
        let (record, unreadable) = match work::read(brain.facts()) {
            Ok(record) => (record, None),
            Err(error) => (Record::new(), Some(error)),
        };
        let pairing = Pairing::new(Identity { boot, ..identity }, record, now_ms);
        let sensor = place.insert(Self {
            brain,
            pairing,
            update,
            identity: Constant { resets, ..constant },
            led,
            chip,
            luck,
            notes,
            blink: Blink::default(),
            is_lit: false,
            window: None,
            advert: None,
            heartbeat_ms: now_ms,
            next_sample_ms: now_ms,
            has_sampled: false,
            battery_mv: 0,
            is_new: false,
        });
        if let Some(error) = unreadable {
            sensor.notes.note(&Note::RecordUnreadable(error));
        }
        sensor.notes.note(&Note::Started { boot, claim: sensor.pairing.claim().state() });
        sensor.adopt(now_ms);
        if reset == ResetReason::PowerOn {
            sensor.pairing.handle(Input::WindowRequested, now_ms, &mut sensor.luck);
        }
        Ok((sensor, Senses { probe, inputs }))
    }

    /// The address that its owner knows.
    pub(crate) const fn address(&self) -> Address {
        self.identity.address
    }

    /// The pairing advert, while it is to be sent.
    pub(crate) const fn window(&self) -> Option<&Window> {
        self.window.as_ref()
    }

    /// What its owner is to be told.
    pub(crate) const fn advert(&self) -> Option<&Advert> {
        self.advert.as_ref()
    }

    /// What decides about what is on the air.
    pub(crate) fn reasons(&mut self, is_connected: bool, now_ms: u64) -> Reasons {
        Reasons {
            has_advert: self.advert.is_some(),
            is_window_open: self.window.is_some(),
            is_connected,
            phase: self.brain.phase(now_ms),
        }
    }

    /// Milliseconds between two beacons now.
    pub(crate) fn interval_ms(&mut self, now_ms: u64) -> u32 {
        let (phase, _) = self.brain.phase(now_ms);
        self.brain.interval_ms(phase)
    }

    /// When to [`tick`](Self::tick) if nothing else happens.
    pub(crate) fn deadline_ms(&self, now_ms: u64) -> u64 {
        let (_, blink_ms) = self.blink.light(now_ms);
        let owned = self.owned().then(|| self.next_sample_ms.min(self.heartbeat_ms));
        [self.pairing.deadline_ms(), blink_ms, owned].into_iter().flatten().min().unwrap_or(u64::MAX)
    }

    /// Is it time to measure? Says so once for each sample; the first is for the battery, whoever owns the sensor.
    pub(crate) fn wants_sample(&mut self, now_ms: u64) -> bool {
        let is_due = now_ms >= self.next_sample_ms && (self.owned() || !self.has_sampled);
        if is_due {
            let sampling_ms = u64::from(self.settings().sampling_s) * 1000;
            // Who slept over some does not make up for them.
            self.next_sample_ms = (self.next_sample_ms + sampling_ms).max(now_ms + 1);
            self.has_sampled = true;
        }
        is_due
    }

    /// Time has passed.
    pub(crate) async fn tick(&mut self, now_ms: u64, peer: &mut impl Peer) -> Result<(), Broken<B>> {
        self.chip.feed_watchdog();
        if self.pairing.deadline_ms().is_some_and(|deadline_ms| now_ms >= deadline_ms) {
            self.pairing.handle(Input::Tick, now_ms, &mut self.luck);
        }
        self.work(now_ms, peer).await?;
        if now_ms >= self.heartbeat_ms {
            self.tell(now_ms).await;
        }
        let (is_on, _) = self.blink.light(now_ms);
        if is_on != self.is_lit {
            self.is_lit = is_on;
            self.led.set(is_on);
        }
        Ok(())
    }

    /// The probe has measured, as far as it could.
    pub(crate) async fn sampled<E: core::fmt::Debug>(&mut self, sample: &Sample, result: Result<(), E>, now_ms: u64) {
        match result {
            Ok(()) => self.show(Proof::Sampled).await,
            Err(error) => self.notes.note(&Note::ProbeFailed(&error)),
        }
        let voltage = sample.measures().iter().find(|measure| measure.quantity == Quantity::Voltage);
        let battery_mv = voltage.and_then(|voltage| u16::try_from(voltage.value).ok());
        self.battery_mv = battery_mv.unwrap_or(self.battery_mv);
        if !self.owned() {
            return;
        }
        if let Err(error) = self.brain.sampled(now_ms, sample.measures()).await {
            self.notes.note(&Note::FlashFailed(&error));
        }
        if let Some(battery_mv) = battery_mv.filter(|battery_mv| *battery_mv < LOW_MV) {
            self.notes.note(&Note::BatteryLow { battery_mv });
            if let Err(error) = self.brain.log().keep().await {
                self.notes.note(&Note::FlashFailed(&error));
            }
        }
        self.tell(now_ms).await;
    }

    /// The radio has sent.
    pub(crate) async fn sent(&mut self) {
        self.show(Proof::Radio).await;
    }

    /// Is the program to start anew, for an update? Whoever asked for it has his answer when he has hung up.
    pub(crate) fn wants_restart(&self, is_connected: bool, now_ms: u64) -> bool {
        !is_connected && self.update.is_restart_due(now_ms)
    }

    /// A part of a program that is on trial works.
    async fn show(&mut self, proof: Proof) {
        if let Err(error) = self.update.shows(self.brain.facts(), proof).await {
            self.notes.note(&Note::FlashFailed(&error));
        }
    }

    /// Something happened to the sensor.
    pub(crate) async fn happened(
        &mut self,
        happening: Happening,
        now_ms: u64,
        peer: &mut impl Peer,
    ) -> Result<(), Broken<B>> {
        match happening {
            Happening::Pressed => {
                self.brain.pressed(now_ms);
                self.pairing.handle(Input::WindowRequested, now_ms, &mut self.luck);
            }
            Happening::Held => self.pairing.handle(Input::FactoryReset, now_ms, &mut self.luck),
            Happening::Measured(measure) if self.owned() => {
                if let Err(error) = self.brain.happened(now_ms, measure).await {
                    self.notes.note(&Note::FlashFailed(&error));
                }
                self.tell(now_ms).await;
            }
            Happening::Measured(_) => {}
        }
        self.work(now_ms, peer).await
    }

    /// Lives as its owner wants, if it has one: measures at once, and tells it.
    fn adopt(&mut self, now_ms: u64) {
        let owner = self.pairing.claim().owner();
        let habits = self.identity.habits(owner);
        self.brain.adopt(&habits, now_ms);
        self.chip.set_power(habits.settings.tx_power_dbm);
        if owner.is_none() {
            self.advert = None;
        }
        (self.next_sample_ms, self.heartbeat_ms) = (now_ms, now_ms + RETRY_MS);
    }

    /// Tells what is new, if anything is.
    async fn tell(&mut self, now_ms: u64) {
        // What was due and could not be told is tried again, though not at once.
        self.heartbeat_ms = if now_ms < self.heartbeat_ms { self.heartbeat_ms } else { now_ms + RETRY_MS };
        match self.brain.advert(now_ms).await {
            Ok(Some(advert)) => {
                self.notes.note(&Note::Told(&advert));
                self.heartbeat_ms = now_ms + u64::from(self.settings().heartbeat_s) * 1000;
                self.advert = Some(advert);
            }
            Ok(None) => {}
            Err(error) => self.notes.note(&Note::FlashFailed(&error)),
        }
    }

    fn owned(&self) -> bool {
        self.pairing.keys().is_some()
    }

    fn settings(&self) -> Settings {
        self.pairing.claim().owner().map_or(Settings::DEFAULT, |owner| owner.settings)
    }
}

impl Constant {
    fn habits(&self, owner: Option<&Owner>) -> Habits<'static> {
        let Self { address, channels, .. } = *self;
        let key = owner.map(|owner| owner.keys.advert());
        Habits { address, key, channels, settings: owner.map_or(Settings::DEFAULT, |owner| owner.settings) }
    }
}

#[cfg(test)]
mod tests;
