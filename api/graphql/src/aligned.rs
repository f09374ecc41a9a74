use std::sync::Arc;

use async_graphql::{ID, Result, SimpleObject};
use hub_model::{AlignedQuery, UnixMillis};

use crate::{
    column::Column,
    history::{Gap, check_points, check_window, on_disk, sensors, steps_per_unit},
    quantity::Quantity,
    scalar::Long,
    sensor::Sensor,
    view::View,
};

/// What a client asks of several series at once.
pub(crate) struct AlignedQuestion {
    pub(crate) ids: Vec<ID>,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) from: UnixMillis,
    pub(crate) to: UnixMillis,
    pub(crate) max_points: i32,
}

impl AlignedQuestion {
    pub(crate) async fn answer(self, view: &Arc<View>) -> Result<AlignedHistory> {
        let max_points = check_points(self.max_points)?;
        check_window(self.from, self.to)?;
        let sensors = sensors(view, &self.ids, self.quantity).await?;
        let series = sensors.iter().map(Sensor::key).collect();
        let query = AlignedQuery { series, from: self.from, to: self.to, max_points };
        let data = on_disk(view, move |ports| ports.statistics.aligned(&query)).await?;
        Ok(AlignedHistory {
            width_ms: Long(data.width_ms),
            t: data.t.into_iter().map(|t| Long(t.0)).collect(),
            columns: sensors
                .into_iter()
                .zip(data.columns)
                .map(|(sensor, data)| AlignedColumn::new(sensor, data))
                .collect(),
        })
    }
}

/// The past of several sensors on one axis: `t[i]` and the places `i` of all columns are one point. A place is null where
/// the sensor has no reading; whether a line may be drawn over it is told by `gaps`.
#[derive(SimpleObject)]
pub(crate) struct AlignedHistory {
    /// The width of a point in milliseconds: the narrowest of which not too many are needed, 1 s or more. At 1 h or more
    /// hourly roll-ups are read.
    width_ms: Long,
    /// The start of each point in milliseconds since 1970 as decimal strings, from the first that has a reading of any
    /// sensor to the last, without holes.
    t: Column<Long>,
    /// The sensors, in the order asked for.
    columns: Vec<AlignedColumn>,
}

/// The past of one sensor, in columns as long as the common axis. All values are in `unit`.
#[derive(SimpleObject)]
pub(crate) struct AlignedColumn {
    /// Whose past.
    sensor: Sensor,
    /// The unit of all values.
    unit: &'static str,
    /// The least value of each point.
    min: Column<Option<f64>>,
    /// The arithmetic mean of each point.
    mean: Column<Option<f64>>,
    /// The greatest value of each point.
    max: Column<Option<f64>>,
    /// The number of readings in each point.
    count: Column<i32>,
    /// The stretches without readings, longer than the sensor's usual interval explains.
    gaps: Vec<Gap>,
}

impl AlignedColumn {
    fn new(sensor: Sensor, column: hub_model::AlignedColumn) -> Self {
        let quantity = sensor.key().quantity;
        let values = |steps: Vec<Option<i64>>| {
            steps.into_iter().map(|value| value.map(|value| quantity.to_f64(value))).collect()
        };
        let steps_per_unit = steps_per_unit(quantity);
        Self {
            unit: quantity.unit(),
            min: values(column.min),
            mean: column.mean.into_iter().map(|mean| mean.map(|mean| mean / steps_per_unit)).collect(),
            max: values(column.max),
            count: column.count.into_iter().map(|count| i32::try_from(count).unwrap_or(i32::MAX)).collect(),
            gaps: column.gaps.into_iter().map(Into::into).collect(),
            sensor,
        }
    }
}
