use embassy_futures::block_on;
use embedded_hal_async::i2c::{ErrorKind, NoAcknowledgeSource};
use proptest::prelude::*;

use super::*;
use crate::sim::{self, Air, Bus, Clock, Disturbance};

const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);

fn probe(air: Air) -> (Bus, Clock, Sht4x<Bus, sim::Delay>) {
    let clock = Clock::new();
    let bus = Bus::new(clock.reader());
    bus.attach(sim::Sht4x::new(move |_| air));
    let probe = Sht4x::new(bus.clone(), clock.delay(), Address::Address0x44);
    (bus, clock, probe)
}

fn sample(probe: &mut impl Probe<Error = Fault<ErrorKind>>) -> Result<Vec<i64>, Fault<ErrorKind>> {
    let mut sample = Sample::new();
    block_on(probe.sample(&mut sample))?;
    Ok(sample.measures().iter().map(|measure| measure.value).collect())
}

#[track_caller]
fn converts(raw: u16, millis: i32, steps: i64) {
    assert_eq!(temperature(raw).0, millis);
    assert_eq!(humidity(raw).value, steps);
}

#[test]
fn raw_words_are_converted_as_the_datasheet_says() {
    converts(0, -45_000, 0);
    converts(65_535, 130_000, 1_000_000);
    // −45 + 175 · 0xBEEF / 65535 = 85.52300 °C; −6 + 125 · 0xBEEF / 65535 = 87.23072 %.
    converts(0xbeef, 85_523, 872_307);
    // Rounded to the nearest, not cut: 175 000 / 65 535 = 2.67.
    converts(1, -44_997, 0);
    converts(24_249, 19_753, 402_520);
}

#[test]
fn a_room_is_measured_in_two_transactions_and_one_conversion() {
    let (bus, clock, mut probe) = probe(Air { milli_celsius: 21_500, humidity: 483_000, ..Air::default() });
    assert_eq!(sample(&mut probe), Ok(vec![21_499, 482_992]));
    assert_eq!(bus.counts(), sim::Counts { transactions: 2, bytes: 9, unanswered: 0 });
    assert_eq!(bus.measured_us(0x44), 8300);
    assert!((8300..=10_000).contains(&clock.now_us()), "{}", clock.now_us());
}

#[test]
fn a_chip_that_still_measures_does_not_answer() {
    let (bus, clock, _) = probe(Air::default());
    let mut hasty = Sht4x::new(bus, clock.hasty_delay(90), Address::Address0x44);
    assert_eq!(sample(&mut hasty), Err(Fault::Bus { chip: Chip::Sht4x, error: NACK }), "8.1 ms are too few");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (bus, clock, mut probe) = probe(Air::default());
    for (after, bit) in (0..6).flat_map(|after| (0..8).map(move |bit| (after, bit))) {
        bus.disturb(Disturbance::Flips { after, bits: 1 << bit });
        assert_eq!(sample(&mut probe), Err(Fault::Corrupt { chip: Chip::Sht4x }), "byte {after}, bit {bit}");
        clock.pass_us(1000);
    }
    assert!(sample(&mut probe).is_ok(), "and the next sample is well");
}

#[test]
fn a_dead_bus_is_a_typed_fault_and_not_for_ever() {
    let (bus, _, mut probe) = probe(Air::default());
    let chip = Chip::Sht4x;
    bus.disturb(Disturbance::Silent);
    assert_eq!(sample(&mut probe), Err(Fault::Bus { chip, error: NACK }));
    bus.disturb(Disturbance::Stuck);
    assert_eq!(sample(&mut probe), Err(Fault::Bus { chip, error: ErrorKind::ArbitrationLoss }));
    for byte in [0x00, 0xff] {
        bus.disturb(Disturbance::Reads(byte));
        assert_eq!(sample(&mut probe), Err(Fault::Corrupt { chip }), "{byte:#x}");
    }
    bus.disturb(None);
    assert!(sample(&mut probe).is_ok());
}

#[test]
fn a_temperature_that_the_chip_does_not_survive_is_refused() {
    let (_, _, mut probe) = probe(Air { milli_celsius: 129_000, ..Air::default() });
    let Err(Fault::OutOfRange { measure, .. }) = sample(&mut probe) else { panic!("told") };
    assert_eq!(measure.to_string(), "129.001 °C");
}

proptest! {
    #[test]
    fn what_is_true_is_measured_within_the_chips_steps(milli_celsius in -39_998..=124_998, humidity in 0..1_000_000_u32) {
        let (_, _, mut probe) = probe(Air { milli_celsius, humidity, ..Air::default() });
        let told = sample(&mut probe).unwrap();
        // Half a step of 175 °C / 65535 is 1.34 m°C, of 125 % / 65535 is 9.5 of 0.0001 %; and half a step of ours.
        prop_assert!((told[0] - i64::from(milli_celsius)).abs() <= 2);
        prop_assert!((told[1] - i64::from(humidity)).abs() <= 10);
    }

    #[test]
    fn whatever_is_read_is_plausible_or_a_fault(temperature in any::<u16>(), humidity_raw in any::<u16>()) {
        prop_assert!(Measure::from(super::temperature(temperature)).is_plausible());
        prop_assert!((0..=1_000_000).contains(&humidity(humidity_raw).value));
    }
}
