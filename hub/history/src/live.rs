use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use hub_model::{Event, EventBody, Stamp, Value};

use crate::{device::Known, journal::batch::Waiting, rows::ColumnKey, timeline::Timeline};

/// Readings are sealed early when so many of one device have come together.
const FULL_HEAD: usize = 7200;
/// Fewer readings of a device, on average, are not worth a seal yet: it writes a page or two for each, however few.
const WORTH_ROWS: usize = 480;
/// All devices' readings are sealed when so many have come together.
const MANY_ROWS: usize = 65_536;
/// So many readings wait for a database that refuses them, before the oldest are given up.
const MOST_ROWS: usize = 400_000;

/// What the short lock guards: everything that is not on disk yet, or is asked for all the time.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) devices: HashMap<u64, LiveDevice>,
    pub(crate) waiting: Waiting,
    pub(crate) timeline: Arc<Timeline>,
    /// The last event taken.
    pub(crate) newest: u64,
    /// Every event up to this one is in the database.
    pub(crate) sealed: u64,
    pub(crate) sealed_at: Option<i64>,
    /// Devices forgotten, with the last event before.
    pub(crate) forgotten: HashMap<u64, u64>,
    rows: usize,
    full_heads: usize,
    /// Readings given up because the database refused for too long.
    pub(crate) lost_rows: u64,
}

/// What is known of a device, and its readings since the last seal.
#[derive(Debug, Clone, Default)]
pub(crate) struct LiveDevice {
    pub(crate) known: Known,
    pub(crate) head: VecDeque<HeadRow>,
    /// The last event that changed something.
    pub(crate) changed: u64,
}

/// The values of one frame that is not sealed yet.
#[derive(Debug, Clone)]
pub(crate) struct HeadRow {
    pub(crate) seq: u64,
    pub(crate) at: Stamp,
    pub(crate) values: Arc<[Value]>,
}

impl HeadRow {
    pub(crate) fn has(&self, key: ColumnKey) -> bool {
        self.value(key).is_some()
    }

    /// The value of a column; of several the last, as in [`Rows::push`](crate::rows::Rows::push).
    pub(crate) fn value(&self, key: ColumnKey) -> Option<i64> {
        self.cells().filter(|(own, _)| *own == key).last().map(|(_, value)| value)
    }

    pub(crate) fn cells(&self) -> impl Iterator<Item = (ColumnKey, i64)> + '_ {
        self.values.iter().map(|value| ((value.quantity.code(), value.instance), value.value))
    }
}

impl Live {
    pub(crate) fn new(sealed: u64, timeline: Timeline) -> Self {
        Self {
            devices: HashMap::new(),
            waiting: Waiting::default(),
            timeline: Arc::new(timeline),
            newest: sealed,
            sealed,
            sealed_at: None,
            forgotten: HashMap::new(),
            rows: 0,
            full_heads: 0,
            lost_rows: 0,
        }
    }

    /// What is known of every device, in order.
    pub(crate) fn known_devices(&self) -> Vec<(u64, Known)> {
        let mut devices: Vec<_> = self.devices.iter().map(|(device, live)| (*device, live.known.clone())).collect();
        devices.sort_unstable_by_key(|(device, _)| *device);
        devices
    }

    /// Takes an event into the heads and the present state.
    pub(crate) fn take(&mut self, event: &Event) {
        self.newest = event.seq.0;
        if !self.timeline.knows(event.at.boot) {
            let offset_ms = event.wall.at.0.saturating_sub_unsigned(event.at.ms);
            Arc::make_mut(&mut self.timeline).estimate(event.at.boot, offset_ms);
        }
        let (device, origin) = match &event.body {
            EventBody::ReadingsTaken { device, origin, .. } | EventBody::DeviceActed { device, origin, .. } => {
                (device.as_u64(), origin)
            }
            _ => return,
        };
        let live = self.devices.entry(device).or_default();
        live.changed = event.seq.0;
        live.known.counter = origin.counter.or(live.known.counter);
        let EventBody::ReadingsTaken { values, .. } = &event.body else { return };
        if values.is_empty() {
            return;
        }
        for value in values.iter() {
            live.known.take((value.quantity.code(), value.instance), value.value, event.at);
        }
        live.head.push_back(HeadRow { seq: event.seq.0, at: event.at, values: Arc::clone(values) });
        self.rows += 1;
        self.full_heads += usize::from(live.head.len() == FULL_HEAD);
        if self.rows > MOST_ROWS && live.head.pop_front().is_some() {
            self.rows -= 1;
            self.lost_rows += 1;
        }
    }

    /// Are there enough readings for a seal to be worth the pages that it writes?
    pub(crate) fn is_worth_sealing(&self) -> bool {
        let heads = self.devices.values().filter(|device| !device.head.is_empty()).count();
        self.rows >= WORTH_ROWS * heads
    }

    /// Is there so much that it should be sealed?
    pub(crate) const fn is_full(&self) -> bool {
        self.full_heads > 0 || self.rows >= MANY_ROWS
    }

    /// Lets go of the readings that are in the database now.
    pub(crate) fn drop_to(&mut self, sealed: u64) {
        self.sealed = sealed;
        (self.rows, self.full_heads) = (0, 0);
        for live in self.devices.values_mut() {
            while live.head.pop_front_if(|row| row.seq <= sealed).is_some() {}
            self.rows += live.head.len();
            self.full_heads += usize::from(live.head.len() >= FULL_HEAD);
        }
    }

    /// How many values the heads hold.
    pub(crate) fn points(&self) -> u64 {
        let of = |live: &LiveDevice| live.head.iter().map(|row| row.values.len() as u64).sum::<u64>();
        self.devices.values().map(of).sum()
    }
}
