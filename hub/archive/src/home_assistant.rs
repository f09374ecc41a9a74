//! Home Assistant's recorder database (SQLite): its states, and the hourly statistics that it keeps when states are gone.
//!
//! Both layouts are understood: the present one (schema 43 and later: `states_meta`, times as seconds since 1970), the
//! older one (up to schema 30: the entity in every row, times as text), and databases on the way between the two.
//! Nothing is written.
//!
//! Statistics have no number of readings. An hour of them counts as *one* reading: its sum is the mean, so that a day of
//! such hours has the mean of their means, and one real reading in that hour already knows more. Meters have no mean
//! there; what they showed at the end of the hour is taken.

mod map;
mod read;
mod suggest;

use std::{collections::BTreeSet, path::Path};

use rusqlite::{Connection, OpenFlags};

use crate::ArchiveError;
pub use map::{Map, MapError, Mapped};
pub use read::{Counts, Seen};
pub use suggest::Entity;

/// A recorder database, open for reading.
#[derive(Debug)]
pub struct HomeAssistant {
    database: Connection,
    path: std::path::PathBuf,
    states: BTreeSet<String>,
    statistics: BTreeSet<String>,
    tables: BTreeSet<String>,
}

impl HomeAssistant {
    /// Opens the database in a file.
    ///
    /// # Errors
    /// When it cannot be read, or is something else.
    pub fn open(path: &Path) -> Result<Self, ArchiveError> {
        std::fs::File::open(path)?;
        let failed = |source| ArchiveError::Sqlite { path: path.to_owned(), source };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let open = |address: String| {
            let database = Connection::open_with_flags(address, flags)?;
            let tables = names(&database, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")?;
            Ok((database, tables))
        };
        let address = address(path);
        // A copy from a folder that cannot be written has a log that nobody can take in: then the file alone is read.
        let (database, tables) = open(format!("file:{address}?mode=ro"))
            .or_else(|error: rusqlite::Error| open(format!("file:{address}?immutable=1")).map_err(|_| error))
            .map_err(failed)?;
        let columns =
            |table: &str| names(&database, &format!("SELECT name FROM pragma_table_info('{table}')")).map_err(failed);
        let (states, statistics) = (columns("states")?, columns("statistics")?);
        // Before 2021 there were no statistics.
        if !states.contains("state") {
            return Err(ArchiveError::NotARecorder { path: path.to_owned(), table: "states" });
        }
        Ok(Self { database, path: path.to_owned(), states, statistics, tables })
    }

    fn failed(&self) -> impl Fn(rusqlite::Error) -> ArchiveError + '_ {
        |source| ArchiveError::Sqlite { path: self.path.clone(), source }
    }

    fn has(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    /// How to tell, in SQL, when a row of states was written, in seconds since 1970.
    fn state_time(&self) -> &'static str {
        match (self.states.contains("last_updated_ts"), self.states.contains("last_updated")) {
            (true, true) => "COALESCE(s.last_updated_ts, (julianday(s.last_updated) - 2440587.5) * 86400.0)",
            (true, false) => "s.last_updated_ts",
            (false, _) => "(julianday(s.last_updated) - 2440587.5) * 86400.0",
        }
    }

    /// How to tell, in SQL, when an hour of statistics begins, in seconds since 1970.
    fn statistic_time(&self) -> &'static str {
        match (self.statistics.contains("start_ts"), self.statistics.contains("start")) {
            (true, true) => "COALESCE(t.start_ts, (julianday(t.start) - 2440587.5) * 86400.0)",
            (true, false) => "t.start_ts",
            (false, _) => "(julianday(t.start) - 2440587.5) * 86400.0",
        }
    }

    /// Which rows of states are of the entity `?1`, in SQL; each of the two ways has its index.
    fn of_entity(&self) -> &'static str {
        let by_id = "s.metadata_id = (SELECT metadata_id FROM states_meta WHERE entity_id = ?1)";
        let by_name = "s.entity_id = ?1";
        match (self.has("states_meta"), self.states.contains("entity_id")) {
            (true, true) => {
                "(s.metadata_id = (SELECT metadata_id FROM states_meta WHERE entity_id = ?1) \
                 OR (s.metadata_id IS NULL AND s.entity_id = ?1))"
            }
            (true, false) => by_id,
            (false, _) => by_name,
        }
    }
}

fn names(database: &Connection, query: &str) -> Result<BTreeSet<String>, rusqlite::Error> {
    database.prepare(query)?.query_map([], |row| row.get(0))?.collect()
}

/// The path in an address: what has a meaning there is escaped.
fn address(path: &Path) -> String {
    let text = path.to_string_lossy();
    text.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
