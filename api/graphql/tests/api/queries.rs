use std::collections::BTreeSet;

use hub_bus::Current;
use hub_model::{Address, DeadLetter, Name, Quantity, RoomId, SeriesKey, UnixMillis};
use proptest::prelude::*;

use crate::{
    house::{House, STAMP, WALL, device_id},
    ports::{START, publish},
};

/// What a client shows of a device.
const CARD: &str =
    "id address name isAdopted format isEncrypted protection lastSeen availability intervalMs rssi adoptedAt
    room { name } facts { name value } battery { current { value } }
    retention { rawDays rollupDays isDefault }
    sensors { quantity instance label kind unit precision calibrationOffset
              current { value at timeQuality ageMs isStale } }";

#[tokio::test]
async fn a_device_is_shown_with_all_that_is_known_of_it() {
    let house = House::furnished();
    house.clock.pass_ms(61_000);
    let answer = house.ask(&format!("{{ device(id: \"a4:c1:38:00:11:01\") {{ {CARD} }} }}")).await;
    let sensor = |quantity: &str, label: &str, unit: &str, precision: i32, value: f64| {
        serde_json::json!({
            "quantity": quantity, "instance": 0, "label": label, "kind": "MEASUREMENT", "unit": unit,
            "precision": precision, "calibrationOffset": 0.0,
            "current": { "value": value, "at": "2026-11-21T04:12:20.123Z", "timeQuality": "SYNCHRONISED",
                         "ageMs": "61000", "isStale": false },
        })
    };
    let expected = serde_json::json!({
        "id": "RGV2aWNlOmE0YzEzODAwMTEwMQ", "address": "A4:C1:38:00:11:01", "name": "Window sill",
        "isAdopted": true, "format": "bthome-v2", "isEncrypted": true, "protection": "FULL",
        "lastSeen": "2026-11-21T04:12:20.123Z", "availability": "AVAILABLE", "intervalMs": "5000", "rssi": -60, "adoptedAt": "2026-11-21T04:12:20.123Z",
        "room": { "name": "Kitchen" }, "facts": [{ "name": "device_type", "value": "0x0002" }],
        "battery": { "current": { "value": 93.0 } },
        "retention": { "rawDays": 400, "rollupDays": null, "isDefault": true },
        "sensors": [
            sensor("TEMPERATURE", "Temperature", "°C", 1, 25.06),
            sensor("HUMIDITY", "Humidity", "%", 1, 41.5),
            sensor("BATTERY", "Battery", "%", 0, 93.0),
        ],
    });
    assert_eq!(answer["device"], expected);
}

#[tokio::test]
async fn a_device_that_nobody_adopted_is_shown_too() {
    let house = House::furnished();
    let answer = house.ask(&format!("{{ devices(filter: {{ isAdopted: false }}) {{ nodes {{ {CARD} }} }} }}")).await;
    let nodes = answer["devices"]["nodes"].as_array().unwrap();
    assert_eq!(nodes.len(), 1);
    let heard = &nodes[0];
    assert_eq!(heard["name"], "ruuvi-5 A4:C1:38:00:11:03");
    assert_eq!((&heard["isAdopted"], &heard["protection"]), (&false.into(), &"NONE".into()));
    assert_eq!(heard["sensors"][0]["current"]["value"], -5.005);
    assert_eq!(heard["facts"][0]["value"], "1.2.3");
    assert_eq!((&heard["rssi"], &heard["adoptedAt"]), (&(-71).into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn the_house_lists_rooms_devices_and_what_is_in_no_room() {
    let house = House::furnished();
    house.room(2, "attic");
    let query =
        "{ home { name version now clockQuality unplaced { name } devices { name } rooms { name devices { name }
                   sensors { quantity } } } rooms { name } }";
    let expected = serde_json::json!({
        "home": {
            "name": "Haus am See", "version": "9.9.9", "now": "2026-11-21T04:12:20.123Z",
            "clockQuality": "SYNCHRONISED", "unplaced": [{ "name": "Cellar" }],
            "devices": [{ "name": "Cellar" }, { "name": "Window sill" }],
            "rooms": [
                { "name": "attic", "devices": [], "sensors": [] },
                { "name": "Kitchen", "devices": [{ "name": "Window sill" }],
                  "sensors": [{ "quantity": "TEMPERATURE" }, { "quantity": "HUMIDITY" }, { "quantity": "BATTERY" }] },
            ],
        },
        "rooms": [{ "name": "attic" }, { "name": "Kitchen" }],
    });
    assert_eq!(house.ask(query).await, expected);
}

