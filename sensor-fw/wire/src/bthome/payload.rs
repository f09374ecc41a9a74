//! Writing of version 2: items → objects in order → service data.

use core::{fmt, ops::Range};

use units::{Measure, Quantity};

use super::{
    Address, Fact, MAX_SERVICE_DATA, Press, Turn,
    object::{Layout, OBJECTS, object},
    v2::{DeviceInfo, SEAL, extent, nonce},
};
use crate::seal::{self, Key};

/// A legacy advert has 31 bytes: 3 of flags, 4 of length, type and UUID, and this much service data.
const LEGACY_SERVICE_DATA: usize = 24;

/// Room for objects: the longest service data less device info, counter and check.
const CAPACITY: usize = MAX_SERVICE_DATA - 1 - SEAL;

/// Something that cannot be put into a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayloadError {
    /// The format has no object of this id, or none for this quantity, or the id is of another kind.
    NoObject,
    /// The object's number cannot hold the value.
    OutOfRange {
        /// Which object.
        id: u8,
        /// The value in steps of the quantity.
        value: i64,
    },
    /// The data of an object is longer than its length byte can say.
    DataTooLong {
        /// Which object.
        id: u8,
        /// How many bytes it has.
        length: usize,
    },
    /// The payload has no room for another object of this length.
    Full {
        /// How many bytes the object needs.
        needed: usize,
        /// How many are left.
        left: usize,
    },
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoObject => f.write_str("no BTHome object of that kind"),
            Self::OutOfRange { id, value } => write!(f, "object {id:#04x} cannot hold {value} steps"),
            Self::DataTooLong { id, length } => write!(f, "object {id:#04x} cannot hold {length} bytes"),
            Self::Full { needed, left } => write!(f, "object of {needed} bytes, {left} are left in the payload"),
        }
    }
}

impl core::error::Error for PayloadError {}

/// The objects of one frame, kept in the order that the format asks for: ascending by id, equal ids as pushed.
#[derive(Debug, Clone)]
pub struct Payload {
    bytes: [u8; CAPACITY],
    length: usize,
}

impl Payload {
    /// A payload without objects.
    pub const fn new() -> Self {
        Self { bytes: [0; CAPACITY], length: 0 }
    }

