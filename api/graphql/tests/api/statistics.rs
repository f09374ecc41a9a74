use hub_model::{
    Event, EventBody, EventLog, Origin, Quantity, ReceiverId, Retention, Seq, Stamp, TimeQuality, UnixMillis, Value,
    WallTime,
};
use serde_json::json;

use crate::house::{House, device_id};

const DEVICE: &str = "A4:C1:38:00:11:01";
pub(crate) const MINUTE: i64 = 60_000;
/// 2026-10-25T00:00:00+02:00, the day on which Berlin sets its clock back.
pub(crate) const MIDNIGHT: i64 = 1_792_879_200_000;
const DAY: &str = "from: \"2026-10-24T22:00:00Z\", to: \"2026-10-25T23:00:00Z\"";

/// Stores readings of a device by their minutes after midnight.
pub(crate) fn store(house: &House, number: u8, quantity: Quantity, readings: &[(i64, i64)]) {
    for (minute, value) in readings {
        let at = UnixMillis(MIDNIGHT + minute * MINUTE);
        let values = [Value { quantity, instance: 0, value: *value }].into();
        let origin = Origin::heard(ReceiverId::NONE, None, None);
        let body = EventBody::ReadingsTaken { device: device_id(number), values, origin };
        let wall = WallTime { at, quality: TimeQuality::Synchronised };
        let seq = Seq(house.store.reserve(1).unwrap().start);
        house.store.append(&Event { seq, at: Stamp::wall(at), wall, trace: None, body });
    }
}

fn every_minute(minutes: std::ops::Range<i64>, value: impl Fn(i64) -> i64) -> Vec<(i64, i64)> {
    minutes.map(|minute| (minute, value(minute))).collect()
}

async fn ask(house: &House, arguments: &str, selection: &str) -> serde_json::Value {
    let query = format!("{{ statistics(sensorIds: [{DEVICE:?}], {arguments}) {{ {selection} }} }}");
    house.ask(&query).await["statistics"][0].take()
}

#[tokio::test]
async fn a_day_is_as_long_as_the_clock_of_the_house_makes_it() {
    let house = House::furnished();
    store(&house, 1, Quantity::Power, &every_minute(-60..26 * 60, |_| 150_000));
    let arguments = "quantity: POWER, from: \"2026-10-24T22:00:00Z\", to: \"2026-10-26T10:00:00+01:00\", bucket: DAY";
    let selection = "unit integralUnit interpolation timeZone exactFrom gaps { from }
        buckets { from to count coverage timeWeightedMean integral isExact increase onMs }";
    let berlin = ask(&house, arguments, selection).await;
    assert_eq!(berlin["timeZone"], "Europe/Berlin");
    assert_eq!(
        (&berlin["unit"], &berlin["integralUnit"], &berlin["interpolation"]),
        (&json!("W"), &json!("Wh"), &json!("LINEAR"))
    );
    assert_eq!(berlin["exactFrom"], "2026-10-24T22:00:00.000Z");
    // 25 hours of 1.5 kW.
    let whole = json!({
        "from": "2026-10-24T22:00:00.000Z", "to": "2026-10-25T23:00:00.000Z", "count": 1500, "coverage": 1.0,
        "timeWeightedMean": 1500.0, "integral": 37_500.0, "isExact": true, "increase": null, "onMs": null,
    });
    assert_eq!(berlin["buckets"][0], whole);
    assert_eq!(berlin["buckets"][1]["count"], 60);
    assert_eq!(berlin["gaps"], json!([{ "from": "2026-10-25T23:59:00.000Z" }]));
    // The same window in days of Kathmandu, 5:45 before UTC.
    let kathmandu =
        ask(&house, &format!("{arguments}, timeZone: \"Asia/Kathmandu\""), "timeZone buckets { from }").await;
    assert_eq!(kathmandu["timeZone"], "Asia/Kathmandu");
    let begins = ["2026-10-24T22:00:00.000Z", "2026-10-25T18:15:00.000Z"].map(|from| json!({ "from": from }));
    assert_eq!(kathmandu["buckets"], json!(begins));
    let home = house.ask("{ home { timeZone } }").await;
    assert_eq!(home["home"]["timeZone"], "Europe/Berlin");
}

