use std::{
    fs,
    net::TcpListener,
    process::{Command, Output},
};

use redb::{Database, ReadableDatabase, TableDefinition};

use crate::{Owner, capture, error};

pub(crate) fn check(output: &Output, code: i32, parts: &[&str]) {
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
    check(&owner.run("run", &[]), 75, &[&address, "another program uses port"]);
}

/// Its stations run by then: they all end with it, or it would never come back.
#[test]
fn the_receivers_port_in_use_is_named() {
    let owner = Owner::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    owner.configure(&format!("[receivers]\nlisten = \"{address}\"\n"));
    check(&owner.run("run", &[]), 75, &[&address, "receivers.listen", "free port", "in use"]);
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
    check(&owner.run("run", &[]), 65, &["format 99", "newer"]);
    let database = Database::open(&registry).unwrap();
    let found = database.begin_read().unwrap().open_table(numbers).unwrap().get("format").unwrap().unwrap().value();
    assert_eq!(found, 99, "the store was changed");
}

/// Runs the hub on a file system of its own, in a name space of its own, so that no rights are needed on most machines.
fn run_on_a_disk_of(size: &str, owner: &Owner) -> Option<Output> {
    let script =
        format!("mount -t tmpfs -o size={size} tmpfs \"$1\" && exec timeout -s TERM 8 \"$2\" run --config \"$3\"");
    fs::create_dir(owner.store()).unwrap();
    let output = Command::new("unshare")
        .args(["-Urm", "sh", "-c", &script, "sh"])
        .args([owner.store().as_os_str(), env!("CARGO_BIN_EXE_hubd").as_ref(), owner.config().as_os_str()])
        .output();
    let refused = match output {
        Ok(output) if error(&output).contains("unshare:") || error(&output).contains("mount:") => error(&output),
        Ok(output) => return Some(output),
        Err(error) => error.to_string(),
    };
    eprintln!("skipped: this machine allows no file system of its own: {refused}");
    None
}

#[test]
fn a_disk_that_is_full_at_start_is_said_so() {
    let Some(output) = run_on_a_disk_of("64k", &Owner::new()) else { return };
    check(&output, 73, &["full"]);
}
