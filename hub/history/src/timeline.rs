use std::collections::BTreeMap;

use hub_model::{BootId, Stamp, TimeQuality, UnixMillis, WallTime};

use crate::varint::{Bytes, put_i64, put_u64};

/// Times further from 1970 than this many milliseconds (some 142 000 years) are taken as this far, so that no sum overflows.
pub(crate) const FARTHEST_MS: i64 = 1 << 52;

/// What is known of the wall time of every boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Timeline {
    boots: BTreeMap<u32, BootClock>,
}

/// The offset of one boot's clock: wall time − milliseconds since boot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BootClock {
    /// A guess, for as long as nothing better is known.
    estimate: Option<i64>,
    /// From these milliseconds since boot on it is this, in order.
    steps: Vec<(u64, i64)>,
}

impl Timeline {
    /// The wall time of a stamp. Of a boot that nothing is known of: that of its clock, as if it had begun in 1970.
    pub(crate) fn wall(&self, at: Stamp) -> WallTime {
        if let Some(at) = self.settled(at) {
            return WallTime { at: UnixMillis(at), quality: TimeQuality::Synchronised };
        }
        let guess = |clock: &BootClock| clock.estimate.or_else(|| clock.steps.first().map(|(_, offset)| *offset));
        let offset = self.boots.get(&at.boot.0).and_then(guess).unwrap_or(0);
        WallTime { at: UnixMillis(add(at.ms, offset)), quality: TimeQuality::Estimated }
    }

    /// The wall time of a stamp in Unix milliseconds, if it is known.
    pub(crate) fn settled(&self, at: Stamp) -> Option<i64> {
        if at.boot == BootId::WALL {
            return Some(add(at.ms, 0));
        }
        let steps = &self.boots.get(&at.boot.0)?.steps;
        let (_, offset) = steps.iter().rfind(|(from_ms, _)| *from_ms <= at.ms)?;
        Some(add(at.ms, *offset))
    }

    /// Is there a guess, or better?
    pub(crate) fn knows(&self, boot: BootId) -> bool {
        boot == BootId::WALL || self.boots.contains_key(&boot.0)
    }

    /// Guesses the offset of a boot.
    pub(crate) fn estimate(&mut self, boot: BootId, offset_ms: i64) {
        self.boots.entry(boot.0).or_default().estimate = Some(offset_ms);
    }

    /// From `from_ms` on the offset is known; without it, for the whole boot.
    pub(crate) fn settle(&mut self, boot: BootId, offset_ms: i64, from_ms: Option<u64>) {
        let from_ms = from_ms.unwrap_or(0);
        let steps = &mut self.boots.entry(boot.0).or_default().steps;
        steps.retain(|(from, _)| *from < from_ms);
        steps.push((from_ms, offset_ms));
    }

    /// The clock of a boot, for the database.
    pub(crate) fn encode(&self, boot: BootId) -> Vec<u8> {
        let mut out = Vec::new();
        let Some(clock) = self.boots.get(&boot.0) else { return out };
        out.push(u8::from(clock.estimate.is_some()));
        put_i64(&mut out, clock.estimate.unwrap_or(0));
        for (from_ms, offset_ms) in &clock.steps {
            put_u64(&mut out, *from_ms);
            put_i64(&mut out, *offset_ms);
        }
        out
    }

    /// Takes the clock of a boot from the database: has-estimate (1 byte), ±estimate, then for each step from, ±offset.
    pub(crate) fn decode(&mut self, boot: BootId, bytes: &[u8]) -> Option<()> {
        let mut bytes = Bytes(bytes);
        let has_estimate = bytes.u8()? == 1;
        let estimate = bytes.i64()?;
        let mut clock = BootClock { estimate: has_estimate.then_some(estimate), steps: Vec::new() };
        while !bytes.is_empty() {
            clock.steps.push((bytes.u64()?, bytes.i64()?));
        }
        self.boots.insert(boot.0, clock);
        Some(())
    }

    /// All boots that something is known of.
    pub(crate) fn boots(&self) -> impl Iterator<Item = BootId> + '_ {
        self.boots.keys().map(|boot| BootId(*boot))
    }
}

/// Milliseconds since boot as a place on the boot's own timeline.
pub(crate) fn boot_ms(at: Stamp) -> i64 {
    add(at.ms, 0)
}

fn add(ms: u64, offset_ms: i64) -> i64 {
    i64::try_from(ms).unwrap_or(i64::MAX).saturating_add(offset_ms).clamp(-FARTHEST_MS, FARTHEST_MS)
}
