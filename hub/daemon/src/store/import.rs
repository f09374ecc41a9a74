//! `hubd store import`: history out of files into the store.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use hub_archive::{ArchiveError, CsvReader, ParquetReader, Rejected, Row};
use hub_assembly::{Config, ReplayClock};
use serde_json::{Map, Value};

use super::{
    intake::Intake,
    task::{ImportArguments, ImportFormat},
};
use crate::{clock::Stopwatch, exit::Failure, show};

/// Imports and sums up as JSON.
pub(super) fn import(arguments: &ImportArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    #[cfg(feature = "home-assistant")]
    if arguments.format == ImportFormat::HomeAssistant && arguments.map.is_none() {
        return super::home_assistant::suggest(&arguments.from);
    }
    let watch = Stopwatch::start();
    let source = Source::open(arguments)?;
    // Into a new hub too; but nothing is made only to tell.
    let hub = match arguments.dry_run {
        true => super::open_existing(config)?,
        false => super::open_replay(config, &Arc::new(ReplayClock::default()))?,
    };
    let history = hub.history();
    let mut intake = Intake::new(&hub, &history, arguments.dry_run);
    let more = source.pour(arguments.format, &mut intake)?;
    let mut summary = intake.finish()?;
    summary.extend(more);
    summary.insert("seconds".to_owned(), watch.seconds().into());
    show(&Value::Object(summary).to_string())
}

/// Where history comes from; opened before the store is.
enum Source {
    Files(Vec<PathBuf>),
    #[cfg(feature = "home-assistant")]
    HomeAssistant(Box<super::home_assistant::Recorder>),
}

impl Source {
    fn open(arguments: &ImportArguments) -> Result<Self, Failure> {
        match arguments.format {
            ImportFormat::Csv => files(&arguments.from, "csv").map(Self::Files),
            ImportFormat::Parquet => files(&arguments.from, "parquet").map(Self::Files),
            #[cfg(feature = "home-assistant")]
            ImportFormat::HomeAssistant => {
                let map = arguments.map.as_deref().unwrap_or(Path::new(""));
                super::home_assistant::Recorder::open(&arguments.from, map)
                    .map(|recorder| Self::HomeAssistant(Box::new(recorder)))
            }
        }
    }

    /// Takes everything in; tells what only this source counts.
    fn pour(self, format: ImportFormat, intake: &mut Intake<'_>) -> Result<Map<String, Value>, Failure> {
        match self {
            Self::Files(files) => {
                for path in files {
                    let name = path.display().to_string();
                    let failed = |source: ArchiveError| Failure::Archive { file: name.clone(), source };
                    let file = File::open(&path).map_err(|error| failed(error.into()))?;
                    if format == ImportFormat::Parquet {
                        take_all(ParquetReader::new(file).map_err(failed)?, &name, intake)?;
                    } else {
                        take_all(CsvReader::new(file).map_err(failed)?, &name, intake)?;
                    }
                }
                Ok(Map::new())
            }
            #[cfg(feature = "home-assistant")]
            Self::HomeAssistant(recorder) => recorder.pour(intake),
        }
    }
}

fn take_all(
    rows: impl Iterator<Item = Result<Row, ArchiveError>>,
    file: &str,
    intake: &mut Intake<'_>,
) -> Result<(), Failure> {
    for row in rows {
        match row.map_err(|source| Failure::Archive { file: file.to_owned(), source })? {
            Ok(record) => intake.take(&record)?,
            Err(Rejected { line, reason }) => intake.refuse(format_args!("{file}: line {line}"), &reason),
        }
    }
    Ok(())
}

/// The file, or those of the folder that have this ending, in order.
fn files(from: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    if !from.is_dir() {
        return Ok(vec![from.to_owned()]);
    }
    let failed = |error: std::io::Error| Failure::Archive { file: from.display().to_string(), source: error.into() };
    let mut files = Vec::new();
    for entry in fs::read_dir(from).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|own| own == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