#[tokio::test]
async fn a_value_grows_stale_by_the_steady_clock() {
    let house = House::furnished();
    let stale = async || {
        let answer = house.ask("{ sensors { nodes { current { isStale } } } }").await;
        let nodes = answer["sensors"]["nodes"].as_array().unwrap().clone();
        nodes.iter().map(|node| node["current"]["isStale"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    house.clock.pass_ms(600_000);
    assert_eq!(stale().await, [false, false, false]);
    house.clock.pass_ms(1);
    assert_eq!(stale().await, [true, true, false], "temperature and humidity after ten minutes");
    house.clock.pass_ms(90_000_000 - 600_000);
    assert_eq!(stale().await, [true, true, true], "the battery after 25 hours");
}

#[tokio::test]
async fn everything_with_an_id_is_found_by_it() {
    let house = House::furnished();
    house.dead_letters.letters.lock().unwrap().push(letter(17));
    let answer = house
        .ask(
            "{ rooms { id } sensors { nodes { id } } devices(filter: { isAdopted: null }) { nodes { id } }
                deadLetters { nodes { id } } }",
        )
        .await;
    let mut ids: Vec<String> = vec![];
    for nodes in
        [&answer["rooms"], &answer["sensors"]["nodes"], &answer["devices"]["nodes"], &answer["deadLetters"]["nodes"]]
    {
        ids.extend(nodes.as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()));
    }
    assert_eq!(ids.len(), 1 + 3 + 3 + 1);
    let found = house.ask(&format!("{{ nodes(ids: {ids:?}) {{ __typename id }} }}")).await;
    let nodes = found["nodes"].as_array().unwrap();
    assert_eq!(nodes.iter().map(|node| node["id"].as_str().unwrap()).collect::<Vec<_>>(), ids);
    let kinds: BTreeSet<_> = nodes.iter().map(|node| node["__typename"].as_str().unwrap()).collect();
    assert_eq!(kinds, BTreeSet::from(["DeadLetter", "Device", "Room", "Sensor"]));
    for id in &ids {
        let alone = house.ask(&format!("{{ node(id: {id:?}) {{ id }} }}")).await;
        assert_eq!(alone["node"]["id"], id.as_str());
    }
}

fn encoded(text: &str) -> String {
    use base64::Engine;
    base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text)
}

#[tokio::test]
async fn an_id_of_what_is_gone_finds_nothing_and_a_malformed_one_is_refused() {
    let house = House::furnished();
    for gone in ["Device:a4c1380011ff", "Room:9", "Sensor:a4c138001102/temperature/0", "DeadLetter:4"] {
        let answer = house.ask(&format!("{{ node(id: {:?}) {{ id }} }}", encoded(gone))).await;
        assert!(answer["node"].is_null(), "{gone}");
    }
    for bad in ["", "Device:a4c138001101", "%%%", &encoded("Room:01"), &encoded("Tree:1"), &encoded("Sensor:a/b/c")] {
        let (code, message, _) = house.refuse(&format!("{{ node(id: {bad:?}) {{ id }} }}")).await;
        assert_eq!(code, "BAD_USER_INPUT");
        assert!(message.contains("expected an id that this hub gave out"), "{message}");
    }
    let room = encoded("Room:1");
    for query in [
        format!("{{ device(id: {room:?}) {{ name }} }}"),
        "{ room(id: \"A4:C1:38:00:11:01\") { name } }".to_owned(),
        format!("{{ sensors(filter: {{ deviceId: {room:?} }}) {{ nodes {{ id }} }} }}"),
        "{ devices(filter: { roomId: \"x\" }) { nodes { id } } }".to_owned(),
        "{ nodes(ids: [\"x\"]) { id } }".to_owned(),
        format!("{{ nodes(ids: {:?}) {{ id }} }}", vec![room.clone(); 101]),
    ] {
        assert_eq!(house.refuse(&query).await.0, "BAD_USER_INPUT", "{query}");
    }
}