#[tokio::test]
async fn a_level_has_extremes_percentiles_and_thresholds() {
    let house = House::furnished();
    // An hour up from 20 to 26 °C.
    store(&house, 1, Quantity::Temperature, &every_minute(0..61, |minute| 20_000 + minute * 100));
    let arguments =
        format!("quantity: TEMPERATURE, {DAY}, percentiles: [50, 99.9, 0], above: 25.06, below: 20.5, bucket: WHOLE");
    let selection = "buckets { count mean first { at value } last { at value } min { at value } max { at value }
        percentiles { percent value } aboveMs belowMs integral coverage changes resets }";
    let answer = ask(&house, &arguments, selection).await;
    let picked = |at: &str, value: f64| json!({ "at": at, "value": value });
    let (first, last) = (picked("2026-10-24T22:00:00.000Z", 20.0), picked("2026-10-24T23:00:00.000Z", 26.0));
    let expected = json!({
        "count": 61, "mean": 23.0, "first": first, "last": last, "min": first, "max": last,
        "percentiles": [
            { "percent": 50.0, "value": 23.0 }, { "percent": 99.9, "value": 26.0 }, { "percent": 0.0, "value": 20.0 },
        ],
        // The line crosses 25.06 after 50 minutes and 36 seconds.
        "aboveMs": "564000", "belowMs": "300000", "integral": 23.0, "coverage": 0.04, "changes": null, "resets": null,
    });
    assert_eq!(answer["buckets"], json!([expected]));
}

#[tokio::test]
async fn totals_grow_and_doors_open() {
    let house = House::furnished();
    store(&house, 1, Quantity::Energy, &[(-10, 1000), (10, 1500), (20, 200), (1000, 700)]);
    let energy = ask(&house, &format!("quantity: ENERGY, {DAY}"), "unit buckets { increase resets integral }").await;
    assert_eq!(energy, json!({ "unit": "kWh", "buckets": [{ "increase": 1.2, "resets": 1, "integral": null }] }));
    store(&house, 1, Quantity::Window, &[(-10, 1), (15, 0), (45, 1), (60, 0), (1510, 1)]);
    let selection = "interpolation buckets { onMs onShare changes coverage }";
    let window = ask(&house, &format!("quantity: WINDOW, {DAY}"), selection).await;
    let open = json!({ "onMs": "1800000", "onShare": 0.02, "changes": 3, "coverage": 1.0 });
    assert_eq!(window, json!({ "interpolation": "STEP", "buckets": [open] }));
    // Nothing at all is no fault.
    let nothing = ask(&house, &format!("quantity: SMOKE, {DAY}"), selection).await;
    let unknown = json!({ "onMs": "0", "onShare": null, "changes": 0, "coverage": 0.0 });
    assert_eq!(nothing["buckets"], json!([unknown]));
}

#[tokio::test]
async fn what_is_expired_is_null_and_said() {
    let house = House::furnished();
    store(&house, 1, Quantity::Temperature, &every_minute(0..25 * 60, |minute| 20_000 + minute));
    let now = UnixMillis(MIDNIGHT + 25 * 60 * MINUTE);
    house.store.seal(now).unwrap();
    let retention = Retention { raw_days: Some(1), rollup_days: None };
    house.store.expire(now + 12 * 60 * MINUTE, &|_, _| retention).unwrap();
    let selection = "exactFrom buckets { isExact count mean min { at value } first { at value } percentiles { value }
        timeWeightedMean coverage }";
    let answer = ask(&house, &format!("quantity: TEMPERATURE, {DAY}, percentiles: [50]"), selection).await;
    assert_eq!(answer["exactFrom"], "2026-10-25T11:00:00.000Z");
    let expected = json!({
        "isExact": false, "count": 1500, "mean": 20.7495, "min": { "at": null, "value": 20.0 },
        "first": { "at": "2026-10-24T22:00:00.000Z", "value": null }, "percentiles": null, "timeWeightedMean": null,
        "coverage": null,
    });
    assert_eq!(answer["buckets"], json!([expected]));
    // Roll-ups alone say the same of what they know.
    let quick = "buckets { count mean min { value } max { value } first { at } last { at value } }";
    let quick = ask(&house, &format!("quantity: TEMPERATURE, {DAY}"), quick).await;
    assert_eq!((&quick["buckets"][0]["count"], &quick["buckets"][0]["mean"]), (&json!(1500), &json!(20.7495)));
    assert_eq!(quick["buckets"][0]["last"], json!({ "at": "2026-10-25T22:59:00.000Z", "value": 21.499 }));
}

