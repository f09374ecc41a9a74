//! One connection: pieces, handshake, questions and answers.

use rand_core::CryptoRng;
use wire::{
    keys::{self, Epoch},
    message::{Hello, Info, MAX_LENGTH, PROTOCOL, Purpose, Refusal, ToHub, ToSensor},
    pipe::{Piece, PieceSize, Reassembler, Splitter},
    secret::Psk,
};
use zeroize::{Zeroize, Zeroizing};

use super::{
    Claim, Connected, Fault, Identity, Keys, Record,
    plan::{Asked, Plan, plan, refusal},
};
use crate::noise::{Handshake, NoiseError, Pattern, Transport};

/// A handshake must be begun so soon after connecting, ms.
const BEGIN_MS: u64 = 10_000;
/// A session must not be silent for so long, ms. A hub waits for an advert, of which there is one in 10 s at least.
const SILENCE_MS: u64 = 60_000;

/// What a session has to know of the sensor.
pub(super) struct Standing<'a> {
    pub(super) identity: &'a Identity,
    pub(super) record: &'a Record,
    /// Why no pairing is answered now.
    pub(super) deaf: Option<Fault>,
    /// Flash has not yet taken what the last question led to.
    pub(super) is_busy: bool,
}

#[derive(Debug)]
pub(super) struct Session {
    connected: Connected,
    inbox: Reassembler,
    outbox: Splitter,
    stage: Stage,
    /// A question that another answers.
    asked: Option<Deferred>,
    deadline_ms: u64,
}

/// A question in the inbox.
#[derive(Debug)]
struct Deferred {
    length: usize,
    is_told: bool,
}

#[derive(Debug)]
enum Stage {
    /// The first message is awaited.
    Begun,
    /// The handshake is done.
    Open(Open),
    /// The other side was told that we do not speak its language.
    Over,
}

#[derive(Debug)]
struct Open {
    transport: Transport,
    purpose: Purpose,
    /// In a link, the epoch of the key that its psk came from.
    epoch: Option<Epoch>,
    /// Something was opened, so it is no recorded session.
    is_live: bool,
    /// A key was taken in this session, and the hub was told so.
    is_key_new: bool,
}

/// What a piece led to.
#[expect(clippy::large_enum_variant, reason = "there is no heap to box a plan on")]
pub(super) enum Heard {
    /// Go on listening; an answer may be on its way.
    Nothing,
    /// A question is to be acted upon.
    Question(Plan),
    /// Hang up.
    Fault(Fault),
    /// Count it, then hang up.
    FailedHandshake(Fault),
}

/// Why a handshake is not answered.
#[derive(Clone, Copy)]
enum Unanswered {
    /// For a reason that is not to be counted.
    Fault(Fault),
    /// For want of a key.
    Failed(Fault),
}

impl From<Unanswered> for Heard {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::Fault(fault) => Self::Fault(fault),
            Unanswered::Failed(fault) => Self::FailedHandshake(fault),
        }
    }
}

impl Session {
    pub(super) fn new(connected: Connected, now_ms: u64) -> Self {
        let (inbox, outbox) = (Reassembler::new(), Splitter::new());
        Self { connected, inbox, outbox, stage: Stage::Begun, asked: None, deadline_ms: now_ms + BEGIN_MS }
    }

    pub(super) const fn deadline_ms(&self) -> u64 {
        self.deadline_ms
    }

    pub(super) fn next_piece(&mut self) -> Option<Piece> {
        let size: PieceSize = self.connected.piece;
        self.outbox.next(size)
    }

