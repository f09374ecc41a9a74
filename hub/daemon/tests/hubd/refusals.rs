use std::{
    fs,
    net::TcpListener,
    process::{Command, Output},
};

use redb::{Database, TableDefinition};

use crate::{Owner, capture, error};

fn check(output: &Output, code: i32, parts: &[&str]) {
    let message = error(output);
    assert_eq!(output.status.code(), Some(code), "{message}");
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

#[test]
fn a_configuration_that_is_wrong_is_refused_before_anything_is_opened() {
    let owner = Owner::new();
    owner.configure("[history]\ncommit_interval_s = 90\n");
    check(&owner.run("run", &[]), 78, &["hubd.toml", "history.commit_interval_s is \"90\"", "1 to 60"]);
    owner.configure("[hisory]\n");
    check(&owner.run("run", &[]), 78, &["hubd.toml", "unknown field `hisory`", "`history`"]);
    owner.configure("[radio]\nadapters = [\"bluetooth0\"]\n");
    check(&owner.run("check-config", &[]), 78, &["radio.adapters", "bluetooth0", "hci0"]);
    assert!(!owner.store().exists());
}

#[test]
fn a_configuration_that_is_missing_says_what_the_smallest_is() {
    let output = Command::new(env!("CARGO_BIN_EXE_hubd")).args(["run", "--config", "/nowhere/h.toml"]).output();
    check(&output.unwrap(), 78, &["/nowhere/h.toml", "[store]"]);
}

#[test]
fn a_good_configuration_is_said_to_be_good() {
    let output = Owner::new().run("check-config", &[]);
    assert!(output.status.success(), "{}", error(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("is good"));
}

#[test]
fn without_d_bus_it_says_what_to_start() {
    let owner = Owner::new();
    owner.configure("[radio]\nenabled = true\n");
    let output = owner.command("run").env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus").output().unwrap();
    check(&output, 69, &["bluetoothd does not answer", "systemctl start bluetooth"]);
}

#[test]
fn a_port_in_use_is_named() {
    let owner = Owner::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = fs::read_to_string(owner.config()).unwrap().replace("127.0.0.1:0", &address);
    fs::write(owner.config(), text).unwrap();
    check(&owner.run("run", &[]), 75, &[&address, "in use"]);
}

#[test]
fn a_store_in_use_is_refused() {
    let owner = Owner::new();
    let (running, _) = owner.start();
    check(&owner.run("run", &[]), 75, &["in use", "stop the other"]);
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_store_that_is_no_folder_is_refused() {
    let owner = Owner::new();
    fs::write(owner.store(), "a file").unwrap();
    check(&owner.run("run", &[]), 73, &["store", "folder"]);
}

#[test]
fn a_store_from_a_newer_version_is_left_as_it_is() {
    let owner = Owner::new();
    owner.replay(&owner.file("capture.jsonl", &capture(10)));
    let registry = owner.store().join("registry.redb");
    let database = Database::open(&registry).unwrap();
    let transaction = database.begin_write().unwrap();
    let numbers: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
    transaction.open_table(numbers).unwrap().insert("format", 99).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let before = fs::read(&registry).unwrap();
    check(&owner.run("run", &[]), 65, &["format 99", "newer"]);
    assert!(fs::read(&registry).unwrap() == before, "the store was changed");
}

#[test]
fn a_full_disk_is_said_so() {
    let owner = Owner::new();
    // A file system of one megabyte, in a name space of its own, so that no rights are needed on most machines.
    let script = "mount -t tmpfs -o size=1m tmpfs \"$1\" && exec \"$2\" run --config \"$3\"";
    fs::create_dir(owner.store()).unwrap();
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", script, "sh"])
        .args([owner.store().as_os_str(), env!("CARGO_BIN_EXE_hubd").as_ref(), owner.config().as_os_str()])
        .output();
    let Ok(output) = output else {
        eprintln!("skipped: there is no unshare on this machine");
        return;
    };
    if error(&output).contains("unshare:") || error(&output).contains("mount:") {
        eprintln!("skipped: this machine allows no file system of its own: {}", error(&output));
        return;
    }
    check(&output, 73, &["full"]);
}
