use std::{collections::BTreeMap, fmt::Write};

use hub_model::{Quantity, UnixMillis};
use rusqlite::OptionalExtension;

use super::{HomeAssistant, Map, read::is_nothing};
use crate::{ArchiveError, convert::scale, time};

/// The newest states of an entity tell what it is.
const SAMPLE: usize = 40;

/// An entity whose states are numbers, or on and off.
#[derive(Debug, Clone, PartialEq)]
pub struct Entity {
    /// Its id, such as `sensor.kitchen_temperature`.
    pub id: String,
    /// What Home Assistant calls it.
    pub name: Option<String>,
    /// Its unit.
    pub unit: Option<String>,
    /// Its device class, such as `temperature`.
    pub class: Option<String>,
    /// States in the database.
    pub states: u64,
    /// Hours of statistics in the database.
    pub hours: u64,
    /// The first and the last of both.
    pub span: Option<(UnixMillis, UnixMillis)>,
}

/// What the attributes of a state say, as JSON.
#[derive(serde::Deserialize, Default)]
struct Attributes {
    unit_of_measurement: Option<String>,
    device_class: Option<String>,
    friendly_name: Option<String>,
}

impl HomeAssistant {
    /// Every entity whose states are numbers or on and off, in order.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn entities(&self) -> Result<Vec<Entity>, ArchiveError> {
        let mut entities: BTreeMap<String, Entity> = BTreeMap::new();
        for id in self.entity_ids()? {
            let Some(attributes) = self.look_at(&id)? else { continue };
            let (states, span) = self.span_of_states(&id)?;
            let entity = Entity {
                name: attributes.friendly_name,
                unit: attributes.unit_of_measurement,
                class: attributes.device_class,
                states,
                hours: 0,
                span,
                id: id.clone(),
            };
            entities.insert(id, entity);
        }
        if self.has("statistics") && self.has("statistics_meta") {
            self.add_statistics(&mut entities)?;
        }
        Ok(entities.into_values().collect())
    }

    fn entity_ids(&self) -> Result<Vec<String>, ArchiveError> {
        let mut queries = Vec::new();
        if self.has("states_meta") {
            queries.push("SELECT entity_id FROM states_meta");
        }
        if self.states.contains("entity_id") {
            queries.push("SELECT DISTINCT entity_id FROM states WHERE entity_id IS NOT NULL");
        }
        let query = queries.join(" UNION ");
        let mut statement = self.database.prepare(&query).map_err(self.failed())?;
        let ids = statement.query_map([], |row| row.get::<_, Option<String>>(0)).map_err(self.failed())?;
        Ok(ids.collect::<Result<Vec<_>, _>>().map_err(self.failed())?.into_iter().flatten().collect())
    }

    /// The attributes of an entity whose newest states are numbers, or on and off.
    fn look_at(&self, id: &str) -> Result<Option<Attributes>, ArchiveError> {
        let (time, of_entity) = (self.state_time(), self.of_entity());
        let own = if self.states.contains("attributes") { "s.attributes" } else { "NULL" };
        let (shared, join) = match self.states.contains("attributes_id") && self.has("state_attributes") {
            true => ("a.shared_attrs", "LEFT JOIN state_attributes a ON a.attributes_id = s.attributes_id"),
            false => ("NULL", ""),
        };
        let query = format!(
            "SELECT s.state, COALESCE({shared}, {own}) FROM states s {join} WHERE {of_entity} ORDER BY {time} DESC LIMIT {SAMPLE}"
        );
        let mut statement = self.database.prepare(&query).map_err(self.failed())?;
        let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, Option<String>>(1)?));
        let rows: Vec<_> =
            statement.query_map([id], row).and_then(Iterator::collect::<Result<_, _>>).map_err(self.failed())?;
        let is_number = |state: &str| state.trim().parse::<f64>().is_ok_and(f64::is_finite);
        let is_binary = |state: &str| id.starts_with("binary_sensor.") && matches!(state, "on" | "off");
        let mut states = rows.iter().filter_map(|(state, _)| state.as_deref()).filter(|state| !is_nothing(state));
        if !states.any(|state| is_number(state) || is_binary(state)) {
            return Ok(None);
        }
        let attributes = rows.iter().filter_map(|(_, text)| serde_json::from_str::<Attributes>(text.as_deref()?).ok());
        Ok(Some(attributes.reduce(Attributes::or).unwrap_or_default()))
    }

    fn span_of_states(&self, id: &str) -> Result<(u64, Option<(UnixMillis, UnixMillis)>), ArchiveError> {
        let (time, of_entity) = (self.state_time(), self.of_entity());
        let query = format!("SELECT COUNT(*), MIN({time}), MAX({time}) FROM states s WHERE {of_entity}");
        self.database.query_row(&query, [id], counted).map_err(self.failed())
    }

    fn add_statistics(&self, entities: &mut BTreeMap<String, Entity>) -> Result<(), ArchiveError> {
        let query = "SELECT id, statistic_id, unit_of_measurement FROM statistics_meta";
        let mut statement = self.database.prepare(query).map_err(self.failed())?;
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<String>>(2)?))
        };
        let metas: Vec<_> =
            statement.query_map([], row).and_then(Iterator::collect::<Result<_, _>>).map_err(self.failed())?;
        let time = self.statistic_time();
        let query = format!("SELECT COUNT(*), MIN({time}), MAX({time}) FROM statistics t WHERE t.metadata_id = ?1");
        for (meta, id, unit) in metas {
            let found = self.database.query_row(&query, [meta], counted).optional().map_err(self.failed())?;
            let (Some(id), Some((hours, span))) = (id, found) else { continue };
            let entity = entities.entry(id.clone()).or_insert_with(|| Entity {
                id,
                name: None,
                unit: None,
                class: None,
                states: 0,
                hours: 0,
                span: None,
            });
            entity.unit = entity.unit.take().or(unit);
            entity.hours += hours;
            entity.span = match (entity.span, span) {
                (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
                (own, other) => own.or(other),
            };
        }
        Ok(())
    }
}

