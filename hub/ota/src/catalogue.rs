//! The folder of updates that may be sent.
//!
//! One file a release, `<id>.update`: manifest and image as they were given. A file gets that name when all of it was
//! verified and is on the disk, so whatever has it was good then; and it is verified again whenever it is opened, for cards rot.
//! Files with other names are none of the catalogue's, but for `incoming`, which a power cut may leave and the next release
//! overwrites.
//!
//! Nothing is remembered between calls: a release that another process added is there at the next look.

mod error;
mod folder;

use std::path::PathBuf;

pub use error::{AddError, CatalogueError, Damage};
use folder::{Files, Folder};
use hub_model::ReleaseId;
use wire::manifest::{self, TrustedKey};

use crate::{
    Image, ImageError, MAX_IMAGE, Release,
    image::{self},
};

const SUFFIX: &str = ".update";
const INCOMING: &str = "incoming";
/// The longest file, bytes, and one more by which a longer one is known.
const MAX_FILE: usize = manifest::LENGTH + MAX_IMAGE;

/// The folder of updates that may be sent. Nothing gets in that was not verified.
///
/// ```
/// use hub_ota::{AddError, Catalogue};
///
/// let folder = std::env::temp_dir().join("ingle-no-such-folder");
/// let catalogue = Catalogue::new(&folder, &[]);
/// assert!(catalogue.list()?.releases.is_empty());
/// let error = catalogue.add(b"something else".to_vec()).unwrap_err();
/// assert!(matches!(error, AddError::Image(_)), "and nothing was written");
/// assert!(!folder.exists());
/// # Ok::<(), hub_ota::CatalogueError>(())
/// ```
pub struct Catalogue {
    files: Box<dyn Files>,
    trusted: Vec<TrustedKey>,
    most: usize,
}

/// What came of adding a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    /// It is there now.
    New(Release),
    /// It was there already.
    Known(Release),
}

impl Added {
    /// What is there.
    pub const fn release(&self) -> &Release {
        match self {
            Self::New(release) | Self::Known(release) => release,
        }
    }
}

/// What a catalogue holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The releases: by product, then the newest first.
    pub releases: Vec<Release>,
    /// Files that were releases and are not any more.
    pub damaged: Vec<Damaged>,
}

/// A file that was a release when it was added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damaged {
    /// By its name.
    pub id: ReleaseId,
    /// What is wrong with it; a key that is no longer trusted, too.
    pub why: Damage,
}

impl Catalogue {
    /// So many releases at most.
    pub const MOST: usize = 64;

    /// The catalogue in a folder, which need not be there; keys that may sign what gets in and what is sent.
    pub fn new(folder: impl Into<PathBuf>, trusted: &[TrustedKey]) -> Self {
        Self::over(Box::new(Folder(folder.into())), trusted)
    }

    fn over(files: Box<dyn Files>, trusted: &[TrustedKey]) -> Self {
        Self { files, trusted: trusted.to_vec(), most: Self::MOST }
    }

