//! One radio's way from its port to the kernel: what a controller outside says becomes what `/dev/vhci` hears, and back.
//!
//! | first byte | packet | length |
//! |---|---|---|
//! | 0x02 | data (ACL) | 5 + u16 at 3 |
//! | 0x03 | audio (SCO) | 4 + u8 at 3 |
//! | 0x04 | event | 3 + u8 at 2 |
//! | 0x05 | data (ISO) | 5 + 14 bits at 3 |
//! | 0xFF | of `/dev/vhci` alone: make a controller, and which one was made | 4 |

use std::{
    fs::{File, OpenOptions},
    io::{PipeReader, PipeWriter, Read as _, Write as _, pipe},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use rustix::event::{PollFd, PollFlags, poll};

use crate::home;

const VENDOR: u8 = 0xFF;
/// "A controller of the usual kind, set up at once."
const MAKE: [u8; 2] = [VENDOR, 0x00];
/// How long the kernel may take to make a controller, and a pump to do what it is told.
const LIMIT: Duration = Duration::from_secs(20);

/// A radio, plugged in or not.
pub(crate) struct Pump {
    orders: SyncSender<Order>,
    /// One byte for each order.
    bell: PipeWriter,
}

enum Order {
    Plug(SyncSender<Result<String>>),
    Unplug(SyncSender<()>),
}

impl Pump {
    /// The radio behind a port, not plugged in.
    pub(crate) fn new(port: &str) -> Result<Self> {
        let (orders, taken) = sync_channel(1);
        let (ringing, bell) = pipe().context("failed to make a pipe")?;
        let mut pumping = Pumping { port: home::port(port)?, orders: taken, ringing, vhci: None, arrived: Vec::new() };
        thread::Builder::new()
            .name(port.to_owned())
            .spawn(move || {
                // Nothing comes through any more, and the next order says so.
                while pumping.turn().is_ok() {}
            })
            .context("failed to start a thread")?;
        Ok(Self { orders, bell })
    }

    /// Plugs it in, and says the kernel's name of it.
    pub(crate) fn plug(&mut self) -> Result<String> {
        let (done, is_done) = sync_channel(1);
        self.order(Order::Plug(done))?;
        is_done.recv_timeout(2 * LIMIT).context("the pump has stopped")?
    }

    /// Pulls it out.
    pub(crate) fn unplug(&mut self) -> Result<()> {
        let (done, is_done) = sync_channel(1);
        self.order(Order::Unplug(done))?;
        is_done.recv_timeout(LIMIT).context("the pump has stopped")
    }

    fn order(&mut self, order: Order) -> Result<()> {
        self.orders.send(order).ok().context("the pump has stopped")?;
        self.bell.write_all(&[0]).context("the pump has stopped")
    }
}

/// The inside of a pump.
struct Pumping {
    port: File,
    orders: Receiver<Order>,
    ringing: PipeReader,
    vhci: Option<File>,
    /// What came from the port and is no whole packet yet.
    arrived: Vec<u8>,
}

impl Pumping {
    /// Waits until there is something to do, and does it.
    fn turn(&mut self) -> Result<()> {
        let mut waiting = vec![PollFd::new(&self.port, PollFlags::IN), PollFd::new(&self.ringing, PollFlags::IN)];
        waiting.extend(self.vhci.as_ref().map(|vhci| PollFd::new(vhci, PollFlags::IN)));
        poll(&mut waiting, None).context("failed to wait")?;
        let ready: Vec<bool> = waiting.iter().map(|each| !each.revents().is_empty()).collect();
        let is_ready = |at: usize| ready.get(at).copied().unwrap_or_default();
        if is_ready(0) {
            self.take_from_port()?;
        }
        if is_ready(2) {
            self.take_from_kernel()?;
        }
        if is_ready(1) { self.obey() } else { Ok(()) }
    }

    /// Whole packets go to the kernel, one write each; what is left waits for its rest.
    fn take_from_port(&mut self) -> Result<()> {
        let mut bytes = vec![0; 1 << 15];
        let length = self.port.read(&mut bytes).context("failed to read from the port")?;
        if length == 0 {
            bail!("the host has closed the port");
        }
        self.arrived.extend_from_slice(bytes.get(..length).unwrap_or_default());
        let mut begin = 0;
        while let Some(length) = self.arrived.get(begin..).and_then(packet_length) {
            let Some(packet) = self.arrived.get(begin..begin + length) else { break };
            // What comes while nothing is plugged in is heard by nobody, and the kernel takes no packets of a controller
            // that it takes down.
            let _ = self.vhci.as_mut().map(|vhci| vhci.write(packet));
            begin += length;
        }
        self.arrived.drain(..begin);
        Ok(())
    }

    fn take_from_kernel(&mut self) -> Result<()> {
        let mut packet = [0; 1 << 12];
        let Some(vhci) = &mut self.vhci else { return Ok(()) };
        let Ok(length) = vhci.read(&mut packet) else {
            self.vhci = None;
            return Ok(());
        };
        match packet.get(..length) {
            Some([VENDOR, ..]) | None => Ok(()),
            Some(packet) => self.port.write_all(packet).context("failed to write to the port"),
        }
    }

    fn obey(&mut self) -> Result<()> {
        self.ringing.read_exact(&mut [0]).context("nobody rings any more")?;
        // Who does not wait for the answer any more does not need it.
        match self.orders.recv().context("nobody orders any more")? {
            Order::Plug(done) => {
                let made = make().map(|(vhci, name)| {
                    self.vhci = Some(vhci);
                    name
                });
                let _ = done.try_send(made);
            }
            Order::Unplug(done) => {
                self.vhci = None;
                let _ = done.try_send(());
            }
        }
        Ok(())
    }
}

/// Has the kernel make a controller, and learns what it is called.
fn make() -> Result<(File, String)> {
    let vhci = OpenOptions::new().read(true).write(true).open("/dev/vhci");
    let mut vhci = vhci.context("failed to open /dev/vhci")?;
    vhci.write_all(&MAKE).context("failed to make a controller")?;
    let limit = LIMIT.try_into().context("a limit is short")?;
    let ready =
        poll(&mut [PollFd::new(&vhci, PollFlags::IN)], Some(&limit)).context("failed to wait for a controller")?;
    if ready == 0 {
        bail!("the kernel made no controller in time");
    }
    let mut told = [0; 64];
    let length = vhci.read(&mut told).context("failed to read which controller was made")?;
    match told.get(..length) {
        Some([VENDOR, _, low, high]) => Ok((vhci, format!("hci{}", u16::from_le_bytes([*low, *high])))),
        other => bail!("/dev/vhci told {other:?}"),
    }
}

/// How long the first packet is; `None` as long as its head is not all there.
fn packet_length(bytes: &[u8]) -> Option<usize> {
    Some(match bytes {
        [0x02, _, _, low, high, ..] => 5 + usize::from(u16::from_le_bytes([*low, *high])),
        [0x03, _, _, length, ..] => 4 + usize::from(*length),
        [0x04, _, length, ..] => 3 + usize::from(*length),
        [0x05, _, _, low, high, ..] => 5 + usize::from(u16::from_le_bytes([*low, *high]) & 0x3FFF),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::packet_length;

    #[test]
    fn a_packet_is_as_long_as_its_head_says() {
        for (head, length) in [
            (&[0x02, 1, 0, 0x00, 0x01][..], Some(5 + 256)),
            (&[0x03, 1, 0, 7], Some(4 + 7)),
            (&[0x04, 0x3E, 12, 2], Some(3 + 12)),
            // The highest two bits are no part of the length.
            (&[0x05, 1, 0, 0x08, 0x40], Some(5 + 8)),
            (&[0x04, 0x3E], None),
            (&[], None),
        ] {
            assert_eq!(packet_length(head), length, "{head:?}");
        }
    }
}
