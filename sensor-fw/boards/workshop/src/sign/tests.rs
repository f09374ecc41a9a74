use embassy_futures::block_on;
use embedded_storage_async::nor_flash::NorFlash;
use fw_logic::{
    image::{ImageError, Slot},
    nor::{NorError, NorSim},
};

use super::*;

const BOARD: Board = Board::Nrf52832Module;

/// An image that begins as a program of the board, with this many bytes.
fn program(length: usize) -> Vec<u8> {
    let map = BOARD.map();
    let mut bytes: Vec<u8> = (0..length).map(|at| (at as u8).wrapping_mul(7) ^ (at >> 8) as u8).collect();
    bytes[..4].copy_from_slice(&map.stack.end().to_le_bytes());
    bytes[4..8].copy_from_slice(&(map.active.start + 0x101).to_le_bytes());
    bytes
}

/// An ELF file with these segments: physical address and bytes.
fn elf(segments: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; 52];
    bytes[..6].copy_from_slice(b"\x7FELF\x01\x01");
    bytes[28] = 52;
    bytes[42] = 32;
    bytes[44] = segments.len() as u8;
    let mut offset = 52 + 32 * segments.len() as u32;
    for (address, segment) in segments {
        let length = segment.len() as u32;
        for word in [1, offset, 0x2000_8000, *address, length, length + 8, 0, 0] {
            bytes.extend(word.to_le_bytes());
        }
        offset += length;
    }
    segments.iter().for_each(|(_, segment)| bytes.extend(*segment));
    bytes
}

/// What a sensor of the board says of an update, when it has put image and manifest where they belong.
fn verify(update: &[u8], key: &Key) -> Result<Manifest, ImageError<NorError>> {
    let active = BOARD.map().active;
    let slot = Slot { start: 0, length: active.length };
    let mut nor = NorSim::<{ PAGE as usize }>::new((active.length / PAGE) as usize);
    let (manifest, image) = update.split_at(manifest::LENGTH);
    block_on(async {
        for (at, bytes) in [(0, image), (slot.room(PAGE), manifest)] {
            let mut bytes = bytes.to_vec();
            bytes.resize(bytes.len().next_multiple_of(16), 0xFF);
            nor.write(at, &bytes).await.unwrap();
        }
        let other = Key::generate(99).trusted();
        let hardware = Hardware::new(BOARD.revision()).unwrap();
        let target = Target { product: Product(1), hardware, security_counter: 3, room: 0 };
        slot.verify(&mut nor, &[other, key.trusted()], &target).await
    })
}

fn arguments(words: &[&str]) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(words)
}

#[test]
fn a_key_is_made_an_image_signed_and_the_sensor_takes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, image, out) = (path("release.key"), path("program.elf"), path("kitchen.update"));
    let make = arguments(&["--key", &key, "--new-key", "7"]).unwrap();
    run(&make).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&key).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(run(&make).unwrap_err().to_string().contains("release.key"), "a key is not written over");

    // Code, and behind it with a gap what memory begins with.
    let (mut code, data) = (program(1000), [0x55; 24]);
    code[500..][..Mark::LENGTH].copy_from_slice(&Mark::new(BOARD, [1, 2, 3, 4], 3).to_bytes());
    let start = BOARD.map().active.start;
    fs::write(&image, elf(&[(start, &code), (start + 1008, &data)])).unwrap();
    let sign_as = |board: &str, version: &str, counter: &str| {
        let words = ["--board", board, "--key", &key, "--image", &image, "--version", version];
        run(&arguments(&[&words[..], &["--security-counter", counter, "--out", &out]].concat()).unwrap())
    };
    // Of what it is the program itself has a word to say.
    for (board, version, counter) in
        [("nrf52840-dk", "1.2.3.4", "3"), ("nrf52832-module", "1.2.3.5", "3"), ("nrf52832-module", "1.2.3.4", "4")]
    {
        let error = sign_as(board, version, counter).unwrap_err().to_string();
        assert!(error.contains("says Mark { revision: 2, version: [1, 2, 3, 4], security_counter: 3 }"), "{error}");
    }
    let sign = || sign_as("nrf52832-module", "1.2.3.4", "3");
    sign().unwrap();
    assert!(sign().unwrap_err().to_string().contains("kitchen.update"), "an update is not written over");

    let (update, key) = (fs::read(&out).unwrap(), Key::parse(&fs::read(&key).unwrap()).unwrap());
    assert_eq!(update[manifest::LENGTH..], [&code[..], &[0xFF; 8], &data].concat());
    let manifest = verify(&update, &key).unwrap();
    assert_eq!((manifest.version, manifest.security_counter, manifest.key.0), (Version([1, 2, 3, 4]), 3, 7));
    assert_eq!((manifest.length, manifest.hardware_mask), (1032, 1 << BOARD.revision()));
}

