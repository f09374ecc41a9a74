use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hub_model::{Address, DeadLetter, DeadLetterReader, UnixMillis};

/// The most refused frames that are kept.
pub const LETTERS: usize = 1_000;

/// The most of them from one address, so that one neighbour cannot push out everything.
pub const LETTERS_PER_ADDRESS: usize = 16;

/// The most bytes kept of a frame: an extended advertisement's one data element has no more.
const FRAME_BYTES: usize = 254;

/// The most bytes kept of a detail.
const DETAIL_BYTES: usize = 300;

/// A frame that was refused.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// Who sent it.
    pub address: Address,
    /// Is that a device of the house?
    pub is_adopted: bool,
    /// The stable snake_case code of the reason.
    pub code: &'a str,
    /// What was wrong, in words.
    pub detail: &'a str,
    /// The frame: `service_data:fcd2`.
    pub part: &'a str,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// A refused frame as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLetter {
    /// The frame, and how often it came.
    pub letter: DeadLetter,
    /// Did it come from a device of the house, when it last came?
    pub is_adopted: bool,
}

/// What changed among the refused frames since it was last stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterChanges {
    /// New ones, and those that came again.
    pub changed: Vec<StoredLetter>,
    /// The ids of those that were stored and had to make room.
    pub removed: Vec<u64>,
    /// The id that the next one gets.
    pub next_id: u64,
}

impl LetterChanges {
    /// Is there nothing to store?
    pub const fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.removed.is_empty()
    }
}

/// The refused frames, in memory: at most [`LETTERS`], equal ones (address, code, part) counted as one.
///
/// Frames are kept for who looks for the reason, and anybody in reach can send some. So strangers make room
/// before devices of the house do, and one address has at most [`LETTERS_PER_ADDRESS`]; among equals the
/// one that did not come for longest goes. What is recorded is durable when its owner stores the changes; ids given
/// out since then may be given out again after a crash.
#[derive(Debug)]
pub struct DeadLetters {
    shelf: Mutex<Shelf>,
}

impl DeadLetters {
    /// Begins with what was stored.
    pub fn new(stored: Vec<StoredLetter>, next_id: u64) -> Self {
        let greatest = stored.iter().map(|stored| stored.letter.id).max().unwrap_or(0);
        let mut shelf = Shelf { next_id: next_id.max(greatest.saturating_add(1)), ..Shelf::default() };
        for stored in stored {
            shelf.stored.insert(stored.letter.id);
            shelf.by_cause.insert(cause(&stored.letter), stored.letter.id);
            shelf.letters.insert(stored.letter.id, stored);
        }
        Self { shelf: Mutex::new(shelf) }
    }

    /// Records a refused frame.
    pub fn record(&self, refused: Refused<'_>, at: UnixMillis) {
        self.shelf().record(refused, at);
    }

    /// Takes what changed since the last time, in order to store it.
    pub fn drain_dirty(&self) -> LetterChanges {
        let mut shelf = self.shelf();
        let dirty = mem::take(&mut shelf.dirty);
        let changed: Vec<StoredLetter> = dirty.iter().filter_map(|id| shelf.letters.get(id).cloned()).collect();
        shelf.stored.extend(&dirty);
        LetterChanges { changed, removed: mem::take(&mut shelf.gone).into_iter().collect(), next_id: shelf.next_id }
    }

    /// Takes back changes that could not be stored; the next drain has them again.
    pub fn give_back(&self, changes: &LetterChanges) {
        let mut shelf = self.shelf();
        for StoredLetter { letter: DeadLetter { id, .. }, .. } in &changes.changed {
            if shelf.letters.contains_key(id) {
                shelf.dirty.insert(*id);
            }
        }
        shelf.gone.extend(&changes.removed);
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DeadLetterReader for DeadLetters {
    fn newest(&self, before: Option<u64>, limit: usize) -> Vec<DeadLetter> {
        let shelf = self.shelf();
        let older = shelf.letters.range(..before.unwrap_or(u64::MAX));
        older.rev().take(limit).map(|(_, stored)| stored.letter.clone()).collect()
    }
}

/// Why frames count as equal.
type Cause = (Address, String, String);

#[derive(Debug, Default)]
struct Shelf {
    next_id: u64,
    letters: BTreeMap<u64, StoredLetter>,
    by_cause: BTreeMap<Cause, u64>,
    /// Ids to write.
    dirty: BTreeSet<u64>,
    /// Ids that the store has; at most as many as letters, and those gone.
    stored: BTreeSet<u64>,
    /// Ids that the store has and should not.
    gone: BTreeSet<u64>,
}

impl Shelf {
    fn record(&mut self, refused: Refused<'_>, at: UnixMillis) {
        let Refused { address, is_adopted, code, detail, part, bytes } = refused;
        let cause = (address, clip(code).to_owned(), clip(part).to_owned());
        let bytes = bytes.get(..FRAME_BYTES).unwrap_or(bytes).to_vec();
        let detail = clip(detail).to_owned();
        if let Some(known) = self.by_cause.get(&cause).and_then(|id| self.letters.get_mut(id)) {
            let letter = &mut known.letter;
            known.is_adopted = is_adopted;
            (letter.detail, letter.bytes, letter.last_at) = (detail, bytes, at);
            letter.count = letter.count.saturating_add(1);
            self.dirty.insert(letter.id);
            return;
        }
        if !self.make_room(address, is_adopted) {
            return;
        }
        let id = self.next_id;
        self.next_id = id.saturating_add(1);
        let (_, code, part) = cause.clone();
        let letter = DeadLetter { id, address, code, detail, part, bytes, first_at: at, last_at: at, count: 1 };
        self.letters.insert(id, StoredLetter { letter, is_adopted });
        self.by_cause.insert(cause, id);
        self.dirty.insert(id);
    }

    /// Removes one letter where the next would be one too many. Says no where the next is less than all others.
    fn make_room(&mut self, address: Address, is_adopted: bool) -> bool {
        let of_address = self.by_cause.range((address, String::new(), String::new())..);
        let of_address: Vec<u64> = of_address.take_while(|((a, ..), _)| *a == address).map(|(_, id)| *id).collect();
        if of_address.len() >= LETTERS_PER_ADDRESS {
            let last_at = |id: &u64| self.letters.get(id).map(|stored| stored.letter.last_at);
            if let Some(oldest) = of_address.into_iter().min_by_key(last_at) {
                self.remove(oldest);
            }
        } else if self.letters.len() >= LETTERS {
            let worth = |stored: &&StoredLetter| (stored.is_adopted, stored.letter.last_at, stored.letter.id);
            let Some(least) = self.letters.values().min_by_key(worth) else { return true };
            if least.is_adopted && !is_adopted {
                return false;
            }
            self.remove(least.letter.id);
        }
        true
    }

    fn remove(&mut self, id: u64) {
        let Some(removed) = self.letters.remove(&id) else { return };
        self.by_cause.remove(&cause(&removed.letter));
        self.dirty.remove(&id);
        if self.stored.remove(&id) {
            self.gone.insert(id);
        }
    }
}

fn cause(letter: &DeadLetter) -> Cause {
    (letter.address, letter.code.clone(), letter.part.clone())
}

/// The beginning of a text, cut between characters.
fn clip(text: &str) -> &str {
    text.get(..text.floor_char_boundary(DETAIL_BYTES)).unwrap_or(text)
}

#[cfg(test)]
mod tests;
