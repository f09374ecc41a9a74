//! Parquet: columns, compressed, with types that say what they are.
//!
//! Values are `DECIMAL(18, 6)`: every quantity is held exactly, and none that is plausible has more than 18 digits. Sums
//! are `DECIMAL(38, 6)`. Times are milliseconds in UTC. Rows are written in groups of 65 536, so that any number of
//! them needs little memory, here and where they are read.

use std::{fs::File, io::Write, sync::Arc};

use hub_model::Quantity;
use parquet::{
    basic::{Compression, Encoding, LogicalType, TimeUnit},
    data_type::{
        ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type, Int64Type,
    },
    file::{
        properties::WriterProperties,
        reader::FileReader,
        serialized_reader::SerializedFileReader,
        writer::{SerializedFileWriter, SerializedRowGroupWriter},
    },
    record::{Field, reader::RowIter},
    schema::{parser::parse_message_type, types::ColumnPath},
};

use crate::{
    ArchiveError, Kind, Record, RecordWriter, Rejected, Row, decimal,
    record::device_text,
    row::{Cell, Layout},
};

/// Rows are collected and written so many at a time.
const GROUP_ROWS: usize = 65_536;
/// Digits behind the point of every value: those of the finest quantity.
const PLACES: i32 = 6;
/// The first number with more than 18 digits.
const BEYOND: i128 = 1_000_000_000_000_000_000;

const READINGS: &str = "message readings {
    required int64 time (timestamp(millis, true));
    required binary device (string);
    required binary quantity (string);
    required int32 instance (integer(8, false));
    required int64 value (decimal(18, 6));
    required binary unit (string);
}";
const FIGURES: &str = "message figures {
    required binary span (string);
    required int64 time (timestamp(millis, true));
    required binary device (string);
    required binary quantity (string);
    required int32 instance (integer(8, false));
    required int64 count;
    required int64 min (decimal(18, 6));
    required double mean;
    required int64 max (decimal(18, 6));
    required fixed_len_byte_array(16) sum (decimal(38, 6));
    required int64 first (timestamp(millis, true));
    required int64 last (timestamp(millis, true));
    required int64 last_value (decimal(18, 6));
    required binary unit (string);
}";

/// Writes records as row groups.
pub struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    kind: Kind,
    rows: Vec<Record>,
}

impl<W: Write + Send> ParquetWriter<W> {
    /// A file of this kind.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(out: W, kind: Kind) -> Result<Self, ArchiveError> {
        let schema = match kind {
            Kind::Readings => READINGS,
            Kind::Figures => FIGURES,
        };
        let mut properties = WriterProperties::builder()
            .set_created_by(concat!("ingle ", env!("CARGO_PKG_VERSION")).to_owned())
            .set_compression(Compression::SNAPPY);
        for times in ["time", "first", "last"].map(ColumnPath::from) {
            properties = properties
                .set_column_dictionary_enabled(times.clone(), false)
                .set_column_encoding(times, Encoding::DELTA_BINARY_PACKED);
        }
        let schema = Arc::new(parse_message_type(schema)?);
        let file = SerializedFileWriter::new(out, schema, Arc::new(properties.build()))?;
        Ok(Self { file, kind, rows: Vec::with_capacity(GROUP_ROWS) })
    }

    fn write_group(&mut self) -> Result<(), ArchiveError> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let mut group = Group { group: self.file.next_row_group()?, rows: &self.rows };
        match self.kind {
            Kind::Readings => group.readings()?,
            Kind::Figures => group.figures()?,
        }
        group.group.close()?;
        self.rows.clear();
        Ok(())
    }
}

