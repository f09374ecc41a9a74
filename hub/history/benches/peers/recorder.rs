//! SQLite with the tables, indexes and settings of Home Assistant's recorder (schema version 43).
//!
//! A state is a row when its value changed; every five minutes and every hour each series gets a row of statistics. What
//! else the recorder does is left out, so that it is measured below its true cost: Python, events, the time of last report
//! of unchanged states, runs of statistics, the nightly purge and the monthly repack.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    path::{Path, PathBuf},
};

use anyhow::Result;
use rusqlite::{Connection, Transaction, params};

use crate::{
    house::{HOUR, Luck, METRICS, Reading},
    peer::{Kept, Peer, Written},
    wal::{self, WalMeter},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS states_meta(metadata_id INTEGER NOT NULL PRIMARY KEY, entity_id VARCHAR(255));
    CREATE UNIQUE INDEX IF NOT EXISTS ix_states_meta_entity_id ON states_meta(entity_id);
    CREATE TABLE IF NOT EXISTS state_attributes(attributes_id INTEGER NOT NULL PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
    CREATE INDEX IF NOT EXISTS ix_state_attributes_hash ON state_attributes(hash);
    CREATE TABLE IF NOT EXISTS states(
        state_id INTEGER NOT NULL PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0),
        event_id SMALLINT, last_changed CHAR(0), last_changed_ts FLOAT, last_reported_ts FLOAT, last_updated CHAR(0),
        last_updated_ts FLOAT, old_state_id INTEGER REFERENCES states(state_id),
        attributes_id INTEGER REFERENCES state_attributes(attributes_id), context_id CHAR(0), context_user_id CHAR(0),
        context_parent_id CHAR(0), origin_idx SMALLINT, context_id_bin BLOB, context_user_id_bin BLOB,
        context_parent_id_bin BLOB, metadata_id INTEGER REFERENCES states_meta(metadata_id)
    );
    CREATE INDEX IF NOT EXISTS ix_states_metadata_id_last_updated_ts ON states(metadata_id, last_updated_ts);
    CREATE INDEX IF NOT EXISTS ix_states_context_id_bin ON states(context_id_bin);
    CREATE INDEX IF NOT EXISTS ix_states_last_updated_ts ON states(last_updated_ts);
    CREATE INDEX IF NOT EXISTS ix_states_old_state_id ON states(old_state_id);
    CREATE INDEX IF NOT EXISTS ix_states_attributes_id ON states(attributes_id);
    CREATE TABLE IF NOT EXISTS statistics_meta(
        id INTEGER NOT NULL PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32), unit_of_measurement VARCHAR(255),
        has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255)
    );
    CREATE UNIQUE INDEX IF NOT EXISTS ix_statistics_meta_statistic_id ON statistics_meta(statistic_id);
";

/// Both tables of statistics are alike.
const STATISTICS: &str = "
    CREATE TABLE IF NOT EXISTS {table}(
        id INTEGER NOT NULL PRIMARY KEY, created CHAR(0), created_ts FLOAT,
        metadata_id INTEGER REFERENCES statistics_meta(id) ON DELETE CASCADE, start CHAR(0), start_ts FLOAT, mean FLOAT,
        min FLOAT, max FLOAT, last_reset CHAR(0), last_reset_ts FLOAT, state FLOAT, sum FLOAT
    );
    CREATE INDEX IF NOT EXISTS ix_{table}_start_ts ON {table}(start_ts);
    CREATE UNIQUE INDEX IF NOT EXISTS ix_{table}_statistic_id_start_ts ON {table}(metadata_id, start_ts);
";

const SHORT_TERM: (&str, i64) = ("statistics_short_term", 300_000);
const HOURLY: (&str, i64) = ("statistics", HOUR);

/// The values of a series since its slot of statistics began.
#[derive(Default)]
struct Slot {
    min: f64,
    max: f64,
    sum: f64,
    count: u32,
}

