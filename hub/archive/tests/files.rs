//! What is written to a file is read from it again, here and by other programs.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::{fs::File, io::Cursor, process::Command};

use hub_archive::{
    ArchiveError, CsvReader, CsvWriter, Kind, ParquetReader, ParquetWriter, Reason, Record, RecordWriter, Row,
};
use hub_model::{DeviceId, FigureSpan, Figures, Quantity, Reading, SeriesKey, UnixMillis};
use proptest::prelude::*;

fn csv(records: &[Record], kind: Kind) -> String {
    let mut file = Vec::new();
    let mut writer = Box::new(CsvWriter::new(&mut file, kind).unwrap());
    for record in records {
        assert!(writer.write(record).unwrap());
    }
    writer.finish().unwrap();
    String::from_utf8(file).unwrap()
}

fn read_csv(text: &str) -> Vec<Row> {
    CsvReader::new(Cursor::new(text)).unwrap().map(Result::unwrap).collect()
}

fn parquet(records: &[Record], kind: Kind) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = Box::new(ParquetWriter::new(file.reopen().unwrap(), kind).unwrap());
    for record in records {
        assert!(writer.write(record).unwrap());
    }
    writer.finish().unwrap();
    file
}

fn read_parquet(file: File) -> Vec<Row> {
    ParquetReader::new(file).unwrap().map(Result::unwrap).collect()
}

fn series() -> impl Strategy<Value = SeriesKey> {
    let quantity = prop::sample::select(Quantity::ALL);
    let device = prop_oneof![0..1_u64 << 48, any::<u64>()];
    (device, quantity, any::<u8>())
        .prop_map(|(device, quantity, instance)| SeriesKey::new(DeviceId::from_u64(device), quantity, instance))
}

/// From the year 1600 to 9999.
fn time() -> impl Strategy<Value = UnixMillis> {
    (-11_000_000_000_000..253_000_000_000_000_i64).prop_map(UnixMillis)
}

fn reading() -> impl Strategy<Value = Record> {
    (series(), time())
        .prop_flat_map(|(series, at)| series.quantity.plausible().prop_map(move |value| Reading { series, at, value }))
        .prop_map(Record::Reading)
}

fn figures() -> impl Strategy<Value = Record> {
    let span = prop::sample::select(vec![FigureSpan::Hour, FigureSpan::Day]);
    (series(), time(), span, 1..u64::from(u32::MAX), 0..1000_i128)
        .prop_flat_map(|(series, at, span, count, share)| {
            let range = series.quantity.plausible();
            let at = UnixMillis(at.0 - at.0.rem_euclid(span.width_ms()));
            (range.clone(), range, 0..span.width_ms(), 0..span.width_ms()).prop_map(move |(a, b, first, last)| {
                let (min, max) = (a.min(b), a.max(b));
                let (least, most) = (i128::from(min) * i128::from(count), i128::from(max) * i128::from(count));
                let sum = least + (most - least) * share / 1000;
                let (first, last) = (at + first.min(last), at + first.max(last));
                Figures { series, span, at, count, min, max, sum, first, last, last_value: b }
            })
        })
        .prop_map(Record::Figures)
}

proptest! {
    #[test]
    fn readings_come_back_as_they_were(records in prop::collection::vec(reading(), 0..200)) {
        let expected: Vec<Row> = records.iter().copied().map(Ok).collect();
        prop_assert_eq!(&read_csv(&csv(&records, Kind::Readings)), &expected);
        prop_assert_eq!(&read_parquet(parquet(&records, Kind::Readings).into_file()), &expected);
    }

    #[test]
    fn figures_come_back_as_they_were(records in prop::collection::vec(figures(), 0..200)) {
        let expected: Vec<Row> = records.iter().copied().map(Ok).collect();
        prop_assert_eq!(&read_csv(&csv(&records, Kind::Figures)), &expected);
        prop_assert_eq!(&read_parquet(parquet(&records, Kind::Figures).into_file()), &expected);
    }

    #[test]
    fn any_text_is_refused_or_read_and_never_a_panic(text in "(time,device,quantity,value,unit\n)?[ -~\n\"µ]{0,300}") {
        let Ok(rows) = CsvReader::new(Cursor::new(text.as_bytes())) else { return Ok(()) };
        for row in rows.take(1000) {
            drop(row);
        }
    }
}

fn temperature(minute: i64) -> Record {
    let series = SeriesKey::new(DeviceId::from_u64(0xA4C1_3800_1122), Quantity::Temperature, 0);
    let value = 21_000 + (minute * 37) % 900;
    Record::Reading(Reading { series, at: UnixMillis(1_790_000_000_000 + minute * 60_000), value })
}

#[test]
fn the_form_of_a_csv_file_is_this() {
    let series = SeriesKey::new(DeviceId::from_u64(0x0123_4567_89AB_CDEF), Quantity::Energy, 1);
    let at = UnixMillis(1_789_999_200_000);
    let figures = Figures {
        series,
        span: FigureSpan::Hour,
        at,
        count: 4,
        min: 1000,
        max: 1500,
        sum: 5001,
        first: at,
        last: at + 1234,
        last_value: 1500,
    };
    assert_eq!(
        csv(&[Record::Figures(figures)], Kind::Figures),
        "span,time,device,quantity,instance,count,min,mean,max,sum,first,last,last_value,unit\n\
         hour,2026-09-21T14:00:00.000Z,0123456789abcdef,energy,1,4,1,1.250250,1.5,5.001,\
         2026-09-21T14:00:00.000Z,2026-09-21T14:00:01.234Z,1.5,kWh\n"
    );
    assert_eq!(
        csv(&[temperature(1)], Kind::Readings),
        "time,device,quantity,instance,value,unit\n2026-09-21T14:14:20.000Z,A4:C1:38:00:11:22,temperature,0,21.037,°C\n"
    );
}

