//! A legacy advert as the radio sends it.

use wire::{
    bthome::{Address, Advert},
    pairing_advert::LEGACY,
};

use crate::sensor::Window;

/// Bytes, and how they are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) address: Address,
    /// Milliseconds between two of them.
    pub(crate) interval_ms: u32,
    pub(crate) is_connectable: bool,
    bytes: [u8; LEGACY],
    length: usize,
}

impl Frame {
    /// What whoever has the label looks for.
    pub(crate) fn pairing(window: &Window, interval_ms: u32) -> Self {
        let Window { advert, address } = *window;
        Self { address, interval_ms, is_connectable: true, bytes: advert.legacy(), length: LEGACY }
    }

    /// What the owner is told; `None` when it is too long, which no payload of ours is.
    pub(crate) fn beacon(advert: &Advert, address: Address, interval_ms: u32, is_connectable: bool) -> Option<Self> {
        let (bytes, length) = advert.legacy()?;
        Some(Self { address, interval_ms, is_connectable, bytes, length })
    }

    /// All AD structures.
    pub(crate) fn data(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Is the other one sent in the same way, so that the radio need not stop for it?
    pub(crate) fn differs_in_data_only(&self, other: &Self) -> bool {
        let way = |frame: &Self| (frame.address, frame.interval_ms, frame.is_connectable);
        way(self) == way(other)
    }
}
