use std::{convert::Infallible, fmt, time::Duration};

use hub_model::{Link, LinkError, Links, Peer};

/// The links of a hub that can connect to nobody: one without a radio, one that replays a capture.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoLinks;

/// There is none.
pub struct NoLink(Infallible);

impl fmt::Debug for NoLink {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl Links for NoLinks {
    type Link = NoLink;

    async fn connect(&self, _: Peer) -> Result<NoLink, LinkError> {
        Err(LinkError::NoRadio)
    }

    async fn pass(&self, at_most: Duration) {
        tokio::time::sleep(at_most).await;
    }
}

impl Link for NoLink {
    fn mtu(&self) -> u16 {
        match self.0 {}
    }

    async fn write(&mut self, _: &[u8]) -> Result<(), LinkError> {
        match self.0 {}
    }

    async fn notified(&mut self) -> Result<Vec<u8>, LinkError> {
        match self.0 {}
    }

    async fn hang_up(self) {
        match self.0 {}
    }
}
