use hub_model::{FigureSpan, Figures, Kind as Course, Reading, UnixMillis};

use super::{HomeAssistant, Mapped};
use crate::{ArchiveError, Reason, Record};

const HOUR_MS: i64 = 3_600_000;

/// What is met in the database.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// A state or an hour of statistics that is taken.
    Record(Record),
    /// A state that says that nothing was known.
    Nothing,
    /// What cannot be taken: the number of its row, and why.
    Refused(u64, Reason),
}

/// What was met of one entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// States.
    pub states: u64,
    /// States among them that say that nothing was known (`unknown`, `unavailable`).
    pub without_value: u64,
    /// Hours of statistics.
    pub hours: u64,
}

impl HomeAssistant {
    /// Shows the states of an entity in order of time, then its hours of statistics.
    ///
    /// # Errors
    /// When the database cannot be read, or `see` fails.
    pub fn each<E: From<ArchiveError>>(
        &self,
        entity: &Mapped,
        mut see: impl FnMut(Seen) -> Result<(), E>,
    ) -> Result<Counts, E> {
        let mut counts = Counts::default();
        self.each_state(entity, &mut counts, &mut see)?;
        if self.has("statistics") && self.has("statistics_meta") {
            self.each_hour(entity, &mut counts, &mut see)?;
        }
        Ok(counts)
    }

    fn each_state<E: From<ArchiveError>>(
        &self,
        entity: &Mapped,
        counts: &mut Counts,
        see: &mut impl FnMut(Seen) -> Result<(), E>,
    ) -> Result<(), E> {
        let (time, of_entity) = (self.state_time(), self.of_entity());
        let query =
            format!("SELECT s.state_id, s.state, {time} AS at FROM states s WHERE {of_entity} ORDER BY at, s.state_id");
        let mut statement = self.database.prepare(&query).map_err(self.failed())?;
        let mut rows = statement.query([&entity.id]).map_err(self.failed())?;
        while let Some(row) = rows.next().map_err(self.failed())? {
            let read = || Ok((row.get::<_, i64>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, Option<f64>>(2)?));
            let (id, state, at) = read().map_err(self.failed())?;
            counts.states += 1;
            let Some(state) = state.filter(|state| !is_nothing(state)) else {
                counts.without_value += 1;
                see(Seen::Nothing)?;
                continue;
            };
            let record = moment(at).and_then(|at| {
                let value = entity.value(&state)?;
                Ok(Record::Reading(Reading { series: entity.series, at, value }))
            });
            see(seen(id, record))?;
        }
        Ok(())
    }

    fn each_hour<E: From<ArchiveError>>(
        &self,
        entity: &Mapped,
        counts: &mut Counts,
        see: &mut impl FnMut(Seen) -> Result<(), E>,
    ) -> Result<(), E> {
        let time = self.statistic_time();
        let query = format!(
            "SELECT t.id, {time} AS at, t.mean, t.min, t.max, t.state FROM statistics t \
             WHERE t.metadata_id IN (SELECT id FROM statistics_meta WHERE statistic_id = ?1) ORDER BY at"
        );
        let mut statement = self.database.prepare(&query).map_err(self.failed())?;
        let mut rows = statement.query([&entity.id]).map_err(self.failed())?;
        while let Some(row) = rows.next().map_err(self.failed())? {
            let number = |nth: usize| row.get::<_, Option<f64>>(nth);
            let read = || {
                Ok((
                    row.get(0)?,
                    Hour { at: number(1)?, mean: number(2)?, min: number(3)?, max: number(4)?, state: number(5)? },
                ))
            };
            let (id, hour) = read().map_err(self.failed())?;
            counts.hours += 1;
            see(seen(id, hour.figures(entity).map(Record::Figures)))?;
        }
        Ok(())
    }
}

/// A row of hourly statistics.
#[derive(Debug, Clone, Copy)]
struct Hour {
    at: Option<f64>,
    mean: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
    state: Option<f64>,
}

impl Hour {
    fn figures(self, entity: &Mapped) -> Result<Figures, Reason> {
        let began = moment(self.at)?;
        let at = UnixMillis(began.0 - began.0.rem_euclid(HOUR_MS));
        let is_meter = entity.series.quantity.kind() == Course::Total;
        let (min, mean, max, when) = match (self.mean, self.state) {
            // What a meter showed last is worth more than a mean of what it showed.
            (_, Some(state)) if is_meter || self.mean.is_none() => {
                let value = entity.figure(state)?;
                (value, value, value, at + (HOUR_MS - 1))
            }
            (Some(mean), _) => {
                let mean = entity.figure(mean)?;
                let bound = |bound: Option<f64>| bound.map_or(Ok(mean), |bound| entity.figure(bound));
                (bound(self.min)?.min(mean), mean, bound(self.max)?.max(mean), at)
            }
            _ => return Err(Reason::Missing { column: "mean" }),
        };
        Ok(Figures {
            series: entity.series,
            span: FigureSpan::Hour,
            at,
            count: 1,
            min,
            max,
            sum: mean.into(),
            first: when,
            last: when,
            last_value: mean,
        })
    }
}

fn seen(id: i64, record: Result<Record, Reason>) -> Seen {
    match record {
        Ok(record) => Seen::Record(record),
        Err(reason) => Seen::Refused(id.unsigned_abs(), reason),
    }
}

/// Does the state say that nothing was known?
pub(super) fn is_nothing(state: &str) -> bool {
    matches!(state, "unknown" | "unavailable" | "" | "none" | "None")
}

/// Seconds since 1970, to the millisecond.
fn moment(seconds: Option<f64>) -> Result<UnixMillis, Reason> {
    // To the year 9999, whose milliseconds a float holds exactly.
    const FARTHEST: f64 = 253_402_300_799.0;
    let found = seconds.filter(|seconds| seconds.abs() <= FARTHEST);
    let text = || seconds.map_or_else(|| "nothing".to_owned(), |seconds| seconds.to_string());
    found.map(|seconds| UnixMillis((seconds * 1000.0).round() as i64)).ok_or_else(|| Reason::Time { text: text() })
}
