//! Messages of up to 1024 bytes over a pair of GATT characteristics, which carry 20 to 244 bytes at a time.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 1 | head: bit 7 first piece of a message, bit 6 last piece, bits 5–0 sequence |
//! | 1 | 1… | the next bytes of the message |
//!
//! The sequence begins at 0 with the connection, goes up by one with every piece, across messages and each way by
//! itself, and is 0 again after 63: so a piece that is lost, repeated or late is noticed, a message of one piece
//! included. GATT keeps order; what is noticed here is a fault or somebody's doing. What it means is decided by the
//! layer above, which authenticates messages; here nothing is believed.
//!
//! ```
//! use wire::pipe::{PieceSize, Reassembler, Splitter};
//!
//! let (mut splitter, mut reassembler) = (Splitter::new(), Reassembler::new());
//! splitter.load(b"more than what fits into one piece")?;
//! let mut received = Vec::new();
//! while let Some(piece) = splitter.next(PieceSize::SMALLEST) {
//!     if let Some(message) = reassembler.push(piece.bytes())? {
//!         received = message.to_vec();
//!     }
//! }
//! assert_eq!(received, b"more than what fits into one piece");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;

use zeroize::Zeroize;

/// The longest message, bytes.
pub const MAX_MESSAGE: usize = 1024;
/// The longest piece, bytes: what one link-layer packet of 251 bytes carries.
pub const MAX_PIECE: usize = 244;
const MIN_PIECE: usize = 20;

const FIRST: u8 = 0x80;
const LAST: u8 = 0x40;
const SEQUENCE: u8 = 0x3F;

/// How many bytes a piece may have on one connection, its head included: 20 to 244.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PieceSize(u8);

impl PieceSize {
    /// What every connection carries: the smallest ATT MTU, 23, less 3.
    pub const SMALLEST: Self = Self(MIN_PIECE as u8);
    /// What fits into one packet on the air.
    pub const LARGEST: Self = Self(MAX_PIECE as u8);

    /// What an ATT MTU leaves for a value: 3 bytes less.
    pub fn of_mtu(mtu: u16) -> Self {
        let bytes = usize::from(mtu.saturating_sub(3)).clamp(MIN_PIECE, MAX_PIECE);
        u8::try_from(bytes).map_or(Self::LARGEST, Self)
    }

    /// How many bytes.
    pub const fn bytes(self) -> usize {
        self.0 as usize
    }
}

/// One value to write or to notify.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    bytes: [u8; MAX_PIECE],
    length: usize,
}

impl Piece {
    /// Head and data.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Piece({:#04x}, {} bytes)", self.bytes().first().copied().unwrap_or_default(), self.length)
    }
}

/// A message that cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadError {
    /// A message has at least one byte.
    Empty,
    /// The message is longer than the pipe carries.
    TooLong {
        /// How many bytes it has.
        length: usize,
    },
    /// Pieces of the message before are still to be sent.
    Busy,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("message without a byte"),
            Self::TooLong { length } => write!(f, "message of {length} bytes, {MAX_MESSAGE} are the most"),
            Self::Busy => f.write_str("message before the last one was sent"),
        }
    }
}

impl core::error::Error for LoadError {}

/// Cuts messages into pieces, one message at a time.
pub struct Splitter {
    buffer: [u8; MAX_MESSAGE],
    length: usize,
    sent: usize,
    sequence: u8,
}

impl Splitter {
    /// The splitter of a new connection.
    pub const fn new() -> Self {
        Self { buffer: [0; MAX_MESSAGE], length: 0, sent: 0, sequence: 0 }
    }

    /// Takes a message to send.
    ///
    /// # Errors
    /// [`LoadError`], and what was being sent goes on.
    pub fn load(&mut self, message: &[u8]) -> Result<(), LoadError> {
        let room = self.room()?.get_mut(..message.len());
        room.ok_or(LoadError::TooLong { length: message.len() })?.copy_from_slice(message);
        self.loaded(message.len())
    }

    /// The whole buffer, to write a message in place; then say [`Self::loaded`].
    ///
    /// # Errors
    /// [`LoadError::Busy`].
    pub const fn room(&mut self) -> Result<&mut [u8; MAX_MESSAGE], LoadError> {
        if self.is_busy() { Err(LoadError::Busy) } else { Ok(&mut self.buffer) }
    }

    /// Sends the first `length` bytes of the buffer.
    ///
    /// # Errors
    /// [`LoadError`], and what was being sent goes on.
    pub const fn loaded(&mut self, length: usize) -> Result<(), LoadError> {
        match length {
            _ if self.is_busy() => Err(LoadError::Busy),
            0 => Err(LoadError::Empty),
            1..=MAX_MESSAGE => {
                (self.length, self.sent) = (length, 0);
                Ok(())
            }
            _ => Err(LoadError::TooLong { length }),
        }
    }

    /// Are there pieces to be sent?
    pub const fn is_busy(&self) -> bool {
        self.sent < self.length
    }

