//! Which receiver hears which device how well.

use hub_model::{EventBody, Origin, Quantity, ReceiverId, Reception, SeriesKey, Value};
use serde_json::json;

use crate::{
    house::{House, WALL, device_id},
    ports::{START, publish},
};

const FIELDS: &str =
    "device { name } verdict best advice receivers { receiverId name verdict meanDbm leastDbm greatestDbm
    adverts heardPercent lastHeard sensorId }";

fn hear(house: &House, device: u8, receiver: u16, mean: i8, heard: u32) {
    let (least, greatest) = (Some(mean - 5), Some(mean + 3));
    let mean = Some(mean);
    let reception = Reception { last: WALL, mean, least, greatest, adverts: 3 * heard, heard, expected: Some(100) };
    house.bus.note(|state| state.receptions.insert((device_id(device), ReceiverId(receiver)), reception));
}

async fn map(house: &House) -> serde_json::Value {
    house.ask(&format!("{{ signalMap {{ {FIELDS} }} }}")).await["signalMap"].clone()
}

#[tokio::test]
async fn a_map_tells_for_each_device_which_receiver_hears_it_how_well() {
    let house = House::furnished();
    hear(&house, 1, 1, -88, 90);
    hear(&house, 1, 70, -64, 97);
    let map = map(&house).await;
    assert_eq!((&map[0]["device"]["name"], &map[0]["verdict"]), (&"Cellar".into(), &"UNHEARD".into()), "worst first");
    let expected = json!({
        "device": { "name": "Window sill" }, "verdict": "GOOD", "best": 70, "advice": null,
        "receivers": [
            { "receiverId": 70, "name": null, "verdict": "GOOD", "meanDbm": -64, "leastDbm": -69, "greatestDbm": -61,
              "adverts": "291", "heardPercent": 97, "lastHeard": "2026-11-21T04:12:20.123Z",
              "sensorId": map[1]["receivers"][0]["sensorId"] },
            { "receiverId": 1, "name": "hci0", "verdict": "WEAK", "meanDbm": -88, "leastDbm": -93, "greatestDbm": -85,
              "adverts": "270", "heardPercent": 90, "lastHeard": "2026-11-21T04:12:20.123Z",
              "sensorId": map[1]["receivers"][1]["sensorId"] },
        ],
    });
    assert_eq!(map[1], expected);
    let cellar = &map[0];
    assert_eq!((&cellar["best"], &cellar["receivers"][0]["name"]), (&serde_json::Value::Null, &"hci0".into()));
    assert!(cellar["advice"].as_str().unwrap().starts_with("Cellar is not heard."), "{cellar}");
}

#[tokio::test]
async fn an_owner_is_advised_about_what_everybody_hears_weakly() {
    let house = House::furnished();
    for (device, receiver, mean, heard) in [(1, 1, -92, 90), (1, 70, -70, 30), (2, 1, -80, 95)] {
        hear(&house, device, receiver, mean, heard);
    }
    let map = map(&house).await;
    let [window, cellar] = [&map[0], &map[1]];
    assert_eq!((&window["verdict"], &window["best"]), (&"WEAK".into(), &70.into()));
    assert!(window["advice"].as_str().unwrap().starts_with("Every receiver hears Window sill weakly."), "{window}");
    assert_eq!((&cellar["verdict"], &cellar["advice"]), (&"FAIR".into(), &serde_json::Value::Null));
    house.remove(1);
    assert_eq!(house.bus.snapshot().receptions_of(device_id(1)).count(), 0);
}

#[tokio::test]
async fn the_strength_over_time_is_history_and_neither_a_sensor_nor_an_event() {
    let house = House::furnished();
    hear(&house, 1, 1, -70, 100);
    let key = SeriesKey::signal(device_id(1), ReceiverId(1)).unwrap();
    house.history.points.lock().unwrap().insert(key, vec![(START, -71)]);
    let before = house.cursor();
    let values = [Value { quantity: Quantity::Rssi, instance: 1, value: -71 }];
    let origin = Origin::heard(ReceiverId::NONE, None, None);
    let body = EventBody::ReadingsTaken { device: device_id(1), values: values.into(), origin };
    publish(&house.bus, body, |_| ());

    let sensor = map(&house).await[1]["receivers"][0]["sensorId"].clone();
    let window = "from: \"2026-11-21T04:00:00Z\", to: \"2026-11-21T05:00:00Z\"";
    let query = format!("{{ history(sensorIds: [{sensor}], {window}) {{ unit mean }} }}");
    let expected = json!([{ "unit": "dBm", "mean": [-71.0] }]);
    assert_eq!(house.ask(&query).await["history"], expected);

    let sensors = house.ask("{ sensors { nodes { quantity } } }").await["sensors"]["nodes"].clone();
    assert!(!sensors.to_string().contains("RSSI"), "{sensors}");
    let page = house.ask(&format!("{{ eventsSince(after: \"{before}\") {{ events {{ kind }} hasMore }} }}")).await;
    assert_eq!(page["eventsSince"], json!({ "events": [], "hasMore": false }));
}
