use crate::{AlertKind, DeviceId, ReceiverId, UnixMillis, WallTime};

/// How bad an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Notice,
    /// Something is weaker than it should be.
    Warning,
    /// Something does not work.
    Critical,
}

/// Something that needs the owner, with what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What it is about.
    pub kind: AlertKind,
    /// How bad it is.
    pub severity: Severity,
    /// The device concerned, if one is.
    pub device: Option<DeviceId>,
    /// What is the matter and what to do, one or two sentences.
    pub advice: String,
    /// Since when.
    pub since: UnixMillis,
}

/// How one receiver is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverHealth {
    /// Its number, which readings and gaps name it by.
    pub id: ReceiverId,
    /// Its name, such as `hci0` or `simulated`.
    pub name: String,
    /// Does it listen?
    pub is_listening: bool,
    /// Adverts heard since start.
    pub adverts: u64,
    /// What is wrong, if something is.
    pub trouble: Option<String>,
}

/// Sizes and counts of the history store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStats {
    /// Bytes of all files.
    pub bytes: u64,
    /// Readings kept singly, sealed or not.
    pub readings: u64,
    /// Sealed blocks.
    pub blocks: u64,
    /// Bytes written to the device since start (journal and store).
    pub written_bytes: u64,
    /// Flushes (fsync or fdatasync) since start.
    pub flushes: u64,
}

/// How the hub is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// What needs the owner, worst first; empty is healthy.
    pub alerts: Vec<Alert>,
    /// Milliseconds since the hub started.
    pub uptime_ms: u64,
    /// The hub's idea of the time.
    pub wall: WallTime,
    /// The receivers.
    pub receivers: Vec<ReceiverHealth>,
    /// Adverts by what became of them, by stable code (`stored`, `duplicate`, `replayed`, `bad_mic` …).
    pub outcomes: Vec<(String, u64)>,
    /// The store.
    pub store: StoreStats,
    /// The version of the hub.
    pub version: &'static str,
}

/// The port to the hub's health.
pub trait HealthReader: Send + Sync {
    /// How the hub is doing now.
    fn health(&self) -> Health;
}
