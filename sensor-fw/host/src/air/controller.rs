use std::{collections::VecDeque, task::Waker};

use bt_hci::{
    cmd::{
        Cmd,
        controller_baseband::{HostBufferSize, Reset, SetEventMask, SetEventMaskPage2},
        info::ReadBdAddr,
        le::{
            LeReadBufferSize, LeReadFilterAcceptListSize, LeSetAdvData, LeSetAdvEnable, LeSetAdvParams, LeSetEventMask,
            LeSetRandomAddr,
        },
        link_control::Disconnect,
    },
    param::Error,
};

use super::{
    advertiser::Advertiser,
    line::{Gone, Line, Part, SUPERVISION_US},
    pdu::{AdvertisingPdu, Listening},
};

/// Packets for the host, with the head that HCI gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    Event(Vec<u8>),
    Acl(Vec<u8>),
}

/// What a command is answered with, behind its status.
pub(super) type Reply = Vec<u8>;

/// The one connection of a sensor.
const HANDLE: u16 = 1;
/// How long a packet of the link layer may be, and how many wait to be sent.
const ACL_LENGTH: u16 = 251;
const ACL_PACKETS: u8 = 8;
/// An advertising interval is a number of 0.625 ms.
const UNIT_US: u64 = 625;
/// `ADV_IND` and `ADV_NONCONN_IND` (Core 5.4, volume 4, part E, 7.8.5).
const CONNECTABLE: u8 = 0;
const NOT_CONNECTABLE: u8 = 3;
/// Where the first part of an L2CAP frame begins (Core 5.4, volume 4, part E, 5.4.2).
const FIRST: u16 = 0b10;
const CONTINUING: u16 = 0b01;
/// Length and channel of an L2CAP frame.
const HEAD: usize = 4;

/// A controller for a peripheral: what it is told comes in, what it tells waits in a queue.
#[derive(Debug)]
pub(crate) struct Controller {
    advertiser: Advertiser,
    random_address: [u8; 6],
    line: Option<Line>,
    /// What has reached the central of a frame that is not whole.
    partial: Vec<u8>,
    packets: VecDeque<Packet>,
    reader: Option<Waker>,
    arrived: VecDeque<Vec<u8>>,
    gone: Option<Gone>,
}

impl Controller {
    pub(crate) const fn new(luck: u64) -> Self {
        Self {
            advertiser: Advertiser::new(luck),
            random_address: [0; 6],
            line: None,
            partial: Vec::new(),
            packets: VecDeque::new(),
            reader: None,
            arrived: VecDeque::new(),
            gone: None,
        }
    }

    /// The power is gone, or the program ends: the radio is silent, and whoever was connected is left to find out.
    pub(crate) fn power_off(&mut self) {
        self.reset();
        self.reader = None;
    }

    fn reset(&mut self) {
        self.advertiser.reset();
        self.random_address = [0; 6];
        self.partial.clear();
        self.packets.clear();
        if self.line.take().is_some() {
            self.gone = Some(Gone::Timeout);
        }
    }

