//! How long readings are kept, and what a change would delete.

use hub_model::{HistoryReader, Quantity, UnixMillis};
use serde_json::json;

use crate::{
    house::{House, device_id},
    ports::START,
    statistics::{MIDNIGHT, MINUTE, store},
};

const ONE: &str = "A4:C1:38:00:11:01";
const HOURS: i64 = 48;

/// Sensor 1 measured temperature and humidity every ten minutes for two days, four weeks ago.
fn measured() -> House {
    let house = House::furnished();
    for quantity in [Quantity::Temperature, Quantity::Humidity] {
        let readings: Vec<_> = (0..HOURS * 6).map(|n| (n * 10, 20_000 + n * 7 % 100)).collect();
        store(&house, 1, quantity, &readings);
    }
    house.store.seal(UnixMillis(MIDNIGHT + HOURS * 60 * MINUTE)).unwrap();
    house
}

async fn retain(house: &House, input: &str) {
    let input = format!("input: {{ deviceId: {ONE:?}, {input} }}");
    let done = house.ask(&format!("mutation {{ setRetention({input}) {{ errors {{ message }} }} }}")).await;
    assert_eq!(done["setRetention"]["errors"], json!([]));
}

/// Readings, hours and bytes that a change would delete.
async fn preview(house: &House, change: &str) -> [i64; 3] {
    let query = format!("{{ retentionPreview(deviceId: {ONE:?}, {change}) {{ readings hours bytes }} }}");
    let preview = &house.ask(&query).await["retentionPreview"];
    ["readings", "hours", "bytes"].map(|field| preview[field].as_str().unwrap().parse().unwrap())
}

#[tokio::test]
async fn each_quantity_tells_how_long_it_is_kept_and_whether_that_is_its_own() {
    let house = House::furnished();
    retain(&house, "quantity: HUMIDITY, rawDays: 7, rollupDays: 30").await;
    retain(&house, "quantity: POWER, rawDays: 3").await;
    retain(&house, "rawDays: 90").await;
    let query = format!("{{ device(id: {ONE:?}) {{ retentions {{ quantity isOwn rawDays rollupDays }} }} }}");
    let retention = |quantity: &str, is_own: bool, raw_days: i32, rollup_days: Option<i32>| json!({ "quantity": quantity, "isOwn": is_own, "rawDays": raw_days, "rollupDays": rollup_days });
    let expected = json!([
        retention("TEMPERATURE", false, 90, None),
        retention("HUMIDITY", true, 7, Some(30)),
        retention("BATTERY", false, 90, None),
        retention("POWER", true, 3, None),
    ]);
    assert_eq!(house.ask(&query).await["device"]["retentions"], expected);
    retain(&house, "quantity: POWER, useDefault: true").await;
    retain(&house, "quantity: HUMIDITY, useDefault: true").await;
    retain(&house, "useDefault: true").await;
    let expected = json!([
        retention("TEMPERATURE", false, 400, None),
        retention("HUMIDITY", false, 400, None),
        retention("BATTERY", false, 400, None),
    ]);
    assert_eq!(house.ask(&query).await["device"]["retentions"], expected);
}

#[tokio::test]
async fn a_preview_counts_what_the_change_deletes() {
    let house = measured();
    assert_eq!(preview(&house, "rawDays: 400").await, [0; 3]);
    assert_eq!(preview(&house, "useDefault: true, rawDays: 1").await, [0; 3]);
    let [readings, hours, bytes] = preview(&house, "rawDays: 7").await;
    assert_eq!((readings, hours), (2 * HOURS * 6, 0));
    let [of_one, _, bytes_of_one] = preview(&house, "quantity: HUMIDITY, rawDays: 7").await;
    assert_eq!(of_one, HOURS * 6);
    assert!(0 < bytes_of_one && bytes_of_one < bytes, "{bytes_of_one} of {bytes}");
    // What was promised is what goes.
    let now = START;
    retain(&house, "quantity: HUMIDITY, rawDays: 7").await;
    let household = house.bus.snapshot().household.clone();
    let policy = |device, quantity| household.devices[&device].retention(quantity, Default::default());
    let before = house.store.stats().unwrap().readings;
    house.store.expire(now, &policy).unwrap();
    assert_eq!(before - house.store.stats().unwrap().readings, of_one.cast_unsigned());
    assert_eq!(preview(&house, "quantity: HUMIDITY, rawDays: 7").await, [0; 3]);
}

#[tokio::test]
async fn a_preview_for_a_device_leaves_out_what_has_a_retention_of_its_own() {
    let house = measured();
    retain(&house, "quantity: HUMIDITY, rawDays: 3").await;
    assert_eq!(preview(&house, "rawDays: 7").await[0], HOURS * 6);
    retain(&house, "rawDays: 7").await;
    // The quantity would be kept like its device again, which lets the same go.
    assert_eq!(preview(&house, "quantity: HUMIDITY, useDefault: true").await[0], HOURS * 6);
    // The device would be kept like the hub says, which lets nothing go.
    assert_eq!(preview(&house, "useDefault: true").await, [0; 3]);
}

#[tokio::test]
async fn a_preview_counts_hours_when_figures_go_too() {
    let house = measured();
    // Days are rolled up when readings go.
    house.store.expire(START, &|_, _| hub_model::Retention { raw_days: Some(7), rollup_days: None }).unwrap();
    let [readings, hours, bytes] = preview(&house, "rawDays: 7, rollupDays: 7").await;
    assert_eq!((readings, hours), (0, 2 * HOURS));
    assert!(bytes > 0);
}

#[tokio::test]
async fn a_preview_is_refused_where_the_change_would_be() {
    let house = measured();
    let ask = |arguments: &str| format!("{{ retentionPreview({arguments}) {{ readings }} }}");
    for id in [device_id(9).to_string(), device_id(3).to_string()] {
        let (code, message, _) = house.refuse(&ask(&format!("deviceId: {id:?}, rawDays: 7"))).await;
        assert_eq!((code.as_str(), message), ("NOT_FOUND", format!("device {id} is not known")));
    }
    for (change, argument, expected) in [
        ("rawDays: 0", "rawDays", "rawDays is 0; expected 1 to 36500 days, or none for ever"),
        ("rawDays: -1", "rawDays", "rawDays is -1; expected 1 to 36500 days, or none for ever"),
        (
            "rawDays: 7, rollupDays: 36501",
            "rollupDays",
            "rollupDays is 36501; expected 1 to 36500 days, or none for ever",
        ),
        ("rawDays: 9, rollupDays: 8", "rollupDays", "rollupDays is 8; expected at least rawDays, 9"),
    ] {
        let (code, message, errors) = house.refuse(&ask(&format!("deviceId: {ONE:?}, {change}"))).await;
        assert_eq!((code.as_str(), message.as_str()), ("BAD_USER_INPUT", expected));
        assert_eq!(errors[0]["extensions"]["argument"], argument);
    }
    let (code, _, errors) = house.refuse(&ask("deviceId: \"Bath\"")).await;
    assert_eq!((code.as_str(), &errors[0]["extensions"]["argument"]), ("BAD_USER_INPUT", &json!("deviceId")));
    *house.history.fails.lock().unwrap() = true;
    assert_eq!(house.refuse(&ask(&format!("deviceId: {ONE:?}, rawDays: 7"))).await.0, "INTERNAL");
}
