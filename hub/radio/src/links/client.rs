//! A client of one service of one sensor, over the channel of attributes.

use std::{collections::VecDeque, time::Duration};

use hub_model::{Address, LinkError};
use tokio::time::timeout;

use crate::{
    kernel::Socket,
    links::{
        Service,
        att::{self, Characteristic, Handles, LEAST_MTU, Question, Said},
    },
};

/// What came and was not asked for yet: many times the longest message, so more than that is no sensor of ours.
const MAX_WAITING: usize = 1024;
/// Longer than any packet may be that the kernel hands on.
const LONGEST: usize = 1024;
const NO_SWITCH: &str = "its characteristic cannot be subscribed to";

/// What is known of a sensor's table, and what it has notified.
#[derive(Debug)]
pub(super) struct Client {
    socket: Socket,
    peer: Address,
    /// How long an answer may take.
    patience: Duration,
    mtu: u16,
    to_sensor: u16,
    to_hub: u16,
    waiting: VecDeque<Vec<u8>>,
    buffer: Box<[u8]>,
}

/// What came of a question.
enum Answer {
    Body(Vec<u8>),
    /// An error of ATT (Core 5.4, volume 3, part F, 3.4.1.1).
    Error(u8),
}

impl Client {
    /// Agrees on lengths, looks for the service and its characteristics, and asks for notifications.
    pub(super) async fn settle_in(
        socket: Socket,
        peer: Address,
        service: &Service,
        patience: Duration,
    ) -> Result<Self, LinkError> {
        let mut client = Self {
            socket,
            peer,
            patience,
            mtu: LEAST_MTU,
            to_sensor: 0,
            to_hub: 0,
            waiting: VecDeque::new(),
            buffer: vec![0; LONGEST].into(),
        };
        // Who does not know the question has the least.
        if let Answer::Body(body) = client.ask(&Question::Mtu).await? {
            client.mtu = att::mtu(&body).ok_or_else(|| client.foreign("its MTU is cut off"))?;
        }
        let Answer::Body(body) = client.ask(&Question::Service(service.service)).await? else {
            return Err(client.foreign("it has not the service"));
        };
        let within = att::service(&body).ok_or_else(|| client.foreign("its service has no handles"))?;
        let found = client.characteristics(within.clone()).await?;
        let find = |uuid| found.iter().find(|each| each.uuid == Some(uuid));
        let (Some(to_sensor), Some(to_hub)) = (find(service.to_sensor), find(service.to_hub)) else {
            return Err(client.foreign("its service has other characteristics"));
        };
        (client.to_sensor, client.to_hub) = (to_sensor.value, to_hub.value);
        // Descriptors stand between a value and the next characteristic.
        let next = found.iter().map(|each| each.handle).filter(|handle| *handle > to_hub.value).min();
        let last = next.map_or(*within.end(), |next| next - 1);
        let switch = client.switch(to_hub.value.saturating_add(1)..=last).await?;
        client.insist(&Question::subscribe(switch)).await?;
        Ok(client)
    }

    pub(super) const fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Writes a piece, and waits until the sensor has it.
    pub(super) async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        self.insist(&Question::Write { handle: self.to_sensor, value: piece }).await
    }

    /// The next piece that was notified.
    pub(super) async fn notified(&mut self) -> Result<Vec<u8>, LinkError> {
        let patience = self.patience;
        let piece = async {
            loop {
                if let Some(piece) = self.waiting.pop_front() {
                    return Ok(piece);
                }
                self.hear(None).await?;
            }
        };
        timeout(patience, piece).await.unwrap_or(Err(LinkError::Silent { patience }))
    }

    async fn characteristics(&mut self, within: Handles) -> Result<Vec<Characteristic>, LinkError> {
        let (mut found, mut from, last) = (Vec::new(), *within.start(), *within.end());
        while from <= last {
            // An error says that there are no more.
            let Answer::Body(body) = self.ask(&Question::Characteristics(from..=last)).await? else { break };
            let more = att::characteristics(&body).ok_or_else(|| self.foreign("its characteristics are cut off"))?;
            let Some(next) = more.last().and_then(|last| last.handle.checked_add(1)).filter(|next| *next > from) else {
                return Err(self.foreign("its characteristics have no order"));
            };
            from = next;
            found.extend(more);
        }
        Ok(found)
    }

    /// The descriptor that switches notifications on.
    async fn switch(&mut self, within: Handles) -> Result<u16, LinkError> {
        let (mut from, last) = (*within.start(), *within.end());
        while from <= last {
            let Answer::Body(body) = self.ask(&Question::Descriptors(from..=last)).await? else { break };
            match att::descriptors(&body) {
                Some((_, Some(switch))) => return Ok(switch),
                Some((end, None)) if end >= from => from = end.checked_add(1).ok_or_else(|| self.foreign(NO_SWITCH))?,
                _ => break,
            }
        }
        Err(self.foreign(NO_SWITCH))
    }

    /// Asks for something that has to be done.
    async fn insist(&mut self, question: &Question<'_>) -> Result<(), LinkError> {
        match self.ask(question).await? {
            Answer::Body(_) => Ok(()),
            Answer::Error(error) => {
                Err(self.foreign(&format!("it refused to be written to, with ATT error {error:#04x}")))
            }
        }
    }

    /// Asks, and waits for the answer.
    async fn ask(&mut self, question: &Question<'_>) -> Result<Answer, LinkError> {
        self.socket.send(&question.bytes()).map_err(|_gone| LinkError::Lost)?;
        let patience = self.patience;
        let answer = async {
            loop {
                if let Some(answer) = self.hear(Some(question.opcode())).await? {
                    return Ok(answer);
                }
            }
        };
        timeout(patience, answer).await.unwrap_or(Err(LinkError::Silent { patience }))
    }

    /// Takes one packet: keeps what is notified, and returns what answers the question with this opcode.
    async fn hear(&mut self, asked: Option<u8>) -> Result<Option<Answer>, LinkError> {
        // How it ended is of no use to anybody: a connection that is gone tells nothing any more.
        let length = self.socket.receive(&mut self.buffer).await.unwrap_or_default();
        let packet = self.buffer.get(..length).unwrap_or_default();
        let (reply, value) = match Said::parse(packet) {
            _ if packet.is_empty() => return Err(LinkError::Lost),
            Said::Answer { to, body } if Some(to) == asked => return Ok(Some(Answer::Body(body.to_vec()))),
            Said::Refused { to, error } if Some(to) == asked => return Ok(Some(Answer::Error(error))),
            Said::Notified { handle, value } => (None, (handle == self.to_hub).then_some(value)),
            Said::Indicated { handle, value } => {
                (Some(att::confirmation().to_vec()), (handle == self.to_hub).then_some(value))
            }
            Said::Asked(opcode) => (Some(att::refusal(opcode).to_vec()), None),
            Said::Answer { .. } | Said::Refused { .. } | Said::Other => (None, None),
        };
        if let Some(value) = value {
            if self.waiting.len() == MAX_WAITING {
                return Err(self.foreign("it sends more than anybody asked for"));
            }
            self.waiting.push_back(value.to_vec());
        }
        if let Some(reply) = reply {
            self.socket.send(&reply).map_err(|_gone| LinkError::Lost)?;
        }
        Ok(None)
    }

    fn foreign(&self, problem: &str) -> LinkError {
        LinkError::Foreign { address: self.peer, problem: problem.to_owned() }
    }
}

#[cfg(test)]
mod tests;
