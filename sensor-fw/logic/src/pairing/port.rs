//! What the ceremony is told and what it says.

use core::fmt;

use wire::{
    bthome::Address,
    firmware::{Hardware, Version},
    message::{Certificate, Pattern},
    pairing_advert::PairingAdvert,
    pipe::{Piece, PieceSize, PipeError},
    secret::SetupSecret,
    setup_code::{Product, SetupCode, Uid},
};

use super::Record;
use crate::{
    beacon::Channel,
    noise::{NoiseError, StaticKey},
};

/// What is true of one sensor for as long as a program runs.
#[derive(Debug)]
pub struct Identity {
    /// What kind of sensor it is.
    pub product: Product,
    /// Which one.
    pub uid: Uid,
    /// Its static key.
    pub static_key: StaticKey,
    /// The secret on its label.
    pub secret: SetupSecret,
    /// The maker's signature, if there is one.
    pub certificate: Option<Certificate>,
    /// The program.
    pub firmware: Version,
    /// The board.
    pub hardware: Hardware,
    /// How often it has started.
    pub boot: u32,
    /// What it measures, with the dead-bands of the product.
    pub channels: &'static [Channel],
}

impl Identity {
    /// What stands on the label.
    pub fn setup_code(&self) -> SetupCode {
        let Self { product, uid, static_key, secret, .. } = self;
        SetupCode { product: *product, uid: *uid, public_key: static_key.public(), secret: secret.clone() }
    }
}

/// What is true when a hub connects.
#[derive(Debug, Clone, Copy)]
pub struct Connected {
    /// How long pieces may be.
    pub piece: PieceSize,
    /// The Bluetooth address that adverts to the owner are sent from.
    pub address: Address,
    /// The battery under load, mV.
    pub battery_mv: u16,
    /// No advert from now on has a lower counter.
    pub first_counter: u32,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    /// A battery was put in, or the button pressed.
    WindowRequested,
    /// The button was held for 10 s.
    FactoryReset,
    /// Somebody connected.
    Connected(Connected),
    /// He wrote a piece.
    Piece(&'a [u8]),
    /// He, or we, hung up.
    Disconnected,
    /// The record of [`Output::Persist`] is in flash.
    Persisted,
    /// It is not, and what was in flash before still is.
    PersistFailed,
    /// Log and settings are gone, after [`Output::Wipe`].
    Wiped,
    /// Time has passed: due at [`Pairing::deadline_ms`](super::Pairing::deadline_ms).
    Tick,
}

/// What to do now, in this order.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "there is no heap to box a piece on")]
pub enum Output<'a> {
    /// Write the record to flash, then say [`Input::Persisted`]; until then there is nothing else to do.
    Persist(&'a Record),
    /// Wipe log and settings, then say [`Input::Wiped`]; until then there is nothing else to do.
    Wipe,
    /// Set the clock: seconds since 1970, as the hub says.
    SetClock {
        /// Seconds since 1970.
        unix_time_s: u64,
    },
    /// Blink, so that a person finds the sensor.
    Blink(Pattern),
    /// Whose the sensor is, its keys or its settings are others now: [`Pairing::claim`](super::Pairing::claim) says
    /// which.
    Changed,
    /// Answer this by [`Pairing::answer`](super::Pairing::answer): the owner's hub asks it, and its
    /// [kind](wire::message::SERVICES) is none of the ceremony's business.
    Question(&'a [u8]),
    /// Notify a piece.
    Send(Piece),
    /// Hang up, for this reason.
    HangUp(Fault),
    /// Send this advert, connectable, from a new random address.
    OpenWindow(PairingAdvert),
    /// Send it no more.
    CloseWindow,
}

/// Why the sensor hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Pieces did not make a message.
    Pipe(PipeError),
    /// A message was not made with our keys for this place in this session.
    Noise(NoiseError),
    /// The session is for no purpose that we know.
    UnknownPurpose {
        /// Its code.
        code: u8,
    },
    /// A pairing was begun with a sensor that has an owner.
    Claimed,
    /// A link was begun with a sensor that has none.
    Unclaimed,
    /// A pairing was begun out of the window.
    WindowClosed,
    /// A pairing was begun in the pause after handshakes that failed.
    Paused,
    /// A message came before the last one was answered, or after it was refused to speak at all.
    OutOfTurn,
    /// Nothing came for too long.
    TooSlow,
    /// The button was held: what was agreed on is void.
    Reset,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pipe(error) => error.fmt(f),
            Self::Noise(error) => error.fmt(f),
            Self::UnknownPurpose { code } => write!(f, "session for an unknown purpose ({code})"),
            Self::Claimed => f.write_str("pairing with a sensor that has an owner"),
            Self::Unclaimed => f.write_str("link to a sensor that has no owner"),
            Self::WindowClosed => f.write_str("pairing out of the window"),
            Self::Paused => f.write_str("pairing in the pause after failed handshakes"),
            Self::OutOfTurn => f.write_str("message out of turn"),
            Self::TooSlow => f.write_str("silent for too long"),
            Self::Reset => f.write_str("the sensor was reset"),
        }
    }
}

impl core::error::Error for Fault {}
