//! History in files: readings and figures out of the hub, and into it, from this hub or from another.
//!
//! A file holds either readings, one a row, or figures (what is left of readings that were let go). In each row stand
//! time, device, quantity and unit, so that it can be read without the hub, by a spreadsheet as by DuckDB. Values are exact
//! decimals: what is written and read again is the same.
//!
//! ```
//! use hub_archive::{CsvReader, CsvWriter, Kind, Record, RecordWriter};
//! use hub_model::{DeviceId, Quantity, Reading, SeriesKey, UnixMillis};
//!
//! let series = SeriesKey::new(DeviceId::from_u64(0xA4C1_3800_1122), Quantity::Temperature, 0);
//! let reading = Record::Reading(Reading { series, at: UnixMillis(1_790_000_000_000), value: 21_500 });
//! let mut file = Vec::new();
//! let mut writer = CsvWriter::new(&mut file, Kind::Readings)?;
//! writer.write(&reading)?;
//! Box::new(writer).finish()?;
//! assert!(file.ends_with("T14:13:20.000Z,A4:C1:38:00:11:22,temperature,0,21.5,°C\n".as_bytes()));
//! let mut rows = CsvReader::new(&file[..])?;
//! assert_eq!(rows.next().transpose()?, Some(Ok(reading)));
//! # Ok::<(), hub_archive::ArchiveError>(())
//! ```
//!
//! Does not know: how history is stored, which devices the owner adopted, where files lie; no clock.

mod convert;
mod csv;
mod decimal;
mod error;
#[cfg(feature = "home-assistant")]
mod home_assistant;
mod parquet;
mod record;
mod row;
mod time;

pub use convert::{Scale, scale};
pub use csv::{CsvReader, CsvWriter};
pub use error::{ArchiveError, Reason, Rejected};
#[cfg(feature = "home-assistant")]
pub use home_assistant::{Counts, Entity, HomeAssistant, Map, MapError, Mapped, Seen};
pub use parquet::{ParquetReader, ParquetWriter};
pub use record::{Kind, Record, RecordWriter, Row};