    /// Takes a piece. A message that comes while the last one is not answered is out of turn.
    pub(super) fn hear(&mut self, piece: &[u8], sensor: &Standing<'_>, now_ms: u64, rng: &mut impl CryptoRng) -> Heard {
        let message = match self.inbox.push(piece) {
            Ok(None) => return Heard::Nothing,
            Ok(Some(message)) => message,
            Err(error) => return Heard::Fault(Fault::Pipe(error)),
        };
        if sensor.is_busy || self.outbox.is_busy() || self.asked.is_some() {
            return Heard::Fault(Fault::OutOfTurn);
        }
        self.deadline_ms = now_ms + SILENCE_MS;
        match &mut self.stage {
            Stage::Over => Heard::Fault(Fault::OutOfTurn),
            Stage::Open(open) => {
                let (heard, length) = open.hear(message, sensor, self.connected.first_counter);
                self.asked = length.map(|length| Deferred { length, is_told: false });
                heard
            }
            Stage::Begun => match begin(message, sensor, &self.connected, &mut self.outbox, rng) {
                Err(unanswered) => unanswered.into(),
                Ok(stage) => {
                    self.stage = stage;
                    Heard::Nothing
                }
            },
        }
    }

    /// Does a question wait for another to answer it?
    pub(super) const fn is_asked(&self) -> bool {
        self.asked.is_some()
    }

    /// The question that another is to answer, once.
    pub(super) fn question(&mut self) -> Option<&[u8]> {
        let asked = self.asked.as_mut().filter(|asked| !asked.is_told)?;
        asked.is_told = true;
        self.inbox.message().get(..asked.length)
    }

    /// Seals an answer and sends it.
    pub(super) fn answer(&mut self, answer: &ToHub) -> Result<(), Fault> {
        if let Stage::Open(open) = &mut self.stage {
            open.is_key_new |= matches!(answer, ToHub::Done(_));
        }
        let mut plain = [0; MAX_LENGTH];
        let length = answer.write(&mut plain).map_err(|_| Fault::Noise(NoiseError::NoRoom { needed: MAX_LENGTH }))?;
        self.send(plain.get(..length).unwrap_or_default())
    }

    /// Seals the bytes of an answer and sends them.
    pub(super) fn send(&mut self, answer: &[u8]) -> Result<(), Fault> {
        self.asked = None;
        let Stage::Open(open) = &mut self.stage else {
            return Ok(());
        };
        let room = self.outbox.room().map_err(|_| Fault::OutOfTurn)?;
        let sealed = open.transport.seal(answer, room).map_err(Fault::Noise)?;
        self.outbox.loaded(sealed).map_err(|_| Fault::OutOfTurn)
    }
}

impl Open {
    /// What a message leads to; and how long the question in it is, if another is to answer it.
    fn hear(&mut self, message: &mut [u8], sensor: &Standing<'_>, first_counter: u32) -> (Heard, Option<usize>) {
        let question = match self.transport.open(message) {
            Ok(question) => question,
            // The first message of a session may have been recorded; this is what nobody can make without the keys.
            Err(error) if self.purpose == Purpose::Pairing && !self.is_live => {
                return (Heard::FailedHandshake(Fault::Noise(error)), None);
            }
            Err(error) => return (Heard::Fault(Fault::Noise(error)), None),
        };
        self.is_live = true;
        let asked = Asked {
            question,
            handshake_hash: self.transport.handshake_hash(),
            purpose: self.purpose,
            epoch: self.epoch,
            is_key_new: self.is_key_new,
            first_counter,
            channels: sensor.identity.channels,
        };
        let plan = plan(&asked, sensor.record);
        let deferred = plan.answer.is_none().then_some(question.len());
        if deferred.is_none() {
            // There may have been a key in it.
            question.zeroize();
        }
        (Heard::Question(plan), deferred)
    }
}

/// Reads the first message and answers it, if it is one that this sensor answers now.
fn begin(
    message: &mut [u8],
    sensor: &Standing<'_>,
    connected: &Connected,
    outbox: &mut Splitter,
    rng: &mut impl CryptoRng,
) -> Result<Stage, Unanswered> {
    let (code, message) = message.split_first_mut().ok_or(Unanswered::Fault(Fault::UnknownPurpose { code: 0 }))?;
    let purpose = Purpose::of_code(*code).ok_or(Unanswered::Fault(Fault::UnknownPurpose { code: *code }))?;
    let (epoch, (handshake, hello)) = match purpose {
        Purpose::Pairing => (None, begin_pairing(message, sensor)?),
        Purpose::Link => begin_link(message, &sensor.record.claim).map(|(epoch, it)| (Some(epoch), it))?,
    };
    let answer = greeting(hello, connected, sensor);
    let transport = answer_handshake(handshake, &answer, outbox, rng).map_err(Unanswered::Fault)?;
    Ok(match answer {
        ToHub::Info(_) => Stage::Open(Open { transport, purpose, epoch, is_live: false, is_key_new: false }),
        _ => Stage::Over,
    })
}