impl Slot {
    fn take(&mut self, value: f64) {
        let is_first = self.count == 0;
        self.min = if is_first { value } else { self.min.min(value) };
        self.max = if is_first { value } else { self.max.max(value) };
        self.sum += value;
        self.count += 1;
    }
}

/// What the recorder remembers of a series.
struct Entity {
    value: i64,
    state_id: i64,
    short_term: Slot,
    hourly: Slot,
}

pub(crate) struct Recorder {
    pub(crate) connection: Connection,
    path: PathBuf,
    meter: WalMeter,
    entities: BTreeMap<(u32, usize), Entity>,
    /// When the open slots of five minutes and of one hour began.
    slots: [i64; 2],
    luck: Luck,
}

impl Recorder {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        connection.execute_batch(SCHEMA)?;
        for (table, _) in [SHORT_TERM, HOURLY] {
            connection.execute_batch(&STATISTICS.replace("{table}", table))?;
        }
        connection.set_prepared_statement_cache_capacity(32);
        let meter = WalMeter::new(path, &mut connection)?;
        let path = path.to_owned();
        let (entities, luck) = (BTreeMap::new(), Luck(1));
        Ok(Self { connection, path, meter, entities, slots: [i64::MIN; 2], luck })
    }

    /// Takes the hourly figures before `until` from a tuned store, as if it had kept them all along.
    pub(crate) fn take_hours(&self, tuned: &Path, until: i64) -> Result<()> {
        self.connection.execute("ATTACH ? AS tuned", [tuned.to_string_lossy()])?;
        self.connection.execute(
            "INSERT INTO statistics(created_ts, metadata_id, start_ts, mean, min, max)
             SELECT (hour + 1) * 3600 + 10.0, series + 1, hour * 3600.0, sum / 1e3 / count, min / 1e3, max / 1e3
             FROM tuned.hourly WHERE hour < ? ORDER BY hour, series",
            [until / HOUR],
        )?;
        self.connection.execute("DETACH tuned", [])?;
        Ok(())
    }

    /// The number of a series in `states_meta` and `statistics_meta`.
    pub(crate) const fn metadata_id(sensor: u32, metric: usize) -> i64 {
        sensor as i64 * METRICS.len() as i64 + metric as i64 + 1
    }

    fn introduce(transaction: &Transaction<'_>, sensor: u32, metric: usize) -> Result<Entity> {
        let (id, quantity) = (Self::metadata_id(sensor, metric), METRICS.get(metric).map_or("", |q| q.name()));
        let name = format!("sensor.room_{sensor}_{quantity}");
        let attributes = format!(
            r#"{{"state_class":"measurement","unit_of_measurement":"…","device_class":"{quantity}","friendly_name":"Room {sensor} {quantity}"}}"#
        );
        transaction.execute("INSERT INTO states_meta VALUES (?, ?)", params![id, name])?;
        transaction
            .execute("INSERT INTO state_attributes VALUES (?, ?, ?)", params![id, id * 2_654_435_761, attributes])?;
        transaction
            .execute("INSERT INTO statistics_meta VALUES (?, ?, 'recorder', '…', 1, 0, NULL)", params![id, name])?;
        Ok(Entity { value: i64::MIN, state_id: 0, short_term: Slot::default(), hourly: Slot::default() })
    }

    /// Writes down what is over at this time: five minutes, an hour.
    fn close_slots(&mut self, at: i64) -> Result<()> {
        self.close_slot(at, 0)?;
        self.close_slot(at, 1)
    }

    fn close_slot(&mut self, at: i64, which: usize) -> Result<()> {
        let Some(((table, width), begun)) = [SHORT_TERM, HOURLY].into_iter().zip(&mut self.slots).nth(which) else {
            return Ok(());
        };
        let slot = at.div_euclid(width) * width;
        if slot <= *begun {
            return Ok(());
        }
        let start = std::mem::replace(begun, slot);
        let sql =
            format!("INSERT INTO {table}(created_ts, metadata_id, start_ts, mean, min, max) VALUES (?, ?, ?, ?, ?, ?)");
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(&sql)?;
            for ((sensor, metric), entity) in &mut self.entities {
                let of = std::mem::take(if which == 0 { &mut entity.short_term } else { &mut entity.hourly });
                if of.count > 0 {
                    let (id, mean) = (Self::metadata_id(*sensor, *metric), of.sum / f64::from(of.count));
                    let (created, start) = (seconds(slot) + 10.0, seconds(start));
                    insert.execute(params![created, id, start, mean, of.min, of.max])?;
                }
            }
        }
        // Statistics are a transaction of their own.
        transaction.commit()?;
        self.meter.committed(&self.connection)
    }

    /// A row for every value that changed.
    fn commit_states(&mut self, readings: &[Reading]) -> Result<()> {
        let mut is_changed = false;
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(
                "INSERT INTO states(state, last_updated_ts, old_state_id, attributes_id, origin_idx, context_id_bin, metadata_id)
                 VALUES (?, ?, ?, ?, 0, ?, ?)",
            )?;
            for reading in readings {
                for (metric, value) in reading.values().iter().enumerate() {
                    let key = (reading.sensor, metric);
                    let entity = match self.entities.entry(key) {
                        Entry::Occupied(known) => known.into_mut(),
                        Entry::Vacant(new) => new.insert(Self::introduce(&transaction, reading.sensor, metric)?),
                    };
                    let shown = in_units(*value, metric);
                    entity.short_term.take(shown);
                    entity.hourly.take(shown);
                    if entity.value == *value {
                        continue;
                    }
                    entity.value = *value;
                    is_changed = true;
                    let id = Self::metadata_id(reading.sensor, metric);
                    let before = (entity.state_id > 0).then_some(entity.state_id);
                    let context = context(reading.at, &mut self.luck);
                    let digits = if metric == 3 { 0 } else { 2 };
                    let state = format!("{shown:.digits$}");
                    entity.state_id =
                        insert.insert(params![state, seconds(reading.at), before, id, context.as_slice(), id])?;
                }
            }
        }
        transaction.commit()?;
        if is_changed { self.meter.committed(&self.connection) } else { Ok(()) }
    }
}

