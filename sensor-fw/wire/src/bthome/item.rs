//! What an object says, and the numbering of several that say it of the same thing.

use units::Quantity;

use super::object::Layout;

/// How a button was pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Press {
    /// Once.
    Press,
    /// Twice.
    DoublePress,
    /// Three times.
    TriplePress,
    /// Long.
    LongPress,
    /// Twice, long.
    LongDoublePress,
    /// Three times, long.
    LongTriplePress,
    /// Still held.
    HoldPress,
    /// Let go after being held: not in the specification, but sent and understood in the field.
    HoldRelease,
}

impl Press {
    const CODES: [(u8, Self); 9] = [
        (0x01, Self::Press),
        (0x02, Self::DoublePress),
        (0x03, Self::TriplePress),
        (0x04, Self::LongPress),
        (0x05, Self::LongDoublePress),
        (0x06, Self::LongTriplePress),
        (0x80, Self::HoldPress),
        (0x81, Self::HoldRelease),
        // Of Shelly BLU before firmware 1.0.23 of 2025; no version of the specification has it, and we never send it.
        (0xFE, Self::HoldPress),
    ];

    /// The press of this event number; 0 is "nothing happened" and has none.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::CODES.iter().find(|(known, _)| *known == code).map(|(_, press)| *press)
    }

    /// The event number.
    pub fn code(self) -> u8 {
        Self::CODES.iter().find(|(_, press)| *press == self).map_or(0, |(code, _)| *code)
    }
}

/// Which way a dimmer was turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Turn {
    /// Counter-clockwise.
    Left,
    /// Clockwise.
    Right,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// A button was pressed.
    Button {
        /// Which of several, from 0.
        instance: u8,
        /// How.
        press: Press,
    },
    /// A dimmer was turned.
    Dimmer {
        /// Which of several, from 0.
        instance: u8,
        /// Which way.
        turn: Turn,
        /// How far.
        steps: u8,
    },
    /// A command was sent.
    Command {
        /// Which of several, from 0.
        instance: u8,
        /// Which command: 0 off, 1 on, 2 toggle, 3 step up, 4 step down; others are the maker's.
        command: u8,
        /// Up to 31 bytes: the number of steps, or what the maker means by them.
        argument: &'a [u8],
    },
}

/// Something that a device says of itself, or data without a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact<'a> {
    /// Seconds since 1970 by the device's own clock.
    Timestamp(u32),
    /// Text. Bytes that are not UTF-8 come as [`Fact::Raw`].
    Text(&'a str),
    /// Bytes of a meaning that only the maker knows.
    Raw(&'a [u8]),
    /// The maker's number of the type of device.
    DeviceType(u16),
    /// Parts of the firmware version, least significant first, as sent (3 or 4).
    Firmware(&'a [u8]),
}

/// One thing that a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Item<'a> {
    /// A measured value.
    Reading {
        /// What is measured.
        quantity: Quantity,
        /// Which of several sensors of one quantity, from 0 in the order sent.
        instance: u8,
        /// The value in steps of the quantity.
        value: i64,
    },
    /// Something that happened.
    Event(Event<'a>),
    /// Something that the device says of itself.
    Fact(Fact<'a>),
    /// The number that changes with the data.
    PacketId(u8),
}

/// What was odd about the objects read so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The first object id that is not in the table: reading stopped there (version 2) or stepped over it (version 1).
    pub unknown_object: Option<u8>,
    /// The object whose bytes the frame does not hold to the end: reading stopped there.
    pub truncated_object: Option<u8>,
    /// The first object that was stepped over because its number is none: not finite, or beyond 64 bits (version 1).
    pub unreadable_object: Option<u8>,
    /// Did an object stand after one of a higher id (version 2)? The values are read all the same.
    pub is_unordered: bool,
}

impl Report {
    pub(super) const NOTHING: Self =
        Self { unknown_object: None, truncated_object: None, unreadable_object: None, is_unordered: false };
}

/// How many of each quantity and kind of event were seen.
#[derive(Debug, Clone)]
pub(super) struct Numbering {
    quantities: [u8; Self::CODES],
    buttons: u8,
    dimmers: u8,
    commands: u8,
}

impl Numbering {
    /// Codes of quantities are below this (a test holds it).
    pub(super) const CODES: usize = 128;

    pub(super) const fn new() -> Self {
        Self { quantities: [0; Self::CODES], buttons: 0, dimmers: 0, commands: 0 }
    }

    /// The item of a measured value.
    pub(super) fn reading(&mut self, quantity: Quantity, value: i64) -> Option<Item<'static>> {
        let count = self.quantities.get_mut(usize::from(quantity.code()))?;
        Some(Item::Reading { quantity, instance: next(count), value })
    }

    /// The item of an object that is no number; `None` when it says nothing (a button that was not pressed).
    pub(super) fn item<'a>(&mut self, layout: Layout, data: &'a [u8]) -> Option<Item<'a>> {
        match (layout, data) {
            (Layout::Binary(quantity), [byte, ..]) => self.reading(quantity, i64::from(*byte != 0)),
            (Layout::PacketId, [id, ..]) => Some(Item::PacketId(*id)),
            (Layout::Button, [code, ..]) => {
                let instance = next(&mut self.buttons);
                Press::from_code(*code).map(|press| Item::Event(Event::Button { instance, press }))
            }
            (Layout::Dimmer, [code, rest @ ..]) => {
                let instance = next(&mut self.dimmers);
                let turn = match code {
                    1 => Turn::Left,
                    2 => Turn::Right,
                    _ => return None,
                };
                let steps = rest.first().copied().unwrap_or(0);
                Some(Item::Event(Event::Dimmer { instance, turn, steps }))
            }
            (Layout::Command, [command, argument @ ..]) => {
                let instance = next(&mut self.commands);
                Some(Item::Event(Event::Command { instance, command: *command, argument }))
            }
            (Layout::Timestamp, [a, b, c, d]) => {
                Some(Item::Fact(Fact::Timestamp(u32::from_le_bytes([*a, *b, *c, *d]))))
            }
            (Layout::Text, bytes) => Some(Item::Fact(core::str::from_utf8(bytes).map_or(Fact::Raw(bytes), Fact::Text))),
            (Layout::Raw, bytes) => Some(Item::Fact(Fact::Raw(bytes))),
            (Layout::DeviceType, [low, high]) => Some(Item::Fact(Fact::DeviceType(u16::from_le_bytes([*low, *high])))),
            (Layout::Firmware { .. }, [_, _, _] | [_, _, _, _]) => Some(Item::Fact(Fact::Firmware(data))),
            _ => None,
        }
    }
}

/// The count before it is raised.
fn next(count: &mut u8) -> u8 {
    let instance = *count;
    *count = count.saturating_add(1);
    instance
}
