//! One link's worth of an update: which question comes next, and what an answer means.

mod end;

pub use end::End;
use wire::{
    firmware::Version,
    message::Refusal,
    service::{Answer, Ask, MAX_CHUNK, Progress, Stage},
};

use crate::{Failure, Image, Outcome, Postponement, Task};

/// So many answers in a row may bring nothing; then the sensor is left alone.
const FRUITLESS: u8 = 5;

/// One link's worth of an update, without the link.
///
/// Whoever has the link asks the sensor what [`ask`](Self::ask) says and hands what it answers to [`take`](Self::take), until there is nothing to
/// ask; or until the link is lost: [`lost`](Self::lost). A new link is a new transfer: where to go on, the sensor says.
#[derive(Debug, Clone)]
pub struct Transfer {
    image: Image,
    task: Task,
    /// What the sensor runs, as it said when the link was opened.
    running: Version,
    step: Step,
    /// Bytes that the sensor has.
    received: u32,
    /// The most that it had in this link: a page that failed is sent again.
    most: u32,
    fruitless: u8,
    refusal: Option<Refusal>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// How far is it?
    Look,
    /// It runs the new version and was on trial: is it still, after it was spoken to?
    LookAgain,
    Offer,
    Chunk,
    Install,
    Ended(End),
}

impl Transfer {
    /// A transfer over a link that was just opened, to a sensor that said that it runs this version.
    pub const fn new(image: Image, task: Task, running: Version) -> Self {
        Self { image, task, running, step: Step::Look, received: 0, most: 0, fruitless: 0, refusal: None }
    }

    /// The next question; `None` when it has ended.
    pub fn ask(&self) -> Option<Ask<'_>> {
        match self.step {
            Step::Look | Step::LookAgain => Some(Ask::Progress),
            Step::Offer => Some(Ask::Offer { manifest: self.image.signed() }),
            Step::Chunk => {
                let bytes = self.image.part(self.received, MAX_CHUNK);
                Some(Ask::Chunk { offset: self.received, bytes })
            }
            Step::Install => Some(Ask::Install),
            Step::Ended(_) => None,
        }
    }

    /// Takes the answer to the question, and tells what is to be reported now.
    pub fn take(&mut self, answer: &Answer<'_>) -> Option<Outcome> {
        match answer {
            Answer::Progress(progress) => self.progress(progress),
            Answer::Refused(refusal) => self.refused(*refusal),
            Answer::Blocks(_) | Answer::Health(_) => self.end(End::Failed(Failure::Unexpected)),
        }
        let is_further = self.received > self.most;
        if is_further {
            (self.most, self.fruitless) = (self.received, 0);
        }
        match self.step {
            Step::Ended(end) => Some(end.outcome()),
            _ => is_further.then_some(Outcome::Progressed { received: self.received }),
        }
    }

    /// What is to be reported when the link is lost now.
    pub fn lost(&self) -> Outcome {
        match self.step {
            Step::Ended(end) => end.outcome(),
            Step::Install => Outcome::LinkLost { was_asked: true },
            _ => Outcome::LinkLost { was_asked: false },
        }
    }

    /// How it ended; `None` while it goes on.
    pub const fn ended(&self) -> Option<End> {
        match self.step {
            Step::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Bytes of the image that the sensor has.
    pub const fn received(&self) -> u32 {
        self.received
    }

    /// What the sensor refused last, for a log.
    pub const fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    const fn end(&mut self, end: End) {
        self.step = Step::Ended(end);
    }

    fn progress(&mut self, progress: &Progress) {
        match self.step {
            Step::Look | Step::LookAgain => self.look(progress),
            Step::Offer | Step::Chunk => self.arrived(progress),
            Step::Install if progress.stage == Stage::Installing => self.end(End::Installed),
            Step::Install => self.bring(Step::Look),
            Step::Ended(_) => {}
        }
    }

    /// Where a sensor stands that has not been asked for anything in this link.
    fn look(&mut self, progress: &Progress) {
        let release = self.image.release();
        if self.running == release.version {
            match (progress.stage, self.step) {
                // It heard its hub: if that was all that was missing, it is sure of itself now.
                (Stage::Trial, Step::Look) => self.step = Step::LookAgain,
                (Stage::Trial, _) => self.end(End::OnTrial),
                _ => self.end(End::Proved),
            }
            return;
        }
        let is_ours = progress.version == release.version;
        match (progress.stage, self.task) {
            (Stage::Trial, _) => self.end(End::Later(Postponement::Busy)),
            (Stage::Installing, _) if is_ours => self.step = Step::Install,
            (Stage::Installing, Task::Send) => self.end(End::Later(Postponement::Busy)),
            (Stage::Receiving, Task::Prove) if is_ours => self.step = Step::Offer,
            (_, Task::Prove) => self.end(End::Failed(Failure::Reverted)),
            (Stage::None | Stage::Receiving | Stage::Reverted, Task::Send) => self.step = Step::Offer,
        }
    }

    /// It took an offer or a chunk.
    fn arrived(&mut self, progress: &Progress) {
        let (version, length) = (self.image.release().version, self.image.release().length);
        if (progress.stage, progress.version, progress.length) != (Stage::Receiving, version, length) {
            self.end(End::Failed(Failure::Unexpected));
            return;
        }
        let is_further = progress.received > self.received || self.step == Step::Offer;
        self.received = progress.received.min(length);
        let next = if self.received == length { Step::Install } else { Step::Chunk };
        if is_further { self.step = next } else { self.bring(next) }
    }

    fn refused(&mut self, refusal: Refusal) {
        self.refusal = Some(refusal);
        match (refusal, self.step) {
            (Refusal::Offset { expected }, Step::Chunk | Step::Install) => {
                self.received = expected.min(self.image.release().length);
                let is_all = self.received == self.image.release().length;
                self.bring(if is_all { Step::Install } else { Step::Chunk });
            }
            // It forgot what was on its way.
            (Refusal::NoUpdate, Step::Chunk | Step::Install) => self.bring(Step::Look),
            (Refusal::NoUpdate, _) => self.end(End::Later(Postponement::Busy)),
            // A page that failed begins anew; where that is, the answer to the same offer says.
            (Refusal::Storage, _) if self.fruitless >= FRUITLESS => self.end(End::Failed(Failure::Storage)),
            (Refusal::Storage, Step::Chunk) => self.bring(Step::Offer),
            (Refusal::Storage, step) => self.bring(step),
            (Refusal::BatteryLow { mv }, _) => self.end(End::Later(Postponement::BatteryLow { mv })),
            (Refusal::Digest, _) => self.end(End::Failed(Failure::Digest)),
            (Refusal::Manifest { fault }, _) => self.end(End::Failed(Failure::Manifest(fault))),
            (Refusal::UnknownKind { .. }, _) => self.end(End::Failed(Failure::NotUpdatable)),
            _ => self.end(End::Failed(Failure::Unexpected)),
        }
    }

    /// Goes on after an answer that brought nothing, unless there were too many of them.
    const fn bring(&mut self, step: Step) {
        self.fruitless += 1;
        self.step = if self.fruitless > FRUITLESS { Step::Ended(End::Later(Postponement::Stuck)) } else { step };
    }
}

#[cfg(test)]
mod tests;
