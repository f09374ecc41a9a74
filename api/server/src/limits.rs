use std::time::Duration;

use hub_model::SettingError;

/// How much clients may ask of the server. What an operation may ask of the schema is `api_graphql::Limits`.
///
/// The defaults are for a Raspberry Pi in a home of twenty phones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most connections that are open at a time, 8 to 10 000. More wait in the kernel's queue.
    pub connections: usize,
    /// The most queries and mutations that are executed at a time, 1 to 1 000. More wait for their turn.
    pub operations: usize,
    /// The most subscriptions that are open at a time over all transports, 1 to 10 000.
    pub streams: usize,
    /// The most operations that one websocket may have running, 1 to 1 000.
    pub streams_per_socket: usize,
    /// The longest body of a request and the longest message of a websocket in bytes, 1 024 to 16 777 216.
    pub message_bytes: usize,
    /// How long a body may take to come, and then a query or mutation with waiting for its turn, 1 s to 10 min.
    pub request_timeout: Duration,
    /// How long a websocket may take to introduce itself with `connection_init`, 100 ms to 1 min.
    pub init_timeout: Duration,
    /// How often an idle stream shows that it lives, 1 s to 5 min. A websocket that was silent for twice that is gone.
    pub heartbeat: Duration,
    /// How long a stop waits for clients, up to 1 min. Then they are cut off.
    pub stop_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 256,
            operations: 16,
            streams: 128,
            streams_per_socket: 32,
            message_bytes: 64 * 1024,
            request_timeout: Duration::from_secs(30),
            init_timeout: Duration::from_secs(10),
            heartbeat: Duration::from_secs(15),
            stop_timeout: Duration::from_secs(3),
        }
    }
}

impl Limits {
    /// Refuses what is outside its range.
    pub(crate) fn check(self) -> Result<Self, SettingError> {
        let minute = Duration::from_secs(60);
        within("server.connections", self.connections, 8, 10_000, "8 to 10000")?;
        within("server.operations", self.operations, 1, 1_000, "1 to 1000")?;
        within("server.streams", self.streams, 1, 10_000, "1 to 10000")?;
        within("server.streams_per_socket", self.streams_per_socket, 1, 1_000, "1 to 1000")?;
        within("server.message_bytes", self.message_bytes, 1_024, 16 * 1024 * 1024, "1024 to 16777216 bytes")?;
        within("server.request_timeout", self.request_timeout, Duration::from_secs(1), 10 * minute, "1 s to 10 min")?;
        within("server.init_timeout", self.init_timeout, Duration::from_millis(100), minute, "100 ms to 1 min")?;
        within("server.heartbeat", self.heartbeat, Duration::from_secs(1), 5 * minute, "1 s to 5 min")?;
        within("server.stop_timeout", self.stop_timeout, Duration::ZERO, minute, "up to 1 min")?;
        Ok(self)
    }
}

fn within<T: PartialOrd + Copy + std::fmt::Debug>(
    key: &'static str,
    value: T,
    least: T,
    most: T,
    expected: &'static str,
) -> Result<(), SettingError> {
    if (least..=most).contains(&value) { Ok(()) } else { Err(SettingError::new(key, format!("{value:?}"), expected)) }
}
