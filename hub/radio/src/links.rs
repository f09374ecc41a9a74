//! Connections to sensors: the kernel makes them, and the hub itself speaks the few words of ATT that one service takes.
//! bluetoothd has no part in it, so there is nothing to discover and to wait for.

mod att;
mod client;
mod line;

use std::{io, time::Duration};

use hub_model::{Link, LinkError, Links, Peer, ReceiverId};
use rustix::io::Errno;
use tokio::time::timeout;

use crate::{
    AdapterName, Plan,
    kernel::{Control, End, Present, Request, Socket, adapters},
};
use client::Client;
use line::Line;

/// How long a sensor may take until it is connected: it is in its window now, and sends four adverts a second there.
const CONNECT: Duration = Duration::from_secs(6);
/// How long a sensor may take for an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// How long to wait before a connection that came to nothing is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// The service that our sensors have, and its characteristics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Service {
    /// The service's UUID.
    pub service: u128,
    /// Where the hub writes.
    pub to_sensor: u128,
    /// Where the sensor notifies.
    pub to_hub: u128,
}

/// The adapters of this hub as a way to connect to sensors.
#[derive(Debug)]
pub struct AdapterLinks {
    service: Service,
    adapters: Vec<(ReceiverId, AdapterName)>,
}

/// A connection to a sensor.
#[derive(Debug)]
pub struct AdapterLink {
    client: Client,
    line: Line,
}

impl AdapterLinks {
    /// Connections by the adapters of these plans, to sensors that have this service.
    pub fn new(service: Service, plans: &[Plan]) -> Self {
        Self { service, adapters: plans.iter().map(|plan| (plan.receiver, plan.adapter.clone())).collect() }
    }

    /// The adapter that is this receiver, else the first of ours that is there.
    fn choose<'a>(&self, present: &'a [Present], receiver: ReceiverId) -> Option<&'a Present> {
        let find = |name: &AdapterName| present.iter().find(|each| name.is(&each.name, each.address));
        let heard_by = self.adapters.iter().filter(|(of, _)| *of == receiver);
        heard_by.chain(&self.adapters).find_map(|(_, name)| find(name))
    }
}

impl Links for AdapterLinks {
    type Link = AdapterLink;

    async fn connect(&self, peer: Peer) -> Result<AdapterLink, LinkError> {
        let mut control = Control::open().map_err(failed)?;
        let present = adapters(&mut control).await.map_err(failed)?;
        let adapter = self.choose(&present, peer.receiver).ok_or(LinkError::NoRadio)?;
        // Who may not set it connects in the kernel's own way.
        let _ = control.ask(&Request::connecting(adapter.index), &mut |_| {}).await;
        // What is heard would pile up in it.
        drop(control);
        let own = End { address: adapter.address, is_random: false };
        let end = End { address: peer.address, is_random: peer.is_random };
        let socket = timeout(CONNECT, reach(own, end)).await;
        let socket = socket.map_err(|_elapsed| LinkError::Unreachable { address: peer.address })??;
        // From here on who gives up hangs up.
        let line = Line::new(adapter.index, end);
        let client = Client::settle_in(socket, peer.address, &self.service, ANSWER).await?;
        Ok(AdapterLink { client, line })
    }

    async fn pass(&self, at_most: Duration) {
        tokio::time::sleep(at_most).await;
    }
}

impl Link for AdapterLink {
    fn mtu(&self) -> u16 {
        self.client.mtu()
    }

    async fn write(&mut self, piece: &[u8]) -> Result<(), LinkError> {
        self.client.write(piece).await
    }

    async fn notified(&mut self) -> Result<Vec<u8>, LinkError> {
        self.client.notified().await
    }

    async fn hang_up(self) {
        let Self { client, line } = self;
        line.hang_up(client).await;
    }
}

/// Tries until it is connected, or the adapter is at fault.
async fn reach(own: End, peer: End) -> Result<Socket, LinkError> {
    loop {
        match Socket::att(own, peer).await {
            Ok(socket) => return Ok(socket),
            Err(error) if is_own_fault(&error) => return Err(failed(error)),
            Err(error) => tracing::debug!(peer = %peer.address, %error, "not connected yet"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Is it the adapter that failed, and not the other end? Then trying again does not help.
fn is_own_fault(error: &io::Error) -> bool {
    is_no_radio(error) || matches!(errno(error), Some(Errno::MLINK | Errno::NOMEM | Errno::INVAL | Errno::OPNOTSUPP))
}

/// Is there no adapter, or none that is switched on?
fn is_no_radio(error: &io::Error) -> bool {
    matches!(errno(error), Some(Errno::AFNOSUPPORT | Errno::HOSTUNREACH | Errno::NODEV | Errno::NETDOWN))
}

fn errno(error: &io::Error) -> Option<Errno> {
    error.raw_os_error().map(Errno::from_raw_os_error)
}

fn failed(error: io::Error) -> LinkError {
    if is_no_radio(&error) { LinkError::NoRadio } else { LinkError::Adapter(error.into()) }
}

#[cfg(test)]
mod tests;
