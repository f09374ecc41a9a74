//! The other end of a connection, and how the connection is ended.

use std::time::Duration;

use tokio::time::timeout;

use crate::{
    kernel::{self, Control, ControlError, End, Request, Status},
    links::client::Client,
};

/// How long hanging up may take: a sensor that is gone does not answer.
const HANG_UP: Duration = Duration::from_secs(1);
/// How long the kernel keeps a connection that nobody uses any more (its `HCI_DISCONN_TIMEOUT`), and a little.
const UNUSED: Duration = Duration::from_millis(2100);

/// A connection as the kernel sees it. Dropped it is hung up, without waiting for that.
#[derive(Debug)]
pub(super) struct Line {
    adapter: u16,
    peer: End,
    is_over: bool,
}

impl Line {
    pub(super) const fn new(adapter: u16, peer: End) -> Self {
        Self { adapter, peer, is_over: false }
    }

    /// Hangs up, and waits until that is so, or has to be.
    pub(super) async fn hang_up(mut self, client: Client) {
        self.is_over = true;
        let hang_up = async { Control::open()?.ask(&self.request(), &mut |_| {}).await };
        let answer = timeout(HANG_UP, hang_up).await;
        drop(client);
        match answer {
            Ok(Err(ControlError::Refused(Status::PERMISSION_DENIED))) => tokio::time::sleep(UNUSED).await,
            Ok(Err(error)) => tracing::debug!(peer = %self.peer.address, %error, "not connected any more"),
            Ok(Ok(_)) | Err(_) => {}
        }
    }

    fn request(&self) -> Request {
        Request::disconnect(self.adapter, self.peer)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if !self.is_over
            && let Err(error) = kernel::request(&self.request().bytes())
        {
            tracing::debug!(peer = %self.peer.address, %error, "the kernel ends the connection by itself");
        }
    }
}
