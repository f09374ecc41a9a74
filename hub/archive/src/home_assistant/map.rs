use std::collections::BTreeSet;

use hub_model::{DeviceId, Quantity, SeriesKey};
use serde::Deserialize;
use thiserror::Error;

use crate::{
    Reason, Scale,
    convert::{is_own, scale},
    decimal,
    row::plausible,
};

/// Which entity becomes which series.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    /// Those that have a device.
    pub entities: Vec<Mapped>,
    /// Those that have none yet, and are left out.
    pub unmapped: Vec<String>,
}

/// An entity that becomes a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapped {
    /// Its id in Home Assistant, such as `sensor.kitchen_temperature`.
    pub id: String,
    /// What it becomes.
    pub series: SeriesKey,
    unit: String,
    scale: Scale,
}

/// Why a map cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MapError {
    /// It is no TOML, or has keys that mean nothing.
    #[error("the map is not right: {detail}")]
    Syntax {
        /// Where and why.
        detail: String,
    },
    /// A field that cannot be read.
    #[error("{field} of {id} is {text:?}; expected {expected}")]
    Field {
        /// Of which entity.
        id: String,
        /// Which.
        field: &'static str,
        /// What stands there.
        text: String,
        /// What would be right.
        expected: String,
    },
    /// An entity stands there twice.
    #[error("{id} stands in the map twice")]
    Twice {
        /// Which.
        id: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMap {
    #[serde(default)]
    entity: Vec<RawEntity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntity {
    id: String,
    #[serde(default)]
    device: String,
    quantity: String,
    #[serde(default)]
    instance: u8,
    #[serde(default)]
    unit: String,
}

impl Map {
    /// Reads a map: for each entity `[[entity]]` with `id`, `device`, `quantity`, and where needed `instance` and `unit`.
    ///
    /// ```
    /// let map = hub_archive::Map::parse(
    ///     "[[entity]]\nid = 'sensor.attic'\ndevice = 'A4:C1:38:00:11:22'\nquantity = 'temperature'\nunit = '°F'\n",
    /// )?;
    /// assert_eq!(map.entities[0].value("212"), Ok(100_000));
    /// # Ok::<(), hub_archive::MapError>(())
    /// ```
    ///
    /// # Errors
    /// When something in it cannot be read.
    pub fn parse(text: &str) -> Result<Self, MapError> {
        let raw: RawMap = toml::from_str(text).map_err(|error| MapError::Syntax { detail: error.to_string() })?;
        let (mut entities, mut unmapped, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for raw in raw.entity {
            if !seen.insert(raw.id.clone()) {
                return Err(MapError::Twice { id: raw.id });
            }
            if raw.device.trim().is_empty() {
                unmapped.push(raw.id);
            } else {
                entities.push(Mapped::new(raw)?);
            }
        }
        Ok(Self { entities, unmapped })
    }
}

impl Mapped {
    fn new(raw: RawEntity) -> Result<Self, MapError> {
        let wrong = |field, text: &str, expected: String| MapError::Field {
            id: raw.id.clone(),
            field,
            text: text.to_owned(),
            expected,
        };
        let device: DeviceId = raw.device.trim().parse().map_err(|_| {
            wrong("device", &raw.device, "an address such as A4:C1:38:00:11:22, or 16 hex digits".to_owned())
        })?;
        let quantity = Quantity::from_name(raw.quantity.trim()).ok_or_else(|| {
            let names: Vec<_> = Quantity::ALL.iter().map(|quantity| quantity.name()).collect();
            wrong("quantity", &raw.quantity, format!("one of {}", names.join(", ")))
        })?;
        let scale = scale(quantity, &raw.unit).ok_or_else(|| {
            wrong("unit", &raw.unit, format!("{:?} or one that can be converted to it", quantity.unit()))
        })?;
        Ok(Self { series: SeriesKey::new(device, quantity, raw.instance), id: raw.id, unit: raw.unit, scale })
    }

    /// The value of a state in steps of the quantity.
    ///
    /// # Errors
    /// When it is no number, or none that a sound device reports.
    pub fn value(&self, state: &str) -> Result<i64, Reason> {
        let quantity = self.series.quantity;
        let steps = match (state.trim(), is_own(quantity, &self.unit)) {
            ("on" | "open" | "home" | "unlocked" | "true", _) if is_binary(quantity) => Some(1),
            ("off" | "closed" | "not_home" | "locked" | "false", _) if is_binary(quantity) => Some(0),
            (number, true) => decimal::parse(number, quantity.exponent()),
            (number, false) => number.parse().ok().and_then(|value| self.steps(value)),
        };
        let text = || state.chars().take(64).collect();
        plausible(quantity, steps.ok_or_else(|| Reason::Number { column: "state", text: text() })?)
    }

    /// A figure in steps of the quantity.
    pub(super) fn figure(&self, value: f64) -> Result<i64, Reason> {
        let wrong = || Reason::Number { column: "statistic", text: value.to_string() };
        plausible(self.series.quantity, self.steps(value).ok_or_else(wrong)?)
    }

    fn steps(&self, value: f64) -> Option<i64> {
        let value = Some(self.scale.apply(value)).filter(|value| value.is_finite());
        value.and_then(|value| self.series.quantity.from_f64(value))
    }
}

fn is_binary(quantity: Quantity) -> bool {
    quantity.kind() == hub_model::Kind::Binary
}