#[test]
fn a_bad_line_is_named_and_the_next_is_read() {
    let text = "\u{FEFF}Value, unit ,device,time,quantity,comment\r\n\
                70.7,°F,a4c138001122,2026-11-21T00:00:00Z,temperature,\"warm, really\"\r\n\
                21.5,°C,nobody,2026-11-21T00:00:00Z,temperature\r\n\
                21.5,°C,a4c138001122,yesterday,temperature\r\n\
                21.5,%,a4c138001122,2026-11-21T00:00:00Z,temperature\r\n\
                999,°C,a4c138001122,2026-11-21T00:00:00Z,temperature\r\n\
                warm,°C,a4c138001122,2026-11-21T00:00:00Z,temperature\r\n\
                21.5,°C,a4c138001122,2026-11-21T00:00:00Z,warmth\r\n\
                21.5\r\n\
                21.5,,A4:C1:38:00:11:22,2026-11-21T01:00:00+01:00,temperature\r\n";
    let rows = read_csv(text);
    let told: Vec<String> = rows.iter().filter_map(|row| row.as_ref().err()).map(ToString::to_string).collect();
    let expected = [
        (3, "\"nobody\" is not a device"),
        (4, "\"yesterday\" is not a time"),
        (5, "\"%\" cannot be converted to the \"°C\" of temperature"),
        (6, "999 is no temperature that a sound device reports"),
        (7, "\"warm\" is not a number that value can be"),
        (8, "\"warmth\" is not a quantity"),
        (9, "it has no device"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, (line, part)) in told.iter().zip(expected) {
        assert!(told.starts_with(&format!("line {line}: ")) && told.contains(part), "{told}");
    }
    let read: Vec<Reading> = rows
        .into_iter()
        .flatten()
        .map(|record| if let Record::Reading(reading) = record { reading } else { panic!("a reading: {record:?}") })
        .collect();
    let values: Vec<_> = read.iter().map(|reading| (reading.at.0, reading.value)).collect();
    assert_eq!(values, [(1_795_219_200_000, 21_500); 2]);
}

#[test]
fn a_file_of_something_else_is_refused() {
    let refused = CsvReader::new(Cursor::new("t,value\n")).err().unwrap();
    assert!(matches!(refused, ArchiveError::MissingColumn { column: "time" }), "{refused:?}");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "PAR1 it is not").unwrap();
    assert!(matches!(ParquetReader::new(file.into_file()), Err(ArchiveError::Parquet(_))));
    let rows = read_csv("time,device,quantity,value\n2026-11-21T00:00:00Z,a4c138001122,door,2\n");
    assert!(matches!(&rows[0], Err(rejected) if matches!(rejected.reason, Reason::Implausible { .. })));
}

#[test]
fn every_plausible_value_fits_into_parquet() {
    for quantity in Quantity::ALL {
        for value in [*quantity.plausible().start(), *quantity.plausible().end()] {
            let series = SeriesKey::new(DeviceId::from_u64(1), *quantity, 0);
            let record = Record::Reading(Reading { series, at: UnixMillis(0), value });
            assert_eq!(read_parquet(parquet(&[record], Kind::Readings).into_file()), [Ok(record)]);
        }
    }
}

#[test]
fn many_rows_take_little_room_and_little_memory() {
    let records: Vec<Record> = (0..200_000).map(temperature).collect();
    let file = parquet(&records, Kind::Readings);
    let bytes = file.as_file().metadata().unwrap().len();
    assert!(bytes < 200_000 * 3, "{bytes}");
    assert_eq!(read_parquet(file.into_file()).len(), 200_000);
}

/// DuckDB or pyarrow, whichever Python has, reads what we write.
#[test]
fn other_programs_read_our_parquet() {
    let records: Vec<Record> = (0..100_000).map(temperature).collect();
    let file = parquet(&records, Kind::Readings);
    let sum: f64 = (0..100_000).map(|minute: i64| (21_000 + (minute * 37) % 900) as f64 / 1000.0).sum();
    let script = r#"
import sys
path, total = sys.argv[1], 0
try:
    import duckdb
    total = duckdb.sql(f"select sum(value), count(*), epoch_ms(min(time)) from read_parquet('{path}') where device = 'A4:C1:38:00:11:22'").fetchall()[0]
except ImportError:
    import pyarrow.parquet as parquet, pyarrow.compute as compute
    table = parquet.read_table(path)
    total = compute.sum(table["value"]).as_py(), table.num_rows, compute.min(table["time"].cast("int64")).as_py()
print(*total)
"#;
    let output = Command::new("python3").args(["-c", script]).arg(file.path()).output();
    let output = match output {
        Ok(output) if output.status.success() => output,
        Ok(output) if String::from_utf8_lossy(&output.stderr).contains("No module named 'pyarrow'") => {
            eprintln!("skipped: Python has neither duckdb nor pyarrow (pip install duckdb)");
            return;
        }
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            eprintln!("skipped: no Python: {error}");
            return;
        }
    };
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.trim(), format!("{sum:.6} 100000 1790000000000"));
}
