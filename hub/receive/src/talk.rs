//! Frames over a stream.

use std::{io, time::Duration};

use hub_model::Stamp;
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::{error::Elapsed, timeout},
};

use crate::frame::{Frame, FrameError, MAX_FRAME, Refused};

/// Each end says something so often, s.
pub const ALIVE: Duration = Duration::from_secs(3);
/// After so many ticks of [`ALIVE`] without a word the other end is dead: 6 to 9 s after it was heard last.
pub(crate) const QUIET_TICKS: u32 = 3;
/// The other end is known to be dead after at most so long, and what is sent must have gone by then.
pub const DEAD: Duration = Duration::from_secs(10);

/// Why a link ended.
#[derive(Debug, Error)]
pub enum LinkError {
    /// The stream failed.
    #[error("the connection failed")]
    Io(#[from] io::Error),
    /// The other end is not the hub of the join code, or speaks something else.
    #[error("what answers there is not the hub of this join code")]
    Handshake(#[source] io::Error),
    /// The other end closed it.
    #[error("the other end closed the connection")]
    Closed,
    /// Nothing came for too long, or nothing could be sent.
    #[error("the other end is silent")]
    Silent,
    /// What came is no frame.
    #[error("the other end does not keep to the protocol")]
    Frame(#[from] FrameError),
    /// A frame came that has no place there.
    #[error("the other end does not keep to the protocol: its frame has no place here")]
    Unexpected,
    /// The hub does not want this receiver.
    #[error(transparent)]
    Refused(#[from] Refused),
}

impl From<Elapsed> for LinkError {
    fn from(_: Elapsed) -> Self {
        Self::Silent
    }
}

/// A stream with what was read of it and is no whole frame yet.
#[derive(Debug)]
pub(crate) struct Talk<S> {
    stream: S,
    read: Vec<u8>,
    out: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    pub(crate) const fn new(stream: S) -> Self {
        Self { stream, read: Vec::new(), out: Vec::new() }
    }

    /// The next frame. Nothing is lost when this is dropped before it completes.
    pub(crate) async fn next(&mut self, stamp: Stamp) -> Result<Frame, LinkError> {
        loop {
            if let Some((frame, taken)) = Frame::read(&self.read, stamp)? {
                self.read.drain(..taken);
                return Ok(frame);
            }
            // What is no frame yet is shorter than the longest, so this is bounded.
            self.read.reserve(MAX_FRAME + 2 - self.read.len().min(MAX_FRAME));
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err(LinkError::Closed);
            }
        }
    }

    /// Sends a frame, within the time after which the other end is dead.
    pub(crate) async fn say(&mut self, frame: &Frame) -> Result<(), LinkError> {
        self.out.clear();
        frame.write(&mut self.out);
        let send = async {
            self.stream.write_all(&self.out).await?;
            self.stream.flush().await
        };
        Ok(timeout(DEAD, send).await??)
    }

    /// Says that this was the last.
    pub(crate) async fn close(&mut self) {
        // The other end notices in any case.
        let _ = timeout(ALIVE, self.stream.shutdown()).await;
    }
}
