//! Whole updates of one sensor, over links that are lost at any message.

use hub_model::{
    BootId, DeviceId, Now, ReceiverId, RolloutState, RolloutStep, Stamp, TimeQuality, UnixMillis, WallTime, Zone,
};
use hub_ota::{Failure, Image, Next, Order, Outcome, Plan, Policy, Postponement, Sensor, Task, Transfer};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wire::{
    firmware::Version,
    service::{Answer, Ask, Stage},
};

use crate::{
    sensor::{BAD, Chip, LENGTH, NEW, OLD},
    signed::{PRODUCT, hardware, image},
};

const HOUR_MS: u64 = 3_600_000;
const SENSOR: DeviceId = DeviceId::from_u64(7);

/// A home with one sensor.
struct Home {
    chip: Chip,
    plan: Plan,
    image: Image,
    luck: ChaCha8Rng,
    now_ms: u64,
    /// What the sensor was last heard to run.
    heard: Version,
    /// A link is lost within so many questions, if at all.
    lost_within: Option<u32>,
    /// Bytes of chunks that were sent, and links that were lost.
    sent: usize,
    lost: usize,
}

/// How a link ended, as far as the sensor's life goes on.
#[derive(PartialEq, Eq)]
enum Life {
    GoesOn,
    Ends,
}

impl Home {
    fn new(version: Version, seed: u64, lost_within: Option<u32>) -> Self {
        let image = image(version, 1, LENGTH);
        let policy = Policy::default().with_soak_h(1).unwrap();
        let plan = Plan::new(*image.release(), policy, &now(0));
        let luck = ChaCha8Rng::seed_from_u64(seed);
        Self { chip: Chip::new(), plan, image, luck, now_ms: 0, heard: OLD, lost_within, sent: 0, lost: 0 }
    }

    /// Until the rollout is over, or so many hours.
    fn run(&mut self, hours: u64) {
        let end_ms = self.now_ms + hours * HOUR_MS;
        while self.now_ms < end_ms && !self.is_over() {
            let mut chip = std::mem::replace(&mut self.chip, Chip::new());
            chip.live(|running, answer| self.life(running, answer, end_ms));
            self.chip = chip;
        }
    }

    fn is_over(&self) -> bool {
        matches!(self.plan.status(&now(self.now_ms)).state, RolloutState::Complete | RolloutState::Halted(_))
    }

    /// The links of one life of the sensor.
    fn life(&mut self, running: Version, answer: &mut dyn FnMut(&[u8]) -> Vec<u8>, end_ms: u64) {
        let since_ms = self.now_ms;
        while self.now_ms < end_ms && !self.is_over() {
            // A program that cannot show that it works restarts by itself.
            if running == BAD && self.now_ms > since_ms + HOUR_MS {
                return;
            }
            match self.plan.next(&[self.sensor()], &Zone::UTC, &now(self.now_ms)) {
                Next::Wait { ms } => self.now_ms += ms,
                Next::Link(order) => {
                    if self.link(&order, running, answer) == Life::Ends {
                        return;
                    }
                }
            }
        }
    }

    fn sensor(&self) -> Sensor {
        Sensor {
            id: SENSOR,
            product: PRODUCT,
            hardware: hardware(),
            running: self.heard,
            battery_mv: None,
            battery_percent: Some(80),
            adapter: Some(ReceiverId(1)),
        }
    }

    fn link(&mut self, order: &Order, running: Version, answer: &mut dyn FnMut(&[u8]) -> Vec<u8>) -> Life {
        self.report(Outcome::Started);
        self.heard = running;
        let mut left = self.lost_within.map(|most| self.luck.random_range(0..=most));
        let mut transfer = Transfer::new(self.image.clone(), order.task, running);
        let mut life = Life::GoesOn;
        while let Some(ask) = transfer.ask().filter(|_| self.plan.wants(order)) {
            let is_lost = left == Some(0);
            left = left.map(|left| left.saturating_sub(1));
            // Either the question is lost, or its answer.
            if is_lost && self.luck.random() {
                break;
            }
            let mut question = [0; 1024];
            let length = ask.write(&mut question).unwrap();
            if let Ask::Chunk { bytes, .. } = ask {
                self.sent += bytes.len();
            }
            if ask == Ask::Install {
                life = Life::Ends;
            }
            let bytes = answer(&question[..length]);
            if is_lost {
                break;
            }
            if let Some(outcome) = transfer.take(&Answer::parse(&bytes).unwrap()) {
                self.report(outcome);
            }
        }
        if transfer.ended().is_none() {
            self.report(transfer.lost());
            self.lost += 1;
        }
        // Somebody changes the battery now and then, when links are lost.
        if self.lost_within.is_some() && self.luck.random_ratio(1, 8) { Life::Ends } else { life }
    }

