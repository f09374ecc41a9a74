//! A central on simulated air: who connects to a sensor, finds its one service, writes pieces and is notified of others.

use std::{cell::RefMut, collections::VecDeque};

use wire::{bthome::Address, gatt, pipe::PieceSize};

use super::{Met, SensorId, World};
use crate::air::Controller;

/// How long ATT waits for an answer (Core 5.4, volume 3, part F, 3.3.3).
const PATIENCE_US: u64 = 30_000_000;
/// The channel of ATT (Core 5.4, volume 3, part A, 2.1).
const ATT: [u8; 2] = [4, 0];
/// What a hub asks for: pieces of 244 bytes.
const MTU: u16 = 247;
const LAST_HANDLE: u16 = 0xFFFF;
const PRIMARY_SERVICE: u16 = 0x2800;
const CHARACTERISTIC: u16 = 0x2803;
const NOTIFICATIONS_ON: [u8; 2] = [1, 0];
/// The opcodes of ATT that are used (Core 5.4, volume 3, part F, 3.4.8).
mod opcode {
    pub(super) const ERROR: u8 = 0x01;
    pub(super) const MTU: u8 = 0x02;
    pub(super) const FIND_BY_VALUE: u8 = 0x06;
    pub(super) const READ_BY_TYPE: u8 = 0x08;
    pub(super) const WRITE: u8 = 0x12;
    pub(super) const NOTIFICATION: u8 = 0x1B;
}

/// A connection with a sensor, and what is known of its table.
#[derive(Debug)]
pub struct Link {
    sensor: SensorId,
    number: u64,
    mtu: u16,
    to_sensor: u16,
    notified: VecDeque<Vec<u8>>,
}

/// Why nothing came over a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Nobody sent connectable adverts from that address.
    #[error("connect to a sensor: none sends connectable adverts from this address")]
    Unheard,
    /// The connection ended, or has another one after it.
    #[error("hear of a sensor: the connection is gone")]
    Gone,
    /// The sensor was silent for too long.
    #[error("hear of a sensor: it is connected and silent")]
    Silent,
    /// The sensor answered a request with an error of ATT.
    #[error("ask a sensor: it answered with ATT error {code:#04x}")]
    Refused {
        /// Which error (Core 5.4, volume 3, part F, 3.4.1.1).
        code: u8,
    },
    /// The sensor's table is not such as `wire::gatt` says.
    #[error("find the service of a sensor: its table has another form")]
    Table,
}

impl Link {
    /// Which sensor it is with.
    pub const fn sensor(&self) -> SensorId {
        self.sensor
    }

    /// How long pieces may be.
    pub fn piece_size(&self) -> PieceSize {
        PieceSize::of_mtu(self.mtu)
    }
}

