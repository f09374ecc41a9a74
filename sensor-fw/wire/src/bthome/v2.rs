//! Reading of version 2: service data → frame → items. The layout stands in the [parent](super).

use core::{fmt, iter::FusedIterator};

use super::{
    Address, Buffer, Item, MAX_SERVICE_DATA, Report,
    item::Numbering,
    object::{Layout, object},
};
use crate::seal::{self, BadMic, Key, Mic, Nonce};

/// The UUID of the service data.
pub const UUID: u16 = 0xFCD2;

/// Counter and message integrity check at the end of a sealed frame.
pub(super) const SEAL: usize = 8;

/// The first byte of the service data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceInfo(u8);

impl DeviceInfo {
    /// The byte as sent.
    pub const fn new(byte: u8) -> Self {
        Self(byte)
    }

    /// The byte of a frame that we write.
    pub(super) const fn of(is_encrypted: bool, is_triggered: bool) -> Self {
        Self(0x40 | is_encrypted as u8 | ((is_triggered as u8) << 2))
    }

    /// The byte as sent.
    pub const fn byte(self) -> u8 {
        self.0
    }

    /// Are the objects sealed?
    pub const fn is_encrypted(self) -> bool {
        self.0 & 0x01 != 0
    }

    /// Does the address follow, as the first drafts of version 2 had it?
    pub const fn has_address(self) -> bool {
        self.0 & 0x02 != 0
    }

    /// Does the device send on events only, rather than at an interval?
    pub const fn is_triggered(self) -> bool {
        self.0 & 0x04 != 0
    }

    /// The version of the format, 2.
    pub const fn version(self) -> u8 {
        self.0 >> 5
    }
}

/// Service data that is no frame of version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// No device info, or less than the frame says of itself.
    Truncated {
        /// How many bytes there are.
        length: usize,
        /// How many there would have to be.
        needed: usize,
    },
    /// More than an advertisement can carry.
    TooLong {
        /// How many bytes there are.
        length: usize,
    },
    /// Another version of the format.
    Version {
        /// The version that it says.
        version: u8,
    },
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { length, needed } => write!(f, "frame of {length} bytes, at least {needed} are needed"),
            Self::TooLong { length } => write!(f, "frame of {length} bytes, at most {MAX_SERVICE_DATA} can be sent"),
            Self::Version { version } => write!(f, "version {version} in the device info byte, expected 2"),
        }
    }
}

impl core::error::Error for FrameError {}

/// What follows the device info.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Body<'a> {
    Plain(&'a [u8]),
    Sealed { ciphertext: &'a [u8], counter: [u8; 4], mic: Mic },
}

/// A frame whose outside was understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame<'a> {
    info: DeviceInfo,
    address: Option<Address>,
    body: Body<'a>,
}

impl<'a> Frame<'a> {
    /// The frame in this service data (without the UUID).
    ///
    /// # Errors
    /// [`FrameError`] when it is too short, too long or of another version.
    pub fn parse(service_data: &'a [u8]) -> Result<Self, FrameError> {
        let length = service_data.len();
        let Some((&first, rest)) = service_data.split_first() else {
            return Err(FrameError::Truncated { length, needed: 1 });
        };
        if length > MAX_SERVICE_DATA {
            return Err(FrameError::TooLong { length });
        }
        let info = DeviceInfo::new(first);
        if info.version() != 2 {
            return Err(FrameError::Version { version: info.version() });
        }
        let (address, rest) = if info.has_address() {
            let Some((reversed, rest)) = rest.split_first_chunk::<6>() else {
                return Err(FrameError::Truncated { length, needed: 7 });
            };
            let [a, b, c, d, e, f] = *reversed;
            (Some([f, e, d, c, b, a]), rest)
        } else {
            (None, rest)
        };
        let body = if info.is_encrypted() {
            let sealed = rest.split_last_chunk::<4>().and_then(|(head, mic)| {
                let (ciphertext, counter) = head.split_last_chunk::<4>()?;
                Some(Body::Sealed { ciphertext, counter: *counter, mic: *mic })
            });
            sealed.ok_or(FrameError::Truncated { length, needed: length - rest.len() + SEAL })?
        } else {
            Body::Plain(rest)
        };
        Ok(Self { info, address, body })
    }

    /// The device info byte.
    pub const fn info(&self) -> DeviceInfo {
        self.info
    }

    /// The counter of a sealed frame. Nothing vouches for it before [`open`](Self::open) succeeded.
    pub const fn counter(&self) -> Option<u32> {
        match self.body {
            Body::Plain(_) => None,
            Body::Sealed { counter, .. } => Some(u32::from_le_bytes(counter)),
        }
    }

