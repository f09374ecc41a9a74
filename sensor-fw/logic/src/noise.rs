//! The sensor's side of two Noise handshakes (noiseprotocol.org, revision 34): it answers, it never begins.
//!
//! | | `Noise_NKpsk0_25519_ChaChaPoly_SHA256` | `Noise_NNpsk0_25519_ChaChaPoly_SHA256` |
//! |---|---|---|
//! | for | the pairing | sessions of a claimed sensor |
//! | psk | from the label's secret | from the device key |
//! | before | the hub knows the sensor's static key s | – |
//! | → hub | psk, e, es | psk, e |
//! | ← sensor | e, ee | e, ee |
//! | proves to the sensor | the hub knows the label | the hub has the device key |
//! | proves to the hub | it is the sensor of that label, not one who read it | the sensor has the device key |
//!
//! Both give keys that nobody can compute later, whatever he learns (both ephemeral keys are gone by then). The first
//! message alone proves little: it may be a recorded one. What proves that the hub is there is the first message of the
//! [`Transport`], since the sensor's own ephemeral key is in it.
//!
//! ```
//! use fw_logic::noise::{Handshake, Pattern, StaticKey};
//! use wire::secret::Psk;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let mut rng = x25519_dalek_rng::Steps(0);
//! # mod x25519_dalek_rng {
//! #     pub struct Steps(pub u8);
//! #     impl rand_core::TryRng for Steps {
//! #         type Error = core::convert::Infallible;
//! #         fn try_next_u32(&mut self) -> Result<u32, Self::Error> { self.0 += 1; Ok(self.0.into()) }
//! #         fn try_next_u64(&mut self) -> Result<u64, Self::Error> { self.0 += 1; Ok(self.0.into()) }
//! #         fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Self::Error> { self.0 += 1; to.fill(self.0); Ok(()) }
//! #     }
//! #     impl rand_core::TryCryptoRng for Steps {}
//! # }
//! let (key, psk) = (StaticKey::generate(&mut rng), Psk::new([7; 32]));
//! # let mut hub = snow::Builder::new("Noise_NKpsk0_25519_ChaChaPoly_SHA256".parse()?)
//! #     .prologue(b"example")?.psk(0, psk.expose())?.remote_public_key(&key.public().0)?.build_initiator()?;
//! # let mut message = [0; 256];
//! # let length = hub.write_message(b"who is there?", &mut message)?;
//! # let message = &mut message[..length];
//! // `message` is the hub's first:
//! let (handshake, asked) = Handshake::read(Pattern::NkPsk0(&key), &psk, b"example", message)?;
//! assert_eq!(asked, b"who is there?");
//! let mut answer = [0; 256];
//! let (mut transport, length) = handshake.answer(&mut rng, b"a sensor", &mut answer)?;
//! # hub.read_message(&answer[..length], &mut [0; 256])?;
//! # let mut hub = hub.into_transport_mode()?;
//! # let mut message = [0; 256];
//! # let length = hub.write_message(b"good", &mut message)?;
//! # let message = &mut message[..length];
//! // Send `answer[..length]`; then `message` is the hub's next:
//! assert_eq!(transport.open(message)?, b"good");
//! # Ok(())
//! # }
//! ```

use core::fmt;

use rand_core::CryptoRng;
use wire::{secret::Psk, setup_code::PublicKey};
use x25519_dalek::{EphemeralSecret, SharedSecret, StaticSecret};

mod cipher;
mod symmetric;

use cipher::Cipher;
pub use cipher::TAG;
use symmetric::Symmetric;

/// Bytes of a public key.
const KEY: usize = 32;

/// How many bytes a handshake message is longer than what is inside.
pub const HANDSHAKE_OVERHEAD: usize = KEY + TAG;

/// The sensor's static X25519 key, made once and never told.
pub struct StaticKey(StaticSecret);

impl StaticKey {
    /// The key of these bytes, which were made by [`Self::generate`].
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(StaticSecret::from(bytes))
    }

    /// A new key.
    pub fn generate(rng: &mut impl CryptoRng) -> Self {
        Self(StaticSecret::random_from_rng(rng))
    }

    /// What the label says.
    pub fn public(&self) -> PublicKey {
        PublicKey(x25519_dalek::PublicKey::from(&self.0).to_bytes())
    }

    /// The bytes, for the page of flash where the key lives.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for StaticKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StaticKey(secret)")
    }
}

/// Which of the two handshakes.
#[derive(Debug, Clone, Copy)]
pub enum Pattern<'a> {
    /// The hub knows the sensor's static key, from the label.
    NkPsk0(&'a StaticKey),
    /// Both have the psk, from the device key.
    NnPsk0,
}

impl Pattern<'_> {
    const fn name(self) -> &'static [u8] {
        match self {
            Self::NkPsk0(_) => b"Noise_NKpsk0_25519_ChaChaPoly_SHA256",
            Self::NnPsk0 => b"Noise_NNpsk0_25519_ChaChaPoly_SHA256",
        }
    }
}

