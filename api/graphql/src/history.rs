use std::{collections::BTreeSet, ops::Range, sync::Arc};

use async_graphql::{ID, Result, SimpleObject};
use hub_model::{Estimates, HistoryError, HistoryQuery, SeriesData, SeriesKey, UnixMillis};

use crate::{
    Ports,
    column::Column,
    device::Device,
    error::{Code, bad_input, coded, internal, over_limit},
    id::{GlobalId, device_id},
    quantity::Quantity,
    scalar::{DateTime, Long},
    sensor::Sensor,
    view::View,
    words::Resolution,
};

/// The most series of one question.
pub(crate) const MAX_SERIES: usize = 50;
/// The most points of one series.
pub(crate) const MAX_POINTS: usize = 2000;

/// What a client asks of the history.
pub(crate) struct Question {
    pub(crate) ids: Vec<ID>,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) from: UnixMillis,
    pub(crate) to: UnixMillis,
    pub(crate) resolution: Resolution,
    pub(crate) max_points: i32,
}

impl Question {
    /// The series, in the order asked for.
    pub(crate) async fn answer(self, view: &Arc<View>) -> Result<Vec<HistorySeries>> {
        let max_points = check_points(self.max_points)?;
        check_window(self.from, self.to)?;
        let sensors = sensors(view, &self.ids, self.quantity).await?;
        let query = |sensor: &Sensor| HistoryQuery {
            series: sensor.key(),
            from: self.from,
            to: self.to,
            resolution: self.resolution.into(),
            max_points,
        };
        let queries: Vec<_> = sensors.iter().map(query).collect();
        let answer = |ports: &Ports, query: &HistoryQuery| {
            Ok((ports.history.query(query)?, ports.sensors.estimated(query.series.device)?))
        };
        let answers = on_disk(view, move |ports| queries.iter().map(|query| answer(ports, query)).collect()).await?;
        let answers: Vec<(SeriesData, Estimates)> = answers;
        let window = self.from..self.to;
        let series = sensors.into_iter().zip(answers).map(|(sensor, (data, estimates))| {
            let estimated = estimates.spans().iter().filter_map(|span| within(*span, &window));
            HistorySeries::new(sensor, data, estimated.collect())
        });
        Ok(series.collect())
    }
}

/// Refuses a window that is empty.
pub(crate) fn check_window(from: UnixMillis, to: UnixMillis) -> Result<()> {
    if from >= to {
        let message = format!("to is {}; expected a time after from, {}", DateTime(to), DateTime(from));
        return Err(bad_input("to", message));
    }
    Ok(())
}

/// The argument `maxPoints`, if it is in its range.
pub(crate) fn check_points(max_points: i32) -> Result<usize> {
    match usize::try_from(max_points) {
        Ok(points) if (1..=MAX_POINTS).contains(&points) => Ok(points),
        _ => {
            let message = format!("maxPoints is {max_points}; expected 1 to {MAX_POINTS}");
            Err(bad_input("maxPoints", message))
        }
    }
}

/// The sensors that the ids of an argument `sensorIds` name, each once; device ids need a quantity.
pub(crate) async fn sensors(view: &Arc<View>, ids: &[ID], quantity: Option<Quantity>) -> Result<Vec<Sensor>> {
    let refuse_many =
        |count: usize| bad_input("sensorIds", format!("sensorIds names {count} series; expected at most {MAX_SERIES}"));
    if ids.len() > MAX_SERIES {
        return Err(refuse_many(ids.len()));
    }
    let mut stored = None;
    let mut seen = BTreeSet::new();
    let mut sensors = vec![];
    for id in ids {
        let keys = match GlobalId::decode(id) {
            Ok(GlobalId::Sensor(key)) => vec![key],
            _ => {
                let device = device_id(id).map_err(|error| bad_input("sensorIds", error.to_string()))?;
                let Some(quantity) = quantity else {
                    return Err(bad_input("quantity", "quantity is missing; a device id needs one beside it"));
                };
                let stored = match &stored {
                    Some(stored) => stored,
                    None => stored.insert(on_disk(view, |ports| ports.history.series()).await?),
                };
                series_of(view, device, quantity.0, stored)
            }
        };
        for key in keys.into_iter().filter(|key| seen.insert(*key)) {
            let sensor = Sensor::of(view, key)
                .ok_or_else(|| coded(Code::NotFound, format!("device {} is not known", key.device)))?;
            sensors.push(sensor);
        }
    }
    if sensors.len() > MAX_SERIES { Err(refuse_many(sensors.len())) } else { Ok(sensors) }
}

