//! Contracts that are written from the code and checked in: the diff is the review.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::arrows::{self, ARCHITECTURE};
use crate::checkout::Checkout;
use crate::process;
use crate::steps;

/// A file that an example of a crate prints.
struct Contract {
    package: &'static str,
    example: &'static str,
    file: &'static str,
}

const CONTRACTS: &[Contract] = &[Contract { package: "api-graphql", example: "schema", file: "api/schema.graphql" }];

/// Writes every contract anew.
pub(crate) fn write(checkout: &Checkout) -> Result<()> {
    steps::build(checkout)?;
    for (file, text) in wanted(checkout)? {
        let path = checkout.join(file);
        if fs::read_to_string(&path).is_ok_and(|present| present == text) {
            println!("{file} is as it should be");
        } else {
            fs::write(&path, text).with_context(|| format!("failed to write {}", path.display()))?;
            println!("{file} is written anew; look at the diff");
        }
    }
    Ok(())
}

/// Builds, then shows every difference between a contract and the code.
pub(crate) fn check(checkout: &Checkout) -> Result<()> {
    steps::build(checkout)?;
    check_built(checkout)
}

/// Shows every difference between a contract and the code, which is built already.
pub(crate) fn check_built(checkout: &Checkout) -> Result<()> {
    let mut stale = Vec::new();
    for (file, text) in wanted(checkout)? {
        let present = fs::read_to_string(checkout.join(file)).unwrap_or_default();
        if present == text {
            println!("{file} is as it should be");
        } else {
            show_difference(checkout, file, &text)?;
            stale.push(file);
        }
    }
    ensure!(stale.is_empty(), "{} differ from the code; `cargo xtask bless` writes them anew", stale.join(" and "));
    Ok(())
}

fn wanted(checkout: &Checkout) -> Result<Vec<(&'static str, String)>> {
    let examples = checkout.metadata()?.target_directory.join("debug/examples");
    let mut files = Vec::new();
    for contract in CONTRACTS {
        let text = process::output(&mut Command::new(examples.join(contract.example))).with_context(|| {
            format!("{} has no contract without its example {}", contract.package, contract.example)
        })?;
        files.push((contract.file, text));
    }
    let page = checkout.join(ARCHITECTURE);
    let text = fs::read_to_string(&page).with_context(|| format!("failed to read {}", page.display()))?;
    files.push((ARCHITECTURE, arrows::insert_table(&text).with_context(|| format!("failed to read {ARCHITECTURE}"))?));
    Ok(files)
}

fn show_difference(checkout: &Checkout, file: &str, text: &str) -> Result<()> {
    let folder = checkout.join("target/bless");
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    let written = folder.join(file.replace('/', "-"));
    fs::write(&written, text).with_context(|| format!("failed to write {}", written.display()))?;
    // diff answers 1 when there is a difference, which is known.
    Command::new("diff")
        .args(["-uN", "--label", file, "--label", "the code"])
        .arg(checkout.join(file))
        .arg(&written)
        .stdin(Stdio::null())
        .status()
        .context("failed to start diff")?;
    Ok(())
}
