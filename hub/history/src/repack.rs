//! Blocks of days that are over, packed again: in tight form, of which a page holds half as many rows again or twice as
//! many.

use hub_model::{BootId, UnixMillis};
use redb::ReadableTable;

use crate::{
    block,
    damage::block_name,
    error::StoreError,
    history::History,
    pack::Packing,
    rollup::DAYS,
    rows::Rows,
    seal::Shelves,
    shelf::tight_blocks,
    store::{self, BLOCKS, BlockKey, FORMAT, meta},
};

/// What a re-pack did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Repacked {
    /// Blocks that were packed again.
    pub blocks_before: u64,
    /// What became of them.
    pub blocks_after: u64,
    /// Nothing more is to be done until another day is old enough.
    pub is_done: bool,
}

/// Which blocks are packed again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// All of a block is older than this, in Unix milliseconds.
    pub(crate) before: i64,
    /// So many blocks of a device are packed together: what does not fill the last new one is a small part of them.
    pub(crate) run: usize,
    /// Is the newest block of a device left alone, and what would not fill a block or takes no less room? A test that
    /// says no packs all that there is.
    pub(crate) is_thrifty: bool,
}

impl Rule {
    /// Days that ended a week ago or earlier: what is asked for most is as quick as ever, and nearly all that comes late
    /// has come.
    const SETTLED_MS: i64 = 7 * DAYS.slot_ms;

    fn new(now: UnixMillis) -> Self {
        Self { before: DAYS.slot(now.0.saturating_sub(Self::SETTLED_MS)), run: 8, is_thrifty: true }
    }
}

/// Blocks of a device that are to be packed together, perhaps none, and where to look for more.
struct Run {
    starts: Vec<i64>,
    then: i64,
}

impl History {
    /// Packs old blocks into less room, at most some more than `most_blocks` of them in one durable step; once an hour
    /// is often enough. Readings stay what they are, and are where they were before or where they are after.
    ///
    /// # Errors
    /// When the disk refuses; then nothing has changed.
    pub fn repack(&self, now: UnixMillis, most_blocks: usize) -> Result<Repacked, StoreError> {
        self.repack_by(Rule::new(now), most_blocks)
    }

    pub(crate) fn repack_by(&self, rule: Rule, most_blocks: usize) -> Result<Repacked, StoreError> {
        let mut maintenance = self.maintaining()?;
        let mut repacked = Repacked { is_done: true, ..Repacked::default() };
        if rule.is_thrifty && maintenance.repacked_to == Some(rule.before) {
            return Ok(repacked);
        }
        let mut devices = Vec::new();
        let transaction = self.store.read()?;
        if let Some(blocks) = store::readable(&transaction, BLOCKS)? {
            for (device, known) in self.live().known_devices() {
                let from = known.repacked_to.unwrap_or(i64::MIN);
                let run = self.next_run(&blocks, device, from, rule)?;
                if !run.starts.is_empty() || run.then > from {
                    devices.push((device, known));
                }
            }
        }
        drop(transaction);
        if !devices.is_empty() {
            // A store that has nothing of this is one that older versions can read.
            self.change(&mut maintenance, |transaction| {
                let mut shelves = Shelves::open(transaction, self)?;
                shelves.meta.insert(meta::FORMAT, FORMAT)?;
                for (device, known) in &mut devices {
                    if repacked.blocks_before >= most_blocks as u64 {
                        repacked.is_done = false;
                        break;
                    }
                    let left = (most_blocks as u64).saturating_sub(repacked.blocks_before);
                    let from = known.repacked_to.unwrap_or(i64::MIN);
                    let then = shelves.repack(self, *device, from, rule, left, &mut repacked)?;
                    known.repacked_to = Some(then);
                    shelves.devices.insert(*device, known.encode().as_slice())?;
                }
                shelves.close()
            })?;
            self.live().take_sealed(devices.iter().map(|(device, known)| (*device, known)));
        }
        if repacked.is_done {
            maintenance.repacked_to = Some(rule.before);
        }
        Ok(repacked)
    }

