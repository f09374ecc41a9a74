//! The whole sensor but for its radio: brain and ceremony with their flash, light and luck.

use embedded_storage_async::nor_flash::{ErrorType, NorFlash};
use fw_drivers::Sample;
use fw_logic::{
    Brain, Channel, Fact, Facts, Habits, KeepError,
    pairing::{Connected, Identity, Input, MAX_RECORD, Output, Owner, Pairing, Record, RecordError},
};
use rand_core::Rng;
use units::Quantity;
use wire::{
    bthome::{Address, Advert},
    message::{MAX_LENGTH, Refusal, ToHub},
    pairing_advert::PairingAdvert,
    pipe::{Piece, PieceSize},
    settings::Settings,
};
use zeroize::Zeroizing;

use crate::{
    air::Reasons,
    blink::Blink,
    board::{Board, Happening, Led, Notes, Parts},
    note::Note,
};

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
    identity: Constant,
    led: B::Led,
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
}

/// What is left of the parts of a board: for whoever runs beside the sensor.
pub(crate) struct Senses<B: Board> {
    pub(crate) probe: B::Probe,
    pub(crate) inputs: B::Inputs,
}

impl<B: Board> Sensor<B> {
    /// A sensor that begins to work.
    pub(crate) async fn start(parts: Parts<B>, now_ms: u64) -> Result<(Self, Senses<B>), Broken<B>> {
        let Parts { identity, address, is_touched, facts, log, probe, inputs, led, luck, notes } = parts;
        let constant = Constant { address, channels: identity.channels };
        let mut brain = Brain::start(facts, log, &constant.habits(None)).await?;
        let boot = brain.boot();
        let (record, unreadable) = match read(brain.facts()) {
            Ok(record) => (record, None),
            Err(error) => (Record::new(), Some(error)),
        };
        let pairing = Pairing::new(Identity { boot, ..identity }, record, now_ms);
        let mut sensor = Self {
            brain,
            pairing,
            identity: constant,
            led,
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
        };
        if let Some(error) = unreadable {
            sensor.notes.note(&Note::RecordUnreadable(error));
        }
        sensor.notes.note(&Note::Started { boot, claim: sensor.pairing.claim().state() });
        sensor.adopt(now_ms);
        if is_touched {
            sensor.pairing.handle(Input::WindowRequested, now_ms, &mut sensor.luck);
        }
        sensor.work(now_ms, &mut Nobody).await?;
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
        if let Err(error) = result {
            self.notes.note(&Note::ProbeFailed(&error));
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

    /// Somebody connected.
    pub(crate) async fn connected(&mut self, now_ms: u64, peer: &mut impl Peer) -> Result<(), Broken<B>> {
        self.notes.note(&Note::Connected);
        self.is_new = true;
        self.meet(PieceSize::SMALLEST, now_ms);
        self.work(now_ms, peer).await
    }

    /// He wrote a piece. How long ours may be is settled by then: whoever asks for more than the smallest does so first.
    pub(crate) async fn heard(
        &mut self,
        piece: &[u8],
        att_mtu: u16,
        now_ms: u64,
        peer: &mut impl Peer,
    ) -> Result<(), Broken<B>> {
        if core::mem::take(&mut self.is_new) {
            self.meet(PieceSize::of_mtu(att_mtu), now_ms);
        }
        self.pairing.handle(Input::Piece(piece), now_ms, &mut self.luck);
        self.work(now_ms, peer).await
    }

    /// He is gone.
    pub(crate) async fn disconnected(&mut self, now_ms: u64) -> Result<(), Broken<B>> {
        self.notes.note(&Note::Disconnected);
        self.pairing.handle(Input::Disconnected, now_ms, &mut self.luck);
        self.work(now_ms, &mut Nobody).await
    }

    fn meet(&mut self, piece: PieceSize, now_ms: u64) {
        let (battery_mv, first_counter) = (self.battery_mv, self.brain.next_counter());
        let connected = Connected { piece, battery_mv, first_counter };
        self.pairing.handle(Input::Connected(connected), now_ms, &mut self.luck);
    }

    /// Does what the ceremony says, until it says nothing.
    async fn work(&mut self, now_ms: u64, peer: &mut impl Peer) -> Result<(), Broken<B>> {
        while let Some(output) = self.pairing.poll() {
            let input = match output {
                Output::Persist(record) => match keep(self.brain.facts(), record).await {
                    Ok(()) => Some(Input::Persisted),
                    Err(error) => {
                        self.notes.note(&Note::FlashFailed(&error));
                        Some(Input::PersistFailed)
                    }
                },
                Output::Wipe => {
                    // What is not wiped is wiped at the next start.
                    self.brain.log().wipe().await?;
                    self.notes.note(&Note::Wiped);
                    Some(Input::Wiped)
                }
                Output::Question(question) => {
                    let kind = question.first().copied().unwrap_or_default();
                    self.refuse(kind);
                    None
                }
                Output::Send(piece) => {
                    peer.send(&piece).await;
                    None
                }
                Output::HangUp(fault) => {
                    self.notes.note(&Note::HungUp(fault));
                    peer.hang_up();
                    None
                }
                Output::OpenWindow(advert) => {
                    self.window = Some(Window { advert, address: private_address(&mut self.luck) });
                    self.notes.note(&Note::WindowOpened);
                    None
                }
                Output::CloseWindow => {
                    self.window = None;
                    self.notes.note(&Note::WindowClosed);
                    None
                }
                Output::SetClock { unix_time_s } => {
                    self.notes.note(&Note::ClockSet { unix_time_s });
                    None
                }
                Output::Blink(pattern) => {
                    self.blink.begin(pattern, now_ms);
                    self.notes.note(&Note::Blinking(pattern));
                    None
                }
                Output::Changed => {
                    self.changed(now_ms);
                    None
                }
            };
            if let Some(input) = input {
                self.pairing.handle(input, now_ms, &mut self.luck);
            }
        }
        Ok(())
    }

    /// Says that a question is of a kind that this program does not know.
    fn refuse(&mut self, kind: u8) {
        let mut answer = [0; MAX_LENGTH];
        // A refusal is among the shortest messages.
        let length = ToHub::Refused(Refusal::UnknownKind { kind }).write(&mut answer).unwrap_or_default();
        self.pairing.answer(answer.get(..length).unwrap_or_default());
    }

    fn changed(&mut self, now_ms: u64) {
        let (claim, epoch) = (self.pairing.claim().state(), self.pairing.keys().map(|keys| keys.epoch));
        self.notes.note(&Note::Changed { claim, epoch });
        self.adopt(now_ms);
    }

    /// Lives as its owner wants, if it has one: measures at once, and tells it.
    fn adopt(&mut self, now_ms: u64) {
        let owner = self.pairing.claim().owner();
        let habits = self.identity.habits(owner);
        self.brain.adopt(&habits, now_ms);
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
        let Self { address, channels } = *self;
        let key = owner.map(|owner| owner.keys.advert());
        Habits { address, key, channels, settings: owner.map_or(Settings::DEFAULT, |owner| owner.settings) }
    }
}

/// Nobody is connected.
struct Nobody;

impl Peer for Nobody {
    async fn send(&mut self, _piece: &Piece) {}

    fn hang_up(&mut self) {}
}

/// What flash has of the owner.
fn read<S: NorFlash>(facts: &Facts<S>) -> Result<Record, RecordError> {
    facts.get(Fact::Claim).map_or(Ok(Record::new()), Record::parse)
}

async fn keep<S: NorFlash>(facts: &mut Facts<S>, record: &Record) -> Result<(), KeepError<S::Error>> {
    let mut bytes = Zeroizing::new([0; MAX_RECORD]);
    let length = record.write(&mut *bytes).map_err(|_| KeepError::TooLong)?;
    facts.put(Fact::Claim, bytes.get(..length).unwrap_or_default()).await
}

/// A private address that nobody can resolve (Core 5.4, volume 6, part B, 1.3.2.2): the two highest bits are 0.
fn private_address(luck: &mut impl Rng) -> Address {
    let mut address = [0; 6];
    luck.fill_bytes(&mut address);
    let [first, ..] = &mut address;
    *first &= 0x3F;
    address
}

#[cfg(test)]
mod tests;
