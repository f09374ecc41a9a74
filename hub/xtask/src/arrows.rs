//! Who may import whom. The table is the design; what the `Cargo.toml` files say must fit it.
//!
//! Only `[dependencies]` and `[build-dependencies]` count: a test may lean on what it likes.

mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, bail, ensure};

use crate::checkout::{Checkout, Metadata, Package};
use table::{ALONE, ROWS, Row};

/// The page that holds the arrows table.
pub(crate) const ARCHITECTURE: &str = "ARCHITECTURE.md";

/// Where it holds it.
pub(crate) const BEGIN: &str = "<!-- arrows: written by `cargo xtask bless` -->";
pub(crate) const END: &str = "<!-- /arrows -->";

/// Fails with every arrow that the table does not know.
pub(crate) fn check(checkout: &Checkout) -> Result<()> {
    let metadata = checkout.metadata()?;
    let findings = findings(&metadata, ROWS, ALONE);
    if findings.is_empty() {
        let page = fs::read_to_string(checkout.join(ARCHITECTURE))
            .with_context(|| format!("failed to read {ARCHITECTURE}"))?;
        ensure!(
            insert_table(&page)? == page,
            "the table in {ARCHITECTURE} is not hub/xtask/src/arrows/table.rs; `cargo xtask bless` writes it anew"
        );
        println!("{} crates import only what hub/xtask/src/arrows/table.rs lets them", metadata.packages.len());
        return Ok(());
    }
    bail!(
        "{} arrows do not fit the design:\n  {}\nA new arrow is a change of the design: a row in hub/xtask/src/arrows/table.rs and a sentence in ARCHITECTURE.md.",
        findings.len(),
        findings.join("\n  ")
    )
}

/// The table for ARCHITECTURE.md.
pub(crate) fn markdown() -> String {
    let mut text = String::from("| crate | may import | alone touches |\n|---|---|---|\n");
    for row in ROWS {
        let alone: Vec<&str> =
            ALONE.iter().filter(|(_, crates)| crates.contains(&row.name)).map(|(name, _)| *name).collect();
        // Writing to a String does not fail.
        let _ = writeln!(text, "| {} | {} | {} |", row.name, cell(row.may_import), cell(&alone));
    }
    text
}

/// `text` with what stands between the markers replaced by the table.
pub(crate) fn insert_table(text: &str) -> Result<String> {
    let (before, rest) = text.split_once(BEGIN).with_context(|| format!("the line `{BEGIN}` is missing"))?;
    let (_, after) = rest.split_once(END).with_context(|| format!("the line `{END}` is missing"))?;
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", markdown()))
}

fn cell(names: &[&str]) -> String {
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

fn findings(metadata: &Metadata, rows: &[Row], alone: &[(&str, &[&str])]) -> Vec<String> {
    let ours: BTreeSet<&str> = metadata.packages.iter().map(|package| package.name.as_str()).collect();
    let mut findings: Vec<String> = rows
        .iter()
        .filter(|row| !ours.contains(row.name))
        .map(|row| format!("the table has a row for {}, which is no crate of the workspace", row.name))
        .collect();
    for package in &metadata.packages {
        match rows.iter().find(|row| row.name == package.name) {
            None => findings.push(format!("{} has no row in the table", package.name)),
            Some(row) => findings.extend(strange_imports(package, row, &ours)),
        }
        findings.extend(strange_touches(package, alone));
    }
    findings
}

fn strange_imports(package: &Package, row: &Row, ours: &BTreeSet<&str>) -> Vec<String> {
    product_dependencies(package)
        .filter(|name| ours.contains(name) && !row.may_import.contains(name))
        .map(|name| format!("{} imports {name}; it may import {}", package.name, cell(row.may_import)))
        .collect()
}

fn strange_touches(package: &Package, alone: &[(&str, &[&str])]) -> Vec<String> {
    product_dependencies(package)
        .filter_map(|name| alone.iter().find(|(dependency, _)| *dependency == name))
        .filter(|(_, crates)| !crates.contains(&package.name.as_str()))
        .map(|(name, crates)| format!("{} touches {name}; only {} may", package.name, crates.join(" and ")))
        .collect()
}

fn product_dependencies(package: &Package) -> impl Iterator<Item = &str> {
    package.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev")).map(|d| d.name.as_str())
}
