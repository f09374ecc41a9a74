use hub_model::{BootId, DeviceId, UnixMillis};

use super::SetAside;

/// So many findings are named; beyond that they are only counted.
const MOST_NAMED: usize = 10_000;

/// What a check found, and what it did about it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CheckReport {
    /// Devices that anything is kept of.
    pub devices: u64,
    /// Blocks that can be read.
    pub blocks: u64,
    /// Readings in them.
    pub readings: u64,
    /// Records of roll-ups that can be read.
    pub rollups: u64,
    /// Hours and days that stand for readings which are not kept any more: expired, or never kept singly.
    pub standing_alone: u64,
    /// Everything that was ever set aside, by this check or an earlier one.
    pub set_aside: SetAside,
    /// What is wrong, at most 10 000.
    pub findings: Vec<Finding>,
    /// What is wrong beyond those.
    pub unnamed: u64,
}

impl CheckReport {
    /// Is nothing wrong?
    pub const fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn add(&mut self, finding: Finding) {
        if self.findings.len() < MOST_NAMED {
            self.findings.push(finding);
        } else {
            self.unnamed += 1;
        }
    }
}

/// One thing that is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// What it is part of.
    pub part: Part,
    /// Whose, where it is a device's.
    pub device: Option<DeviceId>,
    /// Whose clock the times are of: [`BootId::WALL`], or that of a boot whose wall time is not known yet.
    pub boot: BootId,
    /// From when on, as far as is known; milliseconds on that clock.
    pub from: Option<UnixMillis>,
    /// Up to when, not included, as far as is known.
    pub to: Option<UnixMillis>,
    /// Why.
    pub fault: Fault,
    /// What became of it.
    pub remedy: Remedy,
}

impl Finding {
    pub(crate) const fn new(part: Part, fault: Fault, remedy: Remedy) -> Self {
        Self { part, device: None, boot: BootId::WALL, from: None, to: None, fault, remedy }
    }
}

/// A part of the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Readings of a device.
    Block,
    /// Hourly figures of a device, a day in one record.
    Hours,
    /// Daily figures of a device, 32 days in one record.
    Days,
    /// What is known of a device beside its readings: newest values, replay counter.
    State,
    /// What is known of the clock of a boot.
    Clock,
    /// Pages of the database.
    Pages,
    /// The numbers of all readings and blocks.
    Totals,
}

impl Part {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Hours => "hours",
            Self::Days => "days",
            Self::State => "state",
            Self::Clock => "clock",
            Self::Pages => "pages",
            Self::Totals => "totals",
        }
    }
}

/// What is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Its checksum does not fit, or it makes no sense.
    Unreadable,
    /// It lies in a page that cannot be read.
    Unreachable,
    /// It reaches into its neighbour, or lies in the wrong place.
    OutOfOrder,
    /// It says something else than what it stands for.
    Disagrees,
    /// It should be there and is not.
    Missing,
}

impl Fault {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Unreachable => "unreachable",
            Self::OutOfOrder => "out_of_order",
            Self::Disagrees => "disagrees",
            Self::Missing => "missing",
        }
    }
}

/// What became of something that was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It was moved out of the way, with its key.
    SetAside,
    /// There is no room to set more aside: it stays where it is and is not shown.
    LeftInPlace,
    /// It was worked out anew from what it stands for.
    Rebuilt,
    /// It was put where it belongs.
    PutInOrder,
    /// Everything that can be read was copied into a fresh database.
    Copied,
    /// What could be found of it elsewhere in the file was put back.
    Salvaged,
    /// A check that may change the store would do that.
    WouldBeCopied,
    /// It is lost.
    Lost,
}

impl Remedy {
    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SetAside => "set_aside",
            Self::LeftInPlace => "left_in_place",
            Self::Rebuilt => "rebuilt",
            Self::PutInOrder => "put_in_order",
            Self::Copied => "copied",
            Self::Salvaged => "salvaged",
            Self::WouldBeCopied => "would_be_copied",
            Self::Lost => "lost",
        }
    }

    pub(super) const fn set_aside_if(is_aside: bool) -> Self {
        if is_aside { Self::SetAside } else { Self::LeftInPlace }
    }
}
