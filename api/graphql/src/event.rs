use std::sync::Arc;

use async_graphql::{ComplexObject, ID, Interface, SimpleObject};
use hub_model::{Action, DeviceId, EventBody, Press, RoomId, SeriesKey, Turn};

use crate::{
    device::Device,
    id::GlobalId,
    pairing::{self, PairingFailure, PairingStep, Told},
    quantity::Quantity,
    room::Room,
    scalar::{Cursor, DateTime, Long},
    view::View,
    words::{AlertKind, EventKind, TimeQuality},
};

/// Defines an event object: the fields that every event has, then its own.
macro_rules! event {
    (
        $(#[$about:meta])*
        $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }
    ) => {
        #[derive(SimpleObject)]
        $(#[$about])*
        pub(crate) struct $name {
            /// Its place in the stream: a subscription after it continues behind this event.
            cursor: Cursor,
            /// When it happened, as far as the wall clock is known.
            at: DateTime,
            /// How far that time can be trusted.
            time_quality: TimeQuality,
            /// What it is about.
            kind: EventKind,
            /// Its way through the hub; null for what did not come by air and for what is read back from the log.
            trace: Option<Trace>,
            $($(#[$field_about])* $field: $type,)*
        }

        impl $name {
            fn new(head: Head, $($field: $type,)*) -> Self {
                let Head { cursor, at, time_quality, kind, trace } = head;
                Self { cursor, at, time_quality, kind, trace, $($field,)* }
            }
        }
    };
}

/// What every event has.
struct Head {
    cursor: Cursor,
    at: DateTime,
    time_quality: TimeQuality,
    kind: EventKind,
    trace: Option<Trace>,
}

/// Who or what an event is about, to be looked up when a client asks.
struct About<Id> {
    view: Arc<View>,
    id: Id,
}

impl About<DeviceId> {
    fn device(&self) -> Option<Device> {
        Device::find(&self.view, self.id)
    }
}

/// Something that happened in the house. Present state is asked of the objects, not of events.
#[derive(Interface)]
#[graphql(
    field(
        name = "cursor",
        ty = "&Cursor",
        desc = "Its place in the stream: a subscription after it continues behind this event."
    ),
    field(name = "at", ty = "&DateTime", desc = "When it happened, as far as the wall clock is known."),
    field(name = "time_quality", ty = "&TimeQuality", desc = "How far that time can be trusted."),
    field(name = "kind", ty = "&EventKind", desc = "What it is about."),
    field(
        name = "trace",
        ty = "&Option<Trace>",
        desc = "Its way through the hub; null for what did not come by air and for what is read back from the log."
    )
)]
pub(crate) enum Event {
    Readings(ReadingsEvent),
    Action(ActionEvent),
    Device(DeviceEvent),
    Room(RoomEvent),
    Alert(AlertEvent),
    Clock(ClockEvent),
    ReceiverGap(ReceiverGapEvent),
    Pairing(PairingEvent),
}

event! {
    /// An adopted device measured something: the values of one message.
    #[graphql(complex)]
    ReadingsEvent {
        /// Who, by global id.
        device_id: ID,
        /// The values, in the order sent; they share the event's time.
        readings: Vec<Reading>,
        /// How well the message was heard, in dBm.
        rssi: Option<i32>,
        /// The counter of an encrypted message.
        counter: Option<Long>,
        /// Was it fetched from the sensor's own log, because it was not heard when it was measured?
        is_fetched: bool,
        #[graphql(skip)]
        about: About<DeviceId>,
    }
}

event! {
    /// Somebody used a button, dimmer or remote control of an adopted device.
    #[graphql(complex)]
    ActionEvent {
        /// Whose, by global id.
        device_id: ID,
        /// What was done: `press`, `double_press`, `triple_press`, `long_press`, `long_double_press`,
        /// `long_triple_press`, `hold_press`, `hold_release`, `rotate_left`, `rotate_right` or `command`.
        action: &'static str,
        /// Which button or dimmer, counted from 0.
        instance: i32,
        /// The steps that a dimmer was turned by, or the bytes of a command in hex.
        detail: Option<String>,
        #[graphql(skip)]
        about: About<DeviceId>,
    }
}

event! {
    /// A device was discovered, adopted, changed or removed.
    #[graphql(complex)]
    DeviceEvent {
        /// Which, by global id.
        device_id: ID,
        #[graphql(skip)]
        about: About<DeviceId>,
    }
}

event! {
    /// A room was made, renamed or removed.
    #[graphql(complex)]
    RoomEvent {
        /// Which, by global id.
        room_id: ID,
        #[graphql(skip)]
        about: About<RoomId>,
    }
}

event! {
    /// Something needs the owner (ALERT_RAISED), or no longer does (ALERT_CLEARED).
    #[graphql(complex)]
    AlertEvent {
        /// What it is about.
        alert: AlertKind,
        /// The device concerned, if one is, by global id.
        device_id: Option<ID>,
        #[graphql(skip)]
        about: Option<About<DeviceId>>,
    }
}

event! {
    /// The hub's wall clock was set or jumped: times of this boot are corrected.
    ClockEvent {
        /// By how many milliseconds the wall time changed.
        by_ms: Long,
    }
}

event! {
    /// A receiver hears again after it had heard nothing, although it should have.
    ReceiverGapEvent {
        /// Which, by its `receiverId` among the health's receivers.
        receiver_id: i32,
        /// How long it had heard nothing; it ended when the event happened.
        length_ms: Long,
    }
}

event! {
    /// A pairing of one of our sensors has come a step further.
    #[graphql(complex)]
    PairingEvent {
        /// Which, as `pairSensor` numbered it.
        pairing_id: i32,
        /// How far it has come.
        step: PairingStep,
        /// Why it came to nothing; null while it did not.
        failure: Option<PairingFailure>,
        /// What a person can do about that, in English; null where nothing is to be done.
        advice: Option<String>,
        #[graphql(skip)]
        about: Option<About<DeviceId>>,
    }
}

#[ComplexObject]
impl PairingEvent {
    /// The device that it became; null until then.
    async fn device(&self) -> Option<Device> {
        self.about.as_ref()?.device()
    }
}

#[ComplexObject]
impl ReadingsEvent {
    /// The device as it is now; null when it was removed meanwhile.
    async fn device(&self) -> Option<Device> {
        self.about.device()
    }
}

#[ComplexObject]
impl ActionEvent {
    /// The device as it is now; null when it was removed meanwhile.
    async fn device(&self) -> Option<Device> {
        self.about.device()
    }
}

#[ComplexObject]
impl DeviceEvent {
    /// The device as it is now; null when it was removed.
    async fn device(&self) -> Option<Device> {
        self.about.device()
    }
}

#[ComplexObject]
impl RoomEvent {
    /// The room as it is now; null when it was removed.
    async fn room(&self) -> Option<Room> {
        Room::find(&self.about.view, self.about.id)
    }
}

#[ComplexObject]
impl AlertEvent {
    /// The device concerned as it is now; null when none is, or it was removed.
    async fn device(&self) -> Option<Device> {
        self.about.as_ref()?.device()
    }
}

/// One value of a message.
#[derive(SimpleObject)]
pub(crate) struct Reading {
    /// The sensor, by global id.
    sensor_id: ID,
    /// What was measured.
    quantity: Quantity,
    /// Which of several sensors of one quantity in one device, counted from 0.
    instance: i32,
    /// The value in `unit`; 0 or 1 for binary quantities.
    value: f64,
    /// The unit; empty for a number without one.
    unit: &'static str,
}

/// The way of one message through the hub, in microseconds since the hub's boot.
#[derive(SimpleObject)]
pub(crate) struct Trace {
    /// The id that its lines in the hub's log carry, 16 hex digits.
    id: String,
    /// When the radio heard it.
    received_us: Long,
    /// When it was decoded.
    decoded_us: Long,
    /// When it was found to be new and plausible.
    normalised_us: Long,
    /// When it was put on the bus.
    published_us: Long,
    /// When it was put into this answer or subscription.
    pushed_us: Long,
}

impl Trace {
    fn new(trace: hub_model::Trace, pushed_us: u64) -> Self {
        Self {
            id: format!("{:016x}", trace.id),
            received_us: trace.received_us.into(),
            decoded_us: trace.decoded_us.into(),
            normalised_us: trace.normalised_us.into(),
            published_us: trace.published_us.into(),
            pushed_us: pushed_us.into(),
        }
    }
}

impl Event {
    /// The event as a client sees it when it is pushed at `pushed_us`; objects in it are seen through `view`.
    pub(crate) fn new(view: &Arc<View>, event: &hub_model::Event, cursor: hub_model::Cursor, pushed_us: u64) -> Self {
        let head = Head {
            cursor: Cursor(cursor),
            at: DateTime(event.wall.at),
            time_quality: event.wall.quality.into(),
            kind: EventKind::of(&event.body),
            trace: event.trace.map(|trace| Trace::new(trace, pushed_us)),
        };
        let id = |device: DeviceId| GlobalId::Device(device).encode();
        let about = |id: DeviceId| About { view: Arc::clone(view), id };
        match &event.body {
            EventBody::ReadingsTaken { device, values, origin } => {
                let readings = values.iter().map(|value| Reading::new(*device, value)).collect();
                let counter = origin.counter.map(|counter| Long(counter.into()));
                let rssi = origin.rssi.map(i32::from);
                Self::Readings(ReadingsEvent::new(
                    head,
                    id(*device),
                    readings,
                    rssi,
                    counter,
                    origin.is_fetched,
                    about(*device),
                ))
            }
            EventBody::DeviceActed { device, action, .. } => {
                let (action, instance, detail) = describe(action);
                Self::Action(ActionEvent::new(head, id(*device), action, i32::from(instance), detail, about(*device)))
            }
            EventBody::DeviceDiscovered { device }
            | EventBody::DeviceAdopted { device }
            | EventBody::DeviceChanged { device }
            | EventBody::DeviceRemoved { device } => Self::Device(DeviceEvent::new(head, id(*device), about(*device))),
            EventBody::RoomChanged { room } => Self::Room(RoomEvent::new(
                head,
                GlobalId::Room(*room).encode(),
                About { view: Arc::clone(view), id: *room },
            )),
            EventBody::AlertRaised { kind, device } | EventBody::AlertCleared { kind, device } => {
                Self::Alert(AlertEvent::new(head, (*kind).into(), device.map(id), device.map(about)))
            }
            EventBody::ClockStepped { by_ms } => Self::Clock(ClockEvent::new(head, Long(*by_ms))),
            EventBody::ReceiverGap { receiver, length_ms } => {
                Self::ReceiverGap(ReceiverGapEvent::new(head, receiver.0.into(), (*length_ms).into()))
            }
            EventBody::PairingProgressed { pairing, step } => {
                let (step, told) = Told::of(*step);
                let about = told.device.map(about);
                let number = pairing::number(*pairing);
                Self::Pairing(PairingEvent::new(head, number, step, told.failure, told.advice, about))
            }
        }
    }
}

impl Reading {
    fn new(device: DeviceId, value: &hub_model::Value) -> Self {
        let hub_model::Value { quantity, instance, value } = *value;
        Self {
            sensor_id: GlobalId::Sensor(SeriesKey::new(device, quantity, instance)).encode(),
            quantity: Quantity(quantity),
            instance: i32::from(instance),
            value: quantity.to_f64(value),
            unit: quantity.unit(),
        }
    }
}

/// The action's name, which of several, and its detail.
fn describe(action: &Action) -> (&'static str, u8, Option<String>) {
    match action {
        Action::Button { instance, press } => {
            let name = match press {
                Press::Press => "press",
                Press::DoublePress => "double_press",
                Press::TriplePress => "triple_press",
                Press::LongPress => "long_press",
                Press::LongDoublePress => "long_double_press",
                Press::LongTriplePress => "long_triple_press",
                Press::HoldPress => "hold_press",
                Press::HoldRelease => "hold_release",
            };
            (name, *instance, None)
        }
        Action::Dimmer { instance, turn, steps } => {
            let name = match turn {
                Turn::Left => "rotate_left",
                Turn::Right => "rotate_right",
            };
            (name, *instance, Some(steps.to_string()))
        }
        Action::Command { instance, command, argument } => {
            ("command", *instance, Some(format!("{command:02x}{}", hex::encode(argument))))
        }
    }
}
