//! Comma-separated values with a head line, in UTF-8.

use std::io::{Read, Write};

use crate::{
    ArchiveError, Kind, Reason, Record, RecordWriter, Rejected, Row,
    record::device_text,
    row::{Cell, FIGURE_COLUMNS, Layout, READING_COLUMNS, sum_text},
    time,
};

/// Writes records as lines.
pub struct CsvWriter<W: Write> {
    out: csv::Writer<W>,
    kind: Kind,
}

impl<W: Write> CsvWriter<W> {
    /// A file of this kind, begun with its head line.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, kind: Kind) -> Result<Self, ArchiveError> {
        let mut out = csv::WriterBuilder::new().buffer_capacity(1 << 16).from_writer(out);
        match kind {
            Kind::Readings => out.write_record(READING_COLUMNS)?,
            Kind::Figures => out.write_record(FIGURE_COLUMNS)?,
        }
        Ok(Self { out, kind })
    }
}

impl<W: Write> RecordWriter for CsvWriter<W> {
    fn write(&mut self, record: &Record) -> Result<bool, ArchiveError> {
        match (record, self.kind) {
            (Record::Reading(reading), Kind::Readings) => {
                let Some(at) = time::text(reading.at) else { return Ok(false) };
                let quantity = reading.series.quantity;
                self.out.write_record([
                    at.as_str(),
                    &device_text(reading.series.device),
                    quantity.name(),
                    &reading.series.instance.to_string(),
                    &quantity.display(reading.value).to_string(),
                    quantity.unit(),
                ])?;
            }
            (Record::Figures(figures), Kind::Figures) => {
                let times = (time::text(figures.at), time::text(figures.first), time::text(figures.last));
                let (Some(at), Some(first), Some(last)) = times else { return Ok(false) };
                let quantity = figures.series.quantity;
                let value = |value: i64| quantity.display(value).to_string();
                let mean = figures.sum as f64 / figures.count as f64 * 10_f64.powi(i32::from(quantity.exponent()));
                self.out.write_record([
                    figures.span.name(),
                    &at,
                    &device_text(figures.series.device),
                    quantity.name(),
                    &figures.series.instance.to_string(),
                    &figures.count.to_string(),
                    &value(figures.min),
                    &format!("{mean:.*}", usize::from(quantity.exponent().unsigned_abs()) + 3),
                    &value(figures.max),
                    &sum_text(quantity, figures.sum),
                    &first,
                    &last,
                    &value(figures.last_value),
                    quantity.unit(),
                ])?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArchiveError> {
        Ok(self.out.flush()?)
    }
}

/// Leaves out carriage returns, so that lines are counted alike wherever the file comes from.
struct WithoutReturns<R>(R);

impl<R: Read> Read for WithoutReturns<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let len = self.0.read(out)?;
            let mut kept = 0;
            for nth in 0..len {
                if let Some(byte) = out.get(nth).copied().filter(|byte| *byte != b'\r')
                    && let Some(place) = out.get_mut(kept)
                {
                    *place = byte;
                    kept += 1;
                }
            }
            if len == 0 || kept > 0 {
                return Ok(kept);
            }
        }
    }
}

/// Reads records from lines. Columns may stand in any order; those that are not known are left alone.
pub struct CsvReader<R> {
    lines: csv::Reader<WithoutReturns<R>>,
    line: csv::StringRecord,
    layout: Layout,
}

impl<R: Read> CsvReader<R> {
    /// The records of a file with a head line.
    ///
    /// # Errors
    /// When there is none, or a column is missing.
    pub fn new(input: R) -> Result<Self, ArchiveError> {
        let mut lines =
            csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_reader(WithoutReturns(input));
        let head = lines.headers()?.iter().map(|name| name.trim_start_matches('\u{FEFF}').to_owned()).collect();
        Ok(Self { lines, line: csv::StringRecord::new(), layout: Layout::new(head)? })
    }

    /// What the file holds.
    pub const fn kind(&self) -> Kind {
        self.layout.kind
    }
}

impl<R: Read> Iterator for CsvReader<R> {
    type Item = Result<Row, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.lines.read_record(&mut self.line) {
            Ok(false) => None,
            Ok(true) => {
                let cell = |nth: usize| self.line.get(nth).map_or(Cell::Empty, Cell::Text);
                let line = self.line.position().map_or(0, csv::Position::line);
                Some(Ok(self.layout.record(cell).map_err(|reason| Rejected { line, reason })))
            }
            // A line that is not UTF-8 is a bad line, not the end.
            Err(error) => match error.kind() {
                csv::ErrorKind::Utf8 { pos, .. } => {
                    let line = pos.as_ref().map_or(0, csv::Position::line);
                    Some(Ok(Err(Rejected { line, reason: Reason::NotText })))
                }
                _ => Some(Err(error.into())),
            },
        }
    }
}
