use proptest::{collection::vec, prelude::*};
use units::Quantity;

use super::*;

const ROOM: [Column; 3] = [
    Column { code: 1, instance: 0, exponent: 0 },
    Column { code: 2, instance: 0, exponent: 0 },
    Column { code: 3, instance: 1, exponent: 0 },
];

fn sample(number: u32, uptime_s: u32, values: &[Option<i32>]) -> Sample {
    let mut all = [None; MAX_COLUMNS];
    all.iter_mut().zip(values).for_each(|(to, value)| *to = *value);
    Sample { id: SampleId { boot: 7, number }, uptime_s, values: all }
}

fn read(bytes: &[u8]) -> Vec<Sample> {
    Block::parse(bytes).unwrap().samples().collect::<Result<_, _>>().unwrap()
}

#[test]
fn a_block_has_these_bytes() {
    let mut writer = Writer::new(&ROOM);
    writer.push(&sample(1000, 600, &[Some(21_500), Some(45_250), None])).unwrap();
    writer.push(&sample(1001, 660, &[Some(21_510), Some(45_250), Some(3)])).unwrap();
    writer.push(&sample(1002, 720, &[Some(21_490), Some(45_240), Some(3)])).unwrap();
    let head = "01 07000000 e8030000 58020000 03 03 010000 020000 030001";
    // Worked out by another program from the table.
    assert_eq!(hex::encode(writer.bytes()), format!("{}{}", head.replace(' ', ""), "90ffabd1e8e802f8d11207582c01"));
}

#[test]
fn values_are_kept_as_finely_as_they_are_told() {
    let kept = [Quantity::Temperature, Quantity::Humidity, Quantity::Pressure, Quantity::Co2, Quantity::Door];
    assert_eq!(kept.map(|quantity| Column::of(quantity).exponent), [1, 2, 0, 0, 0]);
    let mut writer = Writer::new(&[Column::of(Quantity::Temperature), Column::of(Quantity::Humidity)]);
    let measured = [(21_504, 452_549), (21_505, 452_550), (-21_505, 0), (i32::MAX, i32::MIN)];
    for (number, (warmth, damp)) in measured.into_iter().enumerate() {
        let number = u32::try_from(number).unwrap();
        writer.push(&sample(number, 60 * number, &[Some(warmth), Some(damp)])).unwrap();
    }
    let read = read(writer.bytes());
    let values: Vec<_> = read.iter().map(|sample| (sample.values[0].unwrap(), sample.values[1].unwrap())).collect();
    assert_eq!(values[..3], [(21_500, 452_500), (21_510, 452_600), (-21_510, 0)]);
    assert_eq!(values[3], (i32::MAX / 10 * 10, i32::MIN / 100 * 100));
    assert_eq!(Block::parse(writer.bytes()).unwrap().columns().nth(1), Some(Column::of(Quantity::Humidity)));
}

#[test]
fn an_advert_hints_at_the_newest_sample_in_two_bytes() {
    assert_eq!(SampleId { boot: 0x12, number: 0x0003_4567 }.hint(), [0x67, 0x25]);
    assert_eq!(SampleId { boot: 15, number: 4095 }.hint(), [0xFF, 0xFF]);
    assert_eq!(SampleId { boot: 16, number: 4096 }.hint(), [0, 0]);
}

#[test]
fn a_steady_room_takes_three_bytes_a_sample() {
    let mut writer = Writer::new(&ROOM);
    for number in 0..32 {
        // A sensor's noise: the last digit or two of 0.01 degrees, of 0.01 %; a battery that stays.
        let noise = |n: u32| i32::try_from(number * n % 7).unwrap() - 3;
        let values = [Some(2150 + noise(5)), Some(4525 + 3 * noise(3)), Some(97)];
        writer.push(&sample(number, 60 * number, &values)).unwrap();
    }
    assert!(writer.bytes().len() <= HEAD + 3 * COLUMN + 32 * 3 + 4, "{}", writer.bytes().len());
}

#[test]
fn a_sample_that_is_not_the_next_belongs_to_another_block() {
    let mut writer = Writer::new(&ROOM);
    let first = sample(5, 10, &[Some(1)]);
    writer.push(&first).unwrap();
    let later = Sample { id: SampleId { boot: 8, number: 6 }, ..first };
    for other in [sample(7, 70, &[Some(1)]), first, later] {
        assert_eq!(writer.push(&other), Err(Full));
    }
    writer.push(&sample(6, 70, &[Some(1)])).unwrap();
    assert_eq!(read(writer.bytes()).len(), 2);
}

