//! A plan in bytes, for whoever keeps it across a restart.
//!
//! | byte | bytes | what |
//! |---|---|---|
//! | 0 | 1 | format, 1 |
//! | 1 | the rest | `PlanRecord` in postcard |

use std::collections::BTreeMap;

use hub_model::{DeviceId, Now, ReceiverId, ReleaseId, RolloutStep, Stamp};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use wire::{firmware::Version, manifest::ManifestFault, setup_code::Product};

use super::{
    Census, Halted, Mode, Plan, PlanClock, count,
    course::{Course, Link, Verdict},
    usize_of,
    words::{Failure, Postponement},
};
use crate::{Policy, QuietHours, Release};

const FORMAT: u8 = 1;

/// Why bytes are no plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PlanRecordError {
    /// The format is of a later program.
    #[error("the plan's format {format} is newer than this program")]
    Newer {
        /// Which format.
        format: u8,
    },
    /// The bytes are something else.
    #[error("the bytes are no plan")]
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct PlanRecord {
    release: ReleaseRecord,
    policy: PolicyRecord,
    mode: ModeRecord,
    ring: u8,
    done_ms: Option<u64>,
    lived_ms: u64,
    courses: BTreeMap<u64, CourseRecord>,
    /// How many sensors there were at the last look, and how many of them had it, were out of reach, and weak.
    census: [u32; 4],
}

#[derive(Serialize, Deserialize)]
struct ReleaseRecord {
    id: u64,
    product: u16,
    hardware_mask: u32,
    version: [u8; 4],
    security_counter: u32,
    length: u32,
}

#[derive(Serialize, Deserialize)]
struct PolicyRecord {
    canaries: u16,
    percents: Vec<u8>,
    soak_ms: u64,
    least_mv: u16,
    least_percent: u8,
    quiet: Option<(u16, u16)>,
    tries: u8,
    halt_percent: u8,
    halt_least: u16,
    goes_back: bool,
}

#[derive(Serialize, Deserialize)]
enum ModeRecord {
    Running,
    Paused,
    Halted { ring: u8, judged: u32, failed: u32, last: FailureRecord },
    Aborted,
}

#[derive(Serialize, Deserialize)]
struct CourseRecord {
    standing: StandingRecord,
    received: u32,
    due_ms: u64,
    news_ms: u64,
    fruitless: u8,
    failures: u8,
    failure: Option<FailureRecord>,
    postponed: Option<PostponementRecord>,
    /// Ring, and whether it was good.
    verdict: Option<(u8, bool)>,
    /// Adapter, and whether the link was there.
    link: Option<(u16, bool)>,
}

#[derive(Serialize, Deserialize)]
enum StandingRecord {
    Waiting,
    Receiving,
    Installed,
    Running,
    Updated,
    GivenUp,
}

#[derive(Serialize, Deserialize)]
enum FailureRecord {
    Reverted,
    NotSeen,
    Digest,
    Manifest(u8),
    Storage,
    NotUpdatable,
    Unexpected,
}

#[derive(Serialize, Deserialize)]
enum PostponementRecord {
    BatteryLow { mv: u16 },
    Busy,
    Stuck,
}

impl Plan {
    /// The plan as it is, to be kept: before a link is opened, so that no sensor is touched that the plan does not know of
    /// after a power cut; when one has ended; and now and then, for the time since is lost, too.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A record of integers, lists and maps: nothing in it that postcard could not write.
        postcard::to_extend(&PlanRecord::from(self), vec![FORMAT]).unwrap_or_default()
    }

    /// The plan that was kept. Links that were open then are lost.
    ///
    /// # Errors
    /// [`PlanRecordError`].
    pub fn from_bytes(bytes: &[u8], now: &Now) -> Result<Self, PlanRecordError> {
        match bytes.split_first() {
            Some((&FORMAT, rest)) => {
                let (record, rest): (PlanRecord, _) =
                    postcard::take_from_bytes(rest).map_err(|_| PlanRecordError::Damaged)?;
                if !rest.is_empty() {
                    return Err(PlanRecordError::Damaged);
                }
                let mut plan = record.plan(now.stamp)?;
                plan.lose_links_at(plan.clock.lived_ms);
                Ok(plan)
            }
            Some((&format, _)) if format > FORMAT => Err(PlanRecordError::Newer { format }),
            _ => Err(PlanRecordError::Damaged),
        }
    }
}

