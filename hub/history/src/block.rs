//! Blocks: up to some thousand rows of one device, one column for the times and one for each quantity.
//!
//! | part | bytes | what |
//! |---|---|---|
//! | version | 1 | 1, or 2 for a block that was packed again when its days were over |
//! | checksum | 4 | CRC-32C of all bytes after it, little-endian |
//! | rows | 1–4 | how many, at least 1 |
//! | start | 1–10 | zigzag: the first time, milliseconds |
//! | span | 1–10 | the last time − the first |
//! | columns | 1–2 | how many |
//! | times | length, bytes | packed, see `pack.rs` |
//! | column | | for each column by ascending key: quantity code, instance (1 byte), length, bytes |
//!
//! The bytes of a column: 0, or 1 and a bitmap of `ceil(rows / 8)` bytes (bit 0 of byte 0: row 0) where not every row
//! has the quantity; then the packed values of the rows that have it.

use crate::{
    pack::{self, Packing},
    rows::{Column, ColumnKey, Rows},
    varint::{Bytes, put_i64, put_u64},
};

const QUICK: u8 = 1;
const TIGHT: u8 = 2;
/// More rows than any block has: what claims more is damaged.
const MOST_ROWS: usize = 1 << 22;

/// What stands at the front of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) rows: usize,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) packing: Packing,
    columns: usize,
}

/// The rows, which must be in order and at least one, as a block.
pub(crate) fn encode(rows: &Rows, packing: Packing) -> Vec<u8> {
    let version = if packing == Packing::Tight { TIGHT } else { QUICK };
    let mut out = vec![version, 0, 0, 0, 0];
    let (start, end) = (rows.t.first().copied().unwrap_or(0), rows.t.last().copied().unwrap_or(0));
    put_u64(&mut out, rows.len() as u64);
    put_i64(&mut out, start);
    put_u64(&mut out, end.wrapping_sub(start).cast_unsigned());
    put_u64(&mut out, rows.columns.len() as u64);
    let mut packed = Vec::new();
    pack::put_times(&mut packed, &rows.t, packing);
    put_u64(&mut out, packed.len() as u64);
    out.extend(&packed);
    let mut values = Vec::with_capacity(rows.len());
    for column in &rows.columns {
        packed.clear();
        values.clear();
        values.extend(column.cells.iter().flatten());
        if values.len() == rows.len() {
            packed.push(0);
        } else {
            packed.push(1);
            packed.extend(column.cells.chunks(8).map(bitmap_byte));
        }
        pack::put_values(&mut packed, &values, packing);
        put_u64(&mut out, u64::from(column.key.0));
        out.push(column.key.1);
        put_u64(&mut out, packed.len() as u64);
        out.extend(&packed);
    }
    let checksum = crc32c::crc32c(out.get(5..).unwrap_or_default());
    if let Some(field) = out.get_mut(1..5) {
        field.copy_from_slice(&checksum.to_le_bytes());
    }
    out
}

fn bitmap_byte(cells: &[Option<i64>]) -> u8 {
    cells.iter().enumerate().fold(0, |byte, (bit, cell)| byte | u8::from(cell.is_some()) << bit)
}

/// The head of a block whose checksum is right, and what stands behind it.
fn checked(block: &[u8]) -> Option<(Head, Bytes<'_>)> {
    let mut bytes = Bytes(block);
    let packing = match bytes.u8()? {
        QUICK => Packing::Quick,
        TIGHT => Packing::Tight,
        _ => return None,
    };
    let checksum = u32::from_le_bytes(bytes.array()?);
    if checksum != crc32c::crc32c(bytes.0) {
        return None;
    }

    let rows = bytes.usize().filter(|rows| (1..=MOST_ROWS).contains(rows))?;
    let start = bytes.i64()?;
    let end = start.checked_add_unsigned(bytes.u64()?)?;
    let columns = bytes.usize()?;
    Some((Head { rows, start, end, packing, columns }, bytes))
}

/// The front of a block; `None` when the block is damaged.
pub(crate) fn head(block: &[u8]) -> Option<Head> {
    checked(block).map(|(head, _)| head)
}

