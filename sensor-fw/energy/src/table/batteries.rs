//! Batteries: what is printed on them, and what a sensor gets.

use super::{Figure, figures};

/// A battery.
#[derive(Debug, Clone, Copy)]
pub struct Battery {
    /// What it is called.
    pub name: &'static str,
    /// The most that it gives at once, mA; what asks for more cannot live on it.
    pub peak_milliamps: f64,
    /// Its figures.
    pub figures: BatteryFigures,
}

figures! {
    /// What a battery gives.
    BatteryFigures {
        /// New, mAh.
        milliamp_hours: f64,
        /// The share that is used before the voltage under load is too low.
        usable: f64,
        /// The share of the new battery that it loses in a year by itself.
        loss_per_year: f64,
        /// Years after which its maker promises nothing.
        shelf_years: f64,
    }
}

/// A lithium coin cell.
pub const CR2032: Battery = Battery {
    name: "CR2032",
    peak_milliamps: 20.0,
    figures: BatteryFigures {
        milliamp_hours: Figure::quoted(225.0, "Panasonic CR2032: 225 mAh nominal"),
        usable: Figure::quoted(
            0.8,
            "Ruuvi's safety factor (ruuvitag_fw 2.5.9); with a capacitor of 100 µF beside it, without one 0.6 (pvvx/ATC_MiThermometer issue 395)",
        ),
        loss_per_year: Figure::quoted(
            0.015,
            "Rayovac, lithium-manganese dioxide: 1.5 % a year, in storage and in use; Panasonic says 1 %",
        ),
        shelf_years: Figure::quoted(10.0, "no maker of coin cells promises more (J. Ganssle, embedded.com 4429960)"),
    },
};

/// Two alkaline AA cells in series.
pub const TWO_AA: Battery = Battery {
    name: "2×AA",
    peak_milliamps: 1000.0,
    figures: BatteryFigures {
        milliamp_hours: Figure::unverified(2500.0, "alkaline AA at a low drain: 2500 mAh and more"),
        usable: Figure::unverified(
            0.8,
            "down to 1.0 V a cell: 2.0 V for the chip; SCD4x needs 2.4 V and gets less of it",
        ),
        loss_per_year: Figure::quoted(0.025, "alkaline: 2–3 % a year"),
        shelf_years: Figure::quoted(10.0, "alkaline: 7–10 years; good ones 12"),
    },
};

/// Both.
pub const ALL: [Battery; 2] = [CR2032, TWO_AA];
