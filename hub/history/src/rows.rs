use std::{cmp::Ordering, ops::Range};

/// Which column: the code of the quantity, and which of several.
pub(crate) type ColumnKey = (u16, u8);

/// Rows of one device in columns: a time, and the values of one frame.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Milliseconds on the timeline that the rows stand on.
    pub(crate) t: Vec<i64>,
    /// Is the time of the row a guess? In blocks none is.
    pub(crate) is_estimated: Vec<bool>,
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

    /// Makes room for more rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.t.reserve(rows);
        self.is_estimated.reserve(rows);
        self.columns.iter_mut().for_each(|column| column.cells.reserve(rows));
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
    pub(crate) fn push(&mut self, t: i64, is_estimated: bool, cells: impl IntoIterator<Item = (ColumnKey, i64)>) {
        let row = self.t.len();
        self.t.push(t);
        self.is_estimated.push(is_estimated);
        for column in &mut self.columns {
            column.cells.push(None);
        }
        for (nth, (key, value)) in cells.into_iter().enumerate() {
            // Most rows have the columns of the row before, in the same order.
            let is_nth = self.columns.get(nth).is_some_and(|column| column.key == key);
            let place = if is_nth { Some(nth) } else { self.columns.iter().position(|column| column.key == key) };
            let column = match place {
                Some(at) => self.columns.get_mut(at),
                None => {
                    let mut cells = Vec::with_capacity(self.t.capacity());
                    cells.resize(row + 1, None);
                    self.columns.push(Column { key, cells });
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

    /// Appends the rows of another.
    pub(crate) fn append(&mut self, other: &Self) {
        let (before, after) = (self.len(), self.len() + other.len());
        self.t.extend(&other.t);
        self.is_estimated.extend(&other.is_estimated);
        for column in &other.columns {
            match self.columns.iter_mut().find(|own| own.key == column.key) {
                Some(own) => own.cells.extend(&column.cells),
                None => {
                    let mut cells = vec![None; before];
                    cells.extend(&column.cells);
                    self.columns.push(Column { key: column.key, cells });
                }
            }
        }
        for column in &mut self.columns {
            column.cells.resize(after, None);
        }
    }

    /// Cuts all times down to a multiple of `resolution_ms`.
    pub(crate) fn coarsen(&mut self, resolution_ms: i64) {
        for t in &mut self.t {
            *t = coarse(*t, resolution_ms);
        }
    }

    /// Some of the rows; columns that are empty in them are left out.
    pub(crate) fn part(&self, rows: Range<usize>) -> Self {
        let mut part = Self {
            t: self.t.get(rows.clone()).unwrap_or_default().to_vec(),
            is_estimated: self.is_estimated.get(rows.clone()).unwrap_or_default().to_vec(),
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

    /// Those rows that `keep` wants, told their number.
    pub(crate) fn filtered(&self, mut keep: impl FnMut(usize) -> bool) -> Self {
        self.picked(&(0..self.len()).filter(|row| keep(*row)).collect::<Vec<_>>())
    }

    /// Without the cells before the cutoff of their column, where it has one, and the rows that have none left.
    pub(crate) fn since(mut self, cutoff: impl Fn(ColumnKey) -> Option<i64>) -> Self {
        for column in &mut self.columns {
            let Some(cutoff) = cutoff(column.key) else { continue };
            for (cell, t) in column.cells.iter_mut().zip(&self.t) {
                *cell = cell.filter(|_| *t >= cutoff);
            }
        }
        self.columns.retain(|column| column.cells.iter().any(Option::is_some));
        let has_cells =
            |row: usize| self.columns.iter().any(|column| column.cells.get(row).is_some_and(Option::is_some));
        if (0..self.len()).all(has_cells) { self } else { self.filtered(has_cells) }
    }

    fn picked(&self, rows: &[usize]) -> Self {
        let mut picked = Self {
            t: rows.iter().filter_map(|row| self.t.get(*row).copied()).collect(),
            is_estimated: rows.iter().filter_map(|row| self.is_estimated.get(*row).copied()).collect(),
            columns: Vec::with_capacity(self.columns.len()),
        };
        for column in &self.columns {
            let cells = rows.iter().filter_map(|row| column.cells.get(*row).copied()).collect();
            picked.columns.push(Column { key: column.key, cells });
        }
        picked
    }

    /// Puts the rows in order of time, then of their values, each different row once. Of equal rows one whose time is
    /// certain stays.
    pub(crate) fn sort(&mut self) {
        self.columns.sort_by_key(|column| column.key);
        if self.t.is_sorted_by(|a, b| a < b) {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by(|a, b| {
            self.compare(*a, *b).then_with(|| self.is_estimated.get(*a).cmp(&self.is_estimated.get(*b)))
        });
        order.dedup_by(|later, earlier| self.compare(*later, *earlier).is_eq());
        *self = self.picked(&order);
    }

    /// Puts the rows in order of time; what has the same time stays as it is.
    pub(crate) fn sort_by_time(&mut self) {
        self.columns.sort_by_key(|column| column.key);
        if !self.t.is_sorted() {
            let mut order: Vec<usize> = (0..self.len()).collect();
            order.sort_by_key(|row| self.t.get(*row));
            *self = self.picked(&order);
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

/// The multiple of `resolution_ms` at `t` or before.
pub(crate) const fn coarse(t: i64, resolution_ms: i64) -> i64 {
    t.saturating_sub(t.rem_euclid(resolution_ms))
}
