//! The tools for a store that nobody has open.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

use crate::{Owner, capture, error, refusals};

const DEVICE: &str = "a4c138001122";

/// An owner whose store has readings of one device: a temperature every ten seconds.
fn owner(readings: u32) -> Owner {
    let owner = Owner::new();
    owner.replay(&owner.file("capture.jsonl", &capture(readings)));
    owner
}

impl Owner {
    /// Runs `hubd store TASK`.
    fn store_tool(&self, task: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hubd"));
        command.args(["store", task, "--config"]).arg(self.config()).args(arguments).output().unwrap()
    }

    fn told(&self, task: &str, arguments: &[&str]) -> Value {
        let output = self.store_tool(task, arguments);
        assert!(output.status.success(), "{}", error(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    fn database(&self) -> PathBuf {
        self.store().join("history/history.redb")
    }
}

#[test]
fn stats_tell_what_there_is_of_every_series() {
    let owner = owner(5000);
    let stats = owner.told("stats", &["--json"]);
    let device = &stats["devices"][0];
    assert_eq!((&stats["readings"], &device["device"]), (&5000.into(), &DEVICE.into()));
    let series = &device["series"][0];
    assert_eq!((&series["quantity"], &series["readings"]), (&"temperature".into(), &5000.into()));
    assert_eq!(series["first"], "2026-11-21T00:00:00.000Z");
    assert_eq!(series["last"], "2026-11-21T13:53:10.000Z");
    assert!(series["bytes"].as_u64().unwrap() > 0 && device["bytes"].as_u64() > series["bytes"].as_u64());
    assert!(stats["free_bytes"].as_u64() < stats["database_bytes"].as_u64());

    let text = String::from_utf8(owner.store_tool("stats", &[]).stdout).unwrap();
    assert!(text.contains("temperature 0") && text.contains("5000 readings of 1 devices"), "{text}");
}

#[test]
fn a_sound_store_is_said_to_be_sound() {
    let owner = owner(5000);
    let output = owner.store_tool("check", &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!((output.status.code(), text.contains("sound: 5000 readings")), (Some(0), true), "{text}");
}

#[test]
fn a_rotten_store_is_named_healed_and_read_on() {
    let owner = owner(20_000);
    let before = owner.temperatures(DEVICE);
    let sound = fs::read(owner.database()).unwrap();
    // Some pages are free: the first that is not has blocks in it, or leads to them.
    let would = (1..sound.len() / 4096).find_map(|page| {
        let mut rotten = sound.clone();
        rotten[page * 4096 + 1000..][..100].fill(0x5A);
        fs::write(owner.database(), rotten).unwrap();
        let told = owner.store_tool("check", &["--dry-run", "--json"]);
        (told.status.code() == Some(65)).then(|| serde_json::from_slice::<Value>(&told.stdout).unwrap())
    });
    let would = would.unwrap();
    assert_eq!((&would["is_clean"], &would["is_dry_run"]), (&false.into(), &true.into()));
    let output = owner.store_tool("check", &[]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(65), "{text}");
    assert!(text.contains("pages of the database: damaged"), "{text}");
    assert_eq!(owner.store_tool("check", &[]).status.code(), Some(0));
    let after = owner.temperatures(DEVICE);
    assert!(after.len() > before.len() / 2 && after.iter().all(|reading| before.contains(reading)));
}

#[test]
fn compact_makes_the_store_smaller_and_changes_nothing_else() {
    let owner = owner(40_000);
    let before = owner.temperatures(DEVICE);
    let report = owner.told("compact", &[]);
    assert!(report["bytes_after"].as_u64() < report["bytes_before"].as_u64(), "{report}");
    assert!(report["blocks_after"].as_u64() <= report["blocks_before"].as_u64());
    assert_eq!(owner.temperatures(DEVICE), before);
    assert_eq!(owner.store_tool("check", &[]).status.code(), Some(0));
    let again = owner.told("compact", &[]);
    assert_eq!(again["blocks_after"], report["blocks_after"]);
}

#[test]
fn a_store_in_use_is_left_alone() {
    let owner = owner(10);
    let (running, _) = owner.start();
    let file = owner.file("empty.csv", "time,device,quantity,value\n");
    let (to, from) = (["--to", "-"], ["--format", "csv", "--from", file.to_str().unwrap()]);
    for (task, arguments) in [("stats", &[][..]), ("check", &[]), ("compact", &[]), ("export", &to), ("import", &from)]
    {
        refusals::check(&owner.store_tool(task, arguments), 75, &["in use", "stop the other"]);
    }
    assert_eq!(running.stop().0, Some(0));
}

#[test]
fn a_store_that_is_not_there_is_not_made() {
    let owner = Owner::new();
    let file = owner.file("empty.csv", "time,device,quantity,value\n");
    let from = ["--format", "csv", "--dry-run", "--from", file.to_str().unwrap()];
    for (task, arguments) in
        [("stats", &[][..]), ("check", &[]), ("compact", &[]), ("export", &["--to", "-"]), ("import", &from)]
    {
        refusals::check(&owner.store_tool(task, arguments), 66, &["there is no store", "store.path"]);
    }
    assert!(!owner.store().exists());
}

#[test]
fn what_is_exported_is_imported_elsewhere_once() {
    let first = owner(3000);
    let readings = first.temperatures(DEVICE);
    for (format, file) in
        [("csv", "history.csv"), ("parquet", "history.parquet"), ("csv", "folder/"), ("parquet", "files/")]
    {
        let path = first.folder.path().join(file);
        let path = path.to_str().unwrap();
        let exported = first.told("export", &["--format", format, "--to", path]);
        assert_eq!((&exported["readings"], &exported["left_out"]), (&3000.into(), &0.into()));

        let second = Owner::new();
        let import = ["--format", format, "--from", path];
        let imported = second.told("import", &import);
        assert_eq!((&imported["readings"], &imported["readings_added"]), (&3000.into(), &3000.into()));
        assert_eq!(imported["devices_not_adopted"], serde_json::json!([DEVICE]));
        assert_eq!(second.temperatures(DEVICE), readings);
        let again = second.told("import", &import);
        assert_eq!((&again["readings_added"], &again["readings_known"]), (&0.into(), &3000.into()));
        assert_eq!(second.store_tool("check", &[]).status.code(), Some(0));
    }
}

#[test]
fn a_part_is_exported_in_a_stream() {
    let owner = owner(1000);
    let window = ["--from", "2026-11-21T00:10:00Z", "--to-time", "2026-11-21T00:20:00Z"];
    let part = ["--to", "-", "--device", DEVICE, "--quantity", "temperature"];
    let output = owner.store_tool("export", &[&part[..], &window].concat());
    assert!(error(&output).contains("\"readings\":60"));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 61);
    assert_eq!(lines[0], "time,device,quantity,instance,value,unit");
    assert_eq!(lines[1], "2026-11-21T00:10:00.000Z,A4:C1:38:00:11:22,temperature,0,24.2,°C");
    let none = owner.store_tool("export", &["--to", "-", "--quantity", "co2"]);
    assert_eq!(String::from_utf8(none.stdout).unwrap().lines().count(), 1);
}

#[test]
fn bad_lines_are_named_and_stop_nothing() {
    let owner = Owner::new();
    let file = owner.file(
        "other.csv",
        "time,device,quantity,value,unit\n\
         2026-11-01T00:00:00Z,A4:C1:38:00:11:22,temperature,68,°F\n\
         2026-11-01T00:00:00,A4:C1:38:00:11:22,temperature,20,°C\n\
         2026-11-01T00:02:00Z,A4:C1:38:00:11:22,temperature,21,°C\n\
         2026-11-01T00:03:00Z,A4:C1:38:00:11:22,temperature,2100,°C\n",
    );
    let import = ["--format", "csv", "--from", file.to_str().unwrap()];
    let output = owner.store_tool("import", &import);
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["refused"], serde_json::json!({ "bad_time": 1, "implausible": 1 }));
    let message = error(&output);
    assert!(message.contains("other.csv: line 3: \"2026-11-01T00:00:00\" is not a time"), "{message}");
    assert!(message.contains("line 5: 2100 is no temperature"), "{message}");
    assert!(message.contains("adopt them to see it: a4c138001122"), "{message}");
    let values: Vec<String> = owner.temperatures(DEVICE).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["20", "21"]);

    let more = owner.file("more.csv", "time,device,quantity,value\n2026-11-01T00:09:00Z,a4c138001122,temperature,22\n");
    let would = owner.told("import", &["--format", "csv", "--dry-run", "--from", more.to_str().unwrap()]);
    assert_eq!((&would["readings_added"], &would["is_dry_run"]), (&1.into(), &true.into()));
    assert_eq!(owner.temperatures(DEVICE).len(), 2, "only told");
    let missing = owner.store_tool("import", &["--format", "csv", "--from", "/nowhere/history.csv"]);
    refusals::check(&missing, 66, &["/nowhere/history.csv"]);
    let wrong = owner.store_tool("import", &["--format", "parquet", "--from", more.to_str().unwrap()]);
    refusals::check(&wrong, 65, &["more.csv", "Parquet"]);
}

#[test]
fn figures_of_hours_go_out_and_come_in() {
    let owner = Owner::new();
    let head = "span,time,device,quantity,instance,count,min,mean,max,sum,first,last,last_value,unit\n";
    let hour = |hour: u32| {
        let day = "2026-10-01T";
        format!(
            "hour,{day}{hour:02}:00:00.000Z,A4:C1:38:00:11:22,temperature,0,60,20.5,21.000000,22,1260.000,\
             {day}{hour:02}:00:30.000Z,{day}{hour:02}:59:30.000Z,21.5,°C\n"
        )
    };
    let text = format!("{head}{}{}", hour(3), hour(4));
    let file = owner.file("figures.csv", &text);
    let import = ["--format", "csv", "--from", file.to_str().unwrap()];
    assert_eq!(owner.told("import", &import)["figures_added"], 2);
    assert_eq!(owner.told("import", &import)["figures_added"], 0);
    let output = owner.store_tool("export", &["--rollups", "--to", "-"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), text);
    let stats = owner.told("stats", &["--json"]);
    assert_eq!((&stats["readings"], &stats["devices"][0]["series"][0]["hours"]), (&0.into(), &2.into()));
}

/// Home Assistant's tables in the present layout, with two days of an attic: states of today, statistics of both.
#[cfg(feature = "home-assistant")]
fn recorder(owner: &Owner) -> PathBuf {
    let path = owner.folder.path().join("home-assistant_v2.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    let tables = "
        CREATE TABLE states_meta (metadata_id INTEGER PRIMARY KEY, entity_id VARCHAR(255));
        CREATE TABLE state_attributes (attributes_id INTEGER PRIMARY KEY, hash BIGINT, shared_attrs TEXT);
        CREATE TABLE states (state_id INTEGER PRIMARY KEY, entity_id CHAR(0), state VARCHAR(255), attributes CHAR(0),
            last_updated CHAR(0), last_updated_ts FLOAT, attributes_id INTEGER, metadata_id INTEGER);
        CREATE TABLE statistics_meta (id INTEGER PRIMARY KEY, statistic_id VARCHAR(255), source VARCHAR(32),
            unit_of_measurement VARCHAR(255), has_mean BOOLEAN, has_sum BOOLEAN, name VARCHAR(255));
        CREATE TABLE statistics (id INTEGER PRIMARY KEY, metadata_id INTEGER, start CHAR(0), start_ts FLOAT, mean FLOAT,
            min FLOAT, max FLOAT, state FLOAT, sum FLOAT);
        INSERT INTO states_meta VALUES (1, 'sensor.attic');
        INSERT INTO state_attributes VALUES (1, 1, '{\"unit_of_measurement\":\"°F\",\"device_class\":\"temperature\"}');
        INSERT INTO statistics_meta VALUES (1, 'sensor.attic', 'recorder', '°F', 1, 0, NULL);";
    database.execute_batch(tables).unwrap();
    for hour in 0..48 {
        let at = 1_795_219_200 + hour * 3600;
        database
            .execute(
                "INSERT INTO statistics (metadata_id, start_ts, mean, min, max) VALUES (1, ?1, 68, 66.2, 69.8)",
                [at],
            )
            .unwrap();
        for minute in if hour < 24 { 0..0 } else { 0..6 } {
            let at = f64::from(at) + f64::from(minute) * 600.0;
            let insert =
                "INSERT INTO states (state, last_updated_ts, attributes_id, metadata_id) VALUES (?1, ?2, 1, 1)";
            let state = if minute == 5 { "unavailable" } else { "71.6" };
            database.execute(insert, rusqlite::params![state, at]).unwrap();
        }
    }
    path
}

#[cfg(feature = "home-assistant")]
#[test]
fn a_home_moves_in_from_home_assistant() {
    let owner = Owner::new();
    let database = recorder(&owner);
    let import = ["--format", "home-assistant", "--from", database.to_str().unwrap()];
    let suggestion = owner.store_tool("import", &import);
    assert!(suggestion.status.success() && error(&suggestion).contains("--map FILE"), "{}", error(&suggestion));
    assert!(!owner.store().exists(), "only told");
    let text = String::from_utf8(suggestion.stdout).unwrap();
    let map = owner.file("map.toml", &text.replace("device = \"\"", "device = \"A4:C1:38:00:11:22\""));

    let import = [&import[..], &["--map", map.to_str().unwrap()]].concat();
    let told = owner.told("import", &import);
    assert_eq!((&told["states"], &told["states_without_value"]), (&144.into(), &24.into()));
    assert_eq!((&told["readings_added"], &told["hours_of_statistics"]), (&120.into(), &48.into()));
    assert_eq!(told["figures_added"], 24, "statistics stand where no states are: {told}");
    let again = owner.told("import", &import);
    assert_eq!((&again["readings_added"], &again["figures_added"]), (&0.into(), &0.into()));

    let window =
        ["--from", "2026-11-21T00:00:00Z", "--to", "2026-11-23T00:00:00Z", "--resolution", "1h", "--format", "json"];
    let series = ["--device", DEVICE, "--quantity", "temperature"];
    let output = owner.run("history", &[&series[..], &window].concat());
    let data: Value = serde_json::from_slice(&output.stdout).unwrap();
    let points = data["points"].as_array().unwrap();
    assert_eq!(points.len(), 48);
    let (first, last) = (&points[0], &points[47]);
    assert_eq!((&first["min"], &first["max"], &first["count"]), (&19.into(), &21.into(), &1.into()));
    assert_eq!(first["mean"].as_f64(), Some(20.0));
    assert_eq!((&last["min"], &last["max"], &last["count"]), (&22.into(), &22.into(), &5.into()));
    assert_eq!(owner.store_tool("check", &[]).status.code(), Some(0));

    let bad = owner.file("bad.toml", "[[entity]]\nid = 'sensor.attic'\ndevice = 'attic'\nquantity = 'temperature'\n");
    let refused = owner.store_tool("import", &[&import[..4], &["--map", bad.to_str().unwrap()]].concat());
    refusals::check(&refused, 65, &["bad.toml", "device of sensor.attic is \"attic\""]);
}
