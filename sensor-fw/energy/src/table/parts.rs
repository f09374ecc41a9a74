//! What hangs on the chip: sensors, switch, bus, light.

use crate::charge::{Charge, Current, Span};

use super::{Figure, Row, figures};

figures! {
    /// A sensor that is asked now and then.
    Probe {
        /// While nobody asks.
        idle: Current,
        /// A measurement.
        reading: Charge,
        /// Until it is there: the chip sleeps.
        takes: Span,
        /// Bits on the bus for a reading, addresses and acknowledgements with them.
        bus_bits: f64,
    }
}

/// SHT4x, high repeatability.
pub const SHT4X: Probe = Probe {
    idle: Figure::quoted(Current::nanoamps(80.0), "Sensirion SHT4x datasheet D1 v1 and v3: idle current 80 nA"),
    reading: Figure::derived(
        Charge::microcoulombs(2.66),
        "8.3 ms (max., high repeatability, SHT4x D1 v1) × 320 µA (typ., measuring: quoted of SHT4x and of SHT4xA)",
    ),
    takes: Figure::quoted(Span::millis(8.3), "SHT4x datasheet D1 v1, timing: high repeatability, max."),
    bus_bits: Figure::derived(
        81.0,
        "address and command out, address and 6 bytes with check sums in: 9 bytes of 9 bits",
    ),
};

/// BME280, forced mode, oversampling ×1 of all three, no filter ("weather monitoring").
pub const BME280: Probe = Probe {
    idle: Figure::quoted(Current::nanoamps(100.0), "BME280 datasheet BST-BME280-DS001, table 1, IDDSL: sleep 0.1 µA"),
    reading: Figure::quoted(
        Charge::microcoulombs(3.68),
        "BST-BME280-DS001, table 1 and 9.5: 3 ms × 350 µA, 2.5 ms × 714 µA, 2.5 ms × 340 µA (maxima over temperature); fits its 3.6 µA at 1 Hz",
    ),
    takes: Figure::quoted(Span::millis(9.3), "BST-BME280-DS001, 9.1: 8 ms typ., 9.3 ms max."),
    bus_bits: Figure::derived(153.0, "set the mode (3 bytes), ask for 8 bytes from a register: 17 bytes of 9 bits"),
};

/// BMP390, forced mode, pressure ×1 and temperature.
pub const BMP390: Probe = Probe {
    idle: Figure::quoted(Current::microamps(1.4), "BMP390 datasheet BST-BMP390-DS002-07: sleep 1.4 µA typ."),
    reading: Figure::derived(Charge::microcoulombs(1.8), "3.2 µA at 1 Hz (BST-BMP390-DS002-07) less the sleep"),
    takes: Figure::unverified(Span::millis(5.0), "BST-BMP390-DS002, 3.9.2"),
    bus_bits: Figure::derived(135.0, "set the mode (3 bytes), ask for 6 bytes from a register: 15 bytes of 9 bits"),
};

/// SCD41, single shots, idle between them.
pub const SCD41: Probe = Probe {
    idle: Figure::read(
        Current::milliamps(0.15),
        "Sensirion SCD4x datasheet v1.3, 3.10: idle between single shots 0.15 mA typ.",
    ),
    reading: Figure::derived(
        Charge::microcoulombs(73_600.0),
        "243 mJ a single shot (SCD4x datasheet v1.3, 3.10, typ.) at 3.3 V",
    ),
    takes: Figure::read(Span::seconds(5.0), "SCD4x datasheet v1.3, 3.10.1: measure_single_shot, 5000 ms"),
    bus_bits: Figure::derived(
        153.0,
        "command (3 bytes), then read (3) and 10 bytes in with address: 17 bytes of 9 bits",
    ),
};

/// SCD41, switched off between single shots: the first shot after that is thrown away.
pub const SCD41_SWITCHED: Probe = Probe {
    idle: Figure::unverified(
        Current::microamps(0.5),
        "SCD4x after power_down (v1.3, 3.10.3): the datasheet gives no current",
    ),
    reading: Figure::derived(
        Charge::microcoulombs(147_200.0),
        "two single shots, of which the first is to be discarded (SCD4x datasheet v1.3, 3.10.4)",
    ),
    takes: Figure::read(Span::seconds(10.0), "two single shots of 5000 ms (SCD4x datasheet v1.3, 3.10.1)"),
    bus_bits: Figure::derived(270.0, "wake_up, two shots, read, power_down: 30 bytes of 9 bits"),
};

figures! {
    /// A contact that a magnet closes.
    Reed {
        /// Through the pull-up while it is closed.
        closed: Current,
    }
}

/// A reed switch with a resistor of its own.
pub const REED: Reed = Reed {
    closed: Figure::derived(
        Current::microamps(0.64),
        "3 V through 4.7 MΩ outside the chip; the chip's own pull-up (13 kΩ) would take 230 µA",
    ),
};

figures! {
    /// What all boards have.
    Board {
        /// A bit on the two-wire bus.
        bus_bit: Span,
        /// Through its pull-ups while it works.
        bus_pull_up: Current,
        /// A reading of the supply voltage: the converter and what it needs.
        supply_reading: Charge,
        /// The light, while it is on.
        led: Current,
    }
}

/// The board.
pub const BOARD: Board = Board {
    bus_bit: Figure::derived(Span::micros(2.5), "400 kHz, which all our sensors can (fast mode)"),
    bus_pull_up: Figure::derived(Current::milliamps(0.6), "two lines with 4.7 kΩ at 3 V, low half of the time"),
    supply_reading: Figure::unverified(
        Charge::microcoulombs(0.2),
        "SAADC about 1.4 mA (nRF54L15 datasheet, ISAADC0) for 150 µs of start and conversion",
    ),
    led: Figure::derived(Current::milliamps(2.0), "a resistor of 470 Ω at a forward voltage of 2 V"),
};

/// The figures with their sources.
pub fn rows() -> Vec<Row> {
    let probes = [
        ("sht4x", SHT4X),
        ("bme280", BME280),
        ("bmp390", BMP390),
        ("scd41", SCD41),
        ("scd41 switched", SCD41_SWITCHED),
    ];
    let probes = probes.into_iter().flat_map(|(name, probe)| probe.rows(name));
    probes.chain(REED.rows("reed")).chain(BOARD.rows("board")).collect()
}
