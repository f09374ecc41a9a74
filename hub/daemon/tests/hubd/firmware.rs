//! The releases that the hub has for its sensors.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use ed25519_dalek::SigningKey;
use serde_json::Value;
use sha2::{Digest as _, Sha512};
use wire::{
    firmware::Version,
    manifest::{KeyId, Manifest},
    setup_code::Product,
};

use crate::{Owner, error, refusals::check};

/// An update as its maker gives it out.
#[derive(Clone, Copy)]
struct Update {
    version: [u8; 4],
    security_counter: u32,
    key: u8,
    bytes: usize,
}

const FIRST: Update = Update { version: [1, 0, 0, 0], security_counter: 1, key: 1, bytes: 5000 };
const SECOND: Update = Update { version: [1, 1, 0, 0], security_counter: 2, ..FIRST };

impl Update {
    fn file(self) -> Vec<u8> {
        let image: Vec<u8> = (0..self.bytes).map(|at| (at % 251) as u8).collect();
        let manifest = Manifest {
            product: Product(1),
            hardware_mask: 0b101,
            version: Version(self.version),
            security_counter: self.security_counter,
            length: u32::try_from(image.len()).unwrap(),
            digest: Sha512::digest(&image).into(),
            key: KeyId(self.key),
        };
        [&manifest.sign(&signer(self.key))[..], &image].concat()
    }
}

fn signer(key: u8) -> SigningKey {
    SigningKey::from_bytes(&[key; 32])
}

/// An owner with a store, who trusts keys 1 and 2.
fn owner() -> Owner {
    let owner = Owner::new();
    let hex = |key| signer(key).verifying_key().to_bytes().map(|byte| format!("{byte:02x}")).concat();
    let keys = [1, 2].map(|key| format!("[[updates.trusted_keys]]\nid = {key}\npublic_key = \"{}\"\n", hex(key)));
    owner.configure(&keys.concat());
    fs::create_dir(owner.store()).unwrap();
    owner
}

impl Owner {
    fn firmware(&self, task: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
        command.args(["firmware", task, "--config"]).arg(self.config()).args(arguments).output().unwrap()
    }

    fn add(&self, update: Update) -> Output {
        self.add_bytes(&update.file())
    }

    fn add_bytes(&self, bytes: &[u8]) -> Output {
        let file = self.folder.path().join("kitchen.update");
        fs::write(&file, bytes).unwrap();
        self.firmware("add", &[file.to_str().unwrap()])
    }

    /// The ids of the releases, as a list for programs has them.
    fn releases(&self) -> Vec<String> {
        let output = self.firmware("list", &["--json"]);
        assert!(output.status.success(), "{}", error(&output));
        let told: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(told["damaged"], serde_json::json!([]));
        let ids = told["releases"].as_array().unwrap().iter();
        ids.map(|release| release["id"].as_str().unwrap().to_owned()).collect()
    }

    fn release_file(&self, id: &str) -> PathBuf {
        self.store().join(format!("firmware/{id}.update"))
    }
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", error(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_release_is_added_listed_and_removed() {
    let owner = owner();
    assert!(text(&owner.firmware("list", &[])).starts_with("0 sound releases in "));
    let told = text(&owner.add(FIRST));
    assert!(told.starts_with("added release ") && told.contains("version 1.0.0.0 for product 1 with hardware 0, 2"));
    assert!(text(&owner.add(FIRST)).starts_with("there already: release "));
    text(&owner.add(SECOND));

    let ids = owner.releases();
    let listed = text(&owner.firmware("list", &[]));
    let lines: Vec<&str> = listed.lines().collect();
    assert!(lines[0].starts_with(&ids[0]) && lines[0].contains("version 1.1.0.0"), "the newest first: {listed}");
    assert!(lines[1].contains("version 1.0.0.0") && lines[1].contains("5000 bytes, security counter 1"), "{listed}");
    assert!(lines[2].starts_with("2 sound releases in ") && lines[2].ends_with("store/firmware"), "{listed}");
    assert_eq!(fs::read(owner.release_file(&ids[0])).unwrap(), SECOND.file());

