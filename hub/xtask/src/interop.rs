//! Our programs beside other people's: the tests that we cannot grade ourselves.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::checkout::Checkout;
use crate::process;
use crate::tally::Tally;
use crate::web;

const DECODE: &str = "hub/decode/tests/interop";
const SENSOR: &str = "sensor-fw/host/tests/interop";
const API: &str = "api/server/tests/interop";
/// The golden vectors of BTHome, which the sensor's side and the hub's are tested with.
const VECTORS: [&str; 2] = ["sensor-fw/wire/vectors/bthome_v2.toml", "sensor-fw/wire/vectors/bthome_v1.toml"];
/// Golden vectors of vendors' own formats.
const VENDORS: &str = "hub/decode/vectors";
/// Frames compared in CI; the scripts take as many as one likes.
const FRAMES: &str = "20000";
/// Variations compared in CI for each vendor.
const VARIATIONS: &str = "2000";

/// Golden vectors and generated frames through `hubd decode` and PyPI's libraries: bthome-ble, then one for each vendor.
pub(crate) fn decode(checkout: &Checkout) -> Result<()> {
    let (python, folder) = python(checkout, "target/tools/decode-venv", DECODE)?;
    let hubd = checkout.metadata()?.target_directory.join("debug/hubd");
    let mut script = Command::new(&python);
    script.arg(folder.join("differential.py")).args(["--frames", FRAMES, "--seed", "1"]);
    for vectors in VECTORS {
        script.arg("--vectors").arg(checkout.join(vectors));
    }
    script.arg("--");
    process::run(script.arg(&hubd).args(["decode", "--stdin"]))?;
    let mut script = Command::new(&python);
    script.arg(folder.join("vendors.py")).args(["--frames", VARIATIONS, "--seed", "1", "--vectors"]);
    script.arg(checkout.join(VENDORS)).arg("--");
    process::run(script.arg(&hubd).args(["decode", "--stdin"]))
}

/// The firmware among bumble's controllers and central, snow and bthome-ble.
pub(crate) fn sensor(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    let (python, folder) = sensor_python(checkout)?;
    let built = checkout.metadata()?.target_directory.join("debug");
    let mut script = Command::new(python);
    script.arg("-B").arg(folder.join("interop.py"));
    for (name, program) in [("--sensor", "sensor-sim"), ("--initiator", "examples/initiator"), ("--hubd", "hubd")] {
        script.arg(name).arg(built.join(program));
    }
    process::run_reading(&mut script, |line| tally.read(line))
}

/// The API before the clients and auditors that the GraphQL community wrote.
pub(crate) fn api(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    web::install_packages(checkout, API)?;
    process::run_reading(web::npm(checkout, API).arg("test"), |line| tally.read(line))
}

/// The Python that simulates radio controllers, and the folder of the module that does it.
pub(crate) fn sensor_python(checkout: &Checkout) -> Result<(PathBuf, PathBuf)> {
    python(checkout, "target/tools/sensor-venv", SENSOR)
}

/// A Python with what a folder's requirements.txt asks for, and that folder.
fn python(checkout: &Checkout, environment: &str, folder: &str) -> Result<(PathBuf, PathBuf)> {
    let (environment, folder) = (checkout.join(environment), checkout.join(folder));
    if !environment.join("bin/pip").exists() {
        process::run(Command::new("python3").args(["-m", "venv"]).arg(&environment))?;
    }
    let mut pip = Command::new(environment.join("bin/pip"));
    process::run(
        pip.args(["install", "-q", "--disable-pip-version-check", "-r"]).arg(folder.join("requirements.txt")),
    )?;
    Ok((environment.join("bin/python"), folder))
}
