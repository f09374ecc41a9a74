use std::time::Duration;

use bluer::{Adapter, Session, SessionEvent};
use futures_util::{Stream, StreamExt as _};
use hub_model::Address;

use crate::{AdapterName, error::RadioError};

/// How long bluetoothd may take for what it is asked: switching an adapter on is what takes longest.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits for bluetoothd, but not without end.
///
/// # Errors
/// Those of what is waited for, and when it takes too long.
pub(crate) async fn in_time<T>(answer: impl Future<Output = Result<T, RadioError>>) -> Result<T, RadioError> {
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or(Err(RadioError::Hanging { patience: PATIENCE }))
}

/// The connection to bluetoothd over the system D-Bus.
pub(crate) struct BlueZ {
    session: Session,
}

impl BlueZ {
    /// Connects.
    ///
    /// # Errors
    /// When there is no D-Bus, or no BlueZ on it.
    pub(crate) async fn connect() -> Result<Self, RadioError> {
        let session = Session::new().await.map_err(RadioError::NoBluez)?;
        session.adapter_names().await.map_err(RadioError::NoBluez)?;
        Ok(Self { session })
    }

    /// Completes when an adapter is gone, or bluetoothd with it: streams of bluetoothd's own do not end then.
    ///
    /// # Errors
    /// When bluetoothd does not say what changes.
    pub(crate) async fn gone(&self, name: &str) -> Result<impl Future<Output = ()> + use<>, RadioError> {
        let (changes, name) = (self.session.events().await.map_err(RadioError::NoBluez)?, name.to_owned());
        Ok(wait_for(changes, SessionEvent::AdapterRemoved(name)))
    }

    /// An adapter.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) async fn adapter(&self, name: &AdapterName) -> Result<Adapter, RadioError> {
        let mut described = Vec::new();
        for each in self.session.adapter_names().await.map_err(RadioError::NoBluez)? {
            let adapter = self.session.adapter(&each).map_err(RadioError::NoBluez)?;
            let address = Address::new(adapter.address().await.map_err(RadioError::NoBluez)?.0);
            if name.is(&each, address) {
                return Ok(adapter);
            }
            described.push(format!("{each} ({address})"));
        }
        Err(RadioError::not_found(name, &described))
    }
}

async fn wait_for(changes: impl Stream<Item = SessionEvent>, wanted: SessionEvent) {
    let mut changes = std::pin::pin!(changes);
    while let Some(change) = changes.next().await {
        if change == wanted {
            return;
        }
    }
}
