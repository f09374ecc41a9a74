//! Packets of the attribute protocol (ATT), as far as a client of one service speaks it.
//!
//! Source: Core 5.4, volume 3, part F, 3.4. All numbers are little-endian, and so are UUIDs.
//!
//! | opcode | packet | after it |
//! |---|---|---|
//! | 0x01 | error | opcode asked, handle (u16), error (u8) |
//! | 0x02, 0x03 | MTU, answer | MTU (u16) |
//! | 0x04, 0x05 | which descriptors, answer | first, last; format (u8), then handle and UUID each |
//! | 0x06, 0x07 | which services of this UUID, answer | first, last, 0x2800, UUID; first and last each |
//! | 0x08, 0x09 | which characteristics, answer | first, last, 0x2803; length (u8), then handle, properties, value's handle, UUID each |
//! | 0x12, 0x13 | write, answer | handle, value; nothing |
//! | 0x1B | notification | handle, value |
//! | 0x1D, 0x1E | indication, confirmation | handle, value; nothing |

use std::ops::RangeInclusive;

/// The MTU before one is agreed on, and the least.
pub(super) const LEAST_MTU: u16 = 23;
/// What the hub asks for: a piece then fills one packet on the air (251 bytes less four of L2CAP).
pub(super) const MTU: u16 = 247;
/// What follows a question.
const TO_ANSWER: u8 = 1;
const ERROR: u8 = 0x01;
const NOTIFICATION: u8 = 0x1B;
const INDICATION: u8 = 0x1D;
const CONFIRMATION: u8 = 0x1E;
/// Opcodes with this bit are commands, which nobody answers.
const COMMAND: u8 = 0x40;
/// "Request not supported".
const NOT_SUPPORTED: u8 = 0x06;
const PRIMARY_SERVICE: u16 = 0x2800;
const CHARACTERISTIC: u16 = 0x2803;
/// The descriptor that switches notifications on (CCCD).
const SWITCH: u16 = 0x2902;
const NOTIFICATIONS_ON: [u8; 2] = [1, 0];

/// Handles of attributes.
pub(super) type Handles = RangeInclusive<u16>;
/// All there can be.
pub(super) const ALL: Handles = 1..=0xFFFF;

/// Something asked of the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question<'a> {
    /// How long packets may be.
    Mtu,
    /// Where the service of this UUID is.
    Service(u128),
    /// Which characteristics there are.
    Characteristics(Handles),
    /// Which descriptors there are.
    Descriptors(Handles),
    /// Write, and say so.
    Write { handle: u16, value: &'a [u8] },
}

impl Question<'_> {
    /// Switches notifications on by their descriptor.
    pub(super) const fn subscribe(handle: u16) -> Self {
        Self::Write { handle, value: &NOTIFICATIONS_ON }
    }

    pub(super) const fn opcode(&self) -> u8 {
        match self {
            Self::Mtu => 0x02,
            Self::Descriptors(_) => 0x04,
            Self::Service(_) => 0x06,
            Self::Characteristics(_) => 0x08,
            Self::Write { .. } => 0x12,
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = vec![self.opcode()];
        let mut numbers = |numbers: &[u16]| bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        match self {
            Self::Mtu => numbers(&[MTU]),
            Self::Descriptors(within) => numbers(&[*within.start(), *within.end()]),
            Self::Characteristics(within) => numbers(&[*within.start(), *within.end(), CHARACTERISTIC]),
            Self::Service(uuid) => {
                numbers(&[*ALL.start(), *ALL.end(), PRIMARY_SERVICE]);
                bytes.extend(uuid.to_le_bytes());
            }
            Self::Write { handle, value } => {
                numbers(&[*handle]);
                bytes.extend_from_slice(value);
            }
        }
        bytes
    }
}

/// What the other end says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said<'a> {
    /// The answer to the question with this opcode.
    Answer { to: u8, body: &'a [u8] },
    /// An error is the answer.
    Refused { to: u8, error: u8 },
    /// A value that it sends by itself.
    Notified { handle: u16, value: &'a [u8] },
    /// The same, and it waits for [`confirmation`].
    Indicated { handle: u16, value: &'a [u8] },
    /// A question of its own, with this opcode, for [`refusal`].
    Asked(u8),
    /// Nothing that needs an answer.
    Other,
}

impl<'a> Said<'a> {
    pub(super) fn parse(packet: &'a [u8]) -> Self {
        match packet {
            [ERROR, to, _, _, error, ..] => Self::Refused { to: *to, error: *error },
            [NOTIFICATION, low, high, value @ ..] => {
                Self::Notified { handle: u16::from_le_bytes([*low, *high]), value }
            }
            [INDICATION, low, high, value @ ..] => Self::Indicated { handle: u16::from_le_bytes([*low, *high]), value },
            // Questions are even, answers odd; the three above and the confirmation are the exceptions.
            [opcode, body @ ..] if *opcode & 1 == 1 && *opcode > ERROR && *opcode < NOTIFICATION => {
                Self::Answer { to: opcode - TO_ANSWER, body }
            }
            [opcode, ..] if *opcode & COMMAND == 0 && *opcode != CONFIRMATION && *opcode & 1 == 0 => {
                Self::Asked(*opcode)
            }
            _ => Self::Other,
        }
    }
}

/// What is said to an indication.
pub(super) const fn confirmation() -> [u8; 1] {
    [CONFIRMATION]
}

/// What is said to a question: the hub has no attributes.
pub(super) const fn refusal(opcode: u8) -> [u8; 5] {
    [ERROR, opcode, 0, 0, NOT_SUPPORTED]
}

/// The MTU in an answer, between what both may use.
pub(super) fn mtu(body: &[u8]) -> Option<u16> {
    Some(number(body)?.0.clamp(LEAST_MTU, MTU))
}

/// The handles of the first service in an answer.
pub(super) fn service(body: &[u8]) -> Option<Handles> {
    let (first, rest) = number(body)?;
    let (last, _) = number(rest)?;
    (first <= last).then_some(first..=last)
}

/// A characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Characteristic {
    pub(super) handle: u16,
    /// Of its value.
    pub(super) value: u16,
    /// `None` where it has a short one.
    pub(super) uuid: Option<u128>,
}

/// The characteristics in an answer.
pub(super) fn characteristics(body: &[u8]) -> Option<Vec<Characteristic>> {
    let (length, entries) = body.split_first()?;
    let entries = entries.chunks_exact(usize::from(*length).max(1));
    entries
        .map(|entry| {
            let (handle, rest) = number(entry)?;
            let (_properties, rest) = rest.split_first()?;
            let (value, uuid) = number(rest)?;
            let uuid = <[u8; 16]>::try_from(uuid).ok().map(u128::from_le_bytes);
            Some(Characteristic { handle, value, uuid })
        })
        .collect()
}

/// Descriptors in an answer: the last handle, and that of the switch for notifications.
pub(super) fn descriptors(body: &[u8]) -> Option<(u16, Option<u16>)> {
    const SHORT: u8 = 1;
    let (format, entries) = body.split_first()?;
    let entries = entries.chunks_exact(if *format == SHORT { 4 } else { 18 });
    let handles: Option<Vec<_>> = entries.map(|entry| number(entry)).collect();
    let handles = handles?;
    let is_switch = |uuid: &[u8]| uuid == SWITCH.to_le_bytes();
    let switch = handles.iter().find(|(_, uuid)| is_switch(uuid)).map(|(handle, _)| *handle);
    Some((handles.last()?.0, switch))
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*head), rest))
}

#[cfg(test)]
mod tests;
