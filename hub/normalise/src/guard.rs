use hub_model::{BindKey, ReplayRule, Stamp};
use xxhash_rust::xxh3::xxh3_64;

use crate::recent::{CONTENT_MS, From, Mark, PACKET_MS, Recent, elapsed_ms};

/// Milliseconds, counted from the last repetition, for which an encrypted frame sent again is called a
/// duplicate and not a replay. Senders repeat one frame until they measure again, every ten minutes at the longest usual.
pub const REPEAT_MS: u64 = 600_000;

/// Milliseconds for which a device must be silent before compat believes that its counter restarted, and within
/// which compat takes different contents under one counter.
pub const SILENCE_MS: u64 = 60_000;

/// Frames in a row that a restarted counter must show before compat believes it.
pub const RESTART_RUN: u32 = 3;

/// The most that a counter may grow from frame to frame where compat has reason to doubt it.
pub const RESTART_LEAP: u32 = 64;

/// Keys of one device whose counts are remembered in memory, beside the present one.
const EARLIER_KEYS: usize = 4;

/// What is remembered of one device in order to tell new from old.
#[derive(Debug, Default)]
pub(crate) struct Guard {
    /// The key that `count` belongs to, as a fingerprint; `None` until the first frame shows it.
    key: Option<u64>,
    count: Count,
    /// A counter from the durable log, for the key of the next frame.
    restored: Option<u32>,
    earlier: Vec<(u64, Count)>,
    recent: Recent,
}

/// The counter of one key.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    /// The last counter accepted.
    last: Option<u32>,
    /// The greatest counter accepted, in all lives.
    high: u32,
    /// When the last frame was accepted; after a restart of the hub, when the first was heard.
    last_at: Option<Stamp>,
    /// Does `last` come from the log, so that its content is not known?
    is_restored: bool,
    /// Frames that look like a restart.
    run: Option<Run>,
}

#[derive(Debug, Clone, Copy)]
struct Run {
    frames: u32,
    last: u32,
}

/// What the guard says of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    New,
    Repeated,
    Replayed { last: u32 },
}

impl Guard {
    /// The last counter accepted, or restored and not yet used.
    pub(crate) fn last(&self) -> Option<u32> {
        self.count.last.max(self.restored)
    }

    /// Takes a counter from the durable log, for the key of the next frame; it never lowers what is known.
    pub(crate) fn restore(&mut self, counter: u32) {
        self.restored = self.restored.max(Some(counter));
    }

    /// Takes the device's key into account: every key has its own count.
    pub(crate) fn rekey(&mut self, key: &BindKey) {
        let key = xxh3_64(key.bytes());
        let Some(present) = self.key.replace(key).filter(|present| *present != key) else { return };
        let resumed = self.earlier.iter().position(|(k, _)| *k == key).map(|place| self.earlier.remove(place).1);
        if self.earlier.len() >= EARLIER_KEYS {
            self.earlier.remove(0);
        }
        self.earlier.push((present, self.count));
        self.count = resumed.unwrap_or_default();
        self.recent.clear();
    }

    /// Judges an encrypted frame.
    pub(crate) fn encrypted(&mut self, counter: u32, content: u64, rule: ReplayRule, at: Stamp) -> Pass {
        if let Some(restored) = self.restored.take() {
            self.count.restore(restored);
        }
        let mark = Mark::Counter(counter);
        if self.recent.has(mark, content, at, REPEAT_MS, From::Last) {
            return Pass::Repeated;
        }
        let pass = match self.count.last {
            None => Pass::New,
            Some(last) if last == counter && self.count.is_restored => Pass::Repeated,
            Some(last) => match rule {
                ReplayRule::Strict if counter > last => Pass::New,
                ReplayRule::Strict => Pass::Replayed { last },
                ReplayRule::Compat => self.count.compat(counter, last, at),
            },
        };
        if pass == Pass::New {
            self.count.accept(counter, at);
            self.recent.remember(mark, content, at);
        }
        pass
    }

    /// Judges a plain frame.
    pub(crate) fn plain(&mut self, packet_id: Option<u32>, content: u64, is_action: bool, at: Stamp) -> Pass {
        let (mark, window_ms, from) = match packet_id {
            Some(id) => (Mark::Packet(id), PACKET_MS, From::Last),
            None if is_action => (Mark::Unmarked, CONTENT_MS, From::Last),
            None => (Mark::Unmarked, CONTENT_MS, From::First),
        };
        if self.recent.has(mark, content, at, window_ms, from) {
            return Pass::Repeated;
        }
        self.recent.remember(mark, content, at);
        Pass::New
    }
}

impl Count {
    fn restore(&mut self, counter: u32) {
        if self.last.is_none_or(|last| last < counter) {
            *self = Self { last: Some(counter), high: self.high.max(counter), is_restored: true, ..*self };
        }
    }

    fn accept(&mut self, counter: u32, at: Stamp) {
        *self = Self {
            last: Some(counter),
            high: self.high.max(counter),
            last_at: Some(at),
            is_restored: false,
            run: None,
        };
    }

    /// Judges a counter by the compat rule (see the crate's head).
    fn compat(&mut self, counter: u32, last: u32, at: Stamp) -> Pass {
        let silent_ms = elapsed_ms(*self.last_at.get_or_insert(at), at);
        if counter == last && silent_ms < SILENCE_MS {
            return Pass::New;
        }
        if counter > self.high || (counter > last && counter - last <= RESTART_LEAP) {
            return Pass::New;
        }
        let frames = match self.run {
            Some(run) if run.last == counter => run.frames,
            Some(run) if run.last < counter && counter - run.last <= RESTART_LEAP => run.frames.saturating_add(1),
            _ => 1,
        };
        self.run = Some(Run { frames, last: counter });
        if frames >= RESTART_RUN && silent_ms >= SILENCE_MS { Pass::New } else { Pass::Replayed { last } }
    }
}

#[cfg(test)]
mod tests;
