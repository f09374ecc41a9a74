//! Why a release is not added, or not found.

use std::io;

use hub_model::ReleaseId;
use thiserror::Error;
use wire::firmware::Version;

use crate::ImageError;

/// What is wrong with a file that was a release when it was added.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Damage {
    /// It is no update that may be sent.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// It has the name of another release.
    #[error("the file holds release {found}")]
    Misnamed {
        /// What it is.
        found: ReleaseId,
    },
}

/// Why the catalogue could not be used.
#[derive(Debug, Error)]
pub enum CatalogueError {
    /// There is no such release.
    #[error("there is no release {id} in the catalogue")]
    Unknown {
        /// Which.
        id: ReleaseId,
    },
    /// The file is not what it was.
    #[error("release {id} is damaged, or its key is no longer trusted; add it again, or remove it")]
    Damaged {
        /// Which.
        id: ReleaseId,
        /// What is wrong with it.
        #[source]
        source: Damage,
    },
    /// The folder cannot be read.
    #[error("the catalogue cannot be read")]
    Read(#[source] io::Error),
    /// The folder cannot be written.
    #[error("the catalogue cannot be written")]
    Write(#[source] io::Error),
}

/// Why a release is not added.
#[derive(Debug, Error)]
pub enum AddError {
    /// It is no update that may be sent.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// Another image is known by this version.
    #[error("release {by} for the same sensors is version {version} already; raise the version, or remove that one")]
    VersionTaken {
        /// Which version.
        version: Version,
        /// By which release.
        by: ReleaseId,
    },
    /// It must not run again.
    #[error(
        "its security counter {counter} is lower than the {than} of release {by}, version {version}: sensors would refuse it"
    )]
    OlderCounter {
        /// Its counter.
        counter: u32,
        /// The other's.
        than: u32,
        /// The other's version.
        version: Version,
        /// The other.
        by: ReleaseId,
    },
    /// There are enough.
    #[error("the catalogue is full: {most} releases; remove one")]
    Full {
        /// How many there may be.
        most: usize,
    },
    /// The catalogue could not be used.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

impl CatalogueError {
    pub(super) const fn reading(source: io::Error) -> Self {
        Self::Read(source)
    }

    pub(super) const fn writing(source: io::Error) -> Self {
        Self::Write(source)
    }
}