/// All rows of a block; `None` when it is damaged.
pub(crate) fn decode(block: &[u8]) -> Option<Rows> {
    let (head, mut bytes) = checked(block)?;
    let t = take_times(&mut bytes, head.rows)?;
    let mut rows = Rows { is_estimated: vec![false; t.len()], t, columns: Vec::new() };
    let mut values = Vec::new();
    for _ in 0..head.columns {
        let (key, column) = take_column(&mut bytes)?;
        let mut cells = Vec::with_capacity(head.rows);
        read_column(column, head.rows, &mut values, |cell| cells.push(cell))?;
        rows.columns.push(Column { key, cells });
    }
    Some(rows)
}

/// How many bytes each column of a block takes; its times are shared. `None` when the block is damaged.
pub(crate) fn column_bytes(block: &[u8]) -> Option<Vec<(ColumnKey, usize)>> {
    let (head, mut bytes) = checked(block)?;
    let times = bytes.usize()?;
    bytes.take(times)?;
    (0..head.columns).map(|_| take_column(&mut bytes).map(|(key, column)| (key, column.0.len()))).collect()
}

/// One series out of a block, to be used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Series {
    /// When, in order.
    pub(crate) t: Vec<i64>,
    /// What, as many as there are times.
    pub(crate) values: Vec<i64>,
}

impl Series {
    /// Takes the readings in `[from, to)` that a block has of one quantity, perhaps none; `None` when the block is
    /// damaged.
    pub(crate) fn take(&mut self, block: &[u8], key: ColumnKey, from: i64, to: i64) -> Option<()> {
        let (head, mut bytes) = checked(block)?;
        self.t.clear();
        self.values.clear();
        if head.end < from || head.start >= to {
            return Some(());
        }
        let len = bytes.usize()?;
        let times = bytes.take(len)?;
        for _ in 0..head.columns {
            let (own, mut column) = take_column(&mut bytes)?;
            if own != key {
                continue;
            }
            // Nobody needs what comes behind the window: it is not unpacked.
            let rows = pack::take_until(&mut Bytes(times), head.rows, to, &mut self.t)?;
            match column.u8()? {
                0 => pack::take_first(&mut column, head.rows, rows, &mut self.values)?,
                1 => self.take_some(column, head.rows)?,
                _ => return None,
            }
            self.cut(from, to);
            break;
        }
        Some(())
    }

    fn cut(&mut self, from: i64, to: i64) {
        let (begin, end) = (self.t.partition_point(|t| *t < from), self.t.partition_point(|t| *t < to));
        for column in [&mut self.t, &mut self.values] {
            column.truncate(end);
            column.drain(..begin);
        }
    }

    fn take_some(&mut self, mut column: Bytes<'_>, rows: usize) -> Option<()> {
        let bitmap = column.take(rows.div_ceil(8))?;
        let mut row = 0;
        self.t.retain(|_| {
            let has = bitmap.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1);
            row += 1;
            has
        });
        let packed = bitmap.iter().map(|byte| byte.count_ones() as usize).sum();
        pack::take_first(&mut column, packed, self.t.len(), &mut self.values)
    }
}

fn take_times(bytes: &mut Bytes<'_>, rows: usize) -> Option<Vec<i64>> {
    let len = bytes.usize()?;
    let mut t = Vec::new();
    pack::take_column(&mut Bytes(bytes.take(len)?), rows, &mut t)?;
    Some(t)
}

fn take_column<'a>(bytes: &mut Bytes<'a>) -> Option<(ColumnKey, Bytes<'a>)> {
    let key = (bytes.u16()?, bytes.u8()?);
    let len = bytes.usize()?;
    Some((key, Bytes(bytes.take(len)?)))
}

fn read_column(
    mut bytes: Bytes<'_>,
    rows: usize,
    values: &mut Vec<i64>,
    mut cell: impl FnMut(Option<i64>),
) -> Option<()> {
    values.clear();
    match bytes.u8()? {
        0 => {
            pack::take_column(&mut bytes, rows, values)?;
            values.iter().for_each(|value| cell(Some(*value)));
        }
        1 => {
            let bitmap = bytes.take(rows.div_ceil(8))?;
            let has = |row: usize| bitmap.get(row / 8).is_some_and(|byte| byte >> (row % 8) & 1 == 1);
            pack::take_column(&mut bytes, (0..rows).filter(|row| has(*row)).count(), values)?;
            let mut values = values.iter();
            for row in 0..rows {
                cell(if has(row) { Some(*values.next()?) } else { None });
            }
        }
        _ => return None,
    }
    Some(())
}
