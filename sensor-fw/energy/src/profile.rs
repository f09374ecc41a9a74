//! Sensors as people have them.

use fw_logic::Channel;
use units::Quantity;
use wire::settings::Settings;

use crate::table::parts::{self, Probe};

/// A sensor in its use.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// By what name the budget knows it.
    pub name: &'static str,
    /// What it is, for people.
    pub title: &'static str,
    /// What its owner told it.
    pub settings: Settings,
    /// What it tells and logs.
    pub channels: &'static [Channel],
    /// What measures.
    pub probe: Option<Probe>,
    /// How often a door is opened in a day; `None` where there is no switch.
    pub openings_a_day: Option<u64>,
    /// KiB of RAM that stay on while it sleeps, or all that the chip has: what the program, its stack and the link layer use, up
    /// to a whole section.
    pub ram_kib: u32,
    /// The most that a part of it asks for at once, mA.
    pub peak_milliamps: f64,
}

/// Program and link layer are linked into so much RAM, their stack included; the board's start switches the other sections
/// off. A test of `boards/map` compares this with what the boards keep.
const RAM_KIB: u32 = 64;
const TEMPERATURE: Channel = Channel { quantity: Quantity::Temperature, band: 100 };
const HUMIDITY: Channel = Channel { quantity: Quantity::Humidity, band: 5000 };
const VOLTAGE: Channel = Channel { quantity: Quantity::Voltage, band: 20 };

/// A room: the sensor that the goal is about.
pub const ROOM: Profile = Profile {
    name: "room",
    title: "room: SHT4x each minute, advert each 5 s, 0 dBm, log",
    settings: Settings::DEFAULT,
    channels: &[TEMPERATURE, HUMIDITY, VOLTAGE],
    probe: Some(parts::SHT4X),
    openings_a_day: None,
    ram_kib: RAM_KIB,
    peak_milliamps: 10.0,
};

/// A door.
pub const DOOR: Profile = Profile {
    name: "door",
    title: "door: reed switch opened 20 times a day, advert each 5 s, 0 dBm, log",
    settings: Settings { sampling_s: 3600, ..Settings::DEFAULT },
    channels: &[Channel { quantity: Quantity::Door, band: 1 }, VOLTAGE],
    probe: None,
    openings_a_day: Some(20),
    ram_kib: RAM_KIB,
    peak_milliamps: 10.0,
};

/// Outside.
pub const WEATHER: Profile = Profile {
    name: "weather",
    title: "weather: BME280 each minute, advert each 5 s, +4 dBm, log",
    settings: Settings { tx_power_dbm: 4, ..Settings::DEFAULT },
    channels: &[TEMPERATURE, HUMIDITY, Channel { quantity: Quantity::Pressure, band: 50 }, VOLTAGE],
    probe: Some(parts::BME280),
    openings_a_day: None,
    ram_kib: RAM_KIB,
    peak_milliamps: 12.0,
};

/// Air to breathe, as the maker of the sensor recommends.
pub const CO2: Profile = Profile {
    name: "co2",
    title: "CO2: SCD41 single shot each 5 min, advert each 5 s, 0 dBm, log",
    settings: Settings { sampling_s: 300, ..Settings::DEFAULT },
    channels: &[Channel { quantity: Quantity::Co2, band: 25 }, TEMPERATURE, HUMIDITY, VOLTAGE],
    probe: Some(parts::SCD41),
    openings_a_day: None,
    ram_kib: RAM_KIB,
    peak_milliamps: 205.0,
};

/// The same, seldom.
pub const CO2_SELDOM: Profile = Profile {
    name: "co2-seldom",
    title: "CO2: SCD41 each 15 min, switched off between, advert each 5 s, 0 dBm, log",
    settings: Settings { sampling_s: 900, ..Settings::DEFAULT },
    probe: Some(parts::SCD41_SWITCHED),
    ..CO2
};

/// All of them.
pub const ALL: [Profile; 5] = [ROOM, DOOR, WEATHER, CO2, CO2_SELDOM];
