//! Runs a capture through the real pipeline, with the capture's time as the clock.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use hub_bus::BusError;
use hub_decode::{DecodeError, decode};
use hub_model::{
    Clock, Command, CommandError, DeviceId, EventLog, HistoryError, HistoryReader, Now, ReplayRule, Request, Stamp,
    TimeQuality, UnixMillis, WallTime,
};
use thiserror::Error;

use crate::{Captured, Fate, Hub, Pipeline};

/// Adverts after which everything so far is made durable.
const FLUSH_ADVERTS: u64 = 10_000;

/// A clock that shows the time of the capture.
#[derive(Default)]
pub struct ReplayClock {
    at: AtomicI64,
}

impl ReplayClock {
    /// Sets the clock.
    pub fn set(&self, at: UnixMillis) {
        self.at.store(at.0, Ordering::Relaxed);
    }
}

impl Clock for ReplayClock {
    fn now(&self) -> Now {
        let at = UnixMillis(self.at.load(Ordering::Relaxed));
        let stamp = Stamp::wall(at);
        Now { stamp, us: stamp.ms.saturating_mul(1000), wall: WallTime { at, quality: TimeQuality::Synchronised } }
    }
}

/// What became of a capture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// Adverts read.
    pub adverts: u64,
    /// Readings put on the bus and stored.
    pub readings: u64,
    /// Adverts that were heard before.
    pub duplicates: u64,
    /// Adverts in no format that we know.
    pub not_ours: u64,
    /// Adverts of devices that are not adopted.
    pub not_adopted: u64,
    /// Adverts that were refused, by stable code.
    pub refused: BTreeMap<&'static str, u64>,
    /// Devices adopted on the way.
    pub adopted: u64,
    /// Bytes of the store afterwards.
    pub bytes_stored: u64,
}

/// Why a replay stopped.
#[derive(Debug, Error)]
pub enum ReplayError {
    /// An event could not be taken.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The store could not be written.
    #[error(transparent)]
    Store(#[from] HistoryError),
    /// The history could not be sealed.
    #[error("the history could not be sealed")]
    Seal(#[from] hub_history::StoreError),
    /// A device could not be adopted.
    #[error("device {device} could not be adopted")]
    Adopt {
        /// Which.
        device: DeviceId,
        /// Why.
        #[source]
        source: CommandError,
    },
}

/// A replay on an opened hub whose clock is the [`ReplayClock`].
pub struct Replay<'a> {
    hub: &'a Hub,
    clock: Arc<ReplayClock>,
    pipeline: Pipeline,
    adopts_all: bool,
    summary: Summary,
}

impl<'a> Replay<'a> {
    /// A replay; with `adopts_all` every device that can be understood is adopted when it is first heard.
    pub fn new(hub: &'a Hub, clock: Arc<ReplayClock>, adopts_all: bool) -> Self {
        Self { hub, clock, pipeline: hub.pipeline(), adopts_all, summary: Summary::default() }
    }

    /// Takes one advert; true when everything up to and including it is durable.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn step(&mut self, captured: &Captured) -> Result<bool, ReplayError> {
        self.clock.set(captured.at);
        if self.adopts_all {
            self.adopt(captured)?;
        }
        self.summary.adverts += 1;
        match self.pipeline.hear(&captured.advert)? {
            Fate::Published { readings } => self.summary.readings += readings as u64,
            Fate::Shown => self.summary.not_adopted += 1,
            Fate::Duplicate => self.summary.duplicates += 1,
            Fate::NotOurs | Fate::Held => self.summary.not_ours += 1,
            Fate::Refused(code) => *self.summary.refused.entry(code).or_default() += 1,
        }
        let history = self.hub.history();
        if history.seal_due(self.clock.now().wall.at) {
            history.seal(self.clock.now().wall.at)?;
        }
        let is_durable = self.summary.adverts.is_multiple_of(FLUSH_ADVERTS);
        if is_durable {
            history.flush()?;
        }
        Ok(is_durable)
    }

    /// Makes everything durable and sums up.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub fn finish(mut self) -> Result<Summary, ReplayError> {
        let history = self.hub.history();
        history.flush()?;
        history.seal(self.clock.now().wall.at)?;
        self.summary.bytes_stored = history.stats()?.bytes;
        Ok(self.summary)
    }

    /// Readings and adverts so far.
    pub const fn so_far(&self) -> &Summary {
        &self.summary
    }

    fn adopt(&mut self, captured: &Captured) -> Result<(), ReplayError> {
        let device = DeviceId::from(captured.advert.address);
        if self.hub.bus().household().devices.contains_key(&device) {
            return Ok(());
        }
        match decode(&captured.advert, captured.key.as_ref()) {
            Ok(_) | Err(DecodeError::BadMic { .. }) => {}
            Err(_) => return Ok(()),
        }
        let command =
            Command::AdoptDevice { device, name: None, room: None, key: captured.key, replay: ReplayRule::Strict };
        let request = Request { principal: "replay".to_owned(), id: None, command };
        self.hub.desk().execute_now(&request).map_err(|source| ReplayError::Adopt { device, source })?;
        self.summary.adopted += 1;
        Ok(())
    }
}
