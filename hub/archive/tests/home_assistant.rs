//! Databases as Home Assistant makes them: what is in them comes out as ours.

#![cfg(feature = "home-assistant")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use hub_archive::{ArchiveError, Counts, HomeAssistant, Map, MapError, Reason, Record, Seen};
use hub_model::{Figures, Quantity, UnixMillis};
use rusqlite::Connection;
use tempfile::TempDir;

/// Schema 43, as SQLAlchemy writes it: without the indices, which change no answer.
const NEW: &str = "
CREATE TABLE states (state_id INTEGER NOT NULL, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0), event_id SMALLINT,
    last_changed CHAR(0), last_changed_ts FLOAT, last_reported_ts FLOAT, last_updated CHAR(0), last_updated_ts FLOAT,
    old_state_id INTEGER, attributes_id INTEGER, context_id CHAR(0), context_user_id CHAR(0), context_parent_id CHAR(0),
    origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB, context_parent_id_bin BLOB, metadata_id INTEGER,
    PRIMARY KEY (state_id));
CREATE TABLE states_meta (metadata_id INTEGER NOT NULL, entity_id VARCHAR(255), PRIMARY KEY (metadata_id));
CREATE TABLE state_attributes (attributes_id INTEGER NOT NULL, hash BIGINT, shared_attrs TEXT, PRIMARY KEY (attributes_id));
CREATE TABLE statistics_meta (id INTEGER NOT NULL, statistic_id VARCHAR(255), source VARCHAR(32),
    unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255), PRIMARY KEY (id));
CREATE TABLE statistics (id INTEGER NOT NULL, created CHAR(0), created_ts FLOAT, metadata_id INTEGER, start CHAR(0),
    start_ts FLOAT, mean FLOAT, min FLOAT, max FLOAT, last_reset CHAR(0), last_reset_ts FLOAT, state FLOAT, sum FLOAT,
    PRIMARY KEY (id));
CREATE TABLE statistics_short_term (id INTEGER NOT NULL, created CHAR(0), created_ts FLOAT, metadata_id INTEGER,
    start CHAR(0), start_ts FLOAT, mean FLOAT, min FLOAT, max FLOAT, last_reset CHAR(0), last_reset_ts FLOAT, state FLOAT,
    sum FLOAT, PRIMARY KEY (id));
CREATE TABLE schema_changes (change_id INTEGER NOT NULL, schema_version INTEGER, changed DATETIME, PRIMARY KEY (change_id));
INSERT INTO schema_changes VALUES (1, 43, '2026-11-01 00:00:00');
INSERT INTO states_meta VALUES (1, 'sensor.attic'), (2, 'sensor.meter'), (3, 'binary_sensor.door'), (4, 'sun.sun'),
    (5, 'sensor.weather_text');
INSERT INTO state_attributes VALUES
    (1, 1, '{\"unit_of_measurement\":\"°F\",\"device_class\":\"temperature\",\"friendly_name\":\"Attic \\\"up\\\"\"}'),
    (2, 2, '{\"unit_of_measurement\":\"Wh\",\"device_class\":\"energy\"}'),
    (3, 3, '{\"device_class\":\"door\"}');
INSERT INTO states (state, last_updated_ts, attributes_id, metadata_id) VALUES
    ('71.6', 1793491200.1234, 1, 1), ('unavailable', 1793491260.0, NULL, 1), ('72.5', 1793491320.0, 1, 1),
    ('unknown', 1793491330.0, NULL, 1), ('hot', 1793491340.0, 1, 1), ('7200', 1793491350.0, 1, 1),
    ('1500000', 1793491200.0, 2, 2), ('on', 1793491200.0, 3, 3), ('off', 1793491260.0, 3, 3),
    ('above_horizon', 1793491200.0, NULL, 4), ('rainy', 1793491200.0, NULL, 5);
INSERT INTO statistics_meta VALUES (1, 'sensor.attic', 'recorder', '°F', 1, 0, NULL),
    (2, 'sensor.meter', 'recorder', 'Wh', 0, 1, NULL), (3, 'sensor.gone', 'recorder', 'hPa', 1, 0, NULL);
INSERT INTO statistics (metadata_id, start_ts, mean, min, max, state, sum) VALUES
    (1, 1790000000.0 - 2000.0 * 3.6, 68.0, 67.1, 70.7, NULL, NULL),
    (1, 1790006400.0, NULL, NULL, NULL, NULL, NULL),
    (2, 1790000000.0 - 2000.0 * 3.6, NULL, NULL, NULL, 1234567.0, 99.0),
    (3, 1790000000.0 - 2000.0 * 3.6, 1013.25, 1013.0, 1013.5, NULL, NULL);
";

/// The layout of 2021.
const OLD: &str = "
CREATE TABLE states (state_id INTEGER NOT NULL, domain VARCHAR(64), entity_id VARCHAR(255), state VARCHAR(255),
    attributes TEXT, event_id INTEGER, last_changed DATETIME, last_updated DATETIME, created DATETIME, old_state_id INTEGER,
    PRIMARY KEY (state_id));
