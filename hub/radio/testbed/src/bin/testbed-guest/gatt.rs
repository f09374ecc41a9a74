//! A device found, connected and talked to by bluetoothd.

use std::{pin::Pin, time::Duration};

use anyhow::{Context as _, Result};
use bluer::{
    Adapter, AdapterEvent, Address, Device, DeviceEvent, DeviceProperty, DiscoveryFilter, DiscoveryTransport, Session,
    Uuid,
    gatt::{
        WriteOp,
        remote::{Characteristic, CharacteristicWriteRequest},
    },
};
use futures_util::{Stream, StreamExt as _, stream::SelectAll};
use tokio::time::timeout;

use crate::bluez::first_adapter;

type Values = Pin<Box<dyn Stream<Item = Vec<u8>>>>;

/// Looks for a device that sends service data with this UUID.
pub(crate) async fn find(uuid: [u8; 16], within_ms: u64) -> Result<([u8; 6], Vec<u8>)> {
    let (_session, adapter) = first_adapter().await?;
    let found = timeout(Duration::from_millis(within_ms), look(&adapter, Uuid::from_bytes(uuid))).await;
    found.with_context(|| format!("found nobody within {within_ms} ms"))?
}

async fn look(adapter: &Adapter, uuid: Uuid) -> Result<([u8; 6], Vec<u8>)> {
    let filter =
        DiscoveryFilter { transport: DiscoveryTransport::Le, duplicate_data: true, ..DiscoveryFilter::default() };
    adapter.set_discovery_filter(filter).await.context("failed to set a filter")?;
    let mut found = Box::pin(adapter.discover_devices().await.context("failed to discover")?);
    let mut changes = SelectAll::new();
    loop {
        tokio::select! {
            Some(event) = found.next() => {
                let AdapterEvent::DeviceAdded(address) = event else { continue };
                let device = adapter.device(address).context("failed to look at a device")?;
                // Followed first, so that no change is missed between the two.
                let events = device.events().await.context("failed to follow a device")?;
                changes.push(Box::pin(events.map(move |event| (address, event))));
                let sent = device.service_data().await.ok().flatten().unwrap_or_default();
                if let Some(data) = sent.get(&uuid) {
                    return Ok((address.0, data.clone()));
                }
            }
            Some((address, DeviceEvent::PropertyChanged(DeviceProperty::ServiceData(sent)))) = changes.next() => {
                if let Some(data) = sent.get(&uuid) {
                    return Ok((address.0, data.clone()));
                }
            }
            else => anyhow::bail!("discovery ended"),
        }
    }
}

/// A connection.
pub(crate) struct Link {
    _session: Session,
    device: Device,
    way_in: Characteristic,
    notified: Values,
    mtu: u16,
}

impl Link {
    /// Connects, finds the service, and listens to what is notified.
    pub(crate) async fn open(address: [u8; 6], uuids: [[u8; 16]; 3], within_ms: u64) -> Result<Self> {
        let opened =
            timeout(Duration::from_millis(within_ms), connect(Address(address), uuids.map(Uuid::from_bytes))).await;
        opened.with_context(|| format!("not connected within {within_ms} ms"))?
    }

    pub(crate) fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Writes, then reads what is notified up to a value whose first byte has the bit `last`.
    pub(crate) async fn talk(&mut self, values: &[Vec<u8>], last: u8, within_ms: u64) -> Result<Vec<Vec<u8>>> {
        let request = CharacteristicWriteRequest { op_type: WriteOp::Request, ..CharacteristicWriteRequest::default() };
        let talk = async {
            for value in values {
                self.way_in.write_ext(value, &request).await.context("failed to write")?;
            }
            let mut answers = Vec::new();
            while let Some(value) = self.notified.next().await {
                let is_last = value.first().is_some_and(|head| head & last != 0);
                answers.push(value);
                if is_last {
                    return Ok(answers);
                }
            }
            anyhow::bail!("the device hung up")
        };
        timeout(Duration::from_millis(within_ms), talk)
            .await
            .with_context(|| format!("no answer within {within_ms} ms"))?
    }

    /// Ends the connection.
    pub(crate) async fn close(self) -> Result<()> {
        drop(self.notified);
        self.device.disconnect().await.context("failed to disconnect")
    }
}

async fn connect(address: Address, [service, way_in, way_out]: [Uuid; 3]) -> Result<Link> {
    let (session, adapter) = first_adapter().await?;
    let device = adapter.device(address).context("failed to look at the device")?;
    device.connect().await.context("failed to connect")?;
    for found in device.services().await.context("failed to resolve services")? {
        if found.uuid().await.context("failed to look at a service")? != service {
            continue;
        }
        let (mut writable, mut notifying) = (None, None);
        for characteristic in found.characteristics().await.context("failed to look at a service")? {
            match characteristic.uuid().await.context("failed to look at a characteristic")? {
                uuid if uuid == way_in => writable = Some(characteristic),
                uuid if uuid == way_out => notifying = Some(characteristic),
                _ => {}
            }
        }
        let way_in = writable.context("the service has nothing to write to")?;
        let notifying = notifying.context("the service has nothing that notifies")?;
        let notified: Values = Box::pin(notifying.notify().await.context("failed to subscribe")?);
        let mtu = way_in.mtu().await.context("failed to ask for the MTU")?;
        return Ok(Link { _session: session, device, way_in, notified, mtu: u16::try_from(mtu).unwrap_or(u16::MAX) });
    }
    anyhow::bail!("the device has no service {service}")
}
