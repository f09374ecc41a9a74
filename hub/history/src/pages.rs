//! The database's file, read page by page without the database.
//!
//! The database trusts what its file says between two full checks: a page whose first bytes have rotted can stop the
//! whole process. So the check of a store looks at every page by itself first, and what has to be saved from a file
//! with bad pages is read here, never there. The layout is that of redb's file format 3 (its `docs/design.md`):
//!
//! | where | what |
//! |---|---|
//! | 0 | magic (9), flags (1: bit 0 which slot is valid), 2 unused, page size, header pages of a region, pages of a region (4 each) |
//! | 64, 192 | two slots of 128: version (1), has a user tree, has a system tree (1 each), 5 unused, user root, system root (32 each), 32 unused, transaction (8), checksum of the 112 before |
//! | page size | regions: header pages, then pages |
//!
//! A root is a page number (8), its checksum (16) and a length (8). A page number: bits 0–19 index, 20–39 region, 59–63
//! order (the page is `page size << order` bytes long). All numbers are little-endian, checksums are XXH3-128.

mod node;
mod tree;

use std::{collections::BTreeMap, ops::Bound};

use redb::StorageBackend;
use xxhash_rust::xxh3::xxh3_128;

use crate::{error::StoreError, varint::Bytes};
use node::{Node, Widths};
pub(crate) use tree::{Doubtful, Seen};

const MAGIC: [u8; 9] = [b'r', b'e', b'd', b'b', 0x1A, 0x0A, 0xA9, 0x0D, 0x0A];
const PAGE_BYTES: u64 = 4096;
const SLOTS: [usize; 2] = [64, 192];
const SLOT_BYTES: usize = 128;
const VERSION: u8 = 3;
/// No page of ours is longer than 4 KiB × 2^14; a number that says so is damaged.
const MOST_ORDER: u64 = 14;

/// The longest leaf that is looked for without a way to it.
const LEAF_PAGES: u64 = 4;

/// The file of a database that nobody has open; it is locked for as long as this lives.
#[derive(Debug)]
pub(crate) struct PageFile {
    storage: Box<dyn StorageBackend>,
    len: u64,
    /// Bytes of a region's header, and of a whole region.
    region_header: u64,
    region: u64,
    user: Option<Root>,
    system: Option<Root>,
    /// Is the slot that should be valid?
    is_slot_sound: bool,
}

/// Where a tree begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Root {
    page: u64,
    checksum: u128,
}

/// A table as the file describes it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RawTable {
    root: Option<Root>,
    widths: Widths,
}

/// What is known of the pages of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Survey {
    /// Pages in use.
    pub(crate) pages: u64,
    /// Those that do not fit their checksum, or make no sense.
    pub(crate) bad: u64,
}

impl PageFile {
    /// The file in this storage; an error when it is locked, or its header cannot be used.
    pub(crate) fn open(storage: Box<dyn StorageBackend>) -> Result<Self, StoreError> {
        // Storage that knows no locks has one user.
        if let Ok(false) = storage.try_lock_range(Bound::Unbounded, Bound::Unbounded) {
            return Err(redb::Error::DatabaseAlreadyOpen.into());
        }
        let mut file = Self {
            len: storage.len().map_err(redb::Error::Io)?,
            storage,
            region_header: 0,
            region: 0,
            user: None,
            system: None,
            is_slot_sound: false,
        };
        file.read_header()?.ok_or_else(|| unusable("its header makes no sense"))?;
        Ok(file)
    }

    fn read_header(&mut self) -> Result<Option<()>, StoreError> {
        let mut header = [0; SLOTS[1] + SLOT_BYTES];
        if self.len < header.len() as u64 {
            return Ok(None);
        }
        self.storage.read(0, &mut header).map_err(redb::Error::Io)?;
        Ok(self.take_header(&header))
    }

    fn take_header(&mut self, header: &[u8]) -> Option<()> {
        let mut bytes = Bytes(header);
        let is_ours = bytes.array()? == MAGIC;
        let flags = bytes.u8()?;
        bytes.take(2)?;
        let mut number = || Some(u64::from(u32::from_le_bytes(bytes.array()?)));
        let (page_bytes, header_pages, pages) = (number()?, number()?, number()?);
        if !is_ours || page_bytes != PAGE_BYTES || pages == 0 {
            return None;
        }
        self.region_header = header_pages.checked_mul(PAGE_BYTES)?;
        self.region = pages.checked_mul(PAGE_BYTES)?.checked_add(self.region_header)?;
        let first = usize::from(flags & 1);
        let slot = |nth: usize| slot(header, *SLOTS.get(nth)?);
        let mut slots = [first, 1 - first].into_iter().enumerate();
        let (nth, (user, system)) = slots.find_map(|(nth, number)| Some((nth, take_slot(slot(number)?)?)))?;
        (self.user, self.system, self.is_slot_sound) = (user, system, nth == 0);
        Some(())
    }

    /// The tables by name, as far as the file tells.
    pub(crate) fn tables(&self, survey: &mut Survey) -> Result<BTreeMap<String, RawTable>, StoreError> {
        self.tables_of(self.user, survey)
    }

