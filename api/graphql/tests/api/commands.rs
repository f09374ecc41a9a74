use std::collections::BTreeMap;

use hub_model::{BindKey, Command, CommandError, Name, Quantity, ReplayRule, Request, RequestId, Retention, RoomId};

use crate::house::{House, device_id};

const ONE: &str = "A4:C1:38:00:11:01";
const KITCHEN: &str = "Um9vbTox";
const KEY: &str = "00112233445566778899aabbccddeeff";

fn temperature() -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode("Sensor:a4c138001101/temperature/0")
}

/// Sends a command; gives its payload.
async fn send(house: &House, name: &str, input: &str, object: &str) -> serde_json::Value {
    let query = format!(
        "mutation {{ payload: {name}(input: {{ {input} }}) {{ clientMutationId isRepeat cursor {object}
            errors {{ __typename code message path
                ... on InvalidInputError {{ expected }} ... on OutOfRangeError {{ expected: expected }}
                ... on LimitReachedError {{ limit }} }} }} }}"
    );
    house.ask(&query).await["payload"].clone()
}

fn last_command(house: &House) -> Command {
    house.commands.asked.lock().unwrap().last().unwrap().command.clone()
}

#[tokio::test]
async fn each_command_reaches_the_hub_and_shows_the_house_after_it() {
    let house = House::furnished();
    let name = |text| Name::parse(text).unwrap();
    let one = device_id(1);
    let key = Some(BindKey::new([
        0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF,
    ]));
    let device = |field: &str| format!("device {{ {field} }}");
    let days = |raw_days| Some(Retention { raw_days: Some(raw_days), rollup_days: None });
    let cases: Vec<(&str, String, String, serde_json::Value, Command)> = vec![
        (
            "adoptDevice",
            format!(
                "deviceId: \"a4c138001103\", name: \" Balcony \", roomId: {KITCHEN:?}, bindKey: {KEY:?}, allowCounterRestart: true"
            ),
            device("name isAdopted protection room { name }"),
            serde_json::json!({ "name": "Balcony", "isAdopted": true, "protection": "REDUCED", "room": { "name": "Kitchen" } }),
            Command::AdoptDevice {
                device: device_id(3),
                name: Some(name("Balcony")),
                room: Some(RoomId(1)),
                key,
                replay: ReplayRule::Compat,
            },
        ),
        (
            "nameDevice",
            format!("deviceId: {ONE:?}, name: \"Fensterbrett\""),
            device("name"),
            serde_json::json!({ "name": "Fensterbrett" }),
            Command::NameDevice { device: one, name: name("Fensterbrett") },
        ),
        (
            "placeDevice",
            format!("deviceId: {ONE:?}, roomId: null"),
            device("room { name }"),
            serde_json::json!({ "room": null }),
            Command::PlaceDevice { device: one, room: None },
        ),
        (
            "secureDevice",
            format!("deviceId: {ONE:?}, allowCounterRestart: true"),
            device("protection"),
            serde_json::json!({ "protection": "REDUCED" }),
            Command::SecureDevice { device: one, key: None, replay: ReplayRule::Compat },
        ),
        (
            "secureDevice",
            format!("deviceId: {ONE:?}, bindKey: {:?}", KEY.to_uppercase()),
            device("protection"),
            serde_json::json!({ "protection": "REDUCED" }),
            Command::SecureDevice { device: one, key, replay: ReplayRule::Compat },
        ),
        (
            "calibrateSensor",
            format!("sensorId: {:?}, offset: -0.3", temperature()),
            "sensor { calibrationOffset quantity }".to_owned(),
            serde_json::json!({ "calibrationOffset": -0.3, "quantity": "TEMPERATURE" }),
            Command::CalibrateDevice { device: one, quantity: Quantity::Temperature, instance: 0, offset: -300 },
        ),
        (
            "setRetention",
            format!("deviceId: {ONE:?}, rawDays: 30"),
            device("retention { rawDays rollupDays isDefault }"),
            serde_json::json!({ "retention": { "rawDays": 30, "rollupDays": null, "isDefault": false } }),
            Command::RetainDevice { device: one, quantity: None, retention: days(30) },
        ),
        (
            "setRetention",
            format!("deviceId: {ONE:?}, rawDays: 30, useDefault: true"),
            device("retention { rawDays isDefault }"),
            serde_json::json!({ "retention": { "rawDays": 400, "isDefault": true } }),
            Command::RetainDevice { device: one, quantity: None, retention: None },
        ),
        (
            "setRetention",
            format!("deviceId: {ONE:?}, quantity: HUMIDITY, rawDays: 7"),
            device("retention { rawDays isDefault }"),
            serde_json::json!({ "retention": { "rawDays": 400, "isDefault": true } }),
            Command::RetainDevice { device: one, quantity: Some(Quantity::Humidity), retention: days(7) },
        ),
        (
            "createRoom",
            "name: \"Attic\"".to_owned(),
            "room { name }".to_owned(),
            serde_json::json!({ "name": "Attic" }),
            Command::CreateRoom { name: name("Attic") },
        ),
        (
            "renameRoom",
            format!("roomId: {KITCHEN:?}, name: \"Küche\""),
            "room { name }".to_owned(),
            serde_json::json!({ "name": "Küche" }),
            Command::NameRoom { room: RoomId(1), name: name("Küche") },
        ),
        (
            "removeRoom",
            format!("roomId: {KITCHEN:?}"),
            "removedRoomId".to_owned(),
            serde_json::json!(KITCHEN),
            Command::RemoveRoom { room: RoomId(1) },
        ),
        (
            "removeDevice",
            format!("deviceId: {ONE:?}, keepHistory: true"),
            "removedDeviceId".to_owned(),
            serde_json::json!("RGV2aWNlOmE0YzEzODAwMTEwMQ"),
            Command::RemoveDevice { device: one, keeps_history: true },
        ),
    ];
    for (mutation, input, object, expected, command) in cases {
        let payload = send(&house, mutation, &input, &object).await;
        let field = object.split(' ').next().unwrap();
        assert_eq!(payload[field], expected, "{mutation} {payload}");
        assert_eq!(payload["errors"], serde_json::json!([]), "{mutation}");
        assert_eq!(payload["cursor"], house.cursor().to_string(), "{mutation}");
        assert_eq!((&payload["isRepeat"], &payload["clientMutationId"]), (&false.into(), &serde_json::Value::Null));
        assert_eq!(last_command(&house), command);
    }
}

