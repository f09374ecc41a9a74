use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use hub_model::{Clock, RawAdvert, ReceiverId};
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
    /// Hands on what was heard now, if there is anything in it that somebody could decode.
    pub(crate) fn hand_on(&self, sighting: Sighting) {
        let Some(advert) = sighting.into_advert(self.receiver, self.clock.now()) else { return };
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
}