type Begun = (Handshake, Result<Hello, Refusal>);

fn begin_pairing(message: &mut [u8], sensor: &Standing<'_>) -> Result<Begun, Unanswered> {
    if let Claim::Active { .. } = sensor.record.claim {
        return Err(Unanswered::Fault(Fault::Claimed));
    }
    if let Some(fault) = sensor.deaf {
        return Err(Unanswered::Fault(fault));
    }
    let pattern = Pattern::NkPsk0(&sensor.identity.static_key);
    let psk = keys::pairing_psk(&sensor.identity.secret);
    read(pattern, &psk, Purpose::Pairing, message).map_err(Unanswered::Failed)
}

/// Tries the present key, then the next one, and says which it was.
fn begin_link(message: &mut [u8], claim: &Claim) -> Result<(Epoch, Begun), Unanswered> {
    let (present, next) = match claim {
        Claim::Unclaimed => return Err(Unanswered::Fault(Fault::Unclaimed)),
        Claim::Pending(owner) => (&owner.keys, None),
        Claim::Active { owner, next } => (&owner.keys, next.as_ref()),
    };
    let mut with = |keys: &Keys| {
        let begun = read(Pattern::NnPsk0, &keys.link(), Purpose::Link, message);
        begun.map(|begun| (keys.epoch, begun)).map_err(Unanswered::Fault)
    };
    match (with(present), next) {
        (Err(_), Some(next)) => with(next),
        (begun, _) => begun,
    }
}

fn read(pattern: Pattern<'_>, psk: &Psk, purpose: Purpose, message: &mut [u8]) -> Result<Begun, Fault> {
    let (handshake, payload) = Handshake::read(pattern, psk, purpose.prologue(), message).map_err(Fault::Noise)?;
    let hello = match ToSensor::parse(payload) {
        Ok(ToSensor::Hello(hello)) => Ok(hello),
        Ok(_) => Err(Refusal::OutOfPlace),
        Err(error) => Err(refusal(error)),
    };
    Ok((handshake, hello))
}

/// Who we are; or why we do not speak with each other.
fn greeting(hello: Result<Hello, Refusal>, connected: &Connected, sensor: &Standing<'_>) -> ToHub {
    let Standing { identity, record, .. } = *sensor;
    match hello {
        Err(refusal) => ToHub::Refused(refusal),
        Ok(hello) if !(hello.lowest..=hello.highest).contains(&PROTOCOL) => {
            ToHub::Refused(Refusal::Protocol { spoken: PROTOCOL })
        }
        Ok(_) => ToHub::Info(Info {
            protocol: PROTOCOL,
            product: identity.product,
            uid: identity.uid,
            address: connected.address,
            firmware: identity.firmware,
            hardware: identity.hardware,
            boot: identity.boot,
            battery_mv: connected.battery_mv,
            claim: record.claim.state(),
            owner_epoch: record.owners,
            certificate: identity.certificate,
        }),
    }
}

fn answer_handshake(
    handshake: Handshake,
    answer: &ToHub,
    outbox: &mut Splitter,
    rng: &mut impl CryptoRng,
) -> Result<Transport, Fault> {
    let mut plain = Zeroizing::new([0; MAX_LENGTH]);
    let length = answer.write(&mut *plain).map_err(|_| Fault::Noise(NoiseError::NoRoom { needed: MAX_LENGTH }))?;
    let room = outbox.room().map_err(|_| Fault::OutOfTurn)?;
    let payload = plain.get(..length).unwrap_or_default();
    let (transport, sealed) = handshake.answer(rng, payload, room).map_err(Fault::Noise)?;
    outbox.loaded(sealed).map_err(|_| Fault::OutOfTurn)?;
    Ok(transport)
}
