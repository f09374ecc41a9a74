//! Mutated vectors, seeded: what every reader of `wire` must hold for bytes that nobody wrote down.
//!
//! Each target takes golden vectors, or what was written here, changes, splices and cuts them, and checks what holds for
//! any bytes: no panic, and what was read is written as it was read. 200 000 cases each by default; `INGLE_FUZZ_CASES` and
//! `INGLE_FUZZ_SEED` set another number and seed. A red case prints its bytes.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod mutant;

use mutant::mutant;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use wire::{
    bthome::{v1, v2},
    log::{Block, Column, MAX_COLUMNS, Sample, SampleId, Writer},
    manifest::{KeyId, Manifest, Target, TrustedKey},
    message::{ToHub, ToSensor},
    pairing_advert::PairingAdvert,
    pipe::{PieceSize, Reassembler, Splitter},
    service::{Answer, Ask},
    settings::Settings,
    setup_code::{Product, SetupCode},
};

/// No reader takes more bytes at once.
const MOST: usize = 1200;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// What stands under a key in every vector of a file.
fn texts(file: &str, key: &str) -> Vec<String> {
    let file: toml::Table = file.parse().unwrap();
    let rows = file.get("vector").and_then(toml::Value::as_array).unwrap();
    rows.iter().filter_map(|row| Some(row.get(key)?.as_str()?.to_owned())).collect()
}

fn corpus(file: &str, key: &str) -> Vec<Vec<u8>> {
    texts(file, key).iter().map(|digits| hex::decode(digits).unwrap()).collect()
}

/// Judges mutants, and demands that some of them are understood and some are not.
fn run(corpus: &[Vec<u8>], mut is_understood: impl FnMut(&[u8], &mut ChaCha8Rng) -> bool) {
    assert!(!corpus.is_empty());
    let (cases, mut understood) = (number("INGLE_FUZZ_CASES", 200_000), 0);
    let mut luck = ChaCha8Rng::seed_from_u64(number("INGLE_FUZZ_SEED", 1));
    for _ in 0..cases {
        let bytes = mutant(corpus, MOST, &mut luck);
        understood += u64::from(is_understood(&bytes, &mut luck));
    }
    assert!(understood > cases / 50 && understood < cases, "{understood} of {cases}");
}

#[test]
fn any_frame_of_version_2() {
    run(&corpus(include_str!("../../vectors/bthome_v2.toml"), "service_data"), |bytes, _| {
        let Ok(frame) = v2::Frame::parse(bytes) else { return false };
        frame.items().is_some_and(|items| items.count() > 0)
    });
}

#[test]
fn any_frame_of_version_1() {
    run(&corpus(include_str!("../../vectors/bthome_v1.toml"), "service_data"), |bytes, _| {
        v1::Items::new(bytes).count() > 0
    });
}

#[test]
fn any_question() {
    run(&corpus(include_str!("../../vectors/message.toml"), "bytes"), |bytes, _| {
        let Ok(question) = ToSensor::parse(bytes) else { return false };
        let mut buffer = [0; 1200];
        let length = question.write(&mut buffer).unwrap();
        assert_eq!(ToSensor::parse(&buffer[..length]), Ok(question), "{bytes:02x?}");
        true
    });
}

#[test]
fn any_answer() {
    run(&corpus(include_str!("../../vectors/message.toml"), "bytes"), |bytes, _| {
        let Ok(answer) = ToHub::parse(bytes) else { return false };
        let mut buffer = [0; 1200];
        let length = answer.write(&mut buffer).unwrap();
        assert_eq!(ToHub::parse(&buffer[..length]), Ok(answer), "{bytes:02x?}");
        true
    });
}

#[test]
fn any_question_about_log_health_and_updates_and_any_answer() {
    run(&corpus(include_str!("../../vectors/service.toml"), "bytes"), |bytes, _| {
        let (ask, answer) = (Ask::parse(bytes), Answer::parse(bytes));
        let mut buffer = [0; 1300];
        if let Ok(ask) = ask {
            let length = ask.write(&mut buffer).unwrap();
            assert_eq!(Ask::parse(&buffer[..length]), Ok(ask), "{bytes:02x?}");
        }
        if let Ok(Answer::Blocks(blocks)) = answer {
            let read: usize = blocks.map_while(Result::ok).map(<[u8]>::len).sum();
            assert!(read <= bytes.len(), "{bytes:02x?}");
        }
        ask.is_ok() || answer.is_ok()
    });
}

