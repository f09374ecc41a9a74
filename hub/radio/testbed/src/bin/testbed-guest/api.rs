//! The way from a port to the API of the guest's hub: what the host says there goes to a connection, and back.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use hub_testbed::{END, HUB};
use rustix::event::{PollFd, PollFlags, poll};

use crate::home;

/// Has a port lead to the hub's API from now on.
pub(crate) fn reach(port: &str) -> Result<()> {
    let mut port = home::port(port)?;
    thread::Builder::new()
        .name("api".to_owned())
        .spawn(move || {
            // When the host has closed the port nobody asks any more.
            while pass(&mut port).is_ok() {}
        })
        .context("failed to start a thread")?;
    Ok(())
}

/// One connection: it begins with the first byte that comes, and ends when the hub ends it or has none to give.
fn pass(port: &mut File) -> Result<()> {
    let mut bytes = vec![0; 1 << 16];
    let mut length = from_host(port, &mut bytes)?;
    if let Ok(mut hub) = TcpStream::connect(HUB) {
        while hub.write_all(bytes.get(..length).unwrap_or_default()).is_ok() {
            length = 0;
            let mut waiting = [PollFd::new(port, PollFlags::IN), PollFd::new(&hub, PollFlags::IN)];
            poll(&mut waiting, None).context("failed to wait")?;
            let [asked, answered] = waiting.map(|each| !each.revents().is_empty());
            if answered {
                let Ok(said @ 1..) = hub.read(&mut bytes) else { break };
                port.write_all(bytes.get(..said).unwrap_or_default()).context("failed to write to the port")?;
            } else if asked {
                length = from_host(port, &mut bytes)?;
            }
        }
    }
    port.write_all(&END).context("failed to write to the port")
}

fn from_host(port: &mut File, bytes: &mut [u8]) -> Result<usize> {
    let length = port.read(bytes).context("failed to read from the port")?;
    ensure!(length > 0, "the host has closed the port");
    Ok(length)
}
