//! What a receiver heard and the hub does not have yet.

use std::collections::VecDeque;

use hub_model::RawAdvert;

use crate::frame::{Aged, MAX_BATCH, MAX_FRAME, size};

/// What is older is of no use to the hub any more, ms: five minutes.
pub const MAX_AGE_MS: u64 = 300_000;
/// The most adverts that wait: five minutes of 200 sensors that send every 3 s.
pub const MAX_WAITING: usize = 20_000;
/// The room that a batch may take: its frame's, less its head.
const BATCH_BYTES: usize = MAX_FRAME - 16;
/// No advert of Bluetooth is larger: 1650 bytes of extended data, and what stands beside it.
const MAX_ADVERT: usize = 4_096;

/// Adverts in the order heard, each with a number, until the hub has said that it has them.
#[derive(Debug, Default)]
pub struct Outbox {
    waiting: VecDeque<Waiting>,
    /// The number of the next advert that is heard.
    next: u64,
    /// The number of the next advert to be sent on this link.
    unsent: u64,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    number: u64,
    at_ms: u64,
    advert: RawAdvert,
}

impl Outbox {
    /// Takes an advert that was heard at `advert.at`; the oldest give way when there is no room.
    pub fn push(&mut self, advert: RawAdvert) {
        if size(&advert) > MAX_ADVERT {
            self.dropped += 1;
            return;
        }
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        self.waiting.push_back(Waiting { number: self.next, at_ms: advert.at.ms, advert });
        self.next += 1;
    }

    /// A new link: the hub has everything before `next`. What was sent on another link and did not arrive is sent again.
    pub fn begin(&mut self, next: u64) {
        self.taken(next);
        self.unsent = 0;
    }

    /// The hub has everything before `next`.
    pub fn taken(&mut self, next: u64) {
        while self.waiting.pop_front_if(|waiting| waiting.number < next).is_some() {}
    }

    /// The next adverts to send, with their number; `None` when all are on their way.
    pub fn batch(&mut self, now_ms: u64) -> Option<(u64, Vec<Aged>)> {
        self.forget_old(now_ms);
        let from = self.waiting.partition_point(|waiting| waiting.number < self.unsent);
        let first = self.waiting.get(from)?.number;
        let mut room = BATCH_BYTES;
        let mut batch = Vec::new();
        for waiting in self.waiting.iter().skip(from).take(MAX_BATCH) {
            let Some(left) = room.checked_sub(size(&waiting.advert)) else { break };
            room = left;
            let age_ms = u32::try_from(now_ms.saturating_sub(waiting.at_ms)).unwrap_or(u32::MAX);
            batch.push(Aged { age_ms, advert: waiting.advert.clone() });
            self.unsent = waiting.number + 1;
        }
        Some((first, batch))
    }

    /// Is there something that was not sent on this link?
    pub fn has_unsent(&self) -> bool {
        self.waiting.back().is_some_and(|waiting| waiting.number >= self.unsent)
    }

    /// Gives up what is too old.
    pub fn forget_old(&mut self, now_ms: u64) {
        let is_old = |waiting: &mut Waiting| now_ms.saturating_sub(waiting.at_ms) > MAX_AGE_MS;
        while self.waiting.pop_front_if(is_old).is_some() {
            self.dropped += 1;
        }
    }

    /// How many wait for the hub to say that it has them.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many were given up since the last time that this was asked.
    pub fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }
}

#[cfg(test)]
mod tests {
    use hub_model::{Address, BootId, Stamp};

    use super::*;

    fn heard(ms: u64) -> RawAdvert {
        RawAdvert::new(Address::new([1; 6]), Stamp { boot: BootId(1), ms })
    }

    fn ages((first, batch): (u64, Vec<Aged>)) -> (u64, Vec<u32>) {
        (first, batch.iter().map(|aged| aged.age_ms).collect())
    }

    #[test]
    fn what_did_not_arrive_is_sent_again_on_the_next_link() {
        let mut outbox = Outbox::default();
        (0..5).for_each(|ms| outbox.push(heard(ms * 1000)));
        assert_eq!(outbox.batch(4000).map(ages), Some((0, vec![4000, 3000, 2000, 1000, 0])));
        assert_eq!(outbox.batch(4000), None);
        outbox.push(heard(5000));
        assert_eq!(outbox.batch(5001).map(ages), Some((5, vec![1])));
        outbox.taken(2);
        outbox.begin(4);
        assert_eq!(outbox.batch(6000).map(ages), Some((4, vec![2000, 1000])));
        outbox.taken(6);
        assert_eq!((outbox.waiting(), outbox.take_dropped()), (0, 0));
    }

    #[test]
    fn the_old_and_the_too_many_give_way_and_are_counted() {
        let mut outbox = Outbox::default();
        (0..10).for_each(|ms| outbox.push(heard(ms)));
        outbox.forget_old(MAX_AGE_MS + 4);
        assert_eq!((outbox.waiting(), outbox.take_dropped(), outbox.take_dropped()), (6, 4, 0));
        (0..MAX_WAITING as u64).for_each(|ms| outbox.push(heard(ms)));
        assert_eq!((outbox.waiting(), outbox.take_dropped()), (MAX_WAITING, 6));
        outbox.push(RawAdvert { manufacturer_data: vec![(1, vec![0; 5_000])], ..heard(1) });
        assert_eq!(outbox.take_dropped(), 1);
    }

    #[test]
    fn a_batch_fits_into_its_frame() {
        let mut outbox = Outbox::default();
        let large = vec![(1, vec![7; 255]); 8];
        (0..200).for_each(|_| outbox.push(RawAdvert { manufacturer_data: large.clone(), ..heard(0) }));
        let (mut sent, mut bytes) = (0, Vec::new());
        while let Some((first, adverts)) = outbox.batch(0) {
            assert_eq!(first, sent);
            sent += adverts.len() as u64;
            bytes.clear();
            crate::Frame::Adverts { first, adverts }.write(&mut bytes);
            assert!(bytes.len() <= MAX_FRAME + 2, "{}", bytes.len());
        }
        assert_eq!(sent, 200);
    }
}
