use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Interface, Object, Result, connection::Connection};
use hub_model::{DeviceId, SeriesKey};

use crate::{
    aligned::{AlignedHistory, AlignedQuestion},
    dead_letter::DeadLetter,
    device::Device,
    error::bad_input,
    health::Health,
    history::{HistorySeries, Question},
    home::Home,
    id::{BadId, GlobalId, device_id, room_id},
    page::{MAX_PAGE, PageKey, after_key, connection, page_size},
    pairing::Pairing,
    quantity::Quantity,
    retention::{PreviewQuestion, RetentionPreview},
    rollout::Rollout,
    room::Room,
    scalar::{Cursor, DateTime},
    sensor::Sensor,
    signal::{DeviceSignal, signal_map},
    statistics::{SensorStatistics, StatisticsQuestion, statistics_cost},
    stream::{EventFilter, EventPage, Filter},
    view::View,
    words::{Bucket, Resolution},
};

/// The most ids of one `nodes`.
const MAX_NODES: usize = 100;
/// The most events of one `eventsSince`.
const MAX_EVENTS: usize = 500;
/// What a complexity rule takes a preview of retention to be: it may read years of one device.
const PREVIEW_COST: usize = 2_000;

/// Whatever has a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "The global id."))]
pub(crate) enum Node {
    Device(Device),
    Room(Room),
    Sensor(Sensor),
    DeadLetter(DeadLetter),
}

impl Node {
    /// The object of this id, if there is one.
    async fn find(view: &Arc<View>, id: GlobalId) -> Result<Option<Self>> {
        Ok(match id {
            GlobalId::Device(id) => Device::find(view, id).map(Self::Device),
            GlobalId::Room(id) => Room::find(view, id).map(Self::Room),
            GlobalId::Sensor(key) => Sensor::find(view, key).map(Self::Sensor),
            GlobalId::DeadLetter(number) => DeadLetter::find(view, number).await?.map(Self::DeadLetter),
        })
    }
}

/// Which devices to list; every condition must hold.
#[derive(InputObject)]
pub(crate) struct DeviceFilter {
    /// true: those in the house; false: those that were heard and not adopted; null: both.
    #[graphql(default_with = "Some(true)")]
    is_adopted: Option<bool>,
    /// Those in this room.
    room_id: Option<ID>,
    /// Those whose name or address has this text in it, in any case.
    text: Option<String>,
}

impl Default for DeviceFilter {
    fn default() -> Self {
        Self { is_adopted: Some(true), room_id: None, text: None }
    }
}

/// Which sensors to list; every condition must hold.
#[derive(InputObject, Default)]
pub(crate) struct SensorFilter {
    /// Those of this device (global id or address).
    device_id: Option<ID>,
    /// Those of the devices in this room.
    room_id: Option<ID>,
    /// Those of these quantities. Null is no condition, an empty list lets nothing through.
    quantities: Option<Vec<Quantity>>,
}

fn refuse(argument: &str) -> impl Fn(BadId) -> async_graphql::Error {
    move |error| bad_input(argument, error.to_string())
}

/// What a complexity rule takes a page to be.
fn page_cost(first: Option<i32>, usual: usize) -> usize {
    first.map_or(usual, |first| usize::try_from(first).unwrap_or(0).min(MAX_EVENTS))
}

/// What a complexity rule takes a series of so many points to be.
fn series_cost(max_points: Option<i32>) -> usize {
    10 + max_points.map_or(500, |points| usize::try_from(points).unwrap_or(0).min(2000)) / 10
}

/// What a client can ask. Everything in one request is of one moment: the state behind `home.cursor`.
pub struct Query;

/// What a client can ask. Everything in one request is of one moment: the state behind `home.cursor`.
#[Object]
impl Query {
    /// The object of a global id; null when there is none (any more).
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Result<Option<Node>> {
        Node::find(&View::of(ctx)?, GlobalId::decode(&id).map_err(refuse("id"))?).await
    }

