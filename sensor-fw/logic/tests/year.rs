//! A year in the life of a sensor, with a battery change every month: what a hub hears and fetches is what was measured.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test")]

use std::{collections::BTreeMap, ops::ControlFlow};

use embassy_futures::block_on;
use fw_logic::{Brain, Channel, Habits, Phase, nor::NorSim};
use units::{Measure, Quantity};
use wire::{
    bthome::{Item, MAX_SERVICE_DATA, v2},
    log::{Block, SampleId},
    settings::Settings,
};

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;
const CHANNELS: [Channel; 3] = [
    Channel { quantity: Quantity::Temperature, band: 100 },
    Channel { quantity: Quantity::Humidity, band: 10_000 },
    Channel { quantity: Quantity::Door, band: 1 },
];
const KEY: [u8; 16] = [0x42; 16];
const HABITS: Habits<'_> =
    Habits { address: [0xC0, 1, 2, 3, 4, 5], key: Some(KEY), channels: &CHANNELS, settings: Settings::DEFAULT };

type Flash = NorSim<4096>;

/// The house, and what a hub has of it.
#[derive(Default)]
struct Year {
    /// What was measured, by sample.
    truth: BTreeMap<SampleId, [Option<i32>; 3]>,
    fetched: BTreeMap<SampleId, [Option<i32>; 3]>,
    counter: Option<u32>,
    frames: u32,
    bursts: u32,
    /// The last values that were heard.
    heard: BTreeMap<Quantity, i64>,
}

/// A room by arithmetic, in thousandths of a degree and of 0.1 %.
fn room(minute: u64) -> (i64, i64) {
    let day = (minute % 1440).cast_signed() - 720;
    let noise = (minute.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48).cast_signed() % 40 - 20;
    (20_000 + day.abs() * 4 + noise, 450_000 - day.abs() * 90 + noise * 40)
}

impl Year {
    fn hear(&mut self, service_data: &[u8]) {
        let frame = v2::Frame::parse(service_data).unwrap();
        let counter = frame.counter().unwrap();
        assert!(self.counter.is_none_or(|last| counter > last), "counter {counter} after {:?}", self.counter);
        self.counter = Some(counter);
        let mut buffer = [0; MAX_SERVICE_DATA];
        for item in frame.open(&KEY, HABITS.address, &mut buffer).unwrap() {
            if let Item::Reading { quantity, value, .. } = item {
                self.heard.insert(quantity, value);
            }
        }
        self.frames += 1;
    }

    /// A month, from battery to battery. The hub fetches the last minutes before the change, which are in memory only.
    async fn month(&mut self, flash: (&mut Flash, &mut Flash), days: std::ops::Range<u64>) {
        let (facts, log) = flash;
        let mut brain = Brain::start((facts, 0..8192), (log, 0..128 * 1024), &HABITS).await.unwrap();
        let begin_ms = days.start * DAY_MS;
        let mut missing = SampleId::default();
        for minute in days.start * 1440..days.end * 1440 {
            let now_ms = minute * MINUTE_MS - begin_ms;
            let (temperature, humidity) = room(minute);
            let measures =
                [Measure::new(Quantity::Temperature, temperature), Measure::new(Quantity::Humidity, humidity)];
            let id = brain.sampled(now_ms, &measures).await.unwrap();
            // The log is as fine as adverts are: 0.01 degrees, 0.01 %.
            let steps = |value: i64, ten: i64| i32::try_from((value + ten / 2) / ten * ten).ok();
            self.truth.insert(id, [steps(temperature, 10), steps(humidity, 100), None]);
            if minute % 480 == 7 {
                let open = i64::try_from(minute / 480 % 2).unwrap();
                let id = brain.happened(now_ms + 1000, Measure::new(Quantity::Door, open)).await.unwrap();
                self.truth.insert(id, [None, None, steps(open, 1)]);
                let advert = brain.advert(now_ms + 1000).await.unwrap().unwrap();
                self.hear(advert.service_data());
                assert_eq!(self.heard[&Quantity::Door], open);
                self.bursts += u32::from(brain.phase(now_ms + 1000).0 == Phase::Burst);
            }
            if let Some(advert) = brain.advert(now_ms + 20_000).await.unwrap() {
                self.hear(advert.service_data());
                assert!((self.heard[&Quantity::Temperature] - temperature).abs() < 100 + 10);
            }
            // A hub that was away for a fortnight fetches what it has not.
            if minute % (14 * 1440) == 0 || minute + 1 == days.end * 1440 {
                brain.log().each(missing, async |bytes| self.fetch(bytes, &mut missing)).await.unwrap();
            }
        }
    }

    fn fetch(&mut self, bytes: &[u8], missing: &mut SampleId) -> ControlFlow<()> {
        let block = Block::parse(bytes).unwrap();
        for sample in block.samples().map(Result::unwrap) {
            let [temperature, humidity, door, ..] = sample.values;
            let before = self.fetched.insert(sample.id, [temperature, humidity, door]);
            assert!(before.is_none_or(|before| before == [temperature, humidity, door]));
        }
        *missing = SampleId { number: block.last().number + 1, ..block.last() };
        ControlFlow::Continue(())
    }
}

#[test]
fn a_year_is_heard_in_order_and_fetched_whole() {
    let (mut facts, mut log) = (Flash::new(2), Flash::new(32));
    let mut year = Year::default();
    for month in 0..12 {
        block_on(year.month((&mut facts, &mut log), month * 30..(month + 1) * 30));
    }
    assert_eq!(year.truth.len(), 360 * 1440 + 360 * 3);
    assert_eq!(year.fetched, year.truth);
    assert_eq!(year.bursts, 360 * 3);
    // One in five minutes is the heartbeat; more only where the room moves.
    println!(
        "{} frames, {} a day; facts erased {} times, log {} times a page",
        year.frames,
        year.frames / 360,
        facts.wear(),
        log.wear()
    );
    assert!((288..600).contains(&(year.frames / 360)), "{} frames a day", year.frames / 360);
    assert!(facts.wear() <= 12 && log.wear() <= 40, "{} and {}", facts.wear(), log.wear());
}
