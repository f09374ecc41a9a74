//! How often somebody may be wrong.

use std::{collections::BTreeMap, net::IpAddr};

/// Wrong codes from one address within [`WINDOW_MS`] after which it is not listened to.
pub const TRIES: u32 = 5;
/// So long it is remembered, ms.
pub const WINDOW_MS: u64 = 60_000;
/// The most addresses that are remembered; who fills them all is not listened to either.
const ADDRESSES: usize = 1_024;

/// Who was wrong lately, and how often.
#[derive(Debug, Default)]
pub(crate) struct Patience {
    wrong: BTreeMap<IpAddr, (u32, u64)>,
}

impl Patience {
    /// May this address try now?
    pub(crate) fn allows(&mut self, from: IpAddr, now_ms: u64) -> bool {
        self.wrong.retain(|_, (_, since_ms)| now_ms.saturating_sub(*since_ms) < WINDOW_MS);
        match self.wrong.get(&from) {
            Some((tries, _)) => *tries < TRIES,
            None => self.wrong.len() < ADDRESSES,
        }
    }

    /// It was wrong.
    pub(crate) fn failed(&mut self, from: IpAddr, now_ms: u64) {
        let (tries, _) = self.wrong.entry(from).or_insert((0, now_ms));
        *tries += 1;
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn who_is_wrong_too_often_waits_a_minute_and_nobody_else_does() {
        let (mut patience, one, other) = (Patience::default(), Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2));
        for try_ms in 0..5 {
            assert!(patience.allows(one.into(), try_ms));
            patience.failed(one.into(), try_ms);
        }
        assert!(!patience.allows(one.into(), 59_999));
        assert!(patience.allows(other.into(), 59_999));
        assert!(patience.allows(one.into(), 60_000));
    }

    #[test]
    fn the_memory_is_bounded() {
        let mut patience = Patience::default();
        for number in 0..ADDRESSES as u32 {
            patience.failed(Ipv4Addr::from(number).into(), 0);
        }
        let another = Ipv4Addr::new(10, 0, 0, 1).into();
        assert!(!patience.allows(another, 1));
        assert!(patience.allows(another, WINDOW_MS));
    }
}