#[test]
fn any_settings() {
    let mut buffer = [0; Settings::MAX_LENGTH];
    let length = Settings::DEFAULT.write(&mut buffer).unwrap();
    let questions = corpus(include_str!("../../vectors/message.toml"), "bytes");
    let set = questions.iter().filter(|bytes| bytes[0] == 0x10).map(|bytes| bytes[1..].to_vec());
    let corpus: Vec<_> = set.chain([buffer[..length].to_vec()]).collect();
    run(&corpus, |bytes, _| {
        let Ok(settings) = Settings::parse(bytes) else { return false };
        assert_eq!(settings.check(|_| true), Ok(()), "{bytes:02x?}");
        let mut buffer = [0; Settings::MAX_LENGTH];
        let length = settings.write(&mut buffer).unwrap();
        assert_eq!(buffer[..length], bytes[..length], "{bytes:02x?}");
        true
    });
}

#[test]
fn any_setup_code() {
    let texts: Vec<_> =
        texts(include_str!("../../vectors/setup_code.toml"), "text").into_iter().map(String::into_bytes).collect();
    run(&texts, |bytes, _| {
        let text = String::from_utf8_lossy(bytes);
        let Ok(code) = SetupCode::parse(&text) else { return false };
        assert_eq!(code.label().to_string(), text.trim());
        true
    });
}

#[test]
fn any_pairing_advert() {
    run(&corpus(include_str!("../../vectors/pairing_advert.toml"), "service_data"), |bytes, _| {
        let Ok(advert) = PairingAdvert::parse(bytes) else { return false };
        assert_eq!(advert.service_data(), bytes[..10], "{bytes:02x?}");
        true
    });
}

#[test]
fn any_manifest() {
    let file = include_str!("../../vectors/manifest.toml");
    let key = |name| hex::decode(&texts(file, name)[0]).unwrap().try_into().unwrap();
    let trusted =
        [("active_key", 1), ("recovery_key", 2)].map(|(name, id)| TrustedKey { id: KeyId(id), public_key: key(name) });
    let hardware = wire::firmware::Hardware::new(3).unwrap();
    let target = Target { product: Product(258), hardware, security_counter: 5, room: 200_000 };
    let good = corpus(file, "manifest");
    let (mut accepted, cases) = (0, number("INGLE_FUZZ_CASES", 200_000) / 20);
    // A signature takes longer than all else together: a twentieth of the cases.
    let mut luck = ChaCha8Rng::seed_from_u64(number("INGLE_FUZZ_SEED", 1));
    for _ in 0..cases {
        let bytes = mutant(&good, MOST, &mut luck);
        if Manifest::accept(&bytes, &trusted, &target).is_ok() {
            // Nothing but what was signed is ever taken.
            assert!(good.contains(&bytes), "{bytes:02x?}");
            accepted += 1;
        }
    }
    assert!(accepted > 0 && accepted < cases);
}

#[test]
fn any_block_of_a_log() {
    let mut luck = ChaCha8Rng::seed_from_u64(7);
    let corpus: Vec<Vec<u8>> = (0..40)
        .map(|nth| {
            let columns: Vec<Column> = (0..=nth % 8).map(|code| Column { code, instance: 1, exponent: 2 }).collect();
            let mut writer = Writer::new(&columns);
            for number in 0..=u32::from(nth) {
                let values =
                    [(); MAX_COLUMNS].map(|()| luck.random_bool(0.8).then(|| luck.random::<i32>() >> (nth % 32)));
                let sample = Sample { id: SampleId { boot: 9, number }, uptime_s: number * 60, values };
                if writer.push(&sample).is_err() {
                    break;
                }
            }
            writer.bytes().to_vec()
        })
        .collect();
    run(&corpus, |bytes, _| {
        let Ok(block) = Block::parse(bytes) else { return false };
        assert!(block.columns().count() <= MAX_COLUMNS, "{bytes:02x?}");
        let samples: Vec<_> = block.samples().collect();
        assert!(samples.len() <= usize::from(block.samples), "{bytes:02x?}");
        samples.iter().all(Result::is_ok)
    });
}

#[test]
fn any_pieces() {
    let mut luck = ChaCha8Rng::seed_from_u64(3);
    let mut pieces = Vec::new();
    for length in [1, 19, 20, 300, 1024] {
        let mut splitter = Splitter::new();
        splitter.load(&vec![luck.random(); length]).unwrap();
        pieces.extend(core::iter::from_fn(|| splitter.next(PieceSize::SMALLEST)).map(|piece| piece.bytes().to_vec()));
    }
    let mut reassembler = Reassembler::new();
    run(&pieces, |bytes, luck| {
        if luck.random_ratio(1, 50) {
            reassembler = Reassembler::new();
        }
        reassembler.push(bytes).is_ok_and(|message| message.is_none_or(|message| !message.is_empty()))
    });
}