    /// Does what the host wants; what is not known is refused as the specification has it.
    pub(super) fn command(&mut self, opcode: u16, parameters: &[u8], now_us: u64) -> Result<Reply, Error> {
        const RESET: u16 = Reset::OPCODE.to_raw();
        const EVENT_MASK: u16 = SetEventMask::OPCODE.to_raw();
        const EVENT_MASK_2: u16 = SetEventMaskPage2::OPCODE.to_raw();
        const LE_EVENT_MASK: u16 = LeSetEventMask::OPCODE.to_raw();
        const HOST_BUFFERS: u16 = HostBufferSize::OPCODE.to_raw();
        const BUFFERS: u16 = LeReadBufferSize::OPCODE.to_raw();
        const ACCEPT_LIST: u16 = LeReadFilterAcceptListSize::OPCODE.to_raw();
        const PUBLIC_ADDRESS: u16 = ReadBdAddr::OPCODE.to_raw();
        const RANDOM_ADDRESS: u16 = LeSetRandomAddr::OPCODE.to_raw();
        const PARAMETERS: u16 = LeSetAdvParams::OPCODE.to_raw();
        const DATA: u16 = LeSetAdvData::OPCODE.to_raw();
        const ENABLE: u16 = LeSetAdvEnable::OPCODE.to_raw();
        const DISCONNECT: u16 = Disconnect::OPCODE.to_raw();
        match (opcode, parameters) {
            (RESET, []) => {
                self.reset();
                Ok(Reply::new())
            }
            // Nothing is ever told that these could keep back.
            (EVENT_MASK | EVENT_MASK_2 | LE_EVENT_MASK, [_, _, _, _, _, _, _, _]) => Ok(Reply::new()),
            (HOST_BUFFERS, [_, _, _, _, _, _, _]) => Ok(Reply::new()),
            (BUFFERS, []) => {
                let [low, high] = ACL_LENGTH.to_le_bytes();
                Ok(vec![low, high, ACL_PACKETS])
            }
            (ACCEPT_LIST, []) => Ok(vec![8]),
            (PUBLIC_ADDRESS, []) => Ok(vec![0; 6]),
            // Core 5.4, volume 4, part E, 7.8.4 and 7.8.5: not while adverts are sent.
            (RANDOM_ADDRESS | PARAMETERS, _) if self.advertiser.is_sending() => Err(Error::CMD_DISALLOWED),
            (RANDOM_ADDRESS, address) => {
                let mut address: [u8; 6] = address.try_into().map_err(|_| Error::INVALID_HCI_PARAMETERS)?;
                address.reverse();
                self.random_address = address;
                Ok(Reply::new())
            }
            (PARAMETERS, parameters) => self.set_parameters(parameters),
            (DATA, parameters) if self.advertiser.pdu.set_data(parameters) => Ok(Reply::new()),
            (ENABLE, [1]) if self.line.is_some() && self.advertiser.pdu.is_connectable => {
                Err(Error::CONN_LIMIT_EXCEEDED)
            }
            (ENABLE, [is_on @ (0 | 1)]) => {
                self.advertiser.pdu.from = self.random_address;
                self.advertiser.enable(*is_on == 1, now_us);
                Ok(Reply::new())
            }
            (DISCONNECT, [low, high, _]) => match &mut self.line {
                Some(line) if u16::from_le_bytes([*low, *high]) == HANDLE => {
                    line.end(Gone::Sensor);
                    Ok(Reply::new())
                }
                _ => Err(Error::UNKNOWN_CONN_IDENTIFIER),
            },
            (EVENT_MASK | EVENT_MASK_2 | LE_EVENT_MASK | HOST_BUFFERS | DATA | ENABLE | DISCONNECT, _) => {
                Err(Error::INVALID_HCI_PARAMETERS)
            }
            _ => Err(Error::UNKNOWN_CMD),
        }
    }

    fn set_parameters(&mut self, parameters: &[u8]) -> Result<Reply, Error> {
        let &[low, high, _, _, kind, ..] = parameters else { return Err(Error::INVALID_HCI_PARAMETERS) };
        self.advertiser.interval_us = u64::from(u16::from_le_bytes([low, high])) * UNIT_US;
        self.advertiser.pdu.is_connectable = match kind {
            CONNECTABLE => true,
            NOT_CONNECTABLE => false,
            _ => return Err(Error::UNSUPPORTED),
        };
        Ok(Reply::new())
    }

    /// The host sends a packet.
    pub(super) fn write_acl(&mut self, boundary: u16, data: &[u8]) {
        if let Some(line) = &mut self.line {
            line.send_to_central(Part { is_first: boundary != CONTINUING, bytes: data.to_vec() });
        }
    }

    /// The next packet for the host; without one, whoever reads is woken when there is.
    pub(super) fn read(&mut self, reader: &Waker) -> Option<Packet> {
        let packet = self.packets.pop_front();
        if packet.is_none() {
            self.reader = Some(reader.clone());
        }
        packet
    }

