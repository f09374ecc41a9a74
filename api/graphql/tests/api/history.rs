use hub_model::{Quantity, Resolution, SeriesKey, UnixMillis};

use crate::{
    house::{House, device_id},
    ports::START,
};

const WINDOW: &str = "from: \"2026-11-21T00:00:00Z\", to: \"2026-11-22T00:00:00+00:00\"";
const ALL: &str = "sensor { quantity instance } resolution widthMs unit t min mean max count gaps { from to } estimated { from to } nextFrom";
const DEVICE: &str = "A4:C1:38:00:11:01";

fn store(house: &House, quantity: Quantity, instance: u8, values: &[i64]) {
    let key = SeriesKey::new(device_id(1), quantity, instance);
    let points = values.iter().zip(0..).map(|(value, minute)| (START + minute * 60_000, *value)).collect();
    house.history.points.lock().unwrap().insert(key, points);
}

#[tokio::test]
async fn a_past_comes_in_columns_of_exact_decimals() {
    let house = House::furnished();
    store(&house, Quantity::Temperature, 0, &[25_060, -5, 100]);
    let query = format!("{{ history(sensorIds: [{DEVICE:?}], quantity: TEMPERATURE, {WINDOW}) {{ {ALL} }} }}");
    let response = house.respond(&query).await;
    let text = serde_json::to_string(&response.data).unwrap();
    assert!(text.contains("\"min\":[25.06,-0.005,0.1]"), "{text}");
    let expected = serde_json::json!([{
        "sensor": { "quantity": "TEMPERATURE", "instance": 0 }, "resolution": "RAW", "widthMs": "0", "unit": "°C",
        "t": ["1795234340123", "1795234400123", "1795234460123"],
        "min": [25.06, -0.005, 0.1], "mean": [25.06, -0.005, 0.1], "max": [25.06, -0.005, 0.1], "count": [1, 1, 1],
        "gaps": [{ "from": "2026-11-21T00:00:00.000Z", "to": "2026-11-22T00:00:00.000Z" }],
        "estimated": [
            { "from": "2026-11-21T00:01:00.000Z", "to": "2026-11-21T00:02:00.000Z" },
            { "from": "2026-11-21T22:13:20.000Z", "to": "2026-11-22T00:00:00.000Z" },
        ],
        "nextFrom": "2026-11-22T00:00:00.000Z",
    }]);
    assert_eq!(response.data.into_json().unwrap()["history"], expected);
    let asked = house.history.asked.lock().unwrap()[0];
    assert_eq!((asked.resolution, asked.max_points), (Resolution::Auto, 500));
    assert_eq!((asked.from, asked.to), (UnixMillis(1_795_219_200_000), UnixMillis(1_795_305_600_000)));
}

#[tokio::test]
async fn a_device_and_a_quantity_name_every_series_with_a_present_or_a_past_once() {
    let house = House::furnished();
    store(&house, Quantity::Temperature, 2, &[1]);
    store(&house, Quantity::Humidity, 1, &[1]);
    let sensors = house.ask("{ sensors { nodes { id quantity } } }").await;
    let sensor = &sensors["sensors"]["nodes"][0]["id"];
    let query = format!(
        "{{ history(sensorIds: [{DEVICE:?}, {sensor}, {DEVICE:?}], quantity: TEMPERATURE, {WINDOW}, resolution: H1,
            maxPoints: 2000) {{ sensor {{ quantity instance }} }} }}"
    );
    let answer = house.ask(&query).await;
    let expected = serde_json::json!([
        { "sensor": { "quantity": "TEMPERATURE", "instance": 0 } },
        { "sensor": { "quantity": "TEMPERATURE", "instance": 2 } },
    ]);
    assert_eq!(answer["history"], expected);
    assert!(house.history.asked.lock().unwrap().iter().all(|query| query.resolution == Resolution::H1));
    let nothing = format!("{{ history(sensorIds: [{DEVICE:?}], quantity: PM10, {WINDOW}) {{ t }} }}");
    assert_eq!(house.ask(&nothing).await["history"], serde_json::json!([{ "t": [] }]));
    let nobody = format!("{{ history(sensorIds: [], {WINDOW}) {{ t }} }}");
    assert_eq!(house.ask(&nobody).await["history"], serde_json::json!([]));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_argument() {
    let house = House::furnished();
    let many: Vec<_> = (0..51).map(|_| DEVICE).collect();
    for number in 0..51 {
        store(&house, Quantity::Co2, number, &[1]);
    }
    for (arguments, argument) in [
        (format!("sensorIds: [{DEVICE:?}], {WINDOW}"), "quantity"),
        (format!("sensorIds: [\"nonsense\"], quantity: CO2, {WINDOW}"), "sensorIds"),
        (format!("sensorIds: {many:?}, quantity: TEMPERATURE, {WINDOW}"), "sensorIds"),
        (format!("sensorIds: [{DEVICE:?}], quantity: CO2, {WINDOW}"), "sensorIds"),
        (format!("sensorIds: [], {WINDOW}, maxPoints: 0"), "maxPoints"),
        (format!("sensorIds: [], {WINDOW}, maxPoints: 2001"), "maxPoints"),
        ("sensorIds: [], from: \"2026-11-21T00:00:00Z\", to: \"2026-11-21T00:00:00Z\"".to_owned(), "to"),
        ("sensorIds: [], from: \"2026-11-21T00:00:00Z\", to: \"2025-11-21T00:00:00Z\"".to_owned(), "to"),
    ] {
        let (code, message, errors) = house.refuse(&format!("{{ history({arguments}) {{ t }} }}")).await;
        assert_eq!(code, "BAD_USER_INPUT", "{arguments}");
        assert_eq!(errors[0]["extensions"]["argument"], argument, "{message}");
    }
    let stranger = format!("{{ history(sensorIds: [\"A4:C1:38:00:11:77\"], quantity: CO2, {WINDOW}) {{ t }} }}");
    assert_eq!(house.refuse(&stranger).await.0, "NOT_FOUND");
    for time in ["yesterday", "2026-13-01T00:00:00Z", "2026-11-21", ""] {
        let query = format!("{{ history(sensorIds: [], from: {time:?}, to: {time:?}) {{ t }} }}");
        let (code, message, _) = house.refuse(&query).await;
        assert_eq!(code, "BAD_USER_INPUT", "{time} {message}");
    }
}

#[tokio::test]
async fn a_fault_of_the_store_is_told_by_an_id_and_nothing_else() {
    let house = House::furnished();
    *house.history.fails.lock().unwrap() = true;
    let query = format!("{{ history(sensorIds: [{DEVICE:?}], quantity: TEMPERATURE, {WINDOW}) {{ t }} }}");
    let (code, message, errors) = house.refuse(&query).await;
    assert_eq!(code, "INTERNAL");
    assert_eq!(errors[0]["extensions"]["id"], "12a05f200-0");
    let told = errors.to_string();
    assert!(!told.contains("4711") && !told.contains("store failed"), "{told}");
    assert_eq!(message, "the hub failed to answer; its log has the reason under this id");
    assert_eq!(house.refuse(&query).await.2[0]["extensions"]["id"], "12a05f200-1", "every fault has its own id");
}
