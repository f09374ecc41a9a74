use embassy_futures::block_on;
use embedded_hal_async::i2c::{ErrorKind, NoAcknowledgeSource};
use proptest::prelude::*;

use super::*;
use crate::sim::{self, Air, Bus, Clock, Disturbance};

const NACK: ErrorKind = ErrorKind::NoAcknowledge(NoAcknowledgeSource::Unknown);
const CHIP: Chip = Chip::Bme280;
const AIR: Air = Air { milli_celsius: 21_370, humidity: 455_000, pascal: 98_765, co2_ppm: 600 };

fn bus(device: impl sim::Device + 'static) -> (Bus, Clock, Bme280<Bus, sim::Delay>) {
    let clock = Clock::new();
    let bus = Bus::new(clock.reader());
    bus.attach(device);
    let probe = Bme280::new(bus.clone(), clock.delay(), Sdo::Low);
    (bus, clock, probe)
}

fn sample(probe: &mut impl Probe<Error = Fault<ErrorKind>>) -> Result<Vec<i64>, Fault<ErrorKind>> {
    let mut sample = Sample::new();
    block_on(probe.sample(&mut sample))?;
    Ok(sample.measures().iter().map(|measure| measure.value).collect())
}

/// The chip resolves 5 m°C, 0.01 % and 2.6 Pa at the least of its settings.
#[track_caller]
fn close(told: &[i64], air: Air) {
    let [temperature, humidity, pressure] = told else { panic!("{told:?}") };
    assert!((temperature - i64::from(air.milli_celsius)).abs() <= 3, "{temperature} {air:?}");
    assert!((humidity - i64::from(air.humidity)).abs() <= 60, "{humidity} {air:?}");
    assert!((pressure - i64::from(air.pascal)).abs() <= 1, "{pressure} {air:?}");
}

#[test]
fn a_room_is_measured_and_the_next_sample_takes_two_transactions() {
    let (bus, clock, mut probe) = bus(sim::Bme280::new(|_| AIR));
    close(&sample(&mut probe).unwrap(), AIR);
    let (before, then_us) = (bus.counts(), clock.now_us());
    close(&sample(&mut probe).unwrap(), AIR);
    assert_eq!(bus.counts().transactions - before.transactions, 2);
    assert_eq!(clock.now_us() - then_us, 10_000);
    assert_eq!(bus.measured_us(0x76), 2 * 9300);
}

#[test]
fn the_air_changes_and_the_measures_with_it() {
    let air = |now_us: u64| Air { pascal: 100_000 + 10 * (now_us / 1_000_000) as u32, ..AIR };
    let (_, clock, mut probe) = bus(sim::Bme280::new(air));
    for _ in 0..5 {
        clock.pass_us(1_000_000);
        close(&sample(&mut probe).unwrap(), air(clock.now_us()));
    }
}

#[test]
fn a_driver_that_reads_early_waits_on_and_then_says_so() {
    let (bus, clock, mut probe) = bus(sim::Bme280::new(|_| AIR));
    close(&sample(&mut probe).unwrap(), AIR);
    let mut hasty = Bme280::new(bus, clock.hasty_delay(80), Sdo::Low);
    close(&sample(&mut hasty).unwrap(), AIR);
    let mut hastier = Bme280 { delay: clock.hasty_delay(50), ..hasty };
    assert_eq!(sample(&mut hastier), Err(Fault::Late { chip: CHIP, waited_us: 15_000 }));
    assert_eq!(sample(&mut hastier), Err(Fault::Late { chip: CHIP, waited_us: 3000 }), "not started yet");
}

#[test]
fn a_chip_without_humidity_that_is_sold_for_it_is_told_by_its_identity() {
    let (_, _, mut probe) = bus(sim::Bme280::new(|_| AIR).of_identity(0x58));
    assert_eq!(sample(&mut probe), Err(Fault::WrongChip { chip: CHIP, identity: 0x58 }));
}

