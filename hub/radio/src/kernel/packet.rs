//! Packets of the kernel's Bluetooth management protocol, as far as a listener speaks it.
//!
//! Source: `doc/mgmt-protocol.rst` of BlueZ 5.82. All numbers are little-endian, addresses least significant byte first.

use std::fmt;

use hub_model::{Address, AdvertisingData};

use crate::{Sighting, kernel::socket::End};

/// No controller in particular.
const NO_INDEX: u16 = 0xFFFF;
/// The greatest packet that the kernel sends: an advert of 1650 bytes (Core 5.4, volume 4, part E, 7.7.65.13) and heads.
pub(crate) const MAX_PACKET: usize = 2048;

/// A request, which the kernel answers with the same opcode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    opcode: u16,
    index: u16,
    parameters: Vec<u8>,
}

/// How much of the time an adapter listens: `window` of every `interval`, in steps of 0.625 ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scan {
    pub(crate) interval: u16,
    pub(crate) window: u16,
}

/// Kinds of AD structures whose senders are wanted: service data, manufacturer data, names, flags. Controllers that filter
/// adverts themselves compare with these; with the others the kernel hands on everything.
const WANTED: [u8; 5] = [0x16, 0x21, 0xFF, 0x09, 0x01];
/// Public and random addresses, in bits.
const LOW_ENERGY: u8 = 0b110;
/// Room for the value of a pattern, which the protocol always sends whole.
const PATTERN_VALUE: [u8; 31] = [0; 31];

impl Request {
    const fn of(opcode: u16, index: u16, parameters: Vec<u8>) -> Self {
        Self { opcode, index, parameters }
    }

    /// Which controllers are there: answered with their number and their indexes.
    pub(crate) const fn list() -> Self {
        Self::of(0x0003, NO_INDEX, Vec::new())
    }

    /// What a controller is: see [`Info`].
    pub(crate) const fn info(index: u16) -> Self {
        Self::of(0x0004, index, Vec::new())
    }

    /// Switches a controller on or off.
    pub(crate) fn power(index: u16, is_on: bool) -> Self {
        Self::of(0x0005, index, vec![is_on.into()])
    }

    /// Switches its low energy half on or off.
    pub(crate) fn low_energy(index: u16, is_on: bool) -> Self {
        Self::of(0x000D, index, vec![is_on.into()])
    }

    /// How it is to listen when monitors want it to (parameters 0x0013 and 0x0014).
    pub(crate) fn scan(index: u16, scan: Scan) -> Self {
        Self::defaults(index, &[(0x0013, scan.interval), (0x0014, scan.window)])
    }

    /// Sets parameters that the kernel uses by itself.
    fn defaults(index: u16, parameters: &[(u16, u16)]) -> Self {
        let bytes = parameters.iter().flat_map(|(kind, value)| {
            let ([k0, k1], [v0, v1]) = (kind.to_le_bytes(), value.to_le_bytes());
            [k0, k1, 2, v0, v1]
        });
        Self::of(0x004C, index, bytes.collect())
    }

    /// How it is to connect: within 800 ms of an advert or not at all, for it does not listen meanwhile; every 15 to 30 ms
    /// from then on; and lost after two seconds, where the kernel's own 420 ms end a weak connection (parameters 0x0017
    /// to 0x001B, in steps of 1.25, 10 and 1 ms).
    pub(crate) fn connecting(index: u16) -> Self {
        Self::defaults(index, &[(0x0017, 12), (0x0018, 24), (0x0019, 0), (0x001A, 200), (0x001B, 800)])
    }

    /// Begins to listen actively, to low energy alone: the kernel joins adverts and what is answered, and stops after ten
    /// seconds.
    pub(crate) fn discover(index: u16) -> Self {
        Self::of(0x0023, index, vec![LOW_ENERGY])
    }

    /// Ends that.
    pub(crate) fn stop_discovery(index: u16) -> Self {
        Self::of(0x0024, index, vec![LOW_ENERGY])
    }

