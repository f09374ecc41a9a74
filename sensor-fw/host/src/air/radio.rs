use std::{cell::RefCell, convert::Infallible, future::poll_fn, rc::Rc, task::Poll};

use bt_hci::{
    ControllerToHostPacket, FromHciBytes as _, PacketKind, WriteHci as _,
    cmd::{AsyncCmd, Error, SyncCmd},
    controller::{Controller as HciController, ControllerCmdAsync, ControllerCmdSync},
    data::{AclPacket, IsoPacket, SyncPacket},
    param,
};
use embedded_io::ErrorType;

use super::controller::{Controller, Packet, Reply};
use crate::clock::Clock;

/// A packet of HCI: the head of an ACL packet, and as much as one carries.
const MAX_PACKET: usize = 259;

/// The host's side of a virtual controller. Commands are answered on the spot: nothing waits for an event.
#[derive(Debug)]
pub(crate) struct Radio {
    pub(crate) controller: Rc<RefCell<Controller>>,
    pub(crate) clock: Rc<Clock>,
}

impl Radio {
    fn command(&self, opcode: u16, write: impl FnOnce(&mut &mut [u8]) -> bool) -> Result<Reply, param::Error> {
        let mut buffer = [0; 255];
        let mut rest = buffer.as_mut_slice();
        if !write(&mut rest) {
            return Err(param::Error::INVALID_HCI_PARAMETERS);
        }
        let length = 255 - rest.len();
        let parameters = buffer.get(..length).unwrap_or_default();
        self.controller.borrow_mut().command(opcode, parameters, self.clock.now_us())
    }
}

impl ErrorType for Radio {
    type Error = Infallible;
}

impl HciController for Radio {
    type Buffer<'a> = [u8; MAX_PACKET];

    fn alloc_buf(&self) -> Result<Self::Buffer<'_>, Infallible> {
        Ok([0; MAX_PACKET])
    }

    async fn write_acl_data(&self, packet: &AclPacket<'_>) -> Result<(), Infallible> {
        self.controller.borrow_mut().write_acl(packet.boundary_flag() as u16, packet.data());
        Ok(())
    }

    /// There is no such link.
    async fn write_sync_data(&self, _packet: &SyncPacket<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    /// Nor such.
    async fn write_iso_data(&self, _packet: &IsoPacket<'_>) -> Result<(), Infallible> {
        Ok(())
    }

    async fn read<'a>(&self, buffer: &'a mut Self::Buffer<'_>) -> Result<ControllerToHostPacket<'a>, Infallible> {
        let (kind, length) = poll_fn(|context| {
            loop {
                let (kind, bytes) = match self.controller.borrow_mut().read(context.waker()) {
                    None => return Poll::Pending,
                    Some(Packet::Event(bytes)) => (PacketKind::Event, bytes),
                    Some(Packet::Acl(bytes)) => (PacketKind::AclData, bytes),
                };
                // What the host could not read is not told: the tests of the controller have every packet read.
                let is_read = ControllerToHostPacket::from_hci_bytes_with_kind(kind, &bytes).is_ok();
                if let (true, Some(place)) = (is_read, buffer.get_mut(..bytes.len())) {
                    place.copy_from_slice(&bytes);
                    return Poll::Ready((kind, bytes.len()));
                }
            }
        })
        .await;
        let bytes = buffer.get(..length).unwrap_or_default();
        match ControllerToHostPacket::from_hci_bytes_with_kind(kind, bytes) {
            Ok((packet, _)) => Ok(packet),
            Err(_) => std::future::pending().await,
        }
    }
}

impl<C: SyncCmd> ControllerCmdSync<C> for Radio {
    async fn exec(&self, command: &C) -> Result<C::Return, Error<Infallible>> {
        let write = |rest: &mut &mut [u8]| command.params().write_hci(rest).is_ok();
        let reply = self.command(C::OPCODE.to_raw(), write).map_err(Error::Hci)?;
        let all = C::Return::from_hci_bytes_complete(&reply);
        all.map_err(|_| Error::Hci(param::Error::UNSPECIFIED))
    }
}

impl<C: AsyncCmd> ControllerCmdAsync<C> for Radio {
    async fn exec(&self, command: &C) -> Result<(), Error<Infallible>> {
        let write = |rest: &mut &mut [u8]| command.params().write_hci(rest).is_ok();
        self.command(C::OPCODE.to_raw(), write).map(drop).map_err(Error::Hci)
    }
}
