//! Reading of version 1, which devices flashed before November 2022 still send. The layout stands in the [parent](super).

use core::iter::FusedIterator;

use super::{
    Address, Buffer, Item, MAX_SERVICE_DATA, Report,
    item::Numbering,
    object::{Layout, Scale, object},
    v2::{FrameError, SEAL, integer},
};
use crate::seal::{self, BadMic, Key, Mic, Nonce};

/// The UUID of plain service data.
pub const UUID_PLAIN: u16 = 0x181C;

/// The UUID of sealed service data.
pub const UUID_SEALED: u16 = 0x181E;

/// What version 1 authenticates beside the objects.
const ASSOCIATED: [u8; 1] = [0x11];

/// A sealed frame whose outside was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed<'a> {
    ciphertext: &'a [u8],
    counter: [u8; 4],
    mic: Mic,
}

impl<'a> Sealed<'a> {
    /// The frame in this service data (without the UUID).
    ///
    /// # Errors
    /// [`FrameError`] when it is too short or too long.
    pub fn parse(service_data: &'a [u8]) -> Result<Self, FrameError> {
        let length = service_data.len();
        if length > MAX_SERVICE_DATA {
            return Err(FrameError::TooLong { length });
        }
        let parts = service_data.split_last_chunk::<4>().and_then(|(head, mic)| {
            let (ciphertext, counter) = head.split_last_chunk::<4>()?;
            Some(Self { ciphertext, counter: *counter, mic: *mic })
        });
        parts.ok_or(FrameError::Truncated { length, needed: SEAL })
    }

    /// The counter. Nothing vouches for it before [`open`](Self::open) succeeded.
    pub const fn counter(&self) -> u32 {
        u32::from_le_bytes(self.counter)
    }

    /// The items, decrypted into `buffer`.
    ///
    /// # Errors
    /// [`BadMic`] when the key is not the sender's, the address is another, or a bit was changed.
    pub fn open<'b>(&self, key: &Key, address: Address, buffer: &'b mut Buffer) -> Result<Items<'b>, BadMic> {
        let data = buffer.get_mut(..self.ciphertext.len()).ok_or(BadMic)?;
        data.copy_from_slice(self.ciphertext);
        seal::open(key, &nonce(address, self.counter), &ASSOCIATED, data, &self.mic)?;
        Ok(Items::new(data))
    }
}

/// Address (6) ‖ UUID as sent (2) ‖ counter as sent (4).
fn nonce(address: Address, counter: [u8; 4]) -> Nonce {
    let [a, b, c, d, e, f] = address;
    let [low, high] = UUID_SEALED.to_le_bytes();
    let [g, h, i, j] = counter;
    Nonce::Twelve([a, b, c, d, e, f, low, high, g, h, i, j])
}

/// The items of objects, in the order sent.
///
/// Every object carries its length, so one that nobody knows, or whose number is none, is stepped over and
/// named in the [`report`](Self::report).
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
    numbering: Numbering,
    report: Report,
}

impl<'a> Items<'a> {
    /// The items of these objects (decrypted).
    pub const fn new(objects: &'a [u8]) -> Self {
        Self { rest: objects, numbering: Numbering::new(), report: Report::NOTHING }
    }

    /// What was odd so far; complete when the items have ended.
    pub const fn report(&self) -> Report {
        self.report
    }

    /// Takes the next object from the bytes: its type, its id and its data.
    fn take(&mut self) -> Option<(u8, u8, &'a [u8])> {
        loop {
            let (&control, after) = self.rest.split_first()?;
            let length = usize::from(control & 0x1F);
            let Some((object, rest)) = after.split_at_checked(length) else {
                self.report.truncated_object = after.first().copied().or(Some(control));
                self.rest = &[];
                return None;
            };
            self.rest = rest;
            // An object of no length is padding.
            if let Some((&id, data)) = object.split_first() {
                return Some((control >> 5, id, data));
            }
        }
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            let (kind, id, data) = self.take()?;
            let item = match object(id) {
                None => {
                    self.report.unknown_object = self.report.unknown_object.or(Some(id));
                    continue;
                }
                Some(Layout::Number { quantity, scale, .. }) => match number(kind, data, scale) {
                    None => {
                        self.report.unreadable_object = self.report.unreadable_object.or(Some(id));
                        continue;
                    }
                    Some(value) => self.numbering.reading(quantity, value),
                },
                Some(layout) => self.numbering.item(layout, data),
            };
            if item.is_some() {
                return item;
            }
        }
    }
}

impl FusedIterator for Items<'_> {}

/// The steps of a number of any width, by the type in its control byte.
fn number(kind: u8, data: &[u8], scale: Scale) -> Option<i64> {
    match kind {
        0 => scale.steps(integer(data, false)?),
        1 => scale.steps(integer(data, true)?),
        2 => float_steps(float(data)?, scale),
        _ => None,
    }
}

/// A little-endian float of 2, 4 or 8 bytes.
fn float(data: &[u8]) -> Option<f64> {
    match *data {
        [a, b] => Some(half(u16::from_le_bytes([a, b]))),
        [a, b, c, d] => Some(f64::from(f32::from_le_bytes([a, b, c, d]))),
        [a, b, c, d, e, f, g, h] => Some(f64::from_le_bytes([a, b, c, d, e, f, g, h])),
        _ => None,
    }
}

/// An IEEE 754 half: 1 sign, 5 exponent (bias 15), 10 fraction bits.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x03FF);
    let magnitude = match (bits >> 10) & 0x1F {
        0 => fraction / 16_777_216.0,
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * f64::from(1_u32 << exponent) / 33_554_432.0,
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}

/// The steps nearest to a float; `None` when it is not finite or too large.
fn float_steps(number: f64, scale: Scale) -> Option<i64> {
    // Far beyond any quantity's range, and exact in both types.
    const LIMIT: f64 = 4_503_599_627_370_496.0;
    let steps = number * scale.multiply as f64 / scale.divide as f64;
    (steps.abs() < LIMIT).then_some((steps + 0.5_f64.copysign(steps)) as i64)
}