    /// Ends a connection: answered when it has ended.
    pub(crate) fn disconnect(index: u16, peer: End) -> Self {
        let [a, b, c, d, e, f] = peer.bytes();
        Self::of(0x0014, index, vec![a, b, c, d, e, f, peer.kind()])
    }

    /// Makes a monitor, which has the controller listen passively until it is removed: answered with its handle.
    pub(crate) fn add_monitor(index: u16) -> Self {
        let count = u8::try_from(WANTED.len()).unwrap_or(u8::MAX);
        let patterns = WANTED.iter().flat_map(|kind| [*kind, 0, 0].into_iter().chain(PATTERN_VALUE));
        Self::of(0x0052, index, std::iter::once(count).chain(patterns).collect())
    }

    /// Removes a monitor.
    pub(crate) fn remove_monitor(index: u16, handle: u16) -> Self {
        Self::of(0x0053, index, handle.to_le_bytes().to_vec())
    }

    /// What it asks for.
    pub(crate) const fn opcode(&self) -> u16 {
        self.opcode
    }

    /// Which controller it asks.
    pub(crate) const fn index(&self) -> u16 {
        self.index
    }

    /// The packet.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let length = u16::try_from(self.parameters.len()).unwrap_or(u16::MAX);
        let head = [self.opcode, self.index, length].into_iter().flat_map(u16::to_le_bytes);
        head.chain(self.parameters.iter().copied()).collect()
    }
}

/// What the kernel says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Status(pub(crate) u8);

impl Status {
    pub(crate) const SUCCESS: Self = Self(0x00);
    pub(crate) const INVALID_INDEX: Self = Self(0x11);
    pub(crate) const BLOCKED: Self = Self(0x12);
    pub(crate) const PERMISSION_DENIED: Self = Self(0x14);

    /// Does the same request have a chance a moment later? While bluetoothd starts, the kernel says failed and busy.
    pub(crate) const fn is_passing(self) -> bool {
        matches!(self.0, 0x03 | 0x08 | 0x0A | 0x0F | 0x10)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.0 {
            0x00 => "success",
            0x01 => "unknown command (the kernel is too old)",
            0x03 => "failed",
            0x07 => "no resources",
            0x08 => "time-out of the controller",
            0x0A => "busy",
            0x0B => "rejected",
            0x0C => "not supported by the controller",
            0x0D => "invalid parameters",
            0x0F => "not powered",
            0x10 => "cancelled",
            0x11 => "no such controller",
            0x12 => "blocked by rfkill (`rfkill unblock bluetooth`)",
            0x14 => "permission denied (the hub needs CAP_NET_ADMIN)",
            other => return write!(f, "status 0x{other:02x}"),
        };
        f.write_str(word)
    }
}

/// What the kernel tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Event {
    /// The answer to a request.
    Answered { opcode: u16, index: u16, status: Status, data: Vec<u8> },
    /// A controller was plugged in.
    Added(u16),
    /// A controller is gone.
    Removed(u16),
    /// The settings of a controller have changed.
    Settings(u16, Settings),
    /// A monitor was removed: handle 0 means all of them.
    MonitorRemoved { index: u16, handle: u16 },
    /// A device was heard.
    Heard(u16, Sighting),
    /// A connection was made, by whoever.
    Connected(u16, Address),
    /// A connection has ended.
    Disconnected(u16, Address),
    /// Something that a listener has no use for.
    Other,
}

/// A packet that is shorter than it says, or than its kind has to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the kernel sent a packet of {length} bytes that is cut off: {head:02x?}")]
pub(crate) struct Malformed {
    length: usize,
    head: Vec<u8>,
}

/// Settings of a controller, a bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Settings(u32);

impl Settings {
    /// Is it on?
    pub(crate) const fn is_powered(self) -> bool {
        self.0 & 1 != 0
    }

    /// Is its low energy half on?
    pub(crate) const fn is_low_energy(self) -> bool {
        self.0 & (1 << 9) != 0
    }
}

