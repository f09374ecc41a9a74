use std::println;

use embassy_futures::block_on;

use super::*;
use crate::{
    nor::NorSim,
    power::{Life, cut_everywhere, lucks},
};

const PAGE: usize = 256;
const RANGE: Range<u32> = 0..2 * PAGE as u32;
type Nor = NorSim<PAGE>;

fn start(nor: &mut Nor) -> (Facts<&mut Nor>, u32) {
    block_on(Facts::start(nor, RANGE)).unwrap()
}

#[test]
fn a_fact_is_there_after_a_restart_and_every_start_counts() {
    let mut nor = Nor::new(2);
    let (mut facts, boot) = start(&mut nor);
    assert_eq!(boot, 1);
    block_on(facts.put(Fact::Claim, b"the kitchen's hub")).unwrap();
    block_on(facts.put(Fact::Claim, b"the hub")).unwrap();
    let (facts, boot) = start(&mut nor);
    assert_eq!(boot, 2);
    assert_eq!(facts.get(Fact::Claim), Some(&b"the hub"[..]));
    assert_eq!(facts.get(Fact::Update), None);
}

#[test]
fn what_is_too_long_is_refused() {
    let mut nor = NorSim::<4096>::new(2);
    let (mut facts, _) = block_on(Facts::start(&mut nor, 0..8192)).unwrap();
    block_on(facts.put(Fact::Update, &[7; MAX_FACT])).unwrap();
    assert_eq!(block_on(facts.put(Fact::Update, &[8; MAX_FACT + 1])), Err(KeepError::TooLong));
    assert_eq!(facts.get(Fact::Update), Some(&[7; MAX_FACT][..]));
    let mut nor = Nor::new(1);
    assert_eq!(block_on(Facts::start(&mut nor, 0..100)).err(), Some(KeepError::NoSuchPlace));
}

#[test]
fn flash_is_written_once_for_thousands_of_numbers() {
    let mut nor = Nor::new(2);
    let (mut facts, _) = start(&mut nor);
    let mut counter = facts.counter();
    for number in 0..2 * Counter::BLOCK {
        assert_eq!(block_on(facts.take(&mut counter)).unwrap(), Some(number));
    }
    let before = nor.operations();
    let (facts, _) = start(&mut nor);
    assert_eq!(facts.counter(), Counter::behind(2 * Counter::BLOCK));
    assert!(before < 20, "{before} operations");
}

/// Somebody who starts, counts, and changes a claim again and again.
#[derive(Debug, Clone, Default)]
struct Owner {
    boot: u32,
    /// Numbers given are below this.
    given: u32,
    claim: u32,
    /// The claim that may be there already.
    next_claim: u32,
}

impl Owner {
    fn try_live(&mut self, nor: &mut Nor) -> Result<(), KeepError<crate::nor::NorError>> {
        let (mut facts, boot) = block_on(Facts::start(nor, RANGE))?;
        assert!(boot > self.boot, "boot {boot} after {}", self.boot);
        self.boot = boot;
        let mut counter = facts.counter();
        for _ in 0..3 {
            let number = block_on(facts.take(&mut counter))?.unwrap();
            assert!(number >= self.given, "{number} was given before");
            self.given = number + 1;
            // As if the whole block were used.
            counter = Counter::behind(counter.next_ceiling().unwrap() - Counter::BLOCK);
            self.next_claim = self.claim + 1;
            block_on(facts.put(Fact::Claim, &[self.next_claim.to_le_bytes(); 5].concat()))?;
            self.claim = self.next_claim;
        }
        Ok(())
    }
}

impl Life<PAGE> for Owner {
    fn live(&mut self, nor: &mut Nor) {
        if let Err(error) = self.try_live(nor) {
            assert!(nor.is_off(), "{error} with power");
        }
    }

    fn check(&mut self, nor: &mut Nor) {
        let (facts, boot) = block_on(Facts::start(&mut *nor, RANGE)).unwrap();
        assert!(boot > self.boot, "boot {boot} after {}", self.boot);
        self.boot = boot;
        let claim = facts.get(Fact::Claim).map(|bytes| {
            let (first, _) = bytes.split_first_chunk().unwrap();
            assert_eq!(bytes, [*first; 5].concat());
            u32::from_le_bytes(*first)
        });
        let claim = claim.unwrap_or(0);
        assert!(claim == self.claim || claim == self.next_claim, "{claim} of {} and {}", self.claim, self.next_claim);
        self.claim = claim;
        self.try_live(nor).unwrap();
    }
}

#[test]
fn no_cut_loses_a_fact_or_gives_a_number_twice() {
    let mut nor = Nor::new(2);
    let mut owner = Owner::default();
    let mut schedules = 0;
    // From several states of the flash, so that cuts hit pages that fill up, move and are erased.
    for _ in 0..8 {
        schedules += cut_everywhere((&nor, &owner), lucks(), 12);
        owner.live(&mut nor);
    }
    println!("{schedules} schedules");
    assert!(schedules >= 4000 * lucks(), "{schedules} schedules");
}