    /// The next piece; `None` when all are sent.
    pub fn next(&mut self, size: PieceSize) -> Option<Piece> {
        let left = self.buffer.get(self.sent..self.length).filter(|left| !left.is_empty())?;
        let data = left.get(..size.bytes() - 1).unwrap_or(left);
        let mut piece = Piece { bytes: [0; MAX_PIECE], length: 1 + data.len() };
        let (head, room) = piece.bytes.split_first_mut()?;
        room.get_mut(..data.len())?.copy_from_slice(data);
        *head = self.sequence;
        if self.sent == 0 {
            *head |= FIRST;
        }
        self.sent += data.len();
        if !self.is_busy() {
            *head |= LAST;
        }
        self.sequence = (self.sequence + 1) & SEQUENCE;
        Some(piece)
    }
}

/// Messages are nobody's business: only how long this one is and how much of it is sent.
impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Splitter({} of {} bytes sent)", self.sent, self.length)
    }
}

impl Default for Splitter {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Splitter {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

/// A piece that does not fit what came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PipeError {
    /// The piece has no data, which is of no use to anybody.
    Empty,
    /// The piece is longer than any that we ever allow.
    Oversized {
        /// How many bytes it has.
        length: usize,
    },
    /// Pieces are missing before this one.
    Lost {
        /// How many, at least.
        pieces: u8,
    },
    /// The piece came a second time.
    Repeated,
    /// The piece is older than the last one.
    Late {
        /// By how many places.
        pieces: u8,
    },
    /// A message goes on that has not begun.
    NotBegun,
    /// A message begins before the last one has ended.
    BegunAgain,
    /// The message is longer than the pipe carries.
    TooLong,
}

impl fmt::Display for PipeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("piece without data"),
            Self::Oversized { length } => write!(f, "piece of {length} bytes, {MAX_PIECE} are the most"),
            Self::Lost { pieces } => write!(f, "{pieces} pieces lost"),
            Self::Repeated => f.write_str("piece sent twice"),
            Self::Late { pieces } => write!(f, "piece late by {pieces}"),
            Self::NotBegun => f.write_str("piece of a message that has not begun"),
            Self::BegunAgain => f.write_str("message begun before the last one had ended"),
            Self::TooLong => write!(f, "message of more than {MAX_MESSAGE} bytes"),
        }
    }
}

impl core::error::Error for PipeError {}

/// Puts pieces together again, one message at a time.
pub struct Reassembler {
    buffer: [u8; MAX_MESSAGE],
    length: usize,
    state: State,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// A message may begin: with this sequence, or with any after an error.
    Idle(Option<u8>),
    /// A message has begun and goes on with this sequence.
    Begun(u8),
}

impl Reassembler {
    /// The reassembler of a new connection.
    pub const fn new() -> Self {
        Self { buffer: [0; MAX_MESSAGE], length: 0, state: State::Idle(Some(0)) }
    }

    /// Takes a piece and returns the message that it ends; the message may be changed in place.
    ///
    /// # Errors
    /// [`PipeError`]. What was collected is gone, and the next message may begin with any sequence.
    pub fn push(&mut self, piece: &[u8]) -> Result<Option<&mut [u8]>, PipeError> {
        match self.accept(piece) {
            Ok(false) => Ok(None),
            Ok(true) => Ok(self.buffer.get_mut(..self.length)),
            Err(error) => {
                self.buffer.zeroize();
                self.state = State::Idle(None);
                Err(error)
            }
        }
    }

    /// The message that was ended last, as whoever took it left it; what is being collected until then.
    pub fn message(&self) -> &[u8] {
        self.buffer.get(..self.length).unwrap_or_default()
    }

    /// Is that the end of a message?
    fn accept(&mut self, piece: &[u8]) -> Result<bool, PipeError> {
        let (head, data) = piece.split_first().filter(|(_, data)| !data.is_empty()).ok_or(PipeError::Empty)?;
        if piece.len() > MAX_PIECE {
            return Err(PipeError::Oversized { length: piece.len() });
        }
        let sequence = head & SEQUENCE;
        let expected = match self.state {
            State::Idle(expected) => expected.unwrap_or(sequence),
            State::Begun(expected) => expected,
        };
        match sequence.wrapping_sub(expected) & SEQUENCE {
            0 => {}
            SEQUENCE => return Err(PipeError::Repeated),
            ahead @ 1..32 => return Err(PipeError::Lost { pieces: ahead }),
            behind => return Err(PipeError::Late { pieces: SEQUENCE - behind + 1 }),
        }
        match (self.state, head & FIRST != 0) {
            (State::Idle(_), false) => return Err(PipeError::NotBegun),
            (State::Begun(_), true) => return Err(PipeError::BegunAgain),
            (State::Idle(_), true) => self.length = 0,
            (State::Begun(_), false) => {}
        }
        let room = self.buffer.get_mut(self.length..self.length + data.len()).ok_or(PipeError::TooLong)?;
        room.copy_from_slice(data);
        self.length += data.len();
        let next = (sequence + 1) & SEQUENCE;
        let is_last = head & LAST != 0;
        self.state = if is_last { State::Idle(Some(next)) } else { State::Begun(next) };
        Ok(is_last)
    }
}

/// Messages are nobody's business, the less so as they may have been decrypted in place.
impl fmt::Debug for Reassembler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reassembler({:?}, {} bytes)", self.state, self.length)
    }
}

impl Default for Reassembler {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Reassembler {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

#[cfg(test)]
mod tests;
