//! The kernel's Bluetooth sockets: its control channel, and attributes (ATT) over a connection. The one place of the hub
//! with `unsafe`: no library knows these kinds of address.
#![expect(
    unsafe_code,
    reason = "addresses that rustix has no types for, and a descriptor for tokio; each says why it may"
)]

use std::{io, mem::size_of, os::fd::OwnedFd, ptr};

use hub_model::Address;
use rustix::{
    io::{Errno, retry_on_intr},
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType,
        addr::{SocketAddrArg, SocketAddrLen, SocketAddrOpaque},
        bind, connect, recv, send, socket_with, sockopt,
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

/// The Linux kernel's `struct sockaddr_l2` (include/net/bluetooth/l2cap.h).
#[repr(C)]
struct L2capAddress {
    family: u16,
    /// For channels of other kinds.
    service: u16,
    /// Least significant byte first.
    address: [u8; 6],
    /// Little-endian.
    channel: u16,
    kind: u8,
    /// What a compiler would put there; so it is no unknown byte.
    end: u8,
}

/// No controller in particular, and the channel of the management protocol.
const CONTROL: HciAddress = HciAddress { family: AddressFamily::BLUETOOTH.as_raw(), device: 0xFFFF, channel: 3 };
/// The raw protocol of Bluetooth sockets: HCI.
const HCI: u32 = 1;
/// The channel of ATT on every connection (Core 5.4, volume 3, part A, 2.1).
const ATT: u16 = 4;
/// Room for adverts that come while nobody reads: some seconds of a crowded air.
const ROOM: usize = 4 << 20;
/// Room for what a sensor notifies while nobody reads; the kernel drops the rest, some thousand values here.
const ATT_ROOM: usize = 1 << 20;
const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

// SAFETY: the pointer is to a value that outlives the call, and the length is the value's own; it is laid out as the
// kernel wants it (`repr(C)`, three u16, no padding).
unsafe impl SocketAddrArg for HciAddress {
    unsafe fn with_sockaddr<R>(&self, f: impl FnOnce(*const SocketAddrOpaque, SocketAddrLen) -> R) -> R {
        const LENGTH: SocketAddrLen = size_of::<HciAddress>() as SocketAddrLen;
        f(ptr::from_ref(self).cast(), LENGTH)
    }
}

// SAFETY: as above; two u16, six bytes, a u16 and two bytes leave no padding.
unsafe impl SocketAddrArg for L2capAddress {
    unsafe fn with_sockaddr<R>(&self, f: impl FnOnce(*const SocketAddrOpaque, SocketAddrLen) -> R) -> R {
        const LENGTH: SocketAddrLen = size_of::<L2capAddress>() as SocketAddrLen;
        f(ptr::from_ref(self).cast(), LENGTH)
    }
}

/// How one end of a connection is addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) address: Address,
    pub(crate) is_random: bool,
}

impl End {
    /// The kernel's word for what kind of address that is: `BDADDR_LE_PUBLIC` or `BDADDR_LE_RANDOM`.
    pub(crate) const fn kind(self) -> u8 {
        if self.is_random { 2 } else { 1 }
    }

    /// Least significant byte first.
    pub(crate) fn bytes(self) -> [u8; 6] {
        let mut bytes = self.address.bytes();
        bytes.reverse();
        bytes
    }

    fn att(self) -> L2capAddress {
        L2capAddress {
            family: AddressFamily::BLUETOOTH.as_raw(),
            service: 0,
            address: self.bytes(),
            channel: ATT.to_le(),
            kind: self.kind(),
            end: 0,
        }
    }
}

/// An open socket on which every read and write is one packet.
#[derive(Debug)]
pub(crate) struct Socket(AsyncFd<OwnedFd>);

impl Socket {
    /// Opens a control channel. A kernel without Bluetooth says that it does not know the family of addresses.
    pub(crate) fn control() -> io::Result<Self> {
        let socket = open_control()?;
        make_room(&socket, ROOM)?;
        Self::of(socket)
    }

    /// Connects to a device by an adapter, and opens the channel of attributes. Dropped early it gives the attempt up.
    ///
    /// # Errors
    /// `EHOSTUNREACH` where there is no such adapter or it is off; else why the connection failed.
    pub(crate) async fn att(adapter: End, peer: End) -> io::Result<Self> {
        let socket = socket_with(AddressFamily::BLUETOOTH, SocketType::SEQPACKET, FLAGS, None)?;
        make_room(&socket, ATT_ROOM)?;
        bind(&socket, &adapter.att())?;
        match connect(&socket, &peer.att()) {
            Ok(()) | Err(Errno::INPROGRESS | Errno::AGAIN) => {}
            Err(error) => return Err(error.into()),
        }
        // Watched only now: a socket that does not connect yet would be called ready.
        let socket = Self::of(socket)?;
        drop(socket.0.writable().await?);
        sockopt::socket_error(socket.0.get_ref())??;
        Ok(socket)
    }

    /// A socket that is open already and does not block.
    pub(crate) fn of(socket: OwnedFd) -> io::Result<Self> {
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

/// Asks for something over a control channel of its own, and does not wait for the answer.
pub(crate) fn request(packet: &[u8]) -> io::Result<()> {
    let socket = open_control()?;
    retry_on_intr(|| send(&socket, packet, SendFlags::empty()))?;
    Ok(())
}

fn open_control() -> io::Result<OwnedFd> {
    let protocol = rustix::net::Protocol::from_raw(HCI.try_into().map_err(io::Error::other)?);
    let socket = socket_with(AddressFamily::BLUETOOTH, SocketType::RAW, FLAGS, Some(protocol))?;
    bind(&socket, &CONTROL)?;
    Ok(socket)
}

/// More than a user may have needs CAP_NET_ADMIN, as listening does; less room is no reason not to go on.
fn make_room(socket: &OwnedFd, room: usize) -> io::Result<()> {
    if sockopt::set_socket_recv_buffer_size_force(socket, room).is_err() {
        sockopt::set_socket_recv_buffer_size(socket, room)?;
    }
    Ok(())
}
