//! The house style, as far as a machine can see it: lengths, names, and words that we do not use.
//!
//! rustfmt and clippy see the rest. Where a function ends is read off its indentation, which rustfmt guarantees.

mod source;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::checkout::Checkout;
use source::Source;

/// Lines of a product file, its own tests apart.
const MAX_FILE_LINES: usize = 400;
/// Lines of a function, from `fn` to its closing brace.
const MAX_FUNCTION_LINES: usize = 70;

/// What has no name of its own has no home.
const EMPTY_NAMES: &[&str] = &["utils", "util", "common", "helpers", "helper", "misc", "manager", "prelude"];

/// Folders that hold nothing written by hand.
const NOT_OURS: &[&str] = &["target", "node_modules", "dist", ".git", ".svelte-kit", "__pycache__"];

/// Words that stop a review. They are spelled in two halves, or this file would find itself.
const WORDS: &[(&str, &str)] = &[
    (concat!("TO", "DO"), "do it, or write an issue"),
    (concat!("FIX", "ME"), "do it, or write an issue"),
    (concat!("/wo", "rk/"), "a path of one machine"),
    (concat!("/ro", "ot/"), "a path of one machine"),
];
const RUST_WORDS: &[(&str, &str)] = &[
    (concat!("#[al", "low("), "use #[expect(…, reason = \"…\")]"),
    (concat!("#![al", "low("), "use #![expect(…, reason = \"…\")]"),
    (concat!("#[ig", "nore"), "a test that does not run is no test"),
];

/// Where `unsafe` may stand: an address of the kernel's that no library knows, and chips.
const UNSAFE: [&str; 2] = ["hub/radio/src/kernel/socket.rs", "sensor-fw/boards"];

/// One place that does not keep to the style.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: PathBuf,
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path.display(), self.line, self.message)
    }
}

/// Fails with every place that does not keep to the style.
pub(crate) fn check(checkout: &Checkout) -> Result<()> {
    let mut sources = Vec::new();
    collect(checkout.root(), Path::new(""), &mut sources)?;
    let findings: Vec<String> = sources.iter().flat_map(findings).map(|finding| finding.to_string()).collect();
    if findings.is_empty() {
        println!("{} files are tidy", sources.len());
        return Ok(());
    }
    bail!("{} places are not tidy:\n  {}", findings.len(), findings.join("\n  "))
}

fn collect(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> Result<()> {
    let here = root.join(folder);
    let mut entries = std::fs::read_dir(&here)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .with_context(|| format!("failed to list {}", here.display()))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = folder.join(entry.file_name());
        let kind = entry.file_type().with_context(|| format!("failed to look at {}", path.display()))?;
        let is_ours = !NOT_OURS.iter().any(|name| entry.file_name() == *name);
        if kind.is_dir() && is_ours {
            collect(root, &path, sources)?;
        } else if kind.is_file() && Source::is_code(&path) {
            let text = std::fs::read_to_string(root.join(&path))
                .with_context(|| format!("failed to read {}", path.display()))?;
            sources.push(Source::new(path, text));
        }
    }
    Ok(())
}

fn findings(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line: usize, message: String| {
        findings.push(Finding { path: source.path().to_path_buf(), line, message });
    };
    for name in source.names().filter(|name| EMPTY_NAMES.contains(name)) {
        find(1, format!("`{name}` says nothing; name the thing"));
    }
    for (number, line) in source.lines() {
        let words = WORDS.iter().chain(RUST_WORDS.iter().filter(|_| source.is_rust()));
        for (word, advice) in words.filter(|(word, _)| line.contains(word)) {
            find(number, format!("`{word}`: {advice}"));
        }
    }
    if source.is_rust() {
        rust_findings(source, &mut find);
    }
    findings
}

fn rust_findings(source: &Source, find: &mut impl FnMut(usize, String)) {
    if source.path().ends_with("mod.rs") {
        find(1, "`foo.rs` beside `foo/`, no mod.rs".to_owned());
    }
    if source.is_crate_head() && !source.text().contains("Does not know:") {
        find(1, "a crate's head says what is deliberately absent: `Does not know:`".to_owned());
    }
    let word = concat!("un", "safe_code");
    if !UNSAFE.iter().any(|place| source.path().starts_with(place)) {
        for (number, _) in source.lines().filter(|(_, line)| line.contains(word)) {
            find(number, format!("`{word}`: its only places are {}", UNSAFE.join(" and ")));
        }
    }
    if source.is_test() {
        return;
    }
    let lines = source.product_lines();
    if lines > MAX_FILE_LINES {
        find(1, format!("{lines} lines; {MAX_FILE_LINES} are the most"));
    }
    for function in source.functions().filter(|function| function.lines > MAX_FUNCTION_LINES) {
        let message = format!("{} has {} lines; {MAX_FUNCTION_LINES} are the most", function.name, function.lines);
        find(function.line, message);
    }
}
