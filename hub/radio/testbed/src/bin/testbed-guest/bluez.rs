//! What bluetoothd knows of adapters, and what other programs do with them.

use std::{pin::pin, time::Duration};

use anyhow::{Context as _, Result};
use bluer::{DiscoveryFilter, DiscoveryTransport, Session, SessionEvent};
use futures_util::StreamExt as _;
use tokio::{sync::oneshot, task::JoinHandle, time::timeout};

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

/// Switches an adapter on or off.
pub(crate) async fn power(adapter: &str, on: bool) -> Result<()> {
    let adapter = Session::new().await?.adapter(adapter)?;
    adapter.set_powered(on).await.context("failed to switch an adapter")
}

/// A discovery by another program, which ends when this is dropped.
pub(crate) struct Discovering(JoinHandle<()>);

impl Discovering {
    pub(crate) async fn begin(adapter: &str) -> Result<Self> {
        let session = Session::new().await?;
        let adapter = session.adapter(adapter)?;
        let filter = DiscoveryFilter { transport: DiscoveryTransport::Le, ..DiscoveryFilter::default() };
        adapter.set_discovery_filter(filter).await.context("failed to set a filter")?;
        let (has_begun, begun) = oneshot::channel();
        let task = tokio::spawn(async move {
            let Ok(found) = adapter.discover_devices().await else { return };
            // Nobody waits for a discovery that was not wanted long enough.
            let _ = has_begun.send(());
            found.for_each(async |_| ()).await;
            drop(session);
        });
        begun.await.context("failed to discover")?;
        Ok(Self(task))
    }
}

impl Drop for Discovering {
    fn drop(&mut self) {
        self.0.abort();
    }
}
