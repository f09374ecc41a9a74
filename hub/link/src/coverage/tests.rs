use proptest::prelude::*;

use super::*;

const START: UnixMillis = UnixMillis(1_795_219_200_000);

fn id(number: u32) -> SampleId {
    SampleId { boot: 3, number }
}

fn at(number: u32) -> UnixMillis {
    START + i64::from(number) * 60_000
}

fn hear(coverage: &mut Coverage, number: u32) {
    coverage.heard(hint_of(id(number)), at(number) + 3_000);
}

#[test]
fn what_comes_in_order_leaves_nothing_to_fetch() {
    let mut coverage = Coverage::beginning_at(id(0));
    (0..10_000).for_each(|number| hear(&mut coverage, number));
    assert_eq!((coverage.next(), coverage.has_gap()), (id(10_000), false));
}

#[test]
fn a_sample_that_is_told_again_is_not_another_one() {
    let mut coverage = Coverage::beginning_at(id(0));
    [0, 1, 1, 3, 3].into_iter().for_each(|number| hear(&mut coverage, number));
    assert_eq!((coverage.next(), coverage.place().had.len()), (id(2), 1));
}

#[test]
fn a_new_boot_is_a_gap_until_the_log_says_where_the_old_one_ended() {
    let mut coverage = Coverage::beginning_at(id(7));
    hear(&mut coverage, 7);
    let reborn = SampleId { boot: 4, number: 0 };
    coverage.heard(hint_of(reborn), at(8));
    assert_eq!((coverage.next(), coverage.has_gap()), (id(8), true));
    coverage.settle(id(8), at(8));
    assert!(coverage.has(reborn, at(8)));
    coverage.settle(reborn, at(8));
    assert_eq!((coverage.next(), coverage.has_gap()), (after(reborn), false));
}

#[test]
fn after_days_of_silence_the_same_hint_is_not_the_same_sample() {
    let mut coverage = Coverage::beginning_at(id(0));
    (0..5).for_each(|number| hear(&mut coverage, number));
    // 4096 samples later: the hint is the one that would come next.
    hear(&mut coverage, 5 + 4096);
    assert_eq!((coverage.next(), coverage.has_gap()), (id(5), true));
    assert!(!coverage.has(id(5), at(5)) && coverage.has(id(5 + 4096), at(5 + 4096)));
}

proptest! {
    /// Whatever was heard and whenever a fetch broke off: in the end every sample was taken once, heard or fetched.
    #[test]
    fn every_sample_is_taken_exactly_once(
        heard in prop::collection::vec(any::<bool>(), 1..6000),
        absent in (0_usize..3000, 0_usize..5000),
        breaks in prop::collection::vec(1_usize..400, 0..12),
    ) {
        let count = heard.len() as u32;
        let mut coverage = Coverage::beginning_at(id(0));
        let mut taken = vec![0_u8; heard.len()];
        for (number, is_heard) in heard.iter().enumerate() {
            if *is_heard && !(absent.0..absent.0 + absent.1).contains(&number) {
                hear(&mut coverage, number as u32);
                taken[number] += 1;
            }
        }
        for length in breaks.into_iter().chain([usize::MAX]) {
            // What was not kept before a restart is read from the log of events again.
            coverage = Coverage::from_place(&coverage.place());
            for number in (coverage.next().number..count).take(length) {
                if !coverage.has(id(number), at(number)) {
                    taken[number as usize] += 1;
                }
                coverage.settle(id(number), at(number));
            }
        }
        prop_assert!(taken.iter().all(|times| *times == 1), "{:?}", taken.iter().position(|times| *times != 1));
        prop_assert_eq!((coverage.next(), coverage.has_gap()), (id(count), false));
    }
}
