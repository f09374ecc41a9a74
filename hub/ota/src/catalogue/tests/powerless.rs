//! A disk that loses power: of what was not synchronised, as little or as much is left as luck has it.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex},
};

use super::super::folder::{Files, Lock};

/// A disk with one folder.
#[derive(Default)]
pub(super) struct Disk(Mutex<State>);

/// The folder of a disk.
pub(super) struct Powerless(pub(super) Arc<Disk>);

#[derive(Default)]
struct State {
    operations: u64,
    cut_at: Option<u64>,
    fail_at: Option<(u64, io::ErrorKind)>,
    is_off: bool,
    /// What programs see, and what is on the disk, by file.
    contents: Vec<(Vec<u8>, Vec<u8>)>,
    /// The folder as programs see it.
    names: BTreeMap<String, usize>,
    /// The folder on the disk, and what was changed since.
    kept: BTreeMap<String, usize>,
    changes: Vec<Change>,
}

enum Change {
    Name(String, usize),
    Rename(String, String, usize),
    Remove(String),
}

impl Change {
    fn make(self, names: &mut BTreeMap<String, usize>) {
        match self {
            Self::Name(name, file) => drop(names.insert(name, file)),
            Self::Rename(from, to, file) => {
                names.remove(&from);
                names.insert(to, file);
            }
            Self::Remove(name) => drop(names.remove(&name)),
        }
    }
}

impl State {
    /// One thing that power can fail before.
    fn step(&mut self) -> io::Result<()> {
        self.is_off |= self.cut_at.is_some_and(|at| self.operations >= at);
        if self.is_off {
            return Err(io::ErrorKind::Other.into());
        }
        self.operations += 1;
        match self.fail_at {
            Some((at, kind)) if self.operations == at + 1 => Err(kind.into()),
            _ => Ok(()),
        }
    }

    fn look(&self) -> io::Result<()> {
        if self.is_off { Err(io::ErrorKind::Other.into()) } else { Ok(()) }
    }
}

impl Disk {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    pub(super) fn is_off(&self) -> bool {
        self.state().is_off
    }

    /// Power fails after so many operations.
    pub(super) fn cut_power(&self, at: u64) {
        self.state().cut_at = Some(at);
    }

    /// One operation fails.
    pub(super) fn fail_at(&self, at: u64, kind: io::ErrorKind) {
        self.state().fail_at = Some((at, kind));
    }

    /// Bits flip, by themselves.
    pub(super) fn rot(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let file = state.names[name];
        change(&mut state.contents[file].0);
    }

    /// Power is back. A part of the changes is on the disk, in any order; a file that was not synchronised has any part
    /// of what was written, or something else.
    pub(super) fn power_up(&self, luck: u64) {
        let mut state = self.state();
        let changes = std::mem::take(&mut state.changes);
        for (nth, change) in changes.into_iter().enumerate() {
            if luck >> nth & 1 == 1 {
                change.make(&mut state.kept);
            }
        }
        for (seen, kept) in &mut state.contents {
            if seen != kept {
                let part = seen.len() * (luck as usize % 5) / 4;
                seen.truncate(part);
                if luck & 32 != 0 {
                    seen.iter_mut().for_each(|byte| *byte = 0);
                }
                kept.clone_from(seen);
            }
        }
        state.names = state.kept.clone();
        (state.is_off, state.cut_at) = (false, None);
    }
}

impl Files for Powerless {
    fn lock(&self) -> io::Result<Lock> {
        self.0.state().look().map(|()| Lock::none())
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let state = self.0.state();
        state.look().map(|()| state.names.keys().cloned().collect())
    }

    fn read(&self, name: &str, most: usize) -> io::Result<(Vec<u8>, u64)> {
        let state = self.0.state();
        state.look()?;
        let file = *state.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        let bytes = &state.contents[file].0;
        Ok((bytes[..most.min(bytes.len())].to_vec(), bytes.len() as u64))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.0.state();
        state.step()?;
        let file = match state.names.get(name) {
            Some(file) => *file,
            None => {
                let file = state.contents.len();
                state.contents.push((Vec::new(), Vec::new()));
                state.names.insert(name.to_owned(), file);
                state.changes.push(Change::Name(name.to_owned(), file));
                file
            }
        };
        state.contents[file].0.clear();
        for half in bytes.chunks(bytes.len().div_ceil(2)) {
            state.step()?;
            state.contents[file].0.extend_from_slice(half);
        }
        state.step()?;
        let seen = state.contents[file].0.clone();
        state.contents[file].1 = seen;
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.state();
        state.step()?;
        let file = state.names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        state.names.insert(to.to_owned(), file);
        state.changes.push(Change::Rename(from.to_owned(), to.to_owned(), file));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.0.state();
        state.step()?;
        state.names.remove(name).ok_or(io::ErrorKind::NotFound)?;
        state.changes.push(Change::Remove(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.0.state();
        state.step()?;
        state.kept = state.names.clone();
        state.changes.clear();
        Ok(())
    }
}
