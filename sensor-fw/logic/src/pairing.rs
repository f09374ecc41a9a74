//! How a sensor gets an owner, keeps him, and gets rid of him: the whole ceremony, without a radio, a clock or flash.
//!
//! # States
//!
//! ```text
//!            Provision                  acknowledged
//! Unclaimed ───────────▶ Pending ───────────────────▶ Active ──┐ Rotate: {present, next},
//!     ▲                   │  ▲ │                        │  ▲───┘ next acknowledged: {next}
//!     │                   │  └─┘ Provision              │
//!     └───────────────────┴─────────────────────────────┘
//!          Release in a link, or factory reset: wipe
//! ```
//!
//! *Pending* means: the sensor has the key and seals its adverts with it, but does not know whether the hub knows that. The
//! answer may have been lost, or the hub's power. So a pending sensor still takes another claim in its window, and
//! nobody is locked out by a cut at the wrong moment. It becomes *active* when the hub acknowledges the key, by one of two
//! things, whichever comes first:
//!
//! - the hub has heard a valid advert under the new key and says Confirm in the session that gave the key;
//! - any later session: the first message that opens under the key's psk. (The handshake's first message would not do:
//!   it could be a recorded one.)
//!
//! That the sensor has sent adverts acknowledges nothing, for it cannot know who heard them. A sensor that stays pending works
//! like an active one; it only can be claimed again by who has its label and its button. From active on, it answers no
//! pairing until it is released or reset.
//!
//! A *rotation* is the same on a smaller scale: the sensor keeps the present and the next key, uses the present one, and
//! changes over when the hub acknowledges the next one, by Confirm in the same session or by a session with the next key.
//! Until then links with either are answered, and asking again replaces the next key.
//!
//! # Power cuts
//!
//! [`Output::Persist`] comes before the answer that depends on it, and nothing else comes until [`Input::Persisted`]. So:
//!
//! | power is cut | sensor | hub, which keeps a key before it sends it | what helps |
//! |---|---|---|---|
//! | before Pending is kept | unclaimed | waits for an answer | pair again |
//! | after, before Done is sent | pending | waits for an answer | an advert under the key tells the hub; or pair again |
//! | before Active is kept | pending | waits for an answer | a link makes it active |
//! | before the next key is kept | active, old key | may send both | rotate again |
//! | after, before Done is sent | active, both keys | accepts both | rotate again, or a link with either |
//! | after release is kept | unclaimed, wipe due | waits for an answer | the wipe is done at the next start |
//!
//! # Limits
//!
//! The window is open for 10 minutes after a battery was put in or the button pressed. Handshakes that fail for want of a key are
//! counted in flash: from the fifth on the sensor is deaf for 60 s, doubled with each up to 16 minutes, again from the
//! start of a boot. A handshake must be begun within 10 s of connecting, and a session must not be silent for 60 s. Links
//! are not counted, for anybody in range could wear out flash by that.

use rand_core::CryptoRng;
use wire::{
    message::{Pattern, Refusal, ToHub},
    pairing_advert::PairingAdvert,
    pipe::MAX_MESSAGE,
};

mod limit;
mod plan;
mod port;
mod record;
mod session;
mod window;

pub use port::{Connected, Fault, Identity, Input, Output};
pub use record::{Claim, Keys, MAX_RECORD, Owner, Record, RecordError};

use crate::noise::TAG;
use plan::Plan;
use session::{Heard, Session, Standing};
use window::Window;

/// The longest answer to a [question](Output::Question), bytes: a message less what sealing adds.
pub const MAX_ANSWER: usize = MAX_MESSAGE - TAG;

/// The ceremony of one sensor.
///
/// Tell it what happens by [`Self::handle`], then do what [`Self::poll`] says until it says nothing.
#[derive(Debug)]
pub struct Pairing {
    identity: Identity,
    record: Record,
    window: Window,
    session: Option<Session>,
    work: Work,
    is_reset_asked: bool,
    hang_up: Option<Fault>,
    blink: Option<Pattern>,
    unix_time_s: Option<u64>,
    is_changed: bool,
}

/// What flash is being asked for, one thing at a time.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to box a record on")]
enum Work {
    Idle,
    Keep { record: Record, is_told: bool, then: Then },
    Wipe { is_told: bool, then: Then },
}