#[test]
fn what_does_not_fit_leaves_the_block_as_it_was() {
    let columns = [Column { code: 1, instance: 0, exponent: 0 }; MAX_COLUMNS];
    let mut writer = Writer::new(&columns);
    let wild = |n: u32| if n.is_multiple_of(2) { i32::MIN } else { i32::MAX };
    let mut taken = Vec::new();
    let full = loop {
        let n = u32::try_from(taken.len()).unwrap();
        let next = sample(n, n * n * 100_000, &[Some(wild(n)); MAX_COLUMNS]);
        let before = writer.bytes().to_vec();
        match writer.push(&next) {
            Ok(()) => taken.push(next),
            Err(Full) => break before,
        }
    };
    assert!(taken.len() < MAX_SAMPLES && full.len() <= MAX_BLOCK);
    assert_eq!(writer.bytes(), full);
    assert_eq!(read(&full), taken);
    // A small one fits still, right behind.
    let n = u32::try_from(taken.len()).unwrap();
    let small = sample(n, taken.last().unwrap().uptime_s, &[]);
    if writer.push(&small).is_ok() {
        taken.push(small);
    }
    assert_eq!(read(writer.bytes()), taken);
}

#[test]
fn a_damaged_block_is_refused() {
    let mut writer = Writer::new(&ROOM);
    writer.push(&sample(0, 0, &[Some(1), Some(2), Some(3)])).unwrap();
    let bytes = writer.bytes();
    assert_eq!(Block::parse(&bytes[..14]).unwrap_err(), BlockError::Truncated);
    assert_eq!(Block::parse(&bytes[..20]).unwrap_err(), BlockError::Truncated);
    assert_eq!(Block::parse(&[&[2], &bytes[1..]].concat()).unwrap_err(), BlockError::Version(2));
    for (at, wrong) in [(13, 0), (13, 33), (14, 0), (14, 9)] {
        let mut bytes = bytes.to_vec();
        bytes[at] = wrong;
        assert_eq!(Block::parse(&bytes).unwrap_err(), BlockError::OutOfRange);
    }
    let cut = Block::parse(&bytes[..bytes.len() - 1]).unwrap();
    assert_eq!(cut.samples().last(), Some(Err(BlockError::Truncated)));
    let mut endless = bytes[..24].to_vec();
    endless.extend([0xFF; 40]);
    assert_eq!(Block::parse(&endless).unwrap().samples().last(), Some(Err(BlockError::OutOfRange)));
}

fn any_samples() -> impl Strategy<Value = (usize, Vec<Sample>)> {
    let value = prop_oneof![Just(None), (-50..50_i32).prop_map(Some), any::<i32>().prop_map(Some)];
    let one = (prop_oneof![Just(60_u32), 0..100_000_u32], vec(value, MAX_COLUMNS));
    (1..=MAX_COLUMNS, any::<[u32; 3]>(), vec(one, 1..=MAX_SAMPLES)).prop_map(|(columns, [boot, number, start], all)| {
        let mut uptime_s = start;
        let samples = (0_u32..).zip(all).map(|(nth, (interval, values))| {
            uptime_s = uptime_s.wrapping_add(interval);
            let mut places = [None; MAX_COLUMNS];
            places.iter_mut().zip(values).take(columns).for_each(|(to, value)| *to = value);
            Sample { id: SampleId { boot, number: number.wrapping_add(nth) }, uptime_s, values: places }
        });
        (columns, samples.collect())
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read((columns, samples) in any_samples()) {
        let mut writer = Writer::new(&vec![Column { code: 9, instance: 4, exponent: 0 }; columns]);
        let taken: Vec<Sample> = samples.into_iter().take_while(|sample| writer.push(sample).is_ok()).collect();
        let block = Block::parse(writer.bytes()).unwrap();
        prop_assert_eq!((block.first, block.last()), (taken[0].id, taken.last().unwrap().id));
        prop_assert_eq!(block.columns().collect::<Vec<_>>(), vec![Column { code: 9, instance: 4, exponent: 0 }; columns]);
        prop_assert_eq!(block.samples().collect::<Result<Vec<_>, _>>().unwrap(), taken);
    }

    #[test]
    fn any_bytes_never_panic(mut bytes in vec(any::<u8>(), 0..600)) {
        for version in [None, Some(VERSION)] {
            if let (Some(first), Some(version)) = (bytes.first_mut(), version) {
                *first = version;
            }
            if let Ok(block) = Block::parse(&bytes) {
                prop_assert!(block.samples().count() <= MAX_SAMPLES);
            }
        }
    }
}
