//! Units of other programs.

use hub_model::Quantity;

/// How a value in another unit becomes one in the quantity's unit: `value × factor + offset`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// The factor.
    pub factor: f64,
    /// What is added, in the quantity's unit.
    pub offset: f64,
}

impl Scale {
    /// The value in the quantity's unit.
    pub fn apply(self, value: f64) -> f64 {
        value.mul_add(self.factor, self.offset)
    }
}

/// How to convert from `unit` to the unit of a quantity; `None` where that makes no sense. Nothing is to be done for the
/// quantity's own unit, and where no unit is told.
///
/// ```
/// use hub_archive::scale;
/// use hub_model::Quantity;
///
/// let fahrenheit = scale(Quantity::Temperature, "°F").map(|scale| scale.apply(71.6));
/// assert!(fahrenheit.is_some_and(|celsius| (celsius - 22.0).abs() < 1e-9));
/// assert_eq!(scale(Quantity::Temperature, "hPa"), None);
/// ```
pub fn scale(quantity: Quantity, unit: &str) -> Option<Scale> {
    // The Greek letter and the micro sign look alike.
    let unit = unit.trim().replace('μ', "µ");
    if is_own(quantity, &unit) {
        return Some(Scale { factor: 1.0, offset: 0.0 });
    }
    let of = |table: &[(&str, f64)]| table.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor);
    let (factor, offset) = match quantity.unit() {
        "°C" => match unit.as_str() {
            "°F" => (5.0 / 9.0, -160.0 / 9.0),
            "K" => (1.0, -273.15),
            _ => return None,
        },
        "hPa" => (of(PRESSURE)?, 0.0),
        "V" => (of(&[("mV", 1e-3), ("µV", 1e-6), ("kV", 1e3)])?, 0.0),
        "A" => (of(&[("mA", 1e-3), ("µA", 1e-6)])?, 0.0),
        "W" => (of(&[("mW", 1e-3), ("kW", 1e3), ("MW", 1e6), ("GW", 1e9)])?, 0.0),
        "kWh" => (of(ENERGY)?, 0.0),
        "ppm" => (of(&[("ppb", 1e-3)])?, 0.0),
        "µg/m³" => (of(&[("mg/m³", 1e3), ("µg/m3", 1.0), ("ug/m3", 1.0)])?, 0.0),
        "µS/cm" => (of(&[("mS/cm", 1e3), ("S/cm", 1e6), ("uS/cm", 1.0)])?, 0.0),
        "kg" => (of(MASS)?, 0.0),
        "m" => (of(LENGTH)?, 0.0),
        "s" => (of(&[("ms", 1e-3), ("µs", 1e-6), ("min", 60.0), ("h", 3600.0), ("d", 86_400.0)])?, 0.0),
        "m/s" => (of(SPEED)?, 0.0),
        "m/s²" => (of(&[("g", 9.806_65)])?, 0.0),
        "mm" => (of(&[("cm", 10.0), ("in", 25.4)])?, 0.0),
        "L" => (of(VOLUME)?, 0.0),
        "m³" => (of(VOLUME)? / 1000.0, 0.0),
        "m³/h" => (of(FLOW)?, 0.0),
        _ => return None,
    };
    Some(Scale { factor, offset })
}

/// Is nothing to be converted?
pub(crate) fn is_own(quantity: Quantity, unit: &str) -> bool {
    unit.is_empty() || unit == quantity.unit()
}

const PRESSURE: &[(&str, f64)] = &[
    ("Pa", 0.01),
    ("kPa", 10.0),
    ("mbar", 1.0),
    ("cbar", 10.0),
    ("bar", 1000.0),
    ("inHg", 33.863_886_403_408_3),
    ("mmHg", 1.333_223_874_15),
    ("psi", 68.947_572_931_683_6),
];
const ENERGY: &[(&str, f64)] = &[
    ("Wh", 1e-3),
    ("MWh", 1e3),
    ("GWh", 1e6),
    ("J", 1.0 / 3.6e6),
    ("kJ", 1.0 / 3600.0),
    ("MJ", 1.0 / 3.6),
    ("GJ", 1000.0 / 3.6),
];
const MASS: &[(&str, f64)] =
    &[("g", 1e-3), ("mg", 1e-6), ("µg", 1e-9), ("lb", 0.453_592_37), ("oz", 0.028_349_523_125), ("st", 6.350_293_18)];
const LENGTH: &[(&str, f64)] =
    &[("km", 1000.0), ("cm", 0.01), ("mm", 1e-3), ("in", 0.0254), ("ft", 0.3048), ("yd", 0.9144), ("mi", 1609.344)];
const SPEED: &[(&str, f64)] = &[
    ("km/h", 1.0 / 3.6),
    ("mph", 0.447_04),
    ("kn", 1852.0 / 3600.0),
    ("ft/s", 0.3048),
    ("mm/s", 1e-3),
    ("in/s", 0.0254),
];
/// In litres.
const VOLUME: &[(&str, f64)] = &[
    ("L", 1.0),
    ("mL", 1e-3),
    ("m³", 1000.0),
    ("ft³", 28.316_846_592),
    ("CCF", 2_831.684_659_2),
    ("gal", 3.785_411_784),
    ("fl. oz.", 0.029_573_529_562_5),
];
const FLOW: &[(&str, f64)] = &[
    ("m³/min", 60.0),
    ("m³/s", 3600.0),
    ("L/h", 1e-3),
    ("L/min", 0.06),
    ("L/s", 3.6),
    ("ft³/min", 1.699_010_795_52),
    ("gal/min", 0.227_124_707_04),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_other_programs_become_ours() {
        for (quantity, value, unit, expected) in [
            (Quantity::Temperature, 32.0, "°F", 0),
            (Quantity::Temperature, -40.0, "°F", -40_000),
            (Quantity::Temperature, 300.0, "K", 26_850),
            (Quantity::Dewpoint, 50.0, "°F", 1000),
            (Quantity::Pressure, 101_325.0, "Pa", 101_325),
            (Quantity::Pressure, 29.92, "inHg", 101_321),
            (Quantity::Pressure, 1013.25, "mbar", 101_325),
            (Quantity::Energy, 1500.0, "Wh", 1500),
            (Quantity::Energy, 3.6, "MJ", 1000),
            (Quantity::Power, 2.5, "kW", 250_000),
            (Quantity::Voltage, 2950.0, "mV", 2950),
            (Quantity::Speed, 36.0, "km/h", 10_000_000),
            (Quantity::Water, 1.25, "m³", 1_250_000),
            (Quantity::Gas, 100.0, "ft³", 2832),
            (Quantity::Mass, 1.0, "lb", 453_592),
            (Quantity::Pm2_5, 12.3, "μg/m³", 123),
            (Quantity::Humidity, 45.5, "%", 455_000),
            (Quantity::Co2, 800.0, "", 800),
        ] {
            let converted = scale(quantity, unit).and_then(|scale| quantity.from_f64(scale.apply(value)));
            assert_eq!(converted, Some(expected), "{value} {unit}");
        }
        for (quantity, unit) in [(Quantity::Temperature, "%"), (Quantity::Humidity, "°C"), (Quantity::Count, "L")] {
            assert_eq!(scale(quantity, unit), None, "{unit}");
        }
    }
}
