//! The phone's web page: built into the folder that api-server embeds, and tested.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::process;
use crate::tally::Tally;

const FOLDER: &str = "mobile-sdk/web";
/// Written by npm and vite, not by people.
const MADE: &[&str] = &["node_modules", "dist"];

/// Installs what the page is built with and builds it, each only if something changed since the last time.
pub(crate) fn build(checkout: &Checkout) -> Result<()> {
    install(checkout)?;
    let stamp = Stamp::of(checkout, "web-page", &sources(&checkout.join(FOLDER))?)?;
    if stamp.is_current() && checkout.join(FOLDER).join("dist/index.html").exists() {
        println!("{FOLDER}/dist is up to date");
        return Ok(());
    }
    process::run(npm(checkout, FOLDER).args(["run", "build"]))?;
    stamp.write()
}

/// Types, and the units without a browser.
pub(crate) fn unit_tests(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    process::run(npm(checkout, FOLDER).args(["run", "check"]))?;
    process::run_reading(npm(checkout, FOLDER).arg("test"), |line| tally.read(line))
}

/// The built page in a real browser.
pub(crate) fn page_tests(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    process::run_reading(npm(checkout, FOLDER).args(["run", "test:page"]), |line| tally.read(line))
}

fn install(checkout: &Checkout) -> Result<()> {
    install_packages(checkout, FOLDER, "web-packages")
}

/// `npm ci` in a folder, unless its lock file is the one of last time.
pub(crate) fn install_packages(checkout: &Checkout, folder: &str, stamp: &str) -> Result<()> {
    let stamp = Stamp::of(checkout, stamp, &[checkout.join(folder).join("package-lock.json")])?;
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

/// Every file below a folder that a person wrote, in a fixed order.
fn sources(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("failed to list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("failed to list {}", folder.display()))?;
            let is_made = MADE.iter().any(|made| entry.file_name() == *made);
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && !is_made => folders.push(entry.path()),
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
    fn of(checkout: &Checkout, name: &str, files: &[PathBuf]) -> Result<Self> {
        let mut hasher = DefaultHasher::new();
        for file in files {
            hasher.write(file.as_os_str().as_encoded_bytes());
            hasher.write(&fs::read(file).with_context(|| format!("failed to read {}", file.display()))?);
        }
        Ok(Self {
            path: checkout.join("target/tools").join(format!("{name}.stamp")),
            mark: format!("{:016x}", hasher.finish()),
        })
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
