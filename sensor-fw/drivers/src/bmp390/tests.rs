use embassy_futures::block_on;
use embedded_hal_async::i2c::{ErrorKind, NoAcknowledgeSource};
use proptest::prelude::*;

use super::*;
use crate::sim::{self, Air, Bus, Clock, Disturbance};

const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
const CHIP: Chip = Chip::Bmp390;
const AIR: Air = Air { milli_celsius: 21_370, humidity: 500_000, pascal: 98_765, co2_ppm: 600 };

fn bus(device: impl sim::Device + 'static) -> (Bus, Clock, Bmp390<Bus, sim::Delay>) {
    let clock = Clock::new();
    let bus = Bus::new(clock.reader());
    bus.attach(device);
    let probe = Bmp390::new(bus.clone(), clock.delay(), Sdo::High);
    (bus, clock, probe)
}

fn sample(probe: &mut impl Probe<Error = Fault<ErrorKind>>) -> Result<Vec<i64>, Fault<ErrorKind>> {
    let mut sample = Sample::new();
    block_on(probe.sample(&mut sample))?;
    Ok(sample.measures().iter().map(|measure| measure.value).collect())
}

#[test]
fn a_room_is_measured_and_the_next_sample_takes_two_transactions() {
    let (bus, clock, mut probe) = bus(sim::Bmp390::new(|_| AIR));
    assert_eq!(sample(&mut probe), Ok(vec![98_765, 21_370]));
    let (before, then_us) = (bus.counts(), clock.now_us());
    assert_eq!(sample(&mut probe), Ok(vec![98_765, 21_370]));
    assert_eq!(bus.counts().transactions - before.transactions, 2);
    assert_eq!(clock.now_us() - then_us, 11_000);
    assert_eq!(bus.measured_us(0x77), 2 * 10_889);
}

#[test]
fn the_air_changes_and_the_measures_with_it() {
    let (_, clock, mut probe) =
        bus(sim::Bmp390::new(|now_us| Air { pascal: 100_000 + (now_us / 1_000_000) as u32, ..AIR }));
    for second in 1..=5 {
        clock.pass_us(1_000_000);
        assert_eq!(sample(&mut probe).map(|told| told[0]), Ok(100_000 + second));
    }
}

#[test]
fn a_driver_that_reads_early_waits_on_and_then_says_so() {
    let (bus, clock, mut probe) = bus(sim::Bmp390::new(|_| AIR));
    assert!(sample(&mut probe).is_ok());
    // A delay that is a quarter short is made up for by asking again; one of half the time is not.
    let mut hasty = Bmp390::new(bus, clock.hasty_delay(75), Sdo::High);
    assert_eq!(sample(&mut hasty), Ok(vec![98_765, 21_370]));
    let mut hastier = Bmp390 { delay: clock.hasty_delay(50), ..hasty };
    assert_eq!(sample(&mut hastier), Err(Fault::Late { chip: CHIP, waited_us: 16_000 }));
}

#[test]
fn a_chip_that_another_program_left_measuring_is_taken_over() {
    let (_, _, mut probe) = bus(sim::Bmp390::new(|_| AIR).periodic());
    assert_eq!(sample(&mut probe), Ok(vec![98_765, 21_370]));
}

#[test]
fn another_chip_at_its_address_is_told_by_its_identity() {
    let (_, _, mut probe) = bus(sim::Bmp390::new(|_| AIR).of_identity(0x50));
    assert_eq!(sample(&mut probe), Err(Fault::WrongChip { chip: CHIP, identity: 0x50 }));
}

#[test]
fn a_chip_without_calibration_or_with_an_error_measures_nothing() {
    let (_, _, mut probe) = bus(sim::Bmp390::new(|_| AIR).calibrated([0xff; LENGTH]));
    assert_eq!(sample(&mut probe), Err(Fault::Uncalibrated { chip: CHIP }));
    let (_, _, mut probe) = bus(sim::Bmp390::new(|_| AIR).reporting(0b010));
    assert_eq!(sample(&mut probe), Err(Fault::Refused { chip: CHIP, bits: 0b010 }));
}

#[test]
fn a_calibration_that_was_misread_once_is_not_kept() {
    for after in 1..=2 * LENGTH as u32 {
        let (bus, _, mut probe) = bus(sim::Bmp390::new(|_| AIR));
        bus.disturb(Disturbance::Flips { after, bits: 0x04 });
        assert_eq!(sample(&mut probe), Err(Fault::Corrupt { chip: CHIP }), "byte {after}");
        assert_eq!(sample(&mut probe), Ok(vec![98_765, 21_370]), "after byte {after}");
    }
}

#[test]
fn a_dead_bus_is_a_typed_fault_and_not_for_ever() {
    let (bus, _, mut probe) = bus(sim::Bmp390::new(|_| AIR));
    let late = Fault::Late { chip: CHIP, waited_us: 16_000 };
    let refused = Fault::Refused { chip: CHIP, bits: 0xff };
    for (disturbance, fault) in [
        (Disturbance::Silent, Fault::Bus { chip: CHIP, error: NACK }),
        (Disturbance::Stuck, Fault::Bus { chip: CHIP, error: ErrorKind::ArbitrationLoss }),
        (Disturbance::Reads(0), late),
        (Disturbance::Reads(0xff), refused),
    ] {
        assert_eq!(sample(&mut probe), Ok(vec![98_765, 21_370]));
        bus.disturb(disturbance);
        assert_eq!(sample(&mut probe), Err(fault));
        // And anew from the start, with nothing known of the chip.
        assert!(sample(&mut probe).is_err());
        bus.disturb(None);
    }
}

#[test]
fn a_pressure_that_is_none_is_refused() {
    let (_, _, mut probe) = bus(sim::Bmp390::new(|_| Air { pascal: 20_000, ..AIR }));
    assert!(matches!(sample(&mut probe), Err(Fault::OutOfRange { chip: CHIP, .. })));
}

proptest! {
    #[test]
    fn what_is_true_is_measured_to_the_last_pascal(pascal in 30_001..125_000_u32, milli_celsius in -39_999..85_000) {
        let (_, _, mut probe) = bus(sim::Bmp390::new(move |_| Air { pascal, milli_celsius, ..AIR }));
        prop_assert_eq!(sample(&mut probe), Ok(vec![i64::from(pascal), i64::from(milli_celsius)]));
    }
}