#[test]
fn a_chip_without_calibration_measures_nothing() {
    let (_, _, mut probe) = bus(sim::Bme280::new(|_| AIR).calibrated([0; 26], [0; 7]));
    assert_eq!(sample(&mut probe), Err(Fault::Uncalibrated { chip: CHIP }));
}

#[test]
fn a_calibration_that_was_misread_once_is_not_kept() {
    // After the identity and the status.
    for after in 2..2 + 2 * (26 + 7) {
        let (bus, _, mut probe) = bus(sim::Bme280::new(|_| AIR));
        bus.disturb(Disturbance::Flips { after, bits: 0x04 });
        assert_eq!(sample(&mut probe), Err(Fault::Corrupt { chip: CHIP }), "byte {after}");
        close(&sample(&mut probe).unwrap(), AIR);
    }
}

#[test]
fn a_dead_bus_is_a_typed_fault_and_not_for_ever() {
    let (bus, _, mut probe) = bus(sim::Bme280::new(|_| AIR));
    let late = Fault::Late { chip: CHIP, waited_us: 15_000 };
    for (disturbance, expected) in [
        (Disturbance::Silent, Fault::Bus { chip: CHIP, error: NACK }),
        (Disturbance::Stuck, Fault::Bus { chip: CHIP, error: ErrorKind::ArbitrationLoss }),
        (Disturbance::Reads(0xff), late),
    ] {
        close(&sample(&mut probe).unwrap(), AIR);
        bus.disturb(disturbance);
        assert_eq!(sample(&mut probe), Err(expected));
        // And anew from the start, with nothing known of the chip.
        assert!(sample(&mut probe).is_err());
        bus.disturb(None);
    }
    close(&sample(&mut probe).unwrap(), AIR);
    bus.disturb(Disturbance::Reads(0));
    assert!(matches!(sample(&mut probe), Err(Fault::OutOfRange { chip: CHIP, .. })));
}

/// A brown-out between two samples: the chip forgot what it was to measure, and then all that it had measured.
#[test]
fn a_chip_that_was_reset_meanwhile_is_just_asked_again() {
    let (bus, clock, mut probe) = bus(sim::Bme280::new(|_| AIR));
    close(&sample(&mut probe).unwrap(), AIR);
    let mut wire = bus;
    block_on(wire.write(0x76, &[RESETS, RESET])).unwrap();
    clock.pass_us(10_000);
    close(&sample(&mut probe).unwrap(), AIR);
}

/// The raw humidity of this air is 0x8000, as it is where none was measured.
#[test]
fn the_middle_of_the_range_is_a_number_like_any_other() {
    let air = Air { pascal: 30_002, milli_celsius: 418, humidity: 796_227, ..AIR };
    let (_, _, mut probe) = bus(sim::Bme280::new(move |_| air));
    close(&sample(&mut probe).unwrap(), air);
}

/// It lost its power while it measured: done, by its status, and nothing to tell.
#[test]
fn a_chip_that_is_reset_while_it_measures_is_late() {
    let (bus, clock, mut probe) = bus(sim::Bme280::new(|_| AIR));
    close(&sample(&mut probe).unwrap(), AIR);
    let mut delay = Resets(bus, clock.delay());
    let mut probe = Bme280 { registers: probe.registers, delay: &mut delay, calibration: probe.calibration };
    assert_eq!(sample(&mut probe), Err(Fault::Late { chip: CHIP, waited_us: 15_000 }));

    struct Resets(Bus, sim::Delay);
    impl DelayNs for Resets {
        async fn delay_ns(&mut self, ns: u32) {
            // While it starts it takes no second reset.
            let _ = self.0.write(0x76, &[RESETS, RESET]).await;
            self.1.delay_ns(ns).await;
        }
    }
}

proptest! {
    #[test]
    fn what_is_true_is_measured_within_the_chips_steps(
        pascal in 30_002..110_000_u32, milli_celsius in -39_997..84_997, humidity in 50_000..950_000_u32,
    ) {
        let air = Air { pascal, milli_celsius, humidity, ..AIR };
        let (_, _, mut probe) = bus(sim::Bme280::new(move |_| air));
        close(&sample(&mut probe).unwrap(), air);
    }
}
