//! What the hub serves to a browser: built into the folders that api-server embeds, and tested.

#[cfg(test)]
mod tests;

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::process;
use crate::tally::Tally;

/// The phone's web page.
const PAGE: &str = "mobile-sdk/web";
/// The page on which a person tries the API.
const GRAPHIQL: &str = "api/server/graphiql";
/// Folders that a page is not built from: what npm and vite write, tests, pictures.
const NOT_SOURCES: &[&str] = &["node_modules", "dist", "tests", "docs"];

/// Builds both pages, each only if something changed since the last time.
pub(crate) fn build(checkout: &Checkout) -> Result<()> {
    for folder in [PAGE, GRAPHIQL] {
        install_packages(checkout, folder)?;
        let stamp = Stamp::of(checkout, folder, "page", &sources(&checkout.join(folder))?)?;
        if stamp.is_current() && checkout.join(folder).join("dist/index.html").exists() {
            println!("{folder}/dist is up to date");
        } else {
            process::run(npm(checkout, folder).args(["run", "build"]))?;
            stamp.write()?;
        }
    }
    Ok(())
}

/// Types, and the units without a browser.
pub(crate) fn unit_tests(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    process::run(npm(checkout, PAGE).args(["run", "check"]))?;
    process::run_reading(npm(checkout, PAGE).arg("test"), |line| tally.read(line))
}

/// The built page in a real browser.
pub(crate) fn page_tests(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    process::run_reading(npm(checkout, PAGE).args(["run", "test:page"]), |line| tally.read(line))
}

/// `npm ci` in a folder, unless its lock file is the one of last time.
pub(crate) fn install_packages(checkout: &Checkout, folder: &str) -> Result<()> {
    let stamp = Stamp::of(checkout, folder, "packages", &[checkout.join(folder).join("package-lock.json")])?;
    if stamp.is_current() && checkout.join(folder).join("node_modules").exists() {
        return Ok(());
    }
    process::run(npm(checkout, folder).args(["ci", "--no-audit", "--no-fund"]))?;
    stamp.write()
}

pub(crate) fn npm(checkout: &Checkout, folder: &str) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(checkout.join(folder));
    command
}

/// Every file that a page is built from, in a fixed order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
            let is_source = !NOT_SOURCES.iter().any(|name| entry.file_name() == *name);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && is_source => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files.sort();
    Ok(files)
}

/// Remembers, in the target folder, from which bytes something was made.
struct Stamp {
    path: PathBuf,
    mark: String,
}

impl Stamp {
    fn of(checkout: &Checkout, folder: &str, what: &str, files: &[PathBuf]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for file in files {
            hasher.write(file.as_os_str().as_encoded_bytes());
            hasher.write(&fs::read(file).with_context(|| format!("failed to read {}", file.display()))?);
        }
        let name = format!("{}.{what}", folder.replace('/', "-"));
        Ok(Self { path: checkout.join("target/tools").join(name), mark: format!("{:016x}", hasher.finish()) })
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.path).is_ok_and(|mark| mark == self.mark)
    }

    fn write(&self) -> Result<()> {
        let folder = self.path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
        fs::write(&self.path, &self.mark).with_context(|| format!("failed to write {}", self.path.display()))
    }
}
