//! SQLite as one would tune it for this: clustered rows without a row number, a write-ahead log, an hourly table.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Result;
use rusqlite::{Connection, params};

use crate::{
    house::{HOUR, METRICS, Reading},
    peer::{Kept, Peer, Written},
    wal::{self, WalMeter},
};

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS readings(
        series INTEGER NOT NULL, at INTEGER NOT NULL, value INTEGER NOT NULL, PRIMARY KEY(series, at)
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS hourly(
        series INTEGER NOT NULL, hour INTEGER NOT NULL, min INTEGER NOT NULL, max INTEGER NOT NULL, sum INTEGER NOT NULL,
        count INTEGER NOT NULL, PRIMARY KEY(series, hour)
    ) WITHOUT ROWID;
";

/// An hour of one series that is not over yet.
struct Hour {
    min: i64,
    max: i64,
    sum: i64,
    count: i64,
}

pub(crate) struct Tuned {
    pub(crate) connection: Connection,
    path: PathBuf,
    meter: WalMeter,
    hour: i64,
    open: BTreeMap<i64, Hour>,
}

impl Tuned {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        // 16 MiB of pages: twice what the history has.
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.execute_batch(SCHEMA)?;
        connection.set_prepared_statement_cache_capacity(32);
        let meter = WalMeter::new(path, &mut connection)?;
        Ok(Self { connection, path: path.to_owned(), meter, hour: i64::MIN, open: BTreeMap::new() })
    }

    pub(crate) const fn series(sensor: u32, metric: usize) -> i64 {
        sensor as i64 * METRICS.len() as i64 + metric as i64
    }

    /// Writes down the hours that are over: kept in memory until then, which costs SQLite the least.
    fn close_hours(connection: &Connection, hour: i64, open: &mut BTreeMap<i64, Hour>) -> Result<()> {
        let mut insert = connection.prepare_cached("INSERT OR REPLACE INTO hourly VALUES (?, ?, ?, ?, ?, ?)")?;
        for (series, of) in std::mem::take(open) {
            insert.execute(params![series, hour, of.min, of.max, of.sum, of.count])?;
        }
        Ok(())
    }
}

impl Peer for Tuned {
    fn commit(&mut self, _now: i64, readings: &[Reading]) -> Result<()> {
        if readings.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached("INSERT OR REPLACE INTO readings VALUES (?, ?, ?)")?;
            for reading in readings {
                let hour = reading.at.div_euclid(HOUR);
                if hour > self.hour {
                    Self::close_hours(&transaction, self.hour, &mut self.open)?;
                    self.hour = hour;
                }
                for (metric, value) in reading.values().iter().enumerate() {
                    let series = Self::series(reading.sensor, metric);
                    // To the second, as the history keeps them.
                    insert.execute(params![series, reading.at / 1000, value])?;
                    let of = self.open.entry(series).or_insert(Hour { min: *value, max: *value, sum: 0, count: 0 });
                    (of.min, of.max) = (of.min.min(*value), of.max.max(*value));
                    (of.sum, of.count) = (of.sum + value, of.count + 1);
                }
            }
        }
        transaction.commit()?;
        self.meter.committed(&self.connection)
    }

    fn written(&self) -> Written {
        self.meter.written()
    }

    fn close(mut self) -> Result<Kept> {
        Self::close_hours(&self.connection, self.hour, &mut self.open)?;
        wal::close(self.connection, &self.path)
    }
}
