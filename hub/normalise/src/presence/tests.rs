use hub_model::BootId;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

const DEVICE: DeviceId = DeviceId::from_u64(1);

const fn at(ms: u64) -> Stamp {
    Stamp { boot: BootId(1), ms }
}

/// A sender and its air: somebody else is heard every second.
struct Sender {
    presence: Presence,
    luck: ChaCha8Rng,
    now_ms: u64,
    interval_ms: u64,
    loss: f64,
    lost_ms: u64,
    alarms: u32,
}

impl Sender {
    fn new(seed: u64, interval_ms: u64, loss: f64) -> Self {
        let luck = ChaCha8Rng::seed_from_u64(seed);
        Self { presence: Presence::default(), luck, now_ms: 0, interval_ms, loss, lost_ms: 0, alarms: 0 }
    }

    /// Time passes, in which only others are heard; says when the sender was called lost.
    fn pass(&mut self, until_ms: u64) -> Option<u64> {
        let mut lost = None;
        let step_ms = (self.interval_ms / 8).clamp(100, 1000);
        while self.now_ms < until_ms {
            self.now_ms = (self.now_ms + step_ms).min(until_ms);
            self.presence.air(at(self.now_ms));
            if self.presence.lost().is_some() {
                lost = Some(self.now_ms);
            }
        }
        lost
    }

    /// The sender sends so many frames, with the delay that the specification has it vary by, and its clock's drift.
    fn send(&mut self, frames: u32) {
        for _ in 0..frames {
            let next_ms = self.now_ms + self.interval_ms + self.luck.random_range(0..10);
            if let Some(lost_at_ms) = self.pass(next_ms) {
                self.alarms += 1;
                self.lost_ms += next_ms - lost_at_ms;
            } else if self.presence.is_lost(DEVICE) == Some(true) {
                self.lost_ms += self.interval_ms;
            }
            if !self.luck.random_bool(self.loss) {
                self.presence.heard(DEVICE, at(self.now_ms));
            }
        }
    }
}

#[test]
fn senders_of_every_interval_and_loss_are_hardly_ever_called_lost_by_mistake() {
    let mut worst: f64 = 0.0;
    for interval_ms in [1000, 2500, 5000, 10_000, 60_000, 600_000] {
        for percent in [0, 10, 20, 30, 40, 50, 60] {
            let (mut false_ms, mut all_ms) = (0, 0);
            for seed in 0..3 {
                let mut sender = Sender::new(seed, interval_ms, f64::from(percent) / 100.0);
                sender.send(3000);
                false_ms += sender.lost_ms;
                all_ms += sender.now_ms;
            }
            let share = false_ms as f64 / all_ms as f64;
            assert!(share < 0.001, "each {interval_ms} ms with {percent} % loss: {share}");
            worst = worst.max(share);
        }
    }
    println!("worst share of time called lost by mistake: {worst:.6}");
}

#[test]
fn true_loss_is_found_within_three_intervals_where_nothing_is_lost() {
    for interval_ms in [1000, 2500, 5000, 10_000, 60_000, 600_000] {
        let mut sender = Sender::new(3, interval_ms, 0.0);
        sender.send(200);
        let last_ms = sender.now_ms;
        let found_ms = sender.pass(last_ms + 10 * interval_ms).unwrap() - last_ms;
        assert!(found_ms <= 3 * interval_ms, "each {interval_ms} ms: after {found_ms} ms");
        assert_eq!(sender.presence.interval_ms(DEVICE).unwrap() / 100, u32::try_from(interval_ms / 100).unwrap());
    }
}

#[test]
fn the_more_is_lost_the_longer_it_is_waited_for() {
    let patience = |loss| {
        let mut sender = Sender::new(9, 5000, loss);
        sender.send(2000);
        let last_ms = sender.now_ms;
        sender.pass(last_ms + 1_000_000).unwrap() - last_ms
    };
    let (none, some, much) = (patience(0.0), patience(0.3), patience(0.6));
    assert!(none < some && some < much && much < 200_000, "{none} {some} {much}");
}

