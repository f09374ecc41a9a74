//! `hubd store import`: history out of files into the store.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use hub_archive::{ArchiveError, CsvReader, ParquetReader, Row};
use hub_assembly::{Config, ReplayClock};
use serde_json::Value;

use super::{
    intake::Intake,
    task::{ImportArguments, ImportFormat},
};
use crate::{clock::Stopwatch, exit::Failure, show};

/// Imports and sums up as JSON.
pub(super) fn import(arguments: &ImportArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    let files = files(&arguments.from, arguments.format)?;
    let watch = Stopwatch::start();
    // Into a new hub too; but nothing is made only to tell.
    let hub = match arguments.dry_run {
        true => super::open_existing(config)?,
        false => super::open_replay(config, &Arc::new(ReplayClock::default()))?,
    };
    let history = hub.history();
    let mut intake = Intake::new(&hub, &history, arguments.dry_run);
    for path in files {
        let failed = |source: ArchiveError| Failure::Archive { file: path.display().to_string(), source };
        let file = File::open(&path).map_err(|error| failed(error.into()))?;
        let name = path.display().to_string();
        match arguments.format {
            ImportFormat::Csv => take_all(CsvReader::new(file).map_err(failed)?, &name, &mut intake)?,
            ImportFormat::Parquet => take_all(ParquetReader::new(file).map_err(failed)?, &name, &mut intake)?,
        }
    }
    let mut summary = intake.finish()?;
    summary.insert("seconds".to_owned(), watch.seconds().into());
    show(&Value::Object(summary).to_string())
}

fn take_all(
    rows: impl Iterator<Item = Result<Row, ArchiveError>>,
    file: &str,
    intake: &mut Intake<'_>,
) -> Result<(), Failure> {
    for row in rows {
        match row.map_err(|source| Failure::Archive { file: file.to_owned(), source })? {
            Ok(record) => intake.take(&record)?,
            Err(rejected) => intake.refuse(file, &rejected),
        }
    }
    Ok(())
}

/// The file, or those of the folder that have the form's ending, in order.
fn files(from: &Path, format: ImportFormat) -> Result<Vec<PathBuf>, Failure> {
    if !from.is_dir() {
        return Ok(vec![from.to_owned()]);
    }
    let failed = |error: std::io::Error| Failure::Archive { file: from.display().to_string(), source: error.into() };
    let extension = match format {
        ImportFormat::Csv => "csv",
        ImportFormat::Parquet => "parquet",
    };
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