/// What waits for flash.
#[derive(Debug, Clone, Copy, Default)]
struct Then {
    answer: Option<ToHub>,
    unix_time_s: Option<u64>,
    hang_up: Option<Fault>,
    is_window_wanted: bool,
}

impl Pairing {
    /// The ceremony of a sensor that has just started, with what flash has of it ([`Record::new`] if nothing).
    pub fn new(identity: Identity, record: Record, now_ms: u64) -> Self {
        let window = Window::new(record.failures, now_ms);
        let work = match record.is_wipe_due {
            true => Work::Wipe { is_told: false, then: Then::default() },
            false => Work::Idle,
        };
        Self {
            identity,
            record,
            window,
            session: None,
            work,
            is_reset_asked: false,
            hang_up: None,
            blink: None,
            unix_time_s: None,
            is_changed: false,
        }
    }

    /// Whose the sensor is, as flash has it.
    pub const fn claim(&self) -> &Claim {
        &self.record.claim
    }

    /// What adverts are to be sealed with; `None` when there is nobody to read them.
    pub const fn keys(&self) -> Option<&Keys> {
        match self.record.claim.owner() {
            Some(owner) => Some(&owner.keys),
            None => None,
        }
    }

    /// When to say [`Input::Tick`], if nothing else happens.
    pub fn deadline_ms(&self) -> Option<u64> {
        let silence = self.session.as_ref().filter(|_| self.hang_up.is_none()).map(Session::deadline_ms);
        [self.window.deadline_ms(), silence].into_iter().flatten().min()
    }

    /// Takes what happened at `now_ms`, milliseconds since the start.
    pub fn handle(&mut self, input: Input<'_>, now_ms: u64, rng: &mut impl CryptoRng) {
        match input {
            Input::WindowRequested => self.open_window(now_ms, rng),
            Input::FactoryReset => self.is_reset_asked = true,
            Input::Connected(connected) => {
                self.session = Some(Session::new(connected, now_ms));
                self.hang_up = None;
            }
            Input::Piece(piece) => self.piece(piece, now_ms, rng),
            Input::Disconnected => {
                self.session = None;
                self.hang_up = None;
            }
            Input::Persisted => self.persisted(now_ms, rng),
            Input::PersistFailed => self.persist_failed(now_ms, rng),
            Input::Wiped => self.wiped(),
            Input::Tick => {}
        }
        if self.session.as_ref().is_some_and(|session| now_ms >= session.deadline_ms()) {
            self.hang_up(Fault::TooSlow);
        }
        if self.is_reset_asked && matches!(self.work, Work::Idle) {
            self.is_reset_asked = false;
            self.hang_up(Fault::Reset);
            self.keep(self.record.released(), Then { is_window_wanted: true, ..Then::default() });
        }
        self.window.pass(now_ms, self.is_claimable());
    }

