use std::collections::VecDeque;

use hub_model::{Address, Now, Stamp};

use crate::{lru::Lru, recent::elapsed_ms};

/// Frames that fail authentication within [`FLOOD_MS`] without anybody being told; one more is a flood.
pub const FLOOD_FRAMES: usize = 20;

/// The window in which failing frames are counted, in milliseconds.
pub const FLOOD_MS: u64 = 60_000;

/// Milliseconds without any failing frame after which a flood is over.
pub const QUIET_MS: u64 = 600_000;

/// Addresses whose failing frames are counted; only devices with a key can fail, so this is more than a house has.
const ADDRESSES: usize = 1_024;

/// A flood of frames that fail authentication began or ended: a wrong key, or somebody forging.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flood {
    /// It began.
    Raised {
        /// In whose name the frames are sent.
        address: Address,
    },
    /// It is over.
    Cleared {
        /// In whose name the frames were sent.
        address: Address,
    },
}

/// The failing frames of every address.
#[derive(Debug)]
pub(crate) struct Floods {
    /// Addresses without a flood; a stranger's failures cannot push out a flood that was raised.
    calm: Lru<Address, VecDeque<Stamp>>,
    /// Addresses with one, and when their last frame failed.
    raised: Lru<Address, Stamp>,
}

impl Default for Floods {
    fn default() -> Self {
        Self { calm: Lru::new(ADDRESSES), raised: Lru::new(ADDRESSES) }
    }
}

impl Floods {
    /// Counts a failing frame.
    pub(crate) fn failed(&mut self, address: Address, now: Now) -> Option<Flood> {
        let at = now.stamp;
        if let Some(last) = self.raised.remove(address) {
            if elapsed_ms(last, at) < QUIET_MS {
                self.raised.touch(address, || at);
                return None;
            }
            self.calm.touch(address, VecDeque::new).push_back(at);
            return Some(Flood::Cleared { address });
        }
        let failures = self.calm.touch(address, VecDeque::new);
        failures.push_back(at);
        failures.retain(|failure| elapsed_ms(*failure, at) < FLOOD_MS);
        if failures.len() <= FLOOD_FRAMES {
            return None;
        }
        self.calm.remove(address);
        self.raised.touch(address, || at);
        Some(Flood::Raised { address })
    }

    /// The next flood that has ended.
    pub(crate) fn ended(&mut self, now: Now) -> Option<Flood> {
        let (address, last) = self.raised.oldest()?;
        if elapsed_ms(*last, now.stamp) < QUIET_MS {
            return None;
        }
        self.raised.remove(address);
        Some(Flood::Cleared { address })
    }

    /// The number of addresses remembered.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.calm.len() + self.raised.len()
    }
}

#[cfg(test)]
mod tests;
