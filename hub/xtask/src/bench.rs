//! The benches: of every crate that has some, or of those that are named.

use anyhow::{Result, ensure};

use crate::checkout::{Checkout, Package};
use crate::process;

/// Runs them one crate after another; what follows `--` goes to the benches themselves.
pub(crate) fn run(checkout: &Checkout, arguments: &[&str]) -> Result<()> {
    let mut parts = arguments.splitn(2, |argument| *argument == "--");
    let (crates, rest) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let metadata = checkout.metadata()?;
    let with_benches: Vec<&str> =
        metadata.packages.iter().filter(|package| has_bench(package)).map(|package| package.name.as_str()).collect();
    let chosen: Vec<&&str> = with_benches.iter().filter(|name| crates.is_empty() || crates.contains(name)).collect();
    ensure!(!with_benches.is_empty(), "no crate has a bench");
    ensure!(!chosen.is_empty(), "no such crate has a bench; these have: {}", with_benches.join(", "));
    for name in chosen {
        process::run(
            process::cargo(checkout).args(["bench", "--locked", "--package", name, "--benches", "--"]).args(rest),
        )?;
    }
    Ok(())
}

fn has_bench(package: &Package) -> bool {
    package.targets.iter().any(|target| target.kind.iter().any(|kind| kind == "bench"))
}
