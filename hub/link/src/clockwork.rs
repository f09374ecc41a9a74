use hub_model::{Anchor, TimeQuality, UnixMillis};

/// Anchors that are kept of one sensor; the oldest but the first of a boot give way.
const MOST_ANCHORS: usize = 64;
/// Beyond the last anchor a sensor's crystal may be off by so much, parts in a million (nRF52 product specifications: a
/// 32.768 kHz crystal of ±20 ppm, and as much again for temperature and age).
const CRYSTAL_PPM: i64 = 40;
/// A time is certain when it is off by less than this, ms.
const CERTAIN_MS: i64 = 2_000;
/// Two anchors whose rates differ by more than this, parts in a million, were not of one clock.
const MOST_PPM: i64 = 500;

/// When something was taken, and how far that can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The time.
    pub at: UnixMillis,
    /// Is it within two seconds, as far as crystals go?
    pub quality: TimeQuality,
}

/// Tells wall time from the uptime of one sensor, by *anchors*: moments at which the hub was told the uptime.
///
/// Between two anchors of a boot time runs evenly, whatever the crystal; beyond them it runs as quartz does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clockwork {
    anchors: Vec<Anchor>,
}

impl Clockwork {
    /// The clockwork that knows these anchors.
    pub fn new(anchors: Vec<Anchor>) -> Self {
        let mut clockwork = Self::default();
        anchors.into_iter().for_each(|anchor| clockwork.set(anchor));
        clockwork
    }

    /// What it knows, oldest first.
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// Learns that a sensor's boot was so old then. What contradicts it is forgotten: a clock of the hub that was set.
    pub fn set(&mut self, anchor: Anchor) {
        self.anchors.retain(|known| known.boot != anchor.boot || fits(known, &anchor));
        let place = self.anchors.partition_point(|known| (known.boot, known.uptime_s) < (anchor.boot, anchor.uptime_s));
        self.anchors.insert(place, anchor);
        if self.anchors.len() > MOST_ANCHORS {
            self.anchors.remove(0);
        }
    }

    /// When a boot was so old; `None` where no anchor of it is known.
    pub fn time(&self, boot: u32, uptime_s: u32) -> Option<Taken> {
        let of_boot = || self.anchors.iter().filter(|anchor| anchor.boot == boot);
        let before = of_boot().rfind(|anchor| anchor.uptime_s <= uptime_s);
        let after = of_boot().find(|anchor| anchor.uptime_s >= uptime_s);
        let away_s = |anchor: &Anchor| i64::from(uptime_s) - i64::from(anchor.uptime_s);
        let (at, doubt_ms) = match (before, after) {
            (Some(before), Some(after)) if before.uptime_s < after.uptime_s => {
                let (span_s, span_ms) = (i64::from(after.uptime_s - before.uptime_s), after.at - before.at);
                (before.at + scale(away_s(before), span_ms, span_s), 0)
            }
            (Some(anchor), _) | (None, Some(anchor)) => {
                let away_ms = away_s(anchor) * 1000;
                (anchor.at + away_ms, away_ms.saturating_abs() / 1_000_000 * CRYSTAL_PPM)
            }
            (None, None) => return None,
        };
        let is_certain = doubt_ms < CERTAIN_MS;
        let quality = if is_certain { TimeQuality::Synchronised } else { TimeQuality::Estimated };
        Some(Taken { at, quality })
    }

    /// When the first boot after this one began, as far as an anchor of it tells.
    pub fn begin_after(&self, boot: u32) -> Option<UnixMillis> {
        let next = self.anchors.iter().find(|anchor| anchor.boot > boot)?;
        Some(next.at + -(i64::from(next.uptime_s) * 1000))
    }
}

/// Can both be of one boot?
fn fits(a: &Anchor, b: &Anchor) -> bool {
    let span_ms = (i64::from(b.uptime_s) - i64::from(a.uptime_s)) * 1000;
    // Uptimes are whole seconds, and an answer takes its time.
    let slack_ms = CERTAIN_MS + span_ms.saturating_abs() / 1_000_000 * MOST_PPM;
    (b.at - a.at).saturating_sub(span_ms).saturating_abs() <= slack_ms && a.uptime_s != b.uptime_s
}

fn scale(part: i64, by: i64, of: i64) -> i64 {
    let scaled = i128::from(part) * i128::from(by) / i128::from(of.max(1));
    i64::try_from(scaled).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