    /// What to do next; `None` when there is nothing to do until something happens.
    pub fn poll(&mut self) -> Option<Output<'_>> {
        match &mut self.work {
            Work::Idle => {}
            Work::Keep { is_told: true, .. } | Work::Wipe { is_told: true, .. } => return None,
            Work::Keep { record, is_told, .. } => {
                *is_told = true;
                return Some(Output::Persist(record));
            }
            Work::Wipe { is_told, .. } => {
                *is_told = true;
                return Some(Output::Wipe);
            }
        }
        if let Some(unix_time_s) = self.unix_time_s.take() {
            return Some(Output::SetClock { unix_time_s });
        }
        if core::mem::take(&mut self.is_changed) {
            return Some(Output::Changed);
        }
        if let Some(pattern) = self.blink.take() {
            return Some(Output::Blink(pattern));
        }
        if let Some(fault) = self.hang_up.take() {
            self.session = None;
            return Some(Output::HangUp(fault));
        }
        if let Some(piece) = self.session.as_mut().and_then(Session::next_piece) {
            return Some(Output::Send(piece));
        }
        if let Some(question) = self.session.as_mut().and_then(Session::question) {
            return Some(Output::Question(question));
        }
        self.window.poll()
    }

    /// Answers the last [`Output::Question`]; nothing happens where whoever asked has gone. An answer has at most
    /// [`MAX_ANSWER`] bytes.
    pub fn answer(&mut self, answer: &[u8]) {
        let Some(session) = self.session.as_mut().filter(|session| session.is_asked()) else {
            return;
        };
        if let Err(fault) = session.send(answer) {
            self.hang_up(fault);
        }
    }

    const fn is_claimable(&self) -> bool {
        matches!(self.record.claim, Claim::Unclaimed | Claim::Pending(_))
    }

    fn open_window(&mut self, now_ms: u64, rng: &mut impl CryptoRng) {
        if self.is_claimable() {
            let mut nonce = [0; 4];
            rng.fill_bytes(&mut nonce);
            self.window.open(PairingAdvert::new(&self.identity.secret, nonce), now_ms);
        }
    }

    fn piece(&mut self, piece: &[u8], now_ms: u64, rng: &mut impl CryptoRng) {
        let Self { identity, record, session, window, work, hang_up: None, .. } = self else {
            return;
        };
        let Some(session) = session else {
            return;
        };
        let is_busy = !matches!(work, Work::Idle);
        let standing = Standing { identity, record, deaf: window.refusal(now_ms), is_busy };
        match session.hear(piece, &standing, now_ms, rng) {
            Heard::Nothing => {}
            Heard::Question(plan) => self.act(plan),
            Heard::Fault(fault) => self.hang_up(fault),
            Heard::FailedHandshake(fault) => {
                let failures = record.failures.saturating_add(1);
                window.pause(failures, now_ms);
                let record = Record { failures, ..record.clone() };
                self.keep(record, Then { hang_up: Some(fault), ..Then::default() });
            }
        }
    }

    fn act(&mut self, plan: Plan) {
        self.blink = plan.blink.or(self.blink);
        let then = Then { answer: plan.answer, unix_time_s: plan.unix_time_s, ..Then::default() };
        match plan.record {
            Some(record) => self.keep(record, then),
            None => self.say(plan.answer),
        }
    }

    fn keep(&mut self, record: Record, then: Then) {
        self.work = Work::Keep { record, is_told: false, then };
    }

    fn persisted(&mut self, now_ms: u64, rng: &mut impl CryptoRng) {
        match core::mem::replace(&mut self.work, Work::Idle) {
            Work::Keep { record, is_told: true, then } => {
                self.is_changed |= record.claim != self.record.claim;
                self.record = record;
                if self.record.is_wipe_due {
                    self.work = Work::Wipe { is_told: false, then };
                } else {
                    self.finish(then, now_ms, rng);
                }
            }
            other => self.work = other,
        }
    }

    fn persist_failed(&mut self, now_ms: u64, rng: &mut impl CryptoRng) {
        match core::mem::replace(&mut self.work, Work::Idle) {
            // The wipe is done; only that was not noted, so that it will be done again at the next start.
            Work::Keep { is_told: true, then, .. } if self.record.is_wipe_due => self.finish(then, now_ms, rng),
            Work::Keep { is_told: true, then, .. } => {
                let is_asked = self.session.as_ref().is_some_and(Session::is_asked);
                let is_answered = then.answer.is_some() || is_asked;
                let answer = is_answered.then_some(ToHub::Refused(Refusal::Storage));
                self.finish(Then { answer, hang_up: then.hang_up, ..Then::default() }, now_ms, rng);
            }
            other => self.work = other,
        }
    }

    fn wiped(&mut self) {
        match core::mem::replace(&mut self.work, Work::Idle) {
            Work::Wipe { is_told: true, then } => {
                self.keep(Record { is_wipe_due: false, ..self.record.clone() }, then);
            }
            other => self.work = other,
        }
    }

    fn finish(&mut self, then: Then, now_ms: u64, rng: &mut impl CryptoRng) {
        self.unix_time_s = then.unix_time_s.or(self.unix_time_s);
        self.say(then.answer);
        if let Some(fault) = then.hang_up {
            self.hang_up(fault);
        }
        if then.is_window_wanted {
            self.open_window(now_ms, rng);
        }
    }

    /// Sends the answer, if whoever asked is still there.
    fn say(&mut self, answer: Option<ToHub>) {
        let session = self.session.as_mut().filter(|_| self.hang_up.is_none());
        let (Some(answer), Some(session)) = (answer, session) else {
            return;
        };
        if let Err(fault) = session.answer(&answer) {
            self.hang_up(fault);
        }
    }

    fn hang_up(&mut self, fault: Fault) {
        if self.session.is_some() && self.hang_up.is_none() {
            self.hang_up = Some(fault);
        }
    }
}