impl World {
    /// Connects to whoever sends connectable adverts from this address within so long, and finds its way about there.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn connect(&mut self, address: Address, patience_us: u64) -> Result<Link, LinkError> {
        let end_us = self.now_us.saturating_add(patience_us);
        let id = self.find(address).ok_or(LinkError::Unheard)?;
        let (listening, number) = (self.listening, self.links + 1);
        let sensor = self.sensors.get_mut(id.0).ok_or(LinkError::Unheard)?;
        let met = loop {
            match sensor.live_until(end_us, listening, Some(address), &mut self.sent) {
                Met::Crossed => {}
                met => break met,
            }
        };
        self.now_us = sensor.now_us();
        if met != Met::Connected {
            return Err(LinkError::Unheard);
        }
        (self.links, sensor.link) = (number, number);
        let mut link = Link { sensor: id, number, mtu: 23, to_sensor: 0, notified: VecDeque::new() };
        match self.settle_in(&mut link) {
            Ok(()) => Ok(link),
            Err(error) => {
                self.disconnect(link);
                Err(error)
            }
        }
    }

    /// Who sends from this address, or would.
    fn find(&mut self, address: Address) -> Option<SensorId> {
        (0..self.sensors.len()).map(SensorId).find(|id| {
            self.sensor(*id)
                .is_some_and(|sensor| sensor.address == address || sensor.controller.borrow().is_sending_from(address))
        })
    }

    /// Agrees on lengths, looks for the service and its characteristics, and asks for notifications.
    fn settle_in(&mut self, link: &mut Link) -> Result<(), LinkError> {
        let [low, high] = MTU.to_le_bytes();
        let answer = self.request(link, &[opcode::MTU, low, high])?;
        link.mtu = u16::from_le_bytes(*answer.first_chunk().ok_or(LinkError::Table)?).clamp(23, MTU);

        let mut question = vec![opcode::FIND_BY_VALUE];
        [1, LAST_HANDLE, PRIMARY_SERVICE].iter().for_each(|number| question.extend(number.to_le_bytes()));
        question.extend(gatt::SERVICE.to_le_bytes());
        let answer = self.request(link, &question)?;
        let [first_low, first_high, last_low, last_high] = *answer.first_chunk().ok_or(LinkError::Table)?;
        let last = u16::from_le_bytes([last_low, last_high]);

        let (mut to_sensor, mut to_hub) = (None, None);
        let mut from = u16::from_le_bytes([first_low, first_high]);
        while from <= last {
            let mut question = vec![opcode::READ_BY_TYPE];
            [from, last, CHARACTERISTIC].iter().for_each(|number| question.extend(number.to_le_bytes()));
            let answer = match self.request(link, &question) {
                Err(LinkError::Refused { .. }) => break,
                answer => answer?,
            };
            let (length, entries) = answer.split_first().ok_or(LinkError::Table)?;
            // Handle, properties, handle of the value, UUID.
            for entry in entries.chunks_exact((*length).max(1).into()) {
                let (&[low, high, _, value_low, value_high], uuid) =
                    entry.split_first_chunk().ok_or(LinkError::Table)?;
                from = u16::from_le_bytes([low, high]).saturating_add(1);
                let value = u16::from_le_bytes([value_low, value_high]);
                if uuid == gatt::TO_SENSOR.to_le_bytes() {
                    to_sensor = Some(value);
                } else if uuid == gatt::TO_HUB.to_le_bytes() {
                    to_hub = Some(value);
                }
            }
        }
        link.to_sensor = to_sensor.ok_or(LinkError::Table)?;
        // The one descriptor of a value stands behind it.
        let [low, high] = (to_hub.ok_or(LinkError::Table)? + 1).to_le_bytes();
        let [on, off] = NOTIFICATIONS_ON;
        self.request(link, &[opcode::WRITE, low, high, on, off])?;
        Ok(())
    }

    /// Writes a piece, and waits until the sensor has it.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn write(&mut self, link: &mut Link, piece: &[u8]) -> Result<(), LinkError> {
        let mut request = vec![opcode::WRITE];
        request.extend(link.to_sensor.to_le_bytes());
        request.extend(piece);
        self.request(link, &request).map(drop)
    }

    /// The next piece that the sensor notifies, within so long.
    ///
    /// # Errors
    /// [`LinkError`].
    pub fn notification(&mut self, link: &mut Link, patience_us: u64) -> Result<Vec<u8>, LinkError> {
        let end_us = self.now_us.saturating_add(patience_us);
        loop {
            if let Some(piece) = link.notified.pop_front() {
                return Ok(piece);
            }
            self.hear(link, end_us)?;
        }
    }

    /// Hangs up, and waits until that is so.
    pub fn disconnect(&mut self, mut link: Link) {
        if let Ok(mut controller) = self.controller(&link) {
            controller.hang_up();
        }
        let end_us = self.now_us.saturating_add(PATIENCE_US);
        while self.hear(&mut link, end_us).is_ok() {}
    }

    /// Loses the connection after so many more packets of it, either way: both sides are left to notice.
    pub fn lose_after(&mut self, link: &Link, packets: u32) {
        let now_us = self.now_us;
        if let Ok(mut controller) = self.controller(link) {
            controller.lose_after(packets, now_us);
        }
    }

    /// Asks, and waits for the answer, of which the opcode is left out.
    fn request(&mut self, link: &mut Link, request: &[u8]) -> Result<Vec<u8>, LinkError> {
        let length = u16::try_from(request.len()).unwrap_or(u16::MAX).to_le_bytes();
        let frame = [&length, &ATT, request].concat();
        self.controller(link)?.send_to_sensor(&frame);
        let end_us = self.now_us.saturating_add(PATIENCE_US);
        let asked = request.first().copied().unwrap_or_default();
        loop {
            let Some(answer) = self.hear(link, end_us)? else { continue };
            match answer.split_first() {
                // An answer's opcode is that of the question and one.
                Some((opcode, rest)) if *opcode == asked + 1 => return Ok(rest.to_vec()),
                Some((&opcode::ERROR, &[of, _, _, code])) if of == asked => return Err(LinkError::Refused { code }),
                _ => {}
            }
        }
    }

    /// What has arrived, or, with nothing there, lets time pass until something crosses; returns what is an answer.
    fn hear(&mut self, link: &mut Link, end_us: u64) -> Result<Option<Vec<u8>>, LinkError> {
        let (frame, gone) = {
            let mut controller = self.controller(link)?;
            (controller.take_arrived(), controller.gone())
        };
        if let Some(frame) = frame {
            let pdu = frame.get(2..).and_then(|frame| frame.strip_prefix(&ATT)).unwrap_or_default();
            return Ok(match pdu.split_first() {
                Some((&opcode::NOTIFICATION, value)) => {
                    link.notified.extend(value.get(2..).map(<[u8]>::to_vec));
                    None
                }
                Some(_) => Some(pdu.to_vec()),
                // What is said on other channels is not for us.
                None => None,
            });
        }
        if gone.is_some() {
            return Err(LinkError::Gone);
        }
        if self.now_us >= end_us {
            return Err(LinkError::Silent);
        }
        let listening = self.listening;
        let sensor = self.sensors.get_mut(link.sensor.0).ok_or(LinkError::Gone)?;
        sensor.live_until(end_us, listening, None, &mut self.sent);
        self.now_us = sensor.now_us();
        Ok(None)
    }

    /// The controller at the other end, in the present, as long as nobody connected after us.
    fn controller(&mut self, link: &Link) -> Result<RefMut<'_, Controller>, LinkError> {
        let sensor = self.sensor(link.sensor).filter(|sensor| sensor.link == link.number);
        sensor.map(|sensor| sensor.controller.borrow_mut()).ok_or(LinkError::Gone)
    }
}
