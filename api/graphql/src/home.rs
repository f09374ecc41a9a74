use std::sync::Arc;

use async_graphql::{Object, Result};

use crate::{
    device::Device,
    health::Health,
    room::Room,
    scalar::{Cursor, DateTime},
    view::View,
    words::TimeQuality,
};

/// The house.
pub(crate) struct Home {
    view: Arc<View>,
}

impl Home {
    pub(crate) const fn new(view: Arc<View>) -> Self {
        Self { view }
    }
}

/// The house.
#[Object]
impl Home {
    /// What the owner calls it.
    async fn name(&self) -> &str {
        &self.view.ports().home_name
    }

    /// The IANA name of its time zone, such as `Europe/Berlin`: what a day is in `statistics`.
    async fn time_zone(&self) -> &str {
        self.view.ports().home_zone.name()
    }

    /// The place in the stream of events at which everything in this request was read: `events(after:)` from here on
    /// has no gap and no duplicate.
    async fn cursor(&self) -> Cursor {
        Cursor(self.view.state().cursor)
    }

    /// The hub's time, read right after the state.
    async fn now(&self) -> DateTime {
        DateTime(self.view.now().wall.at)
    }

    /// How far that time can be trusted.
    async fn clock_quality(&self) -> TimeQuality {
        self.view.now().wall.quality.into()
    }

    /// The rooms, by name.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn rooms(&self) -> Result<Vec<Room>> {
        self.view.listed(Room::all(&self.view))
    }

    /// The adopted devices, by name.
    #[graphql(complexity = "1 + 40 * child_complexity")]
    async fn devices(&self) -> Result<Vec<Device>> {
        self.view.listed(Device::adopted(&self.view, |_| true))
    }

    /// The adopted devices that are in no room, by name.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn unplaced(&self) -> Result<Vec<Device>> {
        self.view.listed(Device::adopted(&self.view, |device| device.room.is_none()))
    }

    /// The version of the hub.
    async fn version(&self) -> Result<&'static str> {
        Ok(Health::read(Arc::clone(&self.view)).await?.version)
    }
}