#[test]
fn who_comes_back_is_said_to_be_back_and_after_how_long() {
    let mut sender = Sender::new(1, 5000, 0.0);
    sender.send(100);
    let last_ms = sender.now_ms;
    sender.pass(last_ms + 60_000);
    assert_eq!(sender.presence.is_lost(DEVICE), Some(true));
    let back = sender.presence.heard(DEVICE, at(last_ms + 60_000));
    assert_eq!(back, Some(Change::Back { device: DEVICE, silent_ms: 60_000 }));
    assert_eq!(sender.presence.is_lost(DEVICE), Some(false));
    assert_eq!(sender.presence.heard(DEVICE, at(last_ms + 65_000)), None);
}

#[test]
fn nobody_is_lost_while_nobody_is_heard() {
    let mut sender = Sender::new(1, 1000, 0.0);
    sender.send(100);
    let last_ms = sender.now_ms;
    // The adapter hangs for an hour, and then hears somebody else first.
    sender.presence.air(at(last_ms + 3_600_000));
    assert_eq!(sender.presence.lost(), None);
    sender.now_ms = last_ms + 3_600_000;
    let lost_ms = sender.pass(last_ms + 3_610_000).unwrap() - last_ms - 3_600_000;
    assert!(lost_ms <= 3000, "{lost_ms}");
}

#[test]
fn in_empty_air_devices_tell_of_each_other() {
    let mut presence = Presence::default();
    let (first, second) = (DeviceId::from_u64(1), DeviceId::from_u64(2));
    for nth in 0..50 {
        presence.heard(first, at(nth * 600_000));
        presence.heard(second, at(nth * 600_000 + 300_000));
    }
    assert_eq!(presence.interval_ms(second), Some(600_000));
    presence.heard(first, at(50 * 600_000));
    presence.heard(first, at(51 * 600_000));
    assert_eq!(presence.lost(), None);
    (52..56).for_each(|nth| _ = presence.heard(first, at(nth * 600_000)));
    assert!(matches!(presence.lost(), Some(Change::Lost { device, .. }) if device == second));
    assert_eq!(presence.lost(), None);
}

#[test]
fn repeats_and_other_receivers_change_nothing() {
    let mut presence = Presence::default();
    for nth in 0..100_u64 {
        for copy_ms in [0, 30, 60, 130] {
            presence.heard(DEVICE, at(nth * 2000 + copy_ms));
        }
    }
    assert_eq!(presence.interval_ms(DEVICE), Some(2000));
}

#[test]
fn who_only_speaks_when_pressed_is_never_missed_for_long() {
    let mut luck = ChaCha8Rng::seed_from_u64(5);
    let (mut presence, mut now_ms, mut alarms) = (Presence::default(), 0, 0);
    for _ in 0..300 {
        let next_ms = now_ms + luck.random_range(2_000..1_800_000);
        while now_ms < next_ms {
            now_ms = (now_ms + 5000).min(next_ms);
            presence.air(at(now_ms));
            alarms += u32::from(presence.lost().is_some());
        }
        presence.heard(DEVICE, at(now_ms));
    }
    assert!(alarms <= 3, "{alarms} times");
}

#[test]
fn a_rhythm_that_is_not_known_yet_tells_nothing() {
    let mut presence = Presence::default();
    for nth in 0..10 {
        presence.heard(DEVICE, at(nth * 1000));
    }
    presence.air(at(3_600_000));
    assert_eq!((presence.lost(), presence.is_lost(DEVICE), presence.interval_ms(DEVICE)), (None, None, None));
    presence.forget(DEVICE);
    assert_eq!(presence.heard(DEVICE, at(3_700_000)), None);
}

#[test]
fn what_comes_late_makes_no_time_pass() {
    let mut presence = Presence::default();
    for nth in 0..200 {
        presence.heard(DEVICE, at(nth * 5_000));
    }
    let end_ms = 199 * 5_000;
    // Somebody is heard now, and by turns somebody else was heard minutes ago.
    for nth in 0..1_000 {
        presence.air(at(end_ms + nth));
        presence.air(at(end_ms - 300_000 + nth * 100));
    }
    assert_eq!((presence.lost(), presence.is_lost(DEVICE)), (None, Some(false)));
}