impl Attributes {
    /// What this says, and where it is silent, what another says.
    fn or(self, other: Self) -> Self {
        Self {
            unit_of_measurement: self.unit_of_measurement.or(other.unit_of_measurement),
            device_class: self.device_class.or(other.device_class),
            friendly_name: self.friendly_name.or(other.friendly_name),
        }
    }
}

fn counted(row: &rusqlite::Row<'_>) -> rusqlite::Result<(u64, Option<(UnixMillis, UnixMillis)>)> {
    let moment = |seconds: f64| UnixMillis((seconds * 1000.0).round() as i64);
    let span = row.get::<_, Option<f64>>(1)?.zip(row.get::<_, Option<f64>>(2)?);
    let count = row.get::<_, i64>(0)?.unsigned_abs();
    Ok((count, span.map(|(first, last)| (moment(first), moment(last)))))
}

impl Map {
    /// The text of a map of these entities for the owner to complete: all but the devices.
    pub fn suggested(entities: &[Entity]) -> String {
        let mut text = String::from(
            "# Which entity of Home Assistant becomes which series of this hub.\n\
             #\n\
             # Write the address of the sensor into `device` of each entity that you want to keep (as A4:C1:38:00:11:22;\n\
             # it is on the sensor, or in Home Assistant under Settings, Devices, Bluetooth). Entities without a device\n\
             # are left out. Correct `quantity` where it was guessed wrong. Of several equal sensors of one device the\n\
             # second has `instance = 1`.\n",
        );
        for entity in entities {
            text.push('\n');
            let guess = guess(entity);
            let lead = if guess.is_some() { "" } else { "# " };
            let (states, hours) = (entity.states, entity.hours);
            let day = |at: UnixMillis| time::text(at).map_or_else(String::new, |text| text.chars().take(10).collect());
            let span =
                entity.span.map_or_else(String::new, |(first, last)| format!(", {} to {}", day(first), day(last)));
            let name = entity.name.as_deref().map_or_else(String::new, |name| format!("{}: ", one_line(name)));
            let class =
                entity.class.as_deref().map_or_else(String::new, |class| format!(", class {}", one_line(class)));
            line(&mut text, format_args!("# {name}{states} states, {hours} hours of statistics{span}{class}"));
            line(&mut text, format_args!("{lead}[[entity]]"));
            line(&mut text, format_args!("{lead}id = {}", quoted(&entity.id)));
            line(&mut text, format_args!("{lead}device = \"\""));
            line(&mut text, format_args!("{lead}quantity = {}", quoted(guess.map_or("", Quantity::name))));
            if let Some(unit) = &entity.unit {
                line(&mut text, format_args!("{lead}unit = {}", quoted(unit)));
            }
        }
        text
    }
}

/// Writing to a text cannot fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// A text in TOML.
fn quoted(text: &str) -> String {
    format!("\"{}\"", one_line(text).replace('\\', "\\\\").replace('"', "\\\""))
}

/// The quantity that an entity most likely measures; one that its unit can be converted to.
fn guess(entity: &Entity) -> Option<Quantity> {
    let class = entity.class.as_deref().unwrap_or_default();
    let unit = entity.unit.as_deref().unwrap_or_default();
    let found = if entity.id.starts_with("binary_sensor.") { of_binary(class) } else { of_class(class, unit) };
    found.or_else(|| of_unit(unit, &entity.id)).filter(|quantity| scale(*quantity, unit).is_some())
}

fn of_binary(class: &str) -> Option<Quantity> {
    Some(match class {
        "battery" => Quantity::BatteryLow,
        "gas" => Quantity::GasDetected,
        "moisture" => Quantity::MoistureDetected,
        "power" => Quantity::PowerOn,
        "" => Quantity::GenericBoolean,
        class => return Quantity::from_name(class).filter(|quantity| quantity.kind() == hub_model::Kind::Binary),
    })
}

fn of_class(class: &str, unit: &str) -> Option<Quantity> {
    Some(match class {
        "atmospheric_pressure" => Quantity::Pressure,
        "carbon_dioxide" => Quantity::Co2,
        "volatile_organic_compounds" => Quantity::Tvoc,
        "pm25" => Quantity::Pm2_5,
        "weight" => Quantity::Mass,
        "wind_speed" => Quantity::Speed,
        "signal_strength" if unit == "dBm" => Quantity::Rssi,
        "wind_direction" => Quantity::Direction,
        class => return Quantity::from_name(class).filter(|quantity| quantity.kind() != hub_model::Kind::Binary),
    })
}

fn of_unit(unit: &str, id: &str) -> Option<Quantity> {
    Some(match unit {
        "°C" | "°F" => Quantity::Temperature,
        "%" if id.contains("humid") => Quantity::Humidity,
        "%" if id.contains("batter") => Quantity::Battery,
        "%" if id.contains("moist") => Quantity::Moisture,
        "hPa" | "mbar" | "Pa" | "kPa" | "inHg" => Quantity::Pressure,
        "kWh" | "Wh" | "MWh" => Quantity::Energy,
        "W" | "kW" => Quantity::Power,
        "V" | "mV" => Quantity::Voltage,
        "A" | "mA" => Quantity::Current,
        "lx" => Quantity::Illuminance,
        "ppm" => Quantity::Co2,
        "dBm" => Quantity::Rssi,
        "µS/cm" | "uS/cm" => Quantity::Conductivity,
        _ => return None,
    })
}