impl From<&Plan> for PlanRecord {
    fn from(plan: &Plan) -> Self {
        let courses = plan.courses.iter().map(|(id, course)| (id.as_u64(), course.into())).collect();
        let (release, policy) = ((&plan.release).into(), (&plan.policy).into());
        let (mode, ring, done_ms, lived_ms) = (plan.mode.into(), plan.ring, plan.done_ms, plan.clock.lived_ms);
        let Census { total, already, out_of_reach, weak, .. } = plan.census;
        let census = [total, already, out_of_reach, weak].map(count);
        Self { release, policy, mode, ring, done_ms, lived_ms, courses, census }
    }
}

impl PlanRecord {
    /// The plan, which goes on at this moment.
    fn plan(self, read_at: Stamp) -> Result<Plan, PlanRecordError> {
        let record = self;
        let courses = record.courses.into_iter().map(|(id, course)| Ok((DeviceId::from_u64(id), course.try_into()?)));
        let policy = Policy::try_from(record.policy)?;
        if usize::from(record.ring) >= policy.rings() {
            return Err(PlanRecordError::Damaged);
        }
        let [total, already, out_of_reach, weak] = record.census.map(usize_of);
        let census = Census { total, already, out_of_reach, weak, hold: None };
        Ok(Plan {
            release: record.release.into(),
            policy,
            mode: record.mode.try_into()?,
            ring: record.ring,
            done_ms: record.done_ms,
            courses: courses.collect::<Result<_, _>>()?,
            clock: PlanClock { lived_ms: record.lived_ms, read_at },
            census,
        })
    }
}

impl From<&Release> for ReleaseRecord {
    fn from(release: &Release) -> Self {
        let &Release { id, product: Product(product), hardware_mask, version, security_counter, length } = release;
        Self { id: id.as_u64(), product, hardware_mask, version: version.0, security_counter, length }
    }
}

impl From<ReleaseRecord> for Release {
    fn from(record: ReleaseRecord) -> Self {
        let ReleaseRecord { id, product, hardware_mask, version, security_counter, length } = record;
        let (id, product, version) = (ReleaseId::from_u64(id), Product(product), Version(version));
        Self { id, product, hardware_mask, version, security_counter, length }
    }
}

impl From<&Policy> for PolicyRecord {
    fn from(policy: &Policy) -> Self {
        let Policy { canaries, percents, soak_ms, least_mv, least_percent, .. } = policy.clone();
        let &Policy { quiet, tries, halt_percent, halt_least, goes_back, .. } = policy;
        let quiet = quiet.map(|QuietHours { from, to }| (from, to));
        Self { canaries, percents, soak_ms, least_mv, least_percent, quiet, tries, halt_percent, halt_least, goes_back }
    }
}

impl TryFrom<PolicyRecord> for Policy {
    type Error = PlanRecordError;

    fn try_from(record: PolicyRecord) -> Result<Self, PlanRecordError> {
        let quiet = match record.quiet {
            Some((from, to)) => Some(QuietHours::new(from, to).ok_or(PlanRecordError::Damaged)?),
            None => None,
        };
        let soak_ms = record.soak_ms;
        Self::default()
            .with_rings(record.canaries, &record.percents)
            .and_then(|policy| policy.with_battery(record.least_mv, record.least_percent))
            .and_then(|policy| policy.with_tries(record.tries))
            .and_then(|policy| policy.with_halt(record.halt_percent, record.halt_least))
            .map(|policy| Self { soak_ms, ..policy.with_quiet_hours(quiet).going_back(record.goes_back) })
            .map_err(|_| PlanRecordError::Damaged)
    }
}

impl From<Mode> for ModeRecord {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Running => Self::Running,
            Mode::Paused => Self::Paused,
            Mode::Halted(Halted { ring, judged, failed, last }) => {
                Self::Halted { ring, judged, failed, last: last.into() }
            }
            Mode::Aborted => Self::Aborted,
        }
    }
}

impl TryFrom<ModeRecord> for Mode {
    type Error = PlanRecordError;

