//! Which receivers the hub knows: a small file in its store, written by `hubd receivers` and read by the running hub.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use hub_model::ReceiverId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use thiserror::Error;

use crate::{code::JoinCode, tls::HubKey};

/// The number of the first remote receiver; those below are adapters of the hub itself.
const FIRST: u16 = 64;
/// The number of the last: the history tells receivers apart by a byte.
const LAST: u16 = 255;
/// The most receivers. More than a house has rooms, and little enough to compare a token with all of them.
pub const MAX_RECEIVERS: usize = 32;
/// The longest name, characters.
const MAX_NAME: usize = 40;

/// The folder of a store that holds the hub's key and the book.
#[derive(Debug, Clone)]
pub struct Shelf(PathBuf);

/// The receivers that a hub knows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    /// The number that the next receiver gets; numbers are not used again while there are others.
    next: u16,
    receivers: Vec<Known>,
}

/// One receiver that the hub knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// What its owner calls it.
    pub name: String,
    /// Its number, in readings, gaps and the history.
    pub number: u16,
    /// SHA-256 of its token, in hex.
    token: String,
}

/// Why the book cannot be read or changed.
#[derive(Debug, Error)]
pub enum BookError {
    /// A file cannot be read or written.
    #[error("{path}")]
    Io {
        /// Which.
        path: PathBuf,
        #[source]
        /// Why.
        source: io::Error,
    },
    /// A file says what no version of the hub wrote.
    #[error("{path} is damaged; remove the folder and add the receivers anew")]
    Damaged {
        /// Which.
        path: PathBuf,
    },
    /// A name that no receiver can have.
    #[error("{name:?} is no name for a receiver; expected 1 to {MAX_NAME} characters without control characters")]
    Name {
        /// Which.
        name: String,
    },
    /// A receiver has that name.
    #[error("there is a receiver {name:?} already; remove it first, or choose another name")]
    Taken {
        /// Which.
        name: String,
    },
    /// No receiver has that name.
    #[error("there is no receiver {name:?}")]
    Unknown {
        /// Which.
        name: String,
    },
    /// There are too many.
    #[error("there are {MAX_RECEIVERS} receivers already, which is the most")]
    Full,
}

impl Known {
    /// Its number.
    pub const fn id(&self) -> ReceiverId {
        ReceiverId(self.number)
    }
}

impl Book {
    /// The receivers, in the order added.
    pub fn receivers(&self) -> &[Known] {
        &self.receivers
    }

    /// The receiver with this token.
    pub fn find(&self, token: &[u8; 32]) -> Option<&Known> {
        let hash = hex::encode(Sha256::digest(token));
        // All are compared, each in constant time.
        self.receivers.iter().fold(None, |found, known| {
            let is_it = bool::from(known.token.as_bytes().ct_eq(hash.as_bytes()));
            if is_it { Some(known) } else { found }
        })
    }

    fn add(&mut self, name: &str, token: &[u8; 32]) -> Result<(), BookError> {
        let name = name.trim().to_owned();
        if !(1..=MAX_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(BookError::Name { name });
        }
        if self.receivers.iter().any(|known| known.name == name) {
            return Err(BookError::Taken { name });
        }
        if self.receivers.len() >= MAX_RECEIVERS {
            return Err(BookError::Full);
        }
        let is_free = |number: &u16| self.receivers.iter().all(|known| known.number != *number);
        let number = (self.next.max(FIRST)..=LAST).chain(FIRST..=LAST).find(is_free).ok_or(BookError::Full)?;
        self.next = number.saturating_add(1);
        self.receivers.push(Known { name, number, token: hex::encode(Sha256::digest(token)) });
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), BookError> {
        let place = self.receivers.iter().position(|known| known.name == name);
        let place = place.ok_or_else(|| BookError::Unknown { name: name.to_owned() })?;
        self.receivers.remove(place);
        Ok(())
    }
}

impl Shelf {
    /// The shelf of the store in this folder.
    pub fn of_store(store: &Path) -> Self {
        Self(store.join("receivers"))
    }

