use std::{
    io::Write,
    process::{Command, Stdio},
};

use crate::{Owner, capture, error};

fn decode(arguments: &[&str]) -> (Option<i32>, serde_json::Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_hubd")).arg("decode").args(arguments).output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn decode_explains_one_advert() {
    let (code, answer) = decode(&["--address", "A4:C1:38:00:11:22", "--service-data", "fcd2=4002ca09"]);
    assert_eq!((code, &answer["format"]), (Some(0), &"bthome-v2".into()));
    let value = serde_json::json!({"quantity": "temperature", "instance": 0, "value": 25.06, "unit": "°C"});
    assert_eq!(answer["values"], serde_json::json!([value]));
}

#[test]
fn decode_opens_a_sealed_advert_with_its_key() {
    let sealed = "fcd2=41e445f3c9962b332211006c7c4519";
    let address = ["--address", "54:48:E6:8F:80:A5", "--service-data", sealed];
    let key = ["--bindkey", "231d39c1d7cc1ab1aee224cd096db932"];
    let (code, answer) = decode(&[&address[..], &key].concat());
    assert_eq!((code, &answer["counter"], &answer["encrypted"]), (Some(0), &1_122_867.into(), &true.into()));
    let (code, answer) = decode(&address);
    assert_eq!((code, &answer["error"]), (Some(1), &"missing_key".into()));
}

#[test]
fn decode_answers_line_by_line_and_goes_on_after_a_bad_one() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hubd"))
        .args(["decode", "--stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let good = r#"{"address":"A4:C1:38:00:11:22","service_data":{"fcd2":"4002ca09"}}"#;
    child.stdin.take().unwrap().write_all(format!("{good}\nnonsense\n{good}\n").as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), 3);
    assert!(answers[0]["error"].is_null() && answers[2]["error"].is_null());
    assert_eq!(answers[1]["error"], "bad_json");
}

#[test]
fn replay_sums_up_and_history_prints_what_was_stored() {
    let owner = Owner::new();
    let text = format!("{}nonsense\n", capture(1000));
    let summary = owner.replay(&owner.file("capture.jsonl", &text));
    assert_eq!(summary["adverts"], 1000);
    assert_eq!(summary["readings"], 1000);
    assert_eq!(summary["adopted"], 1);
    assert_eq!(summary["refused"], serde_json::json!({"bad_line": 1}));
    assert!(summary["bytes_stored"].as_u64().unwrap() > 0);

    let device = ["--device", "a4c138001122", "--quantity", "temperature"];
    let window = ["--from", "2026-11-21T00:00:00Z", "--to", "2026-11-21T01:00:00Z"];
    let hourly = owner.run("history", &[&device[..], &window, &["--resolution", "1h", "--format", "json"]].concat());
    let hourly: serde_json::Value = serde_json::from_slice(&hourly.stdout).unwrap();
    let expected: Vec<f64> = (0..360).map(|n| f64::from(2000 + (n * 7) % 500) / 100.0).collect();
    let point = &hourly["points"][0];
    assert_eq!((&hourly["unit"], &point["count"]), (&"°C".into(), &360.into()));
    assert_eq!(point["min"].as_f64(), expected.iter().copied().reduce(f64::min));
    assert_eq!(point["max"].as_f64(), expected.iter().copied().reduce(f64::max));
    let mean = expected.iter().sum::<f64>() / 360.0;
    assert!((point["mean"].as_f64().unwrap() - mean).abs() < 1e-5);
}

#[test]
fn history_sums_up_the_days_of_somebodys_clock() {
    let owner = Owner::new();
    owner.configure("[home]\ntime_zone = \"Europe/Berlin\"\n");
    // A reading every ten seconds from midnight in London on.
    owner.replay(&owner.file("capture.jsonl", &capture(1000)));
    let arguments = ["--device", "a4c138001122", "--quantity", "temperature", "--each", "day"];
    let window = ["--from", "2026-11-20T23:00:00Z", "--to", "2026-11-22T00:00:00Z"];
    let print = |more: &[&str]| {
        let output = owner.run("history", &[&arguments[..], &window, more].concat());
        assert!(output.status.success(), "{}", error(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = print(&[]);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows[0][..4], ["from", "to", "count", "min"]);
    assert_eq!(rows[1][..4], ["2026-11-21T00:00:00+01:00", "2026-11-22T00:00:00+01:00", "1000", "20"]);
    assert_eq!((rows[2][0], rows[2][2], rows[2][3]), ("2026-11-22T00:00:00+01:00", "0", ""));
    assert_eq!(rows[1][11], "0.1156", "9990 s of a day");
    let json: serde_json::Value = serde_json::from_str(&print(&["--time-zone", "UTC", "--format", "json"])).unwrap();
    assert_eq!((&json["time_zone"], &json["unit"]), (&"UTC".into(), &"°C".into()));
    let (first, second) = (&json["parts"][0], &json["parts"][1]);
    assert_eq!((&first["count"], &first["mean"]), (&0.into(), &serde_json::Value::Null));
    assert_eq!(
        (&second["from"], &second["count"], &second["exact"]),
        (&"2026-11-21T00:00:00+00:00".into(), &1000.into(), &true.into())
    );
    let output = owner.run("history", &[&arguments[..], &window, &["--time-zone", "Mars"]].concat());
    assert!(!output.status.success() && error(&output).contains("Europe/Berlin"), "{}", error(&output));
}

#[test]
fn a_series_that_was_never_measured_is_named_with_what_there_is() {
    let owner = Owner::new();
    owner.replay(&owner.file("capture.jsonl", &capture(10)));
    let window = ["--from", "2026-11-21T00:00:00Z", "--to", "2026-11-22T00:00:00Z"];
    let output = owner.run("history", &[&["--device", "a4c138001122", "--quantity", "co2"], &window[..]].concat());
    assert_eq!(output.status.code(), Some(65));
    assert!(error(&output).contains("co2 0") && error(&output).contains("temperature 0"), "{}", error(&output));
    let output = owner.run("history", &[&["--device", "a4c138001122", "--quantity", "warmth"], &window[..]].concat());
    assert!(error(&output).contains("temperature, humidity"), "{}", error(&output));
}

#[test]
fn a_capture_that_is_missing_is_named() {
    let output = Owner::new().run("replay", &["--from", "/nowhere/c.jsonl"]);
    assert_eq!(output.status.code(), Some(66));
    assert!(error(&output).contains("/nowhere/c.jsonl"));
}

#[test]
fn equal_readings_in_one_second_are_all_kept_and_not_doubled_by_a_second_replay() {
    let owner = Owner::new();
    let line = |packet| {
        let data = format!("4000{packet:02x}02ca09");
        format!(
            "{{\"t\":\"2026-11-21T00:00:00.500Z\",\"address\":\"A4:C1:38:00:11:22\",\"service_data\":{{\"fcd2\":\"{data}\"}}}}\n"
        )
    };
    let file = owner.file("capture.jsonl", &[line(1), line(2), line(3)].concat());
    owner.replay(&file);
    owner.replay(&file);
    let times: Vec<_> = owner.temperatures("A4:C1:38:00:11:22").into_iter().map(|(t, _)| t).collect();
    assert_eq!(times, ["2026-11-21T00:00:00.000Z"; 3], "stored to the second");
}
