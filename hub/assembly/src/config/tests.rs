use std::path::Path;

use hub_model::Retention;

use super::{ClockTrust, Config, LogLevel};

fn parse(text: &str) -> Result<Config, String> {
    Config::parse(text, Path::new("/etc/ingle/hubd.toml")).map_err(|error| error.to_string())
}

#[test]
fn the_smallest_file_has_a_store_and_the_defaults() {
    let config = parse("[store]\npath = \"/var/lib/ingle\"\n").unwrap();
    assert_eq!(config.server.listen().to_string(), "127.0.0.1:8080");
    assert_eq!(config.history.retention(), Retention::default());
    assert_eq!(config.history.commit_interval().as_secs(), 5);
    assert_eq!(config.history.budget(), None);
    assert_eq!(config.zone, hub_model::Zone::of_machine());
    let berlin = parse("[store]\npath = \"/s\"\n[home]\ntime_zone = \"Europe/Berlin\"\n").unwrap();
    assert_eq!(berlin.zone.name(), "Europe/Berlin");
    assert_eq!((config.log, config.clock_trust), (LogLevel::Info, ClockTrust::Auto));
    assert_eq!(config, Config::with_store(Path::new("/var/lib/ingle")).unwrap());
}

#[test]
fn the_history_has_a_budget_in_mebibytes_and_times_to_the_millisecond_where_the_owner_wants_them() {
    let exact = |path: &str| {
        let keys = "max_mb = 128\ntime_resolution_ms = 1\n";
        parse(&format!("[store]\npath = {path:?}\n[history]\n{keys}")).unwrap().history
    };
    assert_eq!(exact("/s").budget(), Some(128 * 1024 * 1024));
    let plain = hub_history::Config::new("/s/history").with_budget(Some(128 << 20)).unwrap();
    assert_ne!(exact("/s"), plain);
    assert_eq!(exact("/s"), plain.with_time_resolution(std::time::Duration::from_millis(1)).unwrap());
}

#[test]
fn updates_are_kept_in_the_store_and_signed_by_keys_that_the_owner_trusts() {
    let key = "8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c";
    let text = "[store]\npath = \"/s\"\n[updates]\nquiet_hours = \"22:00-07:00\"\ncanaries = 5\n";
    let updates = |more: &str| parse(&format!("{text}{more}")).unwrap().updates;
    assert_eq!(updates("").folder(), Path::new("/s/firmware"));
    assert!(updates("").trusted().is_empty());
    let keys = updates(&format!("trusted_keys = [{{ id = 1, public_key = \"{key}\" }}]\n"));
    assert_eq!(keys.trusted()[0].public_key[..4], [0x8A, 0x88, 0xE3, 0xDD]);
    let policy = hub_ota::Policy::default().with_rings(5, &[10, 50]).unwrap();
    assert_eq!(*keys.policy(), policy.with_quiet_hours(Some("22:00-07:00".parse().unwrap())));
    let defaults = parse("[store]\npath = \"/s\"\n").unwrap().updates;
    assert_eq!(defaults, hub_ota::Config::new("/s/firmware"));
}

#[test]
fn what_is_wrong_is_named_with_file_key_value_and_what_would_be_right() {
    let store = "[store]\npath = \"/s\"\n";
    for (text, expected) in [
        ("", vec!["missing field `store`"]),
        ("[store]\npath = \"\"\n", vec!["store.path is \"\"", "expected a folder"]),
        (&format!("{store}[server]\nlisten = \"8080\"\n"), vec!["server.listen is \"8080\"", "127.0.0.1:8080"]),
        (&format!("{store}[server]\nport = 1\n"), vec!["unknown field `port`", "line 4", "`listen`"]),
        (&format!("{store}[radio]\nask_every_s = 9\n"), vec!["radio.ask_every_s is \"9\"", "0 for never"]),
        (&format!("{store}[sever]\n"), vec!["unknown field `sever`", "`server`"]),
        (
            &format!("{store}[history]\ncommit_interval_s = 61\n"),
            vec!["history.commit_interval_s is \"61\"", "1 to 60"],
        ),
        (&format!("{store}[history]\nraw_days = 40000\n"), vec!["history.raw_days is \"40000\"", "1 to 36500"]),
        (
            &format!("{store}[history]\nrollup_days = 30\n"),
            vec!["history.rollup_days is \"30\"", "at least history.raw_days"],
        ),
        (&format!("{store}[history]\nmax_mb = 127\n"), vec!["history.max_mb is \"127\"", "at least 128 MiB, or 0"]),
        (
            &format!("{store}[history]\ntime_resolution_ms = 0\n"),
            vec!["history.time_resolution_ms is \"0\"", "1, 10, 100 or 1000"],
        ),
        (&format!("{store}[history]\ncommit_interval_s = \"5\"\n"), vec!["invalid type", "line 4"]),
        (&format!("{store}[updates]\ncanaries = 0\n"), vec!["updates.canaries is \"0\"", "1 to 100 sensors"]),
        (
            &format!("{store}[updates]\nrings_percent = [50, 10]\n"),
            vec!["updates.rings_percent is \"[50, 10]\"", "each greater than the one before"],
        ),
        (&format!("{store}[receivers]\nlisten = \"4910\"\n"), vec!["receivers.listen is \"4910\"", "0.0.0.0:4910"]),
        (
            &format!("{store}[updates]\nquiet_hours = \"at night\"\n"),
            vec!["updates.quiet_hours is \"at night\"", "22:00-07:00"],
        ),
        (
            &format!("{store}[[updates.trusted_keys]]\nid = 1\npublic_key = \"beef\"\n"),
            vec!["updates.trusted_keys.public_key is \"beef\"", "64 hexadecimal digits"],
        ),
        (&format!("{store}[[updates.trusted_keys]]\nid = 1\n"), vec!["missing field `public_key`", "line 3"]),
        (&format!("{store}[log]\nlevel = \"loud\"\n"), vec!["unknown variant `loud`", "`debug`"]),
        (&format!("{store}[home]\nname = \" \"\n"), vec!["home.name is \" \"", "1 to 64 characters"]),
        (
            &format!("{store}[home]\ntime_zone = \"Berlin\"\n"),
            vec!["home.time_zone is \"Berlin\"", "IANA name", "Europe/Berlin"],
        ),
        (&format!("{store}[server]\nallowed_origins = [\"app\"]\n"), vec!["server.allowed_origins is \"app\""]),
        (&format!("{store}[server]\nallowed_hosts = [\"a b\"]\n"), vec!["server.allowed_hosts is \"a b\""]),
    ] {
        let message = parse(text).unwrap_err();
        for part in expected.into_iter().chain(["/etc/ingle/hubd.toml"]) {
            assert!(message.contains(part), "{part:?} is not in {message:?}");
        }
    }
}

#[test]
fn a_file_that_is_missing_says_what_the_smallest_one_is() {
    let message = Config::load(Path::new("/nowhere/hubd.toml")).unwrap_err().to_string();
    assert!(message.contains("/nowhere/hubd.toml") && message.contains("[store]"), "{message}");
}
