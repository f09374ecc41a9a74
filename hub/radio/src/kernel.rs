//! What the kernel itself offers: listening by its control channel and a passive monitor of our own, and connections. Needs
//! CAP_NET_ADMIN, and neither bluetoothd nor D-Bus.

mod adapters;
mod control;
mod listener;
mod packet;
mod reset;
mod socket;

pub(crate) use adapters::{Present, adapters};
pub(crate) use control::{Control, ControlError};
pub(crate) use listener::KernelListener;
pub(crate) use packet::{Request, Scan, Status};
pub(crate) use socket::{End, Socket, request};