/// What a controller is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Info {
    pub(crate) address: Address,
    /// What it can do.
    pub(crate) supported: Settings,
    /// What it does.
    pub(crate) current: Settings,
}

impl Info {
    /// Reads the answer to [`Request::info`].
    pub(crate) fn parse(data: &[u8]) -> Option<Self> {
        let (address, rest) = address(data)?;
        let (_version_and_maker, rest) = rest.split_at_checked(3)?;
        let (supported, rest) = rest.split_first_chunk()?;
        let (current, _class_and_names) = rest.split_first_chunk()?;
        let settings = |bytes: &[u8; 4]| Settings(u32::from_le_bytes(*bytes));
        Some(Self { address, supported: settings(supported), current: settings(current) })
    }
}

/// Reads the answer to [`Request::list`].
pub(crate) fn indexes(data: &[u8]) -> Option<Vec<u16>> {
    let (count, rest) = number(data)?;
    let indexes = rest.get(..usize::from(count) * 2)?;
    Some(indexes.chunks_exact(2).filter_map(|pair| Some(number(pair)?.0)).collect())
}

/// Reads the answer to [`Request::add_monitor`].
pub(crate) fn handle(data: &[u8]) -> Option<u16> {
    number(data).map(|(handle, _)| handle)
}

impl Event {
    /// Reads a packet.
    pub(crate) fn parse(packet: &[u8]) -> Result<Self, Malformed> {
        Self::read(packet)
            .ok_or_else(|| Malformed { length: packet.len(), head: packet.iter().take(16).copied().collect() })
    }

    fn read(packet: &[u8]) -> Option<Self> {
        let (code, rest) = number(packet)?;
        let (index, rest) = number(rest)?;
        let (length, rest) = number(rest)?;
        let body = rest.get(..usize::from(length))?;
        Some(match code {
            // Command Complete and Command Status differ in what follows.
            0x0001 | 0x0002 => {
                let (opcode, rest) = number(body)?;
                let (status, data) = rest.split_first()?;
                Self::Answered { opcode, index, status: Status(*status), data: data.to_vec() }
            }
            0x0004 => Self::Added(index),
            0x0005 => Self::Removed(index),
            0x0006 => Self::Settings(index, Settings(u32::from_le_bytes(*body.first_chunk()?))),
            0x000B => Self::Connected(index, address(body)?.0),
            0x000C => Self::Disconnected(index, address(body)?.0),
            0x0012 => Self::Heard(index, sighting(body)?),
            0x002C => Self::MonitorRemoved { index, handle: number(body)?.0 },
            // As 0x0012, with the handle of the monitor before it.
            0x002F => Self::Heard(index, sighting(number(body)?.1)?),
            _ => Self::Other,
        })
    }
}

/// A device that was heard: address, kind of address, RSSI, flags, length, AD structures.
fn sighting(body: &[u8]) -> Option<Sighting> {
    const RANDOM: u8 = 0x02;
    const NOT_CONNECTABLE: u32 = 1 << 2;
    /// What the kernel says where the controller told no RSSI.
    const UNKNOWN: i8 = 127;
    let (address, rest) = address(body)?;
    let ([kind, rssi], rest) = rest.split_first_chunk()?;
    let (flags, rest) = rest.split_first_chunk()?;
    let (length, rest) = number(rest)?;
    let rssi = rssi.cast_signed();
    Some(Sighting {
        address,
        is_random: *kind == RANDOM,
        is_connectable: u32::from_le_bytes(*flags) & NOT_CONNECTABLE == 0,
        rssi: (rssi != UNKNOWN).then_some(rssi),
        data: AdvertisingData::parse(rest.get(..usize::from(length))?),
    })
}

fn number(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk()?;
    Some((u16::from_le_bytes(*head), rest))
}

fn address(bytes: &[u8]) -> Option<(Address, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<6>()?;
    let mut bytes = *head;
    bytes.reverse();
    Some((Address::new(bytes), rest))
}

#[cfg(test)]
mod tests;
