//! The stream of events as clients read it: pushed by a subscription, or asked for page by page.

use std::{collections::HashSet, sync::Arc, time::Duration};

use async_graphql::{Context, ID, InputObject, Result, SimpleObject, Subscription, Union};
use futures_util::{Stream, stream};
use hub_bus::{BusError, Frame, Reader};
use hub_model::DeviceId;
use tokio::{
    sync::OwnedSemaphorePermit,
    time::{Interval, MissedTickBehavior, interval},
};

use crate::{
    error::{Code, bad_input, coded, internal, over_limit},
    event::Event,
    id::device_id,
    scalar::{Cursor, DateTime},
    view::{Hub, View},
    words::{EventKind, ResyncReason},
};

/// The most events of one batch: about 40 kB of JSON.
const MAX_BATCH: usize = 100;
/// The most events that one `eventsSince` looks at when its filter lets few through.
const MAX_EXAMINED: usize = 5000;
/// The most device ids of a filter.
const MAX_FILTER_DEVICES: usize = 100;
/// A quiet subscription says so often that it lives. Proxies and phones drop connections after 30 s or more.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// Which events to read; every condition must hold.
#[derive(InputObject, Default)]
pub(crate) struct EventFilter {
    /// Events about these devices (global ids or addresses), at most 100; events about no device are then left out.
    /// Null is no condition, an empty list lets nothing through.
    device_ids: Option<Vec<ID>>,
    /// Events of these kinds. Null is no condition, an empty list lets nothing through.
    kinds: Option<Vec<EventKind>>,
}

/// A filter that was understood.
pub(crate) struct Filter {
    devices: Option<HashSet<DeviceId>>,
    kinds: Option<Vec<EventKind>>,
}

impl Filter {
    pub(crate) fn parse(filter: Option<EventFilter>) -> Result<Self> {
        let EventFilter { device_ids, kinds } = filter.unwrap_or_default();
        let devices = device_ids.map(|ids| {
            if ids.len() > MAX_FILTER_DEVICES {
                let message = format!("filter.deviceIds has {} ids; expected at most {MAX_FILTER_DEVICES}", ids.len());
                return Err(bad_input("filter.deviceIds", message));
            }
            let parse = |id: &ID| device_id(id).map_err(|error| bad_input("filter.deviceIds", error.to_string()));
            ids.iter().map(parse).collect()
        });
        Ok(Self { devices: devices.transpose()?, kinds })
    }

    fn lets_through(&self, event: &hub_model::Event) -> bool {
        let is_device = |wanted: &HashSet<DeviceId>| event.body.device().is_some_and(|id| wanted.contains(&id));
        // How well the hub hears a device is asked of `signalMap` and the history: it is no word of the device.
        !event.body.is_signal()
            && self.devices.as_ref().is_none_or(is_device)
            && self.kinds.as_ref().is_none_or(|kinds| kinds.contains(&EventKind::of(&event.body)))
    }
}

/// What a subscription to events gets.
#[derive(Union)]
pub(crate) enum EventFrame {
    Batch(EventBatch),
    Heartbeat(Heartbeat),
    Resync(ResyncRequired),
}

/// Events in order, at least one and at most 100.
#[derive(SimpleObject)]
pub(crate) struct EventBatch {
    /// Subscribe after this to continue, whatever happened meanwhile.
    cursor: Cursor,
    /// The events.
    events: Vec<Event>,
    /// Do more events wait already?
    is_catch_up: bool,
}

/// Nothing that the filter lets through happened: the connection lives. Sent at once when there is nothing to catch up
/// with, and after every 20 s of quiet.
#[derive(SimpleObject)]
pub(crate) struct Heartbeat {
    /// Subscribe after this to continue; it moves on over events that the filter held back.
    cursor: Cursor,
    /// The last event that is safe on disk. What came after it can be lost in a power cut; its cursor is then refused
    /// with CURSOR_IN_FUTURE.
    durable: Cursor,
    /// The hub's time.
    at: DateTime,
}

/// Events were missed and cannot be had any more: query the present state, then subscribe after `home.cursor`. The
/// subscription ends here.
#[derive(SimpleObject)]
pub(crate) struct ResyncRequired {
    /// The oldest place that can be read from.
    oldest: Cursor,
    /// Why.
    reason: ResyncReason,
}

/// A page of the stream of events.
#[derive(SimpleObject)]
pub(crate) struct EventPage {
    /// Ask on after this; it moves on over events that the filter held back.
    cursor: Cursor,
    /// The events, in order.
    events: Vec<Event>,
    /// Does more wait already? A page can be empty and have more, when the filter lets few events through.
    has_more: bool,
    /// Set when events were missed and cannot be had any more: query the present state, then go on after `home.cursor`.
    resync: Option<ResyncRequired>,
}

