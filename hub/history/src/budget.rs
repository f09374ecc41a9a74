use std::{cmp::Reverse, collections::BinaryHeap};

use hub_model::UnixMillis;
use redb::{ReadTransaction, ReadableTableMetadata};

use crate::{
    disk::PAGE_BYTES,
    error::StoreError,
    history::History,
    rollup::{DAYS, HOURS},
    seal::Shelves,
    store::{self, BLOCKS, BlockKey, META, meta},
};

/// What takes room in the database: a page for each block, and roll-ups that share theirs.
#[derive(Debug, Clone, Copy)]
struct Taken {
    blocks: u64,
    /// Bytes of the roll-ups' records.
    rollups: u64,
}

impl Taken {
    /// Counts the blocks, and weighs the roll-ups by the newest record of every device: they are much alike.
    fn read(transaction: &ReadTransaction, devices: &[u64]) -> Result<Self, StoreError> {
        let blocks = store::readable(transaction, META)?.map_or(Ok(0), |table| store::number(&table, meta::BLOCKS))?;
        let mut rollups = 0;
        for table in [store::HOURS, store::DAYS] {
            let Some(table) = store::readable(transaction, table)? else { continue };
            let (mut bytes, mut records) = (0, 0);
            for device in devices {
                let newest = table.range((*device, i64::MIN)..=(*device, i64::MAX))?.next_back().transpose()?;
                bytes += newest.as_ref().map_or(0, |(_, record)| record.value().len() as u64);
                records += u64::from(newest.is_some());
            }
            rollups += table.len()?.saturating_mul(bytes) / records.max(1);
        }
        Ok(Self { blocks, rollups })
    }

    /// Bytes of all that is in use: a thirty-second for the tree above the blocks; the pages of roll-ups are two thirds
    /// full.
    const fn bytes(self) -> u64 {
        self.blocks.saturating_mul(PAGE_BYTES / 32 * 33).saturating_add(self.rollups / 2 * 3)
    }

    /// Of how many blocks there is room in so many bytes, beside the roll-ups.
    const fn blocks_in(self, bytes: u64) -> u64 {
        bytes.saturating_sub(self.rollups / 2 * 3) / (PAGE_BYTES / 32 * 33)
    }
}

impl History {
    /// Keeps the store within a budget: when what is in use takes more bytes, the oldest single readings of all devices
    /// go, some more than is needed; never roll-ups, never the last day. Tells before which time they are gone.
    ///
    /// The file itself keeps its size: what is freed is used again before it grows.
    ///
    /// # Errors
    /// When the disk refuses; then nothing is let go.
    pub fn keep_within(&self, bytes: u64) -> Result<Option<UnixMillis>, StoreError> {
        let mut maintenance = self.maintaining()?;
        let journal = self.bytes()?.saturating_sub(self.database_bytes()?);
        let room = bytes.saturating_sub(journal);
        let taken = Taken::read(&self.store.read()?, &self.live().devices.keys().copied().collect::<Vec<_>>())?;
        if taken.bytes() <= room {
            return Ok(None);
        }
        // A twentieth more, so that it is not to be done again in an hour.
        let surplus = taken.blocks - taken.blocks.min(taken.blocks_in(room / 20 * 19));
        let Some(cutoff) = self.oldest_but(surplus)? else { return Ok(None) };
        let mut devices = self.live().known_devices();
        self.change(&mut maintenance, |transaction| {
            let mut shelves = Shelves::open(transaction, self)?;
            for (device, known) in &mut devices {
                shelves.expire_readings(*device, known, cutoff, &|rows| rows.since(|_| Some(cutoff)))?;
                shelves.devices.insert(*device, known.encode().as_slice())?;
            }
            shelves.close()
        })?;
        self.live().take_sealed(devices.iter().map(|(device, known)| (*device, known)));
        Ok(Some(UnixMillis(cutoff)))
    }

    /// The time before which so many blocks lie, at most a day before the newest.
    fn oldest_but(&self, surplus: u64) -> Result<Option<i64>, StoreError> {
        let (devices, newest) = {
            let live = self.live();
            let newest = live.devices.values().filter_map(|of| of.known.newest_sealed()).max();
            (live.devices.keys().copied().collect::<Vec<_>>(), newest)
        };
        let transaction = self.store.read()?;
        let (Some(blocks), Some(newest)) = (store::readable(&transaction, BLOCKS)?, newest) else { return Ok(None) };
        let next = |device: u64, after: i64| -> Result<Option<Reverse<(i64, u64)>>, StoreError> {
            let keys: std::ops::RangeInclusive<BlockKey> = (0, device, after)..=(0, device, i64::MAX);
            let found = blocks.range(keys)?.next().transpose()?;
            Ok(found.map(|(key, _)| Reverse((key.value().2, device))))
        };
        let mut oldest = BinaryHeap::new();
        for device in devices {
            oldest.extend(next(device, i64::MIN)?);
        }
        let (mut left, mut cutoff) = (surplus, i64::MAX);
        while let Some(Reverse((start, device))) = oldest.pop() {
            if left == 0 {
                cutoff = start;
                break;
            }
            left -= 1;
            oldest.extend(next(device, start.saturating_add(1))?);
        }
        Ok(Some(HOURS.slot(cutoff.min(newest - DAYS.slot_ms))))
    }
}