    /// Adds an update: the bytes of a file as whoever released it gave it out.
    ///
    /// # Errors
    /// [`AddError`]; then nothing was written, or a power cut is as good as not having asked.
    pub fn add(&self, file: Vec<u8>) -> Result<Added, AddError> {
        let image = Image::verify(file, &self.trusted)?;
        let release = *image.release();
        let _lock = self.files.lock().map_err(CatalogueError::writing)?;
        let listing = self.list()?;
        match self.open(release.id) {
            Ok(_) => return Ok(Added::Known(release)),
            // What is there under this name is damaged: the good one takes its place.
            Err(CatalogueError::Unknown { .. } | CatalogueError::Damaged { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let others: Vec<&Release> = listing.releases.iter().filter(|other| other.id != release.id).collect();
        others.iter().try_for_each(|other| goes_with(&release, other))?;
        if others.len() >= self.most {
            return Err(AddError::Full { most: self.most });
        }
        self.put(&image).map_err(CatalogueError::writing)?;
        Ok(Added::New(release))
    }

    fn put(&self, image: &Image) -> std::io::Result<()> {
        self.files.write(INCOMING, image.file())?;
        self.files.rename(INCOMING, &name(image.release().id))?;
        self.files.sync()
    }

    /// What there is. Manifests are verified and lengths compared; the images are when they are [opened](Self::open).
    ///
    /// # Errors
    /// [`CatalogueError`] when the folder cannot be read.
    pub fn list(&self) -> Result<Listing, CatalogueError> {
        let mut listing = Listing::default();
        for name in self.files.names().map_err(CatalogueError::reading)? {
            let Some(id) = name.strip_suffix(SUFFIX).and_then(|id| id.parse::<ReleaseId>().ok()) else { continue };
            match self.files.read(&name, manifest::LENGTH) {
                // Another process removed it just now.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(CatalogueError::reading(error)),
                Ok((head, length)) => match self.listed(id, &head, length) {
                    Ok(release) => listing.releases.push(release),
                    Err(why) => listing.damaged.push(Damaged { id, why }),
                },
            }
        }
        listing.releases.sort_by_key(|release| (release.product.0, std::cmp::Reverse(release.version), release.id));
        listing.damaged.sort_by_key(|damaged| damaged.id);
        Ok(listing)
    }

    /// What there is, with every image verified from its first byte to its last.
    ///
    /// # Errors
    /// [`CatalogueError`] when the folder or a file cannot be read.
    pub fn check(&self) -> Result<Listing, CatalogueError> {
        let Listing { releases, damaged } = self.list()?;
        let mut listing = Listing { releases: Vec::new(), damaged };
        for release in releases {
            match self.open(release.id) {
                Ok(_) => listing.releases.push(release),
                Err(CatalogueError::Unknown { .. }) => {}
                Err(CatalogueError::Damaged { id, source }) => listing.damaged.push(Damaged { id, why: source }),
                Err(error) => return Err(error),
            }
        }
        listing.damaged.sort_by_key(|damaged| damaged.id);
        Ok(listing)
    }

    fn listed(&self, id: ReleaseId, head: &[u8], length: u64) -> Result<Release, Damage> {
        let (_, release) = image::head(head, &self.trusted)?;
        let found = length.saturating_sub(manifest::LENGTH as u64);
        if found != u64::from(release.length) {
            let found = usize::try_from(found).unwrap_or(usize::MAX);
            return Err(ImageError::Length { signed: release.length, found }.into());
        }
        named(id, &release).map(|()| release)
    }

    /// An image, verified again from its first byte to its last, and held in memory from there on.
    ///
    /// # Errors
    /// [`CatalogueError`] when it is not there, cannot be read, or is not what was signed.
    pub fn open(&self, id: ReleaseId) -> Result<Image, CatalogueError> {
        let (file, _) = match self.files.read(&name(id), MAX_FILE + 1) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(CatalogueError::Unknown { id }),
            read => read.map_err(CatalogueError::reading)?,
        };
        let verified = Image::verify(file, &self.trusted).map_err(Damage::from);
        let sound = verified.and_then(|image| named(id, image.release()).map(|()| image));
        sound.map_err(|source| CatalogueError::Damaged { id, source })
    }

    /// Removes a release, damaged or not. A rollout that has it open goes on with it.
    ///
    /// # Errors
    /// [`CatalogueError`] when it is not there or the folder cannot be written.
    pub fn remove(&self, id: ReleaseId) -> Result<(), CatalogueError> {
        if !self.files.names().map_err(CatalogueError::reading)?.contains(&name(id)) {
            return Err(CatalogueError::Unknown { id });
        }
        let _lock = self.files.lock().map_err(CatalogueError::writing)?;
        match self.files.remove(&name(id)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(CatalogueError::Unknown { id }),
            removed => removed.and_then(|()| self.files.sync()).map_err(CatalogueError::writing),
        }
    }
}

impl std::fmt::Debug for Catalogue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalogue").field("trusted", &self.trusted).finish_non_exhaustive()
    }
}

/// May both be in one catalogue?
///
/// One version is one program, for a sensor tells the hub its version alone; and what has a lower security counter than a
/// release for the same sensors must not run again.
fn goes_with(new: &Release, other: &Release) -> Result<(), AddError> {
    if !new.meets(other) {
        return Ok(());
    }
    if new.version == other.version {
        return Err(AddError::VersionTaken { version: new.version, by: other.id });
    }
    if new.security_counter < other.security_counter {
        let (counter, than) = (new.security_counter, other.security_counter);
        return Err(AddError::OlderCounter { counter, than, version: other.version, by: other.id });
    }
    Ok(())
}

/// Is it the release that its file is named after?
fn named(id: ReleaseId, release: &Release) -> Result<(), Damage> {
    if release.id == id { Ok(()) } else { Err(Damage::Misnamed { found: release.id }) }
}

fn name(id: ReleaseId) -> String {
    format!("{id}{SUFFIX}")
}

#[cfg(test)]
mod tests;