    /// The objects.
    pub fn objects(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// Adds a measure as the oldest object of its quantity (the lowest id), which every receiver understands.
    ///
    /// The object does not depend on the value, so that several sensors of one quantity keep their order. The value
    /// is rounded to the object's resolution.
    ///
    /// # Errors
    /// [`PayloadError`] when the quantity has no object, the object cannot hold the value, or there is no room.
    pub fn push(&mut self, measure: impl Into<Measure>) -> Result<(), PayloadError> {
        let measure = measure.into();
        let row = OBJECTS.iter().find(|row| quantity_of(row.layout) == Some(measure.quantity));
        self.push_as(row.ok_or(PayloadError::NoObject)?.id, measure)
    }

    /// How many steps of a quantity one count of its object is: what is finer is rounded. `None` where it has no object.
    pub fn resolution(quantity: Quantity) -> Option<i64> {
        OBJECTS.iter().find_map(|row| match row.layout {
            Layout::Number { quantity: of, scale, .. } if of == quantity => Some(scale.multiply / scale.divide),
            Layout::Binary(of) if of == quantity => Some(1),
            _ => None,
        })
    }

    /// Adds a measure as a certain object, such as 0x2E for a humidity in one byte.
    ///
    /// # Errors
    /// [`PayloadError`] when the object is not of this quantity, cannot hold the value, or there is no room.
    pub fn push_as(&mut self, id: u8, measure: impl Into<Measure>) -> Result<(), PayloadError> {
        let Measure { quantity, value } = measure.into();
        let refuse = PayloadError::OutOfRange { id, value };
        match object(id) {
            Some(Layout::Binary(of)) if of == quantity => match value {
                0 => self.insert(id, &[], &[0]),
                1 => self.insert(id, &[], &[1]),
                _ => Err(refuse),
            },
            Some(Layout::Number { quantity: of, width, is_signed, scale }) if of == quantity => {
                let raw = scale.raw(value).filter(|raw| range(width, is_signed).contains(raw)).ok_or(refuse)?;
                self.insert(id, &[], raw.to_le_bytes().get(..usize::from(width)).unwrap_or(&[]))
            }
            _ => Err(PayloadError::NoObject),
        }
    }

    /// Adds the number that changes with the data.
    ///
    /// # Errors
    /// [`PayloadError::Full`].
    pub fn push_packet_id(&mut self, packet_id: u8) -> Result<(), PayloadError> {
        self.insert(0x00, &[], &[packet_id])
    }

    /// Adds a button; `None` says that this one of several was not pressed.
    ///
    /// # Errors
    /// [`PayloadError::Full`].
    pub fn push_button(&mut self, press: Option<Press>) -> Result<(), PayloadError> {
        self.insert(0x3A, &[], &[press.map_or(0, Press::code)])
    }

    /// Adds a dimmer; `None` says that this one of several was not turned.
    ///
    /// # Errors
    /// [`PayloadError::Full`].
    pub fn push_dimmer(&mut self, turn: Option<(Turn, u8)>) -> Result<(), PayloadError> {
        let data = match turn {
            None => [0, 0],
            Some((Turn::Left, steps)) => [1, steps],
            Some((Turn::Right, steps)) => [2, steps],
        };
        self.insert(0x3C, &[], &data)
    }

    /// Adds a command with up to 31 bytes of argument.
    ///
    /// # Errors
    /// [`PayloadError::DataTooLong`] or [`PayloadError::Full`].
    pub fn push_command(&mut self, command: u8, argument: &[u8]) -> Result<(), PayloadError> {
        let too_long = PayloadError::DataTooLong { id: 0x3B, length: argument.len() };
        let length = u8::try_from(argument.len()).ok().filter(|length| *length <= 0x1F).ok_or(too_long)?;
        self.insert(0x3B, &[length, command], argument)
    }

    /// Adds a fact; a firmware version has 3 or 4 parts, least significant first.
    ///
    /// # Errors
    /// [`PayloadError`] when its bytes are too many, or there is no room.
    pub fn push_fact(&mut self, fact: Fact<'_>) -> Result<(), PayloadError> {
        match fact {
            Fact::Timestamp(seconds) => self.insert(0x50, &[], &seconds.to_le_bytes()),
            Fact::Text(text) => self.insert_counted(0x53, text.as_bytes()),
            Fact::Raw(bytes) => self.insert_counted(0x54, bytes),
            Fact::DeviceType(number) => self.insert(0xF0, &[], &number.to_le_bytes()),
            Fact::Firmware(parts) => match parts.len() {
                4 => self.insert(0xF1, &[], parts),
                3 => self.insert(0xF2, &[], parts),
                length => Err(PayloadError::DataTooLong { id: 0xF1, length }),
            },
        }
    }

    /// The advert in plain text.
    pub fn plain(&self, is_triggered: bool) -> Advert {
        Advert::new(DeviceInfo::of(false, is_triggered), &[self.objects()])
    }

    /// The advert sealed with the sensor's key.
    ///
    /// A counter is used for one payload only: the same counter with other objects gives both away.
    pub fn sealed(&self, is_triggered: bool, key: &Key, address: Address, counter: u32) -> Advert {
        let info = DeviceInfo::of(true, is_triggered);
        let counter = counter.to_le_bytes();
        let mut objects = self.clone();
        let data = objects.bytes.get_mut(..self.length).unwrap_or(&mut []);
        // A payload is far shorter than the 64 KiB at which sealing could refuse.
        let mic = seal::seal(key, &nonce(address, info, counter), &[], data).unwrap_or_default();
        Advert::new(info, &[data, &counter, &mic])
    }

    fn insert_counted(&mut self, id: u8, data: &[u8]) -> Result<(), PayloadError> {
        let length = data.len();
        let count = u8::try_from(length).map_err(|_| PayloadError::DataTooLong { id, length })?;
        self.insert(id, &[count], data)
    }

    /// Writes `id ‖ head ‖ data` behind all objects of the same or a lower id.
    fn insert(&mut self, id: u8, head: &[u8], data: &[u8]) -> Result<(), PayloadError> {
        let needed = 1 + head.len() + data.len();
        let left = CAPACITY - self.length;
        let at = self.place(id);
        let full = PayloadError::Full { needed, left };
        if needed > left {
            return Err(full);
        }
        self.bytes.copy_within(at..self.length, at + needed);
        let gap = self.bytes.get_mut(at..at + needed).ok_or(full)?;
        for (to, from) in gap.iter_mut().zip(core::iter::once(&id).chain(head).chain(data)) {
            *to = *from;
        }
        self.length += needed;
        Ok(())
    }

    /// Where the first object of a higher id begins.
    fn place(&self, id: u8) -> usize {
        let mut at = 0;
        while let Some((&there, after)) = self.objects().get(at..).and_then(<[u8]>::split_first) {
            let extent = object(there).and_then(|layout| extent(layout, after));
            match extent {
                Some((skip, length)) if there <= id => at += 1 + skip + length,
                _ => break,
            }
        }
        at
    }
}

impl Default for Payload {
    fn default() -> Self {
        Self::new()
    }
}

/// What the object of this layout measures.
const fn quantity_of(layout: Layout) -> Option<Quantity> {
    match layout {
        Layout::Number { quantity, .. } | Layout::Binary(quantity) => Some(quantity),
        _ => None,
    }
}

/// The numbers that an integer of `width` (1 to 4) bytes can hold.
const fn range(width: u8, is_signed: bool) -> Range<i64> {
    let count = 1_i64 << (8 * width as u32);
    if is_signed { -count / 2..count / 2 } else { 0..count }
}

/// An advert ready to be sent.
#[derive(Debug, Clone)]
pub struct Advert {
    bytes: [u8; MAX_SERVICE_DATA],
    length: usize,
}

impl Advert {
    fn new(info: DeviceInfo, parts: &[&[u8]]) -> Self {
        let mut advert = Self { bytes: [0; MAX_SERVICE_DATA], length: 0 };
        let info = [info.byte()];
        for (to, from) in advert.bytes.iter_mut().zip(info.iter().chain(parts.iter().copied().flatten())) {
            *to = *from;
            advert.length += 1;
        }
        advert
    }

    /// The service data, without the UUID.
    pub fn service_data(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or(&[])
    }

    /// Does it fit into a legacy advert of 31 bytes beside the flags? If not, it needs extended advertising.
    pub const fn fits_legacy(&self) -> bool {
        self.length <= LEGACY_SERVICE_DATA
    }

    /// The AD structures of a legacy advert (flags, then service data) in 31 bytes, and how many of them are used;
    /// `None` when it does not [fit](Self::fits_legacy).
    pub fn legacy(&self) -> Option<([u8; 31], usize)> {
        let length = u8::try_from(self.length).ok().filter(|_| self.fits_legacy())?;
        let head = [0x02, 0x01, 0x06, length + 3, 0x16, 0xD2, 0xFC];
        let mut bytes = [0; 31];
        for (to, from) in bytes.iter_mut().zip(head.iter().chain(self.service_data())) {
            *to = *from;
        }
        Some((bytes, head.len() + self.length))
    }
}