    fn try_from(record: ModeRecord) -> Result<Self, PlanRecordError> {
        Ok(match record {
            ModeRecord::Running => Self::Running,
            ModeRecord::Paused => Self::Paused,
            ModeRecord::Halted { ring, judged, failed, last } => {
                Self::Halted(Halted { ring, judged, failed, last: last.try_into()? })
            }
            ModeRecord::Aborted => Self::Aborted,
        })
    }
}

impl From<&Course> for CourseRecord {
    fn from(course: &Course) -> Self {
        let &Course { standing, received, due_ms, news_ms, fruitless, failures, .. } = course;
        Self {
            standing: standing.into(),
            received,
            due_ms,
            news_ms,
            fruitless,
            failures,
            failure: course.failure.map(Into::into),
            postponed: course.postponed.map(Into::into),
            verdict: course.verdict.map(|Verdict { ring, is_good }| (ring, is_good)),
            link: course.link.map(|Link { adapter: ReceiverId(adapter), is_up }| (adapter, is_up)),
        }
    }
}

impl TryFrom<CourseRecord> for Course {
    type Error = PlanRecordError;

    fn try_from(record: CourseRecord) -> Result<Self, PlanRecordError> {
        let CourseRecord { received, due_ms, news_ms, fruitless, failures, .. } = record;
        Ok(Self {
            standing: record.standing.into(),
            received,
            due_ms,
            news_ms,
            fruitless,
            failures,
            failure: record.failure.map(TryInto::try_into).transpose()?,
            postponed: record.postponed.map(Into::into),
            verdict: record.verdict.map(|(ring, is_good)| Verdict { ring, is_good }),
            link: record.link.map(|(adapter, is_up)| Link { adapter: ReceiverId(adapter), is_up }),
        })
    }
}

impl From<RolloutStep> for StandingRecord {
    fn from(standing: RolloutStep) -> Self {
        match standing {
            RolloutStep::Waiting => Self::Waiting,
            RolloutStep::Receiving => Self::Receiving,
            RolloutStep::Installed => Self::Installed,
            RolloutStep::Running => Self::Running,
            RolloutStep::Updated => Self::Updated,
            RolloutStep::GivenUp => Self::GivenUp,
        }
    }
}

impl From<StandingRecord> for RolloutStep {
    fn from(record: StandingRecord) -> Self {
        match record {
            StandingRecord::Waiting => Self::Waiting,
            StandingRecord::Receiving => Self::Receiving,
            StandingRecord::Installed => Self::Installed,
            StandingRecord::Running => Self::Running,
            StandingRecord::Updated => Self::Updated,
            StandingRecord::GivenUp => Self::GivenUp,
        }
    }
}

impl From<Failure> for FailureRecord {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Reverted => Self::Reverted,
            Failure::NotSeen => Self::NotSeen,
            Failure::Digest => Self::Digest,
            Failure::Manifest(fault) => Self::Manifest(fault as u8),
            Failure::Storage => Self::Storage,
            Failure::NotUpdatable => Self::NotUpdatable,
            Failure::Unexpected => Self::Unexpected,
        }
    }
}

impl TryFrom<FailureRecord> for Failure {
    type Error = PlanRecordError;

    fn try_from(record: FailureRecord) -> Result<Self, PlanRecordError> {
        Ok(match record {
            FailureRecord::Reverted => Self::Reverted,
            FailureRecord::NotSeen => Self::NotSeen,
            FailureRecord::Digest => Self::Digest,
            FailureRecord::Manifest(code) => {
                Self::Manifest(ManifestFault::of_code(code).ok_or(PlanRecordError::Damaged)?)
            }
            FailureRecord::Storage => Self::Storage,
            FailureRecord::NotUpdatable => Self::NotUpdatable,
            FailureRecord::Unexpected => Self::Unexpected,
        })
    }
}

impl From<Postponement> for PostponementRecord {
    fn from(why: Postponement) -> Self {
        match why {
            Postponement::BatteryLow { mv } => Self::BatteryLow { mv },
            Postponement::Busy => Self::Busy,
            Postponement::Stuck => Self::Stuck,
        }
    }
}

impl From<PostponementRecord> for Postponement {
    fn from(record: PostponementRecord) -> Self {
        match record {
            PostponementRecord::BatteryLow { mv } => Self::BatteryLow { mv },
            PostponementRecord::Busy => Self::Busy,
            PostponementRecord::Stuck => Self::Stuck,
        }
    }
}