    fn tables_of(&self, root: Option<Root>, survey: &mut Survey) -> Result<BTreeMap<String, RawTable>, StoreError> {
        let mut tables = BTreeMap::new();
        let mut take = |name: &[u8], definition: &[u8]| {
            if let (Ok(name), Some(table)) = (std::str::from_utf8(name), take_table(definition)) {
                tables.insert(name.to_owned(), table);
            }
        };
        let names = RawTable { root, widths: Widths { key: None, value: None } };
        self.each(&names, survey, &mut |seen| {
            match seen {
                Seen::Entry(key, value) => take(key, value),
                Seen::Doubtful(doubtful) => doubtful.entries.iter().for_each(|(key, value)| take(key, value)),
                Seen::Hole => {}
            }
            Ok(())
        })?;
        Ok(tables)
    }

    /// Looks at every page in use.
    pub(crate) fn survey(&self) -> Result<Survey, StoreError> {
        let mut survey = Survey { pages: 0, bad: u64::from(!self.is_slot_sound) };
        for root in [self.user, self.system] {
            for table in self.tables_of(root, &mut survey)?.values() {
                self.each(table, &mut survey, &mut |_| Ok(()))?;
            }
        }
        Ok(survey)
    }

    /// Shows the entries of everything in the file that looks like a leaf with keys of this width and values of any.
    pub(crate) fn each_leaf_entry(
        &self,
        key: Option<usize>,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let widths = Widths { key, value: None };
        let mut at = PAGE_BYTES;
        let mut page = Vec::new();
        while at < self.len {
            // A leaf begins at a page; it has as many as its longest value needs.
            page.resize(usize::try_from((LEAF_PAGES * PAGE_BYTES).min(self.len - at)).unwrap_or(0), 0);
            self.storage.read(at, &mut page).map_err(redb::Error::Io)?;
            if let Some(Node::Leaf(leaf)) = Node::new(&page, widths) {
                for (key, value) in (0..leaf.count).filter_map(|nth| leaf.entry(nth)) {
                    see(key, value)?;
                }
            }
            at += PAGE_BYTES;
        }
        Ok(())
    }

    /// The bytes of a page; `None` where there can be none.
    fn page(&self, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let order = number >> 59;
        if order > MOST_ORDER {
            return Ok(None);
        }
        let (index, region) = (number & (0x000F_FFFF >> order), number >> 20 & 0x000F_FFFF);
        let len = PAGE_BYTES << order;
        let start = PAGE_BYTES + region * self.region + self.region_header + index * len;
        if start.checked_add(len).is_none_or(|end| end > self.len) {
            return Ok(None);
        }
        let mut page = vec![0; usize::try_from(len).unwrap_or(0)];
        self.storage.read(start, &mut page).map_err(redb::Error::Io)?;
        Ok(Some(page))
    }
}

impl Drop for PageFile {
    fn drop(&mut self) {
        // The lock goes with the file at the latest.
        let _ = self.storage.close();
    }
}

/// Is this the head of a database that can be opened, as far as one can see?
pub(crate) fn has_sound_head(head: &[u8]) -> bool {
    head.starts_with(&MAGIC) && SLOTS.iter().any(|at| slot(head, *at).is_some_and(|slot| take_slot(slot).is_some()))
}

/// Are these two heads of one database, at most one change apart?
pub(crate) fn share_a_slot(one: &[u8], other: &[u8]) -> bool {
    SLOTS.iter().any(|at| slot(one, *at).is_some() && slot(one, *at) == slot(other, *at))
}

fn slot(head: &[u8], at: usize) -> Option<&[u8]> {
    head.get(at..at + SLOT_BYTES)
}

/// The roots that a slot names, if its checksum fits.
fn take_slot(slot: &[u8]) -> Option<(Option<Root>, Option<Root>)> {
    let (body, checksum) = slot.split_last_chunk::<16>()?;
    if xxh3_128(body) != u128::from_le_bytes(*checksum) {
        return None;
    }
    let mut bytes = Bytes(body);
    let (version, has_user, has_system) = (bytes.u8()?, bytes.u8()? != 0, bytes.u8()? != 0);
    bytes.take(5)?;
    let (user, system) = (take_root(&mut bytes)?, take_root(&mut bytes)?);
    (version == VERSION).then_some((has_user.then_some(user), has_system.then_some(system)))
}

fn take_root(bytes: &mut Bytes<'_>) -> Option<Root> {
    let root = Root { page: u64::from_le_bytes(bytes.array()?), checksum: u128::from_le_bytes(bytes.array()?) };
    bytes.take(8)?;
    Some(root)
}

/// The description of a table: kind (3: a plain one), length (8), has a root (1), root, then for key and value: has a
/// fixed width (1), which (4).
fn take_table(definition: &[u8]) -> Option<RawTable> {
    let mut bytes = Bytes(definition);
    bytes.u8().filter(|kind| *kind == 3)?;
    bytes.take(8)?;
    let has_root = bytes.u8()? != 0;
    let root = take_root(&mut bytes)?;
    let mut width = || {
        let is_fixed = bytes.u8()? != 0;
        let width = usize::try_from(u32::from_le_bytes(bytes.array()?)).ok()?;
        Some(is_fixed.then_some(width))
    };
    let widths = Widths { key: width()?, value: width()? };
    Some(RawTable { root: has_root.then_some(root), widths })
}

/// The error of a file that cannot be used at all.
pub(crate) fn unusable(what: &str) -> StoreError {
    redb::Error::Corrupted(what.to_owned()).into()
}
