//! Radio chips at 3 V and 25 °C, with their DC/DC converter at work.
//!
//! A radio current here is that of the whole chip while the crystal runs and the processor sleeps.

use crate::charge::{Current, Span};

use super::{Figure, Row, figures};

/// A chip with a radio.
#[derive(Debug, Clone, Copy)]
pub struct Chip {
    /// What it is called, and by what name the budget knows it.
    pub name: &'static str,
    /// RAM in KiB.
    pub ram_kib: u32,
    /// Bytes that are written to flash at once.
    pub word_bytes: u32,
    /// What sending takes, by power, ascending.
    pub levels: &'static [Level],
    /// The other figures.
    pub figures: ChipFigures,
}

/// Sending at some power.
#[derive(Debug, Clone, Copy)]
pub struct Level {
    /// The power in dBm.
    pub dbm: i8,
    /// What it takes.
    pub current: Figure<Current>,
}

figures! {
    /// What a chip takes, and how long.
    ChipFigures {
        /// Asleep with the clock that wakes it, and no RAM kept.
        asleep: Current,
        /// What a KiB of RAM adds to that.
        asleep_per_kib: Current,
        /// The processor at work, from flash.
        awake: Current,
        /// How fast it works.
        cycles_per_microsecond: f64,
        /// Receiving.
        receiving: Current,
        /// While the crystal starts, the processor asleep.
        crystal_starting: Current,
        /// The crystal and a timer at work, the processor asleep, the radio off.
        standing_by: Current,
        /// The bus master and its clock at work, the processor asleep.
        bus_master: Current,
        /// Writing or erasing flash.
        flash_at_work: Current,
        /// Writing a word of flash.
        word_write: Span,
        /// Erasing a page of 4 KiB.
        page_erase: Span,
    }
}

impl Chip {
    /// What sending at this power takes; a radio that has not this step uses the next lower one, or its lowest.
    pub fn sending(&self, dbm: i8) -> Current {
        let level = self.levels.iter().rev().find(|level| level.dbm <= dbm).or(self.levels.first());
        level.map_or(Current::microamps(0.0), |level| level.current.value)
    }

    /// Asleep with so much RAM kept, at most what there is.
    pub fn asleep(&self, ram_kib: u32) -> Current {
        let ram = self.figures.asleep_per_kib.value.as_microamps() * f64::from(ram_kib.min(self.ram_kib));
        self.figures.asleep.value + Current::microamps(ram)
    }

    /// How long so many cycles take.
    pub fn cycles(&self, cycles: f64) -> Span {
        Span::micros(cycles / self.figures.cycles_per_microsecond.value)
    }

    /// The figures with their sources.
    pub fn rows(&self) -> Vec<Row> {
        let sending = self
            .levels
            .iter()
            .map(|level| Row::new(self.name, &format!("sending {:+} dBm", level.dbm), &level.current));
        self.figures.rows(self.name).into_iter().chain(sending).collect()
    }
}

/// nRF52840.
pub const NRF52840: Chip = Chip {
    name: "nrf52840",
    ram_kib: 256,
    word_bytes: 4,
    levels: &[
        Level {
            dbm: 0,
            current: Figure::read(
                Current::milliamps(6.40),
                "nRF52840 PS, current consumption, IRADIO_TX1 (docs.nordicsemi.com, ps_nrf52840)",
            ),
        },
        Level {
            dbm: 4,
            current: Figure::derived(
                Current::milliamps(11.2),
                "ITX,PLUS4dBM,DCDC 9.6 mA (radio alone, PS v1.11 6.20.15.2, quoted) + 1.6 mA, by which IRADIO_TX0 and _TX1 exceed the radio alone",
            ),
        },
        Level {
            dbm: 8,
            current: Figure::read(
                Current::milliamps(16.40),
                "nRF52840 PS, current consumption, IRADIO_TX0 (docs.nordicsemi.com, ps_nrf52840)",
            ),
        },
    ],
    figures: ChipFigures {
        asleep: Figure::derived(
            Current::microamps(1.30),
            "ION_RAMOFF_EVENT 0.97 µA (PS, quoted) + crystal 0.23 µA + RTC 0.1 µA (both unverified; ILFXO of the nRF5340 is 0.16 µA); with the RC oscillator ION_RAMOFF_RTC is 1.50 µA (quoted)",
        ),
        asleep_per_kib: Figure::derived(
            Current::nanoamps(5.4),
            "(ION_RAMON_EVENT 2.35 µA − ION_RAMOFF_EVENT 0.97 µA) / 256 KiB (PS, quoted)",
        ),
        awake: Figure::quoted(Current::milliamps(3.3), "nRF52840 PS v1.11, ICPU0: CoreMark from flash, HFXO, DC/DC"),
        cycles_per_microsecond: Figure::read(64.0, "nRF52840 PS, CPU: 64 MHz"),
        receiving: Figure::read(
            Current::milliamps(6.26),
            "nRF52840 PS, current consumption, IRADIO_RX0 (docs.nordicsemi.com, ps_nrf52840)",
        ),
        crystal_starting: Figure::quoted(
            Current::milliamps(0.58),
            "nRF52840 PS v1.11, 5.4.4.2, ISTART_X32M: 0.328–0.833 mA in the first ms by crystal; the middle",
        ),
        standing_by: Figure::derived(
            Current::milliamps(0.67),
            "as nRF5340 PS, ITIMER1 (1 MHz, HFXO; quoted), a chip of the same generation",
        ),
        bus_master: Figure::unverified(Current::milliamps(0.7), "TWIM at 400 kHz on the RC clock: as a timer, ITIMER"),
        flash_at_work: Figure::unverified(Current::milliamps(6.6), "the PS gives none: the processor's current twice"),
        word_write: Figure::quoted(Span::micros(41.0), "nRF52840 PS v1.11, NVMC, tWRITE (max)"),
        page_erase: Figure::quoted(Span::millis(85.0), "nRF52840 PS v1.11, NVMC, tERASEPAGE (max)"),
    },
};

