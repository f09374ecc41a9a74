use std::collections::VecDeque;

use hub_model::Stamp;

/// Milliseconds within which an equal packet id with equal content is a repetition, counted from the last one:
/// a packet id of 8 bits that grows four times a second comes round after 64 s.
pub const PACKET_MS: u64 = 64_000;

/// Milliseconds within which equal content without any id is a repetition.
pub const CONTENT_MS: u64 = 2_000;

/// Frames remembered per device. Devices that alternate do so between two to four different frames.
const FRAMES: usize = 16;

/// The last different frames of one device, by mark and content.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    frames: VecDeque<Frame>,
}

#[derive(Debug)]
struct Frame {
    mark: Mark,
    content: u64,
    at: Stamp,
}

/// What a device numbers its frames with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The counter of an encrypted frame.
    Counter(u32),
    /// Packet id or measurement sequence.
    Packet(u32),
    /// Nothing.
    Unmarked,
}

/// From when a window of repetitions is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// The first of them.
    First,
    /// The last of them.
    Last,
}

impl Recent {
    /// Was this frame heard within the window?
    pub(crate) fn has(&mut self, mark: Mark, content: u64, at: Stamp, window_ms: u64, from: From) -> bool {
        let found = self
            .frames
            .iter()
            .position(|f| f.mark == mark && f.content == content && elapsed_ms(f.at, at) < window_ms)
            .and_then(|place| self.frames.remove(place));
        let Some(mut frame) = found else { return false };
        if from == From::Last {
            frame.at = frame.at.max(at);
        }
        self.frames.push_back(frame);
        true
    }

    /// Remembers a frame, and forgets the one that was silent for longest when there are too many.
    pub(crate) fn remember(&mut self, mark: Mark, content: u64, at: Stamp) {
        self.frames.retain(|f| f.mark != mark || f.content != content);
        if self.frames.len() >= FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(Frame { mark, content, at });
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
    }
}

/// Milliseconds from one stamp to another; stamps of different boots are infinitely far apart.
pub(crate) fn elapsed_ms(from: Stamp, to: Stamp) -> u64 {
    if from.boot == to.boot { to.ms.saturating_sub(from.ms) } else { u64::MAX }
}
