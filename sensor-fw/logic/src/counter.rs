/// Numbers that never come twice, though flash is written only once for thousands of them.
///
/// Every sealed frame has a number of its own under its key, for ever: after a battery change, a crash or a cut in the
/// middle of a write. So the numbers are taken out of circulation in blocks before they are used, and what was left of a
/// block when the sensor stopped is never used. At a frame every five seconds, a block lasts five hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counter {
    next: u32,
    ceiling: u32,
}

impl Counter {
    /// How many numbers are reserved at once.
    pub const BLOCK: u32 = 4096;

    /// Goes on behind all that was reserved before.
    pub const fn behind(ceiling: u32) -> Self {
        Self { next: ceiling, ceiling }
    }

    /// No number from now on is lower.
    pub const fn next(&self) -> u32 {
        self.next
    }

    /// The next number; `None` when a block must be [reserved](Self::reserve) first.
    pub const fn take(&mut self) -> Option<u32> {
        if self.next == self.ceiling {
            return None;
        }
        let number = self.next;
        self.next += 1;
        Some(number)
    }

    /// The end of the next block, which is to be kept durably before it is [reserved](Self::reserve); `None` when all
    /// numbers are used up, and only a new key can help.
    pub const fn next_ceiling(&self) -> Option<u32> {
        match self.ceiling.saturating_add(Self::BLOCK) {
            ceiling if ceiling > self.ceiling => Some(ceiling),
            _ => None,
        }
    }

    /// The numbers up to this one, exclusive, are reserved durably now.
    pub const fn reserve(&mut self, ceiling: u32) {
        if ceiling > self.ceiling {
            self.ceiling = ceiling;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_in_order_and_only_from_what_is_reserved() {
        let mut counter = Counter::behind(4096);
        assert_eq!(counter.take(), None);
        counter.reserve(counter.next_ceiling().unwrap());
        let given: Vec<u32> = core::iter::from_fn(|| counter.take()).collect();
        assert_eq!((given.len(), given[0], given[4095]), (4096, 4096, 8191));
    }

    #[test]
    fn what_was_left_of_a_block_is_never_used() {
        let mut before = Counter::behind(0);
        before.reserve(4096);
        assert_eq!((before.take(), before.take()), (Some(0), Some(1)));
        let mut after = Counter::behind(4096);
        after.reserve(after.next_ceiling().unwrap());
        assert_eq!(after.take(), Some(4096));
    }

    #[test]
    fn at_the_end_there_are_no_numbers_and_none_comes_again() {
        let mut counter = Counter::behind(u32::MAX - 2);
        counter.reserve(counter.next_ceiling().unwrap());
        assert_eq!((counter.take(), counter.take(), counter.take()), (Some(u32::MAX - 2), Some(u32::MAX - 1), None));
        assert_eq!(counter.next_ceiling(), None);
    }
}
