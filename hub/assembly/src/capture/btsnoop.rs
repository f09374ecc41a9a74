//! The btsnoop format: a head, then records of one HCI packet each (all numbers big-endian).
//!
//! ```text
//! head    "btsnoop\0" | version u32 (1) | data link u32 (1002: HCI UART, 2001: Linux monitor)
//! record  original length u32 | length u32 | flags u32 | drops u32 | µs since year 0 i64 | packet
//! ```
//!
//! In monitor records the low half of `flags` is the opcode (3: HCI event) and the upper the adapter's index.

use std::io::{BufRead, Read};

use hub_model::{Address, AdvertisingData, RawAdvert, Stamp, UnixMillis};

use super::{CaptureError, Captured};

pub(super) const MAGIC: [u8; 8] = *b"btsnoop\0";
/// Microseconds from year 0 to 1970.
const UNIX_EPOCH_US: i64 = 0x00DC_DDB3_0F2F_8000;
const HCI_UART: u32 = 1002;
const MONITOR: u32 = 2001;
/// Larger than any HCI packet; a length beyond it is not a length.
const MAX_PACKET: u32 = 65_536;

pub(super) struct Btsnoop<R> {
    input: R,
    link: u32,
    offset: u64,
    has_ended: bool,
    /// Reports of the present packet that were not handed out yet, last first.
    waiting: Vec<Captured>,
}

impl<R: BufRead> Btsnoop<R> {
    pub(super) fn open(mut input: R) -> Result<Self, CaptureError> {
        let mut head = [0; 16];
        input.read_exact(&mut head).map_err(CaptureError::Read)?;
        let [.., a, b, c, d] = head;
        let link = u32::from_be_bytes([a, b, c, d]);
        if link != HCI_UART && link != MONITOR {
            return Err(CaptureError::DataLink { link });
        }
        Ok(Self { input, link, offset: 16, has_ended: false, waiting: Vec::new() })
    }

    pub(super) fn next(&mut self) -> Option<Result<Captured, CaptureError>> {
        loop {
            if let Some(captured) = self.waiting.pop() {
                return Some(Ok(captured));
            }
            if self.has_ended {
                return None;
            }
            match self.record() {
                Ok(true) => {}
                Ok(false) => self.has_ended = true,
                Err(error) => {
                    self.has_ended = true;
                    return Some(Err(error));
                }
            }
        }
    }

    /// Reads one record; false at the end of the file.
    fn record(&mut self) -> Result<bool, CaptureError> {
        let truncated = CaptureError::Truncated { offset: self.offset };
        if self.input.fill_buf().map_err(CaptureError::Read)?.is_empty() {
            return Ok(false);
        }
        let mut head = [0; 24];
        if self.input.read_exact(&mut head).is_err() {
            return Err(truncated);
        }
        let number = |at: usize| head.get(at..at + 4).map_or(0, |b| b.iter().fold(0, |n, b| n << 8 | u32::from(*b)));
        let (length, flags) = (number(4), number(8));
        let at_us = (i64::from(number(16)) << 32 | i64::from(number(20))) - UNIX_EPOCH_US;
        if length > MAX_PACKET {
            return Err(truncated);
        }
        let mut packet = Vec::new();
        let read = self.input.by_ref().take(u64::from(length)).read_to_end(&mut packet);
        if read.map_err(CaptureError::Read)? as u64 != u64::from(length) {
            return Err(truncated);
        }
        self.offset += 24 + u64::from(length);
        let event = match (self.link, packet.as_slice()) {
            (MONITOR, event) if flags & 0xFFFF == 3 => event,
            (HCI_UART, [0x04, event @ ..]) => event,
            _ => return Ok(true),
        };
        reports(event, UnixMillis(at_us.div_euclid(1000)), &mut self.waiting);
        self.waiting.reverse();
        Ok(true)
    }
}

/// The advertising reports of an LE meta event (Core Specification, Vol 4, Part E, 7.7.65.2 and 7.7.65.13).
fn reports(event: &[u8], at: UnixMillis, into: &mut Vec<Captured>) {
    let [0x3E, _, subevent, count, rest @ ..] = event else { return };
    let mut rest = rest;
    for _ in 0..*count {
        let report = match subevent {
            0x02 => legacy(rest),
            0x0D => extended(rest),
            _ => None,
        };
        let Some((address, rssi, data, after)) = report else { return };
        rest = after;
        let payload = AdvertisingData::parse(data);
        let advert = RawAdvert {
            rssi: (rssi != 127).then_some(rssi),
            name: payload.name,
            service_data: payload.service_data,
            long_service_data: payload.long_service_data,
            manufacturer_data: payload.manufacturer_data,
            ..RawAdvert::new(address, Stamp::wall(at))
        };
        into.push(Captured { at, advert, key: None });
    }
}

type Report<'a> = (Address, i8, &'a [u8], &'a [u8]);

/// `event type | address type | address 6 | length | data | rssi`
fn legacy(bytes: &[u8]) -> Option<Report<'_>> {
    let [_, _, a, b, c, d, e, f, length, rest @ ..] = bytes else { return None };
    let (data, rest) = rest.split_at_checked(usize::from(*length))?;
    let (rssi, rest) = rest.split_first()?;
    Some((Address::new([*f, *e, *d, *c, *b, *a]), rssi.cast_signed(), data, rest))
}

/// `event type 2 | address type | address 6 | PHYs 2 | SID | TX power | rssi | interval 2 | direct address 7 | length | data`
fn extended(bytes: &[u8]) -> Option<Report<'_>> {
    let [_, _, _, a, b, c, d, e, f, _, _, _, _, rssi, rest @ ..] = bytes else { return None };
    let [_, _, _, _, _, _, _, _, _, length, rest @ ..] = rest else { return None };
    let (data, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((Address::new([*f, *e, *d, *c, *b, *a]), rssi.cast_signed(), data, rest))
}
