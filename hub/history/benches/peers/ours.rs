//! The history of this hub.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Result;
use hub_history::{Config, History};
use hub_model::{
    DeviceId, Epoch, Event, EventBody, EventLog, Origin, ReceiverId, Seq, Stamp, TimeQuality, UnixMillis, Value,
    WallTime,
};

use crate::{
    house::{HOUR, METRICS, Reading},
    peer::{Kept, Peer, Written},
};

/// Blocks that are packed again at once, as the hub does it.
const BLOCKS_AT_ONCE: usize = 256;

pub(crate) struct Ours {
    pub(crate) history: History,
    folder: PathBuf,
    /// The hour of the last re-pack.
    repacked_in: i64,
    /// What re-packs wrote, which is among all that was written, in bytes.
    pub(crate) repacked_bytes: u64,
}

impl Ours {
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        Self::open_with(Config::new(folder))
    }

    pub(crate) fn open_with(config: Config) -> Result<Self> {
        let folder = config.path().to_owned();
        Ok(Self::of(History::open(config, Epoch(1))?, folder))
    }

    /// A history that is open, in this folder.
    pub(crate) fn of(history: History, folder: PathBuf) -> Self {
        Self { history, folder, repacked_in: 0, repacked_bytes: 0 }
    }

    /// Sensors are known by Bluetooth addresses, which is what they look like here.
    pub(crate) fn device(sensor: u32) -> DeviceId {
        DeviceId::from_u64(0xA4C1_3800_0000 + u64::from(sensor) * 7919)
    }

    /// Takes readings into memory.
    pub(crate) fn append(&self, readings: &[Reading]) -> Result<()> {
        let numbers = self.history.reserve(readings.len() as u64)?;
        for (seq, reading) in numbers.zip(readings) {
            let at = UnixMillis(reading.at);
            let cell = |(quantity, value): (_, &i64)| Value { quantity, instance: 0, value: *value };
            let values: Arc<[Value]> = METRICS.into_iter().zip(reading.values()).map(cell).collect();
            // An encrypting sensor, so that the journal carries a counter too.
            let rssi = -50 - (seq % 40) as i8;
            let origin = Origin::heard(ReceiverId(1), Some(rssi), Some((reading.at / 1000) as u32));
            let body = EventBody::ReadingsTaken { device: Self::device(reading.sensor), values, origin };
            let wall = WallTime { at, quality: TimeQuality::Synchronised };
            self.history.append(&Event { seq: Seq(seq), at: Stamp::wall(at), wall, trace: None, body });
        }
        Ok(())
    }
}

impl Peer for Ours {
    fn commit(&mut self, now: i64, readings: &[Reading]) -> Result<()> {
        self.append(readings)?;
        self.history.flush()?;
        if self.history.seal_due(UnixMillis(now)) {
            self.history.seal(UnixMillis(now))?;
        }
        if now / HOUR != self.repacked_in {
            let before = self.written();
            self.history.repack(UnixMillis(now), BLOCKS_AT_ONCE)?;
            self.repacked_bytes += self.written().since(before).bytes;
            self.repacked_in = now / HOUR;
        }
        Ok(())
    }

    /// In whole pages, as a device takes them: a commit of ten bytes counts 4096.
    fn written(&self) -> Written {
        let traffic = self.history.traffic();
        Written { bytes: traffic.pages * 4096, writes: traffic.writes, flushes: traffic.flushes }
    }

    /// The database without the journal, whose size is fixed and which holds the events of the last days again.
    fn close(self) -> Result<Kept> {
        self.history.seal(UnixMillis(0))?;
        let contents = self.history.contents()?;
        drop(self.history);
        let file = std::fs::metadata(self.folder.join("history.redb"))?.len();
        Ok(Kept { pages: contents.database_bytes - contents.free_bytes, file })
    }
}
