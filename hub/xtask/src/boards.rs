//! The sensors' firmware for its chips: built as it is shipped, and measured against what it may take of flash and memory.

mod elf;
mod sizes;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::checkout::Checkout;
use crate::process;
use crate::tally::Tally;
use elf::Size;
use sizes::Sizes;

const FOLDER: &str = "sensor-fw/boards";
const SIZES: &str = "sensor-fw/boards/sizes.toml";

/// Something that is flashed.
struct Image {
    /// What the file of sizes calls it.
    name: &'static str,
    package: &'static str,
    features: &'static str,
    target: &'static str,
}

const CORTEX_M4: &str = "thumbv7em-none-eabihf";
const CORTEX_M33: &str = "thumbv8m.main-none-eabihf";

/// Programs, and the bootloader of each board.
const IMAGES: [Image; 6] = [
    Image { name: "nrf52840-dk", package: "nrf52840-dk", features: "", target: CORTEX_M4 },
    Image { name: "nrf52840-dk-boot", package: "boot", features: "nrf52840-dk", target: CORTEX_M4 },
    Image { name: "nrf52832-module", package: "nrf52832-module", features: "", target: CORTEX_M4 },
    Image { name: "nrf52832-module-boot", package: "boot", features: "nrf52832-module", target: CORTEX_M4 },
    Image { name: "nrf54l15-dk", package: "nrf54l15-dk", features: "", target: CORTEX_M33 },
    Image { name: "nrf54l15-dk-boot", package: "boot", features: "nrf54l15-dk", target: CORTEX_M33 },
];

/// Runs the tests of what needs no chip, and fails where an image takes more than it may.
pub(crate) fn check(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    process::run(process::cargo(checkout).current_dir(checkout.join(FOLDER)).args(["fmt", "--", "--check"]))?;
    let mut tests = process::cargo(checkout);
    tests.current_dir(checkout.join(FOLDER)).env("CARGO_TARGET_DIR", built(checkout));
    tests.args(["test", "--locked", "--package=map", "--package=workshop"]);
    process::run_reading(&mut tests, |line| tally.read(line))?;
    let (sizes, measured) = (read(checkout)?, measure(checkout)?);
    print!("\n{}", sizes.table(&measured));
    let over = sizes.over(&measured);
    ensure!(over.is_empty(), "over the budget in {SIZES}: {}", over.join(", "));
    Ok(())
}

/// Writes down what the images take now. What they may take is left to whoever decides it.
pub(crate) fn bless(checkout: &Checkout) -> Result<()> {
    let (mut sizes, measured) = (read(checkout)?, measure(checkout)?);
    print!("\n{}", sizes.table(&measured));
    sizes.take(&measured);
    let path = checkout.join(SIZES);
    std::fs::write(&path, sizes.text()).with_context(|| format!("failed to write {}", path.display()))
}

/// Makes a sensor's identity (`provision`), or an update of an image (`sign`): see their `--help`.
pub(crate) fn workshop(checkout: &Checkout, chore: &str, arguments: &[&str]) -> Result<()> {
    let mut cargo = process::cargo(checkout);
    cargo.env("CARGO_TARGET_DIR", built(checkout));
    cargo.args(["run", "--quiet", "--locked", "--package=workshop"]).arg("--manifest-path");
    process::run(cargo.arg(checkout.join(FOLDER).join("Cargo.toml")).arg("--").arg(chore).args(arguments))
}

fn read(checkout: &Checkout) -> Result<Sizes> {
    let path = checkout.join(SIZES);
    let text = std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    Sizes::parse(&text).with_context(|| format!("failed to understand {}", path.display()))
}

/// Where the second workspace is built: beside the first, for the two agree on no feature.
fn built(checkout: &Checkout) -> PathBuf {
    let first = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| checkout.join("target"), PathBuf::from);
    first.join("boards")
}

/// Builds all images, and tells what each takes.
fn measure(checkout: &Checkout) -> Result<Vec<(&'static str, Size)>> {
    let folder = checkout.join(FOLDER);
    let toolchain = process::output(&mut Command::new(folder.join("toolchain.sh")))?;
    let built = built(checkout);
    let cargo = |image: &Image| -> Result<Command> {
        let mut cargo = process::cargo(checkout);
        for line in toolchain.lines() {
            let Some((name, value)) = line.split_once('=') else { bail!("toolchain.sh printed `{line}`") };
            cargo.env(name, value);
        }
        cargo.current_dir(&folder).env("CARGO_TARGET_DIR", &built).args(["build", "--release", "--locked"]);
        cargo.args(["--target", image.target, "--package", image.package]);
        if !image.features.is_empty() {
            cargo.args(["--features", image.features]);
        }
        Ok(cargo)
    };
    let mut measured = Vec::new();
    for image in &IMAGES {
        process::run(&mut cargo(image)?)?;
        let path = built.join(image.target).join("release").join(image.package);
        let bytes = std::fs::read(&path).with_context(|| format!("failed to read {}", path.display()))?;
        let size = Size::of_elf(&bytes).with_context(|| format!("failed to measure {}", path.display()))?;
        measured.push((image.name, size));
    }
    Ok(measured)
}
