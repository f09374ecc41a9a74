use std::sync::Arc;

use async_graphql::{ID, Result, SelectionField, SimpleObject};
use hub_model::{Depth, Percent, PercentError, SeriesStatistics, StatisticsQuery, UnixMillis, Zone};

use crate::{
    error::bad_input,
    history::{Gap, check_window, on_disk, sensors, steps_per_unit},
    quantity::Quantity,
    scalar::{DateTime, Long},
    sensor::Sensor,
    view::View,
    words::{Bucket, Interpolation},
};

/// The most parts of a window.
const MAX_BUCKETS: usize = 2000;
/// The most percentiles of one question.
const MAX_PERCENTILES: usize = 20;
const HOUR_MS: i64 = 3_600_000;

/// What a client asks to be summed up.
pub(crate) struct StatisticsQuestion {
    pub(crate) ids: Vec<ID>,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) from: UnixMillis,
    pub(crate) to: UnixMillis,
    pub(crate) bucket: Bucket,
    pub(crate) time_zone: Option<String>,
    pub(crate) percentiles: Vec<f64>,
    pub(crate) above: Option<f64>,
    pub(crate) below: Option<f64>,
}

/// What a complexity rule takes the statistics of one series to be: a quarter for every field of every part, and a quarter
/// for every day whose readings are looked at.
pub(crate) fn statistics_cost(from: DateTime, to: DateTime, bucket: Bucket, child_complexity: usize) -> usize {
    let hours = usize::try_from((to.0 - from.0).max(0) / HOUR_MS).unwrap_or(usize::MAX);
    let hours_of_part = match bucket {
        Bucket::Whole => usize::MAX,
        Bucket::Hour => 1,
        Bucket::Day => 24,
        Bucket::Week => 7 * 24,
        Bucket::Month => 30 * 24,
        Bucket::Year => 365 * 24,
    };
    // What has more parts is refused anyway, with a better word.
    let parts = (hours / hours_of_part).saturating_add(1).min(MAX_BUCKETS);
    10 + (parts.saturating_mul(child_complexity) + hours / 24) / 4
}

impl StatisticsQuestion {
    /// The statistics of the sensors, in the order asked for.
    pub(crate) async fn answer(self, view: &Arc<View>, field: SelectionField<'_>) -> Result<Vec<SensorStatistics>> {
        check_window(self.from, self.to)?;
        let zone = match &self.time_zone {
            Some(name) => {
                name.parse().map_err(|error: hub_model::ParseZoneError| bad_input("timeZone", error.to_string()))?
            }
            None => view.ports().home_zone.clone(),
        };
        let percentiles = self.percents()?;
        let sensors = sensors(view, &self.ids, self.quantity).await?;
        let depth = if field.selection_set().all(is_in_rollups) { Depth::Rollups } else { Depth::Readings };
        let query = |sensor: &Sensor| StatisticsQuery {
            series: sensor.key(),
            from: self.from,
            to: self.to,
            bucket: self.bucket.into(),
            zone: zone.clone(),
            max_buckets: MAX_BUCKETS,
            percentiles: percentiles.clone(),
            above: self.above.map(|above| in_steps(sensor.key().quantity, above)),
            below: self.below.map(|below| in_steps(sensor.key().quantity, below)),
            depth,
            now: view.now().wall.at,
        };
        let queries: Vec<_> = sensors.iter().map(query).collect();
        let answers: Vec<SeriesStatistics> =
            on_disk(view, move |ports| queries.iter().map(|query| ports.statistics.statistics(query)).collect())
                .await?;
        let mut told = Vec::with_capacity(sensors.len());
        for (sensor, answer) in sensors.into_iter().zip(answers) {
            let statistics = SensorStatistics::new(sensor, answer, &zone, &percentiles);
            told.push(SensorStatistics { buckets: view.listed(statistics.buckets)?, ..statistics });
        }
        Ok(told)
    }

    fn percents(&self) -> Result<Vec<Percent>> {
        let count = self.percentiles.len();
        if count > MAX_PERCENTILES {
            let message = format!("percentiles has {count} numbers; expected at most {MAX_PERCENTILES}");
            return Err(bad_input("percentiles", message));
        }
        let percent = |number: &f64| {
            Percent::try_from(*number).map_err(|error: PercentError| bad_input("percentiles", error.to_string()))
        };
        self.percentiles.iter().map(percent).collect()
    }
}

