use std::time::Duration;

/// How often an adapter asks those whom it hears for what they say only to who asks (scan responses).
///
/// Some makers put their values there. Every answer costs a sensor as much as an advert, so a hub that asks all the time
/// empties batteries; one that asks for five seconds in five minutes does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    every: Option<Duration>,
}

impl Asking {
    /// Never.
    pub const NEVER: Self = Self { every: None };
    /// How long it asks at a time: most send once in two seconds or more often.
    pub const FOR: Duration = Duration::from_secs(5);
    /// The most often, s.
    pub const LEAST_S: u32 = 10;
    /// The most seldom, s.
    pub const MOST_S: u32 = 86_400;

    /// Every so many seconds, 10 to 86 400; `None` for what is less or more.
    pub const fn every_s(seconds: u32) -> Option<Self> {
        if seconds < Self::LEAST_S || seconds > Self::MOST_S {
            return None;
        }
        Some(Self { every: Some(Duration::from_secs(seconds as u64)) })
    }

    /// From one beginning to the next.
    pub(crate) const fn every(self) -> Option<Duration> {
        self.every
    }
}

impl Default for Asking {
    /// Every five minutes.
    fn default() -> Self {
        Self { every: Some(Duration::from_secs(300)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_time_between_two_rounds_of_asking() {
        assert_eq!(Asking::every_s(10).and_then(Asking::every), Some(2 * Asking::FOR));
        assert_eq!((Asking::every_s(9), Asking::every_s(86_401)), (None, None));
        assert_eq!((Asking::NEVER.every(), Asking::default().every()), (None, Some(Duration::from_secs(300))));
    }
}
