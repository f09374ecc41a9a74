use embassy_futures::select::{Either, select};

use super::*;
use crate::sim::{Clock, Line};

/// What a button tells, and when in milliseconds, that is pressed or let go after each of these pauses.
fn told(pauses_ms: &[u32]) -> Vec<(u64, Press)> {
    let clock = Clock::new();
    let line = Line::new(true);
    let mut button = Button::new(line.clone(), clock.timer(), false);
    let mut told = Vec::new();
    let hand = async {
        let mut is_high = true;
        for pause_ms in pauses_ms {
            clock.timer().delay_ms(*pause_ms).await;
            is_high = !is_high;
            line.set(is_high);
        }
        clock.timer().delay_ms(60_000).await;
    };
    let listening = async {
        loop {
            let Ok(press) = button.pressed().await;
            told.push((clock.now_us() / 1000, press));
        }
    };
    assert!(clock.run(select(hand, listening)).is_some(), "the minute is over");
    told
}

#[test]
fn a_press_is_told_when_the_button_is_let_go() {
    assert_eq!(told(&[1000, 155]), [(1180, Press::Short)]);
    assert_eq!(told(&[1000, 155, 300, 9010]), [(1180, Press::Short), (10_495, Press::Short)]);
}

#[test]
fn a_bounce_is_no_press_and_a_press_that_bounces_is_one() {
    assert_eq!(told(&[1000, 5, 500, 15]), []);
    assert_eq!(told(&[1000, 3, 2, 4, 1, 100, 2, 3]).len(), 1);
}

#[test]
fn a_hold_is_told_once_and_at_ten_seconds() {
    assert_eq!(told(&[1000, 30_000]), [(11_000, Press::Hold)]);
    assert_eq!(told(&[1000]), [(11_000, Press::Hold)], "never let go");
    assert_eq!(told(&[1000, 9910]), [(10_940, Press::Short)]);
}

#[test]
fn a_finger_that_trembles_still_holds() {
    // Let go for 15 ms in the middle.
    assert_eq!(told(&[1000, 5000, 15, 8000]).len(), 1);
    assert_eq!(told(&[1000, 5000, 15, 8000])[0].1, Press::Hold);
}

/// The program waits for the radio too: every 35 ms the future is dropped and made anew.
#[test]
fn a_hold_is_told_though_its_future_is_dropped_again_and_again() {
    let clock = Clock::new();
    let line = Line::new(false);
    let mut button = Button::new(line.clone(), clock.timer(), false);
    let mut told = Vec::new();
    while clock.now_us() < 30_000_000 {
        match clock.run(select(button.pressed(), clock.timer().delay_ms(35))) {
            Some(Either::First(Ok(press))) => told.push(press),
            _ if clock.now_us() > 20_000_000 => line.set(true),
            _ => {}
        }
    }
    assert_eq!(told, [Press::Hold]);
}

#[test]
fn after_a_hold_the_next_press_counts_again() {
    let told: Vec<Press> = told(&[1000, 12_000, 500, 200]).into_iter().map(|(_, press)| press).collect();
    assert_eq!(told, [Press::Hold, Press::Short]);
}