    assert_eq!(text(&owner.firmware("remove", &[&ids[0]])), format!("removed release {}\n", ids[0]));
    assert_eq!(owner.releases(), ids[1..]);
    check(&owner.firmware("remove", &[&ids[0]]), 65, &["store/firmware", "there is no release", &ids[0]]);
    check(&owner.firmware("remove", &["1.0.0.0"]), 2, &["16 hex digits"]);
}

#[test]
fn what_no_trusted_key_signed_is_refused_and_nothing_is_written() {
    let owner = owner();
    check(&owner.add_bytes(b"an image"), 65, &["kitchen.update", "8 bytes are too few", "151"]);
    check(&owner.add_bytes(&[7; 9000]), 65, &["kitchen.update", "not a manifest"]);
    check(&owner.add(Update { key: 3, ..FIRST }), 65, &["signed by key 3, which is not trusted"]);
    let mut forged = Update { key: 3, ..FIRST }.file();
    forged[86] = 1;
    check(&owner.add_bytes(&forged), 65, &["signature is not that of key 1"]);
    let mut changed = FIRST.file();
    changed[3000] ^= 1;
    check(&owner.add_bytes(&changed), 65, &["the image is not the one that was signed"]);
    changed.truncate(4000);
    check(&owner.add_bytes(&changed), 65, &["the image has 3849 bytes, and 5000 were signed"]);
    check(&owner.firmware("add", &["/nowhere/kitchen.update"]), 66, &["/nowhere/kitchen.update"]);
    assert!(!owner.store().join("firmware").exists());

    owner.configure("");
    check(&owner.add(FIRST), 78, &["no key is trusted", "updates.trusted_keys"]);
    owner.configure("[[updates.trusted_keys]]\nid = 1\npublic_key = \"abc\"\n");
    check(&owner.add(FIRST), 78, &["hubd.toml", "public_key is \"abc\"", "64 hexadecimal digits"]);
}

#[test]
fn a_version_is_one_program_and_what_must_not_run_again_is_refused() {
    let owner = owner();
    text(&owner.add(SECOND));
    let [id] = &owner.releases()[..] else { panic!() };
    check(&owner.add(Update { bytes: 4000, ..SECOND }), 65, &["is version 1.1.0.0 already", id, "raise the version"]);
    check(&owner.add(FIRST), 65, &["security counter 1 is lower than the 2", id, "1.1.0.0"]);
    assert_eq!(owner.releases(), [id.as_str()]);
}

#[test]
fn a_release_that_rotted_is_told_and_healed_by_the_same_file() {
    let owner = owner();
    text(&owner.add(FIRST));
    let [id] = &owner.releases()[..] else { panic!() };
    let mut rotten = FIRST.file();
    rotten[4000] ^= 4;
    fs::write(owner.release_file(id), rotten).unwrap();
    let output = owner.firmware("list", &[]);
    assert_eq!(output.status.code(), Some(65));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains(id) && told.contains("DAMAGED: the image is not the one that was signed"), "{told}");
    assert!(text(&owner.add(FIRST)).starts_with("added release "));
    assert_eq!(owner.releases(), [id.as_str()]);
}

#[test]
fn a_hub_that_runs_is_not_disturbed() {
    let owner = owner();
    let (running, _) = owner.start();
    text(&owner.add(FIRST));
    let [id] = &owner.releases()[..] else { panic!() };
    text(&owner.firmware("remove", &[id]));
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let owner = Owner::new();
    for (task, argument) in [("add", "/nowhere/kitchen.update"), ("remove", "0123456789abcdef")] {
        check(&owner.firmware(task, &[argument]), 66, &["there is no store", "store.path"]);
    }
    check(&owner.firmware("list", &[]), 66, &["there is no store", "store.path"]);
    assert!(!owner.store().exists());
}