impl EventPage {
    /// The events after a cursor that a filter lets through, at most `size`.
    pub(crate) async fn read(view: &Arc<View>, after: Cursor, filter: &Filter, size: usize) -> Result<Self> {
        let mut reader = view.ports().bus.subscribe(Some(after.0));
        let mut page = Self { cursor: after, events: vec![], has_more: false, resync: None };
        let mut examined = 0;
        while let Some(frame) = reader.poll(MAX_BATCH).await.map_err(|error| bus_error(view.hub(), &error))? {
            let events = match frame {
                Frame::Batch { events, .. } => events,
                Frame::Resync { oldest, reason } => {
                    page.resync = Some(ResyncRequired { oldest: Cursor(oldest), reason: reason.into() });
                    return Ok(page);
                }
            };
            for event in events {
                if page.events.len() == size || examined == MAX_EXAMINED {
                    page.has_more = true;
                    return Ok(page);
                }
                examined += 1;
                page.cursor.0.seq = event.seq;
                if filter.lets_through(&event) {
                    page.events.push(Event::new(view, &event, page.cursor.0, view.now().us));
                }
            }
        }
        Ok(page)
    }
}

fn bus_error(hub: &Hub, error: &(dyn std::error::Error + 'static)) -> async_graphql::Error {
    match error.downcast_ref() {
        Some(BusError::Closed) => coded(Code::Unavailable, "the hub is stopping"),
        _ => internal(hub, error),
    }
}

/// What a client can listen to.
pub struct Subscription;

/// What a client can listen to.
#[Subscription]
impl Subscription {
    /// What happens in the house, without a gap and without a duplicate: query `home.cursor` beside the state that you
    /// show, subscribe after it, and after an interruption subscribe after the last cursor you saw. Without `after`
    /// it begins now. A slow reader is never waited for: it catches up from the log, or is told to start anew.
    #[graphql(complexity = "20 * child_complexity")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Begin behind this place in the stream; null begins now.")] after: Option<Cursor>,
        #[graphql(desc = "Which events; null is all.")] filter: Option<EventFilter>,
    ) -> Result<impl Stream<Item = Result<EventFrame>>> {
        let view = View::of(ctx)?;
        let filter = Filter::parse(filter)?;
        let permit = Arc::clone(&view.hub().subscriptions).try_acquire_owned().map_err(|_| {
            let limit = view.hub().limits.subscriptions;
            over_limit("subscriptions", format!("{limit} subscriptions are open, which is the limit; close one first"))
        })?;
        let reader = view.ports().bus.subscribe(after.map(|after| after.0));
        Ok(Pusher::new(view, reader, filter, permit).stream())
    }
}

/// One open subscription.
struct Pusher {
    view: Arc<View>,
    reader: Reader,
    filter: Filter,
    quiet: Interval,
    /// Did the client get anything yet? Until then it is told at once where it stands.
    is_begun: bool,
    _permit: OwnedSemaphorePermit,
}

impl Pusher {
    fn new(view: Arc<View>, reader: Reader, filter: Filter, permit: OwnedSemaphorePermit) -> Self {
        let mut quiet = interval(HEARTBEAT);
        quiet.reset();
        quiet.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { view, reader, filter, quiet, is_begun: false, _permit: permit }
    }

    fn stream(self) -> impl Stream<Item = Result<EventFrame>> {
        stream::unfold(Some(self), |pusher| async {
            let mut pusher = pusher?;
            match pusher.frame().await {
                Ok(frame) => {
                    let has_ended = matches!(frame, EventFrame::Resync(_));
                    Some((Ok(frame), (!has_ended).then_some(pusher)))
                }
                // The hub stops in order: so does the stream.
                Err(BusError::Closed) => None,
                Err(error) => Some((Err(internal(pusher.view.hub(), &error)), None)),
            }
        })
    }

    /// The next frame that the client is to see.
    async fn frame(&mut self) -> Result<EventFrame, BusError> {
        loop {
            let read = if self.is_begun {
                tokio::select! {
                    biased;
                    // First, so that a long catch-up behind a filter does not keep the heart from beating.
                    _ = self.quiet.tick() => None,
                    read = self.reader.next(MAX_BATCH) => Some(read?),
                }
            } else {
                self.reader.poll(MAX_BATCH).await?
            };
            let frame = match read {
                Some(Frame::Batch { events, is_catch_up }) => self.batch(&events, is_catch_up),
                Some(Frame::Resync { oldest, reason }) => {
                    Some(EventFrame::Resync(ResyncRequired { oldest: Cursor(oldest), reason: reason.into() }))
                }
                None => Some(EventFrame::Heartbeat(self.heartbeat())),
            };
            if let Some(frame) = frame {
                self.is_begun = true;
                self.quiet.reset();
                return Ok(frame);
            }
        }
    }

    /// The events that the filter lets through, if it does any.
    fn batch(&self, events: &[Arc<hub_model::Event>], is_catch_up: bool) -> Option<EventFrame> {
        let cursor = self.reader.cursor();
        let view = self.view.renewed();
        let pushed_us = view.ports().clock.now().us;
        let wanted = events.iter().filter(|event| self.filter.lets_through(event));
        let seen = |event: &Arc<hub_model::Event>| {
            Event::new(&view, event, hub_model::Cursor { seq: event.seq, ..cursor }, pushed_us)
        };
        let events: Vec<_> = wanted.map(seen).collect();
        let is_quiet = events.is_empty();
        (!is_quiet).then(|| EventFrame::Batch(EventBatch { cursor: Cursor(cursor), events, is_catch_up }))
    }

    fn heartbeat(&self) -> Heartbeat {
        let ports = self.view.ports();
        Heartbeat {
            cursor: Cursor(self.reader.cursor()),
            durable: Cursor(ports.bus.durable()),
            at: DateTime(ports.clock.now().wall.at),
        }
    }
}
