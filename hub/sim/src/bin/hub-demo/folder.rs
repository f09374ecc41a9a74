use std::path::{Path, PathBuf};

use crate::Failure;

/// The folder of the store: a temporary one that goes with the program, or one that the user keeps.
pub(crate) struct Folder {
    path: PathBuf,
    is_temporary: bool,
}

impl Folder {
    /// Makes the folder.
    ///
    /// # Errors
    /// When it cannot be made, or the user's is in use.
    pub(crate) fn create(kept: Option<&Path>) -> Result<Self, Failure> {
        let (path, is_temporary) = match kept {
            Some(path) => (path.to_path_buf(), false),
            None => (std::env::temp_dir().join(format!("ingle-demo-{}", std::process::id())), true),
        };
        std::fs::create_dir_all(&path)?;
        if std::fs::read_dir(&path)?.next().is_some() {
            return Err(Failure::FolderInUse(path));
        }
        Ok(Self { path, is_temporary })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.is_temporary
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            tracing::warn!(%error, path = %self.path.display(), "the temporary store was not removed");
        }
    }
}
