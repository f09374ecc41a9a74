//! Flash in a file, with the rules of the chip.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{FileExt, OpenOptionsExt as _},
    path::{Path, PathBuf},
    rc::Rc,
};

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};
use fw_app::Map;
use fw_logic::{boot::Layout, image::Slot};

/// Pages of 4 KiB in words of 4 bytes, as an nRF52 has them.
pub(crate) const PAGE: u32 = 4096;
pub(crate) const WORD: u32 = 4;
/// Pages of the facts, the log (128 KiB), what the bootloader knows, and an image with its manifest (256 KiB).
const FACTS: u32 = 2;
const LOG: u32 = 32;
const STATE: u32 = 2;
const IMAGE: u32 = 64;
pub(crate) const SIZE: u32 = (FACTS + LOG + STATE + IMAGE + IMAGE + 1) * PAGE;

/// Where everything is.
pub(crate) const fn map() -> Map {
    let log = FACTS * PAGE;
    let state = log + LOG * PAGE;
    let active = Slot { start: state + STATE * PAGE, length: IMAGE * PAGE };
    let other = Slot { start: active.start + active.length, length: (IMAGE + 1) * PAGE };
    Map { facts: 0..log, log: log..state, images: Layout { active, other, state: state..active.start } }
}

/// A file that is no flash.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be opened or made.
    #[error("open the flash file {path:?}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It has another size: it is something else.
    #[error("take {path:?} for a flash file: it has {found} bytes, and a flash file {SIZE}")]
    Size {
        /// Which file.
        path: PathBuf,
        /// How many bytes it has.
        found: u64,
    },
    /// Another program uses it.
    #[error("use the flash file {path:?}: another sensor uses it")]
    InUse {
        /// Which file.
        path: PathBuf,
    },
}

/// Why the flash did not do it.
#[derive(Debug, thiserror::Error)]
pub enum FlashError {
    /// Not on a boundary of words or pages.
    #[error("not on a boundary of words or pages")]
    NotAligned,
    /// Beyond the end.
    #[error("beyond the end of the flash")]
    OutOfBounds,
    /// A bit would have to become 1, which only erasing can do.
    #[error("a bit would have to become 1 without erasing")]
    NotErased,
    /// The file failed.
    #[error("the file failed")]
    Io(#[from] io::Error),
}

impl NorFlashError for FlashError {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Self::NotAligned => NorFlashErrorKind::NotAligned,
            Self::OutOfBounds => NorFlashErrorKind::OutOfBounds,
            Self::NotErased | Self::Io(_) => NorFlashErrorKind::Other,
        }
    }
}

/// A flash file; clones are the same flash.
///
/// What was written is as durable as the file system makes it when this program is killed. Nothing is synced: that
/// power cuts do no harm is shown where they can be made at any moment, by `fw_logic::nor`.
#[derive(Debug, Clone)]
pub struct FlashFile(Rc<File>);

impl FlashFile {
    /// Opens a flash file, or makes one that is erased, and keeps others from it. It will hold keys: nobody else may
    /// read it.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: path.to_owned(), source };
        let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path);
        let file = open.map_err(failed)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => OpenError::InUse { path: path.to_owned() },
            TryLockError::Error(source) => failed(source),
        })?;
        match file.metadata().map_err(failed)?.len() {
            0 => file.write_all_at(&[0xFF; SIZE as usize], 0).map_err(failed)?,
            found if found != u64::from(SIZE) => return Err(OpenError::Size { path: path.to_owned(), found }),
            _ => {}
        }
        Ok(Self(Rc::new(file)))
    }
}

fn check(offset: u32, length: usize, boundary: u32) -> Result<(), FlashError> {
    let length = u32::try_from(length).map_err(|_| FlashError::OutOfBounds)?;
    if !offset.is_multiple_of(boundary) || !length.is_multiple_of(boundary) {
        return Err(FlashError::NotAligned);
    }
    match offset.checked_add(length) {
        Some(end) if end <= SIZE => Ok(()),
        _ => Err(FlashError::OutOfBounds),
    }
}

