use std::sync::Arc;

use hub_bus::Bus;
use hub_model::{
    Clock, CommandPort, DeadLetterReader, HealthReader, HistoryReader, Retention, RolloutPort, SensorPort,
    StatisticsReader, Zone,
};

/// What the API needs of the hub; every call of a client ends in one of these.
pub struct Ports {
    /// The present state and the stream of events.
    pub bus: Bus,
    /// What was measured.
    pub history: Arc<dyn HistoryReader>,
    /// What became of it.
    pub statistics: Arc<dyn StatisticsReader>,
    /// The way in for commands.
    pub commands: Arc<dyn CommandPort>,
    /// Our own sensors: pairing, settings, keys.
    pub sensors: Arc<dyn SensorPort>,
    /// The rollouts of new programs for them.
    pub rollouts: Arc<dyn RolloutPort>,
    /// Frames that were refused.
    pub dead_letters: Arc<dyn DeadLetterReader>,
    /// How the hub is doing.
    pub health: Arc<dyn HealthReader>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the owner calls the house.
    pub home_name: String,
    /// Whose clock hangs on its walls.
    pub home_zone: Zone,
    /// How long readings of a device are kept when its owner said nothing.
    pub default_retention: Retention,
}
