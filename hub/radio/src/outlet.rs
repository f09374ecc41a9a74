use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use hub_model::{AdvertisingData, Clock, RawAdvert, ReceiverId};
use tokio::sync::mpsc;

use crate::Sighting;

/// What one listener has counted since it began.
#[derive(Debug, Default)]
pub struct Tally {
    heard: AtomicU64,
    dropped: AtomicU64,
}

impl Tally {
    /// Adverts handed on.
    pub fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Adverts dropped because the queue was full.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

/// Where adverts go: a bounded queue. When it is full the advert is dropped and counted: sensors repeat themselves, and a
/// radio that waits hears nothing.
#[derive(Clone)]
pub(crate) struct Outlet {
    pub(crate) receiver: ReceiverId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) adverts: mpsc::Sender<RawAdvert>,
    pub(crate) tally: Arc<Tally>,
}

impl Outlet {
    /// Hands on what was heard now, if there is anything in it that somebody could use.
    pub(crate) fn hand_on(&self, sighting: Sighting) {
        let Sighting { address, is_random, is_connectable, rssi, data } = sighting;
        let AdvertisingData { name, service_data, long_service_data, manufacturer_data } = data;
        if service_data.is_empty() && long_service_data.is_empty() && manufacturer_data.is_empty() {
            return;
        }
        let now = self.clock.now();
        let advert = RawAdvert {
            address,
            receiver: self.receiver,
            rssi,
            at: now.stamp,
            received_us: now.us,
            name,
            service_data,
            long_service_data,
            manufacturer_data,
            is_random,
            is_connectable,
        };
        let counted = match self.adverts.try_send(advert) {
            Ok(()) => &self.tally.heard,
            Err(_) => &self.tally.dropped,
        };
        counted.fetch_add(1, Ordering::Relaxed);
    }

    /// Milliseconds of the boot clock.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now().stamp.ms
    }

    /// What they are after so long.
    pub(crate) fn in_ms(&self, wait: Duration) -> u64 {
        self.now_ms().saturating_add(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))
    }
}