    /// The objects of global ids, in their order; null where there is none (any more).
    #[graphql(complexity = "ids.len() * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global ids, at most 100.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>> {
        if ids.len() > MAX_NODES {
            return Err(bad_input("ids", format!("ids has {} ids; expected at most {MAX_NODES}", ids.len())));
        }
        let view = View::of(ctx)?;
        let mut nodes = vec![];
        for id in &ids {
            nodes.push(Node::find(&view, GlobalId::decode(id).map_err(refuse("ids"))?).await?);
        }
        Ok(nodes)
    }

    /// The house.
    async fn home(&self, ctx: &Context<'_>) -> Result<Home> {
        Ok(Home::new(View::of(ctx)?))
    }

    /// The rooms, by name.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn rooms(&self, ctx: &Context<'_>) -> Result<Vec<Room>> {
        Ok(Room::all(&View::of(ctx)?))
    }

    /// One room; null when there is none of that id.
    async fn room(&self, ctx: &Context<'_>, #[graphql(desc = "The global id.")] id: ID) -> Result<Option<Room>> {
        Ok(Room::find(&View::of(ctx)?, room_id(&id).map_err(refuse("id"))?))
    }

    /// The devices of the house, or those that were heard and not adopted, by address.
    #[graphql(complexity = "page_cost(first, 50) * child_complexity")]
    async fn devices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; null is the adopted ones.")] filter: Option<DeviceFilter>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(50)")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<PageKey, Device>> {
        let size = page_size(first, 50, MAX_PAGE)?;
        let after: Option<DeviceId> = after_key(after.as_deref(), |key| key.parse().ok())?;
        let DeviceFilter { is_adopted, room_id: room, text } = filter.unwrap_or_default();
        let room = room.map(|id| room_id(&id).map_err(refuse("filter.roomId"))).transpose()?;
        let text = text.map(|text| text.to_lowercase());
        let view = View::of(ctx)?;
        let (household, heard) = (&view.state().household.devices, &view.state().discovered);
        let adopted = household.keys().filter(|_| is_adopted != Some(false));
        let others = heard.keys().filter(|id| is_adopted != Some(true) && !household.contains_key(id));
        let mut ids: Vec<DeviceId> = adopted.chain(others).copied().filter(|id| Some(*id) > after).collect();
        ids.sort();
        let wanted = |device: &Device| {
            let has_text = |text: &String| {
                device.name_text().to_lowercase().contains(text) || device.address_text().to_lowercase().contains(text)
            };
            room.is_none_or(|room| device.room_id() == Some(room)) && text.as_ref().is_none_or(has_text)
        };
        let devices = ids.into_iter().filter_map(|id| Device::find(&view, id)).filter(wanted);
        Ok(connection(after.is_some(), devices.map(|device| (device.key().to_string(), device)), size))
    }

    /// One device, in the house or heard near it; null when there is none.
    async fn device(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The global id, or the Bluetooth address.")] id: ID,
    ) -> Result<Option<Device>> {
        Ok(Device::find(&View::of(ctx)?, device_id(&id).map_err(refuse("id"))?))
    }

    /// The sensors of the adopted devices, by address and quantity.
    #[graphql(complexity = "page_cost(first, 100) * child_complexity")]
    async fn sensors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which; null is all.")] filter: Option<SensorFilter>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(100)")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<PageKey, Sensor>> {
        let size = page_size(first, 100, MAX_PAGE)?;
        let after: Option<SeriesKey> = after_key(after.as_deref(), |key| match key.parse() {
            Ok(GlobalId::Sensor(key)) => Some(key),
            _ => None,
        })?;
        let SensorFilter { device_id: device, room_id: room, quantities } = filter.unwrap_or_default();
        let device = device.map(|id| device_id(&id).map_err(refuse("filter.deviceId"))).transpose()?;
        let room = room.map(|id| room_id(&id).map_err(refuse("filter.roomId"))).transpose()?;
        let view = View::of(ctx)?;
        let is_wanted_device = |found: &hub_model::Device| {
            device.is_none_or(|device| device == found.id) && room.is_none_or(|room| found.room == Some(room))
        };
        let is_wanted =
            |key: &SeriesKey| quantities.as_ref().is_none_or(|quantities| quantities.contains(&Quantity(key.quantity)));
        let mut sensors: Vec<_> = Device::adopted(&view, is_wanted_device).iter().flat_map(Sensor::all).collect();
        sensors.retain(|sensor| Some(sensor.key()) > after && is_wanted(&sensor.key()));
        sensors.sort_by_key(Sensor::key);
        let keyed = sensors.into_iter().map(|sensor| (GlobalId::Sensor(sensor.key()).to_string(), sensor));
        Ok(connection(after.is_some(), keyed, size))
    }

    /// What sensors measured in a window of time, `from` inclusive, `to` exclusive, in columns.
    #[graphql(complexity = "sensor_ids.len() * (series_cost(max_points) + child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the schema")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Sensors, or devices together with `quantity`; at most 50 series.")] sensor_ids: Vec<ID>,
        #[graphql(desc = "Which sensors of the devices; it has no effect on sensor ids.")] quantity: Option<Quantity>,
        #[graphql(desc = "The beginning of the window, inclusive.")] from: DateTime,
        #[graphql(desc = "The end of the window, exclusive.")] to: DateTime,
        #[graphql(desc = "How finely.", default_with = "Some(Resolution::Auto)")] resolution: Option<Resolution>,
        #[graphql(desc = "The most points of a series, 1 to 2000.", default_with = "Some(500)")] max_points: Option<
            i32,
        >,
    ) -> Result<Vec<HistorySeries>> {
        let question = Question {
            ids: sensor_ids,
            quantity,
            from: from.0,
            to: to.0,
            resolution: resolution.unwrap_or(Resolution::Auto),
            max_points: max_points.unwrap_or(500),
        };
        question.answer(&View::of(ctx)?).await
    }

    /// What sensors measured in a window of time, on one common axis: for charts of several lines.
    #[graphql(complexity = "sensor_ids.len() * (series_cost(max_points) + child_complexity)")]
    async fn aligned_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Sensors, or devices together with `quantity`; at most 50 series.")] sensor_ids: Vec<ID>,
        #[graphql(desc = "Which sensors of the devices; it has no effect on sensor ids.")] quantity: Option<Quantity>,
        #[graphql(desc = "The beginning of the window, inclusive.")] from: DateTime,
        #[graphql(desc = "The end of the window, exclusive.")] to: DateTime,
        #[graphql(desc = "The most points of the axis, 1 to 2000.", default_with = "Some(500)")] max_points: Option<
            i32,
        >,
    ) -> Result<AlignedHistory> {
        let question = AlignedQuestion {
            ids: sensor_ids,
            quantity,
            from: from.0,
            to: to.0,
            max_points: max_points.unwrap_or(500),
        };
        question.answer(&View::of(ctx)?).await
    }

    /// What became of sensors in each part of a window of time, `from` inclusive, `to` exclusive: how much, how long, how
    /// often. Gaps are left out, never guessed.
    ///
    /// Asking only for `count`, `mean`, `min { value }`, `max { value }`, `first { at }` and `last` is fastest: hourly
    /// roll-ups know them.
    #[graphql(
        complexity = "sensor_ids.len() * statistics_cost(from, to, bucket.unwrap_or(Bucket::Whole), child_complexity)"
    )]
    #[expect(clippy::too_many_arguments, reason = "the arguments of the schema")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Sensors, or devices together with `quantity`; at most 50 series.")] sensor_ids: Vec<ID>,
        #[graphql(desc = "Which sensors of the devices; it has no effect on sensor ids.")] quantity: Option<Quantity>,
        #[graphql(desc = "The beginning of the window, inclusive.")] from: DateTime,
        #[graphql(desc = "The end of the window, exclusive.")] to: DateTime,
        #[graphql(
            desc = "How to divide the window, into at most 2000 parts. The first and the last are cut off at its ends.",
            default_with = "Some(Bucket::Whole)"
        )]
        bucket: Option<Bucket>,
        #[graphql(desc = "The IANA name of the time zone whose clock divides; null is `home.timeZone`.")]
        time_zone: Option<String>,
        #[graphql(desc = "Which percentiles to tell, each 0 to 100; at most 20.")] percentiles: Option<Vec<f64>>,
        #[graphql(desc = "Tell for how long the value was greater than this, in the sensor's unit.")] above: Option<
            f64,
        >,
        #[graphql(desc = "Tell for how long the value was less than this, in the sensor's unit.")] below: Option<f64>,
    ) -> Result<Vec<SensorStatistics>> {
        let question = StatisticsQuestion {
            ids: sensor_ids,
            quantity,
            from: from.0,
            to: to.0,
            bucket: bucket.unwrap_or(Bucket::Whole),
            time_zone,
            percentiles: percentiles.unwrap_or_default(),
            above,
            below,
        };
        question.answer(&View::of(ctx)?, ctx.field()).await
    }

    /// What `setRetention` with these arguments would delete, for good, if it were done now. Nothing is changed.
    #[graphql(complexity = "PREVIEW_COST + child_complexity")]
    async fn retention_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The device, in the house: global id or Bluetooth address.")] device_id: ID,
        #[graphql(desc = "Which of its readings; null: all whose quantity has no retention of its own.")]
        quantity: Option<Quantity>,
        #[graphql(desc = "Days that every single reading is kept, 1 to 36500; null: for ever.")] raw_days: Option<i32>,
        #[graphql(desc = "Days that hourly and daily figures are kept, 1 to 36500; null: for ever.")]
        rollup_days: Option<i32>,
        #[graphql(
            desc = "Give up this retention, as in `setRetention`; `rawDays` and `rollupDays` have no effect then.",
            default = false
        )]
        use_default: bool,
    ) -> Result<RetentionPreview> {
        let question = PreviewQuestion { device_id, quantity, raw_days, rollup_days, use_default };
        question.answer(&View::of(ctx)?).await
    }

    /// What happened after a cursor: the stream of `events` for clients that ask now and then.
    #[graphql(complexity = "page_cost(first, 100) * child_complexity")]
    async fn events_since(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The last cursor that you saw.")] after: Cursor,
        #[graphql(desc = "Which events; null is all.")] filter: Option<EventFilter>,
        #[graphql(desc = "How many, 1 to 500.", default_with = "Some(100)")] first: Option<i32>,
    ) -> Result<EventPage> {
        let size = page_size(first, 100, MAX_EVENTS)?;
        EventPage::read(&View::of(ctx)?, after, &Filter::parse(filter)?, size).await
    }

    /// Frames that claimed a known format and could not be used, newest first.
    #[graphql(complexity = "page_cost(first, 50) * child_complexity")]
    async fn dead_letters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100.", default_with = "Some(50)")] first: Option<i32>,
        #[graphql(desc = "Those behind this cursor.")] after: Option<String>,
    ) -> Result<Connection<PageKey, DeadLetter>> {
        let size = page_size(first, 50, MAX_PAGE)?;
        let before: Option<u64> = after_key(after.as_deref(), |key| key.parse().ok())?;
        let letters = DeadLetter::newest(&View::of(ctx)?, before, size + 1).await?;
        let keyed = letters.into_iter().map(|letter| (letter.number().to_string(), letter));
        Ok(connection(before.is_some(), keyed, size))
    }

    /// The pairings of our own sensors since the hub started, the latest last; the longest ended are forgotten.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn pairings(&self, ctx: &Context<'_>) -> Result<Vec<Pairing>> {
        let view = View::of(ctx)?;
        view.listed(view.ports().sensors.pairings().into_iter().map(Pairing::from).collect())
    }

    /// The rollouts of new programs for our own sensors, one for each release that was added.
    #[graphql(complexity = "1 + 4 * child_complexity")]
    async fn rollouts(&self, ctx: &Context<'_>) -> Result<Vec<Rollout>> {
        let view = View::of(ctx)?;
        let rollouts = view.ports().rollouts.rollouts();
        view.listed(rollouts.into_iter().map(|rollout| Rollout::new(&view, rollout)).collect())
    }

    /// Which receiver hears which device how well: every adopted device, the worst heard first.
    #[graphql(complexity = "1 + 50 * child_complexity")]
    async fn signal_map(&self, ctx: &Context<'_>) -> Result<Vec<DeviceSignal>> {
        signal_map(&View::of(ctx)?).await
    }

    /// How the hub is doing.
    async fn health(&self, ctx: &Context<'_>) -> Result<Health> {
        Health::read(View::of(ctx)?).await
    }
}