    fn report(&mut self, outcome: Outcome) {
        self.now_ms += 500;
        self.plan.report(SENSOR, outcome, &now(self.now_ms));
    }

    fn standing(&self) -> RolloutStep {
        self.plan.standing(SENSOR).unwrap().standing
    }
}

fn now(ms: u64) -> Now {
    let at = UnixMillis(1_795_219_200_000) + i64::try_from(ms).unwrap();
    let wall = WallTime { at, quality: TimeQuality::Synchronised };
    Now { stamp: Stamp { boot: BootId(1), ms }, us: ms * 1000, wall }
}

#[test]
fn an_update_over_good_links_takes_two_and_sends_every_byte_once() {
    let mut home = Home::new(NEW, 1, None);
    home.run(24);
    assert_eq!((home.standing(), home.sent, home.chip.changes), (RolloutStep::Updated, LENGTH, 1));
    assert_eq!(home.chip.stands().1.stage, Stage::None);
    // Two minutes for the sensor to swap its images; the rest is messages.
    assert!(home.now_ms < HOUR_MS / 10, "{} ms", home.now_ms);
}

#[test]
fn an_update_over_links_that_are_lost_anywhere_is_finished_once() {
    let (mut lost, mut again) = (0, 0);
    for seed in 0..150 {
        let mut home = Home::new(NEW, seed, Some(3 + u32::try_from(seed).unwrap() % 6));
        home.run(200);
        let stands = home.plan.standing(SENSOR).unwrap();
        assert_eq!((stands.standing, stands.failures), (RolloutStep::Updated, 0), "seed {seed}");
        assert_eq!(home.chip.changes, 1, "seed {seed}: installed once");
        let (running, progress) = home.chip.stands();
        assert_eq!((running, progress.stage), (NEW, Stage::None), "seed {seed}");
        // What is sent again is a page at most, or a chunk whose answer was lost.
        assert!(home.sent <= LENGTH + home.lost * (1024 + 960), "seed {seed}: {} in {}", home.sent, home.lost);
        lost += home.lost;
        again += home.sent - LENGTH;
    }
    assert!(lost > 500, "{lost} links lost, {again} bytes sent again");
}

#[test]
fn a_program_that_does_not_work_is_taken_back_and_halts_the_rollout() {
    for lost_within in [None, Some(9)] {
        let mut home = Home::new(BAD, 5, lost_within);
        home.run(400);
        let RolloutState::Halted(halt) = home.plan.status(&now(home.now_ms)).state else { panic!("not halted") };
        assert_eq!((halt.ring, halt.judged, halt.failed, halt.last), (0, 1, 1, Failure::Reverted.to_string()));
        let mut chip = home.chip;
        assert_eq!(chip.stands().0, OLD);
        assert_eq!(chip.changes, 2, "there and back");
    }
}

#[test]
fn a_weak_battery_puts_it_off_and_is_no_failure() {
    let mut home = Home::new(NEW, 1, None);
    home.chip.battery_mv = 2399;
    home.run(5);
    let stands = home.plan.standing(SENSOR).unwrap();
    assert_eq!((stands.failures, stands.postponed), (0, Some(Postponement::BatteryLow { mv: 2399 })));
    home.chip.battery_mv = 2900;
    home.run(24);
    assert_eq!((home.standing(), home.chip.changes), (RolloutStep::Updated, 1));
}

#[test]
fn a_battery_that_breaks_down_in_the_middle_loses_nothing() {
    let mut home = Home::new(NEW, 1, None);
    // So much of it is there.
    home.chip.live(|running, answer| {
        let mut transfer = Transfer::new(image(NEW, 1, LENGTH), Task::Send, running);
        for _ in 0..4 {
            let mut question = [0; 1024];
            let length = transfer.ask().unwrap().write(&mut question).unwrap();
            transfer.take(&Answer::parse(&answer(&question[..length])).unwrap());
        }
        assert_eq!(transfer.received(), 1920);
    });
    home.run(24);
    assert_eq!((home.standing(), home.sent), (RolloutStep::Updated, LENGTH - 1024), "from the last whole page on");
}