CREATE TABLE statistics_meta (id INTEGER NOT NULL, statistic_id VARCHAR(255), source VARCHAR(32),
    unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, PRIMARY KEY (id));
CREATE TABLE statistics (id INTEGER NOT NULL, created DATETIME, start DATETIME, mean FLOAT, min FLOAT, max FLOAT,
    last_reset DATETIME, state FLOAT, sum FLOAT, metadata_id INTEGER, PRIMARY KEY (id));
INSERT INTO states (domain, entity_id, state, attributes, last_changed, last_updated) VALUES
    ('sensor', 'sensor.cellar', '12.34', '{\"unit_of_measurement\": \"°C\", \"friendly_name\": \"Cellar\"}',
     '2021-09-01 10:00:00.000000', '2021-09-01 10:00:00.250000'),
    ('sensor', 'sensor.cellar', 'unknown', '{}', '2021-09-01 10:01:00.000000', '2021-09-01 10:01:00.000000'),
    ('sensor', 'sensor.cellar', '12.5', '{\"unit_of_measurement\": \"°C\"}', '2021-09-01 10:02:00.000000', '2021-09-01 10:02:00.000000');
INSERT INTO statistics_meta VALUES (1, 'sensor.cellar', 'recorder', '°C', 1, 0);
INSERT INTO statistics (start, mean, min, max, metadata_id) VALUES ('2021-08-31 22:00:00.000000', 12.4, 12.3, 12.5, 1);
";

const MAP: &str = "
[[entity]]
id = 'sensor.attic'
device = 'A4:C1:38:00:11:22'
quantity = 'temperature'
unit = '°F'
[[entity]]
id = 'sensor.meter'
device = '0123456789abcdef'
quantity = 'energy'
unit = 'Wh'
[[entity]]
id = 'binary_sensor.door'
device = 'A4:C1:38:00:11:23'
quantity = 'door'
instance = 1
[[entity]]
id = 'sensor.gone'
device = ''
quantity = 'pressure'
";

struct Installation {
    _folder: TempDir,
    database: HomeAssistant,
}

fn installation(schema: &str) -> Installation {
    let folder = tempfile::tempdir().unwrap();
    // A name that means something in an address.
    let path = folder.path().join("home-assistant_v2?100%.db");
    let database = Connection::open(&path).unwrap();
    database.pragma_update(None, "journal_mode", "wal").unwrap();
    database.execute_batch(schema).unwrap();
    drop(database);
    let database = HomeAssistant::open(&path).unwrap();
    Installation { _folder: folder, database }
}

fn all(installation: &Installation, map: &Map, nth: usize) -> (Vec<Seen>, Counts) {
    let mut seen = Vec::new();
    let counts = installation.database.each(&map.entities[nth], |what| {
        seen.push(what);
        Ok::<_, ArchiveError>(())
    });
    (seen, counts.unwrap())
}

fn points(seen: &[Seen]) -> Vec<(i64, i64)> {
    let point = |seen: &Seen| match seen {
        Seen::Record(Record::Reading(reading)) => Some((reading.at.0, reading.value)),
        _ => None,
    };
    seen.iter().filter_map(point).collect()
}

fn hours(seen: &[Seen]) -> Vec<Figures> {
    let hour = |seen: &Seen| match seen {
        Seen::Record(Record::Figures(figures)) => Some(*figures),
        _ => None,
    };
    seen.iter().filter_map(hour).collect()
}

const HOUR: i64 = 1_789_992_000_000;

#[test]
fn states_and_statistics_become_ours() {
    let installation = installation(NEW);
    let map = Map::parse(MAP).unwrap();
    assert_eq!(map.unmapped, ["sensor.gone"]);
    let (seen, counts) = all(&installation, &map, 0);
    assert_eq!(points(&seen), [(1_793_491_200_123, 22_000), (1_793_491_320_000, 22_500)]);
    assert_eq!(counts, Counts { states: 6, without_value: 2, hours: 2 });
    assert_eq!(seen.iter().filter(|seen| **seen == Seen::Nothing).count(), 2);
    let refused: Vec<_> = seen
        .iter()
        .filter_map(|seen| if let Seen::Refused(row, reason) = seen { Some((*row, reason.code())) } else { None })
        .collect();
    assert_eq!(refused, [(5, "bad_number"), (6, "implausible"), (2, "missing_field")]);
    let [hour] = hours(&seen)[..] else { panic!("one hour: {seen:?}") };
    assert_eq!((hour.at.0, hour.count, hour.min, hour.sum, hour.max), (HOUR, 1, 19_500, 20_000, 21_500));
    assert_eq!((hour.first, hour.last_value, hour.are_possible()), (UnixMillis(HOUR), 20_000, true));

    let (seen, _) = all(&installation, &map, 1);
    assert_eq!(points(&seen), [(1_793_491_200_000, 1_500_000)]);
    let [hour] = hours(&seen)[..] else { panic!("one hour: {seen:?}") };
    assert_eq!((hour.min, hour.sum, hour.last_value), (1_234_567, 1_234_567, 1_234_567));
    assert_eq!(hour.last, UnixMillis(HOUR + 3_599_999), "a meter is read at the end of the hour");

    let (seen, _) = all(&installation, &map, 2);
    assert_eq!(points(&seen), [(1_793_491_200_000, 1), (1_793_491_260_000, 0)]);
    assert_eq!((map.entities[2].series.quantity, map.entities[2].series.instance), (Quantity::Door, 1));
}

