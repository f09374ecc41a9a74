use std::println;

use embassy_futures::block_on;
use units::Quantity;

use super::*;
use crate::{
    nor::{NorError, NorSim},
    power::{Life, cut_everywhere, lucks},
};

const PAGE: usize = 256;
const PAGES: usize = 6;
const RANGE: Range<u32> = 0..(PAGE * PAGES) as u32;
type Nor = NorSim<PAGE>;
const ROOM: [Column; 2] = [Column { code: 1, instance: 0, exponent: 0 }, Column { code: 2, instance: 0, exponent: 0 }];

fn value(id: SampleId) -> i32 {
    i32::try_from(id.boot * 1000 + id.number * 37 % 100).unwrap()
}

fn values(id: SampleId) -> [Option<i32>; MAX_COLUMNS] {
    let mut values = [None; MAX_COLUMNS];
    values[0] = Some(value(id));
    values
}

/// All samples from a number on.
fn read(log: &mut Log<&mut Nor>, from: SampleId) -> Result<Vec<SampleId>, KeepError<NorError>> {
    let mut all = Vec::new();
    block_on(log.each(from, async |bytes| {
        for sample in Block::parse(bytes).unwrap().samples() {
            let sample = sample.unwrap();
            assert_eq!(sample.values, values(sample.id));
            all.push(sample.id);
        }
        ControlFlow::Continue(())
    }))?;
    Ok(all)
}

/// Somebody who measures, and keeps now and then.
#[derive(Debug, Clone, Default)]
struct Keeper {
    boot: u32,
    /// The samples that were kept, as they were told.
    kept: Vec<SampleId>,
}

impl Keeper {
    fn try_live(&mut self, nor: &mut Nor) -> Result<(), KeepError<NorError>> {
        self.boot += 1;
        let mut log = block_on(Log::start(nor, RANGE, self.boot, &ROOM))?;
        let mut waiting = Vec::new();
        for number in 0..40 {
            let id = SampleId { boot: self.boot, number };
            waiting.push(block_on(log.take(number * 60, values(id)))?);
            if number % 9 == 8 {
                block_on(log.keep())?;
                self.kept.append(&mut waiting);
            }
        }
        Ok(())
    }
}

impl Life<PAGE> for Keeper {
    fn live(&mut self, nor: &mut Nor) {
        if let Err(error) = self.try_live(nor) {
            assert!(nor.is_off(), "{error} with power");
        }
    }

    fn check(&mut self, nor: &mut Nor) {
        for _ in 0..2 {
            let mut log = block_on(Log::start(&mut *nor, RANGE, self.boot, &ROOM)).unwrap();
            let found = read(&mut log, SampleId::default()).unwrap();
            assert!(found.is_sorted_by(|a, b| a < b), "{found:?}");
            // A life takes two pages at most; of six pages, five are whole at any time.
            let least = self.kept.len().saturating_sub(60);
            for id in &self.kept[least..] {
                assert!(found.contains(id), "{id:?} was kept and is gone");
            }
            self.try_live(nor).unwrap();
        }
    }
}

#[test]
fn no_cut_loses_what_was_kept() {
    let mut nor = Nor::new(PAGES);
    let mut keeper = Keeper::default();
    let mut schedules = 0;
    for _ in 0..8 {
        schedules += cut_everywhere((&nor, &keeper), lucks(), 12);
        keeper.live(&mut nor);
    }
    println!("{schedules} schedules");
    assert!(schedules >= 1000 * lucks(), "{schedules} schedules");
}

