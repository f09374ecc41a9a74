use super::*;

fn address(n: u64) -> Address {
    let [.., a, b, c, d, e, f] = n.to_be_bytes();
    Address::new([a, b, c, d, e, f])
}

fn refused(n: u64, is_adopted: bool, code: &str) -> Refused<'_> {
    Refused { address: address(n), is_adopted, code, detail: "wrong", part: "service_data:fcd2", bytes: &[1, 2] }
}

fn empty() -> DeadLetters {
    DeadLetters::new(vec![], 1)
}

#[test]
fn equal_refusals_are_one_letter_that_counts() {
    let letters = empty();
    for ms in 0..5 {
        letters.record(refused(1, true, "bad_mic"), UnixMillis(ms));
    }
    letters.record(refused(1, true, "too_short"), UnixMillis(9));
    let newest = letters.newest(None, 10);
    assert_eq!((newest[0].id, newest[0].code.as_str(), newest[0].count), (2, "too_short", 1));
    assert_eq!((newest[1].id, newest[1].code.as_str(), newest[1].count), (1, "bad_mic", 5));
    assert_eq!((newest[1].first_at, newest[1].last_at), (UnixMillis(0), UnixMillis(4)));
}

#[test]
fn pages_go_from_new_to_old() {
    let letters = empty();
    for n in 1..=5 {
        letters.record(refused(n, false, "bad_mic"), UnixMillis(0));
    }
    let ids = |before, limit| letters.newest(before, limit).into_iter().map(|letter| letter.id).collect::<Vec<_>>();
    assert_eq!(ids(None, 2), [5, 4]);
    assert_eq!(ids(Some(4), 9), [3, 2, 1]);
    assert_eq!(ids(Some(1), 9), [0; 0]);
}

#[test]
fn one_address_fills_no_more_than_its_share() {
    let letters = empty();
    letters.record(refused(1, false, "bad_mic"), UnixMillis(0));
    for i in 0..100 {
        letters.record(refused(2, false, &format!("code_{i}")), UnixMillis(i));
    }
    let kept = letters.newest(None, LETTERS);
    assert_eq!(kept.iter().filter(|letter| letter.address == address(2)).count(), LETTERS_PER_ADDRESS);
    assert_eq!(kept.last().map(|letter| letter.address), Some(address(1)));
    assert_eq!(kept[0].code, "code_99");
}

#[test]
fn strangers_never_push_out_a_device_of_the_house() {
    let letters = empty();
    for n in 0..63 {
        for i in 0..16 {
            letters.record(refused(n, true, &format!("code_{i}")), UnixMillis(0));
        }
    }
    for n in 1_000..5_000 {
        letters.record(refused(n, false, "bad_mic"), UnixMillis(1));
    }
    let adopted = |letters: &DeadLetters| letters.shelf().letters.values().filter(|stored| stored.is_adopted).count();
    assert_eq!((letters.newest(None, usize::MAX).len(), adopted(&letters)), (LETTERS, LETTERS));

    let letters = empty();
    letters.record(refused(1, true, "bad_mic"), UnixMillis(0));
    for n in 1_000..5_000 {
        letters.record(refused(n, false, "bad_mic"), UnixMillis(1));
    }
    assert_eq!((letters.newest(None, usize::MAX).len(), adopted(&letters)), (LETTERS, 1));
}

#[test]
fn only_what_changed_is_stored_and_what_left_is_removed_once() {
    let letters = empty();
    letters.record(refused(1, false, "code_0"), UnixMillis(0));
    let changes = letters.drain_dirty();
    assert_eq!((changes.changed.len(), changes.removed.len(), changes.next_id), (1, 0, 2));
    assert!(letters.drain_dirty().is_empty());
    for i in 1..=16 {
        letters.record(refused(1, false, &format!("code_{i}")), UnixMillis(i));
    }
    // The last of a device that was stored is removed from the store; one that never was is not.
    let changes = letters.drain_dirty();
    assert_eq!((changes.changed.len(), changes.removed.as_slice()), (16, [1].as_slice()));
    for i in 17..40 {
        letters.record(refused(1, false, &format!("code_{i}")), UnixMillis(i));
    }
    assert_eq!(letters.drain_dirty().removed, (2..=17).collect::<Vec<_>>());
}

#[test]
fn changes_given_back_are_drained_again() {
    let letters = empty();
    letters.record(refused(1, false, "bad_mic"), UnixMillis(0));
    let changes = letters.drain_dirty();
    letters.give_back(&changes);
    assert_eq!(letters.drain_dirty(), changes);
}

#[test]
fn the_bytes_of_one_letter_are_bounded() {
    let (long, text) = ([7; 1_000], "ä".repeat(1_000));
    let letters = empty();
    letters.record(Refused { detail: &text, part: &text, bytes: &long, ..refused(1, false, &text) }, UnixMillis(0));
    let letter = &letters.newest(None, 1)[0];
    assert_eq!((letter.bytes.len(), letter.detail.len(), letter.part.len(), letter.code.len()), (254, 300, 300, 300));
}