/// nRF52832.
pub const NRF52832: Chip = Chip {
    name: "nrf52832",
    ram_kib: 64,
    word_bytes: 4,
    levels: &[
        Level {
            dbm: 0,
            current: Figure::read(
                Current::milliamps(7.1),
                "nRF52832 PS v1.1, 20.2 current consumption: radio, IRADIO_TX0 (infocenter.nordicsemi.com)",
            ),
        },
        Level {
            dbm: 4,
            current: Figure::derived(
                Current::milliamps(9.3),
                "ITX,PLUS4dBm,DCDC 7.5 mA (radio alone, unverified) + 1.8 mA, by which IRADIO_TX0 exceeds the radio alone (5.3 mA, quoted)",
            ),
        },
    ],
    figures: ChipFigures {
        asleep: Figure::derived(
            Current::microamps(1.55),
            "ION_RAMOFF_EVENT 1.2 µA (PS, quoted) + crystal 0.25 µA + RTC 0.1 µA (both unverified); with the RC oscillator ION_RAMOFF_RTC is 1.9 µA (quoted)",
        ),
        asleep_per_kib: Figure::derived(
            Current::nanoamps(4.7),
            "(ION_RAMON_EVENT 1.5 µA − ION_RAMOFF_EVENT 1.2 µA) / 64 KiB (PS p. 77, quoted)",
        ),
        awake: Figure::unverified(
            Current::milliamps(3.7),
            "nRF52832 PS, ICPU0: CoreMark from flash, HFXO, DC/DC (58 µA/MHz)",
        ),
        cycles_per_microsecond: Figure::read(64.0, "nRF52832 PS, CPU: 64 MHz"),
        receiving: Figure::read(
            Current::milliamps(6.5),
            "nRF52832 PS v1.1, 20.2 current consumption: radio, IRADIO_RX0 (infocenter.nordicsemi.com)",
        ),
        crystal_starting: Figure::derived(Current::milliamps(0.58), "as nRF52840 PS v1.11, ISTART_X32M"),
        standing_by: Figure::derived(Current::milliamps(0.67), "as nRF5340 PS, ITIMER1 (1 MHz, HFXO)"),
        bus_master: Figure::unverified(Current::milliamps(0.7), "TWIM at 400 kHz on the RC clock: as a timer, ITIMER"),
        flash_at_work: Figure::unverified(Current::milliamps(7.4), "the PS gives none: the processor's current twice"),
        word_write: Figure::unverified(
            Span::micros(338.0),
            "nRF52832 PS, NVMC, tWRITE (max, while the processor runs from flash)",
        ),
        page_erase: Figure::unverified(Span::millis(89.7), "nRF52832 PS, NVMC, tERASEPAGE (max)"),
    },
};

