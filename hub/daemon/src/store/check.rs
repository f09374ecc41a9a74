//! `hubd store check`: is everything as it was written?

use std::process::ExitCode;

use hub_assembly::{Config, OpenError};
use hub_history::{CheckMode, CheckReport, Fault, Finding, Part, Remedy};
use hub_model::{BootId, UnixMillis};
use serde_json::{Value, json};

use super::task::CheckArguments;
use crate::{
    exit::{DATAERR, Failure},
    history::time,
    show,
};

/// Checks the store and tells what was found; success only if that is nothing.
pub(super) fn check(arguments: &CheckArguments) -> Result<ExitCode, Failure> {
    let config = Config::load(&arguments.config.config)?;
    super::exists(&config)?;
    let mode = if arguments.dry_run { CheckMode::Tell } else { CheckMode::Repair };
    let report = hub_history::check(&config.history, mode).map_err(OpenError::from)?;
    if arguments.json {
        show(&as_json(&report, mode).to_string())?;
    } else {
        show(&as_text(&report, mode))?;
    }
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::from(DATAERR) })
}

fn as_json(report: &CheckReport, mode: CheckMode) -> Value {
    let finding = |finding: &Finding| {
        json!({
            "part": finding.part.name(),
            "device": finding.device.map(|device| device.to_string()),
            "boot": Some(finding.boot).filter(|boot| *boot != BootId::WALL).map(|boot| boot.0),
            "from": finding.from.map(|at| clock(finding, at)),
            "to": finding.to.map(|at| clock(finding, at)),
            "fault": finding.fault.name(),
            "remedy": finding.remedy.name(),
        })
    };
    json!({
        "is_clean": report.is_clean(),
        "is_dry_run": mode == CheckMode::Tell,
        "devices": report.devices,
        "blocks": report.blocks,
        "readings": report.readings,
        "rollups": report.rollups,
        "hours_without_readings": report.standing_alone,
        "set_aside": { "records": report.set_aside.records, "bytes": report.set_aside.bytes },
        "findings": report.findings.iter().map(finding).collect::<Vec<_>>(),
        "unnamed_findings": report.unnamed,
    })
}

fn as_text(report: &CheckReport, mode: CheckMode) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(|finding| sentence(finding, mode)).collect();
    if report.unnamed > 0 {
        lines.push(format!("… and {} more", report.unnamed));
    }
    let (readings, blocks) = (report.readings, report.blocks);
    let (rollups, devices) = (report.rollups, report.devices);
    let counted =
        format!("{readings} readings in {blocks} blocks and {rollups} records of roll-ups of {devices} devices");
    lines.push(match report.findings.len() as u64 + report.unnamed {
        0 => format!("the store is sound: {counted}"),
        found if report.blocks == 0 && mode == CheckMode::Tell => format!("found {found}"),
        found => format!("found {found}; what is kept: {counted}"),
    });
    if report.set_aside.records > 0 {
        let (records, bytes) = (report.set_aside.records, report.set_aside.bytes);
        lines.push(format!("set aside so far: {records} damaged records of {bytes} bytes"));
    }
    lines.join("\n")
}

fn sentence(finding: &Finding, mode: CheckMode) -> String {
    let what = match finding.part {
        Part::Block => "readings",
        Part::Hours => "hourly figures",
        Part::Days => "daily figures",
        Part::State => "the present state",
        Part::Clock => "the clock",
        Part::Pages => "pages of the database",
        Part::Totals => "the totals",
    };
    let mut text = what.to_owned();
    if let Some(device) = finding.device {
        text.push_str(&format!(" of {device}"));
    }
    if finding.boot != BootId::WALL {
        text.push_str(&format!(" of boot {}", finding.boot.0));
    }
    if let Some(from) = finding.from {
        text.push_str(&format!(" from {}", clock(finding, from)));
    }
    if let Some(to) = finding.to {
        text.push_str(&format!(" to {}", clock(finding, to)));
    }
    let fault = match finding.fault {
        Fault::Unreadable => "damaged",
        Fault::Unreachable => "out of reach behind a damaged page",
        Fault::OutOfOrder => "in the wrong place",
        Fault::Disagrees => "not what the readings say",
        Fault::Missing => "missing",
    };
    let remedy = match finding.remedy {
        Remedy::SetAside => "set aside",
        Remedy::LeftInPlace => "left where they are: there is no room to set more aside",
        Remedy::Rebuilt => "worked out anew",
        Remedy::PutInOrder => "put in order",
        Remedy::Copied => "everything that can be read was copied into a fresh database",
        Remedy::Salvaged => "what could be found elsewhere in the file was put back",
        Remedy::WouldBeCopied => "everything that can be read would be copied into a fresh database",
        Remedy::Lost if mode == CheckMode::Tell => "will be searched for in the whole file",
        Remedy::Lost => "lost",
    };
    let would = match (mode, finding.remedy) {
        (CheckMode::Tell, Remedy::SetAside | Remedy::Rebuilt | Remedy::PutInOrder) => "would be ",
        _ => "",
    };
    format!("{text}: {fault}; {would}{remedy}")
}

/// A time of a finding: of a boot whose clock is not known, milliseconds since it began.
fn clock(finding: &Finding, at: UnixMillis) -> String {
    if finding.boot == BootId::WALL { time(at) } else { format!("{} ms", at.0) }
}
