//! Notices that an adapter has gone deaf: it learns how often something is heard, and says when silence is no longer chance.

use std::time::Duration;

/// How improbable a silence has to be before somebody does something about it. The first thing done is cheap.
const CHANCE: f64 = 1e-6;
/// Seconds over which the usual is learnt.
const MEMORY_S: u32 = 600;
/// No silence is shorter, however busy the air.
const SHORTEST_S: u64 = 4;
/// Every longer silence is looked into, however quiet the house.
const LONGEST_S: u64 = 600;

/// What is usual on one adapter, in seconds with at least one advert: sensors repeat a frame several times, so single adverts
/// say little about each other. Times are milliseconds of the boot clock.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The share of seconds in which something was heard.
    share: f64,
    /// Seconds that it was learnt from, at most [`MEMORY_S`].
    learnt_s: u32,
    last_ms: u64,
    was_silent: bool,
}

/// A stretch of time in which an adapter heard nothing although it should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last advert before it, or when listening began.
    pub from_ms: u64,
    /// The first advert after it.
    pub until_ms: u64,
}

impl Gap {
    /// How long it was.
    pub const fn length(self) -> Duration {
        Duration::from_millis(self.until_ms.saturating_sub(self.from_ms))
    }
}

impl Watch {
    /// Begins to learn.
    pub const fn new(now_ms: u64) -> Self {
        Self { share: 0.0, learnt_s: 0, last_ms: now_ms, was_silent: false }
    }

    /// An advert was heard; tells of the gap that it ends, if it ends one.
    pub fn heard(&mut self, now_ms: u64) -> Option<Gap> {
        let gap = self.was_silent.then_some(Gap { from_ms: self.last_ms, until_ms: now_ms });
        let seconds = (now_ms / 1000).saturating_sub(self.last_ms / 1000);
        // A gap says nothing about what is usual.
        if gap.is_none() && (seconds > 0 || self.learnt_s == 0) {
            self.learn(u32::try_from(seconds).unwrap_or(u32::MAX));
        }
        self.last_ms = now_ms;
        self.was_silent = false;
        gap
    }

    /// So many seconds have passed, the last of them with an advert and the others without.
    fn learn(&mut self, seconds: u32) {
        let seconds = seconds.clamp(1, MEMORY_S);
        for second in 1..=seconds {
            self.learnt_s = (self.learnt_s + 1).min(MEMORY_S);
            let heard = f64::from(u8::from(second == seconds));
            self.share += (heard - self.share) / f64::from(self.learnt_s);
        }
    }

    /// How long a silence has to be to be no longer chance.
    pub fn patience(&self) -> Duration {
        let seconds = (CHANCE.ln() / (1.0 - self.share.clamp(0.001, 0.999)).ln()).ceil();
        // A few hundred at most, and not negative: both logarithms are.
        let seconds = if self.learnt_s < 10 { LONGEST_S } else { seconds as u64 };
        Duration::from_secs(seconds.clamp(SHORTEST_S, LONGEST_S))
    }

    /// When the silence since the last advert is no longer chance.
    pub fn deadline_ms(&self) -> u64 {
        self.last_ms.saturating_add(u64::try_from(self.patience().as_millis()).unwrap_or(u64::MAX))
    }

    /// Nothing was heard until the deadline: what comes next ends a gap.
    pub const fn silent(&mut self) {
        self.was_silent = true;
    }
}

#[cfg(test)]
mod tests {
    use rand::{Rng as _, SeedableRng as _};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Hears something at each of these milliseconds.
    fn after(heard: impl IntoIterator<Item = u64>) -> Watch {
        let mut watch = Watch::new(0);
        for at_ms in heard {
            assert_eq!(watch.heard(at_ms), None);
        }
        watch
    }

    #[test]
    fn in_a_usual_home_silence_is_noticed_within_ten_seconds() {
        // Ten sensors of any kind, each once in five seconds: some second has none of them.
        let mut luck = ChaCha8Rng::seed_from_u64(1);
        let mut heard: Vec<u64> = (0..10).flat_map(|_| std::iter::repeat_n(luck.random_range(0..5000), 200)).collect();
        for (nth, at_ms) in heard.iter_mut().enumerate() {
            *at_ms += nth as u64 % 200 * 5000 + luck.random_range(0..10);
        }
        heard.sort_unstable();
        let watch = after(heard);
        assert!(watch.patience() <= Duration::from_secs(10), "{watch:?}");
    }

    #[test]
    fn the_busier_the_air_the_sooner_a_silence_is_noticed() {
        let every = |ms: u64| after((0..3_600_000 / ms).map(|nth| nth * ms)).patience().as_secs();
        assert_eq!([every(100), every(1000), every(2000), every(10_000)], [4, 4, 20, 131]);
        assert_eq!(every(600_000), 600);
    }

    #[test]
    fn a_house_that_is_not_known_yet_is_given_time() {
        assert_eq!(Watch::new(0).patience(), Duration::from_secs(600));
        assert_eq!(after([100, 200, 900]).patience(), Duration::from_secs(600));
        assert_eq!(after((0..10).map(|second| second * 1000)).patience(), Duration::from_secs(4));
    }

    #[test]
    fn a_gap_is_as_long_as_the_silence_and_teaches_nothing() {
        let mut watch = after((0..100).map(|second| second * 1000));
        let usual = watch.patience();
        assert_eq!(watch.deadline_ms(), 99_000 + 4000);
        watch.silent();
        let gap = watch.heard(259_000).unwrap();
        assert_eq!((gap.from_ms, gap.length()), (99_000, Duration::from_secs(160)));
        assert_eq!(watch.patience(), usual);
        assert_eq!(watch.heard(260_000), None);
    }

    #[test]
    fn false_alarms_are_rare() {
        // Heard by chance in each second with the same probability: a million seconds, several kinds of house.
        let mut luck = ChaCha8Rng::seed_from_u64(7);
        for share in [0.9, 0.5, 0.1] {
            let (mut watch, mut alarms) = (Watch::new(0), 0);
            for second in 0..1_000_000_u64 {
                let now_ms = second * 1000;
                if now_ms >= watch.deadline_ms() {
                    watch.silent();
                }
                if luck.random_bool(share) && watch.heard(now_ms).is_some() {
                    alarms += 1;
                }
            }
            assert!(alarms <= 10, "{alarms} at {share}");
        }
    }
}
