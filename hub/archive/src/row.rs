//! Rows of named columns ⇄ records, whatever the file is.

use hub_model::{DeviceId, FigureSpan, Figures, Quantity, Reading, SeriesKey, UnixMillis};

use crate::{
    ArchiveError, Kind, Reason, Record,
    convert::{is_own, scale},
    decimal, time,
};

/// One field of a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell<'a> {
    /// Nothing.
    Empty,
    Text(&'a str),
    Integer(i64),
    /// Digits, and how many of them are behind the point.
    Decimal(i128, i32),
    Float(f64),
    /// Milliseconds since 1970.
    Time(i64),
}

impl Cell<'_> {
    fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => (*text).chars().take(64).collect(),
            Self::Integer(number) => number.to_string(),
            Self::Decimal(digits, places) => format!("{digits}e-{places}"),
            Self::Float(number) => number.to_string(),
            Self::Time(ms) => format!("{ms} ms"),
        }
    }

    const fn is_empty(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.is_empty(),
            _ => false,
        }
    }

    /// The number in steps of `10^exponent`, as exact as the file has it.
    fn steps(&self, exponent: i8) -> Option<i64> {
        match self {
            Self::Text(text) => decimal::parse(text, exponent),
            Self::Integer(number) => decimal::scaled((*number).into(), -i32::from(exponent))?.try_into().ok(),
            Self::Decimal(digits, places) => decimal::scaled(*digits, -i32::from(exponent) - places)?.try_into().ok(),
            // The shortest decimal that is this float says what was meant.
            Self::Float(number) if number.is_finite() => decimal::parse(&format!("{number:e}"), exponent),
            _ => None,
        }
    }

    fn float(&self) -> Option<f64> {
        match self {
            Self::Text(text) => text.trim().parse().ok(),
            Self::Integer(number) => Some(*number as f64),
            Self::Decimal(digits, places) => Some(*digits as f64 / 10_f64.powi(*places)),
            Self::Float(number) => Some(*number),
            Self::Empty | Self::Time(_) => None,
        }
    }
}

/// The columns of files of readings, in their order.
pub(crate) const READING_COLUMNS: [&str; 6] = ["time", "device", "quantity", "instance", "value", "unit"];
/// The columns of files of figures, in their order.
pub(crate) const FIGURE_COLUMNS: [&str; 14] = [
    "span",
    "time",
    "device",
    "quantity",
    "instance",
    "count",
    "min",
    "mean",
    "max",
    "sum",
    "first",
    "last",
    "last_value",
    "unit",
];

/// Where a file has which column.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) kind: Kind,
    names: Vec<String>,
}

impl Layout {
    /// The layout of a file with these columns: one with a span has figures.
    pub(crate) fn new(names: Vec<String>) -> Result<Self, ArchiveError> {
        let names: Vec<String> = names.into_iter().map(|name| name.trim().to_ascii_lowercase()).collect();
        let has = |column: &str| names.iter().any(|name| name == column);
        let kind = if has("span") { Kind::Figures } else { Kind::Readings };
        let needed: &[&str] = match kind {
            Kind::Readings => &["time", "device", "quantity", "value"],
            Kind::Figures => {
                &["time", "device", "quantity", "count", "min", "max", "sum", "first", "last", "last_value"]
            }
        };
        match needed.iter().find(|column| !has(column)) {
            Some(column) => Err(ArchiveError::MissingColumn { column }),
            None => Ok(Self { kind, names }),
        }
    }

    /// The record of a row whose fields are these.
    pub(crate) fn record<'a>(&self, cell: impl Fn(usize) -> Cell<'a>) -> Result<Record, Reason> {
        let row = Fields { names: &self.names, cell: &cell };
        let series = row.series()?;
        let at = row.time("time")?;
        match self.kind {
            Kind::Readings => {
                let value = row.value("value", series.quantity)?;
                Ok(Record::Reading(Reading { series, at, value }))
            }
            Kind::Figures => row.figures(series, at).map(Record::Figures),
        }
    }
}

/// The fields of one row by name.
struct Fields<'a, 'r> {
    names: &'r [String],
    cell: &'r dyn Fn(usize) -> Cell<'a>,
}