#[tokio::test]
async fn a_command_sent_twice_is_done_once_and_an_id_serves_one_command() {
    let house = House::furnished();
    let input = format!("deviceId: {ONE:?}, name: \"Sill\", clientMutationId: \"7f-1\"");
    let first = send(&house, "nameDevice", &input, "device { name }").await;
    let events = house.cursor();
    let again = send(&house, "nameDevice", &input, "device { name }").await;
    assert_eq!((&first["isRepeat"], &again["isRepeat"]), (&false.into(), &true.into()));
    assert_eq!((&first["cursor"], &first["device"]), (&again["cursor"], &again["device"]));
    assert_eq!(again["clientMutationId"], "7f-1");
    assert_eq!(house.cursor(), events, "nothing happened the second time");
    let request = house.commands.asked.lock().unwrap().last().cloned();
    let id = RequestId::parse("7f-1").ok();
    assert!(matches!(request, Some(Request { principal, id: given, .. }) if principal == "local" && given == id));
    let other = send(&house, "createRoom", "name: \"Attic\", clientMutationId: \"7f-1\"", "room { name }").await;
    assert_eq!(other["errors"][0]["__typename"], "RequestIdReusedError");
    assert_eq!(other["errors"][0]["code"], "REQUEST_ID_REUSED");
    assert!(other["room"].is_null() && other["cursor"].is_null());
}

