//! The hub as a whole: opened in order, run under supervision, stopped in the order of the flow.

mod open;
mod run;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use api_graphql::Ports;
use hub_bus::{Bus, BusError, Draft};
use hub_history::History;
use hub_model::{
    AlertKind, Clock, DeadLetterReader, EventBody, Health, HealthReader, HistoryReader, ReceiverId, Severity,
    StatisticsReader, chain,
};
use hub_registry::{DeadLetters, Registry, RegistryError};
use tokio::sync::mpsc;

use crate::{
    Config,
    alerts::Alerts,
    desk::Desk,
    keeper::{Keeper, Kept},
    metrics::Metrics,
    pipeline::{Notice, Pipeline, Shared},
    receivers::Receivers,
    rollouts::Rollouts,
    sensors::Sensors,
    steward::{self, Steward},
};

pub use open::{ClockMaker, OpenError, StoreTrouble, Surroundings};
pub use run::{ADVERT_QUEUE, Progress, Running, StopError};

/// An opened hub: the stores are open and consistent, nothing runs yet.
pub struct Hub {
    config: Config,
    clock: Arc<dyn Clock>,
    bus: Bus,
    history: Arc<History>,
    registry: Arc<Mutex<Registry>>,
    dead_letters: Arc<DeadLetters>,
    metrics: Arc<Metrics>,
    alerts: Arc<Alerts>,
    receivers: Arc<Receivers>,
    desk: Desk,
    sensors: Arc<Sensors>,
    rollouts: Arc<Rollouts>,
    notices: mpsc::Sender<Notice>,
    noticed: Mutex<Option<mpsc::Receiver<Notice>>>,
    started_ms: u64,
}

impl Hub {
    /// The configuration that it was opened with.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The bus.
    pub const fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The history.
    pub fn history(&self) -> Arc<History> {
        Arc::clone(&self.history)
    }

    /// Where commands come in.
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// The clock that it runs on.
    pub fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// A receiver begins to listen under this name.
    pub fn receiver_begun(&self, receiver: ReceiverId, name: &str) {
        self.receivers.begun(receiver, name);
        self.clear_receiver_down();
    }

    /// The owner removed a receiver.
    pub fn receiver_gone(&self, receiver: ReceiverId) {
        self.receivers.gone(receiver);
        self.clear_receiver_down();
    }

    fn clear_receiver_down(&self) {
        if self.receivers.health().iter().all(|health| health.is_listening) {
            let cleared = self.alerts.clear(&self.bus, self.clock.now(), (AlertKind::ReceiverDown, None));
            note_failure(cleared);
        }
    }

    /// A receiver has stopped listening, for this reason.
    pub fn receiver_failed(&self, receiver: ReceiverId, name: &str, trouble: &str) {
        self.receivers.failed(receiver, name, trouble);
        let advice = format!("The Bluetooth receiver {name} does not listen: {trouble}. It is tried again by itself.");
        let key = (AlertKind::ReceiverDown, None);
        note_failure(self.alerts.raise(&self.bus, self.clock.now(), Severity::Critical, key, advice));
    }

    /// A receiver hears again after it had heard nothing for so long.
    pub fn receiver_gap(&self, receiver: ReceiverId, name: &str, length: Duration) {
        self.receiver_begun(receiver, name);
        let (now, length_ms) = (self.clock.now(), u64::try_from(length.as_millis()).unwrap_or(u64::MAX));
        tracing::warn!(receiver = name, length_ms, "nothing was heard for a while");
        let body = EventBody::ReceiverGap { receiver, length_ms };
        let draft = Draft { at: now.stamp, wall: now.wall, trace: None, body };
        note_failure(self.bus.publish(draft, |_| ()).map(|_| ()));
    }

    /// The receivers that report here.
    pub fn receivers(&self) -> Arc<Receivers> {
        Arc::clone(&self.receivers)
    }

    /// What the hub counts of itself.
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// The way of an advert, for whoever drives it by hand (captures, simulations). One at a time.
    pub fn pipeline(&self) -> Pipeline {
        Pipeline::new(Shared {
            bus: self.bus.clone(),
            history: self.history(),
            registry: Arc::clone(&self.registry),
            dead_letters: Arc::clone(&self.dead_letters),
            metrics: self.metrics(),
            alerts: Arc::clone(&self.alerts),
            sensors: self.sensors(),
            notices: self.notices.clone(),
            clock: Arc::clone(&self.clock),
        })
    }

