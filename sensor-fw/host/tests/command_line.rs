//! What people mistype, and what they are told.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    path::Path,
    process::{Command, Output},
};

fn sensor_sim(folder: &Path, arguments: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sensor-sim"));
    command.current_dir(folder).args(arguments.split_whitespace()).output().unwrap()
}

#[test]
fn an_identity_is_made_once_and_its_label_printed() {
    let folder = tempfile::tempdir().unwrap();
    let made = sensor_sim(folder.path(), "identity kitchen.toml --product 258 --hardware 3");
    let label = String::from_utf8(made.stdout).unwrap();
    let code = wire::setup_code::SetupCode::parse(&label).unwrap();
    assert_eq!((made.status.code(), code.product.0), (Some(0), 258));
    let again = sensor_sim(folder.path(), "identity kitchen.toml");
    let error = String::from_utf8(again.stderr).unwrap();
    assert_eq!((again.status.code(), again.stdout.len()), (Some(1), 0));
    assert!(error.starts_with("sensor-sim: failed to make the identity file \"kitchen.toml\": "), "{error}");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    sensor_sim(folder.path(), "identity kitchen.toml");
    std::fs::write(folder.path().join("values.csv"), "temperature\nwarm\n").unwrap();
    let run = "run --hci unix:radio --flash kitchen.flash";
    for (arguments, told) in [
        (
            "run --hci usb:0 --identity kitchen.toml --flash f",
            "a controller is tcp:HOST:PORT or unix:PATH, not \"usb:0\"",
        ),
        (
            &format!("{run} --identity cellar.toml"),
            "read the identity file \"cellar.toml\" (`sensor-sim identity` makes one)",
        ),
        (
            &format!("{run} --identity kitchen.toml --values values.csv"),
            "understand \"values.csv\", line 2: temperature of",
        ),
        (&format!("{run} --identity kitchen.toml --trust 00ff"), "an Ed25519 public key has 64 hexadecimal digits"),
        (&format!("{run} --identity kitchen.toml --hci unix:radio"), "run 2 sensors with 1 identities and 1 flashes"),
    ] {
        let output = sensor_sim(folder.path(), arguments);
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(told), "{arguments}: {error}");
        assert!(!folder.path().join("kitchen.flash").exists(), "{arguments}");
    }
    let output = sensor_sim(folder.path(), &format!("{run} --identity kitchen.toml"));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("failed to reach the radio controller at unix:radio: No such file"), "{error}");
}