/// Do hourly roll-ups know the answer to a field of a series?
fn is_in_rollups(field: SelectionField<'_>) -> bool {
    match field.name() {
        "exactFrom" | "gaps" => false,
        "buckets" => field.selection_set().all(|field| match field.name() {
            "from" | "to" | "count" | "mean" | "last" | "__typename" => true,
            "first" => field.selection_set().all(|field| field.name() != "value"),
            "min" | "max" => field.selection_set().all(|field| field.name() != "at"),
            _ => false,
        }),
        _ => true,
    }
}

/// A threshold in steps: a whole number where it is meant to be one, although 25.06 × 1000 is not in floats.
fn in_steps(quantity: hub_model::Quantity, number: f64) -> f64 {
    let steps = number * steps_per_unit(quantity);
    let whole = steps.round();
    if (steps - whole).abs() < 1e-6 { whole } else { steps }
}

/// The unit of an integral over hours. Where it has a name of its own, that.
fn integral_unit(quantity: hub_model::Quantity) -> String {
    match quantity {
        hub_model::Quantity::Power => "Wh".to_owned(),
        hub_model::Quantity::Current => "Ah".to_owned(),
        hub_model::Quantity::VolumeFlowRate => "m³".to_owned(),
        _ if quantity.unit().is_empty() => "h".to_owned(),
        _ => format!("{}·h", quantity.unit()),
    }
}

/// What became of one sensor in each part of a window. All values are in `unit`.
#[derive(SimpleObject)]
pub(crate) struct SensorStatistics {
    /// Whose.
    sensor: Sensor,
    /// The unit of all values.
    unit: &'static str,
    /// The unit of every `integral`: that of the values × hours, such as `°C·h`; of power it is `Wh`.
    integral_unit: String,
    /// What values are taken to be between two readings.
    interpolation: Interpolation,
    /// The IANA name of the time zone whose clock divided the window.
    time_zone: String,
    /// From here on all single readings are kept, so that everything can be told; before, some are expired. The beginning of
    /// the window when it is whole.
    exact_from: DateTime,
    /// The stretches without readings, longer than the sensor's usual interval explains (three times the median, and two
    /// minutes; 25 hours for what is sent rarely: binary quantities, totals, battery and voltage).
    gaps: Vec<Gap>,
    /// The parts in order, without holes: also those without readings.
    buckets: Vec<StatisticsBucket>,
}

/// What became of a sensor in one part of a window. What needs single readings is null where some are expired.
#[derive(SimpleObject)]
pub(crate) struct StatisticsBucket {
    /// The beginning, inclusive.
    from: DateTime,
    /// The end, exclusive.
    to: DateTime,
    /// Are all its readings kept? Otherwise it tells what hourly roll-ups know; an hour counts where its first reading is.
    is_exact: bool,
    /// The number of readings.
    count: i32,
    /// The first reading; null when there is none.
    first: Option<PickedReading>,
    /// The last reading; null when there is none.
    last: Option<PickedReading>,
    /// The least reading, of several the first; null when there is none.
    min: Option<PickedReading>,
    /// The greatest reading, of several the first; null when there is none.
    max: Option<PickedReading>,
    /// The arithmetic mean of the readings; null when there is none, and of angles.
    mean: Option<f64>,
    /// The percentiles asked for, in their order; null when there are no readings.
    percentiles: Option<Vec<Percentile>>,
    /// The share of this part for which readings vouch, 0 to 1: all but gaps, and what is still to come.
    coverage: Option<f64>,
    /// The mean over the time that is covered, where each value counts for as long as it lasted; null when that is none, and
    /// of totals and angles.
    time_weighted_mean: Option<f64>,
    /// The integral over the time that is covered, in `integralUnit`: degree hours of a temperature, energy of a power. Null
    /// of totals and angles.
    integral: Option<f64>,
    /// For how many milliseconds of the time that is covered the value was greater than `above`; null when nobody asked.
    above_ms: Option<Long>,
    /// For how many milliseconds of the time that is covered the value was less than `below`; null when nobody asked.
    below_ms: Option<Long>,
    /// Binary quantities: for how many milliseconds of the time that is covered it was on.
    on_ms: Option<Long>,
    /// Binary quantities: the share of the time that is covered for which it was on, 0 to 1; null when that is none.
    on_share: Option<f64>,
    /// Binary quantities: how often it changed.
    changes: Option<i32>,
    /// Totals: how much it grew. A fall is a reset, after which the meter counts from 0. A growth belongs to the part that
    /// has the reading which shows it, so that parts add up to the whole, also over gaps. Null when there is no reading.
    increase: Option<f64>,
    /// Totals: how many resets there were. Before `exactFrom` those that an hour shows.
    resets: Option<i32>,
}