    /// The hub's key; a new one of `luck` where there is none.
    ///
    /// # Errors
    /// When it cannot be read or written.
    pub fn key(&self, luck: [u8; 32]) -> Result<HubKey, BookError> {
        let path = self.0.join("key");
        let damaged = || BookError::Damaged { path: path.clone() };
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = hex::encode(luck);
                self.write(&path, text.as_bytes())?;
                text
            }
            Err(source) => return Err(BookError::Io { path, source }),
        };
        let mut seed = [0; 32];
        hex::decode_to_slice(text.trim(), &mut seed).map_err(|_| damaged())?;
        HubKey::from_seed(&seed).map_err(|_| damaged())
    }

    /// The book as it is now; empty where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    pub fn book(&self) -> Result<Book, BookError> {
        let path = self.book_path();
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| BookError::Damaged { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Book::default()),
            Err(source) => Err(BookError::Io { path, source }),
        }
    }

    /// Adds a receiver, and hands out the code that it joins with: it is shown once and kept nowhere. The second luck is for the
    /// hub's key, where there is none yet.
    ///
    /// # Errors
    /// When the name cannot be had, or the files cannot be written.
    pub fn add(&self, name: &str, [token, key]: [[u8; 32]; 2]) -> Result<JoinCode, BookError> {
        let pin = self.key(key)?.pin();
        let mut book = self.book()?;
        book.add(name, &token)?;
        self.keep(&book)?;
        Ok(JoinCode { pin, token })
    }

    /// Removes a receiver: its link ends, and its code is of no use any more.
    ///
    /// # Errors
    /// When there is none of that name, or the file cannot be written.
    pub fn remove(&self, name: &str) -> Result<(), BookError> {
        let mut book = self.book()?;
        book.remove(name)?;
        self.keep(&book)
    }

    fn book_path(&self) -> PathBuf {
        self.0.join("book.json")
    }

    fn keep(&self, book: &Book) -> Result<(), BookError> {
        let path = self.book_path();
        let text = serde_json::to_vec_pretty(book).map_err(|_| BookError::Damaged { path: path.clone() })?;
        self.write(&path, &text)
    }

    /// Whole or not at all, also when the power goes; for nobody else to read.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), BookError> {
        let write = || {
            fs::create_dir_all(&self.0)?;
            let draft = path.with_extension("new");
            let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&draft, path)?;
            fs::File::open(&self.0)?.sync_all()
        };
        write().map_err(|source| BookError::Io { path: path.to_owned(), source })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_known_by_its_token_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::of_store(folder.path());
        assert_eq!(shelf.book().unwrap(), Book::default());
        let attic = shelf.add(" attic ", [[1; 32], [9; 32]]).unwrap();
        let shed = shelf.add("shed", [[2; 32], [8; 32]]).unwrap();
        assert_eq!((attic.pin, attic.token, shed.token), (shed.pin, [1; 32], [2; 32]), "the hub's key stays");
        let book = shelf.book().unwrap();
        let names: Vec<_> = book.receivers().iter().map(|known| (known.name.as_str(), known.id().0)).collect();
        assert_eq!(names, [("attic", 64), ("shed", 65)]);
        assert_eq!(book.find(&[2; 32]).map(|known| known.number), Some(65));
        assert_eq!(book.find(&[3; 32]), None);
        let kept = fs::read_to_string(shelf.book_path()).unwrap();
        assert!(!kept.contains(&hex::encode([1; 32])), "the token itself is not kept");

        shelf.remove("attic").unwrap();
        assert_eq!(shelf.book().unwrap().find(&[1; 32]), None);
        assert!(matches!(shelf.remove("attic"), Err(BookError::Unknown { .. })));
        shelf.add("attic", [[4; 32], [9; 32]]).unwrap();
        assert_eq!(
            shelf.book().unwrap().find(&[4; 32]).map(|known| known.number),
            Some(66),
            "a number is not used again"
        );
    }

    #[test]
    fn what_cannot_be_added_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::of_store(folder.path());
        for name in ["", "  ", "a\nb", &"x".repeat(41)] {
            assert!(matches!(shelf.add(name, [[1; 32]; 2]), Err(BookError::Name { .. })), "{name:?}");
        }
        for number in 0..MAX_RECEIVERS {
            shelf.add(&number.to_string(), [[u8::try_from(number).unwrap(); 32], [9; 32]]).unwrap();
        }
        assert!(matches!(shelf.add("0", [[77; 32]; 2]), Err(BookError::Taken { .. })));
        assert!(matches!(shelf.add("one more", [[77; 32]; 2]), Err(BookError::Full)));
        fs::write(shelf.book_path(), b"{").unwrap();
        assert!(matches!(shelf.book(), Err(BookError::Damaged { .. })));
    }

    #[test]
    fn its_files_are_for_nobody_else_to_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let shelf = Shelf::of_store(folder.path());
        shelf.add("attic", [[1; 32], [9; 32]]).unwrap();
        for file in ["key", "book.json"] {
            let mode = fs::metadata(folder.path().join("receivers").join(file)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{file}");
        }
    }
}
