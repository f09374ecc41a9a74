//! The working copy that the chores act on.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::process;

/// A working copy of the repository.
pub(crate) struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The one that this program was built from.
    pub(crate) fn of_this_crate() -> Result<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).context("hub/xtask lies two folders below the root")?;
        Ok(Self { root: root.to_path_buf() })
    }

    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_path_buf() }
    }

    /// The top folder.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path below the top folder.
    pub(crate) fn join(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// What cargo knows of the workspace's own crates.
    pub(crate) fn metadata(&self) -> Result<Metadata> {
        let json =
            process::output(process::cargo(self).args(["metadata", "--format-version=1", "--no-deps", "--locked"]))?;
        serde_json::from_str(&json).context("`cargo metadata` printed something else than expected")
    }
}

/// The part of `cargo metadata --no-deps` that the chores read.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// A crate of the workspace.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
    #[serde(default)]
    pub(crate) targets: Vec<Target>,
}

/// A line of a crate's `[dependencies]`, `[dev-dependencies]` or `[build-dependencies]`.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for an ordinary one, else `dev` or `build`.
    pub(crate) kind: Option<String>,
}

/// A library, program, example, test or bench of a crate.
#[derive(Debug, Deserialize)]
pub(crate) struct Target {
    pub(crate) kind: Vec<String>,
}
