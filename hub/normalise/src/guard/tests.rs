use hub_model::BootId;

use super::*;

const MINUTE: u64 = 60_000;

fn at(ms: u64) -> Stamp {
    Stamp { boot: BootId(1), ms }
}

/// Sends (counter, content, milliseconds) and compares what the guard says: `+` new, `=` repeated, `-` replayed.
fn check(guard: &mut Guard, rule: ReplayRule, frames: &[(u32, u64, u64)], expected: &str) {
    let said: String = frames
        .iter()
        .map(|(counter, content, ms)| match guard.encrypted(*counter, *content, rule, at(*ms)) {
            Pass::New => '+',
            Pass::Repeated => '=',
            Pass::Replayed { .. } => '-',
        })
        .collect();
    assert_eq!(said, expected, "{rule:?} {frames:?}");
}

#[test]
fn strict_takes_only_what_is_greater() {
    let mut guard = Guard::default();
    let frames = [(100_000, 1, 0), (50, 2, 1_000), (60_000, 3, 2_000), (99_999, 4, 3_000), (100_001, 5, 4_000)];
    check(&mut guard, ReplayRule::Strict, &frames, "+---+");
}

#[test]
fn a_frame_sent_again_is_a_repetition_until_it_was_silent_for_ten_minutes() {
    let mut guard = Guard::default();
    let frames = [(7, 1, 0), (7, 1, REPEAT_MS - 1), (7, 1, 2 * REPEAT_MS - 2), (7, 1, 3 * REPEAT_MS)];
    check(&mut guard, ReplayRule::Strict, &frames, "+==-");
}

#[test]
fn a_slow_receiver_repeats_what_a_quick_one_brought() {
    let mut guard = Guard::default();
    check(&mut guard, ReplayRule::Strict, &[(1, 1, 0), (2, 2, 9), (3, 3, 18), (1, 1, 20), (2, 2, 21)], "+++==");
}

#[test]
fn the_same_counter_with_another_content_is_a_replay_in_strict_and_new_in_compat() {
    let frames = [(7, 1, 0), (7, 2, 2_500), (7, 1, 5_000), (7, 2, 7_500)];
    check(&mut Guard::default(), ReplayRule::Strict, &frames, "+-=-");
    check(&mut Guard::default(), ReplayRule::Compat, &frames, "++==");
    check(&mut Guard::default(), ReplayRule::Compat, &[(7, 1, 0), (7, 2, SILENCE_MS)], "+-");
}

#[test]
fn after_the_last_counter_nothing_is_greater() {
    let mut guard = Guard::default();
    check(&mut guard, ReplayRule::Strict, &[(u32::MAX, 1, 0), (0, 2, 1_000), (u32::MAX, 3, MINUTE)], "+--");
}

#[test]
fn a_restored_counter_holds_like_one_that_was_heard() {
    let mut guard = Guard::default();
    guard.restore(500);
    guard.restore(400);
    check(&mut guard, ReplayRule::Strict, &[(499, 1, 0), (500, 2, 1), (501, 3, 2), (500, 2, 3)], "-=+-");
}

#[test]
fn compat_believes_a_restart_at_any_counter_after_a_minute_and_three_frames() {
    for start in [0, 50, 5_000, 99_000] {
        let mut guard = Guard::default();
        let m = MINUTE;
        let frames = [
            (100_000, 1, 0),
            (start, 2, m),
            (start, 2, m + 1),
            (start + 1, 3, m + 2),
            (start + 4, 4, m + 3),
            (start + 5, 5, m + 4),
            (start + 1, 3, m + 5),
        ];
        check(&mut guard, ReplayRule::Compat, &frames, "+---++-");
    }
}

#[test]
fn compat_wraps_as_it_restarts() {
    let frames = [(u32::MAX, 1, 0), (0, 2, MINUTE), (1, 3, MINUTE + 1), (2, 4, MINUTE + 2), (3, 5, MINUTE + 3)];
    check(&mut Guard::default(), ReplayRule::Compat, &frames, "+--++");
}

#[test]
fn compat_believes_no_recording_while_the_device_is_heard() {
    let mut guard = Guard::default();
    let s = 1_000;
    let frames = [(900, 1, 0), (10, 2, 20 * s), (11, 3, 40 * s), (901, 4, 55 * s), (12, 5, 70 * s), (13, 6, 80 * s)];
    check(&mut guard, ReplayRule::Compat, &frames, "+--+--");
}