    /// Our own sensors.
    pub fn sensors(&self) -> Arc<Sensors> {
        Arc::clone(&self.sensors)
    }

    /// The rollouts of releases for them.
    pub fn rollouts(&self) -> Arc<Rollouts> {
        Arc::clone(&self.rollouts)
    }

    /// Who speaks with our own sensors, for whoever drives it by hand. The first one hears what the pipeline notices.
    ///
    /// # Errors
    /// When the registry cannot be read.
    pub fn steward(&self) -> Result<Steward, RegistryError> {
        let noticed = self.noticed.lock().unwrap_or_else(PoisonError::into_inner).take();
        let noticed = noticed.unwrap_or_else(|| mpsc::channel(1).1);
        let shared = steward::Shared {
            sensors: self.sensors(),
            rollouts: self.rollouts(),
            desk: self.desk.clone(),
            bus: self.bus.clone(),
            history: self.history(),
            alerts: Arc::clone(&self.alerts),
            clock: Arc::clone(&self.clock),
        };
        Steward::new(shared, (&self.config.updates, self.config.zone.clone()), noticed)
    }

    /// Who looks after the stores, for whoever drives it by hand. One at a time.
    pub fn keeper(&self) -> Keeper {
        Keeper::new(Kept {
            bus: self.bus.clone(),
            history: self.history(),
            registry: Arc::clone(&self.registry),
            dead_letters: Arc::clone(&self.dead_letters),
            alerts: Arc::clone(&self.alerts),
            clock: Arc::clone(&self.clock),
            default_retention: self.config.history.retention(),
            budget: self.config.history.budget(),
            commit_interval_ms: u64::try_from(self.config.history.commit_interval().as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// What the API works with.
    pub fn ports(&self) -> Ports {
        Ports {
            bus: self.bus.clone(),
            history: Arc::clone(&self.history) as Arc<dyn HistoryReader>,
            statistics: Arc::clone(&self.history) as Arc<dyn StatisticsReader>,
            commands: Arc::new(self.desk.clone()),
            sensors: self.sensors(),
            rollouts: self.rollouts(),
            dead_letters: Arc::clone(&self.dead_letters) as Arc<dyn DeadLetterReader>,
            health: self.doctor(),
            clock: Arc::clone(&self.clock),
            home_name: self.config.home.to_string(),
            home_zone: self.config.zone.clone(),
            default_retention: self.config.history.retention(),
        }
    }

    /// Who tells how the hub is doing.
    pub fn doctor(&self) -> Arc<Doctor> {
        Arc::new(Doctor {
            clock: Arc::clone(&self.clock),
            history: self.history(),
            metrics: self.metrics(),
            alerts: Arc::clone(&self.alerts),
            receivers: self.receivers(),
            started_ms: self.started_ms,
        })
    }
}

fn note_failure(told: Result<(), BusError>) {
    if let Err(error) = told {
        tracing::error!(error = chain(&error), "an alert could not be told");
    }
}

/// Tells how the hub is doing.
pub struct Doctor {
    clock: Arc<dyn Clock>,
    history: Arc<History>,
    metrics: Arc<Metrics>,
    alerts: Arc<Alerts>,
    receivers: Arc<Receivers>,
    started_ms: u64,
}

impl Doctor {
    /// The metrics in Prometheus' text format.
    pub fn metrics(&self) -> String {
        self.metrics.encode(&self.health())
    }
}

impl HealthReader for Doctor {
    fn health(&self) -> Health {
        let now = self.clock.now();
        let store = self.history.stats().unwrap_or_else(|error| {
            tracing::warn!(%error, "the size of the store is not known");
            hub_model::StoreStats::default()
        });
        Health {
            alerts: self.alerts.raised(),
            uptime_ms: now.stamp.ms.saturating_sub(self.started_ms),
            wall: now.wall,
            receivers: self.receivers.health(),
            outcomes: self.metrics.outcomes(),
            store,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}
