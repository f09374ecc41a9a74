//! What is done about an adapter that hears nothing: one thing after another, from the cheapest to the roughest.

use std::time::Duration;

/// One thing that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// Stop listening, and begin again.
    Restart,
    /// Switch the adapter off and on.
    PowerCycle,
    /// Switch it off, set it up anew, and switch it on.
    Reinitialise,
    /// Take its power away, or have the kernel forget and find it: rfkill and USB.
    Reset,
    /// Tell the owner.
    TellOwner,
}

const LADDER: [Rung; 5] = [Rung::Restart, Rung::PowerCycle, Rung::Reinitialise, Rung::Reset, Rung::TellOwner];
/// How long an adapter is left alone after everything was tried; it doubles up to the other.
const FIRST_REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(3600);

/// Where one adapter stands.
#[derive(Debug, Clone, Default)]
pub struct Ladder {
    next: usize,
    /// How often all was tried.
    rounds: u32,
}

impl Rung {
    /// What it does, for the log: `restart`, `power_cycle` …
    pub const fn code(self) -> &'static str {
        match self {
            Self::Restart => "restart",
            Self::PowerCycle => "power_cycle",
            Self::Reinitialise => "reinitialise",
            Self::Reset => "reset",
            Self::TellOwner => "tell_owner",
        }
    }
}

impl Ladder {
    /// The next thing to do, and for how long to listen then before the one after it.
    ///
    /// `patience` is how long a silence is that is no longer chance.
    pub fn climb(&mut self, patience: Duration) -> (Rung, Duration) {
        let rung = LADDER.get(self.next).copied().unwrap_or(Rung::TellOwner);
        if rung == Rung::TellOwner {
            let rest = FIRST_REST.saturating_mul(1 << self.rounds.min(10)).min(LONGEST_REST);
            (self.next, self.rounds) = (0, self.rounds.saturating_add(1));
            return (rung, rest.max(patience));
        }
        self.next += 1;
        (rung, patience)
    }

    /// Something was heard: whatever was done has helped.
    pub fn heard(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(5);

    #[test]
    fn the_cheapest_is_tried_first_and_the_owner_is_told_last() {
        let mut ladder = Ladder::default();
        let rungs: Vec<_> = (0..6).map(|_| ladder.climb(PATIENCE).0).collect();
        assert_eq!(rungs[..5], LADDER);
        assert_eq!(rungs[5], Rung::Restart);
    }

    #[test]
    fn the_owner_knows_within_a_minute_in_a_usual_home() {
        let mut ladder = Ladder::default();
        let mut waited = PATIENCE;
        while let (rung, wait) = ladder.climb(PATIENCE)
            && rung != Rung::TellOwner
        {
            waited += wait;
        }
        assert_eq!(waited, Duration::from_secs(25));
    }

    #[test]
    fn an_adapter_that_nothing_helps_is_tried_ever_more_seldom() {
        let mut ladder = Ladder::default();
        let mut rests = Vec::new();
        while rests.len() < 9 {
            if let (Rung::TellOwner, rest) = ladder.climb(PATIENCE) {
                rests.push(rest.as_secs());
            }
        }
        assert_eq!(rests, [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    }

    #[test]
    fn what_helped_ends_the_climb() {
        let mut ladder = Ladder::default();
        for _ in 0..3 {
            ladder.climb(PATIENCE);
        }
        ladder.heard();
        assert_eq!(ladder.climb(PATIENCE), (Rung::Restart, PATIENCE));
    }
}
