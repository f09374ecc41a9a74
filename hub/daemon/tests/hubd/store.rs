//! The tools for a store that nobody has open.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{Owner, capture, error, refusals};

const DEVICE: &str = "a4c138001122";

/// An owner whose store has readings of one device: a temperature every ten seconds.
fn owner(readings: u32) -> Owner {
    let owner = Owner::new();
    owner.replay(&owner.file("capture.jsonl", &capture(readings)));
    owner
}

impl Owner {
    /// Runs `hubd store TASK`.
    fn store_tool(&self, task: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
        command.args(["store", task, "--config"]).arg(self.config()).args(arguments).output().unwrap()
    }

    fn told(&self, task: &str, arguments: &[&str]) -> Value {
        let output = self.store_tool(task, arguments);
        assert!(output.status.success(), "{}", error(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn database(&self) -> PathBuf {
        self.store().join("history/history.redb")
    }
}

#[test]
fn stats_tell_what_there_is_of_every_series() {
    let owner = owner(5000);
    let stats = owner.told("stats", &["--json"]);
    let device = &stats["devices"][0];
    assert_eq!((&stats["readings"], &device["device"]), (&5000.into(), &DEVICE.into()));
    let series = &device["series"][0];
    assert_eq!((&series["quantity"], &series["readings"]), (&"temperature".into(), &5000.into()));
    assert_eq!(series["first"], "2026-11-21T00:00:00.000Z");
    assert_eq!(series["last"], "2026-11-21T13:53:10.000Z");
    assert!(series["bytes"].as_u64().unwrap() > 0 && device["bytes"].as_u64() > series["bytes"].as_u64());
    assert!(stats["free_bytes"].as_u64() < stats["database_bytes"].as_u64());

    let text = String::from_utf8(owner.store_tool("stats", &[]).stdout).unwrap();
    assert!(text.contains("temperature 0") && text.contains("5000 readings of 1 devices"), "{text}");
}

#[test]
fn a_sound_store_is_said_to_be_sound() {
    let owner = owner(5000);
    let output = owner.store_tool("check", &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), text.contains("sound: 5000 readings")), (Some(0), true), "{text}");
}

#[test]
fn a_rotten_store_is_named_healed_and_read_on() {
    let owner = owner(20_000);
    let before = owner.temperatures(DEVICE);
    let sound = fs::read(owner.database()).unwrap();
    // Some pages are free: the first that is not has blocks in it, or leads to them.
    let would = (1..sound.len() / 4096).find_map(|page| {
        let mut rotten = sound.clone();
        rotten[page * 4096 + 1000..][..100].fill(0x5A);
        fs::write(owner.database(), rotten).unwrap();
        let told = owner.store_tool("check", &["--dry-run", "--json"]);
        (told.status.code() == Some(65)).then(|| serde_json::from_slice::<Value>(&told.stdout).unwrap())
    });
    let would = would.unwrap();
    assert_eq!((&would["is_clean"], &would["is_dry_run"]), (&false.into(), &true.into()));
    let output = owner.store_tool("check", &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(65), "{text}");
    assert!(text.contains("pages of the database: damaged"), "{text}");
    assert_eq!(owner.store_tool("check", &[]).status.code(), Some(0));
    let after = owner.temperatures(DEVICE);
    assert!(after.len() > before.len() / 2 && after.iter().all(|reading| before.contains(reading)));
}

#[test]
fn compact_makes_the_store_smaller_and_changes_nothing_else() {
    let owner = owner(40_000);
    let before = owner.temperatures(DEVICE);
    let report = owner.told("compact", &[]);
    assert!(report["bytes_after"].as_u64() < report["bytes_before"].as_u64(), "{report}");
    assert!(report["blocks_after"].as_u64() <= report["blocks_before"].as_u64());
    assert_eq!(owner.temperatures(DEVICE), before);
    assert_eq!(owner.store_tool("check", &[]).status.code(), Some(0));
    let again = owner.told("compact", &[]);
    assert_eq!(again["blocks_after"], report["blocks_after"]);
}

#[test]
fn a_store_in_use_is_left_alone() {
    let owner = owner(10);
    let (running, _) = owner.start();
    for task in ["stats", "check", "compact"] {
        refusals::check(&owner.store_tool(task, &[]), 75, &["in use", "stop the other"]);
    }
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let owner = Owner::new();
    for task in ["stats", "check", "compact"] {
        refusals::check(&owner.store_tool(task, &[]), 66, &["there is no store", "store.path"]);
    }
    assert!(!owner.store().exists());
}
