use proptest::prelude::*;

use super::*;
use crate::{
    bytes::Short,
    firmware::Version,
    log::SampleId,
    manifest,
    message::{MessageError, Refusal},
};

fn bytes(ask: &Ask<'_>) -> Vec<u8> {
    let mut buffer = [0; 1024];
    let length = ask.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

fn answer_bytes(answer: &Answer<'_>) -> Vec<u8> {
    let mut buffer = [0; 1024];
    let length = answer.write(&mut buffer).unwrap();
    buffer[..length].to_vec()
}

#[test]
fn as_many_blocks_as_fit_go_into_an_answer() {
    let mut buffer = [0; 100];
    let mut writer = BlocksWriter::new(&mut buffer).unwrap();
    assert!(writer.is_empty());
    for block in [[1; 40], [2; 40]] {
        writer.push(&block).unwrap();
    }
    assert!(writer.push(&[3; 14]).is_err());
    writer.push(&[4; 13]).unwrap();
    let length = writer.len();
    let Ok(Answer::Blocks(blocks)) = Answer::parse(&buffer[..length]) else { panic!("no blocks") };
    assert_eq!(blocks.map(|block| block.unwrap().len()).collect::<Vec<_>>(), [40, 40, 13]);
}

#[test]
fn a_block_that_is_cut_short_is_noticed_and_ends_the_answer() {
    let Ok(Answer::Blocks(blocks)) = Answer::parse(&[0xA0, 2, 0, 7, 7, 3, 0, 1]) else { panic!("no blocks") };
    let blocks: Vec<_> = blocks.collect();
    assert_eq!(blocks, [Ok(&[7, 7][..]), Err(Short { needed: 3, left: 1 })]);
}

#[test]
fn a_chunk_has_some_bytes_and_not_too_many() {
    let refused = Err(MessageError::Value { kind: 0x31, field: "length of the chunk" });
    assert_eq!(Ask::parse(&[0x31, 0, 0, 0, 0]), refused);
    let long = [&[0x31, 0, 0, 0, 0][..], &[9; MAX_CHUNK + 1]].concat();
    assert_eq!(Ask::parse(&long), refused);
    assert_eq!(Ask::parse(&long[..long.len() - 1]), Ok(Ask::Chunk { offset: 0, bytes: &[9; MAX_CHUNK] }));
}

#[test]
fn what_is_none_of_ours_is_of_unknown_kind() {
    for kind in [0x00, 0x02, 0x10, 0x1F, 0x21, 0x7F, 0x8F] {
        assert_eq!(Ask::parse(&[kind; 200]), Err(MessageError::UnknownKind { kind }));
    }
    assert_eq!(Answer::parse(&[0x83]), Err(MessageError::UnknownKind { kind: 0x83 }));
    assert_eq!(Answer::parse(&[0xA1]), Err(MessageError::UnknownKind { kind: 0xA1 }));
    assert_eq!(Answer::parse(&[]), Err(MessageError::Empty));
    assert_eq!(
        Answer::parse(&[0xB0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Err(MessageError::Value { kind: 0xB0, field: "stage" })
    );
}

#[test]
fn questions_are_of_the_kinds_that_the_ceremony_hands_on() {
    let manifest = [0; manifest::LENGTH];
    for ask in [Ask::Log { from: SampleId::default() }, Ask::Offer { manifest: &manifest }, Ask::Progress, Ask::Health]
    {
        assert!(crate::message::SERVICES.contains(&bytes(&ask)[0]));
    }
}

prop_compose! {
    fn health()(
        boot: u32, uptime_s: u32, reset: u8, panics: u16, watchdogs: u16, battery_mv: u16, firmware: [u8; 4],
        security_counter: u32,
    ) -> Health {
        let reset = [
            ResetReason::PowerOn, ResetReason::Pin, ResetReason::Watchdog, ResetReason::Panic, ResetReason::Wanted,
            ResetReason::Lockup, ResetReason::Other(200),
        ][usize::from(reset) % 7];
        Health { boot, uptime_s, reset, panics, watchdogs, battery_mv, firmware: Version(firmware), security_counter }
    }
}

proptest! {
    #[test]
    fn questions_are_read_as_they_were_written(
        boot: u32, number: u32, offset: u32, chunk in prop::collection::vec(any::<u8>(), 1..=MAX_CHUNK), seed: u8,
    ) {
        let manifest = [seed; manifest::LENGTH];
        for ask in [
            Ask::Log { from: SampleId { boot, number } },
            Ask::Offer { manifest: &manifest },
            Ask::Chunk { offset, bytes: &chunk },
            Ask::Install,
            Ask::Abandon,
            Ask::Progress,
            Ask::Health,
        ] {
            let written = bytes(&ask);
            prop_assert_eq!(Ask::parse(&written), Ok(ask));
            prop_assert!(ask.write(&mut vec![0; written.len() - 1]).is_err());
        }
    }

    #[test]
    fn answers_are_read_as_they_were_written(
        stage in 0..5_usize, version: [u8; 4], received: u32, length: u32, health in health(),
        newer in prop::collection::vec(any::<u8>(), 0..9),
    ) {
        let stage = [Stage::None, Stage::Receiving, Stage::Installing, Stage::Trial, Stage::Reverted][stage];
        let progress = Progress { stage, version: Version(version), received, length };
        for answer in
            [Answer::Progress(progress), Answer::Health(health), Answer::Refused(Refusal::Offset { expected: received })]
        {
            let written = answer_bytes(&answer);
            prop_assert!(answer.write(&mut vec![0; written.len() - 1]).is_err());
            let longer = [written, newer.clone()].concat();
            prop_assert_eq!(Answer::parse(&longer), Ok(answer));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..1100), kind: prop::sample::Index) {
        let kinds = [0x20, 0x30, 0x31, 0xA0, 0xB0, 0xC0, 0x8F];
        for bytes in [bytes.clone(), [vec![kinds[kind.index(kinds.len())]], bytes].concat()] {
            let _ = Ask::parse(&bytes);
            if let Ok(Answer::Blocks(blocks)) = Answer::parse(&bytes) {
                prop_assert!(blocks.count() <= bytes.len());
            }
        }
    }
}
