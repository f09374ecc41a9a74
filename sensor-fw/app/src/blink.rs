//! A light that blinks so that a person finds the sensor.

use wire::message::Pattern;

/// How long a beat is, ms.
const BEAT_MS: u64 = 250;
/// Beats of a pattern.
const BEATS: u64 = 4;
/// How often a pattern is repeated: for ten seconds.
const TIMES: u64 = 10;

/// What the light does, as time passes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Blink(Option<(Pattern, u64)>);

impl Blink {
    /// Begins a pattern; another one ends.
    pub(crate) const fn begin(&mut self, pattern: Pattern, now_ms: u64) {
        self.0 = Some((pattern, now_ms));
    }

    /// Is the light on, and until when it need not be asked again; `None` when it stays off.
    pub(crate) fn light(&self, now_ms: u64) -> (bool, Option<u64>) {
        let Some((pattern, began_ms)) = self.0 else { return (false, None) };
        let beat = now_ms.saturating_sub(began_ms) / BEAT_MS;
        if beat >= BEATS * TIMES {
            return (false, None);
        }
        let is_on = pattern.bits() >> (beat % BEATS) & 1 != 0;
        (is_on, Some(began_ms + (beat + 1) * BEAT_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_begins_with_bit_0_and_is_repeated_for_ten_seconds() {
        let mut blink = Blink::default();
        assert_eq!(blink.light(0), (false, None));
        blink.begin(Pattern::new(0b0101), 1000);
        let mut seen = Vec::new();
        let mut now_ms = 1000;
        while let (is_on, Some(next_ms)) = blink.light(now_ms) {
            seen.push(is_on);
            assert_eq!(next_ms - now_ms, BEAT_MS);
            now_ms = next_ms;
        }
        assert_eq!(now_ms, 11_000);
        assert_eq!(seen, [true, false, true, false].repeat(10));
        assert_eq!(blink.light(now_ms), (false, None));
    }

    #[test]
    fn the_next_pattern_begins_at_once() {
        let mut blink = Blink::default();
        blink.begin(Pattern::new(0b0001), 0);
        assert_eq!(blink.light(300), (false, Some(500)));
        blink.begin(Pattern::new(0b0011), 300);
        assert_eq!(blink.light(300), (true, Some(550)));
        assert_eq!(blink.light(600), (true, Some(800)));
    }
}