#[tokio::test]
async fn each_refusal_of_the_hub_has_its_type_and_place() {
    let house = House::furnished();
    let device = device_id(9);
    let cases = [
        (CommandError::DeviceNotFound { device }, "NotFoundError", "NOT_FOUND", Some("deviceId")),
        (CommandError::RoomNotFound { room: RoomId(4) }, "NotFoundError", "NOT_FOUND", Some("roomId")),
        (CommandError::AlreadyAdopted { device }, "AlreadyAdoptedError", "ALREADY_ADOPTED", Some("deviceId")),
        (CommandError::RoomNameTaken { name: "Attic".into() }, "NameTakenError", "NAME_TAKEN", Some("name")),
        (CommandError::TooMany { what: "rooms", limit: 64 }, "LimitReachedError", "LIMIT_REACHED", None),
        (
            CommandError::OutOfRange { field: "raw_days", value: "0".into(), expected: "1 to 36500".into() },
            "OutOfRangeError",
            "OUT_OF_RANGE",
            Some("rawDays"),
        ),
        (
            CommandError::RequestIdReused { id: "x".into() },
            "RequestIdReusedError",
            "REQUEST_ID_REUSED",
            Some("clientMutationId"),
        ),
        (CommandError::Store { reason: "sector 4711".into() }, "StoreError", "STORE_FAILED", None),
    ];
    for (refusal, kind, code, field) in cases {
        *house.commands.refusal.lock().unwrap() = Some(refusal);
        let payload = send(&house, "createRoom", "name: \"Attic\"", "room { name }").await;
        let error = &payload["errors"][0];
        assert_eq!((&error["__typename"], &error["code"]), (&kind.into(), &code.into()));
        assert_eq!(error["path"], field.map_or(serde_json::Value::Null, |field| serde_json::json!(["input", field])));
        assert!(!error["message"].as_str().unwrap().contains("4711"), "{error}");
        assert!(payload["room"].is_null() && payload["cursor"].is_null());
        if kind == "LimitReachedError" {
            assert_eq!(error["limit"], 64);
        }
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_an_input_is_told_at_once_and_nothing_is_done() {
    let house = House::furnished();
    let before = house.cursor();
    let input = "deviceId: \"nobody\", name: \"\", roomId: \"nowhere\", bindKey: \"c0ffee-is-secret\", clientMutationId: \"a b\"";
    let payload = send(&house, "adoptDevice", input, "device { id }").await;
    let errors = payload["errors"].as_array().unwrap();
    let places: BTreeMap<_, _> =
        errors.iter().map(|error| (error["path"][1].as_str().unwrap(), error["expected"].as_str().unwrap())).collect();
    let expected = BTreeMap::from([
        ("bindKey", "32 hex digits"),
        ("clientMutationId", "1 to 128 visible ASCII characters"),
        ("deviceId", "the global id of a device, or a Bluetooth address"),
        ("name", "1 to 64 characters without control characters"),
        ("roomId", "the global id of a room"),
    ]);
    assert_eq!(places, expected);
    assert!(errors.iter().all(|error| error["code"] == "INVALID_INPUT" && error["__typename"] == "InvalidInputError"));
    assert!(!payload.to_string().contains("c0ffee"), "a key is never repeated");
    assert_eq!(payload["clientMutationId"], "a b");
    assert_eq!(house.cursor(), before);
    assert!(house.commands.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_offset_is_a_multiple_of_the_resolution_and_not_absurd() {
    let house = House::furnished();
    for (offset, steps) in [("0.30000000000000004", 300), ("-5", -5_000), ("0", 0), ("0.001", 1), ("450", 450_000)] {
        send(&house, "calibrateSensor", &format!("sensorId: {:?}, offset: {offset}", temperature()), "sensor { id }")
            .await;
        let command = last_command(&house);
        assert!(matches!(command, Command::CalibrateDevice { offset, .. } if offset == steps), "{offset}: {command:?}");
    }
    let asked = house.commands.asked.lock().unwrap().len();
    for (offset, code) in [
        ("0.0005", "INVALID_INPUT"),
        ("21.00001", "INVALID_INPUT"),
        ("450.001", "OUT_OF_RANGE"),
        ("-1e300", "OUT_OF_RANGE"),
        ("1e19", "OUT_OF_RANGE"),
    ] {
        let input = format!("sensorId: {:?}, offset: {offset}", temperature());
        let payload = send(&house, "calibrateSensor", &input, "sensor { id }").await;
        assert_eq!(payload["errors"][0]["code"], code, "{offset}: {payload}");
        assert_eq!(payload["errors"][0]["path"], serde_json::json!(["input", "offset"]));
        assert!(payload["sensor"].is_null());
    }
    use base64::Engine;
    let door = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode("Sensor:a4c138001101/door/0");
    let payload = send(&house, "calibrateSensor", &format!("sensorId: {door:?}, offset: 1"), "sensor { id }").await;
    assert_eq!(payload["errors"][0]["message"], "door is either 0 or 1 and takes no offset");
    assert_eq!(house.commands.asked.lock().unwrap().len(), asked);
}

#[tokio::test]
async fn days_are_1_to_36500() {
    let house = House::furnished();
    for days in [0, -1, 36_501, i32::MIN] {
        let input = format!("deviceId: {ONE:?}, rawDays: {days}, rollupDays: {days}");
        let payload = send(&house, "setRetention", &input, "device { id }").await;
        let errors = payload["errors"].as_array().unwrap();
        assert_eq!(errors.len(), 2, "{payload}");
        assert!(
            errors.iter().all(|error| error["code"] == "OUT_OF_RANGE" && error["expected"] == "1 to 36500, or null")
        );
    }
}
