//! Readings one by one into rows that are there already.

use std::collections::BTreeMap;

use crate::rows::{Column, ColumnKey, Rows};

/// A reading of one device: when, of what, which value.
pub(crate) type Point = (i64, ColumnKey, i64);

/// Puts readings, in order of time, into rows, in order of time too; how many were not there before?
///
/// What has the same time, series and value is the same reading: as often as the rows have it, so often it is left
/// out. A new one goes to the first row of its time that has no value of its series, so that the series of a device
/// share their rows however a file has them.
pub(crate) fn fill(rows: &mut Rows, points: &[Point]) -> u64 {
    let before = rows.len();
    let mut added = 0;
    for of_one_time in points.chunk_by(|a, b| a.0 == b.0) {
        let Some((t, ..)) = of_one_time.first() else { continue };
        let first = rows.t.get(..before).unwrap_or_default().partition_point(|at| at < t);
        let last = rows.t.get(..before).unwrap_or_default().partition_point(|at| at <= t);
        let fresh = rows.len();
        let mut unmatched: BTreeMap<(ColumnKey, i64), usize> = BTreeMap::new();
        for row in first..last {
            for (key, value) in rows.cells(row) {
                *unmatched.entry((key, value)).or_default() += 1;
            }
        }
        for (t, key, value) in of_one_time {
            if let Some(count) = unmatched.get_mut(&(*key, *value)).filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            added += 1;
            let free = (first..last).chain(fresh..rows.len()).find(|row| cell(rows, *row, *key).is_none());
            match free {
                Some(row) => set(rows, row, *key, *value),
                None => rows.push(*t, false, [(*key, *value)]),
            }
        }
    }
    rows.sort_by_time();
    added
}

fn cell(rows: &Rows, row: usize, key: ColumnKey) -> Option<i64> {
    rows.column(key).and_then(|column| column.cells.get(row).copied().flatten())
}

fn set(rows: &mut Rows, row: usize, key: ColumnKey, value: i64) {
    let len = rows.len();
    if rows.column(key).is_none() {
        rows.columns.push(Column { key, cells: vec![None; len] });
    }
    let column = rows.columns.iter_mut().find(|column| column.key == key);
    if let Some(cell) = column.and_then(|column| column.cells.get_mut(row)) {
        *cell = Some(value);
    }
}
