//! The golden vectors of both versions, read by the public face.
#![expect(clippy::unwrap_used, reason = "a vector file that is not as it should be is a failed test")]

use wire::bthome::{Event, Fact, Item, MAX_SERVICE_DATA, Report, v1, v2};

struct Vector {
    name: String,
    service_data: Vec<u8>,
    sealed: Option<([u8; 16], [u8; 6], u32)>,
    expect: Vec<String>,
}

fn vectors(text: &str) -> Vec<Vector> {
    let file: toml::Table = text.parse().unwrap();
    let rows = file.get("vector").and_then(|rows| rows.as_array()).unwrap();
    rows.iter()
        .map(|row| {
            let text = |key: &str| row.get(key).and_then(|value| value.as_str()).map(str::to_owned);
            let bytes = |key: &str| text(key).map(|digits| hex::decode(digits).unwrap());
            assert!(text("source").is_some(), "every vector says where it is from");
            Vector {
                name: text("name").unwrap(),
                service_data: bytes("service_data").unwrap(),
                sealed: bytes("key").map(|key| {
                    let counter = row.get("counter").and_then(|value| value.as_integer()).unwrap();
                    let address = bytes("address").unwrap().try_into().unwrap();
                    (key.try_into().unwrap(), address, counter.try_into().unwrap())
                }),
                expect: row
                    .get("expect")
                    .and_then(|lines| lines.as_array())
                    .unwrap()
                    .iter()
                    .map(|line| line.as_str().unwrap().to_owned())
                    .collect(),
            }
        })
        .collect()
}

fn in_words(item: Item<'_>) -> String {
    match item {
        Item::Reading { quantity, instance, value } => {
            format!("{}[{instance}] = {}", quantity.name(), quantity.display(value))
        }
        Item::PacketId(id) => format!("packet_id {id}"),
        Item::Event(Event::Button { instance, press }) => {
            format!("button[{instance}] {}", snake(&format!("{press:?}")))
        }
        Item::Event(Event::Dimmer { instance, turn, steps }) => {
            format!("dimmer[{instance}] {} {steps}", snake(&format!("{turn:?}")))
        }
        Item::Event(Event::Command { instance, command, argument }) => {
            format!("command[{instance}] {command} {}", hex::encode(argument)).trim_end().to_owned()
        }
        Item::Fact(Fact::Timestamp(seconds)) => format!("timestamp {seconds}"),
        Item::Fact(Fact::Text(text)) => format!("text {text}"),
        Item::Fact(Fact::Raw(bytes)) => format!("raw {}", hex::encode(bytes)),
        Item::Fact(Fact::DeviceType(number)) => format!("device_type {number}"),
        Item::Fact(Fact::Firmware(parts)) => {
            let parts: Vec<String> = parts.iter().rev().map(u8::to_string).collect();
            format!("firmware {}", parts.join("."))
        }
    }
}

/// `LongPress` → `long_press`.
fn snake(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.extend(c.to_lowercase());
    }
    out
}

fn oddities(report: Report) -> Vec<String> {
    let named = |word: &str, id: Option<u8>| id.map(|id| format!("{word} {id:#04x}"));
    [
        named("unknown", report.unknown_object),
        named("truncated", report.truncated_object),
        named("unreadable", report.unreadable_object),
        report.is_unordered.then(|| "unordered".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn version_2_is_read_as_the_vectors_say() {
    let vectors = vectors(include_str!("../vectors/bthome_v2.toml"));
    assert!(vectors.len() > 100);
    for vector in vectors {
        let name = &vector.name;
        let frame = v2::Frame::parse(&vector.service_data).unwrap();
        let mut buffer = [0; MAX_SERVICE_DATA];
        let mut items = match vector.sealed {
            None => frame.items().unwrap(),
            Some((key, address, counter)) => {
                assert_eq!((frame.counter(), frame.items().is_none()), (Some(counter), true), "{name}");
                frame.open(&key, address, &mut buffer).unwrap()
            }
        };
        let mut said: Vec<String> = items.by_ref().map(in_words).collect();
        said.extend(oddities(items.report()));
        assert_eq!(said, vector.expect, "{name}");
    }
}

#[test]
fn version_1_is_read_as_the_vectors_say() {
    let vectors = vectors(include_str!("../vectors/bthome_v1.toml"));
    assert!(vectors.len() > 60);
    for vector in vectors {
        let name = &vector.name;
        let mut buffer = [0; MAX_SERVICE_DATA];
        let mut items = match vector.sealed {
            None => v1::Items::new(&vector.service_data),
            Some((key, address, counter)) => {
                let sealed = v1::Sealed::parse(&vector.service_data).unwrap();
                assert_eq!(sealed.counter(), counter, "{name}");
                sealed.open(&key, address, &mut buffer).unwrap()
            }
        };
        let mut said: Vec<String> = items.by_ref().map(in_words).collect();
        said.extend(oddities(items.report()));
        assert_eq!(said, vector.expect, "{name}");
    }
}
