use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc, time::Duration};

use hub_model::{
    BootId, DeviceId, Epoch, Event, EventBody, EventLog, HistoryQuery, HistoryReader, Origin, Quantity, ReceiverId,
    Resolution, Seq, SeriesData, SeriesKey, Stamp, TimeQuality, UnixMillis, Value, WallTime,
};

use crate::{Config, History, OpenError, Repacked, disk::memory::MemoryDisk, repack::Rule};

mod aggregates;
mod answers;
mod bulk;
mod calendars;
mod checking;
mod clock;
mod codecs;
mod compacting;
mod contents;
mod crashes;
mod envelope;
mod faults;
mod hour;
mod importing;
mod journals;
mod keeping;
mod model;
mod opening;
mod repacking;
mod retention;
mod seconds;
mod statistics;
mod versions;

/// 2026-09-21T14:00:00Z, the beginning of an hour.
const T0: i64 = 1_790_000_000_000 - 1_790_000_000_000 % 3_600_000;
const MINUTE: i64 = 60_000;
const HOUR: i64 = 3_600_000;
const DAY: i64 = 86_400_000;
const ALL: (i64, i64) = (i64::MIN, i64::MAX);

/// A history on a disk that can be pulled out and put in again.
struct Bench {
    disk: MemoryDisk,
    history: History,
    seq: u64,
}

impl Bench {
    fn new() -> Self {
        Self::on(MemoryDisk::default()).unwrap()
    }

    /// With times to the second, as a hub keeps them.
    fn to_the_second() -> Self {
        let disk = MemoryDisk::default();
        let history = open_with(&disk, Config::new("memory"), 256 * 1024).unwrap();
        Self { disk, history, seq: 0 }
    }

    fn on(disk: MemoryDisk) -> Result<Self, OpenError> {
        let history = open(&disk)?;
        let seq = history.durable().0;
        Ok(Self { disk, history, seq })
    }

    /// Stops and starts, as a clean restart does after a flush.
    fn restart(self) -> Self {
        let Self { disk, history, seq } = self;
        let config = history.config().clone();
        drop(history);
        Self { history: open_with(&disk, config, 256 * 1024).unwrap(), disk, seq }
    }

    fn append(&mut self, at: Stamp, body: EventBody) -> Seq {
        self.seq += 1;
        let wall = self.history.wall(at);
        self.history.append(&Event { seq: Seq(self.seq), at, wall, trace: None, body });
        Seq(self.seq)
    }

    /// Appends a frame of one device, `t` in Unix milliseconds.
    fn take(&mut self, device: u64, t: i64, values: &[(Quantity, i64)]) -> Seq {
        self.append(Stamp::wall(UnixMillis(t)), readings(device, values, None))
    }

    /// Packs everything again that is sealed, old or not.
    fn repack_all(&self) -> Repacked {
        self.history.repack_by(Rule { before: i64::MAX, run: 3, is_thrifty: false }, usize::MAX).unwrap()
    }

    fn raw(&self, device: u64, quantity: Quantity) -> Vec<(i64, i64)> {
        let mut points = Vec::new();
        let window = UnixMillis(ALL.0)..UnixMillis(ALL.1);
        let mut visit = |point: hub_model::RawPoint| {
            points.push((point.at.0, point.value));
            ControlFlow::Continue(())
        };
        self.history.scan(series(device, quantity), window, &mut visit).unwrap();
        points
    }

    fn ask(&self, device: u64, window: (i64, i64), resolution: Resolution, max_points: usize) -> SeriesData {
        let (from, to) = (UnixMillis(window.0), UnixMillis(window.1));
        let series = series(device, Quantity::Temperature);
        self.history.query(&HistoryQuery { series, from, to, resolution, max_points }).unwrap()
    }
}

fn open(disk: &MemoryDisk) -> Result<History, OpenError> {
    open_with(disk, exact("memory"), 256 * 1024)
}

/// Times to the millisecond, as most tests like to see them.
fn exact(path: impl Into<std::path::PathBuf>) -> Config {
    Config::new(path).with_time_resolution(Duration::from_millis(1)).unwrap()
}

fn open_with(disk: &MemoryDisk, config: Config, segment_bytes: u64) -> Result<History, OpenError> {
    History::open_on(config, Arc::new(disk.clone()), Epoch(5), segment_bytes)
}

fn series(device: u64, quantity: Quantity) -> SeriesKey {
    SeriesKey::new(DeviceId::from_u64(device), quantity, 0)
}

fn readings(device: u64, values: &[(Quantity, i64)], counter: Option<u32>) -> EventBody {
    let values = values.iter().map(|(quantity, value)| Value { quantity: *quantity, instance: 0, value: *value });
    let origin = Origin::heard(ReceiverId(1), Some(-70), counter);
    EventBody::ReadingsTaken { device: DeviceId::from_u64(device), values: values.collect(), origin }
}

/// A history with one device, a reading a minute for so many hours from `T0` on: 20 °C and one step more each.
fn minutes(hours: i64) -> Bench {
    let mut bench = Bench::new();
    for minute in 0..hours * 60 {
        bench.take(1, T0 + minute * MINUTE, &[(Quantity::Temperature, 20_000 + minute)]);
    }
    bench
}
