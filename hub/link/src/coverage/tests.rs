use hub_model::BootId;
use proptest::prelude::*;

use super::*;

const START: UnixMillis = UnixMillis(1_795_219_200_000);

fn id(number: u32) -> SampleId {
    SampleId { boot: 3, number }
}

fn hint_of(id: SampleId) -> SampleHint {
    SampleHint(u16::from_le_bytes(id.hint()))
}

fn at(number: u32) -> UnixMillis {
    START + i64::from(number) * 60_000
}

fn taken(number: u32) -> Taken {
    Taken { at: at(number), quality: TimeQuality::Synchronised }
}

fn wall(stamp: Stamp) -> UnixMillis {
    START + i64::try_from(stamp.ms).unwrap()
}

fn hear(coverage: &mut Coverage, number: u32, late_ms: u64) {
    let ms = u64::from(number) * 60_000 + late_ms;
    coverage.heard(hint_of(id(number)), Stamp { boot: BootId(1), ms });
}

#[test]
fn what_was_heard_at_once_is_had_and_what_was_told_anew_later_is_not() {
    let mut coverage = Coverage::beginning_at(id(0));
    hear(&mut coverage, 4, 3_000);
    hear(&mut coverage, 9, 58_000);
    hear(&mut coverage, 9, 59_000);
    assert!(coverage.has(id(4), taken(4), wall) && !coverage.has(id(9), taken(9), wall));
    assert_eq!(coverage.place().had.len(), 2);
}

#[test]
fn a_time_that_is_a_guess_is_taken_for_a_wide_one() {
    let mut coverage = Coverage::beginning_at(id(0));
    hear(&mut coverage, 9, 3_000);
    let guessed = Taken { at: at(9) + 3_600_000, quality: TimeQuality::Estimated };
    assert!(coverage.has(id(9), guessed, wall));
}

#[test]
fn after_days_of_silence_the_same_hint_is_not_the_same_sample() {
    let mut coverage = Coverage::beginning_at(id(0));
    hear(&mut coverage, 5 + 4096, 1_000);
    assert!(!coverage.has(id(5), taken(5), wall) && coverage.has(id(5 + 4096), taken(5 + 4096), wall));
}

#[test]
fn a_hint_that_comes_round_again_is_not_the_sample_of_days_ago_told_anew() {
    let mut coverage = Coverage::beginning_at(id(0));
    hear(&mut coverage, 5, 1_000);
    hear(&mut coverage, 5 + 4096, 1_000);
    assert!(coverage.has(id(5), taken(5), wall) && coverage.has(id(5 + 4096), taken(5 + 4096), wall));
}

#[test]
fn what_is_settled_is_forgotten() {
    let mut coverage = Coverage::beginning_at(id(0));
    (0..500).for_each(|number| hear(&mut coverage, number, 1_000));
    for number in 0..500 {
        coverage.settle(id(number), at(number), wall);
    }
    assert_eq!((coverage.next(), coverage.place().had), (id(500), vec![]));
    coverage.settle(id(3), at(3), wall);
    assert_eq!(coverage.next(), id(500));
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
        let mut times = vec![0_u8; heard.len()];
        for (number, is_heard) in heard.iter().enumerate() {
            if *is_heard && !(absent.0..absent.0 + absent.1).contains(&number) {
                hear(&mut coverage, number as u32, 3_000);
                times[number] += 1;
            }
        }
        for length in breaks.into_iter().chain([usize::MAX]) {
            coverage = Coverage::from_place(&coverage.place());
            for number in (coverage.next().number..count).take(length) {
                if !coverage.has(id(number), taken(number), wall) {
                    times[number as usize] += 1;
                }
                coverage.settle(id(number), at(number), wall);
            }
        }
        prop_assert!(times.iter().all(|times| *times == 1), "{:?}", times.iter().position(|times| *times != 1));
        prop_assert_eq!(coverage.next(), id(count));
    }
}
