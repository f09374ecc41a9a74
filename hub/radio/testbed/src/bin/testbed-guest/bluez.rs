//! What bluetoothd knows of adapters.

use std::{pin::pin, time::Duration};

use anyhow::{Context as _, Result};
use bluer::{Session, SessionEvent};
use futures_util::StreamExt as _;
use tokio::time::timeout;

/// Waits until bluetoothd knows an adapter, and says its address.
pub(crate) async fn await_adapter(name: &str, within_ms: u64) -> Result<[u8; 6]> {
    let session = Session::new().await.context("failed to reach bluetoothd")?;
    let look = async {
        let mut events = pin!(session.events().await?);
        if !session.adapter_names().await?.iter().any(|each| each == name) {
            while let Some(event) = events.next().await {
                if matches!(event, SessionEvent::AdapterAdded(added) if added == name) {
                    break;
                }
            }
        }
        session.adapter(name)?.address().await
    };
    let address = timeout(Duration::from_millis(within_ms), look).await;
    let address = address.with_context(|| format!("bluetoothd does not know {name} within {within_ms} ms"))?;
    Ok(address.with_context(|| format!("failed to look for {name}"))?.0)
}
