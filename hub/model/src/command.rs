use std::{future::Future, pin::Pin};

use thiserror::Error;

use crate::{BindKey, DeviceId, Name, Quantity, ReplayRule, Retention, RoomId, Seq};

/// Something that the owner asks the hub to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Take a device into the house and store what it measures.
    AdoptDevice {
        /// Who.
        device: DeviceId,
        /// What to call it; `None`: a name from its format and address.
        name: Option<Name>,
        /// Where it is.
        room: Option<RoomId>,
        /// Its key, if it encrypts.
        key: Option<BindKey>,
        /// How strictly its counter is taken.
        replay: ReplayRule,
    },
    /// Give a device another name.
    NameDevice {
        /// Who.
        device: DeviceId,
        /// The new name.
        name: Name,
    },
    /// Put a device into a room, or into none.
    PlaceDevice {
        /// Who.
        device: DeviceId,
        /// Where.
        room: Option<RoomId>,
    },
    /// Set the key and the replay rule of a device.
    SecureDevice {
        /// Who.
        device: DeviceId,
        /// Its key; `None` keeps the present one.
        key: Option<BindKey>,
        /// How strictly its counter is taken.
        replay: ReplayRule,
    },
    /// Add an offset to what a device measures from now on.
    CalibrateDevice {
        /// Who.
        device: DeviceId,
        /// Which quantity.
        quantity: Quantity,
        /// Which of several.
        instance: u8,
        /// The offset in steps of the quantity's resolution; 0 removes it.
        offset: i64,
    },
    /// Say how long a device's readings are kept: all of them, or those of one quantity.
    RetainDevice {
        /// Whose.
        device: DeviceId,
        /// Which; `None`: all that have no retention of their own.
        quantity: Option<Quantity>,
        /// How long; `None`: as the device's says for one quantity, as the hub's configuration says for a device.
        retention: Option<Retention>,
    },
    /// Take a device out of the house.
    RemoveDevice {
        /// Who.
        device: DeviceId,
        /// Keep what it measured?
        keeps_history: bool,
    },
    /// Make a room.
    CreateRoom {
        /// What to call it.
        name: Name,
    },
    /// Give a room another name.
    NameRoom {
        /// Which.
        room: RoomId,
        /// The new name.
        name: Name,
    },
    /// Remove a room; its devices are then in none.
    RemoveRoom {
        /// Which.
        room: RoomId,
    },
}

/// A number that the client chose, so that a command sent twice is done once: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(String);

impl RequestId {
    /// The most characters.
    pub const MAX_CHARS: usize = 128;

    /// The id in `text`.
    ///
    /// # Errors
    /// When it is empty, too long, or has other than visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, RequestIdError> {
        if text.is_empty() || text.len() > Self::MAX_CHARS || !text.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(RequestIdError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that is no request id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("clientMutationId must be 1 to 128 visible ASCII characters")]
pub struct RequestIdError;

/// A command with who asks and the id that makes it safe to repeat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks. Until there are accounts: `local`.
    pub principal: String,
    /// The client's id for it.
    pub id: Option<RequestId>,
    /// What to do.
    pub command: Command,
}

/// What a command did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The device concerned.
    pub device: Option<DeviceId>,
    /// The room concerned.
    pub room: Option<RoomId>,
    /// The last event that it caused.
    pub seq: Seq,
    /// Was it done before, under the same request id, and only answered again?
    pub is_repeat: bool,
}

/// Why a command was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    /// Nobody of this id was heard or adopted.
    #[error("device {device} is not known")]
    DeviceNotFound {
        /// Who.
        device: DeviceId,
    },
    /// It is in the house already.
    #[error("device {device} is adopted already")]
    AlreadyAdopted {
        /// Who.
        device: DeviceId,
    },
    /// There is no such room.
    #[error("room {room} does not exist")]
    RoomNotFound {
        /// Which.
        room: RoomId,
    },
    /// Another room has the name.
    #[error("another room is called {name:?}")]
    RoomNameTaken {
        /// The name.
        name: String,
    },
    /// The limit is reached.
    #[error("the house has {limit} {what} already, which is the limit")]
    TooMany {
        /// Devices or rooms.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// A value is outside its range.
    #[error("{field} is {value}; expected {expected}")]
    OutOfRange {
        /// Which value.
        field: &'static str,
        /// What was given.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// The request id was used for another command within 24 hours.
    #[error("clientMutationId {id:?} was used for a different command")]
    RequestIdReused {
        /// The id.
        id: String,
    },
    /// It could not be written; the log has the reason.
    #[error("the hub could not store the change: {reason}")]
    Store {
        /// Why.
        reason: String,
    },
}

/// The answer to a command, when it is durable.
pub type CommandFuture = Pin<Box<dyn Future<Output = Result<Outcome, CommandError>> + Send>>;

/// The port through which commands enter.
pub trait CommandPort: Send + Sync {
    /// Does what is asked; the answer comes when the change is durable.
    fn execute(&self, request: Request) -> CommandFuture;
}