#[tokio::test]
async fn the_size_of_a_page_is_1_to_100() {
    let house = House::furnished();
    for list in ["devices", "sensors", "deadLetters"] {
        for first in [0, -1, 101, i32::MIN, i32::MAX] {
            let (code, message, errors) =
                house.refuse(&format!("{{ {list}(first: {first}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(code, "BAD_USER_INPUT", "{list} {first}");
            assert_eq!(message, format!("first is {first}; expected 1 to 100"));
            assert_eq!(errors[0]["extensions"]["argument"], "first");
        }
        for first in ["1", "100", "null"] {
            house.ask(&format!("{{ {list}(first: {first}) {{ nodes {{ id }} }} }}")).await;
        }
        for after in ["x", "", &encoded("nonsense")] {
            let (code, message, _) =
                house.refuse(&format!("{{ {list}(after: {after:?}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!((code.as_str(), message.contains("endCursor")), ("BAD_USER_INPUT", true), "{list} {after}");
        }
    }
}

#[tokio::test]
async fn filters_pick() {
    let house = House::furnished();
    house.measure(2, &[(Quantity::Temperature, 9_000)]);
    let kitchen = encoded("Room:1");
    for (query, expected) in [
        ("devices(filter: { text: \"SILL\" })".to_owned(), 1),
        ("devices(filter: { text: \"38:00:11:0\", isAdopted: null })".to_owned(), 3),
        ("devices(filter: { text: \"38:00:11:0\" })".to_owned(), 2),
        (format!("devices(filter: {{ roomId: {kitchen:?} }})"), 1),
        ("sensors".to_owned(), 4),
        (format!("sensors(filter: {{ roomId: {kitchen:?} }})"), 3),
        ("sensors(filter: { quantities: [TEMPERATURE] })".to_owned(), 2),
        ("sensors(filter: { quantities: [] })".to_owned(), 0),
        ("sensors(filter: { quantities: [TEMPERATURE], deviceId: \"A4-C1-38-00-11-02\" })".to_owned(), 1),
    ] {
        let answer = house.ask(&format!("{{ found: {query} {{ nodes {{ id }} }} }}")).await;
        assert_eq!(answer["found"]["nodes"].as_array().unwrap().len(), expected, "{query}");
    }
}

#[tokio::test]
async fn one_request_sees_one_moment() {
    let house = House::furnished();
    house.dead_letters.letters.lock().unwrap().push(letter(1));
    let before = house.cursor();
    let bus = house.bus.clone();
    *house.dead_letters.meanwhile.lock().unwrap() = Some(Box::new(move || {
        publish(&bus, hub_model::EventBody::DeviceChanged { device: device_id(1) }, |state| {
            let mut household = (*state.household).clone();
            let device = household.devices.get_mut(&device_id(1)).unwrap();
            std::sync::Arc::make_mut(device).name = Name::parse("renamed meanwhile").unwrap();
            state.take_household(std::sync::Arc::new(household));
        });
    }));
    let query = "{ home { cursor } deadLetters { nodes { device { name } } } }";
    let answer = house.ask(query).await;
    assert_eq!(answer["home"]["cursor"], before.to_string());
    assert_eq!(answer["deadLetters"]["nodes"][0]["device"]["name"], "Window sill");
    let later = house.ask(query).await;
    assert_eq!(later["home"]["cursor"], house.cursor().to_string());
    assert_eq!(later["deadLetters"]["nodes"][0]["device"]["name"], "renamed meanwhile");
}

#[tokio::test]
async fn health_tells_what_needs_the_owner() {
    let answer = House::new()
        .ask(
            "{ health { isHealthy uptimeMs now clockQuality version alerts { kind severity advice since device { id } }
                receivers { receiverId name isListening adverts trouble } outcomes { code count }
                store { bytes readings blocks writtenBytes flushes } } }",
        )
        .await;
    let expected = serde_json::json!({
        "isHealthy": false, "uptimeMs": "1099511627776", "now": "2026-11-21T04:12:20.123Z",
        "clockQuality": "ESTIMATED", "version": "9.9.9",
        "alerts": [{ "kind": "RECEIVER_DOWN", "severity": "CRITICAL", "since": "2026-11-21T04:12:20.123Z",
                     "advice": "The receiver hci0 is silent. Unplug it and plug it in again.", "device": null }],
        "receivers": [{ "receiverId": 1, "name": "hci0", "isListening": false, "adverts": "7", "trouble": "silent for 10 minutes" }],
        "outcomes": [{ "code": "stored", "count": "5" }, { "code": "duplicate", "count": "2" }],
        "store": { "bytes": "8589934592", "readings": "5", "blocks": "1", "writtenBytes": "4096", "flushes": "2" },
    });
    assert_eq!(answer["health"], expected);
}

fn letter(id: u64) -> DeadLetter {
    DeadLetter {
        id,
        address: Address::new([0xA4, 0xC1, 0x38, 0, 0x11, 1]),
        code: "bad_mic".into(),
        detail: "the key does not fit".into(),
        part: "service_data:fcd2".into(),
        bytes: vec![0x41, 0xFF],
        first_at: START,
        last_at: START + 1000,
        count: 1 << 32,
    }
}

#[tokio::test]
async fn refused_frames_are_shown_newest_first() {
    let house = House::furnished();
    house.dead_letters.letters.lock().unwrap().extend((1..=5).map(letter));
    let page = |after: &str| {
        format!(
            "{{ deadLetters(first: 2{after}) {{ pageInfo {{ hasNextPage hasPreviousPage endCursor }}
                edges {{ cursor node {{ address code detail part bytesHex firstAt lastAt count device {{ name }} }} }} }} }}"
        )
    };
    let mut after = String::new();
    let mut pages = vec![];
    loop {
        let answer = house.ask(&page(&after)).await["deadLetters"].clone();
        pages.push(answer["edges"].as_array().unwrap().len());
        assert_eq!(answer["pageInfo"]["hasPreviousPage"], pages.len() > 1);
        if answer["pageInfo"]["hasNextPage"] == false {
            let node = serde_json::json!({
                "address": "A4:C1:38:00:11:01", "code": "bad_mic", "detail": "the key does not fit",
                "part": "service_data:fcd2", "bytesHex": "41ff", "firstAt": "2026-11-21T04:12:20.123Z",
                "lastAt": "2026-11-21T04:12:21.123Z", "count": "4294967296", "device": { "name": "Window sill" },
            });
            assert_eq!(answer["edges"][0]["node"], node);
            break;
        }
        after = format!(", after: {}", answer["pageInfo"]["endCursor"]);
    }
    assert_eq!(pages, [2, 2, 1]);
}

