//! What a store holds, counted series by series.

use std::collections::BTreeMap;

use hub_model::{BootId, DeviceId, SeriesKey, UnixMillis};
use redb::ReadableTable;

use crate::{
    block,
    check::SetAside,
    damage::block_name,
    device::series_key,
    error::StoreError,
    history::History,
    rollup::{self, Chunk, DAYS, HOURS},
    rows::ColumnKey,
    store::{self, BLOCKS},
};

/// What a store holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Contents {
    /// Device by device, in order.
    pub devices: Vec<DeviceContents>,
    /// Bytes of the journal's files, which are preallocated.
    pub journal_bytes: u64,
    /// Bytes of the database's file.
    pub database_bytes: u64,
    /// Bytes of its free pages, which are used again before the file grows.
    pub free_bytes: u64,
    /// Damaged records that a check set aside.
    pub set_aside: SetAside,
}

/// What a store holds of one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceContents {
    /// Which.
    pub device: DeviceId,
    /// Sealed blocks; each has a column for every series.
    pub blocks: u64,
    /// Bytes of the blocks, the times that the series share included.
    pub bytes: u64,
    /// Bytes of the roll-ups.
    pub rollup_bytes: u64,
    /// Readings among all that wait until the clock of their boot is known.
    pub waiting: u64,
    /// Readings among all that are in the journal alone.
    pub unsealed: u64,
    /// Series by series, in order.
    pub series: Vec<SeriesContents>,
}

/// What a store holds of one series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesContents {
    /// Which.
    pub series: SeriesKey,
    /// Readings that are kept singly.
    pub readings: u64,
    /// The first of them, as far as its time is known.
    pub first: Option<UnixMillis>,
    /// The last of them, as far as its time is known.
    pub last: Option<UnixMillis>,
    /// Blocks that it is in.
    pub blocks: u64,
    /// Bytes of its columns in them, without the times.
    pub bytes: u64,
    /// Hours that have a roll-up.
    pub hours: u64,
    /// Bytes of its hours and days.
    pub rollup_bytes: u64,
}

/// A series being counted.
#[derive(Debug, Default)]
struct Count {
    readings: u64,
    times: Option<(i64, i64)>,
    blocks: u64,
    bytes: u64,
    hours: u64,
    rollup_bytes: u64,
}

/// A device being counted.
#[derive(Debug, Default)]
struct Device {
    blocks: u64,
    bytes: u64,
    rollup_bytes: u64,
    waiting: u64,
    unsealed: u64,
    series: BTreeMap<ColumnKey, Count>,
}

impl Device {
    fn count(&mut self, key: ColumnKey) -> &mut Count {
        self.series.entry(key).or_default()
    }
}

impl Count {
    fn reading(&mut self, t: Option<i64>) {
        self.readings += 1;
        if let Some(t) = t {
            let (first, last) = self.times.unwrap_or((t, t));
            self.times = Some((first.min(t), last.max(t)));
        }
    }
}

impl History {
    /// Counts what the store holds. It reads every block: with years of readings that takes seconds.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn contents(&self) -> Result<Contents, StoreError> {
        let mut devices: BTreeMap<u64, Device> = BTreeMap::new();
        let sealed = self.count_blocks(&mut devices)?;
        self.count_rollups(&mut devices)?;
        self.count_unsealed(&mut devices, sealed);
        let bytes = self.bytes()?;
        let database_bytes = self.database_bytes()?;
        let used_bytes = self.store.look(|transaction| {
            let stats = transaction.stats()?;
            Ok(stats.allocated_pages().saturating_mul(stats.page_size() as u64))
        })?;
        Ok(Contents {
            devices: devices.into_iter().map(told).collect(),
            journal_bytes: bytes.saturating_sub(database_bytes),
            database_bytes,
            free_bytes: database_bytes.saturating_sub(used_bytes),
            set_aside: SetAside::of(&self.store)?,
        })
    }

    /// Counts the blocks; answers with the last event that is in them.
    fn count_blocks(&self, devices: &mut BTreeMap<u64, Device>) -> Result<u64, StoreError> {
        let transaction = self.store.read()?;
        let sealed = store::readable(&transaction, store::META)?
            .map_or(Ok(0), |table| store::number(&table, store::meta::SEALED))?;
        let Some(blocks) = store::readable(&transaction, BLOCKS)? else { return Ok(sealed) };
        for entry in blocks.iter()? {
            let (key, bytes) = entry?;
            let ((boot, device, start), bytes) = (key.value(), bytes.value());
            let of = devices.entry(device).or_default();
            let (Some(rows), Some(columns)) = (block::decode(bytes), block::column_bytes(bytes)) else {
                self.damage.found(block_name((boot, device, start)));
                continue;
            };
            of.blocks += 1;
            of.bytes += bytes.len() as u64;
            let is_settled = boot == BootId::WALL.0;
            of.waiting += if is_settled { 0 } else { rows.points() };
            for (column, (key, bytes)) in rows.columns.iter().zip(columns) {
                let count = of.count(key);
                count.blocks += 1;
                count.bytes += bytes as u64;
                for (t, _) in rows.t.iter().zip(&column.cells).filter(|(_, cell)| cell.is_some()) {
                    count.reading(Some(*t).filter(|_| is_settled));
                }
            }
        }
        Ok(sealed)
    }

    fn count_rollups(&self, devices: &mut BTreeMap<u64, Device>) -> Result<(), StoreError> {
        let transaction = self.store.read()?;
        for span in [HOURS, DAYS] {
            let table = if span == HOURS { store::HOURS } else { store::DAYS };
            let Some(table) = store::readable(&transaction, table)? else { continue };
            for entry in table.iter()? {
                let (key, bytes) = entry?;
                let ((device, record), bytes) = (key.value(), bytes.value());
                let of = devices.entry(device).or_default();
                of.rollup_bytes += bytes.len() as u64;
                for (key, bytes) in rollup::series_bytes(bytes).unwrap_or_default() {
                    of.count(key).rollup_bytes += bytes as u64;
                }
                let Some(hours) = Chunk::decode(bytes, span, record).filter(|_| span == HOURS) else { continue };
                for (key, slots) in hours.series {
                    of.count(key).hours += slots.len() as u64;
                }
            }
        }
        Ok(())
    }

    fn count_unsealed(&self, devices: &mut BTreeMap<u64, Device>, sealed: u64) {
        let live = self.live();
        for (device, known) in &live.devices {
            for row in known.head.iter().filter(|row| row.seq > sealed) {
                let settled = live.timeline.settled(row.at);
                let of = devices.entry(*device).or_default();
                for (key, _) in row.cells() {
                    of.unsealed += 1;
                    of.waiting += u64::from(settled.is_none());
                    of.count(key).reading(settled);
                }
            }
        }
    }
}

fn told((id, device): (u64, Device)) -> DeviceContents {
    let series = device.series.into_iter().filter_map(|(key, count)| {
        Some(SeriesContents {
            series: series_key(id, key)?,
            readings: count.readings,
            first: count.times.map(|(first, _)| UnixMillis(first)),
            last: count.times.map(|(_, last)| UnixMillis(last)),
            blocks: count.blocks,
            bytes: count.bytes,
            hours: count.hours,
            rollup_bytes: count.rollup_bytes,
        })
    });
    DeviceContents {
        device: DeviceId::from_u64(id),
        blocks: device.blocks,
        bytes: device.bytes,
        rollup_bytes: device.rollup_bytes,
        waiting: device.waiting,
        unsealed: device.unsealed,
        series: series.collect(),
    }
}
