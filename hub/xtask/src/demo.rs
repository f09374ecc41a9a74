//! The demonstration: built for speed, then run in place of this program, so that Ctrl-C reaches it.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context, Result};

use crate::checkout::Checkout;
use crate::{process, web};

/// Builds the web page and the simulated house, and becomes the house.
pub(crate) fn run(checkout: &Checkout, arguments: &[&str]) -> Result<()> {
    web::build(checkout)?;
    let build = ["build", "--release", "--locked", "--package", "hub-sim", "--bin", "hub-demo"];
    process::run(process::cargo(checkout).args(build))?;
    let program = checkout.metadata()?.target_directory.join("release/hub-demo");
    let error = Command::new(&program).args(arguments).exec();
    Err(error).with_context(|| format!("failed to start {}", program.display()))
}
