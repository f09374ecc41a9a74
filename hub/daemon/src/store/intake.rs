//! Records on their way into the store, in batches, and what became of them.

use std::collections::{BTreeMap, BTreeSet};

use hub_archive::{Reason, Record};
use hub_assembly::Hub;
use hub_history::History;
use hub_model::{DeviceId, Figures, Reading};
use serde_json::{Map, Value, json};

use crate::{exit::Failure, tell};

/// So many records are taken in at once.
const BATCH: usize = 65_536;
/// So many refused lines are named.
const MOST_NAMED: u64 = 1000;

/// Takes records into the store of a hub.
pub(super) struct Intake<'a> {
    hub: &'a Hub,
    history: &'a History,
    is_dry: bool,
    readings: Vec<Reading>,
    figures: Vec<Figures>,
    counts: Counts,
}

/// What was offered and what came of it.
#[derive(Debug, Default)]
struct Counts {
    readings: u64,
    added_readings: u64,
    figures: u64,
    added_figures: u64,
    refused: BTreeMap<&'static str, u64>,
    all_refused: u64,
    devices: BTreeSet<DeviceId>,
}

impl<'a> Intake<'a> {
    pub(super) fn new(hub: &'a Hub, history: &'a History, is_dry: bool) -> Self {
        let (readings, figures) = (Vec::with_capacity(BATCH), Vec::new());
        Self { hub, history, is_dry, readings, figures, counts: Counts::default() }
    }

    pub(super) fn take(&mut self, record: &Record) -> Result<(), Failure> {
        match record {
            Record::Reading(reading) => {
                let continues =
                    self.readings.last().is_some_and(|last| (last.series, last.at) == (reading.series, reading.at));
                // Equal readings of one time are told apart by how many come together.
                if self.readings.len() >= BATCH && !continues {
                    self.put()?;
                }
                self.readings.push(*reading);
            }
            Record::Figures(figures) => {
                if self.figures.len() >= BATCH {
                    self.put()?;
                }
                self.figures.push(*figures);
            }
        }
        Ok(())
    }

    /// Notes and names what is no record; `place` says where it is.
    pub(super) fn refuse(&mut self, place: std::fmt::Arguments<'_>, reason: &Reason) {
        *self.counts.refused.entry(reason.code()).or_default() += 1;
        self.counts.all_refused += 1;
        if self.counts.all_refused <= MOST_NAMED {
            tell(&format!("{place}: {reason}"));
        }
    }

    fn put(&mut self) -> Result<(), Failure> {
        if self.readings.is_empty() && self.figures.is_empty() {
            return Ok(());
        }
        let imported = if self.is_dry {
            self.history.would_import(&self.readings, &self.figures)
        } else {
            self.history.import(&self.readings, &self.figures)
        };
        let imported = imported.map_err(Failure::Store)?;
        self.counts.readings += self.readings.len() as u64;
        self.counts.figures += self.figures.len() as u64;
        self.counts.added_readings += imported.readings;
        self.counts.added_figures += imported.figures;
        self.counts.devices.extend(self.readings.iter().map(|reading| reading.series.device));
        self.counts.devices.extend(self.figures.iter().map(|figures| figures.series.device));
        self.readings.clear();
        self.figures.clear();
        Ok(())
    }

    /// Takes in what is left and sums up; says what the owner has to do.
    pub(super) fn finish(mut self) -> Result<Map<String, Value>, Failure> {
        self.put()?;
        let counts = &self.counts;
        let household = self.hub.bus().household();
        let strangers: Vec<String> = counts
            .devices
            .iter()
            .filter(|device| !household.devices.contains_key(device))
            .map(ToString::to_string)
            .collect();
        if counts.all_refused > MOST_NAMED {
            tell(&format!("… and {} more", counts.all_refused - MOST_NAMED));
        }
        if !strangers.is_empty() {
            tell(&format!(
                "{} of the devices are not adopted. Their history is kept under their address; adopt them to see it: {}",
                strangers.len(),
                strangers.join(", ")
            ));
        }
        let summary = json!({
            "is_dry_run": self.is_dry,
            "readings": counts.readings,
            "readings_added": counts.added_readings,
            "readings_known": counts.readings - counts.added_readings,
            "figures": counts.figures,
            "figures_added": counts.added_figures,
            "refused": counts.refused,
            "devices": counts.devices.len(),
            "devices_not_adopted": strangers,
        });
        Ok(summary.as_object().cloned().unwrap_or_default())
    }
}
