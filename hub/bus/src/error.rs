use hub_model::HistoryError;
use thiserror::Error;

/// Why the bus could not take or give an event.
#[derive(Debug, Error)]
pub enum BusError {
    /// No event numbers could be reserved; without them an event could be counted twice after a crash.
    #[error("no event numbers could be reserved")]
    Reserve(#[source] HistoryError),
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[source] HistoryError),
    /// The hub is stopping.
    #[error("the bus is closed")]
    Closed,
}
