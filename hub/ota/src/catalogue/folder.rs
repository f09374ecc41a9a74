//! A folder of files, as the catalogue needs it.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

/// What the catalogue does with a folder; in tests with one that loses power.
pub(super) trait Files: Send + Sync {
    /// Makes the folder, if it is not there, and keeps others from changing it until the lock is dropped.
    fn lock(&self) -> io::Result<Lock>;
    /// The names of the files; none where there is no folder.
    fn names(&self) -> io::Result<Vec<String>>;
    /// At most so many bytes of a file, from its first on, and its length.
    fn read(&self, name: &str, most: usize) -> io::Result<(Vec<u8>, u64)>;
    /// Writes a file, whatever was under its name, and has it on the disk.
    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file another name, at once.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Has the folder's names on the disk.
    fn sync(&self) -> io::Result<()>;
}

/// Nobody else changes the folder.
#[derive(Debug)]
pub(super) struct Lock(
    #[expect(dead_code, reason = "held, not read: the file is unlocked when it is closed")] Option<File>,
);

impl Lock {
    /// Where there is nobody else.
    #[cfg(test)]
    pub(super) const fn none() -> Self {
        Self(None)
    }
}

/// A folder of the machine.
#[derive(Debug)]
pub(super) struct Folder(pub(super) PathBuf);

const LOCK: &str = ".lock";

impl Folder {
    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Files for Folder {
    fn lock(&self) -> io::Result<Lock> {
        if !self.0.is_dir() {
            fs::create_dir_all(&self.0)?;
            sync(self.0.parent().unwrap_or(Path::new("/")))?;
        }
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.at(LOCK))?;
        file.lock()?;
        Ok(Lock(Some(file)))
    }

    fn names(&self) -> io::Result<Vec<String>> {
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        // Names that are no text are none of ours.
        let names = entries.filter_map(|entry| entry.map(|entry| entry.file_name().into_string().ok()).transpose());
        names.collect()
    }

    fn read(&self, name: &str, most: usize) -> io::Result<(Vec<u8>, u64)> {
        let file = File::open(self.at(name))?;
        let length = file.metadata()?.len();
        let mut bytes = Vec::new();
        file.take(u64::try_from(most).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
        Ok((bytes, length))
    }

    fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.at(name))?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.at(from), self.at(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.at(name))
    }

    fn sync(&self) -> io::Result<()> {
        sync(&self.0)
    }
}

fn sync(folder: &Path) -> io::Result<()> {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}
