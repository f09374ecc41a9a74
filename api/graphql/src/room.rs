use std::sync::Arc;

use async_graphql::{ID, Object, Result};
use hub_model::RoomId;

use crate::{device::Device, id::GlobalId, sensor::Sensor, view::View};

/// A room of the house.
#[derive(Clone)]
pub(crate) struct Room {
    view: Arc<View>,
    room: Arc<hub_model::Room>,
}

impl Room {
    /// The room of this number.
    pub(crate) fn find(view: &Arc<View>, id: RoomId) -> Option<Self> {
        let room = view.state().household.rooms.get(&id)?;
        Some(Self { view: Arc::clone(view), room: Arc::clone(room) })
    }

    /// All rooms, by name.
    pub(crate) fn all(view: &Arc<View>) -> Vec<Self> {
        let rooms = view.state().household.rooms.values();
        let mut found: Vec<_> = rooms.map(|room| Self { view: Arc::clone(view), room: Arc::clone(room) }).collect();
        found.sort_by_cached_key(|room| (room.room.name.as_str().to_lowercase(), room.room.id));
        found
    }

    fn adopted(&self) -> Vec<Device> {
        Device::adopted(&self.view, |device| device.room == Some(self.room.id))
    }
}

/// A room of the house.
#[Object]
impl Room {
    /// The global id.
    pub(crate) async fn id(&self) -> ID {
        GlobalId::Room(self.room.id).encode()
    }

    /// What the owner calls it, 1 to 64 characters.
    async fn name(&self) -> &str {
        self.room.name.as_str()
    }

    /// The devices in it, by name.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn devices(&self) -> Result<Vec<Device>> {
        self.view.listed(self.adopted())
    }

    /// The sensors of the devices in it.
    #[graphql(complexity = "1 + 40 * child_complexity")]
    async fn sensors(&self) -> Result<Vec<Sensor>> {
        self.view.listed(self.adopted().iter().flat_map(Sensor::all).collect())
    }
}
