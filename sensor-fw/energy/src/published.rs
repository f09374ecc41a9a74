//! Devices of others whose makers measured and published what they take: the model, set up like them, must say the same.
//!
//! One number is fitted, to one measurement: how long Zephyr's link layer keeps the processor awake for an advert, to
//! b-parasite at 30 ms. All others are predictions. Where a device has parts that ours have not, their currents are taken
//! from datasheets or from other measurements of its maker, named below.

use std::fmt;

use crate::{
    charge::{Charge, Current, Span},
    radio::{Air, Meeting, Radio},
    table::{chips, parts, stacks},
};

/// What a published figure is to the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A number of the table was fitted to it, or to what it was computed from.
    Fitted,
    /// The model knew nothing of it.
    Predicted,
    /// The model does not reach it; why stands with it.
    Missed,
}

/// A published figure, and what the model says.
#[derive(Debug, Clone)]
pub struct Anchor {
    /// Which device.
    pub device: &'static str,
    /// Doing what.
    pub what: &'static str,
    /// What was published.
    pub published: f64,
    /// What the model says.
    pub modelled: f64,
    /// The unit of both.
    pub unit: &'static str,
    /// What it is to the model.
    pub role: Role,
    /// Where it was published.
    pub source: &'static str,
}

impl Anchor {
    /// How far the model is off: 0.1 is 10 % too much.
    pub fn deviation(&self) -> f64 {
        self.modelled / self.published - 1.0
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Fitted => "fitted",
            Role::Predicted => "predicted",
            Role::Missed => "missed",
        };
        let Self { device, what, published, modelled, unit, source, .. } = self;
        let off = self.deviation() * 100.0;
        write!(
            f,
            "{device:<10} {what:<46} {published:>7.2} {unit} {modelled:>7.2} {unit} {off:>+6.1} % {role:<9} {source}"
        )
    }
}

/// All of them.
pub fn anchors() -> Vec<Anchor> {
    [parasite(), ruuvi(), thermometer()].concat()
}

/// b-parasite 2 on an nRF52840 with Zephyr (rbaron/b-parasite, code/nrf-connect/samples/ble): 30 bytes of advertising
/// data, nobody can connect, +8 dBm. Its traces show more than its page says: 63 adverts in the window of the first, ten
/// and the reading of its sensors in that of the second.
fn parasite() -> Vec<Anchor> {
    const SOURCE: &str = "b-parasite, README and power-profile/*.png";
    /// SHTC3 asleep, typical (Sensirion SHTC3 datasheet, table 3; unverified).
    const SHTC3_ASLEEP: Current = Current::microamps(0.3);
    /// Its soil sensor is fed with a square wave for 30 ms (prstlib/src/adc.c), at 3.0 mA (broadcasting-100.png); SHTC3,
    /// light and battery are within what can be read off.
    const SOIL: (Current, Span) = (Current::milliamps(3.0), Span::millis(30.0));
    /// Zephyr takes the shorter of both intervals; so say the traces: 35.08 ms apart at [30, 40], 103.8 ms at [100, 150].
    const INTERVAL: Span = Span::millis(30.0);
    /// The window of the second trace.
    const WINDOW: (Span, f64) = (Span::seconds(1.074), 10.0);

    let radio = Radio { chip: &chips::NRF52840, stack: &stacks::ZEPHYR, dbm: 8 };
    let asleep = radio.chip.asleep(radio.chip.ram_kib) + SHTC3_ASLEEP;
    let advert = radio.advert(Air { data_bytes: 30, is_connectable: false });
    let fast = asleep + advert.per(INTERVAL + radio.stack.figures.advert_delay.value);
    let slow = (asleep * WINDOW.0 + advert * WINDOW.1 + SOIL.0 * SOIL.1).per(WINDOW.0);
    let anchor = |what, published, modelled, unit, role| Anchor {
        device: "b-parasite",
        what,
        published,
        modelled,
        unit,
        role,
        source: SOURCE,
    };
    vec![
        anchor("asleep", 3.0, asleep.as_microamps(), "µA", Role::Predicted),
        anchor("advert each [30, 40] ms, +8 dBm", 810.0, fast.as_microamps(), "µA", Role::Fitted),
        anchor("advert each [100, 150] ms, and soil read", 345.0, slow.as_microamps(), "µA", Role::Predicted),
        anchor("an advert, as computed from the others", 26.9, advert.as_microcoulombs(), "µC", Role::Fitted),
    ]
}

