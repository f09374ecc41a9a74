use std::{io, net::SocketAddr};

use thiserror::Error;

/// Why the server cannot listen, with what the owner can do about it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BindError {
    /// Another process has the port.
    #[error(
        "listen on {address}: another program uses port {} already; stop it (`ss -ltnp` names it) or set another port \
         in server.listen",
        address.port()
    )]
    InUse {
        /// Where.
        address: SocketAddr,
    },
    /// This machine does not have the address.
    #[error(
        "listen on {address}: this machine has no network interface with that address; set server.listen to \
         127.0.0.1, to an address of `ip addr`, or to 0.0.0.0 for all"
    )]
    NoSuchAddress {
        /// Where.
        address: SocketAddr,
    },
    /// The port is reserved.
    #[error(
        "listen on {address}: not permitted; ports below 1024 need CAP_NET_BIND_SERVICE (AmbientCapabilities= in the \
         systemd unit), or set a port from 1024 in server.listen"
    )]
    NotPermitted {
        /// Where.
        address: SocketAddr,
    },
    /// Something else.
    #[error("listen on {address}")]
    Other {
        /// Where.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl BindError {
    pub(crate) fn new(address: SocketAddr, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress { address },
            io::ErrorKind::PermissionDenied => Self::NotPermitted { address },
            _ => Self::Other { address, source },
        }
    }

    /// Where it should have listened.
    pub const fn address(&self) -> SocketAddr {
        match self {
            Self::InUse { address }
            | Self::NoSuchAddress { address }
            | Self::NotPermitted { address }
            | Self::Other { address, .. } => *address,
        }
    }
}