#[test]
fn a_bit_that_is_flipped_in_any_byte_is_refused() {
    let key = Key::generate(1);
    let update = sign(&key, &program(300), BOARD, Product(1), Version([1, 0, 0, 0]), 3).unwrap();
    assert!(verify(&update, &key).is_ok());
    for at in 0..update.len() {
        let mut flipped = update.clone();
        flipped[at] ^= 1 << (at % 8);
        assert!(verify(&flipped, &key).is_err(), "byte {at}");
    }
    assert!(verify(&update, &Key::generate(1)).is_err(), "another key of that number");
}

#[test]
fn what_is_no_program_of_the_board_is_not_signed() {
    let (map, start) = (BOARD.map(), BOARD.map().active.start);
    let check = |file: &[u8], problem: &str| {
        let error = image::of_file(file, &map).unwrap_err();
        assert!(error.contains(problem), "{error}");
    };
    assert_eq!(image::of_file(&program(500), &map).unwrap(), program(500));
    check(&[], "cut short");
    check(&program((map.active.length - PAGE) as usize + 1), "fit");
    check(&[0xFF; 64], "linked for somewhere else");
    check(&elf(&[(start, &program(200)), (0x1000_1000, &[1; 4])]), "0x10001000");
    check(&elf(&[(0, &program(200))]), "0x00000000");
    check(&elf(&[(start, &program(200))])[..100], "cut short");
    check(b"\x7FELF\x02\x01", "32 bits");
    // One that was linked for a board whose slot begins elsewhere.
    let mut other = program(200);
    other[4..8].copy_from_slice(&(start + 0x4000 + 1).to_le_bytes());
    check(&other, "linked for somewhere else");
}

#[test]
fn a_key_is_read_as_it_was_written_and_its_secret_is_in_no_error() {
    let key = Key::generate(200);
    let again = Key::parse(key.to_file().as_bytes()).unwrap();
    assert_eq!(again.trusted(), key.trusted());
    assert!(key.public_lines().starts_with("[[key]]\nid = 200\npublic_key = \""));
    for broken in [
        "",
        "id = 1",
        "id = 1\nprivate_key = \"5ec2e7\"",
        "id = 1\nprivate_key = 5ec2e7",
        "id = 300\nprivate_key = \"5ec2e7\"",
    ] {
        let error = Key::parse(broken.as_bytes()).err().unwrap().to_string();
        assert!(!error.contains("5ec2e7"), "{error}");
    }
}

#[test]
fn what_is_missing_is_said() {
    assert!(arguments(&["--key", "k"]).unwrap_err().to_string().contains("--image"));
    let some = arguments(&["--key", "k", "--image", "i"]).unwrap_err().to_string();
    assert!(some.contains("--board") && some.contains("--security-counter") && some.contains("--out"), "{some}");
    for wrong in ["1.2.3", "1.2.3.256", "1.2.3.4.5", "a.b.c.d", ""] {
        assert!(version(wrong).is_err(), "{wrong}");
    }
}
