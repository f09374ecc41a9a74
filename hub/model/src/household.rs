use std::{collections::BTreeMap, fmt, sync::Arc};

use crate::{Device, DeviceId, Name};

/// A room, numbered by the registry; a number is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u32);

impl fmt::Display for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A room of the house.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Room {
    /// Its number.
    pub id: RoomId,
    /// What the owner calls it.
    pub name: Name,
}

/// All that the owner decided: devices and rooms, as the registry last wrote them.
///
/// An immutable value: a change makes a new one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Household {
    /// The adopted devices.
    pub devices: BTreeMap<DeviceId, Arc<Device>>,
    /// The rooms.
    pub rooms: BTreeMap<RoomId, Arc<Room>>,
}
