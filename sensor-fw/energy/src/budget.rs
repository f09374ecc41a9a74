//! What each sensor may take on each chip: a file that people change on purpose.

use std::collections::BTreeMap;

use crate::{
    bill::Bill,
    profile::{self, Profile},
    radio::Radio,
    table::{chips, chips::Chip, stacks},
    week::{self, Counts, WeekError},
};

/// So far from its budget, in either direction, nobody may be.
pub const TOLERANCE: f64 = 0.03;
/// The seed of the week that the budget is about.
pub const SEED: u64 = 1;

/// Microamperes by profile and chip.
pub type Budget = BTreeMap<String, BTreeMap<String, f64>>;

/// What a profile takes on a chip.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Which profile.
    pub profile: Profile,
    /// On which chip.
    pub chip: &'static Chip,
    /// What was counted.
    pub counts: Counts,
    /// What it cost.
    pub bill: Bill,
}

/// Every profile on every chip.
///
/// # Errors
/// [`WeekError`] when a week could not be lived.
pub fn entries() -> Result<Vec<Entry>, WeekError> {
    let mut entries = Vec::new();
    for profile in profile::ALL {
        let (small, large) = (week::live::<4>(&profile, SEED)?, week::live::<16>(&profile, SEED)?);
        for chip in &chips::ALL {
            let counts = if chip.word_bytes == 16 { large.clone() } else { small.clone() };
            let radio = Radio { chip, stack: &stacks::NORDIC, dbm: profile.settings.tx_power_dbm };
            let bill = Bill::new(&counts, &profile, radio);
            entries.push(Entry { profile, chip, counts, bill });
        }
    }
    Ok(entries)
}

/// The budget file does not say what it should.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// It is no TOML of numbers by profile and chip.
    #[error("the budget is not `[profile]` with `chip = µA`")]
    Form(#[source] toml::de::Error),
}

/// Reads a budget.
///
/// # Errors
/// [`BudgetError`] when it is none.
pub fn parse(text: &str) -> Result<Budget, BudgetError> {
    toml::from_str(text).map_err(BudgetError::Form)
}

/// What is not as the budget says, a line each.
pub fn deviations(budget: &Budget, entries: &[Entry]) -> Vec<String> {
    let mut open: BTreeMap<(&str, &str), f64> = BTreeMap::new();
    for (profile, chips) in budget {
        open.extend(chips.iter().map(|(chip, microamps)| ((profile.as_str(), chip.as_str()), *microamps)));
    }
    let mut lines = Vec::new();
    for Entry { profile, chip, bill, .. } in entries {
        let taken = bill.average().as_microamps();
        match open.remove(&(profile.name, chip.name)) {
            None => lines.push(format!("{} on {} has no budget; it takes {taken:.2} µA", profile.name, chip.name)),
            Some(allowed) if (taken / allowed - 1.0).abs() > TOLERANCE => lines.push(format!(
                "{} on {} takes {taken:.2} µA, {:+.1} % of its budget of {allowed} µA",
                profile.name,
                chip.name,
                (taken / allowed - 1.0) * 100.0
            )),
            Some(_) => {}
        }
    }
    lines.extend(open.keys().map(|(profile, chip)| format!("there is no {profile} on {chip} any more")));
    lines
}

/// The budget file for what was measured.
pub fn text(entries: &[Entry]) -> String {
    let mut text =
        "# What a sensor may take on average, µA, by profile and chip, in a simulated week (cargo run -p fw-energy).\n\
        # A test fails when it takes 3 % more or less. Where that is right: cargo run -p fw-energy -- bless\n"
            .to_owned();
    let mut last = "";
    for Entry { profile, chip, bill, .. } in entries {
        if last != profile.name {
            text += &format!("\n# {}\n[{}]\n", profile.title, profile.name);
            last = profile.name;
        }
        text += &format!("{} = {:.2}\n", chip.name, bill.average().as_microamps());
    }
    text
}
