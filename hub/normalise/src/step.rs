use std::{
    collections::BTreeMap,
    hash::{Hash, Hasher},
};

use hub_model::{Address, Decoded, Device, DeviceId, Now, Origin, ReceiverId, ReplayRule, Stamp};
use xxhash_rust::xxh3::Xxh3;

use crate::{
    Accepted, Flood, Verdict,
    flood::Floods,
    guard::{Guard, Pass},
    lru::Lru,
    plausible,
};

/// Devices that nobody adopted whose last frames are remembered; beyond it, the one silent for longest is forgotten.
pub const STRANGERS: usize = 1_024;

/// One decoded frame, with who sent it and who heard it.
#[derive(Debug)]
pub struct Heard<'a> {
    /// Who sent it.
    pub address: Address,
    /// Who heard it.
    pub receiver: ReceiverId,
    /// Received signal strength in dBm.
    pub rssi: Option<i8>,
    /// When it was heard.
    pub received: Stamp,
    /// What it said.
    pub decoded: Decoded,
    /// The device, if the owner adopted it.
    pub device: Option<&'a Device>,
}

/// What is remembered in order to tell new frames from old ones.
///
/// Bounded: one guard for each adopted device, [`STRANGERS`] for others, 2 × 1024 addresses with failing frames.
#[derive(Debug)]
pub struct Normaliser {
    adopted: BTreeMap<DeviceId, Guard>,
    strangers: Lru<DeviceId, Guard>,
    floods: Floods,
}

impl Default for Normaliser {
    fn default() -> Self {
        Self { adopted: BTreeMap::new(), strangers: Lru::new(STRANGERS), floods: Floods::default() }
    }
}

impl Normaliser {
    /// Judges one frame.
    pub fn step(&mut self, input: Heard<'_>, now: Now) -> Verdict {
        let Heard { address, receiver, rssi, received, decoded, device } = input;
        let key = device.and_then(|device| device.key.as_ref());
        if key.is_some() && !decoded.encrypted {
            return Verdict::PlaintextRefused;
        }
        let content = content(&decoded);
        let at = not_in_the_future(received, now.stamp);
        let id = device.map_or_else(|| DeviceId::from(address), |device| device.id);
        let guard = self.guard(id, device.is_some());
        if decoded.encrypted
            && let Some(key) = key
        {
            guard.rekey(key);
        }
        let rule = device.map_or(ReplayRule::Strict, |device| device.replay);
        let pass = match decoded.counter.filter(|_| decoded.encrypted) {
            Some(counter) => match guard.encrypted(counter, content, rule, at) {
                Pass::Replayed { last } => return Verdict::Replayed { last, got: counter },
                pass => pass,
            },
            // Encrypted pvvx and ATC frames have eight bits of packet id: only an owner can decide to live with that.
            None if decoded.encrypted && device.is_some() && rule == ReplayRule::Strict => {
                return Verdict::CounterMissing;
            }
            None => guard.plain(decoded.packet_id, content, !decoded.actions.is_empty(), at),
        };
        if pass != Pass::New {
            return Verdict::Duplicate;
        }
        let (values, implausible) = plausible::correct(decoded.values, device.map(|device| &device.calibration));
        let counter = decoded.counter.filter(|_| decoded.encrypted);
        Verdict::Accepted(Accepted {
            device: id,
            values,
            actions: decoded.actions,
            facts: decoded.facts,
            origin: Origin::heard(receiver, rssi, counter),
            implausible,
        })
    }

    /// Takes the last counter of a device from the durable log: before its first frame, and when it is adopted again.
    ///
    /// Never lowers what is known. The counter belongs to the key that the device has when it is heard next.
    pub fn restore(&mut self, device: DeviceId, counter: u32) {
        self.guard(device, true).restore(counter);
    }

    /// The last counter accepted from a device, or restored and not used yet, for the registry to keep when the key changes or the
    /// device is removed.
    pub fn last_counter(&self, device: DeviceId) -> Option<u32> {
        self.adopted.get(&device).or_else(|| self.strangers.get(device))?.last()
    }

    /// Counts a device that was removed among the strangers; its guard is kept as long as theirs.
    pub fn release(&mut self, device: DeviceId) {
        if let Some(guard) = self.adopted.remove(&device) {
            *self.strangers.touch(device, Guard::default) = guard;
        }
    }

    /// Counts a frame that failed authentication; says when that became a flood.
    pub fn failed(&mut self, address: Address, now: Now) -> Option<Flood> {
        self.floods.failed(address, now)
    }

    /// The next flood that has ended by now; call until `None`, every minute or so.
    pub fn ended_flood(&mut self, now: Now) -> Option<Flood> {
        self.floods.ended(now)
    }

    /// How many devices are remembered: the adopted, and others.
    pub fn remembered(&self) -> (usize, usize) {
        (self.adopted.len(), self.strangers.len())
    }

    fn guard(&mut self, id: DeviceId, is_adopted: bool) -> &mut Guard {
        if is_adopted {
            self.adopted.entry(id).or_insert_with(|| self.strangers.remove(id).unwrap_or_default())
        } else {
            self.strangers.touch(id, Guard::default)
        }
    }
}

/// What a frame says, as a number: equal content is equal, whoever heard it and however it was numbered.
fn content(decoded: &Decoded) -> u64 {
    let mut hasher = Xxh3::new();
    decoded.format.hash(&mut hasher);
    decoded.values.hash(&mut hasher);
    decoded.actions.hash(&mut hasher);
    decoded.facts.hash(&mut hasher);
    hasher.finish()
}

/// A receiver's stamp, but not later than now: a remote receiver may be ahead, and must not stretch a window.
fn not_in_the_future(received: Stamp, now: Stamp) -> Stamp {
    if received.boot == now.boot { received.min(now) } else { received }
}

#[cfg(test)]
mod tests;
