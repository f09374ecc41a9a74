//! `hubd store export`: history into files, in a stream.

use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, BufWriter, Write},
    ops::ControlFlow,
    path::{Path, PathBuf},
    process::ExitCode,
};

use hub_archive::{ArchiveError, CsvWriter, Kind, ParquetWriter, Record, RecordWriter};
use hub_assembly::Config;
use hub_history::History;
use hub_model::{DeviceId, Figures, HistoryReader, Reading, SeriesKey, TimeQuality, UnixMillis};
use serde_json::json;

use super::task::{ExportArguments, ExportFormat};
use crate::{clock::Stopwatch, exit::Failure, show, tell};

/// Exports and sums up as JSON, on standard error if standard output has the history.
pub(super) fn export(arguments: &ExportArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    let hub = super::open_existing(config)?;
    let history = hub.history();
    let watch = Stopwatch::start();
    // Roll-ups know what is sealed; where sealing fails, the readings can be saved all the same.
    if let Err(error) = history.seal(UnixMillis(0)) {
        tell(&format!("hubd: the journal could not be sealed first: {error}"));
    }
    let mut export = Export { arguments, history: &history, written: 0, waiting: 0, left_out: 0, files: Vec::new() };
    match export.run() {
        // Whoever reads has seen enough.
        Err(Failure::Archive { source: ArchiveError::Io(error), .. }) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(ExitCode::SUCCESS);
        }
        done => done?,
    }
    let what = if arguments.rollups { "figures" } else { "readings" };
    let summary = json!({
        what: export.written,
        "devices": export.devices().len(),
        "waiting_for_clock": export.waiting,
        "left_out": export.left_out,
        "files": export.files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>(),
        "seconds": watch.seconds(),
    });
    if arguments.to == Path::new("-") {
        tell(&summary.to_string());
        return Ok(ExitCode::SUCCESS);
    }
    show(&summary.to_string())
}

struct Export<'a> {
    arguments: &'a ExportArguments,
    history: &'a History,
    written: u64,
    /// Readings whose wall time is not known yet.
    waiting: u64,
    /// What no file can hold.
    left_out: u64,
    files: Vec<PathBuf>,
}

impl Export<'_> {
    fn run(&mut self) -> Result<(), Failure> {
        let to = &self.arguments.to;
        if to == Path::new("-") {
            let mut sink = self.sink(Box::new(BufWriter::new(io::stdout())), to)?;
            self.devices().into_iter().try_for_each(|device| self.device(device, to, &mut *sink))?;
            return sink.finish().map_err(|source| failure(to, source));
        }
        if !to.is_dir() && !to.as_os_str().as_encoded_bytes().ends_with(b"/") {
            return self.file(to, &self.devices());
        }
        fs::create_dir_all(to).map_err(|error| failure(to, error.into()))?;
        let extension = if self.arguments.format == ExportFormat::Csv { "csv" } else { "parquet" };
        for device in self.devices() {
            self.file(&to.join(format!("{device}.{extension}")), &BTreeSet::from([device]))?;
        }
        Ok(())
    }

    fn devices(&self) -> BTreeSet<DeviceId> {
        let wanted = &self.arguments.device;
        self.history.devices().into_iter().filter(|device| wanted.is_empty() || wanted.contains(device)).collect()
    }

    /// Writes a file that is there only when it is whole.
    fn file(&mut self, path: &Path, devices: &BTreeSet<DeviceId>) -> Result<(), Failure> {
        let draft = PathBuf::from(format!("{}.part", path.display()));
        let failed = |error: io::Error| failure(path, error.into());
        let file = File::create(&draft).map_err(failed)?;
        let keep = file.try_clone().map_err(failed)?;
        let mut sink = self.sink(Box::new(BufWriter::with_capacity(1 << 16, file)), path)?;
        devices.iter().try_for_each(|device| self.device(*device, path, &mut *sink))?;
        sink.finish().map_err(|source| failure(path, source))?;
        keep.sync_all().and_then(|()| fs::rename(&draft, path)).map_err(failed)?;
        self.files.push(path.to_owned());
        Ok(())
    }

    fn sink(&self, out: Box<dyn Write + Send>, path: &Path) -> Result<Box<dyn RecordWriter>, Failure> {
        let kind = if self.arguments.rollups { Kind::Figures } else { Kind::Readings };
        let sink = match self.arguments.format {
            ExportFormat::Csv => CsvWriter::new(out, kind).map(|writer| Box::new(writer) as Box<dyn RecordWriter>),
            ExportFormat::Parquet => {
                ParquetWriter::new(out, kind).map(|writer| Box::new(writer) as Box<dyn RecordWriter>)
            }
        };
        sink.map_err(|source| failure(path, source))
    }

    fn device(&mut self, device: DeviceId, path: &Path, sink: &mut dyn RecordWriter) -> Result<(), Failure> {
        if self.arguments.rollups {
            return self.figures(device, path, sink);
        }
        for series in self.history.series()? {
            if series.device == device && self.is_wanted(series) {
                self.readings(series, path, sink)?;
            }
        }
        Ok(())
    }

    fn is_wanted(&self, series: SeriesKey) -> bool {
        self.arguments.quantity.is_empty() || self.arguments.quantity.contains(&series.quantity)
    }

    fn window(&self) -> std::ops::Range<UnixMillis> {
        self.arguments.from.unwrap_or(UnixMillis(i64::MIN))..self.arguments.to_time.unwrap_or(UnixMillis(i64::MAX))
    }

    fn readings(&mut self, series: SeriesKey, path: &Path, sink: &mut dyn RecordWriter) -> Result<(), Failure> {
        let mut done = Ok(());
        let (history, window) = (self.history, self.window());
        history.scan(series, window, &mut |point| {
            if point.quality == TimeQuality::Estimated {
                self.waiting += 1;
                return ControlFlow::Continue(());
            }
            let reading = Reading { series, at: point.at, value: point.value };
            self.write(&Record::Reading(reading), sink, &mut done)
        })?;
        done.map_err(|source| failure(path, source))
    }

    fn figures(&mut self, device: DeviceId, path: &Path, sink: &mut dyn RecordWriter) -> Result<(), Failure> {
        let mut done = Ok(());
        let (history, window) = (self.history, self.window());
        let mut visit = |figures: Figures| {
            if !self.is_wanted(figures.series) || !window.contains(&figures.at) {
                return ControlFlow::Continue(());
            }
            self.write(&Record::Figures(figures), sink, &mut done)
        };
        history.each_figures(device, &mut visit).map_err(Failure::Store)?;
        done.map_err(|source| failure(path, source))
    }

    fn write(
        &mut self,
        record: &Record,
        sink: &mut dyn RecordWriter,
        done: &mut Result<(), ArchiveError>,
    ) -> ControlFlow<()> {
        match sink.write(record) {
            Ok(true) => self.written += 1,
            Ok(false) => self.left_out += 1,
            Err(error) => {
                *done = Err(error);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

fn failure(path: &Path, source: ArchiveError) -> Failure {
    Failure::Archive { file: path.display().to_string(), source }
}
