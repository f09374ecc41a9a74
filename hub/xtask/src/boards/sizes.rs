//! The file that says what images take and may take.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;
use serde::Deserialize;

use super::elf::Size;

const HEAD: &str = "\
# What the sensors' images take of flash and memory (the stack apart), bytes, and what they may take. `cargo xtask boards`
# fails when one takes more; `cargo xtask boards --bless` writes down what they take now. What they may take is decided
# by hand, below what the memory map (sensor-fw/boards/map) has room for. With the library that rustup brings, which is made
# for speed, an image takes up to 3 KB more flash than with one built from source, as here; the budget is for both.
";

/// All images, by name.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Sizes(BTreeMap<String, Line>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    flash: u32,
    flash_budget: u32,
    ram: u32,
    ram_budget: u32,
}

type Measured = [(&'static str, Size)];

impl Sizes {
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// What is measured, beside what it was and may be.
    pub(super) fn table(&self, measured: &Measured) -> String {
        let mut text = format!("{:<22}{:>34}{:>34}\n", "bytes, last and budget", "flash", "memory");
        for (name, size) in measured {
            let cell = |now: u32, last: u32, budget: u32| {
                format!("{now:>9} {:>+7} of {budget:>7}", i64::from(now) - i64::from(last))
            };
            let cells = self.0.get(*name).map_or_else(
                || format!("{:>9} {:>33}  no budget", size.flash, size.ram),
                |line| {
                    let flash = cell(size.flash, line.flash, line.flash_budget);
                    format!("{flash:>34}{:>34}", cell(size.ram, line.ram, line.ram_budget))
                },
            );
            // Writing to a String does not fail.
            let _ = writeln!(text, "{name:<22}{cells}");
        }
        text
    }

    /// Each image that takes too much, or that nobody decided about.
    pub(super) fn over(&self, measured: &Measured) -> Vec<String> {
        let mut over = Vec::new();
        for (name, size) in measured {
            match self.0.get(*name) {
                None => over.push(format!("{name} has no budget")),
                Some(line) => {
                    for (what, now, budget) in
                        [("flash", size.flash, line.flash_budget), ("memory", size.ram, line.ram_budget)]
                    {
                        if now > budget {
                            over.push(format!("{name} takes {now} bytes of {what}, {} too many", now - budget));
                        }
                    }
                }
            }
        }
        over
    }

    /// Takes what is measured for what it is.
    pub(super) fn take(&mut self, measured: &Measured) {
        for (name, Size { flash, ram }) in measured {
            let line = self.0.entry((*name).to_owned()).or_insert(Line {
                flash: 0,
                flash_budget: *flash,
                ram: 0,
                ram_budget: *ram,
            });
            (line.flash, line.ram) = (*flash, *ram);
        }
    }

    pub(super) fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for (name, Line { flash, flash_budget, ram, ram_budget }) in &self.0 {
            let _ = write!(
                text,
                "\n[{name}]\nflash = {flash}\nflash_budget = {flash_budget}\nram = {ram}\nram_budget = {ram_budget}\n"
            );
        }
        text
    }
}