    /// The next blocks of a device that are to be packed together.
    fn next_run(
        &self,
        blocks: &impl ReadableTable<BlockKey, &'static [u8]>,
        device: u64,
        from: i64,
        rule: Rule,
    ) -> Result<Run, StoreError> {
        let mut run = Run { starts: Vec::new(), then: from };
        let mut last = None;
        for entry in blocks.range((BootId::WALL.0, device, from)..=(BootId::WALL.0, device, i64::MAX))? {
            // Only now there is a block behind it.
            run.starts.extend(last.take());
            if run.starts.len() >= rule.run {
                return Ok(run);
            }
            let (key, bytes) = entry?;
            let (_, _, start) = key.value();
            let head = block::head(bytes.value());
            if head.is_none() {
                self.damage.found(block_name(key.value()));
            }
            match head.filter(|head| head.packing == Packing::Quick) {
                Some(head) if head.end < rule.before => last = Some(start),
                Some(_) => break,
                None if start >= rule.before => break,
                // What lies before a block that stays as it is waits for nothing more.
                None if run.starts.len() > 1 || !rule.is_thrifty && !run.starts.is_empty() => return Ok(run),
                None => run = Run { starts: Vec::new(), then: start.saturating_add(1) },
            }
        }
        if !rule.is_thrifty {
            run.starts.extend(last);
            return Ok(run);
        }
        run.starts.clear();
        Ok(run)
    }
}

impl Shelves<'_> {
    /// Packs blocks of a device again from a time on, until `most` are looked at; tells from where on to look next.
    fn repack(
        &mut self,
        history: &History,
        device: u64,
        mut from: i64,
        rule: Rule,
        most: u64,
        repacked: &mut Repacked,
    ) -> Result<i64, StoreError> {
        let begun = repacked.blocks_before;
        loop {
            let run = history.next_run(&self.blocks, device, from, rule)?;
            let Some(last) = run.starts.last() else { return Ok(run.then) };
            if repacked.blocks_before - begun >= most {
                repacked.is_done = false;
                return Ok(from);
            }
            let behind = last.saturating_add(1);
            repacked.blocks_before += run.starts.len() as u64;
            from = match self.pack_together(device, &run.starts, rule)? {
                Some((blocks, then)) => {
                    repacked.blocks_after += blocks;
                    then.unwrap_or(behind)
                }
                None => {
                    repacked.blocks_after += run.starts.len() as u64;
                    behind
                }
            };
        }
    }

    /// Packs these blocks together; tells how many there are then, and where the one begins that is not full. `None`
    /// when they stay as they are.
    fn pack_together(
        &mut self,
        device: u64,
        starts: &[i64],
        rule: Rule,
    ) -> Result<Option<(u64, Option<i64>)>, StoreError> {
        let mut rows = Rows::default();
        for start in starts {
            let found = self.blocks.get((BootId::WALL.0, device, *start))?;
            let Some(block) = found.and_then(|bytes| block::decode(bytes.value())) else { return Ok(None) };
            rows.append(&block);
        }
        rows.columns.sort_by_key(|column| column.key);
        let blocks = tight_blocks(&rows, if rule.is_thrifty { Packing::Quick } else { Packing::Tight });
        // Blocks that overlap are for a check to put in order.
        if rule.is_thrifty && blocks.len() >= starts.len() || !rows.t.is_sorted() {
            return Ok(None);
        }
        let mut shelf = self.shelf(BootId::WALL, device);
        starts.iter().try_for_each(|start| shelf.remove(*start))?;
        blocks.iter().try_for_each(|(from, block)| shelf.insert(&rows, *from, block))?;
        let is_loose = |block: &[u8]| block::head(block).is_some_and(|head| head.packing == Packing::Quick);
        let loose = blocks.iter().find(|(_, block)| is_loose(block));
        Ok(Some((blocks.len() as u64, loose.and_then(|(from, _)| rows.t.get(*from).copied()))))
    }
}