    fn tell(&mut self, packet: Packet) {
        self.packets.push_back(packet);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// Does it send from this address now?
    pub(crate) fn is_sending_from(&self, address: [u8; 6]) -> bool {
        self.advertiser.is_sending_from(address)
    }

    /// Sends what is due before `end_us`; when somebody connects, this is when.
    pub(crate) fn send_until(
        &mut self,
        end_us: u64,
        listening: Listening,
        wanted: Option<[u8; 6]>,
        sent: &mut Vec<AdvertisingPdu>,
    ) -> Option<u64> {
        self.advertiser.send_until(end_us, listening, wanted, sent)
    }

    /// Somebody connected.
    pub(crate) fn connected(&mut self, now_us: u64) {
        (self.line, self.gone) = (Some(Line::new(now_us)), None);
        self.arrived.clear();
        let [low, high] = HANDLE.to_le_bytes();
        let [timeout_low, timeout_high] = ((SUPERVISION_US / 10_000) as u16).to_le_bytes();
        // Connection complete: as peripheral, to a public address, every 30 ms, no latency (Core 5.4, volume 4, part E,
        // 7.7.65.1).
        let mut event = vec![0x3E, 19, 0x01, 0, low, high, 1, 0];
        event.extend([0x0B, 0x16, 0x21, 0x2C, 0x37, 0x42]);
        event.extend([24, 0, 0, 0, timeout_low, timeout_high, 0]);
        self.tell(Packet::Event(event));
    }

    /// The central sends a frame.
    pub(crate) fn send_to_sensor(&mut self, frame: &[u8]) {
        let Some(line) = &mut self.line else { return };
        for (nth, part) in frame.chunks(ACL_LENGTH.into()).enumerate() {
            line.send_to_sensor(Part { is_first: nth == 0, bytes: part.to_vec() });
        }
    }

    /// The central hangs up.
    pub(crate) fn hang_up(&mut self) {
        if let Some(line) = &mut self.line {
            line.end(Gone::Central);
        }
    }

    /// The link is lost after so many more packets.
    pub(crate) const fn lose_after(&mut self, packets: u32, now_us: u64) {
        if let Some(line) = &mut self.line {
            line.lose_after(packets, now_us);
        }
    }

    /// The next frame that has reached the central.
    pub(crate) fn take_arrived(&mut self) -> Option<Vec<u8>> {
        self.arrived.pop_front()
    }

    /// A packet has reached the central.
    fn collect(&mut self, part: &Part) {
        if part.is_first {
            self.partial.clear();
        }
        self.partial.extend(&part.bytes);
        let length = self.partial.first_chunk().map_or(0, |length| usize::from(u16::from_le_bytes(*length)));
        if self.partial.len() >= HEAD + length {
            self.arrived.push_back(std::mem::take(&mut self.partial));
        }
    }

    /// Why nobody is connected any more.
    pub(crate) const fn gone(&self) -> Option<Gone> {
        self.gone
    }

    /// When something crosses the connection next.
    pub(crate) fn next_us(&self, now_us: u64) -> Option<u64> {
        self.line.as_ref()?.next_us(now_us)
    }

    /// Lets the connection event of now happen.
    pub(crate) fn cross(&mut self, now_us: u64) {
        let Some(line) = &mut self.line else { return };
        let crossed = line.cross(now_us);
        let completed = crossed.to_central.len() as u8;
        for part in crossed.to_central {
            self.collect(&part);
        }
        for Part { is_first, bytes } in crossed.to_sensor {
            let boundary = if is_first { FIRST } else { CONTINUING };
            let mut packet = (HANDLE | boundary << 12).to_le_bytes().to_vec();
            packet.extend((bytes.len() as u16).to_le_bytes());
            packet.extend(bytes);
            self.tell(Packet::Acl(packet));
        }
        let [low, high] = HANDLE.to_le_bytes();
        if completed > 0 {
            self.tell(Packet::Event(vec![0x13, 5, 1, low, high, completed, 0]));
        }
        if let Some(gone) = crossed.gone {
            (self.line, self.gone) = (None, Some(gone));
            self.partial.clear();
            self.tell(Packet::Event(vec![0x05, 4, 0, low, high, gone as u8]));
        }
    }
}

#[cfg(test)]
mod tests;
