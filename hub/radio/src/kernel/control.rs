//! Requests to the kernel and what it tells, over one control channel.

use std::{collections::VecDeque, io, time::Duration};

use crate::{
    Sighting,
    kernel::{
        packet::{Event, MAX_PACKET, Request, Status},
        socket::Socket,
    },
};

/// How long the kernel may take for an answer. It gives up on a controller after 2 s for a command, and switching one on
/// takes several of them.
const PATIENCE: Duration = Duration::from_secs(12);
/// What was told while somebody waited for an answer and nobody has looked at yet; the oldest gives way.
const MAX_ASIDE: usize = 64;

/// A control channel.
#[derive(Debug)]
pub(crate) struct Control {
    socket: Socket,
    buffer: Box<[u8]>,
    aside: VecDeque<Event>,
}

/// Why the kernel did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ControlError {
    /// The channel is broken.
    #[error("the kernel's Bluetooth control channel failed")]
    Channel(#[from] io::Error),
    /// The kernel said no.
    #[error("the kernel answered: {0}")]
    Refused(Status),
    /// The kernel did not answer.
    #[error("the kernel did not answer within {} s; the controller hangs", PATIENCE.as_secs())]
    NoAnswer,
    /// The answer is not what the protocol says.
    #[error("the kernel's answer is too short")]
    Malformed,
}

impl Control {
    /// Opens a control channel.
    pub(crate) fn open() -> io::Result<Self> {
        Ok(Self::over(Socket::control()?))
    }

    /// The control channel that is this socket.
    pub(crate) fn over(socket: Socket) -> Self {
        Self { socket, buffer: vec![0; MAX_PACKET].into(), aside: VecDeque::new() }
    }

    /// The next that the kernel tells.
    pub(crate) async fn next(&mut self) -> io::Result<Event> {
        match self.aside.pop_front() {
            Some(event) => Ok(event),
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> io::Result<Event> {
        loop {
            let length = self.socket.receive(&mut self.buffer).await?;
            match Event::parse(self.buffer.get(..length).unwrap_or_default()) {
                Ok(event) => return Ok(event),
                Err(error) => tracing::warn!(%error, "passed over"),
            }
        }
    }

    /// Asks, and waits for the answer. What the controller in question hears meanwhile goes to `heard` at once; all else
    /// that is told is kept for [`next`](Self::next).
    pub(crate) async fn ask(
        &mut self,
        request: &Request,
        heard: &mut (impl FnMut(Sighting) + Send),
    ) -> Result<Vec<u8>, ControlError> {
        self.socket.send(&request.bytes())?;
        let answer = async {
            loop {
                match self.receive().await? {
                    Event::Answered { opcode, index, status, data }
                        if opcode == request.opcode() && index == request.index() =>
                    {
                        return if status == Status::SUCCESS { Ok(data) } else { Err(ControlError::Refused(status)) };
                    }
                    Event::Heard(index, sighting) if index == request.index() => heard(sighting),
                    Event::Heard(..) | Event::Answered { .. } | Event::Other => {}
                    event => self.keep(event),
                }
            }
        };
        tokio::time::timeout(PATIENCE, answer).await.unwrap_or(Err(ControlError::NoAnswer))
    }
}

impl Control {
    fn keep(&mut self, event: Event) {
        if self.aside.len() == MAX_ASIDE {
            self.aside.pop_front();
        }
        self.aside.push_back(event);
    }
}
