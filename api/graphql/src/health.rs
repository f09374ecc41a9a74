use std::sync::Arc;

use async_graphql::SimpleObject;
use async_graphql::{ComplexObject, Result};

use crate::{
    device::Device,
    error::internal,
    scalar::{DateTime, Long},
    view::View,
    words::{AlertKind, Severity, TimeQuality},
};

/// How the hub is doing.
#[derive(SimpleObject)]
pub(crate) struct Health {
    /// Does nothing need the owner?
    is_healthy: bool,
    /// What needs the owner, worst first.
    alerts: Vec<Alert>,
    /// Milliseconds since the hub started.
    uptime_ms: Long,
    /// The hub's idea of the time.
    now: DateTime,
    /// How far to trust it.
    clock_quality: TimeQuality,
    /// What listens for sensors.
    receivers: Vec<Receiver>,
    /// What became of every advertisement since start, by code (`stored`, `duplicate`, `bad_mic` …).
    outcomes: Vec<Outcome>,
    /// The store of the history.
    store: StoreStats,
    /// The version of the hub.
    pub(crate) version: &'static str,
}

impl Health {
    /// How the hub is doing now. Asked on a blocking thread: the answer may need the disk.
    pub(crate) async fn read(view: Arc<View>) -> Result<Self> {
        let hub = Arc::clone(view.hub());
        let read = tokio::task::spawn_blocking(move || hub.ports.health.health());
        let health = read.await.map_err(|error| internal(view.hub(), &error))?;
        let alert = |alert: hub_model::Alert| Alert {
            view: Arc::clone(&view),
            kind: alert.kind.into(),
            severity: alert.severity.into(),
            about: alert.device,
            advice: alert.advice,
            since: DateTime(alert.since),
        };
        Ok(Self {
            is_healthy: health.alerts.is_empty(),
            alerts: health.alerts.into_iter().map(alert).collect(),
            uptime_ms: health.uptime_ms.into(),
            now: DateTime(health.wall.at),
            clock_quality: health.wall.quality.into(),
            receivers: health.receivers.into_iter().map(Receiver::from).collect(),
            outcomes: health.outcomes.into_iter().map(|(code, count)| Outcome { code, count: count.into() }).collect(),
            store: health.store.into(),
            version: health.version,
        })
    }
}

/// Something that needs the owner, with what to do about it.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct Alert {
    #[graphql(skip)]
    view: Arc<View>,
    #[graphql(skip)]
    about: Option<hub_model::DeviceId>,
    /// What it is about.
    kind: AlertKind,
    /// How bad it is.
    severity: Severity,
    /// What is the matter and what to do, one or two sentences.
    advice: String,
    /// Since when.
    since: DateTime,
}

#[ComplexObject]
impl Alert {
    /// The device concerned, if one is.
    async fn device(&self) -> Option<Device> {
        Device::find(&self.view, self.about?)
    }
}

/// What listens for sensors.
#[derive(SimpleObject)]
pub(crate) struct Receiver {
    /// Its number, by which events name it.
    receiver_id: i32,
    /// Its name, such as `hci0` or `simulated`.
    name: String,
    /// Does it listen?
    is_listening: bool,
    /// Advertisements heard since start.
    adverts: Long,
    /// What is wrong, if something is.
    trouble: Option<String>,
}

impl From<hub_model::ReceiverHealth> for Receiver {
    fn from(receiver: hub_model::ReceiverHealth) -> Self {
        let hub_model::ReceiverHealth { id, name, is_listening, adverts, trouble } = receiver;
        Self { receiver_id: id.0.into(), name, is_listening, adverts: adverts.into(), trouble }
    }
}

/// How many advertisements had one fate.
#[derive(SimpleObject)]
pub(crate) struct Outcome {
    /// The fate, a stable snake_case code.
    code: String,
    /// How many since start.
    count: Long,
}

/// Sizes and counts of the history store.
#[derive(SimpleObject)]
pub(crate) struct StoreStats {
    /// Bytes of all files.
    bytes: Long,
    /// Readings kept singly.
    readings: Long,
    /// Sealed blocks of readings.
    blocks: Long,
    /// Bytes written to the disk or card since start.
    written_bytes: Long,
    /// Flushes to the disk or card since start.
    flushes: Long,
}

impl From<hub_model::StoreStats> for StoreStats {
    fn from(stats: hub_model::StoreStats) -> Self {
        Self {
            bytes: stats.bytes.into(),
            readings: stats.readings.into(),
            blocks: stats.blocks.into(),
            written_bytes: stats.written_bytes.into(),
            flushes: stats.flushes.into(),
        }
    }
}