impl<'a> Fields<'a, '_> {
    fn get(&self, column: &'static str) -> Cell<'a> {
        self.names.iter().position(|name| name == column).map_or(Cell::Empty, self.cell)
    }

    fn needed(&self, column: &'static str) -> Result<Cell<'a>, Reason> {
        let cell = self.get(column);
        if cell.is_empty() { Err(Reason::Missing { column }) } else { Ok(cell) }
    }

    fn series(&self) -> Result<SeriesKey, Reason> {
        let device = self.needed("device")?;
        let device = match &device {
            Cell::Text(text) => text.trim().parse::<DeviceId>().ok(),
            _ => None,
        }
        .ok_or_else(|| Reason::Device { text: device.text() })?;
        let quantity = self.needed("quantity")?;
        let quantity = match &quantity {
            Cell::Text(text) => Quantity::from_name(text.trim()),
            _ => None,
        }
        .ok_or_else(|| Reason::Quantity { text: quantity.text() })?;
        let instance = match self.get("instance") {
            cell if cell.is_empty() => 0,
            cell => self.number("instance", &cell)?,
        };
        Ok(SeriesKey::new(device, quantity, instance))
    }

    fn time(&self, column: &'static str) -> Result<UnixMillis, Reason> {
        let cell = self.needed(column)?;
        match &cell {
            Cell::Time(ms) => Some(UnixMillis(*ms)),
            Cell::Text(text) => time::parse(text),
            _ => None,
        }
        .ok_or_else(|| Reason::Time { text: cell.text() })
    }

    fn number<N: TryFrom<i64>>(&self, column: &'static str, cell: &Cell<'_>) -> Result<N, Reason> {
        let number = cell.steps(0).and_then(|number| N::try_from(number).ok());
        number.ok_or_else(|| Reason::Number { column, text: cell.text() })
    }

    /// A value in steps of its quantity, converted if it is in another unit, unless no sound device reports it.
    fn value(&self, column: &'static str, quantity: Quantity) -> Result<i64, Reason> {
        let cell = self.needed(column)?;
        let unit = match self.get("unit") {
            Cell::Text(unit) => unit.trim(),
            _ => "",
        };
        let wrong = || Reason::Number { column, text: cell.text() };
        let value = if is_own(quantity, unit) {
            cell.steps(quantity.exponent()).ok_or_else(wrong)?
        } else {
            let scale = scale(quantity, unit).ok_or_else(|| Reason::Unit {
                unit: unit.chars().take(32).collect(),
                quantity: quantity.name(),
                expected: quantity.unit(),
            })?;
            cell.float().and_then(|value| quantity.from_f64(scale.apply(value))).ok_or_else(wrong)?
        };
        plausible(quantity, value)
    }

    fn figures(&self, series: SeriesKey, at: UnixMillis) -> Result<Figures, Reason> {
        let span = self.needed("span")?;
        let span = match &span {
            Cell::Text(text) => FigureSpan::from_name(text.trim()),
            _ => None,
        }
        .ok_or_else(|| Reason::Span { text: span.text() })?;
        let quantity = series.quantity;
        if !matches!(self.get("unit"), Cell::Text(unit) if !is_own(quantity, unit.trim())) {
            let sum = self.needed("sum")?;
            let figures = Figures {
                series,
                span,
                at,
                count: self.number("count", &self.needed("count")?)?,
                min: self.value("min", quantity)?,
                max: self.value("max", quantity)?,
                sum: sum_steps(&sum, quantity).ok_or_else(|| Reason::Number { column: "sum", text: sum.text() })?,
                first: self.time("first")?,
                last: self.time("last")?,
                last_value: self.value("last_value", quantity)?,
            };
            return if figures.are_possible() { Ok(figures) } else { Err(Reason::Contradiction) };
        }
        // Sums cannot be converted exactly; nobody but a hub has them.
        Err(Reason::Unit { unit: self.get("unit").text(), quantity: quantity.name(), expected: quantity.unit() })
    }
}

/// A sum of values has more digits than a value.
fn sum_steps(cell: &Cell<'_>, quantity: Quantity) -> Option<i128> {
    let places = i32::from(quantity.exponent().unsigned_abs());
    match cell {
        Cell::Decimal(digits, own) => decimal::scaled(*digits, places - own),
        Cell::Text(text) => {
            let (whole, part) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
            let number: i128 = format!("{whole}{part}").parse().ok()?;
            decimal::scaled(number, places - i32::try_from(part.len()).ok()?)
        }
        other => other.steps(quantity.exponent()).map(i128::from),
    }
}

/// The value, unless no sound device reports it.
pub(crate) fn plausible(quantity: Quantity, value: i64) -> Result<i64, Reason> {
    if quantity.plausible().contains(&value) {
        Ok(value)
    } else {
        Err(Reason::Implausible { value: quantity.display(value).to_string(), quantity: quantity.name() })
    }
}

/// A sum in the quantity's unit.
pub(crate) fn sum_text(quantity: Quantity, sum: i128) -> String {
    let scale = 10_u128.pow(u32::from(quantity.exponent().unsigned_abs()));
    let places = usize::from(quantity.exponent().unsigned_abs());
    let (sign, magnitude) = (if sum < 0 { "-" } else { "" }, sum.unsigned_abs());
    if places == 0 {
        return format!("{sign}{magnitude}");
    }
    format!("{sign}{}.{:0places$}", magnitude / scale, magnitude % scale)
}