/// A message that cannot be read or written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoiseError {
    /// The message is shorter than what must be in it.
    Short {
        /// How many bytes it has.
        length: usize,
    },
    /// The message was made with other keys, for another place in the session, or was changed.
    Forged,
    /// The other side's public key is one of those with which every secret is zero.
    WeakKey,
    /// The buffer is too small.
    NoRoom {
        /// How many bytes are needed.
        needed: usize,
    },
    /// All 2⁶⁴ − 1 messages of the session are used up.
    Exhausted,
}

impl fmt::Display for NoiseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { length } => write!(f, "message of {length} bytes is too short to be sealed"),
            Self::Forged => f.write_str("message was made with another key, comes out of turn, or was changed"),
            Self::WeakKey => f.write_str("public key of small order"),
            Self::NoRoom { needed } => write!(f, "no room for {needed} bytes"),
            Self::Exhausted => f.write_str("session has used up its numbers"),
        }
    }
}

impl core::error::Error for NoiseError {}

/// A handshake whose first message was read; the answer is to be written.
pub struct Handshake {
    symmetric: Symmetric,
    theirs: x25519_dalek::PublicKey,
}

impl Handshake {
    /// Reads the first message in place and returns what is inside.
    ///
    /// # Errors
    /// [`NoiseError::Short`], [`NoiseError::WeakKey`] or [`NoiseError::Forged`]; the message is then as it was, so that
    /// another psk can be tried.
    pub fn read<'m>(
        pattern: Pattern<'_>,
        psk: &Psk,
        prologue: &[u8],
        message: &'m mut [u8],
    ) -> Result<(Self, &'m mut [u8]), NoiseError> {
        let short = NoiseError::Short { length: message.len() };
        let (theirs, sealed) = message.split_first_chunk_mut::<KEY>().ok_or(short)?;
        let mut symmetric = Symmetric::new(pattern.name());
        symmetric.mix_hash(prologue);
        if let Pattern::NkPsk0(key) = pattern {
            symmetric.mix_hash(&key.public().0);
        }
        symmetric.mix_key_and_hash(psk.expose());
        symmetric.mix_ephemeral(theirs);
        let theirs = x25519_dalek::PublicKey::from(*theirs);
        if let Pattern::NkPsk0(StaticKey(key)) = pattern {
            symmetric.mix_key(contributed(&key.diffie_hellman(&theirs))?);
        }
        let payload = symmetric.open(sealed)?;
        Ok((Self { symmetric, theirs }, payload))
    }

    /// Writes the second message with `payload` inside, and returns its length and what comes after it.
    ///
    /// # Errors
    /// [`NoiseError::WeakKey`] or [`NoiseError::NoRoom`].
    pub fn answer(
        mut self,
        rng: &mut impl CryptoRng,
        payload: &[u8],
        buffer: &mut [u8],
    ) -> Result<(Transport, usize), NoiseError> {
        let needed = payload.len() + HANDSHAKE_OVERHEAD;
        let (ours, room) = buffer.split_first_chunk_mut::<KEY>().ok_or(NoiseError::NoRoom { needed })?;
        let ephemeral = EphemeralSecret::random_from_rng(rng);
        *ours = x25519_dalek::PublicKey::from(&ephemeral).to_bytes();
        self.symmetric.mix_ephemeral(ours);
        self.symmetric.mix_key(contributed(&ephemeral.diffie_hellman(&self.theirs))?);
        let length = self.symmetric.seal(payload, room).map_err(|_| NoiseError::NoRoom { needed })?;
        let (receive, send) = self.symmetric.split();
        Ok((Transport { send, receive, hash: *self.symmetric.hash() }, KEY + length))
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Handshake(secret)")
    }
}

/// A session after its handshake: sealed messages both ways, each at its place.
pub struct Transport {
    send: Cipher,
    receive: Cipher,
    hash: [u8; 32],
}

impl Transport {
    /// What both sides said in the handshake, in 32 bytes: no other session has the same.
    pub const fn handshake_hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Reads the other side's next message in place.
    ///
    /// # Errors
    /// [`NoiseError`]; then the message is as it was, and the one that was expected still is.
    pub fn open<'m>(&mut self, message: &'m mut [u8]) -> Result<&'m mut [u8], NoiseError> {
        self.receive.open(&[], message)
    }

    /// Writes our next message, with `payload` inside, and returns its length.
    ///
    /// # Errors
    /// [`NoiseError::NoRoom`] or [`NoiseError::Exhausted`].
    pub fn seal(&mut self, payload: &[u8], buffer: &mut [u8]) -> Result<usize, NoiseError> {
        self.send.seal(&[], payload, buffer)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport(secret)")
    }
}

fn contributed(secret: &SharedSecret) -> Result<&[u8; 32], NoiseError> {
    if secret.was_contributory() { Ok(secret.as_bytes()) } else { Err(NoiseError::WeakKey) }
}

#[cfg(test)]
mod tests;
