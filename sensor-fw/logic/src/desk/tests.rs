use std::{vec, vec::Vec};

use embassy_futures::block_on;
use embassy_sync::{blocking_mutex::raw::NoopRawMutex, mutex::Mutex};
use embedded_storage_async::nor_flash::ReadNorFlash;
use units::{Measure, Quantity};
use wire::{
    firmware::{Hardware, Version},
    log::Block,
    manifest::{KeyId, ManifestFault, Target, TrustedKey},
    service::{Progress, Stage},
    settings::Settings,
    setup_code::Product,
};

use super::*;
use crate::{
    beacon::Channel,
    boot::{Images, Layout},
    brain::Habits,
    image::Slot,
    nor::NorSim,
    pairing::MAX_ANSWER,
    shared::Shared,
    update::Own,
};

const PAGE: u32 = 4096;
const ROOM: [Channel; 2] =
    [Channel { quantity: Quantity::Temperature, band: 100 }, Channel { quantity: Quantity::Humidity, band: 10_000 }];
const CONDITION: Condition = Condition {
    now_ms: 90_500,
    reset: ResetReason::Watchdog,
    resets: Resets { panics: 2, watchdogs: 3 },
    battery_mv: 2900,
};

type Nor = NorSim<4096>;
type Flash<'a> = Shared<'a, &'a mut Nor>;

struct Sensor<'a> {
    brain: Brain<Flash<'a>>,
    update: Update<Flash<'a>>,
}

impl Sensor<'_> {
    fn ask(&mut self, ask: &Ask<'_>) -> Vec<u8> {
        let mut question = [0; 1024];
        let length = ask.write(&mut question).unwrap();
        self.ask_bytes(&question[..length])
    }

    fn ask_bytes(&mut self, question: &[u8]) -> Vec<u8> {
        let mut buffer = vec![0; MAX_ANSWER];
        let answered = answer(question, &CONDITION, &mut self.brain, &mut self.update, &mut buffer);
        let length = block_on(answered).unwrap();
        buffer[..length].to_vec()
    }

    fn measure(&mut self, minutes: core::ops::Range<u32>) {
        for minute in minutes {
            let warmth = 20_000 + i64::from(minute * 37 % 101);
            let sample = [Measure::new(Quantity::Temperature, warmth), Measure::new(Quantity::Humidity, 450_000)];
            block_on(self.brain.sampled(u64::from(minute) * 60_000, &sample)).unwrap();
        }
    }

    /// What a hub gets that asks until there is nothing later.
    fn fetch(&mut self, mut from: SampleId) -> (Vec<SampleId>, u32) {
        let (mut samples, mut questions) = (Vec::new(), 0);
        loop {
            questions += 1;
            let answer = self.ask(&Ask::Log { from });
            let Ok(Answer::Blocks(blocks)) = Answer::parse(&answer) else { panic!("{answer:?}") };
            let before = samples.len();
            for block in blocks {
                let block = Block::parse(block.unwrap()).unwrap();
                samples.extend(block.samples().map(|sample| sample.unwrap().id).filter(|id| *id >= from));
            }
            let Some(last) = samples[before..].last() else { return (samples, questions) };
            from = SampleId { boot: last.boot, number: last.number + 1 };
        }
    }
}

fn with(nor: &mut Nor, act: impl for<'a> FnOnce(Sensor<'a>)) {
    let capacity = nor.capacity();
    let flash = Mutex::<NoopRawMutex, _>::new(nor);
    let flash = Shared::new(&flash, capacity);
    let layout = Layout {
        active: Slot { start: 0, length: 3 * PAGE },
        other: Slot { start: 3 * PAGE, length: 4 * PAGE },
        state: 7 * PAGE..9 * PAGE,
    };
    let own = Own {
        trusted: [1, 2].map(|id| TrustedKey { id: KeyId(id), public_key: [9; 32] }),
        target: Target { product: Product(1), hardware: Hardware::new(0).unwrap(), security_counter: 0, room: 0 },
        version: Version([1, 2, 3, 4]),
        security_counter: 6,
    };
    let habits = Habits { address: [1; 6], key: None, channels: &ROOM, settings: Settings::DEFAULT };
    let (facts, log) = ((flash.clone(), 9 * PAGE..11 * PAGE), (flash.clone(), 11 * PAGE..15 * PAGE));
    let mut brain = block_on(Brain::start(facts, log, &habits)).unwrap();
    let images = Images::new(flash, layout).unwrap();
    let update = block_on(Update::start(images, brain.facts(), own)).unwrap();
    act(Sensor { brain, update });
}