impl<W: Write + Send> RecordWriter for ParquetWriter<W> {
    fn write(&mut self, record: &Record) -> Result<bool, ArchiveError> {
        let fits = match (record, self.kind) {
            (Record::Reading(reading), Kind::Readings) => value(reading.series.quantity, reading.value).is_some(),
            (Record::Figures(figures), Kind::Figures) => {
                let quantity = figures.series.quantity;
                let values = [figures.min, figures.max, figures.last_value];
                let sum = decimal::scaled(figures.sum, PLACES + i32::from(quantity.exponent()));
                values.into_iter().all(|number| value(quantity, number).is_some())
                    && sum.is_some_and(|sum| sum.unsigned_abs() < 10_u128.pow(38))
            }
            _ => false,
        };
        if fits {
            self.rows.push(*record);
        }
        if self.rows.len() >= GROUP_ROWS {
            self.write_group()?;
        }
        Ok(fits)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ArchiveError> {
        self.write_group()?;
        let mut out = self.file.into_inner()?;
        Ok(out.flush()?)
    }
}

/// A value with six places; `None` where it has more than 18 digits.
fn value(quantity: Quantity, steps: i64) -> Option<i64> {
    let number = decimal::scaled(steps.into(), PLACES + i32::from(quantity.exponent()))?;
    (-BEYOND < number && number < BEYOND).then_some(number as i64)
}

/// A row group in the making: one column after the other.
struct Group<'a, 'w, W: Write + Send> {
    group: SerializedRowGroupWriter<'w, W>,
    rows: &'a [Record],
}

impl<W: Write + Send> Group<'_, '_, W> {
    fn readings(&mut self) -> Result<(), ArchiveError> {
        let rows: Vec<_> =
            self.rows.iter().filter_map(|row| if let Record::Reading(row) = row { Some(row) } else { None }).collect();
        self.column::<Int64Type>(rows.iter().map(|row| row.at.0))?;
        self.column::<ByteArrayType>(texts(rows.iter().map(|row| row.series.device), device_text))?;
        self.column::<ByteArrayType>(rows.iter().map(|row| ByteArray::from(row.series.quantity.name())))?;
        self.column::<Int32Type>(rows.iter().map(|row| i32::from(row.series.instance)))?;
        self.column::<Int64Type>(rows.iter().filter_map(|row| value(row.series.quantity, row.value)))?;
        self.column::<ByteArrayType>(rows.iter().map(|row| ByteArray::from(row.series.quantity.unit())))
    }

    fn figures(&mut self) -> Result<(), ArchiveError> {
        let rows: Vec<_> =
            self.rows.iter().filter_map(|row| if let Record::Figures(row) = row { Some(row) } else { None }).collect();
        self.column::<ByteArrayType>(rows.iter().map(|row| ByteArray::from(row.span.name())))?;
        self.column::<Int64Type>(rows.iter().map(|row| row.at.0))?;
        self.column::<ByteArrayType>(texts(rows.iter().map(|row| row.series.device), device_text))?;
        self.column::<ByteArrayType>(rows.iter().map(|row| ByteArray::from(row.series.quantity.name())))?;
        self.column::<Int32Type>(rows.iter().map(|row| i32::from(row.series.instance)))?;
        self.column::<Int64Type>(rows.iter().map(|row| row.count.cast_signed()))?;
        self.column::<Int64Type>(rows.iter().filter_map(|row| value(row.series.quantity, row.min)))?;
        self.column::<DoubleType>(
            rows.iter()
                .map(|row| row.sum as f64 / row.count as f64 * 10_f64.powi(i32::from(row.series.quantity.exponent()))),
        )?;
        self.column::<Int64Type>(rows.iter().filter_map(|row| value(row.series.quantity, row.max)))?;
        self.column::<FixedLenByteArrayType>(rows.iter().filter_map(|row| {
            let sum = decimal::scaled(row.sum, PLACES + i32::from(row.series.quantity.exponent()))?;
            Some(FixedLenByteArray::from(ByteArray::from(sum.to_be_bytes().to_vec())))
        }))?;
        self.column::<Int64Type>(rows.iter().map(|row| row.first.0))?;
        self.column::<Int64Type>(rows.iter().map(|row| row.last.0))?;
        self.column::<Int64Type>(rows.iter().filter_map(|row| value(row.series.quantity, row.last_value)))?;
        self.column::<ByteArrayType>(rows.iter().map(|row| ByteArray::from(row.series.quantity.unit())))
    }

