//! A connection that the guest holds, as the hub's own sessions use one.

use anyhow::{Result, bail};
use hub_link::{HubIdentity, Label, Session};
use hub_model::{Link, LinkError};
use hub_testbed::{Answer, Ask};
use wire::gatt;

use crate::guest::Guest;

/// Who was found by a pairing advert.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// The kernel name of the adapter that is to connect.
    pub(crate) adapter: String,
    pub(crate) address: [u8; 6],
    pub(crate) is_random: bool,
}

/// A connection of the guest's. Dropped it stays, until the guest is told to end it.
#[derive(Debug)]
pub(crate) struct GuestLink {
    guest: Guest,
    mtu: u16,
    /// How long the guest took to connect.
    pub(crate) took_ms: u64,
}

impl GuestLink {
    /// Has the guest connect.
    pub(crate) async fn connect(guest: &Guest, found: &Found) -> Result<Self> {
        let Found { adapter, address, is_random } = found.clone();
        let uuids = [gatt::SERVICE, gatt::TO_SENSOR, gatt::TO_HUB].map(|uuid| uuid.as_u128().to_be_bytes());
        match guest.ask(Ask::Connect { adapter, address, is_random, uuids }).await? {
            Answer::Connected { mtu, took_ms } => Ok(Self { guest: guest.clone(), mtu, took_ms }),
            other => bail!("the guest answered {other:?}"),
        }
    }
}

impl Link for GuestLink {
    fn mtu(&self) -> u16 {
        self.mtu
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        self.guest.order(Ask::Write { value: piece.to_vec() }).await.map_err(failed)
    }

    async fn notified(&mut self) -> Result<Vec<u8>, LinkError> {
        match self.guest.ask(Ask::Notified).await.map_err(failed)? {
            Answer::Value(value) => Ok(value),
            _ => Err(LinkError::Lost),
        }
    }

    async fn hang_up(self) {
        // One that is lost has ended as well.
        let _ = self.guest.ask(Ask::Disconnect).await;
    }
}

/// What the guest says is a text.
fn failed(error: anyhow::Error) -> LinkError {
    LinkError::Adapter(error.into())
}

/// A hub that the sensor has never met.
pub(crate) fn stranger() -> Result<HubIdentity> {
    Ok(HubIdentity::generate([7; 16])?)
}

/// Has the guest connect, and shakes hands by what the label says; says how long connecting took, too, ms.
pub(crate) async fn pair(
    guest: &Guest,
    found: &Found,
    label: &Label,
    hub: &HubIdentity,
) -> Result<(Session<GuestLink>, u64)> {
    let link = GuestLink::connect(guest, found).await?;
    let took_ms = link.took_ms;
    Ok((Session::pair(link, label, hub, *b"noncence").await?, took_ms))
}