#[tokio::test]
async fn several_sensors_share_one_axis() {
    let house = House::furnished();
    store(&house, 1, Quantity::Temperature, &every_minute(0..60, |minute| 20_000 + minute));
    store(&house, 2, Quantity::Temperature, &[(30, 19_000), (59, 18_000)]);
    let selection = "widthMs t columns { unit min mean max count gaps { from to } sensor { device { name } } }";
    let ids = format!("sensorIds: [{DEVICE:?}, \"A4:C1:38:00:11:02\"], quantity: TEMPERATURE");
    let query = format!("{{ alignedHistory({ids}, {DAY}, maxPoints: 2) {{ {selection} }} }}");
    let answer = &house.ask(&query).await["alignedHistory"];
    assert_eq!((&answer["widthMs"], &answer["t"]), (&json!("1800000"), &json!(["1792879200000", "1792881000000"])));
    let sensor = |name: &str| json!({ "device": { "name": name } });
    let cellar = &answer["columns"][1];
    assert_eq!((&cellar["sensor"], &cellar["min"]), (&sensor("Cellar"), &json!([null, 18.0])));
    assert_eq!(
        (&cellar["mean"], &cellar["max"], &cellar["count"]),
        (&json!([null, 18.5]), &json!([null, 19.0]), &json!([0, 2]))
    );
    // A sensor that measures every half hour is silent for half an hour.
    assert_eq!(cellar["gaps"], json!([{ "from": "2026-10-24T22:59:00.000Z", "to": "2026-10-25T23:00:00.000Z" }]));
    let sill = &answer["columns"][0];
    assert_eq!((&sill["sensor"], &sill["unit"]), (&sensor("Window sill"), &json!("°C")));
    assert_eq!((&sill["min"], &sill["count"]), (&json!([20.0, 20.03]), &json!([30, 30])));
    let nothing = house.ask(&format!("{{ alignedHistory(sensorIds: [], {DAY}) {{ {selection} }} }}")).await;
    assert_eq!(nothing["alignedHistory"], json!({ "widthMs": "1000", "t": [], "columns": [] }));
}

#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_argument() {
    let house = House::furnished();
    let years = "from: \"2020-01-01T00:00:00Z\", to: \"2026-01-01T00:00:00Z\"";
    let ids = format!("sensorIds: [{DEVICE:?}], quantity: CO2");
    let many = vec!["50"; 21].join(", ");
    for (arguments, argument) in [
        (format!("sensorIds: [{DEVICE:?}], {DAY}"), "quantity"),
        ("sensorIds: [], from: \"2026-11-21T00:00:00Z\", to: \"2026-11-21T00:00:00Z\"".to_owned(), "to"),
        (format!("{ids}, {DAY}, timeZone: \"CEST\""), "timeZone"),
        (format!("{ids}, {DAY}, timeZone: \"{}\"", "x".repeat(500)), "timeZone"),
        (format!("{ids}, {DAY}, percentiles: [-1]"), "percentiles"),
        (format!("{ids}, {DAY}, percentiles: [{many}]"), "percentiles"),
    ] {
        let (code, message, errors) = house.refuse(&format!("{{ statistics({arguments}) {{ unit }} }}")).await;
        assert_eq!(
            (code.as_str(), &errors[0]["extensions"]["argument"]),
            ("BAD_USER_INPUT", &json!(argument)),
            "{message}"
        );
    }
    let points = format!("{{ alignedHistory({ids}, {DAY}, maxPoints: 2001) {{ t }} }}");
    assert_eq!(house.refuse(&points).await.2[0]["extensions"]["argument"], "maxPoints");
    // Six years have 2192 days, which is more than 2000.
    let days = format!("{{ statistics({ids}, {years}, bucket: DAY) {{ buckets {{ count }} }} }}");
    let (code, message, errors) = house.refuse(&days).await;
    assert_eq!((code.as_str(), &errors[0]["extensions"]["limit"]), ("LIMIT_EXCEEDED", &json!("buckets")));
    assert_eq!(message, "the window has more than 2000 parts; ask for a shorter one, or for wider parts");
    let weeks = ask(&house, &format!("quantity: CO2, {years}, bucket: WEEK"), "buckets { count }").await;
    assert_eq!(weeks["buckets"].as_array().unwrap().len(), 314);
}

#[tokio::test]
async fn what_costs_much_counts_much() {
    let house = House::furnished();
    let sensors: Vec<_> = (0..50).map(|_| DEVICE).collect();
    let ids = format!("sensorIds: {sensors:?}, quantity: CO2");
    let fields = "count mean coverage integral aboveMs belowMs onMs changes increase resets";
    let cost = |window: &str, bucket: &str| {
        format!("{{ statistics({ids}, {window}, bucket: {bucket}) {{ buckets {{ {fields} }} }} }}")
    };
    let year = "from: \"2026-01-01T00:00:00Z\", to: \"2027-01-01T00:00:00Z\"";
    assert_eq!(house.ask(&cost(year, "WEEK")).await["statistics"].as_array().unwrap().len(), 1);
    for (window, bucket) in
        [(year, "DAY"), (year, "HOUR"), ("from: \"1980-01-01T00:00:00Z\", to: \"2027-01-01T00:00:00Z\"", "WHOLE")]
    {
        let (code, _, errors) = house.refuse(&cost(window, bucket)).await;
        assert_eq!((code.as_str(), &errors[0]["extensions"]["limit"]), ("LIMIT_EXCEEDED", &json!("complexity")));
    }
}
