use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use redb::{StorageBackend, backends::FileBackend};
use rustix::fs::{CWD, FallocateFlags, RenameFlags, fallocate, renameat_with};

use super::{Disk, JournalFile};

const DATABASE: &str = "history.redb";
const DRAFT: &str = "history.new";
const HEAD: &str = "history.head";

/// A folder of the file system: `history.redb`, and `journal/` with one file a segment.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder at `path`, made where there is none.
    pub(crate) fn new(path: &Path) -> io::Result<Self> {
        fs::create_dir_all(path.join("journal"))?;
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { path: path.to_owned() })
    }

    fn journal(&self) -> PathBuf {
        self.path.join("journal")
    }

    fn remove_head_copies(&self) -> io::Result<()> {
        match fs::remove_file(self.path.join(HEAD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
            Ok(()) => File::open(&self.path)?.sync_all(),
        }
    }
}

impl Disk for Folder {
    fn has_database(&self) -> io::Result<bool> {
        self.path.join(DATABASE).try_exists()
    }

    fn draft(&self) -> io::Result<Box<dyn StorageBackend>> {
        let path = self.path.join(DRAFT);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => backend(&path, true),
        }
    }

    fn adopt_draft(&self) -> io::Result<()> {
        self.remove_head_copies()?;
        let (draft, database) = (self.path.join(DRAFT), self.path.join(DATABASE));
        match renameat_with(CWD, &draft, CWD, &database, RenameFlags::NOREPLACE) {
            // Another process was quicker; its database is opened, or found locked.
            Err(rustix::io::Errno::EXIST) => {}
            // Some file systems only know how to replace.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => fs::rename(draft, database)?,
            done => done?,
        }
        File::open(&self.path)?.sync_all()
    }

    fn replace_database(&self) -> io::Result<()> {
        let draft = self.path.join(DRAFT);
        File::open(&draft)?.sync_all()?;
        self.remove_head_copies()?;
        fs::rename(draft, self.path.join(DATABASE))?;
        File::open(&self.path)?.sync_all()
    }

    fn head_copies(&self) -> io::Result<Vec<u8>> {
        match fs::read(self.path.join(HEAD)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            read => read,
        }
    }

    fn write_head_copy(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let path = self.path.join(HEAD);
        let is_new = !path.exists();
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path)?;
        file.write_all_at(bytes, offset)?;
        file.sync_data()?;
        if is_new { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }

    fn database_bytes(&self) -> io::Result<u64> {
        Ok(fs::metadata(self.path.join(DATABASE))?.len())
    }

    fn database(&self) -> io::Result<Box<dyn StorageBackend>> {
        backend(&self.path.join(DATABASE), false)
    }

    fn segments(&self) -> io::Result<Vec<u16>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(self.journal())? {
            let name = entry?.file_name();
            let number: Option<u16> =
                name.to_str().and_then(|name| name.strip_suffix(".journal")).and_then(|n| n.parse().ok());
            numbers.extend(number);
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn segment(&self, number: u16, bytes: u64) -> io::Result<Arc<dyn JournalFile>> {
        let path = self.journal().join(format!("{number:02}.journal"));
        let is_new = !path.exists();
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        if file.metadata()?.len() < bytes
            && let Err(error) = preallocate(&file, bytes)
        {
            if is_new {
                // What could not be given its room is not a segment; that this may fail too changes nothing.
                let _ = fs::remove_file(&path);
            }
            return Err(error);
        }
        if is_new {
            File::open(self.journal())?.sync_all()?;
        }
        Ok(Arc::new(Segment(file)))
    }

    fn bytes(&self) -> io::Result<u64> {
        let mut bytes = fs::metadata(self.path.join(DATABASE))?.len();
        for entry in fs::read_dir(self.journal())? {
            bytes += entry?.metadata()?.len();
        }
        Ok(bytes)
    }
}

fn backend(path: &Path, is_new: bool) -> io::Result<Box<dyn StorageBackend>> {
    let file = OpenOptions::new().read(true).write(true).create_new(is_new).open(path)?;
    Ok(Box::new(FileBackend::new(file).map_err(io::Error::other)?))
}

fn preallocate(file: &File, bytes: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, bytes) {
        // Some file systems cannot; a sparse file does the same, only later and in more pieces.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => file.set_len(bytes)?,
        done => done?,
    }
    file.sync_all()
}

#[derive(Debug)]
struct Segment(File);

impl JournalFile for Segment {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        let mut read = 0;
        while let Some(rest) = out.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.0.read_at(rest, offset + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