/// A sensor's noise.
fn noise(number: u32, spread: i32) -> i32 {
    let mixed = (u64::from(number) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    i32::try_from(mixed >> 40).unwrap() % (2 * spread + 1) - spread
}

#[test]
fn a_sample_a_minute_is_kept_for_twenty_days_in_128_kib() {
    let mut nor = NorSim::<4096>::new(32);
    let columns = [Quantity::Temperature, Quantity::Humidity, Quantity::Voltage].map(Column::of);
    let mut log = block_on(Log::start(&mut nor, 0..128 * 1024, 1, &columns)).unwrap();
    let minutes = 60 * 24 * 60;
    for minute in 0..minutes {
        let wave = (f64::from(minute) / 1440.0 * std::f64::consts::TAU).sin();
        let mut values = [None; MAX_COLUMNS];
        // Repeatability of an SHT4x: 0.04 degrees, 0.08 % (datasheet, tables 1 and 2); a converter that wavers by 2 mV.
        values[0] = Some(21_000 + (wave * 1500.0) as i32 + noise(minute, 40));
        values[1] = Some(450_000 - (wave * 60_000.0) as i32 + noise(minute.wrapping_mul(7), 800));
        values[2] = Some(2950 + noise(minute.wrapping_mul(13), 2));
        block_on(log.take(minute * 60, values)).unwrap();
    }
    let (mut first, mut blocks, mut bytes) = (None, 0_usize, 0);
    block_on(log.each(SampleId::default(), async |block| {
        first.get_or_insert(Block::parse(block).unwrap().first.number);
        (blocks, bytes) = (blocks + 1, bytes + block.len());
        ControlFlow::Continue(())
    }))
    .unwrap();
    let kept = minutes - first.unwrap();
    println!("{} days, {blocks} blocks of {} bytes, page erased {} times", kept / 1440, bytes / blocks, nor.wear());
    assert!(kept >= 20 * 1440, "{} days", kept / 1440);
}

#[test]
fn a_reader_goes_on_where_it_stopped() {
    let mut nor = Nor::new(PAGES);
    let mut log = block_on(Log::start(&mut nor, RANGE, 3, &ROOM)).unwrap();
    for number in 0..70 {
        block_on(log.take(number * 60, values(SampleId { boot: 3, number }))).unwrap();
    }
    let mut from = SampleId::default();
    let mut all = Vec::new();
    loop {
        let mut last = None;
        block_on(log.each(from, async |bytes| {
            let block = Block::parse(bytes).unwrap();
            all.extend(block.samples().map(|sample| sample.unwrap().id.number));
            last = Some(block.last());
            ControlFlow::Break(())
        }))
        .unwrap();
        let Some(last) = last else { break };
        from = SampleId { number: last.number + 1, ..last };
    }
    assert_eq!(all, (0..70).collect::<Vec<_>>());
}

#[test]
fn starting_again_and_again_drops_nothing() {
    let mut nor = Nor::new(PAGES);
    let mut keeper = Keeper::default();
    keeper.live(&mut nor);
    for boot in 10..200 {
        let mut log = block_on(Log::start(&mut nor, RANGE, boot, &ROOM)).unwrap();
        block_on(log.take(1, values(SampleId { boot, number: 0 }))).unwrap();
    }
    let mut log = block_on(Log::start(&mut nor, RANGE, 200, &ROOM)).unwrap();
    assert_eq!(read(&mut log, SampleId::default()).unwrap(), keeper.kept);
}

#[test]
fn the_ring_drops_the_oldest_and_wears_evenly() {
    let mut nor = Nor::new(PAGES);
    let mut keeper = Keeper::default();
    for _ in 0..60 {
        keeper.live(&mut nor);
    }
    let operations = nor.operations();
    let mut log = block_on(Log::start(&mut nor, RANGE, 99, &ROOM)).unwrap();
    let found = read(&mut log, SampleId::default()).unwrap();
    assert!(found.len() >= 100 && keeper.kept.ends_with(&found), "{found:?} of {operations} operations");
    assert!(nor.wear() <= 60 * 2 / 6 + 1, "{}", nor.wear());
}

#[test]
fn what_is_wiped_never_comes_back_and_numbers_go_on() {
    let mut nor = Nor::new(PAGES);
    let mut keeper = Keeper::default();
    keeper.live(&mut nor);
    let mut log = block_on(Log::start(&mut nor, RANGE, 5, &ROOM)).unwrap();
    block_on(log.take(60, values(SampleId { boot: 5, number: 0 }))).unwrap();
    block_on(log.wipe()).unwrap();
    assert_eq!(read(&mut log, SampleId::default()).unwrap(), []);
    let next = SampleId { boot: 5, number: 1 };
    assert_eq!(block_on(log.take(120, values(next))), Ok(next));
    block_on(log.keep()).unwrap();
    let mut log = block_on(Log::start(&mut nor, RANGE, 6, &ROOM)).unwrap();
    assert_eq!(read(&mut log, SampleId::default()).unwrap(), [next]);
}