    fn column<T: DataType>(&mut self, values: impl Iterator<Item = T::T>) -> Result<(), ArchiveError> {
        if let Some(mut column) = self.group.next_column()? {
            column.typed::<T>().write_batch(&values.collect::<Vec<_>>(), None, None)?;
            column.close()?;
        }
        Ok(())
    }
}

/// Texts of things that mostly come many times in a row.
fn texts<T: Copy + PartialEq>(
    things: impl Iterator<Item = T>,
    text: impl Fn(T) -> String,
) -> impl Iterator<Item = ByteArray> {
    let mut last: Option<(T, ByteArray)> = None;
    things.map(move |thing| match &last {
        Some((of, known)) if *of == thing => known.clone(),
        _ => {
            let new = ByteArray::from(text(thing).into_bytes());
            last = Some((thing, new.clone()));
            new
        }
    })
}

/// Reads records from a Parquet file, ours or another's with the same names of columns.
pub struct ParquetReader {
    rows: RowIter<'static>,
    row: u64,
    layout: Layout,
    /// Is the time of each column told in nanoseconds?
    are_nanos: Vec<bool>,
}

impl ParquetReader {
    /// The records of a file.
    ///
    /// # Errors
    /// When it is no Parquet file, or a column is missing.
    pub fn new(file: File) -> Result<Self, ArchiveError> {
        let reader = SerializedFileReader::new(file)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let fields = schema.root_schema().get_fields();
        let names = fields.iter().map(|field| field.name().to_owned()).collect();
        let are_nanos = fields
            .iter()
            .map(|field| {
                let logical = field.get_basic_info().logical_type_ref();
                matches!(logical, Some(LogicalType::Timestamp(time)) if time.unit == TimeUnit::NANOS)
            })
            .collect();
        Ok(Self { rows: reader.into_iter(), row: 0, layout: Layout::new(names)?, are_nanos })
    }

    /// What the file holds.
    pub const fn kind(&self) -> Kind {
        self.layout.kind
    }
}

impl Iterator for ParquetReader {
    type Item = Result<Row, ArchiveError>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error.into())),
        };
        self.row += 1;
        let fields: Vec<&Field> = row.get_column_iter().map(|(_, field)| field).collect();
        let cell = |nth: usize| {
            let is_nanos = self.are_nanos.get(nth).copied().unwrap_or_default();
            fields.get(nth).map_or(Cell::Empty, |field| cell(field, is_nanos))
        };
        Some(Ok(self.layout.record(cell).map_err(|reason| Rejected { line: self.row, reason })))
    }
}

fn cell(field: &Field, is_nanos: bool) -> Cell<'_> {
    match field {
        Field::Null => Cell::Empty,
        Field::Str(text) => Cell::Text(text),
        Field::Bytes(bytes) => std::str::from_utf8(bytes.data()).map_or(Cell::Empty, Cell::Text),
        Field::Bool(is_on) => Cell::Integer(i64::from(*is_on)),
        Field::Byte(number) => Cell::Integer(i64::from(*number)),
        Field::Short(number) => Cell::Integer(i64::from(*number)),
        Field::Int(number) => Cell::Integer(i64::from(*number)),
        Field::Long(nanos) if is_nanos => Cell::Time(nanos.div_euclid(1_000_000)),
        Field::Long(number) => Cell::Integer(*number),
        Field::UByte(number) => Cell::Integer(i64::from(*number)),
        Field::UShort(number) => Cell::Integer(i64::from(*number)),
        Field::UInt(number) => Cell::Integer(i64::from(*number)),
        Field::ULong(number) => Cell::Decimal(i128::from(*number), 0),
        Field::Float(number) => Cell::Float(f64::from(*number)),
        Field::Double(number) => Cell::Float(*number),
        Field::Decimal(decimal) => Cell::Decimal(digits(decimal.data()), decimal.scale()),
        Field::TimestampMillis(ms) => Cell::Time(*ms),
        Field::TimestampMicros(us) => Cell::Time(us.div_euclid(1000)),
        _ => Cell::Empty,
    }
}

/// The number in big-endian bytes of any length; what 128 bits cannot hold is no number that anybody measured.
fn digits(bytes: &[u8]) -> i128 {
    let is_negative = bytes.first().is_some_and(|first| first & 0x80 != 0);
    bytes.iter().fold(if is_negative { -1 } else { 0 }, |number, byte| number << 8 | i128::from(*byte))
}