/// RuuviTag on an nRF52832 with Nordic's S132: +4 dBm, nobody can connect, BME280 and LIS2DH12 always at work, sensors
/// read for each advert.
///
/// The release candidate 2.5.7 was published with 19, 23 and 14 µA, the release 2.5.9 with 20, 20 and 14 µA; between them
/// only humidity was capped and a sign corrected. So sure are these figures; the model must meet both.
fn ruuvi() -> Vec<Anchor> {
    const CANDIDATE: &str = "ruuvitag_fw, release 2.5.7";
    const RELEASE: &str = "ruuvitag_fw, release 2.5.9";
    /// BME280 in normal mode with 1000 ms of standby (application_config.h), at 0.2 µA (BST-BME280-DS001, IDDSB).
    const BME280_CYCLE: Span = Span::millis(1008.0);
    const BME280_STANDBY: Current = Current::microamps(0.2);
    /// LIS2DH12 at 10 bits and 10 Hz, and at 1 Hz (LIS2DH datasheet, 022516 rev. 1, table 11, the same sensor).
    const LIS2DH12_10_HZ: Current = Current::microamps(4.0);
    const LIS2DH12_1_HZ: Current = Current::microamps(2.0);
    /// Its program reads both over SPI and computes in floats: a millisecond (unverified; the trace in its repository,
    /// power_profile_2-2-2.png, shows a peak of its own for it).
    const MAIN_LOOP: Span = Span::millis(1.0);
    const FAST: Span = Span::millis(1280.0);
    const SLOW: Span = Span::millis(6420.0);

    let radio = Radio { chip: &chips::NRF52832, stack: &stacks::NORDIC, dbm: 4 };
    let bme280 = BME280_STANDBY + parts::BME280.reading.value.per(BME280_CYCLE);
    let base = radio.chip.asleep(radio.chip.ram_kib) + bme280;
    let takes = |data_bytes, interval: Span, lis2dh12| {
        let turn = radio.advert(Air { data_bytes, is_connectable: false }) + radio.chip.figures.awake.value * MAIN_LOOP;
        let average = base + lis2dh12 + turn.per(interval + radio.stack.figures.advert_delay.value);
        average.as_microamps()
    };
    // Flags, then manufacturer data of 14 or 24 bytes with company and head.
    let first = takes(21, FAST, LIS2DH12_1_HZ);
    let second = takes(31, FAST, LIS2DH12_10_HZ);
    let slow = takes(31, SLOW, LIS2DH12_10_HZ);
    let anchor = |what, published, modelled, role, source| Anchor {
        device: "RuuviTag",
        what,
        published,
        modelled,
        unit: "µA",
        role,
        source,
    };
    vec![
        anchor("RAWv1, advert each 1280 ms, +4 dBm", 19.0, first, Role::Predicted, CANDIDATE),
        anchor("RAWv1, advert each 1280 ms, +4 dBm", 20.0, first, Role::Predicted, RELEASE),
        anchor("RAWv2, advert each 1280 ms, +4 dBm", 23.0, second, Role::Predicted, CANDIDATE),
        anchor("RAWv2, advert each 1280 ms, +4 dBm", 20.0, second, Role::Predicted, RELEASE),
        anchor("RAWv2, advert each 6420 ms, +4 dBm", 14.0, slow, Role::Predicted, RELEASE),
    ]
}

/// The thermometer LYWSD03MMC with pvvx' firmware on a TLSR8251: +3.1 dBm, anybody can connect, sensor read each 10 s.
/// Another chip with another link layer: it proves the arithmetic, not our table.
fn thermometer() -> Vec<Anchor> {
    const SOURCE: &str = "pvvx.github.io, ATC_MiThermometer/CustPower.html";
    const INTERVAL: Span = Span::millis(2500.0);
    /// Its own format: 19 bytes without flags.
    const AIR: Air = Air { data_bytes: 19, is_connectable: true };
    /// 17 ms at 1.96 mA with an advert, 3.5 ms at 5.14 mA without (pvvx in atc1441/ATC_MiThermometer issue 134).
    const ADVERT: Charge = Charge::microcoulombs(17.99);
    const SENSOR: Charge = Charge::microcoulombs(33.32 - 17.99);
    const SENSOR_INTERVAL: Span = Span::seconds(10.0);
    /// It reads 19 632 records in 17.7 s (RdMemoPower.gif), awake all the time; each is a notification of 13 bytes, with
    /// heads and check 24.
    const RECORDS: (f64, Span, u32) = (19_632.0, Span::seconds(17.7), 24);

    let radio = Radio { chip: &chips::TLSR8251, stack: &stacks::TELINK, dbm: 3 };
    let base = radio.chip.asleep(0) + SENSOR.per(SENSOR_INTERVAL);
    let delay = radio.stack.figures.advert_delay.value;
    let advertising = base + radio.advert(AIR).per(INTERVAL + delay);
    let connected = base + radio.meeting(Meeting::silent(INTERVAL)).per(INTERVAL);
    let awake = radio.chip.figures.awake.value;
    // Within a long connection event nobody wakes: what the radio takes beyond the processor that works anyway.
    let more = |current: Current| Current::microamps(current.as_microamps() - awake.as_microamps());
    let record = more(radio.chip.sending(radio.dbm)) * Radio::air(RECORDS.2)
        + more(radio.chip.figures.receiving.value) * (Radio::air(0) + Span::micros(300.0));
    let reading = awake * RECORDS.1 + record * RECORDS.0;
    let anchor = |what, published, modelled, unit, role| Anchor {
        device: "LYWSD03MMC",
        what,
        published,
        modelled,
        unit,
        role,
        source: SOURCE,
    };
    vec![
        anchor("an advert", ADVERT.as_microcoulombs(), radio.advert(AIR).as_microcoulombs(), "µC", Role::Predicted),
        anchor("advert each 2.5 s, +3.1 dBm, display", 14.8, advertising.as_microamps(), "µA", Role::Predicted),
        anchor("connected, each 2.5 s, display", 12.99, connected.as_microamps(), "µA", Role::Predicted),
        // The trace of the transfer peaks at 18 mA, those of adverts and of the connection at 8 mA: with full packets the
        // chip takes more for sending than with adverts, and no datasheet that we have says why.
        anchor("reading 19 632 records", 149.0, reading.as_microcoulombs() / 1e3, "mC", Role::Missed),
    ]
}
