//! The radio, and the whole hub, before a real bluetoothd: a virtual machine with Debian's kernel and BlueZ, radio
//! controllers that are simulated here, and the scenarios of `hub/radio/testbed` between them.

mod apt;
mod image;
mod initramfs;
mod modules;

use std::process::Command;

use anyhow::{Result, ensure};

use crate::checkout::Checkout;
use crate::tally::Tally;
use crate::{interop, process};
use image::Image;

/// Runs every scenario, in a few guests side by side.
pub(crate) fn check(checkout: &Checkout, tally: &mut Tally) -> Result<()> {
    run(checkout, &[], tally)
}

/// Runs the scenarios of these names.
pub(crate) fn only(checkout: &Checkout, names: &[&str]) -> Result<()> {
    let programs = ["--package=hub-testbed", "--package=hub-daemon", "--package=fw-host", "--bins"];
    process::run(process::cargo(checkout).args(["build", "--locked"]).args(programs))?;
    run(checkout, names, &mut Tally::default())
}

fn run(checkout: &Checkout, names: &[&str], tally: &mut Tally) -> Result<()> {
    ensure!(
        cfg!(all(target_os = "linux", target_arch = "x86_64")),
        "the guest runs programs of this machine, and is an x86-64 Linux; this machine is not"
    );
    apt::install_tools()?;
    let image = Image::prepare(checkout)?;
    println!("the guest is made of {}", image.versions()?);
    let (python, air) = interop::sensor_python(checkout)?;
    let built = checkout.metadata()?.target_directory.join("debug");
    let initrd = image.with(&["testbed-guest", "hubd"].map(|program| built.join(program)))?;
    let mut testbed = Command::new(built.join("testbed"));
    testbed.arg("--kernel").arg(image.kernel()).arg("--initrd").arg(initrd);
    testbed.arg("--python").arg(python).arg("--python-path").arg(air);
    testbed.arg("--air").arg(checkout.join("hub/radio/testbed/guest_air.py"));
    testbed.arg("--sensor").arg(built.join("sensor-sim"));
    process::run_reading(testbed.args(names), |line| tally.read(line))
}
