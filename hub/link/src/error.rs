use hub_model::LinkError;
use thiserror::Error;
use wire::{
    message::{MessageError, Refusal},
    pipe::{LoadError, PipeError},
};

/// Why a session with a sensor came to its end.
#[derive(Debug, Error)]
pub enum TalkError {
    /// The connection failed, or was ended by the sensor.
    #[error("the connection to the sensor failed")]
    Link(#[from] LinkError),
    /// What answered cannot read us, or we cannot read it: it has another key.
    #[error("the sensor has another key than this hub expects")]
    Stranger(#[source] snow::Error),
    /// Noise could not be set up on this side.
    #[error("the session could not be sealed")]
    Noise(#[source] snow::Error),
    /// The sensor's pieces make no message.
    #[error("the sensor's pieces make no message")]
    Pipe(#[from] PipeError),
    /// A question is too long.
    #[error("a question is too long for the sensor")]
    Load(#[from] LoadError),
    /// An answer cannot be read.
    #[error("the sensor's answer cannot be read")]
    Message(#[from] MessageError),
    /// A block of its log cannot be read.
    #[error("a block of the sensor's log cannot be read")]
    Block(#[from] wire::log::BlockError),
    /// The sensor refused.
    #[error("the sensor refused")]
    Refused(#[source] Refusal),
    /// It answered something else than was asked, or did not prove that it has its key.
    #[error("the sensor's answer is none to the question {question}")]
    Unexpected {
        /// What was asked.
        question: &'static str,
    },
    /// The sensor speaks of another identity than its label.
    #[error("the sensor is {found:016x}, and the label is of {expected:016x}")]
    AnotherSensor {
        /// What it says of itself.
        found: u64,
        /// What the label says.
        expected: u64,
    },
}

impl TalkError {
    /// Was it the connection, so that the same may well succeed the next time?
    pub const fn is_of_link(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Pipe(_))
    }

    /// What the sensor said when it refused.
    pub const fn refusal(&self) -> Option<Refusal> {
        match self {
            Self::Refused(refusal) => Some(*refusal),
            _ => None,
        }
    }
}
