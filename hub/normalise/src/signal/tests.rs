use hub_model::{Address, BootId, Hearing, TimeQuality, UnixMillis};

use super::*;

const HERE: ReceiverId = ReceiverId(1);
const THERE: ReceiverId = ReceiverId(2);

fn device(number: u16) -> DeviceId {
    let [high, low] = number.to_be_bytes();
    Address::new([0xA4, 0xC1, 0x38, 0, high, low]).into()
}

const fn at(ms: u64) -> Stamp {
    Stamp { boot: BootId(1), ms }
}

fn times(ms: u64) -> (Stamp, WallTime) {
    let unix = UnixMillis(i64::try_from(ms).unwrap());
    (at(ms), WallTime { at: unix, quality: TimeQuality::Synchronised })
}

/// An hour's beginning, so that a window begins there too.
const BEGIN: u64 = 36_000_000;

fn begun() -> Signals {
    let mut signals = Signals::default();
    assert_eq!(signals.close(at(BEGIN), |_| None), []);
    signals
}

#[test]
fn a_window_leaves_one_mean_for_each_pair() {
    let mut signals = begun();
    for (ms, rssi) in [(0, Some(-60)), (10_000, Some(-71)), (20_000, None), (30_000, Some(-70))] {
        signals.heard((device(1), HERE), rssi, times(BEGIN + ms), None);
    }
    let there = signals.heard((device(1), THERE), Some(-90), times(BEGIN + 50_000), None).unwrap();
    assert_eq!((there.mean, there.least, there.greatest, there.adverts), (Some(-90), Some(-90), Some(-90), 1));
    assert_eq!(signals.close(at(BEGIN + WINDOW_MS - 1), |_| None), []);
    let mut end = |windows| -> Vec<_> {
        let closed = signals.close(at(BEGIN + windows * WINDOW_MS), |_| Some(10_000));
        closed.iter().map(|pair| (pair.receiver, pair.mean, pair.reception.unwrap().heard_percent())).collect()
    };
    assert_eq!(end(1), [(HERE, Some(-67), Some(6)), (THERE, Some(-90), Some(1))]);
    let silent = [(HERE, None, Some(3)), (THERE, None, Some(0))];
    assert_eq!(end(2), silent, "a window in which nothing was heard leaves no number, and counts as missed");
}

/// Hears a device that sends every 5 s for `windows`, all but each `missed`th, each transmission three times.
fn live(windows: u64, missed: u64) -> Reception {
    let mut signals = begun();
    let mut newest = None;
    for nth in 0..windows * WINDOW_MS / 5_000 {
        let ms = BEGIN + nth * 5_000;
        signals.close(at(ms), |_| Some(5_000));
        if (nth + 1) % missed != 0 {
            for again in 0..3 {
                newest = signals.heard((device(1), HERE), Some(-70), times(ms + again * 20), Some(5_000));
            }
        }
    }
    newest.unwrap()
}

#[test]
fn what_is_heard_is_held_against_what_was_sent() {
    let all = live(1, u64::MAX);
    assert_eq!((all.adverts, all.heard, all.expected, all.heard_percent()), (360, 120, Some(120), Some(100)));
    let half = live(3, 2);
    assert_eq!((half.heard, half.expected, half.heard_percent()), (120, Some(238), Some(50)));
    assert_eq!(half.hearing(), Hearing::Fair);
    assert_eq!(live(5, 4).heard_percent(), Some(75));
}

#[test]
fn a_pair_that_is_out_of_hearing_is_forgotten_later_where_the_device_is_slow() {
    let mut signals = begun();
    for number in [1, 2] {
        signals.heard((device(number), HERE), Some(-70), times(BEGIN), None);
    }
    let interval = |id| (id == device(2)).then_some(3_600_000);
    let mut left = Vec::new();
    for window in 1..=30 {
        let closed = signals.close(at(BEGIN + window * WINDOW_MS), interval);
        left.extend(closed.iter().filter(|closed| closed.reception.is_none()).map(|closed| (window, closed.device)));
    }
    assert_eq!(left, [(3, device(1)), (19, device(2))]);
    assert!(signals.pairs.is_empty());
}

#[test]
fn figures_of_a_slow_device_outlast_its_silence() {
    let mut signals = begun();
    signals.heard((device(1), HERE), Some(-64), times(BEGIN), None);
    for window in 1..=5 {
        signals.close(at(BEGIN + window * WINDOW_MS), |_| Some(3_000_000));
    }
    let now = signals.heard((device(1), HERE), Some(-66), times(BEGIN + 5 * WINDOW_MS), Some(3_000_000)).unwrap();
    assert_eq!((now.mean, now.adverts, now.heard, now.heard_percent()), (Some(-65), 2, 2, None));
}

#[test]
fn neither_captures_nor_too_many_pairs_are_kept() {
    let mut signals = begun();
    assert_eq!(signals.heard((device(1), ReceiverId::NONE), Some(-60), times(BEGIN), None), None);
    for number in 0..u16::try_from(PAIRS).unwrap() {
        assert!(signals.heard((device(number), HERE), None, times(BEGIN), None).is_some());
    }
    assert_eq!(signals.heard((device(9_999), HERE), None, times(BEGIN), None), None);
    assert!(signals.heard((device(0), HERE), None, times(BEGIN), None).is_some());
    signals.forget(device(0));
    assert!(signals.heard((device(9_999), HERE), None, times(BEGIN), None).is_some());
}

#[test]
fn a_mean_is_rounded_to_the_nearest() {
    for (strengths, mean) in [(&[-60, -61][..], -61), (&[-60, -60, -61], -60), (&[3, 4], 4), (&[-127; 9], -127)] {
        let mut tally = Tally::default();
        strengths.iter().for_each(|rssi| tally.add(Some(*rssi), true));
        assert_eq!(tally.mean(), Some(mean), "{strengths:?}");
    }
    assert_eq!(Tally::default().mean(), None);
}