impl Peer for Recorder {
    fn commit(&mut self, now: i64, readings: &[Reading]) -> Result<()> {
        let Some(first) = readings.first() else { return Ok(()) };
        if self.slots == [i64::MIN; 2] {
            self.slots = [SHORT_TERM, HOURLY].map(|(_, width)| first.at.div_euclid(width) * width);
        }
        // Where a commit is longer than the short term, it is several.
        let slot = |reading: &Reading| reading.at.div_euclid(SHORT_TERM.1);
        for part in readings.chunk_by(|a, b| slot(a) == slot(b)) {
            self.close_slots(part.first().map_or(now, |reading| reading.at))?;
            self.commit_states(part)?;
        }
        self.close_slots(now)
    }

    fn written(&self) -> Written {
        self.meter.written()
    }

    fn close(self) -> Result<Kept> {
        wal::close(self.connection, &self.path)
    }
}

fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

/// The value as people see it.
fn in_units(value: i64, metric: usize) -> f64 {
    value as f64 / steps(metric)
}

/// The value as we keep it.
pub(crate) fn in_steps(value: f64, metric: usize) -> i64 {
    (value * steps(metric)).round() as i64
}

fn steps(metric: usize) -> f64 {
    10_f64.powi(-METRICS.get(metric).map_or(0, |quantity| i32::from(quantity.exponent())))
}

/// A ULID: 48 bits of milliseconds and 80 of luck.
fn context(at: i64, luck: &mut Luck) -> [u8; 16] {
    let number = (at as u128) << 80 | u128::from(luck.number()) << 16 | u128::from(luck.number() & 0xFFFF);
    number.to_be_bytes()
}
