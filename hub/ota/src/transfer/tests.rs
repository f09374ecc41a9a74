use wire::manifest::ManifestFault;

use super::*;
use crate::signed::{Signed, trusted};

const SIGNED: Signed = Signed::version([2, 0, 0, 0]);
const OLD: Version = Version([1, 0, 0, 0]);

fn stands(stage: Stage, received: u32) -> Answer<'static> {
    Answer::Progress(Progress { stage, version: Version(SIGNED.version), received, length: 3000 })
}

fn transfer(task: Task, answers: &[Answer<'_>]) -> Transfer {
    let image = Image::verify(SIGNED.file(), &trusted()).unwrap();
    let mut transfer = Transfer::new(image, task, OLD);
    for answer in answers {
        transfer.take(answer);
    }
    transfer
}

/// How a transfer of which a chunk has arrived takes a refusal of the next one.
fn refused(refusal: Refusal) -> Transfer {
    let answers = [stands(Stage::None, 0), stands(Stage::Receiving, 0), stands(Stage::Receiving, 960)];
    transfer(Task::Send, &[&answers[..], &[Answer::Refused(refusal)]].concat())
}

#[test]
fn every_refusal_has_its_consequence() {
    for (refusal, end) in [
        (Refusal::BatteryLow { mv: 2399 }, End::Later(Postponement::BatteryLow { mv: 2399 })),
        (Refusal::Digest, End::Failed(Failure::Digest)),
        (
            Refusal::Manifest { fault: ManifestFault::OlderCounter },
            End::Failed(Failure::Manifest(ManifestFault::OlderCounter)),
        ),
        (Refusal::UnknownKind { kind: 0x31 }, End::Failed(Failure::NotUpdatable)),
        (Refusal::NotClaimed, End::Failed(Failure::Unexpected)),
    ] {
        assert_eq!(refused(refusal).ended(), Some(end), "{refusal}");
    }
    assert!(matches!(refused(Refusal::Offset { expected: 480 }).ask(), Some(Ask::Chunk { offset: 480, .. })));
    assert_eq!(refused(Refusal::NoUpdate).ask(), Some(Ask::Progress), "it forgot, and is asked what it knows");
    assert!(matches!(refused(Refusal::Storage).ask(), Some(Ask::Offer { .. })), "a page begins anew");
}

#[test]
fn a_sensor_of_which_nothing_comes_is_left_alone() {
    let mut transfer = refused(Refusal::Offset { expected: 960 });
    let refusals =
        (0..100).take_while(|_| transfer.take(&Answer::Refused(Refusal::Offset { expected: 960 })).is_none());
    assert!(refusals.count() < 10);
    assert_eq!(transfer.ended(), Some(End::Later(Postponement::Stuck)));
    let mut transfer = refused(Refusal::Storage);
    while transfer.ended().is_none() {
        transfer.take(&Answer::Refused(Refusal::Storage));
    }
    assert_eq!(transfer.ended(), Some(End::Failed(Failure::Storage)));
}

#[test]
fn what_a_sensor_tells_first_says_what_is_to_be_done() {
    let check = |task, stage, ask: Option<&Ask<'_>>, end| {
        let transfer = transfer(task, &[stands(stage, 0)]);
        assert_eq!((transfer.ask().as_ref(), transfer.ended()), (ask, end), "{task:?} {stage:?}");
    };
    let signed = *Image::verify(SIGNED.file(), &trusted()).unwrap().signed();
    let offer = Ask::Offer { manifest: &signed };
    for stage in [Stage::None, Stage::Receiving, Stage::Reverted] {
        check(Task::Send, stage, Some(&offer), None);
    }
    check(Task::Prove, Stage::Receiving, Some(&offer), None);
    for stage in [Stage::None, Stage::Reverted] {
        check(Task::Prove, stage, None, Some(End::Failed(Failure::Reverted)));
    }
    for task in [Task::Send, Task::Prove] {
        check(task, Stage::Installing, Some(&Ask::Install), None);
        check(task, Stage::Trial, None, Some(End::Later(Postponement::Busy)));
    }
}
