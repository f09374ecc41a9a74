//! The kernel's Bluetooth control channel. The one place of the hub with `unsafe`: no library knows this kind of address.
#![expect(
    unsafe_code,
    reason = "an address that rustix has no type for, and a descriptor for tokio; each says why it may"
)]

use std::{io, mem::size_of, os::fd::OwnedFd, ptr};

use rustix::{
    io::retry_on_intr,
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType,
        addr::{SocketAddrArg, SocketAddrLen, SocketAddrOpaque},
        bind, recv, send, socket_with, sockopt,
    },
};
use tokio::io::unix::AsyncFd;

/// The Linux kernel's `struct sockaddr_hci` (include/net/bluetooth/hci_sock.h).
#[repr(C)]
struct HciAddress {
    family: u16,
    device: u16,
    channel: u16,
}

/// No controller in particular, and the channel of the management protocol.
const CONTROL: HciAddress = HciAddress { family: AddressFamily::BLUETOOTH.as_raw(), device: 0xFFFF, channel: 3 };
/// The raw protocol of Bluetooth sockets: HCI.
const HCI: u32 = 1;
/// Room for adverts that come while nobody reads: some seconds of a crowded air.
const ROOM: usize = 4 << 20;

// SAFETY: the pointer is to a value that outlives the call, and the length is the value's own; it is laid out as the
// kernel wants it (`repr(C)`, three u16, no padding).
unsafe impl SocketAddrArg for HciAddress {
    unsafe fn with_sockaddr<R>(&self, f: impl FnOnce(*const SocketAddrOpaque, SocketAddrLen) -> R) -> R {
        const LENGTH: SocketAddrLen = size_of::<HciAddress>() as SocketAddrLen;
        f(ptr::from_ref(self).cast(), LENGTH)
    }
}

/// An open control channel.
#[derive(Debug)]
pub(crate) struct Socket(AsyncFd<OwnedFd>);

impl Socket {
    /// Opens it. A kernel without Bluetooth says that it does not know the family of addresses.
    pub(crate) fn open() -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let protocol = rustix::net::Protocol::from_raw(HCI.try_into().map_err(io::Error::other)?);
        let socket = socket_with(AddressFamily::BLUETOOTH, SocketType::RAW, flags, Some(protocol))?;
        // More than a user may have needs CAP_NET_ADMIN, as listening does; less room is no reason not to listen.
        if sockopt::set_socket_recv_buffer_size_force(&socket, ROOM).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, ROOM)?;
        }
        bind(&socket, &CONTROL)?;
        // SAFETY: an `OwnedFd` names one descriptor for as long as it lives, and closes it when it is dropped.
        Ok(Self(unsafe { AsyncFd::register(socket) }?))
    }

    /// Sends one packet. The kernel takes it at once or not at all.
    pub(crate) fn send(&self, packet: &[u8]) -> io::Result<()> {
        retry_on_intr(|| send(self.0.get_ref(), packet, SendFlags::empty()))?;
        Ok(())
    }

    /// Waits for a packet, and takes it.
    pub(crate) async fn receive(&self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            let received = ready
                .try_io(|socket| Ok(retry_on_intr(|| recv(socket.get_ref(), &mut *buffer, RecvFlags::empty()))?.0));
            if let Ok(length) = received {
                return length;
            }
        }
    }
}
