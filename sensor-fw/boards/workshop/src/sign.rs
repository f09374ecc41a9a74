//! Makes an image an update: what says that it may be installed, and the image.
//!
//! ```text
//! cargo xtask fw-sign --key release.key --new-key 1
//! cargo xtask fw-sign --board nrf52840-dk --key release.key --image target/…/nrf52840-dk \
//!     --version 0.1.0.0 --security-counter 1 --out kitchen.update
//! ```
//!
//! The file is what a hub is given:
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 151 | the signed [manifest](wire::manifest) |
//! | 151 | its length | the image, as it lies in the active slot from the slot's first byte |
//!
//! Nothing is written that a sensor of the board would refuse, or of which the program itself says something else
//! ([`map::Mark`]).

mod image;
mod key;

use std::{fs, path::PathBuf};

use clap::Parser;
use map::{Board, Mark, PAGE};
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::{Hardware, Version},
    manifest::{self, Manifest, Target},
    setup_code::Product,
};

use crate::{Failure, board, file::write_new};
use key::Key;

/// Signs an image as an update, or makes the key for that.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask fw-sign", no_binary_name = true)]
pub(crate) struct Arguments {
    /// The key that signs: a file with its number and its private half
    #[arg(long)]
    key: PathBuf,
    /// Make the key, with this number, and print its public half; a file that exists is left alone
    #[arg(long, value_name = "NUMBER")]
    new_key: Option<u8>,
    /// The image: an ELF file as the build leaves it, or the bytes of the active slot
    #[arg(long, required_unless_present = "new_key", requires_all = ["board", "version", "security_counter", "out"])]
    image: Option<PathBuf>,
    /// The board: nrf52840-dk, nrf52832-module or nrf54l15-dk
    #[arg(long, value_parser = board)]
    board: Option<Board>,
    /// What kind of sensor it is for
    #[arg(long, default_value_t = 1)]
    product: u16,
    /// The version of the program, as 1.2.3.4
    #[arg(long, value_parser = version)]
    version: Option<Version>,
    /// Sensors that confirmed a higher one never take this image
    #[arg(long, value_name = "NUMBER")]
    security_counter: Option<u32>,
    /// Where to; a file that exists is left alone
    #[arg(long)]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if let Some(id) = arguments.new_key {
        let key = Key::generate(id);
        write_new(&arguments.key, key.to_file().as_bytes(), 0o600)?;
        println!("# {}: keep it off line. For the file that INGLE_UPDATE_KEYS names:\n", arguments.key.display());
        println!("{}", key.public_lines());
    }
    let Arguments { image: Some(image), board: Some(board), version: Some(version), .. } = arguments else {
        return Ok(());
    };
    let (Some(security_counter), Some(out)) = (arguments.security_counter, &arguments.out) else { return Ok(()) };
    let read = |path: &PathBuf| fs::read(path).map_err(|error| format!("read {}: {error}", path.display()));
    let key =
        Key::parse(&read(&arguments.key)?).map_err(|error| format!("read {}: {error}", arguments.key.display()))?;
    let bytes = image::of_file(&read(image)?, &board.map())
        .map_err(|error| format!("take {} for a program of {}: {error}", image.display(), board.name()))?;
    let said = Mark::new(*board, version.0, security_counter);
    match Mark::find(&bytes) {
        Some(mark) if mark == said => {}
        Some(mark) => {
            return Err(format!("sign {}, which says {mark:?} of itself, as {said:?}", image.display()).into());
        }
        None => return Err(format!("find what {} says of itself: it is no program of ours", image.display()).into()),
    }
    let product = Product(arguments.product);
    let update = sign(&key, &bytes, *board, product, *version, security_counter)?;
    write_new(out, &update, 0o644)?;
    println!(
        "{}: {version} for {}, {} bytes, security counter {security_counter}, signed by key {}",
        out.display(),
        board.name(),
        bytes.len(),
        key.id().0
    );
    Ok(())
}

/// The update: manifest and image.
fn sign(
    key: &Key,
    image: &[u8],
    board: Board,
    product: Product,
    version: Version,
    security_counter: u32,
) -> Result<Vec<u8>, Failure> {
    let hardware = Hardware::new(board.revision()).ok_or("sign for a board whose number has no bit")?;
    let manifest = Manifest {
        product,
        hardware_mask: hardware.bit(),
        version,
        security_counter,
        length: u32::try_from(image.len())?,
        digest: Sha512::digest(image).into(),
        key: key.id(),
    };
    let signed: [u8; manifest::LENGTH] = key.sign(&manifest);
    let target = Target { product, hardware, security_counter, room: board.map().active.length - PAGE };
    Manifest::accept(&signed, &[key.trusted(); 2], &target).map_err(|error| format!("sign: {error}"))?;
    Ok([&signed, image].concat())
}

fn version(text: &str) -> Result<Version, String> {
    let parts: Option<Vec<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
    let parts = parts.and_then(|parts| <[u8; 4]>::try_from(parts).ok());
    parts.map(Version).ok_or_else(|| format!("{text:?} is no version: four numbers up to 255, as 1.2.3.4"))
}

#[cfg(test)]
mod tests;