#[test]
fn a_log_is_fetched_from_any_sample_on_some_blocks_at_a_time() {
    let mut nor = Nor::new(15);
    with(&mut nor, |mut sensor| {
        assert_eq!(sensor.fetch(SampleId::default()), (Vec::new(), 1));
        sensor.measure(0..500);
        let (all, questions) = sensor.fetch(SampleId::default());
        assert_eq!(all, (0..500).map(|number| SampleId { boot: 1, number }).collect::<Vec<_>>());
        // Blocks of 32 samples, several to an answer; the last answer has none.
        assert!((2..=6).contains(&questions), "{questions} questions");
        let (rest, _) = sensor.fetch(SampleId { boot: 1, number: 321 });
        assert_eq!(rest, all[321..]);
        assert_eq!(sensor.fetch(SampleId { boot: 1, number: 500 }).0, []);
        assert_eq!(sensor.fetch(SampleId { boot: 2, number: 0 }).0, []);
    });
    with(&mut nor, |mut sensor| {
        sensor.measure(0..3);
        let (all, _) = sensor.fetch(SampleId { boot: 1, number: 470 });
        // What was in memory when the battery was taken out is gone, the rest is there.
        assert_eq!(all[..10], (470..480).map(|number| SampleId { boot: 1, number }).collect::<Vec<_>>());
        assert_eq!(all[10..], (0..3).map(|number| SampleId { boot: 2, number }).collect::<Vec<_>>());
    });
}

#[test]
fn health_says_why_it_started_and_how_often_it_failed() {
    with(&mut Nor::new(15), |mut sensor| {
        let answer = sensor.ask(&Ask::Health);
        let expected = Health {
            boot: 1,
            uptime_s: 90,
            reset: ResetReason::Watchdog,
            panics: 2,
            watchdogs: 3,
            battery_mv: 2900,
            firmware: Version([1, 2, 3, 4]),
            security_counter: 6,
        };
        assert_eq!(Answer::parse(&answer), Ok(Answer::Health(expected)));
    });
}

#[test]
fn an_update_is_answered_by_its_progress_or_by_why_not() {
    with(&mut Nor::new(15), |mut sensor| {
        let none = Progress { stage: Stage::None, version: Version([0; 4]), received: 0, length: 0 };
        for ask in [Ask::Progress, Ask::Abandon] {
            assert_eq!(Answer::parse(&sensor.ask(&ask)), Ok(Answer::Progress(none)));
        }
        for ask in [Ask::Install, Ask::Chunk { offset: 0, bytes: &[1; 16] }] {
            assert_eq!(Answer::parse(&sensor.ask(&ask)), Ok(Answer::Refused(Refusal::NoUpdate)));
        }
        let offer = sensor.ask(&Ask::Offer { manifest: &[0; wire::manifest::LENGTH] });
        let refused = Refusal::Manifest { fault: ManifestFault::NotAManifest };
        assert_eq!(Answer::parse(&offer), Ok(Answer::Refused(refused)));
    });
}

#[test]
fn what_is_no_question_is_refused_by_its_kind() {
    with(&mut Nor::new(15), |mut sensor| {
        for (question, refusal) in [
            (&[0x7F, 1, 2][..], Refusal::UnknownKind { kind: 0x7F }),
            (&[0x20, 1, 2], Refusal::Malformed { kind: 0x20 }),
            (&[0x31, 0, 0, 0, 0], Refusal::Malformed { kind: 0x31 }),
            (&[], Refusal::Malformed { kind: 0 }),
        ] {
            assert_eq!(Answer::parse(&sensor.ask_bytes(question)), Ok(Answer::Refused(refusal)));
        }
    });
}