/// Pages through a connection; between two pages `between` may change the house.
async fn page_through(house: &House, list: &str, size: usize, mut between: impl FnMut(usize)) -> Vec<String> {
    let (mut seen, mut after) = (vec![], String::new());
    for round in 0.. {
        let query = format!(
            "{{ page: {list}(first: {size}{after}) {{ nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = house.ask(&query).await["page"].clone();
        let nodes = page["nodes"].as_array().unwrap();
        assert!(nodes.len() <= size);
        seen.extend(nodes.iter().map(|node| node["id"].as_str().unwrap().to_owned()));
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
        assert_eq!(nodes.len(), size, "only the last page may be short");
        after = format!(", after: {}", page["pageInfo"]["endCursor"]);
        between(round);
    }
    seen
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn paging_shows_everything_exactly_once(numbers in prop::collection::btree_set(any::<u8>(), 0..40), size in 1..9_usize) {
        let house = House::new();
        for number in &numbers {
            house.adopt(*number, "a device", None);
            house.measure(*number, &[(Quantity::Temperature, 1), (Quantity::Co2, 2)]);
        }
        let seen = run(page_through(&house, "devices", size, |_| ()));
        let expected: Vec<_> = numbers.iter().map(|number| encoded(&format!("Device:{}", device_id(*number)))).collect();
        prop_assert_eq!(seen, expected);
        let sensors = run(page_through(&house, "sensors", size, |_| ()));
        prop_assert_eq!(sensors.len(), numbers.len() * 2);
        prop_assert_eq!(sensors.iter().collect::<BTreeSet<_>>().len(), sensors.len());
    }

    #[test]
    fn what_stays_is_shown_once_whatever_comes_and_goes_between_pages(
        staying in prop::collection::btree_set(any::<u8>(), 1..30),
        changing in prop::collection::vec((any::<u8>(), any::<bool>()), 0..40),
        size in 1..6_usize,
    ) {
        let house = House::new();
        for number in &staying {
            house.adopt(*number, "it stays", None);
        }
        let seen = run(page_through(&house, "devices", size, |round| {
            for (number, comes) in changing.iter().skip(round * 3).take(3).filter(|(n, _)| !staying.contains(n)) {
                if *comes { house.adopt(*number, "it comes", None) } else { house.remove(*number) }
            }
        }));
        let unique: BTreeSet<_> = seen.iter().cloned().collect();
        prop_assert_eq!(unique.len(), seen.len(), "something was shown twice");
        for number in &staying {
            let id = encoded(&format!("Device:{}", device_id(*number)));
            prop_assert!(unique.contains(&id), "{} was left out", number);
        }
    }
}

#[tokio::test]
async fn a_reading_of_another_boot_has_its_age_by_the_wall_clock() {
    let house = House::furnished();
    let key = SeriesKey::new(device_id(1), Quantity::Co2, 1);
    let at = hub_model::Stamp { boot: hub_model::BootId(0), ..STAMP };
    let wall = hub_model::WallTime { at: UnixMillis(START.0 - 5_000), ..WALL };
    house.bus.note(|state| state.current.insert(key, Current { value: 600, at, wall }));
    let query = "{ sensors(filter: { quantities: [CO2] }) { nodes { label current { ageMs } } } }";
    let answer = house.ask(query).await;
    assert_eq!(
        answer["sensors"]["nodes"][0],
        serde_json::json!({ "label": "Carbon dioxide 2", "current": { "ageMs": "5000" } })
    );
}

#[tokio::test]
async fn a_room_is_found_by_its_id() {
    let house = House::furnished();
    let answer = house.ask(&format!("{{ room(id: {:?}) {{ name }} }}", encoded("Room:1"))).await;
    assert_eq!(answer["room"]["name"], "Kitchen");
    assert!(house.bus.snapshot().household.rooms.contains_key(&RoomId(1)));
    let answer = house.ask(&format!("{{ room(id: {:?}) {{ name }} }}", encoded("Room:2"))).await;
    assert!(answer["room"].is_null());
}
