//! `hubd firmware`: the releases that the hub has for its sensors. They are files in a folder of the store, so a hub that runs is
//! not disturbed: it looks at them when it is asked for them.

use std::{
    fmt::Write,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, Subcommand};
use hub_assembly::{Config, chain};
use hub_model::ReleaseId;
use hub_ota::{AddError, Added, Catalogue, CatalogueError, Listing, MAX_IMAGE, Release};
use serde_json::{Value, json};

use crate::{
    command_line::ConfigArgument,
    exit::{DATAERR, Failure},
    show,
};

/// Longer than any update, bytes: what is not read of a longer file would not make it one.
const LONGEST: u64 = MAX_IMAGE as u64 + 1024;

/// What can be done with the releases for sensors, whether the hub runs or not.
#[derive(Subcommand)]
pub(crate) enum FirmwareTask {
    /// Take in a release: a file as `cargo xtask fw-sign` makes it, signed by a key in `updates.trusted_keys`.
    Add(AddArguments),
    /// Verify the releases and list them.
    List(ListArguments),
    /// Remove a release.
    Remove(RemoveArguments),
}

#[derive(Args)]
pub(crate) struct AddArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// The file: signed manifest and image.
    file: PathBuf,
}

#[derive(Args)]
pub(crate) struct ListArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// One JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(crate) struct RemoveArguments {
    #[command(flatten)]
    config: ConfigArgument,
    /// Which release, by the first column of the list.
    id: ReleaseId,
}

impl FirmwareTask {
    /// Does it.
    pub(crate) fn run(&self) -> Result<ExitCode, Failure> {
        match self {
            Self::Add(arguments) => add(arguments),
            Self::List(arguments) => list(arguments),
            Self::Remove(arguments) => remove(arguments),
        }
    }
}

/// The catalogue of a store that is there, and its folder.
fn catalogue(argument: &ConfigArgument) -> Result<(Catalogue, PathBuf), Failure> {
    let config = Config::load(&argument.config)?;
    match config.store.is_dir() {
        true => Ok((config.updates.catalogue(), config.updates.folder().to_path_buf())),
        false => Err(Failure::NoStore { path: config.store }),
    }
}

fn add(arguments: &AddArguments) -> Result<ExitCode, Failure> {
    let (catalogue, folder) = catalogue(&arguments.config)?;
    let file = &arguments.file;
    let bytes = read(file).map_err(|source| Failure::UpdateFile { file: file.display().to_string(), source })?;
    match catalogue.add(bytes) {
        Ok(Added::New(release)) => show(&format!("added release {}", sentence(&release))),
        Ok(Added::Known(release)) => show(&format!("there already: release {}", sentence(&release))),
        Err(AddError::Catalogue(source)) => Err(Failure::Catalogue { folder, source }),
        Err(source) => Err(Failure::Update { file: file.display().to_string(), source }),
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?.take(LONGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn list(arguments: &ListArguments) -> Result<ExitCode, Failure> {
    let (catalogue, folder) = catalogue(&arguments.config)?;
    let listing = catalogue.check().map_err(|source| Failure::Catalogue { folder: folder.clone(), source })?;
    let told = if arguments.json { as_json(&listing, &folder).to_string() } else { as_text(&listing, &folder) };
    show(&told)?;
    Ok(if listing.damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(DATAERR) })
}

fn remove(arguments: &RemoveArguments) -> Result<ExitCode, Failure> {
    let (catalogue, folder) = catalogue(&arguments.config)?;
    let id = arguments.id;
    catalogue.remove(id).map_err(|source: CatalogueError| Failure::Catalogue { folder, source })?;
    show(&format!("removed release {id}"))
}

fn as_json(listing: &Listing, folder: &Path) -> Value {
    let release = |release: &Release| {
        json!({
            "id": release.id.to_string(),
            "version": release.version.to_string(),
            "product": release.product.0,
            "hardware": hardware(release).collect::<Vec<_>>(),
            "security_counter": release.security_counter,
            "bytes": release.length,
        })
    };
    let damaged = listing.damaged.iter().map(|it| json!({ "id": it.id.to_string(), "why": chain(&it.why) }));
    json!({
        "folder": folder.display().to_string(),
        "releases": listing.releases.iter().map(release).collect::<Vec<_>>(),
        "damaged": damaged.collect::<Vec<_>>(),
    })
}

fn as_text(listing: &Listing, folder: &Path) -> String {
    let mut out = String::new();
    for release in &listing.releases {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{}", sentence(release));
    }
    for damaged in &listing.damaged {
        let _ = writeln!(out, "{}: DAMAGED: {}; add it again, or remove it", damaged.id, chain(&damaged.why));
    }
    let _ = write!(out, "{} sound releases in {}", listing.releases.len(), folder.display());
    out
}

fn sentence(release: &Release) -> String {
    let Release { id, version, product, security_counter, length, .. } = release;
    let hardware = hardware(release).map(|revision| revision.to_string()).collect::<Vec<_>>().join(", ");
    format!(
        "{id}: version {version} for product {} with hardware {hardware}, {length} bytes, security counter {security_counter}",
        product.0
    )
}

/// The revisions of boards that it is for.
fn hardware(release: &Release) -> impl Iterator<Item = u32> {
    let mask = release.hardware_mask;
    (0..32).filter(move |revision| mask >> revision & 1 == 1)
}
