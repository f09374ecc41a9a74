//! Listening by the kernel itself: its control channel, and a passive monitor of our own. Needs CAP_NET_ADMIN, and neither
//! bluetoothd nor D-Bus.

mod adapters;
mod control;
mod listener;
mod packet;
mod reset;
mod socket;

pub(crate) use adapters::adapters;
pub(crate) use control::Control;
pub(crate) use listener::KernelListener;
pub(crate) use packet::Scan;