impl ErrorType for FlashFile {
    type Error = FlashError;
}

impl ReadNorFlash for FlashFile {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), FlashError> {
        check(offset, bytes.len(), 1)?;
        Ok(self.0.read_exact_at(bytes, offset.into())?)
    }

    fn capacity(&self) -> usize {
        SIZE as usize
    }
}

impl NorFlash for FlashFile {
    const WRITE_SIZE: usize = WORD as usize;
    const ERASE_SIZE: usize = PAGE as usize;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), FlashError> {
        let length = to.checked_sub(from).ok_or(FlashError::OutOfBounds)?;
        check(from, length as usize, PAGE)?;
        Ok(self.0.write_all_at(&vec![0xFF; length as usize], from.into())?)
    }

    async fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), FlashError> {
        check(offset, bytes.len(), WORD)?;
        let mut now = vec![0; bytes.len()];
        self.0.read_exact_at(&mut now, offset.into())?;
        if now.iter().zip(bytes).any(|(now, wanted)| now & wanted != *wanted) {
            return Err(FlashError::NotErased);
        }
        Ok(self.0.write_all_at(bytes, offset.into())?)
    }
}

#[cfg(test)]
mod tests {
    use embedded_storage_async::nor_flash::{NorFlash as _, ReadNorFlash as _};
    use futures_util::FutureExt as _;

    use super::*;

    fn done<T>(future: impl Future<Output = T>) -> T {
        future.now_or_never().unwrap()
    }

    #[test]
    fn what_was_written_is_there_the_next_time_and_bits_become_1_by_erasing_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flash");
        let mut flash = FlashFile::open(&path).unwrap();
        assert!(done(flash.write(4, &[0x0F; 4])).is_ok());
        assert!(matches!(done(flash.write(4, &[0x10; 4])), Err(FlashError::NotErased)));
        drop(flash);
        let mut flash = FlashFile::open(&path).unwrap();
        let mut bytes = [0; 6];
        done(flash.read(3, &mut bytes)).unwrap();
        assert_eq!(bytes, [0xFF, 0x0F, 0x0F, 0x0F, 0x0F, 0xFF]);
        done(flash.erase(0, PAGE)).unwrap();
        done(flash.read(3, &mut bytes)).unwrap();
        assert_eq!(bytes, [0xFF; 6]);
    }

    #[test]
    fn keys_are_nobody_else_s() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flash");
        let _flash = FlashFile::open(&path).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_rules_of_the_chip_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let mut flash = FlashFile::open(&folder.path().join("flash")).unwrap();
        assert!(matches!(done(flash.write(2, &[0; 4])), Err(FlashError::NotAligned)));
        assert!(matches!(done(flash.write(4, &[0; 3])), Err(FlashError::NotAligned)));
        assert!(matches!(done(flash.write(SIZE, &[0; 4])), Err(FlashError::OutOfBounds)));
        assert!(matches!(done(flash.erase(0, 100)), Err(FlashError::NotAligned)));
        assert!(matches!(done(flash.erase(PAGE, 0)), Err(FlashError::OutOfBounds)));
        assert!(matches!(done(flash.read(SIZE - 1, &mut [0; 2])), Err(FlashError::OutOfBounds)));
    }

    #[test]
    fn what_is_no_flash_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("letter");
        std::fs::write(&path, "Dear").unwrap();
        let error = FlashFile::open(&path).unwrap_err();
        assert!(error.to_string().contains("it has 4 bytes, and a flash file 675840"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"Dear");
    }

    #[test]
    fn two_sensors_do_not_share_a_flash() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("flash");
        let _first = FlashFile::open(&path).unwrap();
        assert!(matches!(FlashFile::open(&path), Err(OpenError::InUse { .. })));
    }
}
