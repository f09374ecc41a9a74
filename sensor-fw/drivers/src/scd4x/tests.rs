use embassy_futures::block_on;
use embedded_hal_async::i2c::{ErrorKind, NoAcknowledgeSource};
use proptest::prelude::*;

use super::*;
use crate::sim::{self, Air, Bus, Clock, Disturbance};

const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
const AIR: Air = Air { milli_celsius: 22_000, humidity: 410_000, pascal: 101_325, co2_ppm: 823 };

fn bus(device: impl sim::Device + 'static) -> (Bus, Clock) {
    let clock = Clock::new();
    let bus = Bus::new(clock.reader());
    bus.attach(device);
    (bus, clock)
}

fn sample(probe: &mut impl Probe<Error = Fault<ErrorKind>>) -> Result<Vec<i64>, Fault<ErrorKind>> {
    let mut sample = Sample::new();
    block_on(probe.sample(&mut sample))?;
    Ok(sample.measures().iter().map(|measure| measure.value).collect())
}

/// The example of the datasheet's 3.6.2: 01f4 33 6667 a2 5eb9 3c is 500 ppm, 25 °C and 37 %.
#[test]
fn the_datasheets_example_is_read_as_it_says() {
    struct Example(u32);
    impl sim::Device for Example {
        fn address(&self) -> u8 {
            0x62
        }
        fn write(&mut self, _: u64, bytes: &[u8]) -> Result<(), sim::Nack> {
            self.0 = bytes.iter().fold(0, |command, byte| command << 8 | u32::from(*byte));
            Ok(())
        }
        fn read(&mut self, _: u64, into: &mut [u8]) -> Result<(), sim::Nack> {
            into.copy_from_slice(match self.0 {
                0x3682 => &[0xf8, 0x96, 0x31, 0x9f, 0x07, 0xc2, 0x3b, 0xbe, 0x89],
                _ => &[0x01, 0xf4, 0x33, 0x66, 0x67, 0xa2, 0x5e, 0xb9, 0x3c],
            });
            Ok(())
        }
        fn measured_us(&self) -> u64 {
            0
        }
    }
    let (bus, clock) = bus(Example(0));
    assert_eq!(sample(&mut Scd4x::new(bus, clock.delay(), Rest::Idle)), Ok(vec![500, 25_003, 370_016]));
}

#[test]
fn the_first_measurement_is_thrown_away_and_the_next_sample_needs_one() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| AIR));
    let mut probe = Scd4x::new(bus.clone(), clock.delay(), Rest::Idle);
    assert_eq!(sample(&mut probe), Ok(vec![823, 22_001, 409_995]));
    assert_eq!(bus.measured_us(0x62), 10_000_000);
    assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(823));
    assert_eq!(bus.measured_us(0x62), 15_000_000);
}

#[test]
fn a_chip_that_is_powered_down_is_woken_and_warmed_each_time() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| AIR));
    let mut probe = Scd4x::new(bus.clone(), clock.delay(), Rest::PowerDown);
    for turn in 1..=3 {
        assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(823), "turn {turn}");
        assert_eq!(bus.measured_us(0x62), turn * 10_000_000);
        let unanswered = bus.counts().unanswered;
        assert_eq!(unanswered, turn, "only what wakes it");
        clock.pass_us(600_000_000);
    }
}

#[test]
fn after_a_reset_of_ours_the_chip_is_found_in_any_state() {
    let truth: fn(u64) -> Air = |_| AIR;
    for device in [sim::Scd4x::new(truth).asleep(), sim::Scd4x::new(truth).periodic()] {
        let (bus, clock) = bus(device);
        let mut probe = Scd4x::new(bus, clock.delay(), Rest::Idle);
        assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(823));
    }
}

#[test]
fn the_altitude_is_told_before_the_first_measurement() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| Air { co2_ppm: 500, ..AIR }));
    let mut probe = Scd4x::new(bus, clock.delay(), Rest::PowerDown).at_altitude_m(1000);
    assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(555));
}

#[test]
fn a_driver_that_does_not_wait_is_not_answered() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| AIR));
    let mut hasty = Scd4x::new(bus, clock.hasty_delay(98), Rest::Idle);
    assert_eq!(sample(&mut hasty), Err(Fault::Bus { chip: Chip::Scd4x, error: NACK }));
}

/// A sample reads nine bytes of serial number and nine of measurement.
#[test]
fn every_flipped_byte_is_noticed_and_the_chip_is_found_again() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| AIR));
    let mut probe = Scd4x::new(bus.clone(), clock.delay(), Rest::PowerDown);
    for after in 0..18 {
        bus.disturb(Disturbance::Flips { after, bits: 0x10 });
        assert_eq!(sample(&mut probe), Err(Fault::Corrupt { chip: Chip::Scd4x }), "byte {after}");
        clock.pass_us(60_000_000);
        assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(823), "after byte {after}");
    }
}

#[test]
fn a_dead_bus_is_a_typed_fault_and_not_for_ever() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| AIR));
    let mut probe = Scd4x::new(bus.clone(), clock.delay(), Rest::Idle);
    let chip = Chip::Scd4x;
    for (disturbance, fault) in [
        (Disturbance::Silent, Fault::Bus { chip, error: NACK }),
        (Disturbance::Stuck, Fault::Bus { chip, error: ErrorKind::ArbitrationLoss }),
        (Disturbance::Reads(0), Fault::Corrupt { chip }),
        (Disturbance::Reads(0xff), Fault::Corrupt { chip }),
    ] {
        bus.disturb(disturbance);
        assert_eq!(sample(&mut probe), Err(fault));
        bus.disturb(None);
        clock.pass_us(60_000_000);
        assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(823));
    }
}

/// What did not answer may have lost its power: its next first measurement is thrown away again.
#[test]
fn a_chip_that_did_not_answer_is_warmed_anew() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| AIR));
    let mut probe = Scd4x::new(bus.clone(), clock.delay(), Rest::Idle);
    assert!(sample(&mut probe).is_ok());
    bus.disturb(Disturbance::Silent);
    assert!(sample(&mut probe).is_err());
    bus.disturb(None);
    let before_us = bus.measured_us(0x62);
    assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(823));
    assert_eq!(bus.measured_us(0x62) - before_us, 10_000_000);
}

#[test]
fn no_carbon_dioxide_at_all_is_not_believed() {
    let (bus, clock) = bus(sim::Scd4x::new(|_| Air { co2_ppm: 0, ..AIR }));
    let mut probe = Scd4x::new(bus, clock.delay(), Rest::Idle);
    let measure = Measure::new(Quantity::Co2, 0);
    assert_eq!(sample(&mut probe), Err(Fault::OutOfRange { chip: Chip::Scd4x, measure }));
}

proptest! {
    #[test]
    fn what_is_true_is_measured_within_the_chips_steps(
        co2_ppm in 1..40_000_u16, milli_celsius in -9_998..=59_998, humidity in 0..=1_000_000_u32,
    ) {
        let air = Air { milli_celsius, humidity, co2_ppm, ..AIR };
        let (bus, clock) = bus(sim::Scd4x::new(move |_| air));
        let told = sample(&mut Scd4x::new(bus, clock.delay(), Rest::Idle)).unwrap();
        prop_assert_eq!(told[0], i64::from(co2_ppm));
        prop_assert!((told[1] - i64::from(milli_celsius)).abs() <= 2);
        prop_assert!((told[2] - i64::from(humidity)).abs() <= 9);
    }
}
