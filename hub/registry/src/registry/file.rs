use std::{
    fs::{self, File, OpenOptions, Permissions},
    io,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use redb::Database;

use super::builder;
use crate::{RegistryError, tables::prepare};

/// Opens the database in the file `path`, which nobody else may read, or makes it.
pub(super) fn open(path: &Path) -> Result<Database, RegistryError> {
    let refuse = |source| RegistryError::File { path: path.to_owned(), source };
    if !path.try_exists().map_err(refuse)? {
        make(path)?;
    }
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(refuse)?;
    file.set_permissions(Permissions::from_mode(0o600)).map_err(refuse)?;
    Ok(builder().create_file(file)?)
}

/// Makes a whole database under another name, then gives it its own: a cut in between leaves nothing that matters.
fn make(path: &Path) -> Result<(), RegistryError> {
    let refuse = |source| RegistryError::File { path: path.to_owned(), source };
    let unfinished = path.with_added_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(refuse(error)),
        _ => {}
    }
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&unfinished).map_err(refuse)?;
    let database = builder().create_file(file)?;
    prepare(&database)?;
    drop(database);
    fs::rename(&unfinished, path).map_err(refuse)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(refuse)
}
