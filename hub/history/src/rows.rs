use std::{cmp::Ordering, ops::Range};

/// Which column: the code of the quantity, and which of several.
pub(crate) type ColumnKey = (u16, u8);

/// Rows of one device in columns: a time, a mark, and the values of one frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Milliseconds on the timeline that the rows stand on.
    pub(crate) t: Vec<i64>,
    /// What the user of the rows wants to remember of each: fresh (in a merge), estimated (in a query).
    pub(crate) mark: Vec<bool>,
    pub(crate) columns: Vec<Column>,
}

/// One column; a row that lacks the quantity has an empty cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) key: ColumnKey,
    pub(crate) cells: Vec<Option<i64>>,
}

impl Rows {
    pub(crate) const fn len(&self) -> usize {
        self.t.len()
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.t.is_empty()
    }

    /// How many values the rows hold.
    pub(crate) fn points(&self) -> u64 {
        let filled = |column: &Column| column.cells.iter().flatten().count() as u64;
        self.columns.iter().map(filled).sum()
    }

    pub(crate) fn column(&self, key: ColumnKey) -> Option<&Column> {
        self.columns.iter().find(|column| column.key == key)
    }

    /// Appends a row; of two values for one column the later counts.
    pub(crate) fn push(&mut self, t: i64, mark: bool, cells: impl IntoIterator<Item = (ColumnKey, i64)>) {
        let row = self.t.len();
        self.t.push(t);
        self.mark.push(mark);
        for column in &mut self.columns {
            column.cells.push(None);
        }
        for (key, value) in cells {
            let column = match self.columns.iter_mut().position(|column| column.key == key) {
                Some(at) => self.columns.get_mut(at),
                None => {
                    self.columns.push(Column { key, cells: vec![None; row + 1] });
                    self.columns.last_mut()
                }
            };
            if let Some(cell) = column.and_then(|column| column.cells.last_mut()) {
                *cell = Some(value);
            }
        }
    }

    /// The values of a row.
    pub(crate) fn cells(&self, row: usize) -> impl Iterator<Item = (ColumnKey, i64)> + '_ {
        self.columns.iter().filter_map(move |column| Some((column.key, (*column.cells.get(row)?)?)))
    }

    /// Every row as (row, time, mark).
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, i64, bool)> + '_ {
        self.t.iter().zip(&self.mark).enumerate().map(|(row, (t, mark))| (row, *t, *mark))
    }

    /// Appends rows of another.
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        for row in rows {
            if let (Some(t), Some(mark)) = (other.t.get(row), other.mark.get(row)) {
                self.push(*t, *mark, other.cells(row));
            }
        }
    }

    /// Some of the rows; columns that are empty in them are left out.
    pub(crate) fn part(&self, rows: Range<usize>) -> Self {
        let mut part = Self {
            t: self.t.get(rows.clone()).unwrap_or_default().to_vec(),
            mark: self.mark.get(rows.clone()).unwrap_or_default().to_vec(),
            columns: Vec::with_capacity(self.columns.len()),
        };
        for column in &self.columns {
            let cells = column.cells.get(rows.clone()).unwrap_or_default();
            if cells.iter().any(Option::is_some) {
                part.columns.push(Column { key: column.key, cells: cells.to_vec() });
            }
        }
        part
    }

    /// Those rows that `keep` wants.
    pub(crate) fn filtered(&self, mut keep: impl FnMut(usize, i64, bool) -> bool) -> Self {
        let mut kept = Self::default();
        for (row, t, mark) in self.iter() {
            if keep(row, t, mark) {
                kept.push(t, mark, self.cells(row));
            }
        }
        kept
    }

    /// Puts the rows in order of time, then of their values, each different row once. Of equal rows the unmarked
    /// one stays.
    pub(crate) fn sort(&mut self) {
        self.columns.sort_by_key(|column| column.key);
        if self.t.iter().zip(self.t.iter().skip(1)).all(|(a, b)| a < b) {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|a, b| self.compare(*a, *b).then_with(|| self.mark.get(*a).cmp(&self.mark.get(*b))));
        order.dedup_by(|later, earlier| self.compare(*later, *earlier).is_eq());
        self.t = order.iter().filter_map(|row| self.t.get(*row).copied()).collect();
        self.mark = order.iter().filter_map(|row| self.mark.get(*row).copied()).collect();
        for column in &mut self.columns {
            column.cells = order.iter().filter_map(|row| column.cells.get(*row).copied()).collect();
        }
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        let cells = |column: &Column| column.cells.get(a).cmp(&column.cells.get(b));
        let by_cells = || self.columns.iter().map(cells).find(|order| order.is_ne()).unwrap_or(Ordering::Equal);
        self.t.get(a).cmp(&self.t.get(b)).then_with(by_cells)
    }

    /// Is there a row of this time with exactly these values? The rows are in order.
    pub(crate) fn holds(&self, t: i64, other: &Self, row: usize) -> bool {
        let first = self.t.partition_point(|at| *at < t);
        let mut wanted: Vec<_> = other.cells(row).collect();
        wanted.sort_unstable();
        self.t.iter().enumerate().skip(first).take_while(|(_, at)| **at == t).any(|(own, _)| {
            let mut cells: Vec<_> = self.cells(own).collect();
            cells.sort_unstable();
            cells == wanted
        })
    }
}
