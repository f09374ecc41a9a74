//! Chips that say anything at all: a driver never panics, and tells what is plausible or a typed fault.
#![expect(clippy::indexing_slicing, reason = "helper functions of tests")]

use embassy_futures::block_on;
use embedded_hal::i2c::ErrorKind;
use fw_drivers::{
    Bme280, Bmp390, Chip, Fault, PairError, Probe, Rest, Sample, Scd4x, Sdo, Sht4x, Sht4xAddress,
    sim::{Bus, Clock, Device, Nack},
};
use proptest::prelude::*;

/// Registers that hold anything, as a chip of Bosch's is read.
struct Memory {
    address: u8,
    bytes: [u8; 256],
    pointer: u8,
}

impl Device for Memory {
    fn address(&self) -> u8 {
        self.address
    }

    fn write(&mut self, _: u64, bytes: &[u8]) -> Result<(), Nack> {
        self.pointer = bytes.first().copied().unwrap_or_default();
        Ok(())
    }

    fn read(&mut self, _: u64, into: &mut [u8]) -> Result<(), Nack> {
        let registers = self.bytes.iter().cycle().skip(usize::from(self.pointer));
        into.iter_mut().zip(registers).for_each(|(place, byte)| *place = *byte);
        Ok(())
    }

    fn measured_us(&self) -> u64 {
        0
    }
}

/// Words one after the other, each with its sum, as a chip of Sensirion's sends; where `sums` is not zero, wrong ones.
struct Words {
    address: u8,
    words: Vec<u16>,
    sums: u8,
}

impl Device for Words {
    fn address(&self) -> u8 {
        self.address
    }

    fn write(&mut self, _: u64, _: &[u8]) -> Result<(), Nack> {
        Ok(())
    }

    fn read(&mut self, _: u64, into: &mut [u8]) -> Result<(), Nack> {
        for place in into.chunks_mut(3) {
            let [high, low] = self.words[0].to_be_bytes();
            place.copy_from_slice(&[high, low, sum([high, low]) ^ self.sums]);
            self.words.rotate_left(1);
        }
        Ok(())
    }

    fn measured_us(&self) -> u64 {
        0
    }
}

fn sum(bytes: [u8; 2]) -> u8 {
    let bit = |sum: u8, _| if sum & 0x80 == 0 { sum << 1 } else { (sum << 1) ^ 0x31 };
    bytes.iter().fold(0xff, |sum, byte| (0..8).fold(sum ^ byte, bit))
}

fn bus(device: impl Device + 'static) -> (Bus, Clock) {
    let clock = Clock::new();
    let bus = Bus::new(clock.reader());
    bus.attach(device);
    (bus, clock)
}

/// Samples a few times, as what is kept from one sample matters to the next, and tells the faults.
fn check(mut probe: impl Probe<Error = Fault<ErrorKind>>) -> Vec<Option<Fault<ErrorKind>>> {
    let sample = |_| {
        let mut told = Sample::new();
        let fault = block_on(probe.sample(&mut told)).err();
        assert!(told.measures().iter().all(|measure| measure.is_plausible()), "{told:?}");
        assert_eq!(fault.is_some(), told.measures().is_empty(), "all of it or nothing");
        fault
    };
    (0..3).map(sample).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_bmp390_of_any_memory(bytes: [u8; 256], has_answered: bool) {
        let mut bytes = bytes;
        bytes[0x00] = 0x60;
        if has_answered {
            (bytes[0x02], bytes[0x03]) = (0, 0b0111_0000);
        }
        let (bus, clock) = bus(Memory { address: 0x76, bytes, pointer: 0 });
        check(Bmp390::new(bus, clock.delay(), Sdo::Low));
    }

    #[test]
    fn a_bme280_of_any_memory(bytes: [u8; 256], has_answered: bool) {
        let mut bytes = bytes;
        bytes[0xd0] = 0x60;
        if has_answered {
            bytes[0xf3] = 0;
        }
        let (bus, clock) = bus(Memory { address: 0x77, bytes, pointer: 0 });
        check(Bme280::new(bus, clock.delay(), Sdo::High));
    }

    #[test]
    fn an_sht4x_of_any_words(words in prop::collection::vec(any::<u16>(), 1..12), sums: u8) {
        let (bus, clock) = bus(Words { address: 0x44, words, sums });
        let told = check(Sht4x::new(bus, clock.delay(), Sht4xAddress::Address0x44));
        prop_assert!(sums == 0 || told == [Some(Fault::Corrupt { chip: Chip::Sht4x }); 3], "{:?}", told);
    }

    #[test]
    fn an_scd4x_of_any_words(words in prop::collection::vec(any::<u16>(), 1..12), sums in prop_oneof![Just(0), any::<u8>()]) {
        let (bus, clock) = bus(Words { address: 0x62, words, sums });
        let told = check(Scd4x::new(bus, clock.delay(), Rest::PowerDown));
        prop_assert!(sums == 0 || told == [Some(Fault::Corrupt { chip: Chip::Scd4x }); 3], "{:?}", told);
    }
}

/// A board of two chips on one bus, of which one is broken: the other is told, and the fault names the broken one.
#[test]
fn one_broken_chip_does_not_silence_the_other() {
    let (bus, clock) = bus(Words { address: 0x44, words: vec![0x6666], sums: 0 });
    let thermometer = Sht4x::new(bus.clone(), clock.delay(), Sht4xAddress::Address0x44);
    let mut board = (Bmp390::new(bus, clock.delay(), Sdo::High), thermometer);
    let mut told = Sample::new();
    let error = block_on(board.sample(&mut told)).unwrap_err();
    assert!(matches!(error, PairError::First(Fault::Bus { .. })), "{error:?}");
    assert_eq!(error.to_string(), "BMP390: bus: NoAcknowledge(Unknown)");
    assert_eq!(told.measures().len(), 2);
}