    /// The items of a plain frame; `None` when it is sealed.
    pub fn items(&self) -> Option<Items<'a>> {
        match self.body {
            Body::Plain(objects) => Some(Items::new(objects)),
            Body::Sealed { .. } => None,
        }
    }

    /// The items of a frame, which is decrypted into `buffer` when it is sealed.
    ///
    /// # Errors
    /// [`BadMic`] when the key is not the sender's, the address is another, or a bit was changed.
    pub fn open<'b>(&self, key: &Key, address: Address, buffer: &'b mut Buffer) -> Result<Items<'b>, BadMic>
    where
        'a: 'b,
    {
        let Body::Sealed { ciphertext, counter, mic } = self.body else {
            return Ok(self.items().unwrap_or_else(|| Items::new(&[])));
        };
        let data = buffer.get_mut(..ciphertext.len()).ok_or(BadMic)?;
        data.copy_from_slice(ciphertext);
        seal::open(key, &nonce(self.address.unwrap_or(address), self.info, counter), &[], data, &mic)?;
        Ok(Items::new(data))
    }
}

/// Address (6) ‖ UUID as sent (2) ‖ device info (1) ‖ counter as sent (4).
pub(super) fn nonce(address: Address, info: DeviceInfo, counter: [u8; 4]) -> Nonce {
    let [a, b, c, d, e, f] = address;
    let [low, high] = UUID.to_le_bytes();
    let [g, h, i, j] = counter;
    Nonce::Thirteen([a, b, c, d, e, f, low, high, info.byte(), g, h, i, j])
}

/// The items of objects, in the order sent.
///
/// It ends at the end of the bytes, at an object that nobody knows (whose width is therefore unknown), or at one that
/// is cut off; [`report`](Self::report) tells which.
#[derive(Debug, Clone)]
pub struct Items<'a> {
    rest: &'a [u8],
    highest: u8,
    numbering: Numbering,
    report: Report,
}

impl<'a> Items<'a> {
    /// The items of these objects (without device info, decrypted).
    pub const fn new(objects: &'a [u8]) -> Self {
        Self { rest: objects, highest: 0, numbering: Numbering::new(), report: Report::NOTHING }
    }

    /// What was odd so far; complete when the items have ended.
    pub const fn report(&self) -> Report {
        self.report
    }

    fn stop(&mut self) -> Option<(Layout, &'a [u8])> {
        self.rest = &[];
        None
    }

    /// Takes the next object from the bytes.
    fn take(&mut self) -> Option<(Layout, &'a [u8])> {
        let (&id, after) = self.rest.split_first()?;
        let Some(layout) = object(id) else {
            self.report.unknown_object = Some(id);
            return self.stop();
        };
        self.report.is_unordered |= id < self.highest;
        self.highest = id;
        let (data, rest) = match extent(layout, after).and_then(|(skip, length)| {
            let (data, rest) = after.get(skip..)?.split_at_checked(length)?;
            Some((data, rest))
        }) {
            Some(split) => split,
            None => {
                self.report.truncated_object = Some(id);
                return self.stop();
            }
        };
        self.rest = rest;
        Some((layout, data))
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            let (layout, data) = self.take()?;
            let item = match layout {
                Layout::Number { quantity, is_signed, scale, .. } => {
                    let steps = integer(data, is_signed).and_then(|raw| scale.steps(raw));
                    steps.and_then(|value| self.numbering.reading(quantity, value))
                }
                other => self.numbering.item(other, data),
            };
            if item.is_some() {
                return item;
            }
        }
    }
}

impl FusedIterator for Items<'_> {}

/// How many bytes stand before the data of an object (its length byte), and how many the data has.
pub(super) fn extent(layout: Layout, after_id: &[u8]) -> Option<(usize, usize)> {
    Some(match layout {
        Layout::Number { width, .. } | Layout::Firmware { width } => (0, usize::from(width)),
        Layout::Binary(_) | Layout::PacketId | Layout::Button => (0, 1),
        Layout::Dimmer | Layout::DeviceType => (0, 2),
        Layout::Timestamp => (0, 4),
        Layout::Text | Layout::Raw => (1, usize::from(*after_id.first()?)),
        // The upper 3 bits are reserved; the command itself is not counted.
        Layout::Command => (1, 1 + usize::from(*after_id.first()? & 0x1F)),
    })
}

/// A little-endian integer of up to 8 bytes; `None` when it is wider or beyond `i64`.
pub(super) fn integer(data: &[u8], is_signed: bool) -> Option<i64> {
    let is_negative = is_signed && data.last()? & 0x80 != 0;
    let mut bytes = [if is_negative { 0xFF } else { 0 }; 8];
    bytes.get_mut(..data.len())?.copy_from_slice(data);
    if is_signed { Some(i64::from_le_bytes(bytes)) } else { i64::try_from(u64::from_le_bytes(bytes)).ok() }
}
