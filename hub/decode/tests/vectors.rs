//! The golden vectors of each vendor, and of the JSON that explains an advert.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a vector file that is not as it should be is a failed test")]

use hub_decode::{DecodeError, decode, explain_line};
use hub_model::{Action, Address, BindKey, Decoded, Fact, RawAdvert};

fn rows(text: &str) -> Vec<toml::Table> {
    let file: toml::Table = text.parse().unwrap();
    let rows = file.get("vector").and_then(toml::Value::as_array).unwrap();
    rows.iter().map(|row| row.as_table().unwrap().clone()).collect()
}

fn text<'a>(row: &'a toml::Table, key: &str) -> Option<&'a str> {
    row.get(key).and_then(toml::Value::as_str)
}

fn number(row: &toml::Table, key: &str) -> Option<u16> {
    row.get(key).and_then(toml::Value::as_integer).map(|number| number.try_into().unwrap())
}

fn parts(row: &toml::Table, key: &str, number: u16) -> Vec<(u16, Vec<u8>)> {
    text(row, key).map(|digits| (number, hex::decode(digits).unwrap())).into_iter().collect()
}

fn in_words(decoded: &Decoded) -> Vec<String> {
    let readings = decoded.values.iter().map(|value| {
        let said = format!("{}[{}] = ", value.quantity.name(), value.instance);
        let measure = units::Measure::new(value.quantity, value.value);
        format!("{said}{measure}")
    });
    let packet_id = decoded.packet_id.map(|id| format!("packet_id {id}"));
    let facts = decoded.facts.iter().map(|fact| match fact {
        Fact::Sequence(number) => format!("sequence {number}"),
        other => format!("{other:?}"),
    });
    let counter = decoded.counter.map(|counter| format!("counter {counter}"));
    let actions = decoded.actions.iter().map(|action| match action {
        Action::Button { instance, press } => format!("button[{instance}] {press:?}"),
        other => format!("{other:?}"),
    });
    readings.chain(actions).chain(packet_id).chain(counter).chain(facts).collect()
}

#[track_caller]
fn check(file: &str, service: u16) {
    for row in rows(file) {
        let name = text(&row, "name").unwrap();
        assert!(text(&row, "source").is_some(), "{name} says where it is from");
        let advert = RawAdvert {
            name: text(&row, "local_name").map(str::to_owned),
            service_data: parts(&row, "service_data", number(&row, "service").unwrap_or(service)),
            manufacturer_data: parts(&row, "manufacturer_data", number(&row, "company").unwrap_or(0x0499)),
            ..RawAdvert::timeless(text(&row, "address").unwrap_or("A4:C1:38:AA:BB:CC").parse().unwrap())
        };
        let key = match text(&row, "key") {
            Some(key) => Some(BindKey::new(hex::decode(key).unwrap().try_into().unwrap())),
            None => row.contains_key("is_sealed").then(|| BindKey::new([0xAA; 16])),
        };
        let answer = decode(&advert, key.as_ref());
        match text(&row, "error") {
            Some(code) => assert_eq!(answer.map_err(|error| error.code()), Err(code), "{name}"),
            None => {
                let decoded = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert_eq!(Some(decoded.format.name()), text(&row, "format"), "{name}");
                assert_eq!(decoded.encrypted, key.is_some(), "{name}");
                let expected = row.get("expect").and_then(toml::Value::as_array).unwrap();
                let expected: Vec<&str> = expected.iter().map(|line| line.as_str().unwrap()).collect();
                assert_eq!(in_words(&decoded), expected, "{name}");
            }
        }
    }
}

#[test]
fn ruuvi_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/ruuvi.toml"), 0);
}

#[test]
fn the_firmware_of_xiaomi_thermometers_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/atc.toml"), 0x181A);
}

#[test]
fn govee_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/govee.toml"), 0);
}

#[test]
fn mibeacon_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/mibeacon.toml"), 0xFE95);
}

#[test]
fn switchbot_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/switchbot.toml"), 0xFD3D);
}

#[test]
fn sensorpush_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/sensorpush.toml"), 0);
}

#[test]
fn inkbird_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/inkbird.toml"), 0);
}

#[test]
fn thermopro_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/thermopro.toml"), 0);
}

#[test]
fn qingping_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/qingping.toml"), 0xFDCD);
}

#[test]
fn aranet_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/aranet.toml"), 0);
}

#[test]
fn mopeka_is_read_as_the_vectors_say() {
    check(include_str!("../vectors/mopeka.toml"), 0);
}

#[test]
fn shelly_blu_is_read_as_the_bthome_that_it_is() {
    check(include_str!("../vectors/shelly.toml"), 0xFCD2);
}

#[test]
fn an_advert_is_explained_as_the_vectors_say() {
    for row in rows(include_str!("../vectors/explained.toml")) {
        assert_eq!(Some(explain_line(text(&row, "line").unwrap()).as_str()), text(&row, "answer"), "{row:?}");
    }
}

#[test]
fn a_line_that_is_no_advert_says_what_one_is() {
    for line in ["", "{", "[]", "null", r#"{"service_data":{"fcd2":"400161"}}"#, r#"{"address":5}"#] {
        let answer = explain_line(line);
        assert!(answer.starts_with(r#"{"error":"bad_json","detail":"line is not an advert: "#), "{answer}");
        assert!(answer.contains(r#"expected {\"address\":\"A4:C1:38:00:11:22\""#), "{answer}");
    }
}

#[test]
fn a_refusal_speaks_of_the_part_that_was_nearest() {
    let advert = RawAdvert {
        service_data: vec![(0x180F, vec![100]), (0xFCD2, vec![0x60])],
        manufacturer_data: vec![(0x0499, vec![9])],
        ..RawAdvert::timeless(Address::new([0; 6]))
    };
    assert_eq!(decode(&advert, None), Err(DecodeError::UnsupportedVersion { version: 3 }));
}
