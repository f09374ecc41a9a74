use super::pdu::{AdvertisingPdu, Listening};

/// What is added to each interval at random, so that two advertisers do not meet for ever: advDelay, 0 to 10 ms (Core 5.4,
/// volume 6, part B, 4.4.2.2.1).
const MAX_DELAY_US: u64 = 10_000;

/// Sends adverts: knows when each of its events is, and is asked for them when somebody wants to know.
#[derive(Debug)]
pub(super) struct Advertiser {
    /// What is sent.
    pub(super) pdu: AdvertisingPdu,
    /// Between two events, microseconds.
    pub(super) interval_us: u64,
    next_us: Option<u64>,
    luck: u64,
    events: u64,
    told: AdvertisingPdu,
    copies: u32,
}

impl Advertiser {
    pub(super) const fn new(luck: u64) -> Self {
        let pdu = AdvertisingPdu::empty();
        Self { pdu, interval_us: 1_280_000, next_us: None, luck, events: 0, told: pdu, copies: 0 }
    }

    /// The controller is reset; luck goes on.
    pub(super) const fn reset(&mut self) {
        self.pdu = AdvertisingPdu::empty();
        self.next_us = None;
    }

    /// Begins with the first event, or ends; one that has begun is left alone.
    pub(super) fn enable(&mut self, is_on: bool, now_us: u64) {
        match (is_on, self.next_us) {
            (true, None) => self.next_us = Some(now_us + self.delay_us()),
            (true, Some(_)) => {}
            (false, _) => self.next_us = None,
        }
    }

    /// Are there more events to come?
    pub(super) const fn is_sending(&self) -> bool {
        self.next_us.is_some()
    }

    /// Are there, from this address?
    pub(super) fn is_sending_from(&self, address: [u8; 6]) -> bool {
        self.is_sending() && self.pdu.from == address
    }

    /// Sends what is due before `end_us`, and hands out what whoever listens is told of it.
    ///
    /// Whoever wants to connect to an address does so at its first connectable event, after which nothing is sent any
    /// more: then this is when.
    pub(super) fn send_until(
        &mut self,
        end_us: u64,
        listening: Listening,
        wanted: Option<[u8; 6]>,
        sent: &mut Vec<AdvertisingPdu>,
    ) -> Option<u64> {
        while let Some(at_us) = self.next_us.filter(|at_us| *at_us < end_us) {
            self.pdu.at_us = at_us;
            self.copies = if self.pdu.repeats(&self.told) { self.copies.saturating_add(1) } else { 1 };
            self.told = self.pdu;
            match listening {
                Listening::First(copies) if self.copies > copies => {}
                _ => sent.push(self.pdu),
            }
            if self.pdu.is_connectable && wanted == Some(self.pdu.from) {
                self.next_us = None;
                return Some(at_us);
            }
            self.next_us = Some(at_us + self.interval_us + self.delay_us());
        }
        None
    }

    /// Numbers that look random (SplitMix64), one an event: the same for the same seed, whoever listens.
    fn delay_us(&mut self) -> u64 {
        self.events += 1;
        let mut x = self.luck.wrapping_add(self.events.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (x ^ (x >> 31)) % (MAX_DELAY_US + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR_US: u64 = 3_600_000_000;
    const FROM: [u8; 6] = [0xC0, 1, 2, 3, 4, 5];

    fn advertiser(luck: u64) -> Advertiser {
        let mut advertiser = Advertiser::new(luck);
        (advertiser.pdu.from, advertiser.pdu.is_connectable) = (FROM, true);
        advertiser.interval_us = 5_000_000;
        advertiser.enable(true, 1000);
        advertiser
    }

    fn hour(luck: u64, listening: Listening) -> Vec<AdvertisingPdu> {
        let mut sent = Vec::new();
        assert_eq!(advertiser(luck).send_until(HOUR_US, listening, None, &mut sent), None);
        sent
    }

    #[test]
    fn events_come_an_interval_and_at_most_ten_milliseconds_apart() {
        let sent = hour(1, Listening::Every);
        assert!((1000..=11_000).contains(&sent[0].at_us));
        let apart: Vec<u64> = sent.windows(2).map(|pair| pair[1].at_us - pair[0].at_us).collect();
        assert!(apart.iter().all(|us| (5_000_000..=5_010_000).contains(us)));
        let mean_us = apart.iter().sum::<u64>() / apart.len() as u64;
        assert!((5_004_500..5_005_500).contains(&mean_us), "{mean_us}");
        assert_eq!(sent, hour(1, Listening::Every));
        assert_ne!(sent, hour(2, Listening::Every));
    }

    #[test]
    fn who_listens_for_the_first_of_each_is_told_the_same_times() {
        let all = hour(3, Listening::Every);
        assert_eq!(hour(3, Listening::First(2)), all[..2]);
        let (mut advertiser, mut sent) = (advertiser(3), Vec::new());
        advertiser.send_until(all[4].at_us, Listening::First(1), None, &mut sent);
        let mut data = [0; 32];
        data[0] = 1;
        assert!(advertiser.pdu.set_data(&data));
        advertiser.send_until(HOUR_US, Listening::First(1), None, &mut sent);
        assert_eq!(sent.iter().map(|pdu| pdu.at_us).collect::<Vec<_>>(), [all[0].at_us, all[4].at_us]);
    }

    #[test]
    fn whoever_wants_to_connect_does_so_at_the_next_event_and_ends_them() {
        let (mut advertiser, mut sent) = (advertiser(4), Vec::new());
        assert_eq!(advertiser.send_until(HOUR_US, Listening::Every, Some([0; 6]), &mut sent), None);
        advertiser.enable(false, HOUR_US);
        advertiser.enable(true, HOUR_US);
        assert!(advertiser.is_sending_from(FROM));
        let connected_us = advertiser.send_until(2 * HOUR_US, Listening::Every, Some(FROM), &mut sent);
        assert_eq!(connected_us, sent.last().map(|pdu| pdu.at_us));
        assert!((HOUR_US..=HOUR_US + MAX_DELAY_US).contains(&connected_us.unwrap()));
        assert!(!advertiser.is_sending_from(FROM));
    }
}