/// nRF54L15.
pub const NRF54L15: Chip = Chip {
    name: "nrf54l15",
    ram_kib: 256,
    word_bytes: 16,
    levels: &[
        Level {
            dbm: 0,
            current: Figure::read(
                Current::milliamps(4.8),
                "nRF54L15 datasheet, current consumption, IRADIO_TX0 (docs.nordicsemi.com, ps_nrf54l15)",
            ),
        },
        Level {
            dbm: 4,
            current: Figure::read(
                Current::milliamps(6.6),
                "nRF54L15 datasheet, current consumption, IRADIO_TX1 (docs.nordicsemi.com, ps_nrf54l15)",
            ),
        },
        Level {
            dbm: 8,
            current: Figure::read(
                Current::milliamps(9.8),
                "nRF54L15 datasheet, current consumption, IRADIO_TX2 (docs.nordicsemi.com, ps_nrf54l15)",
            ),
        },
    ],
    figures: ChipFigures {
        asleep: Figure::derived(
            Current::microamps(1.0),
            "ION_IDLE0 0.8 µA + 0.2 µA for GRTC and crystal (ION_IDLE6 − ION_IDLE1), ps_nrf54l15",
        ),
        asleep_per_kib: Figure::derived(
            Current::nanoamps(7.6),
            "(ION_IDLE8 2.9 µA − ION_IDLE6 1.5 µA) / 192 KiB, rounded up; 64 KiB then make 1.49 µA of 1.5 µA (ps_nrf54l15)",
        ),
        awake: Figure::quoted(
            Current::milliamps(2.6),
            "nRF54L15 datasheet v0.10, 11.1.2, IAPPCPU0: CoreMark at 128 MHz from RRAM, cache",
        ),
        cycles_per_microsecond: Figure::read(128.0, "nRF54L15 datasheet, CPU: 128 MHz"),
        receiving: Figure::read(
            Current::milliamps(3.4),
            "nRF54L15 datasheet, current consumption, IRADIO_RX0 (docs.nordicsemi.com, ps_nrf54l15)",
        ),
        crystal_starting: Figure::derived(
            Current::milliamps(0.36),
            "as nRF54LM20A datasheet, HFXO, ISTART_X32M_X2 (2.0×1.6 mm crystal), the same oscillator",
        ),
        standing_by: Figure::quoted(
            Current::milliamps(0.155),
            "nRF54L15 datasheet, ITIMER2 121 µA (1 MHz) + ISTBY_X32M_X2 34 µA",
        ),
        bus_master: Figure::quoted(
            Current::milliamps(0.25),
            "measured by others for SPIM2x and TWIM on the peripheral clock: about 0.25 mA",
        ),
        flash_at_work: Figure::derived(
            Current::milliamps(2.4),
            "as nRF54LS05A datasheet, IRRAM0: processor at 128 MHz, writing words to RRAM, the same memory",
        ),
        word_write: Figure::unverified(Span::micros(22.0), "RRAMC: a line of 128 bits"),
        page_erase: Figure::derived(Span::millis(5.6), "RRAM needs no erasure: 256 lines of 128 bits are written"),
    },
};

/// TLSR8251, the chip of the thermometer LYWSD03MMC: for calibration alone.
pub const TLSR8251: Chip = Chip {
    name: "tlsr8251",
    ram_kib: 32,
    word_bytes: 4,
    levels: &[Level {
        dbm: 3,
        current: Figure::measured(
            Current::milliamps(7.8),
            "pvvx, CustPower.html, AdvPower.gif: the peaks, at +3.1 dBm",
        ),
    }],
    figures: ChipFigures {
        asleep: Figure::measured(
            Current::microamps(6.0),
            "pvvx in atc1441/ATC_MiThermometer issue 134: deep sleep 6 µA, display and sensor with it",
        ),
        asleep_per_kib: Figure::derived(Current::nanoamps(0.0), "in the deep sleep that was measured"),
        awake: Figure::measured(
            Current::milliamps(3.3),
            "pvvx, CustPower.html, RdMemoPower.gif: the floor while it works",
        ),
        cycles_per_microsecond: Figure::quoted(16.0, "pvvx/ATC_MiThermometer: the processor at 16 MHz"),
        receiving: Figure::quoted(Current::milliamps(5.3), "TLSR825x: 5.3 mA whole chip, receiving"),
        crystal_starting: Figure::measured(Current::milliamps(3.3), "the processor waits for it: as awake"),
        standing_by: Figure::measured(Current::milliamps(3.3), "the processor waits: as awake"),
        bus_master: Figure::measured(Current::milliamps(3.3), "the processor waits: as awake"),
        flash_at_work: Figure::derived(Current::milliamps(6.6), "as the others; no anchor writes flash"),
        word_write: Figure::derived(Span::micros(41.0), "as the others; no anchor writes flash"),
        page_erase: Figure::derived(Span::millis(85.0), "as the others; no anchor writes flash"),
    },
};

/// The chips of our boards.
pub const ALL: [Chip; 3] = [NRF52840, NRF52832, NRF54L15];