/// The series of one quantity of a device that have a present value or a past; the first one when none has.
fn series_of(
    view: &Arc<View>,
    device: hub_model::DeviceId,
    quantity: hub_model::Quantity,
    stored: &[SeriesKey],
) -> Vec<SeriesKey> {
    let present = Device::find(view, device).map(|device| Sensor::all(&device)).unwrap_or_default();
    let known = stored.iter().copied().chain(present.iter().map(Sensor::key));
    let mut keys: Vec<_> = known.filter(|key| key.device == device && key.quantity == quantity).collect();
    keys.sort();
    keys.dedup();
    if keys.is_empty() { vec![SeriesKey::new(device, quantity, 0)] } else { keys }
}

/// Asks the history on a blocking thread.
pub(crate) async fn on_disk<T: Send + 'static>(
    view: &Arc<View>,
    ask: impl FnOnce(&Ports) -> Result<T, HistoryError> + Send + 'static,
) -> Result<T> {
    let hub = Arc::clone(view.hub());
    let asked = tokio::task::spawn_blocking(move || ask(&hub.ports));
    asked.await.map_err(|error| internal(view.hub(), &error))?.map_err(|error| match error {
        HistoryError::TooManyBuckets { .. } => over_limit("buckets", error.to_string()),
        error => internal(view.hub(), &error),
    })
}

/// The past of one sensor in columns of equal length: `t[i]`, `min[i]`, `mean[i]`, `max[i]` and `count[i]` are one point.
/// All values are in `unit`.
#[derive(SimpleObject)]
pub(crate) struct HistorySeries {
    /// Whose past.
    sensor: Sensor,
    /// How finely it was answered, never AUTO.
    resolution: Resolution,
    /// The width of a point in milliseconds; 0 for single readings.
    width_ms: Long,
    /// The unit of all values.
    unit: &'static str,
    /// The start of each point, or the time of each reading, in milliseconds since 1970 as decimal strings.
    t: Column<Long>,
    /// The least value of each point.
    min: Column<f64>,
    /// The arithmetic mean of each point.
    mean: Column<f64>,
    /// The greatest value of each point.
    max: Column<f64>,
    /// The number of readings in each point.
    count: Column<i32>,
    /// The stretches without readings, longer than the sensor's usual interval explains.
    gaps: Vec<Gap>,
    /// The spans in which times are estimated, and stay so: a sensor of ours kept these readings while it could not be heard,
    /// and started anew before it was asked how long it had been running.
    estimated: Vec<EstimatedSpan>,
    /// RAW only: where to ask on when not all readings fitted into `maxPoints`.
    next_from: Option<DateTime>,
}

impl HistorySeries {
    fn new(sensor: Sensor, data: SeriesData, estimated: Vec<EstimatedSpan>) -> Self {
        let quantity = sensor.key().quantity;
        let values = |steps: Vec<i64>| steps.into_iter().map(|value| quantity.to_f64(value)).collect();
        let steps_per_unit = steps_per_unit(quantity);
        Self {
            resolution: data.resolution.into(),
            width_ms: Long(data.width_ms),
            unit: quantity.unit(),
            t: data.t.into_iter().map(|at| Long(at.0)).collect(),
            min: values(data.min),
            mean: data.mean.into_iter().map(|mean| mean / steps_per_unit).collect(),
            max: values(data.max),
            count: data.count.into_iter().map(|count| i32::try_from(count).unwrap_or(i32::MAX)).collect(),
            gaps: data.gaps.into_iter().map(Into::into).collect(),
            estimated,
            next_from: data.next_from.map(DateTime),
            sensor,
        }
    }
}

/// How many steps make a unit. Divide by it, instead of multiplying by 0.01: 2506 steps of 0.01 are then the float nearest
/// to 25.06.
pub(crate) fn steps_per_unit(quantity: hub_model::Quantity) -> f64 {
    10_f64.powi(-i32::from(quantity.exponent()))
}

/// A span in which the times of readings are estimated.
#[derive(SimpleObject)]
pub(crate) struct EstimatedSpan {
    /// The first such reading, or the window's start.
    from: DateTime,
    /// The last one, or the window's end.
    to: DateTime,
}

/// What of a span is in a window.
fn within(span: hub_model::EstimatedSpan, window: &Range<UnixMillis>) -> Option<EstimatedSpan> {
    let (from, to) = (span.from.max(window.start), span.to.min(window.end));
    (from <= to).then_some(EstimatedSpan { from: DateTime(from), to: DateTime(to) })
}

/// A stretch without readings.
#[derive(SimpleObject)]
pub(crate) struct Gap {
    /// The last reading before, or the window's start.
    from: DateTime,
    /// The first reading after, or the window's end.
    to: DateTime,
}

impl From<hub_model::Gap> for Gap {
    fn from(gap: hub_model::Gap) -> Self {
        Self { from: DateTime(gap.from), to: DateTime(gap.to) }
    }
}