#[test]
fn one_recorded_frame_of_an_earlier_life_does_not_open_the_whole_recording() {
    let mut guard = Guard::default();
    let m = MINUTE;
    let restart = [(100_000, 1, 0), (5, 2, m), (6, 3, m + 1), (7, 4, m + 2)];
    check(&mut guard, ReplayRule::Compat, &restart, "+--+");
    let recording = [(60_000, 5, m + 3), (99_999, 6, m + 4), (8, 7, m + 5)];
    check(&mut guard, ReplayRule::Compat, &recording, "--+");
}

#[test]
fn after_a_restart_of_the_hub_compat_first_waits_for_silence() {
    let mut guard = Guard::default();
    guard.restore(1_000);
    check(&mut guard, ReplayRule::Compat, &[(5, 1, 0), (6, 2, 1), (7, 3, 2), (8, 4, MINUTE)], "---+");
}

#[test]
fn every_key_has_its_own_count_and_goes_on_where_it_stopped() {
    let (first, second) = (BindKey::new([1; 16]), BindKey::new([2; 16]));
    let mut guard = Guard::default();
    guard.restore(900);
    guard.rekey(&first);
    check(&mut guard, ReplayRule::Strict, &[(900, 1, 0), (901, 2, 1)], "=+");
    guard.rekey(&second);
    check(&mut guard, ReplayRule::Strict, &[(5, 3, 2), (4, 4, 3)], "+-");
    guard.rekey(&first);
    check(&mut guard, ReplayRule::Strict, &[(901, 5, 4), (902, 6, 5)], "-+");
    guard.rekey(&second);
    check(&mut guard, ReplayRule::Strict, &[(5, 7, 6), (6, 8, 7)], "-+");
}

#[test]
fn a_restored_counter_is_of_the_key_that_is_heard_next() {
    let (first, second) = (BindKey::new([1; 16]), BindKey::new([2; 16]));
    let mut guard = Guard::default();
    guard.rekey(&first);
    check(&mut guard, ReplayRule::Strict, &[(5, 1, 0)], "+");
    guard.restore(900);
    guard.rekey(&second);
    check(&mut guard, ReplayRule::Strict, &[(899, 2, 1), (901, 3, 2)], "-+");
    guard.rekey(&first);
    check(&mut guard, ReplayRule::Strict, &[(6, 4, 3)], "+");
}

#[test]
fn two_alternating_plain_frames_are_each_counted_once() {
    let mut guard = Guard::default();
    let said: Vec<Pass> = [(1, 10, 0), (2, 20, 500), (1, 10, 1_000), (2, 20, 1_500), (3, 10, 2_000)]
        .map(|(id, content, ms)| guard.plain(Some(id), content, false, at(ms)))
        .to_vec();
    assert_eq!(said, [Pass::New, Pass::New, Pass::Repeated, Pass::Repeated, Pass::New]);
}

#[test]
fn a_steady_value_without_an_id_is_new_every_two_seconds_and_a_burst_is_one_press() {
    let mut steady = Guard::default();
    let news = (0..10).filter(|i| steady.plain(None, 1, false, at(i * 1_000)) == Pass::New).count();
    assert_eq!(news, 5);
    let mut burst = Guard::default();
    let news = (0..10).filter(|i| burst.plain(None, 1, true, at(i * 1_000)) == Pass::New).count();
    assert_eq!(news, 1);
}

#[test]
fn a_packet_id_that_comes_round_is_new() {
    let mut guard = Guard::default();
    assert_eq!(guard.plain(Some(1), 1, false, at(0)), Pass::New);
    assert_eq!(guard.plain(Some(1), 1, false, at(PACKET_MS - 1)), Pass::Repeated);
    assert_eq!(guard.plain(Some(1), 1, false, at(2 * PACKET_MS - 1)), Pass::New);
    assert_eq!(guard.plain(Some(1), 2, false, at(2 * PACKET_MS)), Pass::New);
}

#[test]
fn stamps_of_another_boot_are_long_ago() {
    let mut guard = Guard::default();
    assert_eq!(guard.plain(Some(1), 1, false, at(5)), Pass::New);
    assert_eq!(guard.plain(Some(1), 1, false, Stamp { boot: BootId(2), ms: 5 }), Pass::New);
}
