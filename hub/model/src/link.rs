use std::{fmt, time::Duration};

use thiserror::Error;

use crate::{Address, ReceiverId};

/// Whom to connect to, and by which receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// The address that it sends from.
    pub address: Address,
    /// Is that address random rather than public?
    pub is_random: bool,
    /// Who heard it best: connections are made from there where that can be.
    pub receiver: ReceiverId,
}

/// Why there is no connection, or none any more.
#[derive(Debug, Error)]
pub enum LinkError {
    /// No receiver of this hub can connect to anybody.
    #[error("this hub has no receiver that can connect")]
    NoRadio,
    /// It did not answer: too far away, or its window is closed.
    #[error("{address} does not answer")]
    Unreachable {
        /// Who.
        address: Address,
    },
    /// It has no service of our sensors.
    #[error("{address} is no sensor of ours: {problem}")]
    Foreign {
        /// Who.
        address: Address,
        /// What is missing.
        problem: String,
    },
    /// The connection ended, by whoever.
    #[error("the connection was lost")]
    Lost,
    /// Nothing came for too long.
    #[error("nothing came for {} s", .patience.as_secs())]
    Silent {
        /// How long.
        patience: Duration,
    },
    /// The adapter, or what drives it, failed.
    #[error("the Bluetooth adapter cannot connect")]
    Adapter(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A connection to one of our sensors: pieces there and back, in order.
///
/// It is ended by [`Link::hang_up`], or when it is dropped.
#[expect(async_fn_in_trait, reason = "links are used on the task that made them, and a simulated one is no Send")]
pub trait Link: fmt::Debug {
    /// The ATT MTU: a piece has three bytes less at most.
    fn mtu(&self) -> u16;

    /// Writes a piece, and waits until the sensor has it.
    async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError>;

    /// The next piece that the sensor notifies. Waits as long as a sensor may think.
    async fn notified(&mut self) -> Result<Vec<u8>, LinkError>;

    /// Ends the connection, and waits until it has ended.
    async fn hang_up(self);
}

/// The port through which connections are made.
#[expect(async_fn_in_trait, reason = "as for a link")]
pub trait Links {
    /// What a connection is here.
    type Link: Link;

    /// Connects to a sensor that can be connected to now, and asks it for notifications.
    async fn connect(&self, peer: Peer) -> Result<Self::Link, LinkError>;

    /// Lets time pass: at most so long, perhaps less. Real time, or simulated.
    async fn pass(&self, at_most: Duration);
}