#[test]
fn the_layout_of_2021_is_read_too() {
    let installation = installation(OLD);
    let map = "[[entity]]\nid = 'sensor.cellar'\ndevice = 'A4:C1:38:00:11:22'\nquantity = 'temperature'\n";
    let map = Map::parse(map).unwrap();
    let (seen, counts) = all(&installation, &map, 0);
    assert_eq!(points(&seen), [(1_630_490_400_250, 12_340), (1_630_490_520_000, 12_500)]);
    assert_eq!(counts, Counts { states: 3, without_value: 1, hours: 1 });
    assert_eq!(hours(&seen)[0].at, UnixMillis(1_630_447_200_000));
}

#[test]
fn a_database_on_its_way_between_the_layouts_is_read_whole() {
    let installation = installation(NEW);
    let path = installation._folder.path().join("home-assistant_v2?100%.db");
    let database = Connection::open(path).unwrap();
    let row = "INSERT INTO states (entity_id, state, last_updated) VALUES ('sensor.attic', '50', '2026-10-31 00:00:00.000000')";
    database.execute_batch(row).unwrap();
    let map = Map::parse(MAP).unwrap();
    let (seen, counts) = all(&installation, &map, 0);
    assert_eq!((points(&seen)[0], counts.states), ((1_793_404_800_000, 10_000), 7));
}

#[test]
fn a_map_is_suggested_that_wants_only_devices() {
    let installation = installation(NEW);
    let entities = installation.database.entities().unwrap();
    let ids: Vec<_> = entities.iter().map(|entity| (entity.id.as_str(), entity.states, entity.hours)).collect();
    let expected =
        [("binary_sensor.door", 2, 0), ("sensor.attic", 6, 2), ("sensor.gone", 0, 1), ("sensor.meter", 1, 1)];
    assert_eq!(ids, expected);
    let text = Map::suggested(&entities);
    let attic = "\n# Attic \"up\": 6 states, 2 hours of statistics, 2026-09-21 to 2026-11-01, class temperature\n\
                 [[entity]]\nid = \"sensor.attic\"\ndevice = \"\"\nquantity = \"temperature\"\nunit = \"°F\"\n";
    assert!(text.contains(attic), "{text}");
    assert!(text.contains("quantity = \"door\"") && text.contains("quantity = \"pressure\""), "{text}");
    let map = Map::parse(&text).unwrap();
    assert_eq!((map.entities.len(), map.unmapped.len()), (0, 4));
    let filled = text.replace("device = \"\"", "device = \"A4:C1:38:00:11:22\"");
    assert_eq!(Map::parse(&filled).unwrap().entities.len(), 4);
}

#[test]
fn a_map_that_is_wrong_is_refused_with_what_would_be_right() {
    let entity = |fields: &str| Map::parse(&format!("[[entity]]\nid = 'sensor.a'\n{fields}\n")).unwrap_err();
    for (fields, part) in [
        ("device = 'kitchen'\nquantity = 'temperature'", "device of sensor.a is \"kitchen\""),
        ("device = 'a4c138001122'\nquantity = 'warmth'", "one of temperature, humidity"),
        ("device = 'a4c138001122'\nquantity = 'temperature'\nunit = '%'", "\"°C\" or one that can be converted"),
        ("device = 'a4c138001122'\nquantity = 'temperature'\ncolour = 'red'", "unknown field `colour`"),
        ("device = 'a4c138001122'", "missing field `quantity`"),
    ] {
        let told = entity(fields).to_string();
        assert!(told.contains(part), "{told}");
    }
    let twice = format!("{MAP}{}", "[[entity]]\nid = 'sensor.attic'\nquantity = 'temperature'\n");
    assert_eq!(Map::parse(&twice), Err(MapError::Twice { id: "sensor.attic".to_owned() }));
    let map = Map::parse(MAP).unwrap();
    assert!(matches!(map.entities[0].value("nan"), Err(Reason::Number { .. })));
}

#[test]
fn another_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    let refused = HomeAssistant::open(&path).unwrap_err();
    assert!(matches!(refused, ArchiveError::NotARecorder { table: "states", .. }), "{refused:?}");
    std::fs::write(&path, "no database at all, but long enough to be asked for its header and its tables".repeat(9))
        .unwrap();
    assert!(matches!(HomeAssistant::open(&path).unwrap_err(), ArchiveError::Sqlite { .. }));
    assert!(matches!(HomeAssistant::open(&folder.path().join("none.db")).unwrap_err(), ArchiveError::Io(_)));
}