/// One reading picked out of many; what is not known any more of it is null.
#[derive(SimpleObject)]
pub(crate) struct PickedReading {
    /// When it was taken.
    at: Option<DateTime>,
    /// The value.
    value: Option<f64>,
}

/// One percentile, by nearest rank.
#[derive(SimpleObject)]
pub(crate) struct Percentile {
    /// Of how many percent of the readings, 0 to 100.
    percent: f64,
    /// The least reading that at least so many percent of the readings do not exceed.
    value: f64,
}

impl SensorStatistics {
    fn new(sensor: Sensor, answer: SeriesStatistics, zone: &Zone, percentiles: &[Percent]) -> Self {
        let quantity = sensor.key().quantity;
        let bucket = |bucket| StatisticsBucket::new(quantity, bucket, percentiles);
        Self {
            sensor,
            unit: quantity.unit(),
            integral_unit: integral_unit(quantity),
            interpolation: hub_model::Interpolation::of(quantity).into(),
            time_zone: zone.name().to_owned(),
            exact_from: DateTime(answer.exact_from),
            gaps: answer.gaps.into_iter().map(Into::into).collect(),
            buckets: answer.buckets.into_iter().map(bucket).collect(),
        }
    }
}

impl StatisticsBucket {
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a window are far below 2^53")]
    fn new(quantity: hub_model::Quantity, told: hub_model::Statistics, percentiles: &[Percent]) -> Self {
        let steps_per_unit = steps_per_unit(quantity);
        let picked = |picked: hub_model::Picked| PickedReading {
            at: picked.at.map(DateTime),
            value: picked.value.map(|value| quantity.to_f64(value)),
        };
        let percentile =
            |(percent, value): (&Percent, i64)| Percentile { percent: percent.get(), value: quantity.to_f64(value) };
        let whole = |count: u64| i32::try_from(count).unwrap_or(i32::MAX);
        let (course, width_ms) = (told.course, told.to - told.from);
        let covered_ms = course.map(|course| course.covered_ms as f64);
        let on_ms = course.and_then(|course| course.on_ms);
        Self {
            from: DateTime(told.from),
            to: DateTime(told.to),
            is_exact: told.is_exact,
            count: whole(told.count),
            first: told.first.map(picked),
            last: told.last.map(picked),
            min: told.min.map(picked),
            max: told.max.map(picked),
            mean: told.mean.map(|mean| mean / steps_per_unit),
            percentiles: told.percentiles.map(|values| percentiles.iter().zip(values).map(percentile).collect()),
            coverage: covered_ms.map(|covered| covered / width_ms as f64),
            time_weighted_mean: course.and_then(|course| course.mean).map(|mean| mean / steps_per_unit),
            integral: course
                .and_then(|course| course.integral)
                .map(|integral| integral / steps_per_unit / HOUR_MS as f64),
            above_ms: course.and_then(|course| course.above_ms).map(Long),
            below_ms: course.and_then(|course| course.below_ms).map(Long),
            on_ms: on_ms.map(Long),
            on_share: on_ms
                .zip(covered_ms)
                .filter(|(_, covered)| *covered > 0.0)
                .map(|(on, covered)| on as f64 / covered),
            changes: told.changes.map(whole),
            increase: told.increase.map(|increase| quantity.to_f64(increase.by)),
            resets: told.increase.map(|increase| whole(increase.resets)),
        }
    }
}
