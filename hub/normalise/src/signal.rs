//! How well each receiver hears each adopted device.
//!
//! Adverts are gathered in windows of [`WINDOW_MS`] by the boot clock, one tally for each pair of a device and a receiver.
//! Each window that ends leaves one number behind for the history, the mean; the tallies of the last whole window and the
//! one that runs together are what the present is judged by. A device that sends more rarely than that keeps its last figures
//! until [`MISSED`] of its intervals have passed.

use std::collections::BTreeMap;

use hub_model::{DeviceId, ReceiverId, Reception, Stamp, WallTime};

use crate::{presence::TOGETHER_MS, recent::elapsed_ms};

/// The length of a window, ms.
pub const WINDOW_MS: u64 = 600_000;
/// The most pairs of a device and a receiver; further ones are not kept. 500 devices at eight receivers.
pub const PAIRS: usize = 4_000;
/// A device is unheard after two windows or so many of its intervals, whichever is longer.
pub const MISSED: u64 = 3;

type Pair = (DeviceId, ReceiverId);

/// The tallies of every pair of a device and a receiver.
#[derive(Debug, Clone, Default)]
pub struct Signals {
    pairs: BTreeMap<Pair, Heard>,
    /// The number of the window that runs; `None` before anything was heard.
    window: Option<u64>,
}

/// What a window that ended leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Who was heard.
    pub device: DeviceId,
    /// By whom.
    pub receiver: ReceiverId,
    /// The mean strength within the window, dBm; `None` when nothing was heard in it, or no strength told.
    pub mean: Option<i8>,
    /// How well it is heard by now; `None` when it is out of hearing, and forgotten.
    pub reception: Option<Reception>,
}

#[derive(Debug, Clone)]
struct Heard {
    first: Stamp,
    last: Stamp,
    wall: WallTime,
    /// When the last transmission was counted.
    counted: Stamp,
    running: Tally,
    whole: Tally,
    /// The length of `whole` in which it could have been heard, ms.
    whole_ms: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    adverts: u32,
    heard: u32,
    /// How many of the adverts came with a strength, and their sum.
    told: u32,
    sum: i64,
    range: Option<(i8, i8)>,
}

impl Signals {
    /// A receiver heard a device. `interval_ms` is how often that sends, where it is known. Tells how well it is heard now.
    pub fn heard(
        &mut self,
        (device, receiver): Pair,
        rssi: Option<i8>,
        (at, wall): (Stamp, WallTime),
        interval_ms: Option<u32>,
    ) -> Option<Reception> {
        if receiver == ReceiverId::NONE || (self.pairs.len() >= PAIRS && !self.pairs.contains_key(&(device, receiver)))
        {
            return None;
        }
        let pair = self.pairs.entry((device, receiver)).or_insert_with(|| Heard::new(at, wall));
        pair.heard(rssi, at, wall);
        let window = *self.window.get_or_insert(at.ms / WINDOW_MS);
        Some(pair.reception(window, interval_ms))
    }

    /// Ends the window, if it is over by `now`. Tells of every pair, in order; none when the window still runs.
    pub fn close(&mut self, now: Stamp, interval_ms: impl Fn(DeviceId) -> Option<u32>) -> Vec<Closed> {
        let window = now.ms / WINDOW_MS;
        let Some(ended) = self.window.replace(window).filter(|ended| *ended != window) else { return Vec::new() };
        let (began_ms, ended_ms) = (ended * WINDOW_MS, (ended + 1) * WINDOW_MS);
        let mut closed = Vec::with_capacity(self.pairs.len());
        self.pairs.retain(|(device, receiver), pair| {
            let interval_ms = interval_ms(*device);
            let patience_ms = interval_ms.map_or(0, |ms| u64::from(ms) * MISSED).max(2 * WINDOW_MS);
            let is_heard = elapsed_ms(pair.last, now) <= patience_ms;
            let mean = pair.running.mean();
            pair.close(began_ms, ended_ms);
            let reception = is_heard.then(|| pair.reception(window, interval_ms));
            closed.push(Closed { device: *device, receiver: *receiver, mean, reception });
            is_heard
        });
        closed
    }

    /// Forgets a device that is no longer adopted.
    pub fn forget(&mut self, device: DeviceId) {
        self.pairs.retain(|(known, _), _| *known != device);
    }
}

impl Heard {
    fn new(at: Stamp, wall: WallTime) -> Self {
        let (running, whole) = (Tally::default(), Tally::default());
        Self { first: at, last: at, wall, counted: at, running, whole, whole_ms: 0 }
    }

    fn heard(&mut self, rssi: Option<i8>, at: Stamp, wall: WallTime) {
        let is_new = elapsed_ms(self.counted, at) >= TOGETHER_MS || self.running.adverts + self.whole.adverts == 0;
        if is_new {
            self.counted = at;
        }
        if at >= self.last {
            (self.last, self.wall) = (at, wall);
        }
        self.running.add(rssi, is_new);
    }

    fn close(&mut self, began_ms: u64, ended_ms: u64) {
        let running = std::mem::take(&mut self.running);
        // Who sends more rarely than once a window keeps the figures of the last one in which it was heard.
        if running.adverts > 0 {
            self.whole = running;
            self.whole_ms = ended_ms.saturating_sub(began_ms.max(self.first.ms));
        } else {
            self.whole_ms = self.whole_ms.saturating_add(WINDOW_MS);
        }
    }

    fn reception(&self, window: u64, interval_ms: Option<u32>) -> Reception {
        let both = self.whole.and(self.running);
        let listened_ms = self.whole_ms + self.last.ms.saturating_sub(self.first.ms.max(window * WINDOW_MS));
        // The first one is heard as the time begins, the others each an interval later.
        let expected = |interval_ms: u32| {
            let expected = listened_ms / u64::from(interval_ms.max(1)) + u64::from(self.whole.adverts == 0);
            u32::try_from(expected).unwrap_or(u32::MAX)
        };
        Reception {
            last: self.wall,
            mean: both.mean(),
            least: both.range.map(|(least, _)| least),
            greatest: both.range.map(|(_, greatest)| greatest),
            adverts: both.adverts,
            heard: both.heard,
            expected: interval_ms.map(expected),
        }
    }
}

impl Tally {
    fn add(&mut self, rssi: Option<i8>, is_new: bool) {
        self.adverts = self.adverts.saturating_add(1);
        self.heard = self.heard.saturating_add(u32::from(is_new));
        let Some(rssi) = rssi else { return };
        self.told = self.told.saturating_add(1);
        self.sum = self.sum.saturating_add(rssi.into());
        self.range = Some(self.range.map_or((rssi, rssi), |(least, greatest)| (least.min(rssi), greatest.max(rssi))));
    }

    fn and(self, other: Self) -> Self {
        let range = match (self.range, other.range) {
            (Some((least, greatest)), Some((low, high))) => Some((least.min(low), greatest.max(high))),
            (one, another) => one.or(another),
        };
        Self {
            adverts: self.adverts.saturating_add(other.adverts),
            heard: self.heard.saturating_add(other.heard),
            told: self.told.saturating_add(other.told),
            sum: self.sum.saturating_add(other.sum),
            range,
        }
    }

    /// Rounded to the nearest.
    fn mean(self) -> Option<i8> {
        let count = i64::from(self.told);
        let half = count / 2 * self.sum.signum();
        i8::try_from((self.sum + half).checked_div(count)?).ok()
    }
}

#[cfg(test)]
mod tests;
